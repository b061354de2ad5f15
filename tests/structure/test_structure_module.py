import pytest
import torch

from sciml.structure.rigid import Rigid, quat_multiply, quat_to_rot
from sciml.structure.structure_module import StructureModule
from tests.structure.networks import TINY, as_double, fill, random_features, worst
from tests.structure.test_invariant_point_attention import draw, frames


@pytest.fixture
def module():
    return fill(StructureModule(TINY).double(), seed=2).eval()


@pytest.fixture
def inputs():
    features = as_double(random_features(9, pad_to_res=11))
    return draw(1, 11, TINY.c_s, seed=3), draw(1, 11, 11, TINY.c_z, seed=4), features


@torch.no_grad()
def test_moving_the_first_frames_moves_the_structure_and_nothing_else(module, inputs):
    single, pair, features = inputs
    iteration, mask, aatype = module.fold_iteration, features["seq_mask"], features["aatype"]
    start = frames(1, 11, seed=5, scale=0.5).to_tensor7()
    motion = frames(1, 1, seed=7)
    turn = motion.to_tensor7()[..., :4]

    def fold(quaternion, translation):
        hidden = single
        for _ in range(3):
            hidden, quaternion, translation = iteration(hidden, pair, quaternion, translation, mask)
        return hidden, iteration.atoms(aatype, hidden, single, quaternion, translation)

    hidden, layer = fold(start[..., :4], start[..., 4:])
    moved_hidden, moved = fold(quat_multiply(turn, start[..., :4]), motion.apply(start[..., 4:]))
    torch.testing.assert_close(moved_hidden, hidden, atol=1e-10, rtol=0)
    torch.testing.assert_close(moved.angles, layer.angles, atol=1e-10, rtol=0)
    in_angstrom = motion.scale_translation(TINY.position_unit_angstrom)
    exists = features["atom14_atom_exists"][..., None]
    expected = in_angstrom[..., None].apply(layer.atom14) * exists
    torch.testing.assert_close(moved.atom14 * exists, expected, atol=1e-8, rtol=0)
    assert (moved.atom14 - layer.atom14).abs().max() > 1  # Å


@torch.no_grad()
def test_torsions_are_unit_vectors_along_the_raw_ones(module, inputs):
    outputs = module(*inputs)
    angles = outputs["structure_module/sidechains/angles_sin_cos"]
    raw = outputs["structure_module/sidechains/unnormalized_angles_sin_cos"]
    torch.testing.assert_close(angles.norm(dim=-1), torch.ones_like(angles[..., 0]), atol=1e-12, rtol=0)
    torch.testing.assert_close(angles * raw.norm(dim=-1, keepdim=True), raw, atol=1e-12, rtol=0)
    assert (raw.norm(dim=-1) - 1).abs().max() > 0.1


@torch.no_grad()
def test_the_last_layer_is_the_answer_and_its_frames_carry_its_atoms(module, inputs):
    outputs = module(*inputs)
    features, name = inputs[2], "structure_module/"
    affine = outputs[name + "final_affines"]
    assert torch.equal(outputs[name + "traj"][:, -1], affine)
    exists = features["atom14_atom_exists"][..., None]
    atom14 = outputs[name + "final_atom14_positions"]
    assert torch.equal(outputs[name + "sidechains/atom_pos"][:, -1], atom14)
    ca = atom14[:, :, 1] * exists[:, :, 1]
    torch.testing.assert_close(ca, affine[..., 4:] * exists[:, :, 1], atol=1e-10, rtol=0)
    # N-CA and CA-C are bonds whatever the parameters, and N lies in the frame's xy plane with y > 0
    local = Rigid(quat_to_rot(affine[..., :4]), affine[..., 4:])[..., None].invert_apply(atom14)[:, :9]
    assert (local[:, :, :3, 2].abs() < 1e-6).all()
    assert ((local[:, :, 0].norm(dim=-1) - 1.46).abs() < 0.02).all()
    assert ((local[:, :, 2].norm(dim=-1) - 1.53).abs() < 0.02).all()
    assert (local[:, :, 0, 1] > 0).all()


@torch.no_grad()
def test_atom37_holds_the_atoms_of_atom14_by_name(module, inputs):
    outputs, features = module(*inputs), inputs[2]
    atom14, atom37 = (outputs[f"structure_module/final_{x}_positions"] for x in ("atom14", "atom"))
    slots = features["residx_atom14_to_atom37"]
    gathered = atom37.gather(2, slots[..., None].expand(-1, -1, -1, 3))
    exists = features["atom14_atom_exists"][..., None]
    assert torch.equal(gathered * exists, atom14 * exists)
    assert (atom37 * (1 - features["atom37_atom_exists"][..., None]) == 0).all()
    assert torch.equal(outputs["structure_module/final_atom_mask"], features["atom37_atom_exists"])


def test_no_gradient_flows_through_the_rotation_from_layer_to_layer(module, inputs):
    """Algorithm 20, line 20: without the stop the gradient would be another one."""
    single, pair, features = inputs
    iteration, mask = module.fold_iteration, features["seq_mask"]
    single = single.requires_grad_()
    output = module(single, pair, features)
    (found,) = torch.autograd.grad(output["structure_module/final_affines"].square().sum(), single)

    def by_hand(stops):
        initial = module.single_layer_norm(single)
        hidden, normed = module.initial_projection(initial), module.pair_layer_norm(pair)
        quaternion = torch.tensor([1.0, 0, 0, 0], dtype=torch.float64).expand(1, 11, 4)
        translation = torch.zeros(1, 11, 3, dtype=torch.float64)
        for _ in range(TINY.structure_layers):
            quaternion = quaternion.detach() if stops else quaternion
            hidden, quaternion, translation = iteration(hidden, normed, quaternion, translation, mask)
        affine = torch.cat([quaternion, translation * TINY.position_unit_angstrom], -1)
        return torch.autograd.grad(affine.square().sum(), single)[0]

    assert worst(found, by_hand(stops=True)) < 1e-10
    assert worst(found, by_hand(stops=False)) > 1e-3


def test_masked_residues_do_not_change_the_others(module, inputs):
    single, pair, features = inputs
    cut = {name: x[:, :9] for name, x in features.items() if x.ndim > 1 and x.shape[1] == 11}
    with torch.no_grad():
        whole, real = module(single, pair, features), module(single[:, :9], pair[:, :9, :9], cut)
    for name in ("final_atom14_positions", "final_affines", "final_atom_positions"):
        torch.testing.assert_close(
            whole[f"structure_module/{name}"][:, :9], real[f"structure_module/{name}"], atol=1e-10, rtol=0
        )

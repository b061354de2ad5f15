import torch

from sciml.structure.rigid import Rigid
from sciml.structure.training_data import LOSSES_BY_ATOMS, TrainingData
from sciml.structure.training_labels import LABEL_NAMES, virtual_beta
from tests.structure.ideal_helices import chain_set, helix

LETTERS = "ARNDCQEGHILKMFPSTWYV"
ASP, GLY, PHE, TYR = (LETTERS.index(letter) for letter in "DGFY")


def data(chains):
    return TrainingData(chains, TrainingData.Config())


def test_labels_of_an_ideal_helix_are_what_it_was_built_from():
    aatype, backbone, angles, atom14 = helix(30)
    labels = data(chain_set(["all"])).whole_chain(0)
    assert set(LABEL_NAMES) <= set(labels)
    # Coordinates are stored to 0.005 Å, which turns a frame by up to about 0.005 rad.
    torch.testing.assert_close(labels["atom14_gt_positions"][0], atom14, atol=0.0051, rtol=0)
    frames = Rigid.from_tensor12(labels["rigidgroups_gt_frames"][0, :, 0])
    torch.testing.assert_close(frames.rotation, backbone.rotation, atol=0.02, rtol=0)
    quaternion = Rigid.from_tensor7(labels["backbone_affine_tensor"][0])
    torch.testing.assert_close(quaternion.rotation, frames.rotation, atol=1e-5, rtol=0)
    torch.testing.assert_close(quaternion.translation, atom14[:, 1], atol=0.0051, rtol=0)
    turn = labels["chi_angles"][0] - angles[:, 3:]
    off = torch.atan2(turn.sin(), turn.cos()).abs() * labels["chi_mask"][0]
    assert off.max() < 0.03
    assert (
        labels["chi_mask"][0].sum()
        == torch.tensor([0, 4, 2, 2, 1, 3, 3, 0, 2, 2, 2, 4, 3, 2, 2, 1, 1, 2, 2, 1] * 2)[:30].sum()
    )
    beta = torch.where((aatype == GLY)[:, None], atom14[:, 1], atom14[:, 4])
    torch.testing.assert_close(labels["pseudo_beta"][0], beta, atol=0.0051, rtol=0)
    assert labels["pseudo_beta_mask"].min() == 1


def test_a_helix_looks_the_same_from_each_of_its_residues():
    labels = data(chain_set(["all"])).whole_chain(0)
    frames = Rigid.from_tensor7(labels["backbone_affine_tensor"][0])
    steps = frames[:-1].invert().compose(frames[1:])
    torch.testing.assert_close(steps.translation, steps.translation[:1].expand(29, 3), atol=0.05, rtol=0)
    torch.testing.assert_close(steps.rotation, steps.rotation[:1].expand(29, 3, 3), atol=0.03, rtol=0)


def test_symmetric_side_chains_have_an_alternative_with_swapped_names():
    labels = data(chain_set(["all"])).whole_chain(0)
    truth, alternative = labels["atom14_gt_positions"][0], labels["atom14_alt_gt_positions"][0]
    assert torch.equal(truth[ASP, [6, 7]], alternative[ASP, [7, 6]])
    assert torch.equal(truth[PHE, [6, 7, 8, 9]], alternative[PHE, [7, 6, 9, 8]])
    assert labels["atom14_atom_is_ambiguous"][0, [ASP, PHE, TYR, GLY]].sum(-1).tolist() == [2, 4, 4, 0]
    same = labels["atom14_atom_is_ambiguous"][0] == 0
    assert torch.equal(truth[same], alternative[same])


def test_a_backbone_chain_teaches_its_backbone_and_its_rebuilt_beta():
    labels = data(chain_set(["backbone"])).whole_chain(0)
    assert labels["all_atom_mask"].sum() == 3 * 30
    assert labels["backbone_affine_mask"].min() == 1
    assert labels["pseudo_beta_mask"].min() == 1
    assert labels["chi_mask"].sum() == 0
    complete = data(chain_set(["all"])).whole_chain(0)
    torch.testing.assert_close(labels["pseudo_beta"], complete["pseudo_beta"])
    torch.testing.assert_close(labels["backbone_affine_tensor"], complete["backbone_affine_tensor"])
    masks = {name: labels[f"loss_mask/{name}"].item() for name in LOSSES_BY_ATOMS}
    assert [name for name in masks if masks[name] == 0] == [
        "sidechain_fape",
        "torsion",
        "experimentally_resolved",
    ]


def test_a_ca_only_chain_teaches_the_distogram_alone():
    labels = data(chain_set(["ca"])).whole_chain(0)
    assert labels["backbone_affine_mask"].sum() == 0
    assert labels["all_atom_mask"].sum() == 30
    assert {name for name in LOSSES_BY_ATOMS if labels[f"loss_mask/{name}"].item()} == {
        "distogram",
        "masked_msa",
    }
    # Both ends lack a neighbour, so their Cβ is unknown; none of them is a glycine.
    assert labels["pseudo_beta_mask"][0].tolist() == [0.0] + [1.0] * 28 + [0.0]
    truth = data(chain_set(["all"])).whole_chain(0)["pseudo_beta"]
    off = (labels["pseudo_beta"] - truth).norm(dim=-1)[0, 1:-1]
    assert off.max() < 0.4
    assert off[GLY - 1] == 0


def test_virtual_beta_turns_with_the_chain_and_not_with_its_mirror_image():
    alpha = helix(8)[3][:, 1]
    ones, index = torch.ones(8), torch.arange(8)
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0)))[0]
    rotation = rotation * torch.linalg.det(rotation)
    beta, mask = virtual_beta(alpha, ones, index)
    turned, _ = virtual_beta(alpha @ rotation.T + 3, ones, index)
    torch.testing.assert_close(turned[1:-1], beta[1:-1] @ rotation.T + 3, atol=1e-4, rtol=0)
    mirror = torch.tensor([1.0, 1.0, -1.0])
    mirrored, _ = virtual_beta(alpha * mirror, ones, index)
    assert (mirrored[1:-1] - beta[1:-1] * mirror).norm(dim=-1).min() > 1
    assert mask.tolist() == [0, 1, 1, 1, 1, 1, 1, 0]


def test_virtual_beta_needs_both_neighbours():
    alpha = helix(8)[3][:, 1]
    known = torch.tensor([1.0, 1, 1, 1, 1, 1, 0, 1])
    _, mask = virtual_beta(alpha, known, torch.tensor([0, 1, 2, 5, 6, 7, 8, 9]))
    assert mask.tolist() == [0, 1, 0, 0, 1, 0, 0, 0]

"""The weighted sum: weights, masks, length scaling, precision, refusals."""

import pytest
import torch

from sciml.data.residue_constants import atom14_mask, atom37_mask
from sciml.structure.losses.total import WEIGHTED_LOSSES, LossConfig, structure_loss
from sciml.structure.rigid import Rigid
from sciml.structure.training_labels import atom37_from_atom14, structure_labels
from tests.structure.ideal_chain import STRAND, ideal_chain

SEQUENCES = ("MFDEAYKLG", "GRTHNCWSV")
CONFIG = LossConfig.fine_tuning(pae=True)
Arrays = dict[str, torch.Tensor]


def _batch(dtype: torch.dtype = torch.float64) -> tuple[Arrays, Arrays, Arrays]:
    """Outputs with random logits and noisy structures, features, labels of two chains."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    chains = [ideal_chain(sequence, STRAND) for sequence in SEQUENCES]
    aatype, atom14 = torch.stack([c[0] for c in chains]), torch.stack([c[1] for c in chains]).to(dtype)
    exists14, exists37 = (torch.tensor(mask(), dtype=dtype)[aatype] for mask in (atom14_mask, atom37_mask))
    positions, known = atom37_from_atom14(aatype, atom14, exists14)
    labels = structure_labels(aatype, positions, known, torch.tensor([1.5, 2.5], dtype=dtype))
    labels = {name: array.to(dtype) for name, array in labels.items()}
    b, n = aatype.shape
    noisy = atom14 + 0.5 * normal(b, n, 14, 3) * exists14[..., None]
    frames = Rigid.from_tensor12(labels["rigidgroups_gt_frames"])
    traj = labels["backbone_affine_tensor"][:, None] + 0.05 * normal(b, 2, n, 7)
    traj = torch.cat([torch.nn.functional.normalize(traj[..., :4], dim=-1), traj[..., 4:]], dim=-1)
    raw = normal(b, 2, n, 7, 2)
    module = "structure_module/"
    outputs = {
        "distogram/logits": normal(b, n, n, 64),
        "distogram/bin_edges": torch.linspace(2.3125, 21.6875, 63, dtype=dtype).expand(b, -1),
        "masked_msa/logits": normal(b, 3, n, 23),
        "predicted_lddt/logits": normal(b, n, 50),
        "predicted_aligned_error/logits": normal(b, n, n, 64),
        "predicted_aligned_error/breaks": torch.linspace(0, 31, 63, dtype=dtype).expand(b, -1),
        "experimentally_resolved/logits": normal(b, n, 37),
        module + "traj": traj,
        module + "final_affines": traj[:, -1],
        module + "sidechains/angles_sin_cos": torch.nn.functional.normalize(raw, dim=-1),
        module + "sidechains/unnormalized_angles_sin_cos": raw,
        module + "sidechains/frames/rot": frames.rotation[:, None].expand(-1, 2, -1, -1, -1, -1),
        module + "sidechains/frames/trans": frames.translation[:, None] + normal(b, 2, n, 8, 3),
        module + "sidechains/atom_pos": noisy[:, None].expand(-1, 2, -1, -1, -1),
        module + "final_atom14_positions": noisy,
        module + "final_atom_positions": atom37_from_atom14(aatype, noisy, exists14)[0],
    }
    features = {
        "aatype": aatype,
        "seq_mask": torch.ones(b, n, dtype=dtype),
        "residue_index": torch.arange(n).expand(b, -1),
        "atom14_atom_exists": exists14,
        "atom37_atom_exists": exists37,
        "true_msa": torch.randint(21, (b, 3, n), generator=generator),
        "bert_mask": torch.ones(b, 3, n, dtype=dtype),
    }
    return outputs, features, labels


def test_total_is_the_weighted_sum_times_the_root_of_the_length() -> None:
    losses = structure_loss(*_batch(), CONFIG)
    assert set(losses) == {*WEIGHTED_LOSSES, "total"}
    weights = {
        "backbone_fape": 0.5, "sidechain_fape": 0.5, "torsion": 0.5, "angle_norm": 0.01, "distogram": 0.3,
        "masked_msa": 2.0, "plddt": 0.01, "experimentally_resolved": 0.01, "pae": 0.1, "violation": 1.0,
    }  # fmt: skip
    by_hand = sum(weight * losses[name] for name, weight in weights.items())
    assert all(bool((losses[name] > 0).all()) for name in weights)
    torch.testing.assert_close(losses["total"], by_hand * 3)  # nine residues
    unscaled = structure_loss(*_batch(), LossConfig.fine_tuning(pae=True, scale_by_length=False))
    torch.testing.assert_close(unscaled["total"], by_hand)


def test_initial_training_leaves_violations_and_confidence_in_pairs_out() -> None:
    losses = structure_loss(*_batch(), LossConfig())
    assert set(WEIGHTED_LOSSES) - set(losses) == {"violation", "pae", "experimentally_resolved"}


def test_each_example_is_independent_of_the_others() -> None:
    batch = _batch()
    both = structure_loss(*batch, CONFIG)
    outputs, features, labels = ({name: array[1:] for name, array in part.items()} for part in batch)
    second = structure_loss(outputs, features, labels, CONFIG)
    for name, value in both.items():
        torch.testing.assert_close(value[1:], second[name], msg=name)


def test_loss_masks_drop_a_loss_from_one_example() -> None:
    outputs, features, labels = _batch()
    full = structure_loss(outputs, features, labels, CONFIG)
    labels["loss_mask/sidechain_fape"] = torch.tensor([1.0, 0.0])
    labels["loss_mask/torsion"] = torch.tensor([0.0, 1.0])
    masked = structure_loss(outputs, features, labels, CONFIG)
    dropped = torch.stack(
        [
            0.5 * full["torsion"][0] + 0.01 * full["angle_norm"][0],
            0.5 * full["sidechain_fape"][1],
        ]
    )
    torch.testing.assert_close(masked["total"], full["total"] - 3 * dropped)


def test_poor_resolution_silences_confidence_alone() -> None:
    outputs, features, labels = _batch()
    full = structure_loss(outputs, features, labels, CONFIG)
    labels["resolution"] = torch.tensor([1.5, 3.5])
    poor = structure_loss(outputs, features, labels, CONFIG)
    for name in ("plddt", "pae", "experimentally_resolved"):
        assert float(poor[name][1]) == 0
        torch.testing.assert_close(poor[name][0], full[name][0])
    torch.testing.assert_close(poor["distogram"], full["distogram"])


def test_unclamped_examples_cost_more() -> None:
    outputs, features, labels = _batch()
    far = outputs["structure_module/traj"].clone()
    far[..., 0, 4:] += 60
    outputs["structure_module/traj"] = far
    labels["use_clamped_fape"] = torch.tensor([1.0, 0.0], dtype=torch.float64)
    mixed = structure_loss(outputs, features, labels, CONFIG)["backbone_fape"]
    del labels["use_clamped_fape"]
    clamped = structure_loss(outputs, features, labels, CONFIG)["backbone_fape"]
    assert float(mixed[0]) == pytest.approx(float(clamped[0]))
    assert float(mixed[1]) > 1.5 * float(clamped[1])


def test_an_example_without_atoms_learns_from_its_distances_alone() -> None:
    outputs, features, labels = _batch()
    keep = ("pseudo_beta", "pseudo_beta_mask", "resolution")
    for name in labels:
        if name not in keep:
            labels[name][1] = 0
    for name in set(WEIGHTED_LOSSES) - {"distogram"}:
        labels[f"loss_mask/{name}"] = torch.tensor([1.0, 0.0])
    leaves = {
        name: array.clone().requires_grad_()
        for name, array in outputs.items()
        if not name.endswith(("bin_edges", "breaks"))
    }
    losses = structure_loss(outputs | leaves, features, labels, CONFIG)
    torch.testing.assert_close(losses["total"][1], 3 * 0.3 * losses["distogram"][1])
    losses["total"][1].backward()
    for name, leaf in leaves.items():
        if leaf.grad is not None:
            assert torch.isfinite(leaf.grad).all(), name
            assert bool(leaf.grad[1].abs().sum() > 0) == (name == "distogram/logits"), name


def test_padding_changes_no_loss() -> None:
    outputs, features, labels = _batch()
    # Make residue 8 padding in both, then cut it off.
    features["seq_mask"][:, 8] = 0
    for name in ("atom14_atom_exists", "atom37_atom_exists"):
        features[name][:, 8] = 0
    features["bert_mask"][..., 8] = 0
    for name in labels:
        if name.endswith(("mask", "exists")):
            labels[name][:, 8] = 0
    padded = structure_loss(outputs, features, labels, CONFIG)
    residues = 9

    def cut(arrays: Arrays) -> Arrays:
        out = {}
        for name, array in arrays.items():
            for dim in range(1, array.dim()):
                if array.shape[dim] == residues:
                    array = array.narrow(dim, 0, residues - 1)
            out[name] = array
        return out

    alone = structure_loss(cut(outputs), cut(features), cut(labels), CONFIG)
    for name, value in padded.items():
        torch.testing.assert_close(value, alone[name], msg=name)


def test_autocast_and_half_precision_logits_are_computed_in_float32() -> None:
    outputs, features, labels = _batch(torch.float32)
    full = structure_loss(outputs, features, labels, CONFIG)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = structure_loss(outputs, features, labels, CONFIG)
    for name, value in full.items():
        assert torch.equal(value, inside[name]), name
    outputs["distogram/logits"] = outputs["distogram/logits"].bfloat16()
    assert structure_loss(outputs, features, labels, CONFIG)["distogram"].dtype == torch.float32


def test_gradients_reach_every_output_and_are_finite() -> None:
    outputs, features, labels = _batch()
    fixed = ("distogram/bin_edges", "predicted_aligned_error/breaks")
    leaves = {name: array.clone().requires_grad_() for name, array in outputs.items() if name not in fixed}
    structure_loss(outputs | leaves, features, labels, CONFIG)["total"].sum().backward()
    for name, leaf in leaves.items():
        if name in ("structure_module/final_affines", "structure_module/final_atom_positions"):
            assert leaf.grad is None, name  # judged by confidence heads, which must not move it
        else:
            assert leaf.grad is not None, name
            assert torch.isfinite(leaf.grad).all(), name
            assert leaf.grad.abs().sum() > 0, name


def test_total_gradient_matches_finite_differences() -> None:
    outputs, features, labels = _batch()
    names = ("structure_module/traj", "structure_module/final_atom14_positions")
    for name in names:
        start = outputs[name].clone()
        direction = torch.randn(start.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)

        def total(
            step: torch.Tensor,
            name: str = name,
            start: torch.Tensor = start,
            direction: torch.Tensor = direction,
        ) -> torch.Tensor:
            return structure_loss(outputs | {name: start + step * direction}, features, labels, CONFIG)[
                "total"
            ].sum()

        assert torch.autograd.gradcheck(total, torch.zeros((), dtype=torch.float64, requires_grad=True))


def test_a_missing_array_is_named() -> None:
    outputs, features, labels = _batch()
    del outputs["predicted_aligned_error/logits"]
    assert "pae" not in structure_loss(outputs, features, labels, LossConfig())
    with pytest.raises(ValueError, match="predicted_aligned_error/logits"):
        structure_loss(outputs, features, labels, CONFIG)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="masked_msa"):
        LossConfig(masked_msa=-1.0)

"""Losses beside the reference's: parts with their gradients, and whole model cases."""

from collections.abc import Iterator

import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.structure.oracle_differences import Arrays, Difference, differ, tensors
from sciml.structure.losses.fape import (
    backbone_fape,
    frame_aligned_point_error,
    rename_truth,
    sidechain_fape,
)
from sciml.structure.losses.heads import (
    aligned_error_loss,
    distogram_loss,
    experimentally_resolved_loss,
    masked_msa_loss,
    plddt_loss,
    resolution_is_trusted,
)
from sciml.structure.losses.lddt import lddt
from sciml.structure.losses.torsion import torsion_losses
from sciml.structure.losses.total import LossConfig, structure_loss
from sciml.structure.losses.violation import structural_violations, violation_metrics
from sciml.structure.reference_losses import violation_arrays
from sciml.structure.rigid import Rigid

_LOSS_TOLERANCE = 1e-4  # relative
_GRADIENT_TOLERANCE = 1e-3  # relative to the largest entry


def check_fape(arrays: Arrays) -> Iterator[Difference]:
    """Frame-aligned point error, clamped or not, with and without a mask of pairs."""
    given = tensors(arrays)
    predicted = Rigid.from_tensor7(given["pred_frames7"])

    def error(which: str, clamp: float | None, pair_mask: Tensor | None = None) -> Tensor:
        target = Rigid.from_tensor7(given[f"target_frames7_{which}"])
        points = (given["pred_points"], given[f"target_points_{which}"], given["points_mask"])
        return frame_aligned_point_error(
            predicted, target, given["frames_mask"], *points, clamp_angstrom=clamp, pair_mask=pair_mask
        )

    ours = {
        "fape_far_unclamped": error("far", None),
        "fape_far_clamp10": error("far", 10.0),
        "fape_near_unclamped": error("near", None),
        "fape_near_clamp10": error("near", 10.0),
        "fape_multimer_near_pairmask_clamp10": error("near", 10.0, given["pair_mask"]),
    }
    for name, value in ours.items():
        yield differ(name, value, arrays[f"out/{name}"], 1e-5)


def check_lddt(arrays: Arrays) -> Iterator[Difference]:
    """lDDT of chains, of residues, and with another cutoff."""
    given = tensors(arrays)
    target, mask = given["true"], given["mask"].squeeze(-1)
    for noise in ("0.2", "1", "3"):
        predicted = given[f"pred_{noise}"]
        ours = {
            f"lddt_{noise}": lddt(predicted, target, mask),
            f"lddt_per_residue_{noise}": lddt(predicted, target, mask, per_residue=True),
            f"lddt_cutoff8_{noise}": lddt(predicted, target, mask, cutoff_angstrom=8.0),
        }
        for name, value in ours.items():
            yield differ(name, value, arrays[f"out/{name}"], 1e-5)


def check_head_losses(arrays: Arrays) -> Iterator[Difference]:
    """Losses of the heads."""
    given = {name: value[None] for name, value in tensors(arrays).items()}
    atoms = (given["all_atom_positions"], given["all_atom_mask"])
    ours = {
        "distogram_loss": distogram_loss(
            given["distogram_logits"],
            torch.tensor(arrays["out/distogram_bin_edges"]),
            given["pseudo_beta"],
            given["pseudo_beta_mask"],
        ),
        "masked_msa_loss": masked_msa_loss(given["masked_msa_logits"], given["true_msa"], given["bert_mask"]),
        "plddt_loss": plddt_loss(given["plddt_logits"], given["pred_atom37"], *atoms),
        "pae_loss": aligned_error_loss(
            given["pae_logits"],
            torch.tensor(arrays["out/pae_breaks"]),
            given["final_affines7"],
            given["backbone_affine_tensor"],
            given["backbone_affine_mask"],
        ),
        "experimentally_resolved_loss": experimentally_resolved_loss(
            given["experimentally_resolved_logits"], given["all_atom_mask"], given["atom37_atom_exists"]
        ),
    }
    ours["plddt_loss_resolution4"] = ours["plddt_loss"] * resolution_is_trusted(torch.tensor([4.0]))
    for name, value in ours.items():
        yield differ(name, value[0], arrays[f"out/{name}"], _LOSS_TOLERANCE, relative=True)


def check_structure_losses(arrays: Arrays) -> Iterator[Difference]:
    """FAPE, torsions, renaming, violations, and gradients."""
    given = {name: value[None] for name, value in tensors(arrays).items()}
    traj = given["traj"].clone().requires_grad_()
    target, mask = given["backbone_affine_tensor"], given["backbone_affine_mask"]
    clamped = backbone_fape(traj, target, mask)
    half = backbone_fape(traj, target, mask, torch.tensor([0.5]))
    raw = given["unnormalized_angles_sin_cos"].clone().requires_grad_()
    torsion = torsion_losses(
        given["angles_sin_cos"],
        raw,
        given["aatype"],
        given["seq_mask"],
        given["chi_angles"],
        given["chi_mask"],
    )
    truth = rename_truth(given["pred_atom14"], given)
    swapped = rename_truth(given["pred_atom14_half_swapped"], given)
    frames = Rigid(given["pred_frames_rot"][:, -1], given["pred_frames_trans"][:, -1])
    side = sidechain_fape(
        frames, given["pred_sidechain_atom_pos"][:, -1], truth, given["rigidgroups_gt_exists"]
    )
    scalars = {
        "backbone_fape_last_clamped": clamped[:, -1],
        "backbone_loss_mean_clamped": clamped.mean(-1),
        "backbone_fape_last_unclamped_half": half[:, -1],
        "backbone_loss_mean_unclamped_half": half.mean(-1),
        "sidechain_fape": side,
        "chi_loss": torsion.chi,
        "angle_norm_loss": torsion.angle_norm,
        "chi_weighted_total": 0.5 * torsion.chi + 0.01 * torsion.angle_norm,
    }
    for name, value in scalars.items():
        yield differ(name, value[0], arrays[f"out/{name}"], _LOSS_TOLERANCE, relative=True)
    for prefix, found in (("", truth), ("half_swapped/", swapped)):
        yield differ(
            f"{prefix}alt_naming_is_better",
            found.alternative_is_better[0],
            arrays[f"out/{prefix}alt_naming_is_better"],
            0.0,
        )
        for name, value in (("positions", found.positions), ("exists", found.exists)):
            key = f"{prefix}renamed_atom14_gt_{name}"
            yield differ(key, value[0], arrays[f"out/{key}"], 1e-5)
    gradients = {
        "grad_backbone_loss_wrt_traj": torch.autograd.grad(clamped.mean(), traj)[0][0],
    }
    yield from _check_violations(arrays, given)
    # The chi loss sees the raw vectors through the unit vectors, as in the network.
    unit = raw / raw.square().sum(-1, keepdim=True).clamp(min=1e-12).sqrt()
    both = torsion_losses(
        unit, raw, given["aatype"], given["seq_mask"], given["chi_angles"], given["chi_mask"]
    )
    total = 0.5 * both.chi + 0.01 * both.angle_norm
    gradients["grad_chi_loss_wrt_unnormalized_angles"] = torch.autograd.grad(total, raw)[0][0]
    for name, value in gradients.items():
        yield differ(name, value, arrays[f"out/{name}"], _GRADIENT_TOLERANCE, relative=True)


def _check_violations(arrays: Arrays, given: dict[str, Tensor]) -> Iterator[Difference]:
    atoms = given["pred_atom14"].clone().requires_grad_()
    exists, index = given["atom14_atom_exists"], given["residue_index"]
    found = structural_violations(atoms, exists, given["aatype"], index)
    ours = violation_arrays(found) | {"structural_violation_loss": found.loss(exists)}
    metrics = violation_metrics(found, atoms, exists, index, given["seq_mask"])
    ours |= {f"violation_metrics/{name}": value for name, value in metrics.items()}
    for name, value in ours.items():
        yield differ(name, value[0], arrays[f"out/{name}"], _LOSS_TOLERANCE, relative=True)
    name = "grad_violation_loss_wrt_pred_atom14"
    gradient = torch.autograd.grad(found.loss(exists).sum(), atoms)[0][0]
    yield differ(name, gradient, arrays[f"out/{name}"], _GRADIENT_TOLERANCE, relative=True)


_MODEL_LOSSES = {
    "distogram/loss": "distogram",
    "masked_msa/loss": "masked_msa",
    "predicted_lddt/loss": "plddt",
    "predicted_aligned_error/loss": "pae",
    "experimentally_resolved/loss": "experimentally_resolved",
    "structure_module/sidechain_fape": "sidechain_fape",
    "structure_module/chi_loss": "torsion",
    "structure_module/angle_norm_loss": "angle_norm",
    "total_loss": "total",
}


def check_model_losses(outputs: Arrays, batch: Arrays, truth: Arrays) -> Iterator[Difference]:
    """All losses of a network's outputs, with the weights of the published configuration."""
    ours = {name: torch.tensor(array)[None] for name, array in outputs.items()}
    prefix = "structure_module/sidechains/"
    rotation = [ours[f"{prefix}frames/rot/{row}{column}"] for row in "xyz" for column in "xyz"]
    ours[f"{prefix}frames/rot"] = torch.stack(rotation, dim=-1).unflatten(-1, (3, 3))
    ours[f"{prefix}frames/trans"] = torch.stack([ours[f"{prefix}frames/trans/{axis}"] for axis in "xyz"], -1)
    ours[f"{prefix}atom_pos"] = torch.stack([ours[f"{prefix}atom_pos/{axis}"] for axis in "xyz"], -1)
    features = {name: torch.tensor(array) for name, array in batch.items()}
    labels = {name: torch.tensor(array) for name, array in truth.items()}
    config = LossConfig.fine_tuning(pae="predicted_aligned_error/loss" in outputs, scale_by_length=False)
    losses = structure_loss(ours, features, labels, config)
    if config.pae:
        rounding = _own_frame_rounding(ours, labels, losses["pae"], outputs["predicted_aligned_error/loss"])
        losses["pae"], losses["total"] = losses["pae"] + rounding, losses["total"] + config.pae * rounding
    for name, key in _MODEL_LOSSES.items():
        if name in outputs:
            yield differ(name, losses[key][0], outputs[name], _LOSS_TOLERANCE, relative=True)
    names = ("backbone_fape", "sidechain_fape", "torsion", "angle_norm", "violation")
    structure = sum((getattr(config, name) * losses[name] for name in names), torch.zeros(1))
    key = "structure_module/loss"
    yield differ(key, structure[0], outputs[key], _LOSS_TOLERANCE, relative=True)


def _own_frame_rounding(
    outputs: dict[str, Tensor], labels: dict[str, Tensor], loss: Tensor, reference: NDArray
) -> Tensor:
    """The part of a difference of PAE losses that residues seen from their own frames can make.

    Their error is exactly 0 and the first break is 0, so they belong to bin 0, where this package and the
    reference's function run by itself put them. In the reference's compiled network rounding makes the
    error of some
    of them positive, which is bin 1: its loss may lie anywhere between all in bin 0 and the most extreme
    choice.
    """
    logits = outputs["predicted_aligned_error/logits"].diagonal(dim1=1, dim2=2)  # (b, bin, res)
    mask = labels["backbone_affine_mask"]
    shift = (logits[:, 0] - logits[:, 1]) * mask / mask.sum(-1, keepdim=True).square()
    least, most = shift.clamp(max=0).sum(-1), shift.clamp(min=0).sum(-1)
    return torch.minimum(torch.maximum(torch.tensor(reference) - loss, least), most)

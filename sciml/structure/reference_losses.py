"""Losses and violations of one example under the names and with the weights of AlphaFold 2's result
dictionary."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.structure.losses.fape import backbone_fape, rename_truth
from sciml.structure.losses.total import LossConfig, structure_loss
from sciml.structure.losses.violation import StructuralViolations, structural_violations, violation_metrics

Arrays = dict[str, Tensor]
_HEADS = {
    "distogram": "distogram",
    "masked_msa": "masked_msa",
    "plddt": "predicted_lddt",
    "experimentally_resolved": "experimentally_resolved",
    "pae": "predicted_aligned_error",
}
_STRUCTURE_LOSSES = ("backbone_fape", "sidechain_fape", "torsion", "angle_norm", "violation")


def violation_arrays(found: StructuralViolations) -> Arrays:
    """Losses and masks of the violations under the reference's names, `violations/…`; leading axis b."""
    name = "violations/"
    between, within = name + "between_residues/", name + "within_residues/"
    return {
        between + "bonds_c_n_loss_mean": found.bonds.c_n_loss,
        between + "angles_ca_c_n_loss_mean": found.bonds.ca_c_n_loss,
        between + "angles_c_n_ca_loss_mean": found.bonds.c_n_ca_loss,
        between + "connections_per_residue_loss_sum": found.bonds.residue_loss,
        between + "connections_per_residue_violation_mask": found.bonds.residue_violation,
        between + "clashes_mean_loss": found.clash_mean,
        between + "clashes_per_atom_loss_sum": found.clashes.loss,
        between + "clashes_per_atom_clash_mask": found.clashes.violation,
        within + "per_atom_loss_sum": found.within.loss,
        within + "per_atom_violations": found.within.violation,
        name + "total_per_residue_violations_mask": found.residue_violation,
    }


def reference_losses(
    outputs: Arrays, features: Arrays, truth: Arrays, has_pae_head: bool
) -> dict[str, NDArray]:
    """What AlphaFold 2 reports of a prediction with a known truth, in fine-tuning.

    Args:
        outputs: of the network, leading axis 1.
        features: of the last pass, leading axis 1.
        truth: ground truth by AlphaFold 2's names, leading axis 1.
        has_pae_head: whether the aligned error is among the losses.

    Returns:
        Arrays without the leading axis, by the reference's names.
    """
    config = LossConfig.fine_tuning(pae=has_pae_head, scale_by_length=False)
    losses = structure_loss(outputs, features, truth, config)
    positions, exists = outputs["structure_module/final_atom14_positions"], features["atom14_atom_exists"]
    found = structural_violations(positions, exists, features["aatype"], features["residue_index"])
    metrics = violation_metrics(found, positions, exists, features["residue_index"], features["seq_mask"])
    renamed = rename_truth(positions, truth)
    last_layer = backbone_fape(
        outputs["structure_module/traj"], truth["backbone_affine_tensor"], truth["backbone_affine_mask"]
    )[:, -1]
    name = "structure_module/"
    arrays = {f"{head}/loss": losses[loss] for loss, head in _HEADS.items() if loss in losses}
    arrays |= {
        "total_loss": losses["total"],
        name + "loss": torch.stack([getattr(config, x) * losses[x] for x in _STRUCTURE_LOSSES]).sum(0),
        name + "fape": last_layer,
        name + "sidechain_fape": losses["sidechain_fape"],
        name + "chi_loss": losses["torsion"],
        name + "angle_norm_loss": losses["angle_norm"],
        name + "alt_naming_is_better": renamed.alternative_is_better,
        name + "renamed_atom14_gt_positions": renamed.positions,
        name + "renamed_atom14_gt_exists": renamed.exists,
        "distogram/true_dist": _true_distances(truth["pseudo_beta"]),
        **{f"{name}metrics/{metric}": value for metric, value in metrics.items()},
        **{name + key: value for key, value in violation_arrays(found).items()},
    }
    return {key: np.asarray(value[0].detach().float().numpy()) for key, value in arrays.items()}


def _true_distances(beta: Tensor) -> Tensor:
    """(b, i, j), Å, of (b, i, 3); the reference keeps 1e-6 under the root."""
    squared = (beta[:, :, None] - beta[:, None]).square().sum(-1)
    return (squared + 1e-6).sqrt()

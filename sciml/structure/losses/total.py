"""The weighted sum of all losses, for each example of a batch.

Source: Jumper et al. 2021, Supplementary section 1.9, equation 7, and section 1.11 (stages of training).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sciml.structure.losses.fape import backbone_fape, rename_truth, sidechain_fape
from sciml.structure.losses.heads import (
    aligned_error_loss,
    distogram_loss,
    experimentally_resolved_loss,
    masked_msa_loss,
    plddt_loss,
    resolution_is_trusted,
)
from sciml.structure.losses.torsion import torsion_losses
from sciml.structure.losses.violation import structural_violations
from sciml.structure.rigid import Rigid

Arrays = dict[str, Tensor]


@dataclass(frozen=True)
class LossConfig:
    """Weights of the losses, by default those of initial training; a loss with weight 0 is not computed."""

    backbone_fape: float = 0.5
    """Of the backbone FAPE, averaged over layers."""
    sidechain_fape: float = 0.5
    """Of the FAPE of all atoms, last layer."""
    torsion: float = 0.5
    """Of the chi angles, averaged over layers."""
    angle_norm: float = 0.01
    """Of the length of the raw torsion vectors."""
    distogram: float = 0.3
    """Of the binned distances, nats."""
    masked_msa: float = 2.0
    """Of the hidden letters, nats."""
    plddt: float = 0.01
    """Of the binned lDDT-Cα, nats."""
    experimentally_resolved: float = 0.0
    """Of the atoms seen in the experiment, nats; 0.01 in fine-tuning."""
    pae: float = 0.0
    """Of the binned aligned error, nats; 0.1 in the last stage, for networks that have this head."""
    violation: float = 0.0
    """Of bonds and clashes; 1 in fine-tuning."""
    min_resolution_angstrom: float = 0.1
    """A structure with a smaller resolution does not supervise confidence."""
    max_resolution_angstrom: float = 3.0
    """A structure with a larger resolution does not supervise confidence."""
    scale_by_length: bool = True
    """Multiply the total by the square root of the number of residues, so that long chains count more."""

    def __post_init__(self) -> None:
        negative = [name for name in WEIGHTED_LOSSES if getattr(self, name) < 0]
        if negative:
            raise ValueError(f"weights of losses are not negative: {', '.join(negative)}")

    @staticmethod
    def fine_tuning(*, pae: bool = False, scale_by_length: bool = True) -> "LossConfig":
        """Weights of fine-tuning; `pae` adds the aligned error."""
        return LossConfig(
            violation=1.0,
            experimentally_resolved=0.01,
            pae=0.1 if pae else 0.0,
            scale_by_length=scale_by_length,
        )


WEIGHTED_LOSSES = (
    "backbone_fape",
    "sidechain_fape",
    "torsion",
    "angle_norm",
    "distogram",
    "masked_msa",
    "plddt",
    "experimentally_resolved",
    "pae",
    "violation",
)
"""Names of the losses, of their weights in `LossConfig` and of their `loss_mask/<name>` labels."""


def structure_loss(
    outputs: Arrays, features: Arrays, labels: Arrays, config: LossConfig
) -> dict[str, Tensor]:
    """All losses of a batch.

    Everything is computed in float32 (float64 stays), also under autocast.

    Args:
        outputs: of the network, `<head>/<array>` (b, ...).
        features: `aatype`, `seq_mask`, `residue_index`, `atom14_atom_exists`, `atom37_atom_exists`, and
            `true_msa` and `bert_mask` for the masked MSA.
        labels: ground truth by AlphaFold 2's names. Two optional kinds: `use_clamped_fape` (b,), share of
            the clamped backbone FAPE (1 by default); `loss_mask/<name>` (b,) for a name of
            WEIGHTED_LOSSES, weight of that loss in each example (1 by default; `torsion` also rules
            `angle_norm` unless that has its own). Arrays of a masked loss must still be there and finite,
            such as zeros.
        config: weights.

    Returns:
        Each loss with a positive weight by its name, (b,), as it is before weights and masks; and `total`
        (b,).

    Raises:
        ValueError: an array that a loss with a positive weight needs is missing; the message names it.
    """
    needed = {name for name in WEIGHTED_LOSSES if getattr(config, name) > 0}
    losses: dict[str, Tensor] = {}
    with torch.autocast(features["seq_mask"].device.type, enabled=False):
        outputs, features, labels = (_at_least_float32(arrays) for arrays in (outputs, features, labels))
        if needed & {"backbone_fape", "sidechain_fape", "torsion", "angle_norm", "violation"}:
            losses |= _structure_module_losses(outputs, features, labels, needed)
        losses |= _head_losses(outputs, features, labels, config, needed)
        total = torch.zeros_like(features["seq_mask"][:, 0])
        for name, loss in losses.items():
            total = total + getattr(config, name) * _example_weight(name, labels, loss) * loss
        if config.scale_by_length:
            total = total * features["seq_mask"].sum(-1).sqrt()
    return losses | {"total": total}


def _structure_module_losses(
    outputs: Arrays, features: Arrays, labels: Arrays, needed: set[str]
) -> dict[str, Tensor]:
    losses: dict[str, Tensor] = {}
    name = "structure_module/"
    if "backbone_fape" in needed:
        losses["backbone_fape"] = backbone_fape(
            outputs[name + "traj"],
            labels["backbone_affine_tensor"],
            labels["backbone_affine_mask"],
            labels.get("use_clamped_fape"),
        ).mean(-1)
    if "sidechain_fape" in needed:
        atom14 = outputs[name + "sidechains/atom_pos"][:, -1]
        frames = Rigid(
            outputs[name + "sidechains/frames/rot"][:, -1], outputs[name + "sidechains/frames/trans"][:, -1]
        )
        truth = rename_truth(outputs[name + "final_atom14_positions"], labels)
        losses["sidechain_fape"] = sidechain_fape(frames, atom14, truth, labels["rigidgroups_gt_exists"])
    if needed & {"torsion", "angle_norm"}:
        both = torsion_losses(
            outputs[name + "sidechains/angles_sin_cos"],
            outputs[name + "sidechains/unnormalized_angles_sin_cos"],
            features["aatype"],
            features["seq_mask"],
            labels["chi_angles"],
            labels["chi_mask"],
        )
        values = {"torsion": both.chi, "angle_norm": both.angle_norm}
        losses |= {key: value for key, value in values.items() if key in needed}
    if "violation" in needed:
        exists = features["atom14_atom_exists"]
        found = structural_violations(
            outputs[name + "final_atom14_positions"], exists, features["aatype"], features["residue_index"]
        )
        losses["violation"] = found.loss(exists)
    return losses


def _head_losses(
    outputs: Arrays, features: Arrays, labels: Arrays, config: LossConfig, needed: set[str]
) -> dict[str, Tensor]:
    losses: dict[str, Tensor] = {}
    if "distogram" in needed:
        losses["distogram"] = distogram_loss(
            outputs["distogram/logits"],
            _one_row(outputs["distogram/bin_edges"]),
            labels["pseudo_beta"],
            labels["pseudo_beta_mask"],
        )
    if "masked_msa" in needed:
        logits = outputs["masked_msa/logits"]
        losses["masked_msa"] = masked_msa_loss(logits, features["true_msa"], features["bert_mask"])
    if needed & {"plddt", "pae", "experimentally_resolved"}:
        trusted = resolution_is_trusted(
            labels["resolution"], config.min_resolution_angstrom, config.max_resolution_angstrom
        )
        confidence = _confidence_losses(outputs, features, labels, needed)
        losses |= {name: trusted * loss for name, loss in confidence.items()}
    return losses


def _confidence_losses(
    outputs: Arrays, features: Arrays, labels: Arrays, needed: set[str]
) -> dict[str, Tensor]:
    losses: dict[str, Tensor] = {}
    if "plddt" in needed:
        losses["plddt"] = plddt_loss(
            outputs["predicted_lddt/logits"],
            outputs["structure_module/final_atom_positions"],
            labels["all_atom_positions"],
            labels["all_atom_mask"],
        )
    if "experimentally_resolved" in needed:
        losses["experimentally_resolved"] = experimentally_resolved_loss(
            outputs["experimentally_resolved/logits"],
            labels["all_atom_mask"],
            features["atom37_atom_exists"],
        )
    if "pae" in needed:
        losses["pae"] = aligned_error_loss(
            outputs["predicted_aligned_error/logits"],
            _one_row(outputs["predicted_aligned_error/breaks"]),
            outputs["structure_module/final_affines"],
            labels["backbone_affine_tensor"],
            labels["backbone_affine_mask"],
        )
    return losses


def _example_weight(name: str, labels: Arrays, like: Tensor) -> Tensor:
    """(b,), what `loss_mask/<name>` says, or ones."""
    keys = [f"loss_mask/{name}"] + (["loss_mask/torsion"] if name == "angle_norm" else [])
    found = [labels[key] for key in keys if key in labels]
    return found[0].to(like.dtype) if found else torch.ones_like(like)


def _one_row(edges: Tensor) -> Tensor:
    """Bin edges (bin - 1,), which all examples share, from (bin - 1,) or (b, bin - 1)."""
    return edges if edges.dim() == 1 else edges[0]


class _NamedArrays(Arrays):
    """Arrays whose absence is an error for users."""

    def __missing__(self, name: str) -> Tensor:
        raise ValueError(f"the array {name!r} is missing, and a loss with a positive weight needs it")


def _at_least_float32(arrays: Arrays) -> Arrays:
    half = (torch.float16, torch.bfloat16)
    used = {name: array for name, array in arrays.items() if not name.startswith("representations/")}
    return _NamedArrays({name: x.float() if x.dtype in half else x for name, x in used.items()})

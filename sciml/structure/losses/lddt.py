"""lDDT of points, as a score of distances; without the stereochemistry checks of the published tool.

Source: Mariani et al., Bioinformatics 29:2722 (2013); Jumper et al. 2021, Supplementary Algorithm 29.
"""

import torch
from torch import Tensor

from sciml.data.residue_constants import ATOM_INDEX

_THRESHOLDS_ANGSTROM = (0.5, 1.0, 2.0, 4.0)
_SQUARE_EPSILON = 1e-10


def lddt(
    predicted: Tensor,
    target: Tensor,
    mask: Tensor,
    *,
    cutoff_angstrom: float = 15.0,
    per_residue: bool = False,
) -> Tensor:
    """Share of the target's short distances that the prediction keeps, averaged over four tolerances.

    Args:
        predicted: (..., res, 3), Å.
        target: (..., res, 3), Å.
        mask: (..., res), 1 for points known in the target.
        cutoff_angstrom: distances below this in the target count.
        per_residue: score each point by its own distances.

    Returns:
        (...), or (..., res) for `per_residue`, in 0..1; about 1 where there is no distance to score. It is
        piecewise constant: no gradient.
    """
    residues = target.shape[-2]
    target_distance, predicted_distance = _distances(target), _distances(predicted)
    others = 1 - torch.eye(residues, dtype=mask.dtype, device=mask.device)
    scored = (target_distance < cutoff_angstrom) * mask.unsqueeze(-1) * mask.unsqueeze(-2) * others
    deviation = (target_distance - predicted_distance).abs()
    kept = sum((deviation < threshold).to(mask.dtype) for threshold in _THRESHOLDS_ANGSTROM) / 4
    dims = (-1,) if per_residue else (-2, -1)
    return ((scored * kept).sum(dims) + _SQUARE_EPSILON) / (scored.sum(dims) + _SQUARE_EPSILON)


def lddt_ca(predicted: Tensor, target: Tensor, mask: Tensor, *, per_residue: bool = False) -> Tensor:
    """lDDT of Cα atoms.

    Args:
        predicted: (..., res, 37, 3), Å.
        target: (..., res, 37, 3), Å.
        mask: (..., res, 37), 1 for atoms known in the target.
        per_residue: score each residue by its own distances.

    Returns:
        (...), or (..., res) for `per_residue`, in 0..1.
    """
    ca = ATOM_INDEX["CA"]
    return lddt(predicted[..., ca, :], target[..., ca, :], mask[..., ca], per_residue=per_residue)


def _distances(points: Tensor) -> Tensor:
    squared = (points.unsqueeze(-2) - points.unsqueeze(-3)).square().sum(-1)
    return (squared + _SQUARE_EPSILON).sqrt()

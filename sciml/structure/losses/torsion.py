"""Losses of the side-chain torsion angles.

Source: Jumper et al. 2021, Supplementary Algorithm 27.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from sciml.data.residue_constants import chi_pi_periodic
from sciml.structure.all_atom import residue_table

_MEAN_EPSILON = 1e-10
_NORM_EPSILON = 1e-6


class TorsionLosses(NamedTuple):
    """Both (b,): squared deviation of the chi angles, and how far raw vectors are from unit length."""

    chi: Tensor
    angle_norm: Tensor


def torsion_losses(
    predicted_sin_cos: Tensor,
    raw_sin_cos: Tensor,
    aatype: Tensor,
    residue_mask: Tensor,
    chi_angles: Tensor,
    chi_mask: Tensor,
) -> TorsionLosses:
    """Compare chi angles on the unit circle, in every layer.

    Args:
        predicted_sin_cos: (b, layer, res, 7, 2), unit vectors (sine, cosine).
        raw_sin_cos: (b, layer, res, 7, 2), the same before they were made unit vectors.
        aatype: (b, res).
        residue_mask: (b, res), 0 for padding.
        chi_angles: (b, res, 4), truth, radians.
        chi_mask: (b, res, 4), 1 where the angle is known.

    Returns:
        Means over layers; an angle that a half turn leaves unchanged counts with its nearer value.
    """
    truth = torch.stack([chi_angles.sin(), chi_angles.cos()], dim=-1)[:, None]  # (b, 1, res, 4, 2)
    half_turn = 1 - 2 * residue_table(chi_pi_periodic, aatype, truth.dtype)
    other = truth * half_turn[:, None, ..., None]
    chi = predicted_sin_cos[..., 3:, :]
    error = torch.minimum((chi - truth).square().sum(-1), (chi - other).square().sum(-1))
    norm = (raw_sin_cos.square().sum(-1) + _NORM_EPSILON).sqrt()
    return TorsionLosses(
        _masked_mean(error, chi_mask[:, None]),
        _masked_mean((norm - 1).abs(), residue_mask[:, None, :, None].expand(-1, -1, -1, 7)),
    )


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of (b, layer, ...) over all but b under a mask (b, 1, ...)."""
    layers = values.shape[1]
    return (values * mask).flatten(1).sum(-1) / (mask.flatten(1).sum(-1) * layers + _MEAN_EPSILON)

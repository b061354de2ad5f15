"""Whether a prediction knew how good it is: pLDDT against lDDT, predicted against true aligned error, pTM
against TM-score.

Predictions and truths run from 0 to 1 (pLDDT of a file divided by 100), aligned errors are in Å. The true
aligned error of residues i and j is the distance between the Cα of j in the model and in the target after the
backbone frames (N, Cα, C) of i are laid on one another.

Source: Jumper et al., Nature 596:583 (2021), Supplementary 1.9.6 and 1.9.7; expected calibration error, Guo
et al., ICML 2017, here of a mean in place of an accuracy. Intervals are of equal width.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata

from sciml.data.residue_constants import ATOM_INDEX
from sciml.errors import InputError
from sciml.structure.rigid import Rigid

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]

GROUPS = 10
LARGEST_ERROR_ANGSTROM = 31.75
"""What the last bin of AlphaFold's aligned error stands for."""
ERROR_STEP_ANGSTROM = 2.0


@dataclass(frozen=True)
class Reliability:
    """How far predicted and true values are apart, over cases grouped by the prediction."""

    expected_error: float
    """Expected calibration error: mean over cases of |mean true - mean predicted| in their group."""
    bias: float
    """Mean predicted minus mean true value."""
    correlation: float
    """Pearson correlation; NaN where either is constant."""
    groups: list[dict[str, float]]
    """For each group that is not empty: low, high, residues (cases), predicted, true."""


@dataclass(frozen=True)
class Agreement:
    """A predicted figure of merit against the true one; NaN where there is no case."""

    cases: int
    """Pairs of values that are both known."""
    spearman: float
    """Correlation of the ranks, equal values sharing their mean rank; NaN where either is constant."""
    mean_error: float
    """Mean absolute difference."""
    reliability: Reliability
    """Pearson correlation, bias and calibration by groups of the prediction."""

    @property
    def pearson(self) -> float:
        """Pearson correlation; NaN where either is constant."""
        return self.reliability.correlation

    @property
    def bias(self) -> float:
        """Mean predicted minus mean true value."""
        return self.reliability.bias

    @property
    def expected_error(self) -> float:
        """Expected calibration error."""
        return self.reliability.expected_error


def plddt_agreement(plddt: NDArray, lddt: NDArray, groups: int = GROUPS) -> Agreement:
    """pLDDT of residues against their lDDT (of Cα atoms, for AlphaFold's pLDDT).

    Args:
        plddt: (residue,), 0..1.
        lddt: (residue,), 0..1; NaN residues are left out, as for pLDDT.
        groups: intervals of 0..1 in the table.

    Raises:
        InputError: lengths differ, or a value lies outside 0..1.
    """
    return _agreement(plddt, lddt, np.linspace(0, 1, groups + 1), "pLDDT and lDDT", 1.0)


def ptm_agreement(ptm: NDArray, tm: NDArray, groups: int = GROUPS) -> Agreement:
    """pTM of models against their TM-scores, over a set: (model,) each, 0..1; otherwise as pLDDT."""
    return _agreement(ptm, tm, np.linspace(0, 1, groups + 1), "pTM and TM-score", 1.0)


def pae_agreement(pae: NDArray, error: NDArray, largest: float = LARGEST_ERROR_ANGSTROM) -> Agreement:
    """Predicted against true aligned error, over all ordered pairs of different residues.

    Args:
        pae: (res i, res j), Å: expected error of j when superposed on i.
        error: (res i, res j), Å, from `aligned_error`; pairs with NaN are left out.
        largest: Å, what the prediction can express; larger true errors count as this, as in training.

    Returns:
        Agreement in Å, with groups of 2 Å of the prediction.

    Raises:
        InputError: shapes differ, or a value is negative.
    """
    pae, error = np.asarray(pae, np.float64), np.asarray(error, np.float64)
    if pae.shape != error.shape or pae.ndim != 2 or pae.shape[0] != pae.shape[1]:
        raise InputError(f"aligned errors are two matrices (res, res): {pae.shape}, {error.shape}")
    different = ~np.eye(len(pae), dtype=bool)
    edges = np.append(np.arange(0, largest, ERROR_STEP_ANGSTROM), largest)
    predicted, true = np.minimum(pae[different], largest), np.minimum(error[different], largest)
    return _agreement(predicted, true, edges, "aligned errors", largest)


def aligned_error(positions: NDArray, mask: NDArray, target: NDArray, target_mask: NDArray) -> Array:
    """True aligned error of every residue in the backbone frame of every other.

    Args:
        positions: (model, res, 37, 3), Å.
        mask: (model, res, 37).
        target: (res, 37, 3), Å.
        target_mask: (res, 37).

    Returns:
        (model, res i, res j), Å: error of the Cα of j in the frame of i; NaN where i lacks an atom of its
        frame, or j its Cα, in either structure. It knows the hand: a mirror image is wrong.
    """
    true, true_frame, true_ca = _in_frames(target, target_mask)
    errors = []
    for model, there in zip(positions, mask, strict=True):
        own, own_frame, own_ca = _in_frames(model, there)
        known = (own_frame & true_frame)[:, None] & (own_ca & true_ca)
        errors.append(np.where(known, np.linalg.norm(own - true, axis=-1), np.nan))
    return np.stack(errors) if errors else np.zeros((0, *true.shape[:2]))


def reliability_groups(predicted: NDArray, true: NDArray, edges: NDArray) -> Reliability:
    """Compare predicted with true values in intervals of the prediction.

    Args:
        predicted: (case,), finite.
        true: (case,), finite.
        edges: (group + 1,), ascending; a value at an edge belongs to the group above it, and what lies
            outside to the first or the last.

    Returns:
        NaN in every figure where there is no case.
    """
    predicted, true = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    place = np.clip(np.searchsorted(edges, predicted, side="right") - 1, 0, len(edges) - 2)
    cases = np.bincount(place, minlength=len(edges) - 1)
    groups = []
    for group in np.flatnonzero(cases):
        inside = place == group
        groups.append(
            {
                "low": float(edges[group]),
                "high": float(edges[group + 1]),
                "residues": float(cases[group]),
                "predicted": float(predicted[inside].mean()),
                "true": float(true[inside].mean()),
            }
        )
    if not groups:
        return Reliability(float("nan"), float("nan"), float("nan"), [])
    error = sum(row["residues"] * abs(row["true"] - row["predicted"]) for row in groups) / len(predicted)
    bias = float(predicted.mean() - true.mean())
    return Reliability(float(error), bias, correlation(predicted, true), groups)


def correlation(first: NDArray, second: NDArray) -> float:
    """Pearson correlation of two lists (case,); NaN where either is constant or has fewer than two cases."""
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def _agreement(predicted: NDArray, true: NDArray, edges: Array, what: str, largest: float) -> Agreement:
    predicted, true = np.asarray(predicted, np.float64).ravel(), np.asarray(true, np.float64).ravel()
    if predicted.shape != true.shape:
        raise InputError(f"{what} come in pairs: {len(predicted)} and {len(true)} given")
    known = ~(np.isnan(predicted) | np.isnan(true))
    predicted, true = predicted[known], true[known]
    values = np.concatenate([predicted, true])
    slack = 1e-9 * largest  # of rounding
    if len(values) and not -slack <= values.min() <= values.max() <= largest + slack:
        raise InputError(f"{what} lie between 0 and {largest}: {values.min():.4g} to {values.max():.4g}")
    return Agreement(
        cases=len(predicted),
        spearman=correlation(rankdata(predicted), rankdata(true)),
        mean_error=float(np.abs(predicted - true).mean()) if len(predicted) else float("nan"),
        reliability=reliability_groups(predicted, true, edges),
    )


def _in_frames(positions: NDArray, mask: NDArray) -> tuple[Array, Booleans, Booleans]:
    """Cα atoms in the backbone frames, (res i, res j, 3) in Å, and which frames and Cα there are."""
    slots = [ATOM_INDEX[name] for name in ("N", "CA", "C")]
    exists = np.asarray(mask)[:, slots] >= 0.5
    points = np.where(exists[..., None], np.asarray(positions, np.float64)[:, slots], 0.0)
    n, ca, c = torch.from_numpy(points).unbind(-2)
    # A row times the rotation is the inverse rotation of a column.
    local = (ca - ca[:, None]) @ Rigid.from_backbone(n, ca, c).rotation
    return local.numpy(), np.all(exists, axis=-1), exists[:, 1]

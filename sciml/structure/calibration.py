"""Calibration of pLDDT: a small correction of its logits, folded into the last layer of the head.

The corrected logits are a l_k + c x_k + q x_k², where l_k is the logit of bin k and x_k its centre measured
from 1/2. The three numbers are those of highest likelihood on held-out residues, with a prior so weak that it
only matters where the data leave a number open. At that maximum the mean predicted lDDT is the mean observed
one (the derivative with respect to c), and so is the mean square (q). Both terms are affine in what the last
layer computes, W h + b, so that a W and a b + c x + q x² are the corrected layer: the network stays
AlphaFold's.

Source: temperature scaling, Guo et al., ICML 2017; tilting is its exponential family.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import nn

from sciml.structure.evaluation import ChainScores, expected_lddt, lddt_bin_centres
from sciml.structure.scores.confidence import Reliability, reliability_groups

Array = NDArray[np.float64]

_SMALLEST_SCALE = 1e-3
_PRIOR = np.array([1e-4, 1e-5, 1e-5])  # half a nat at |a - 1| = 100, |c| or |q| = 316
_NO_CHANGE = np.array([1.0, 0.0, 0.0])
_DECIMALS = 4  # finer than any data can tell, coarser than rounding errors of the sums


@dataclass(frozen=True)
class Calibration:
    """Correction of the logits; the default changes nothing."""

    scale: float = 1.0
    """a: one over the temperature; positive."""
    tilt: float = 0.0
    """c: moves the distribution towards high lDDT."""
    curvature: float = 0.0
    """q: widens (positive) or narrows (negative) the distribution."""

    def offsets(self, bins: int) -> Array:
        """(bin,), added to the scaled logits."""
        x = lddt_bin_centres(bins) - 0.5
        return self.tilt * x + self.curvature * x**2

    def apply(self, logits: Array) -> Array:
        """(..., bin) -> (..., bin)."""
        return self.scale * logits + self.offsets(logits.shape[-1])


def fit_calibration(logits: Array, lddt: Array, weights: Array | None = None) -> Calibration:
    """The correction of highest likelihood.

    Args:
        logits: (residue, bin), of the network.
        lddt: (residue,), true lDDT-Cα in 0..1.
        weights: (residue,), how much each counts; equal where absent.

    Returns:
        The correction; the optimum is unique, because the likelihood is concave.

    Raises:
        ValueError: no residue, or a value that is not finite.
    """
    if not len(lddt) or not (np.isfinite(logits).all() and np.isfinite(lddt).all()):
        raise ValueError(
            f"calibration needs finite logits and lDDT of at least one residue: {len(lddt)} given"
        )
    bins = logits.shape[-1]
    share = np.ones(len(lddt)) if weights is None else np.asarray(weights, np.float64)
    share = share / share.sum()
    x = lddt_bin_centres(bins) - 0.5
    true = np.clip((lddt * bins).astype(int), 0, bins - 1)
    # A constant in every row changes no distribution; without it the scale is better conditioned.
    logits = logits - logits.mean(-1, keepdims=True)
    at_truth = np.array(
        [share @ np.take_along_axis(logits, true[:, None], -1)[:, 0], share @ x[true], share @ x[true] ** 2]
    )

    def loss(parameters: Array) -> tuple[float, Array]:
        scale, tilt, curvature = parameters
        corrected = scale * logits + tilt * x + curvature * x**2
        top = corrected.max(-1, keepdims=True)
        weight = np.exp(corrected - top)
        total = weight.sum(-1, keepdims=True)
        probability = weight / total
        moments = np.array(
            [share @ (probability * logits).sum(-1), share @ (probability @ x), share @ (probability @ x**2)]
        )
        normaliser = share @ (np.log(total) + top)[:, 0]
        pull = _PRIOR * (parameters - _NO_CHANGE)
        penalty = 0.5 * pull @ (parameters - _NO_CHANGE)
        return float(normaliser - parameters @ at_truth + penalty), moments - at_truth + pull

    bounds = [(_SMALLEST_SCALE, None), (None, None), (None, None)]
    options = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, _NO_CHANGE, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return Calibration(*(round(float(value), _DECIMALS) for value in found.x))


def calibrate_on(scores: Sequence[ChainScores]) -> Calibration:
    """`fit_calibration` on the residues of scored chains, every cluster counting as much as every other."""
    members = {
        cluster: sum(one.cluster == cluster for one in scores) for cluster in {one.cluster for one in scores}
    }
    logits, lddt, weights = [], [], []
    for one in scores:
        usable = np.isfinite(one.residue_lddt)
        logits.append(one.residue_plddt_logits[usable])
        lddt.append(one.residue_lddt[usable])
        weights.append(np.full(usable.sum(), 1 / (members[one.cluster] * max(1, usable.sum()))))
    return fit_calibration(np.concatenate(logits), np.concatenate(lddt), np.concatenate(weights))


@torch.no_grad()
def fold_into(layer: nn.Linear, calibration: Calibration) -> None:
    """Change the last layer of the pLDDT head so that it computes the corrected logits itself.

    Args:
        layer: weight (bin, channel) and bias (bin,); changed in place.
        calibration: the correction.

    Raises:
        ValueError: a scale that is not positive would turn the network's opinion around.
    """
    if calibration.scale <= 0:
        raise ValueError(f"the scale of a calibration is positive: {calibration.scale}")
    offsets = torch.from_numpy(calibration.offsets(layer.out_features))
    layer.weight.mul_(calibration.scale)
    layer.bias.mul_(calibration.scale).add_(offsets.to(layer.bias))


def reliability(logits: Array, lddt: Array, groups: int = 10) -> Reliability:
    """Compare predicted with true lDDT in equal intervals of the prediction.

    Args:
        logits: (residue, bin).
        lddt: (residue,), 0..1.
        groups: number of intervals.
    """
    return reliability_groups(expected_lddt(logits), lddt, np.linspace(0, 1, groups + 1))

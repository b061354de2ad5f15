"""What a predicted distribution of distances is worth: lDDT, log-likelihood and expected distances.

A distogram gives each pair of residues a probability for each bin of the distance of their Cβ atoms (Cα of
glycine). Its edges lie between the bins; the first bin also holds all shorter distances, the last all longer
ones.

- Distogram lDDT: as lDDT over Cβ, a distance being preserved to the degree of the probability that the
  prediction gives to distances within the threshold of the true one; the share of all distances. Within a bin
  the probability is spread evenly; the first bin is as wide as the second; the last has no end, so that
  nothing in it is near any distance. Certainty of the true bin does not reach 1 where the bin is wider than
  the smallest threshold. Beside it stands the lDDT of the distribution's means, without probabilities. The
  idea is that of DLDDT, Senior et al., Nature 577:706 (2020); the definitions are this package's.
- Log-likelihood: mean natural logarithm of the probability of the bin of the true distance. A distance at an
  edge belongs to the bin below it.
- Expected-distance error: mean absolute difference of the distribution's mean, by bin centres, from the true
  distance, over pairs that are truly closer than the last edge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.structure.scores.contacts import CONTACT_ANGSTROM, RANGES, listed_pairs, pair_distances
from sciml.structure.scores.lddt import RADIUS_ANGSTROM, THRESHOLDS_ANGSTROM

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_SMALLEST_PROBABILITY = 1e-300  # keeps the logarithm of an impossible bin finite
_SUM_TOLERANCE = 1e-3  # what float16 and rounded files need
_PROBABILITIES_AT_ONCE = 2**21


@dataclass(frozen=True)
class DistogramScores:
    """A distogram against its target; NaN where the target has no pair that counts."""

    lddt: float
    """0..1, expected share of all distances."""
    residue_lddt: Array
    """(res,), expected share of the distances of each residue, NaN where it has none."""
    expected_distance_lddt: float
    """0..1, share of all distances that the means of the distributions preserve."""
    log_likelihood: float
    """Nats a pair, over all pairs of different residues."""
    log_likelihood_by_range: Mapping[str, float]
    """The same over pairs of each range of `contacts.RANGES`."""
    distance_error: float
    """Å, over pairs closer than the last edge."""


def probabilities_from_logits(logits: NDArray) -> Array:
    """Softmax over the last axis, in float64."""
    logits = np.asarray(logits, np.float64)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def listed_distributions(i: NDArray, j: NDArray, distributions: NDArray, residue_index: NDArray) -> Array:
    """The distogram of a list such as a CASP RR file's with distances.

    Args:
        i: (pair,), residue number of the first residue.
        j: (pair,), that of the second, in any order; no pair twice.
        distributions: (pair, bin), divided by their sums here, because files round them.
        residue_index: (res,), numbers of the target's residues; listed residues that are not among them are
            left out.

    Returns:
        (res, res, bin), symmetric; NaN for pairs that are not listed.

    Raises:
        InputError: as `listed_pairs`, or a distribution that sums to nothing.
    """
    listed, first, second = listed_pairs(i, j, residue_index)
    shares = np.asarray(distributions, np.float64)[listed]
    total = shares.sum(-1, keepdims=True)
    if (total <= 0).any():
        raise InputError("a distribution of distances sums to nothing", position=int(total.argmin()) + 1)
    result = np.full((len(residue_index), len(residue_index), shares.shape[-1]), np.nan)
    result[first, second] = result[second, first] = shares / total
    return result


def contact_probabilities(probabilities: NDArray, edges: NDArray) -> Array:
    """Probability that two residues are closer than 8 Å.

    Args:
        probabilities: (res, res, bin).
        edges: (bin - 1,), Å, between the bins.

    Returns:
        (res, res): the sum of the bins that lie below 8 Å as a whole; NaN where nothing is predicted.
    """
    below = np.append(np.asarray(edges) <= CONTACT_ANGSTROM, False)
    return np.asarray(probabilities)[..., below].sum(-1)


def distogram_scores(
    probabilities: NDArray,
    edges: NDArray,
    beta: NDArray,
    known: NDArray,
    residue_index: NDArray,
    *,
    chain_index: NDArray | None = None,
    radius: float = RADIUS_ANGSTROM,
    smallest_separation: int = 1,
) -> DistogramScores:
    """All scores of one distogram.

    Args:
        probabilities: (res, res, bin), sums of 1; of logits by `probabilities_from_logits`. NaN for pairs
            that are not predicted, which preserve no distance and count in no other figure.
        edges: (bin - 1,), Å, ascending.
        beta: (res, 3), Cβ of the target, Cα of glycine, Å.
        known: (res,), 1 where it is known.
        residue_index: (res,), numbers along the chain.
        chain_index: (res,), number of each residue's chain; one chain when None. Pairs between chains count,
            but in no range.
        radius: inclusion radius of the lDDT, Å.
        smallest_separation: residues closer along the chain do not count in the lDDT (12 in DLDDT12).

    Raises:
        InputError: shapes disagree, edges do not ascend, or probabilities do not sum to 1.
    """
    edges = np.asarray(edges, np.float64)
    _check(probabilities, edges, beta, known, residue_index)
    there = np.asarray(known) > 0.5
    distance = pair_distances(beta)
    pairs = there[:, None] & there & ~np.eye(len(there), dtype=bool)
    separation = np.abs(np.subtract.outer(residue_index, residue_index)).astype(np.float64)
    if chain_index is not None:
        separation[np.not_equal.outer(chain_index, chain_index)] = np.nan
    scored = pairs & (distance <= radius) & ~(separation < smallest_separation)
    preserved, log_probability, expected = _by_pair(np.asarray(probabilities), edges, distance)
    shares = [np.abs(expected - distance) <= threshold for threshold in THRESHOLDS_ANGSTROM]
    with np.errstate(invalid="ignore"):
        by_residue = (preserved * scored).sum(1) / scored.sum(1)
    predicted = pairs & ~np.isnan(log_probability)
    within = predicted & (distance <= edges[-1])
    by_range = {
        name: _mean(log_probability[predicted & (separation >= low) & (separation <= high)])
        for name, (low, high) in RANGES.items()
    }
    return DistogramScores(
        lddt=_mean(preserved[scored]),
        residue_lddt=by_residue,
        expected_distance_lddt=_mean(np.mean(shares, axis=0)[scored]),
        log_likelihood=_mean(log_probability[predicted]),
        log_likelihood_by_range=MappingProxyType(by_range),
        distance_error=_mean(np.abs(expected - distance)[within]),
    )


def distogram_nll(logits: NDArray, edges: NDArray, beta: NDArray, mask: NDArray) -> float:
    """Mean negative log probability, in nats, that a distogram gives to the bins of the true distances.

    Args:
        logits: (res, res, bin).
        edges: (bin - 1,), Å.
        beta: (res, 3), Å.
        mask: (res,).
    """
    known = np.asarray(mask) > 0.5
    true = np.digitize(pair_distances(beta), edges, right=True)
    top = logits.max(-1)
    log_probability = np.take_along_axis(logits, true[..., None], -1)[..., 0] - top
    log_probability -= np.log(np.exp(logits - top[..., None]).sum(-1))
    pairs = known[:, None] & known[None, :] & ~np.eye(len(beta), dtype=bool)
    return _mean(-log_probability[pairs])


def bin_centres(edges: NDArray) -> Array:
    """Distances in Å that the bins stand for: (bin - 1,) -> (bin,); the outer bins are as wide as their
    neighbours."""
    edges = np.asarray(edges, np.float64)
    bounds = np.concatenate([[2 * edges[0] - edges[1]], edges, [2 * edges[-1] - edges[-2]]])
    return (bounds[1:] + bounds[:-1]) / 2


def _by_pair(probabilities: NDArray, edges: Array, distance: Array) -> tuple[Array, Array, Array]:
    """Preserved share, log probability of the true bin and expected distance of each pair, (res, res)."""
    preserved, log_probability, expected = (np.empty_like(distance) for _ in range(3))
    bounds = np.concatenate([[2 * edges[0] - edges[1]], edges])
    rows = max(1, _PROBABILITIES_AT_ONCE // max(1, len(distance) * (len(edges) + 1)))
    for start in range(0, len(distance), rows):
        here = slice(start, start + rows)
        block, true = probabilities[here].astype(np.float64), distance[here]
        cumulative = np.concatenate([np.zeros((*true.shape, 1)), np.cumsum(block[..., :-1], -1)], axis=-1)
        shares = [
            _below(true + threshold, cumulative, bounds) - _below(true - threshold, cumulative, bounds)
            for threshold in THRESHOLDS_ANGSTROM
        ]
        preserved[here] = np.nan_to_num(np.mean(shares, axis=0), nan=0.0)
        bins = np.digitize(true, edges, right=True)[..., None]
        at_truth = np.take_along_axis(block, bins, -1)[..., 0]
        log_probability[here] = np.log(np.maximum(at_truth, _SMALLEST_PROBABILITY))
        expected[here] = block @ bin_centres(edges)
    return preserved, log_probability, expected


def _below(distance: Array, cumulative: Array, bounds: Array) -> Array:
    """Probability of less than a distance.

    Args:
        distance: (..., res), Å.
        cumulative: (..., res, bound), probability below each bound.
        bounds: (bound,), Å, ascending; between two of them the probability is spread evenly.

    Returns:
        (..., res).
    """
    upper = np.clip(np.searchsorted(bounds, distance), 1, len(bounds) - 1)
    low, high = (np.take_along_axis(cumulative, place[..., None], -1)[..., 0] for place in (upper - 1, upper))
    share = (distance - bounds[upper - 1]) / (bounds[upper] - bounds[upper - 1])
    return low + np.clip(share, 0, 1) * (high - low)


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else float("nan")


def _check(
    probabilities: NDArray, edges: Array, beta: NDArray, known: NDArray, residue_index: NDArray
) -> None:
    residues = len(residue_index)
    shapes = tuple(np.shape(array) for array in (probabilities, beta, known))
    if len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise InputError(f"edges of a distogram ascend, at least two of them: {edges}")
    if shapes != ((residues, residues, len(edges) + 1), (residues, 3), (residues,)):
        raise InputError(
            f"a distogram of {residues} residues with {len(edges)} edges needs probabilities (res, res, "
            f"{len(edges) + 1}), Cβ (res, 3) and what is known (res,): {shapes}"
        )
    total, least = np.sum(probabilities, axis=-1), np.min(probabilities, axis=-1)
    wrong = (np.abs(total - 1) > _SUM_TOLERANCE) | (least < 0)
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise InputError(
            "probabilities of a distogram are not negative and sum to 1 for each pair: those of pair "
            f"{i + 1}, {j + 1} sum to {total[i, j]:.4g}, the least is {least[i, j]:.4g}"
        )

"""Superposition of matched Cα atoms and the TM-score found by a search over superpositions.

The score is the maximum over rigid motions; like the TMscore program, the search starts from fragments of
the chain at several lengths and refines each on the residues that it brings close. All starts are refined
together.

Source: Zhang & Skolnick, Proteins 57:702 (2004); Kabsch, Acta Cryst. A 32:922 (1976).
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SHORTEST_FRAGMENT = 4
_FRAGMENT_LEVELS = 6
_REFINEMENTS = 20
_STARTS_AT_ONCE = 512  # bounds the memory: starts x residues x 3 numbers


def tm_d0(residues: int) -> float:
    """Distance in Å that counts half, for a target of that many residues; at least 0.5 Å."""
    return max(0.5, 1.24 * (residues - 15) ** (1 / 3) - 1.8) if residues > 15 else 0.5


def superpose(mobile: Array, target: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Rotation and translation that bring `mobile` onto `target` with the least weighted square deviation.

    Args:
        mobile: (..., atom, 3), Å.
        target: (..., atom, 3), Å.
        weights: (..., atom), not negative, some positive; all equal where absent.

    Returns:
        rotation (..., 3, 3), proper, and translation (..., 3): `mobile @ rotation.T + translation`.
    """
    weights = np.ones(np.broadcast_shapes(mobile.shape, target.shape)[:-1]) if weights is None else weights
    share = (weights / weights.sum(-1, keepdims=True))[..., None]
    centre_mobile = (share * mobile).sum(-2, keepdims=True)
    centre_target = (share * target).sum(-2, keepdims=True)
    covariance = np.swapaxes(share * (mobile - centre_mobile), -1, -2) @ (target - centre_target)
    left, _, right = np.linalg.svd(covariance)
    hand = np.sign(np.linalg.det(left @ right))[..., None]  # -1 where the best orthogonal map is a mirror
    left = np.concatenate([left[..., :2], left[..., 2:] * hand[..., None]], axis=-1)
    rotation = np.swapaxes(left @ right, -1, -2)
    translation = centre_target - centre_mobile @ np.swapaxes(rotation, -1, -2)
    return rotation, translation[..., 0, :]


def tm_score(predicted: Array, target: Array, target_residues: int | None = None) -> float:
    """TM-score of a prediction whose residues are matched to the target's by their number.

    Args:
        predicted: (res, 3), Cα in Å.
        target: (res, 3), the same residues.
        target_residues: length that the score is normalised by; the number of matched residues where absent.

    Returns:
        A number in (0, 1]. The search is heuristic: no better superposition is known, none worse is reported.

    Raises:
        ValueError: shapes differ, or fewer than three residues.
    """
    if predicted.shape != target.shape or predicted.ndim != 2 or len(predicted) < 3:
        raise ValueError(
            "tm_score compares at least three matched residues: "
            f"predicted {predicted.shape}, target {target.shape}"
        )
    predicted, target = np.asarray(predicted, np.float64), np.asarray(target, np.float64)
    residues = len(target) if target_residues is None else target_residues
    d0 = tm_d0(residues)
    starts = _fragments(len(target))
    best = 0.0
    for first in range(0, len(starts), _STARTS_AT_ONCE):
        best = max(best, _refined(predicted, target, starts[first : first + _STARTS_AT_ONCE], d0))
    return best / residues


def _fragments(length: int) -> NDArray[np.bool_]:
    """(start, res): the whole chain, then windows of half its length, a quarter, …, down to four residues."""
    windows = []
    for level in range(_FRAGMENT_LEVELS):
        size = length if level == 0 else max(length >> level, min(_SHORTEST_FRAGMENT, length))
        if level == _FRAGMENT_LEVELS - 1:
            size = min(_SHORTEST_FRAGMENT, length)
        # Neighbouring windows share three quarters of their residues, so that no helix falls between two.
        firsts = {*range(0, length - size + 1, max(1, size // 4)), length - size}
        windows += [(first, first + size) for first in sorted(firsts)]
    position = np.arange(length)
    return np.stack([(position >= first) & (position < stop) for first, stop in dict.fromkeys(windows)])


def _refined(predicted: Array, target: Array, chosen: NDArray[np.bool_], d0: float) -> float:
    """Largest Σ 1 / (1 + (d/d0)²) met while each start is superposed again on the residues that came
    close."""
    search = float(np.clip(d0, 4.5, 8.0))
    best = []  # the distances of the best start of each round
    for round_number in range(_REFINEMENTS + 1):
        distance = _superposed_distances(predicted, target, chosen.astype(np.float64))
        best.append(distance[_closeness(distance, d0).argmax()])
        # The first round is stricter, as the fragment alone decided it. Where fewer than three residues are
        # within reach, the three nearest are taken.
        reach = search - 1 if round_number == 0 else search + 1
        third = np.partition(distance, 2, axis=-1)[:, 2:3]
        closer = distance <= np.maximum(reach, third)
        if (closer == chosen).all():
            break
        chosen = np.unique(closer, axis=0)
    return _climbed(predicted, target, np.stack(best), d0)


def _climbed(predicted: Array, target: Array, distance: Array, d0: float) -> float:
    """The nearest local maxima from the superpositions with these distances (start, res); the largest.

    Superposing with the weights (1 + (d/d0)²)⁻² never lowers the score, because the score is a concave
    function of d² and the weights are its slope there.
    """
    for _ in range(_REFINEMENTS):
        weights = (1 + (distance / d0) ** 2) ** -2
        distance = _superposed_distances(predicted, target, weights)
    return float(_closeness(distance, d0).max())


def _superposed_distances(predicted: Array, target: Array, weights: Array) -> Array:
    """(start, res): distances after the superposition with each row of weights."""
    rotation, translation = superpose(predicted[None], target[None], weights)
    moved = predicted @ np.swapaxes(rotation, -1, -2) + translation[:, None]
    return np.linalg.norm(moved - target, axis=-1)


def _closeness(distance: Array, d0: float) -> Array:
    """(start, res) -> (start,): the unnormalised TM-score."""
    return (1 / (1 + (distance / d0) ** 2)).sum(-1)

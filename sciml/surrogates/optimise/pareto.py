"""Several objectives: which designs no other one beats, how good such a front is, and how to widen it.

Objectives stand in arrays (design, objective) in which small is good; `objective_table` makes them.
"""

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.specification import Goal

Array = NDArray[np.float64]


def objective_table(goal: Goal, values: Array, spec: ProblemSpec) -> Array:
    """Objectives of outputs (design, output) as (design, objective), small is good; NaN where not known."""
    signs = np.array([1.0 if each.direction == "minimise" else -1.0 for each in goal.objectives])
    columns = [spec.output_names.index(each.output) for each in goal.objectives]
    table: Array = signs * values[:, columns]
    return table


def non_dominated(points: Array) -> NDArray[np.bool_]:
    """Which points no other point beats, (point,).

    One point beats another that it equals or betters in every objective and betters in one. Of equal points
    all stay; a point with a value that is not finite is beaten.
    """
    finite = np.asarray(np.isfinite(points).all(axis=1))
    front = finite.copy()
    for i in np.flatnonzero(finite):
        if not front[i]:
            continue
        no_worse = (points[i] <= points[front]).all(axis=1)
        better = (points[i] < points[front]).any(axis=1)
        front[np.flatnonzero(front)[no_worse & better]] = False
    return front


def hypervolume(points: Array, reference: Array) -> float:
    """Volume of what the points beat, up to a reference point.

    Args:
        points: (point, objective); those that do not beat the reference in every objective add nothing.
        reference: (objective,), a point that is worse than all of interest.

    Returns:
        The exact volume. Work grows quickly with objectives: meant for two to four and hundreds of points.

    Source: the slicing of While et al., IEEE Trans. Evol. Comput. 10:29 (2006).
    """
    inside = points[np.isfinite(points).all(axis=1) & (points < reference).all(axis=1)]
    if not len(inside):
        return 0.0
    return _volume(inside[non_dominated(inside)], reference)


def _volume(points: Array, reference: Array) -> float:
    """Slices along the last objective, each the volume of what has been met so far in the others."""
    if points.shape[1] == 1:
        return float(reference[0] - points.min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    if points.shape[1] == 2:
        lowest = np.minimum.accumulate(points[:, 0])
        height = np.diff(np.append(points[:, 1], reference[1]))
        return float(((reference[0] - lowest) * height).sum())
    total = 0.0
    height = np.diff(np.append(points[:, -1], reference[-1]))
    for i, step in enumerate(height):
        if step > 0:
            below = points[: i + 1, :-1]
            total += step * _volume(below[non_dominated(below)], reference[:-1])
    return total


def hypervolume_share(points: Array) -> float | None:
    """Hypervolume of a front as a share of the box that all the points span.

    Returns:
        In [0, 1]: 1 if one point is best in everything; None where the box has no volume or there is no
        point.
    """
    known = points[np.isfinite(points).all(axis=1)]
    if not len(known):
        return None
    low, high = known.min(axis=0), known.max(axis=0)
    if not (high > low).all():
        return None
    return hypervolume((known - low) / (high - low), np.ones(known.shape[1]))


def gains(candidates: Array, front: Array, reference: Array) -> Array:
    """Hypervolume that each candidate alone would add to a front, (candidate,).

    Args:
        candidates: (candidate, objective).
        front: (point, objective).
        reference: (objective,).
    """
    if candidates.shape[1] != len(reference):
        raise SettingsError(f"{candidates.shape[1]} objectives and a reference of {len(reference)}")
    before = hypervolume(front, reference)
    found = np.zeros(len(candidates))
    for i, candidate in enumerate(candidates):
        beaten = (front <= candidate).all(axis=1).any() or not (candidate < reference).all()
        if not beaten:
            found[i] = hypervolume(np.concatenate([front, candidate[None]]), reference) - before
    return found


def greedy_batch(candidates: Array, front: Array, reference: Array, size: int) -> NDArray[np.intp]:
    """Candidates that together add much hypervolume: the best one first, then the best beside it, ….

    Returns:
        Indices, at most `size`; fewer where no further candidate adds anything.
    """
    chosen: list[int] = []
    for _ in range(size):
        gain = gains(candidates, front, reference)
        best = int(np.argmax(gain)) if len(gain) else 0
        if not len(gain) or gain[best] <= 0:
            break
        chosen.append(best)
        front = np.concatenate([front, candidates[best][None]])
    return np.array(chosen, dtype=np.intp)

"""Conditions, and maps of outputs under which they shift every design alike.

A corner multiplies most outputs, so that logarithms shift; mismatch adds to an offset, and a design whose
offset one draw happens to cancel is no reason to expect a hundredfold of it at another. Which map fits an
output is decided by how well the shifts of the other designs predict each design.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.simulator import NOMINAL, Corner
from sciml.surrogates.transforms import Kind, OutputTransform, fit_transform

Array = NDArray[np.float64]
_RIDGE, _RIDGE_OF_ONE = 1e-6, 0.1  # of a corner's or a draw's number, of a condition's own
_JUDGES = 40  # designs, the newest, that decide between maps


@dataclass(frozen=True)
class Condition:
    """A corner, with the seed of its mismatch (None for none)."""

    corner: Corner = NOMINAL
    seed: int | None = None

    @property
    def name(self) -> str:
        """`ss_hot`, or `ss_hot, mismatch 3`."""
        return self.corner.name if self.seed is None else f"{self.corner.name}, mismatch {self.seed}"


def condition_maps(values: Array, limits: Array, conditions: Sequence[Condition]) -> OutputTransform:
    """The map of each output that shifts predict best: the one a surrogate would have, or `near_limits`.

    Args:
        values: (design, condition, output), NaN where not simulated.
        limits: (output,), NaN for none.
        conditions: in the order of the values.
    """
    known = np.asarray(np.isfinite(values).all(axis=2))
    flat = values[known]
    usual, near = fit_transform(flat, limits), near_limits(flat, limits)
    judges = np.flatnonzero(known.sum(axis=1) >= 2)[-_JUDGES:]
    if len(judges) < 2:
        return near
    errors = [_left_out(each, values[judges], known[judges], limits, conditions) for each in (usual, near)]
    return _mixed(usual, near, errors[1] <= errors[0])


def near_limits(values: Array, limits: Array) -> OutputTransform:
    """asinh(x / |L|) of an output with limit L: beyond the limit the logarithm, well below it x itself.

    Args:
        values: (row, output), all known.
        limits: (output,), NaN for none; such an output keeps the map that a surrogate would have for it.
    """
    fitted = fit_transform(values, limits)
    has_limit = np.isfinite(limits) & (limits != 0)
    is_magnitude = np.asarray((values >= 0).all(axis=0))
    asinh: Kind = "asinh"
    near = OutputTransform(
        (asinh,) * len(limits),
        np.where(has_limit, np.abs(limits), 1.0),
        np.zeros(len(limits)),
        np.ones(len(limits)),
        np.where(is_magnitude, 0.0, -np.inf),
    )
    return _mixed(fitted, near, has_limit)


def _mixed(one: OutputTransform, two: OutputTransform, takes_two: NDArray[np.bool_]) -> OutputTransform:
    """The maps of `one`, and of `two` where it is taken, (output,)."""
    low = [np.full(len(takes_two), -np.inf) if each.floor is None else each.floor for each in (one, two)]
    return OutputTransform(
        tuple(b if second else a for a, b, second in zip(one.kinds, two.kinds, takes_two, strict=True)),
        np.where(takes_two, two.scale, one.scale),
        np.where(takes_two, two.shift, one.shift),
        np.where(takes_two, two.spread, one.spread),
        np.where(takes_two, low[1], low[0]),
    )


def _left_out(
    transform: OutputTransform,
    values: Array,
    known: NDArray[np.bool_],
    limits: Array,
    conditions: Sequence[Condition],
) -> Array:
    """Mean error of outputs predicted from the design's other conditions and the other designs' shifts.

    Errors are differences of asinh(x / |L|), whatever the map, so that maps can be compared; (output,).
    """
    z, rows = transform.encode(values), np.arange(len(values))
    scale = np.where(np.isfinite(limits) & (limits != 0), np.abs(limits), 1.0)
    errors = []
    for row in rows:
        shifts = constant_shifts(z[rows != row], known[rows != row], conditions)
        own = (z[row] - shifts)[known[row]]
        others = (own.sum(axis=0) - own) / (len(own) - 1)
        found = transform.decode(others + shifts[known[row]])
        truth = values[row, known[row]]
        errors.append(np.abs(np.arcsinh(found / scale) - np.arcsinh(truth / scale)))
    mean: Array = np.nan_to_num(np.concatenate(errors), nan=np.inf).mean(axis=0)
    return mean


def constant_shifts(z: Array, known: NDArray[np.bool_], conditions: Sequence[Condition]) -> Array:
    """Shifts between conditions that fit all designs best, each design with a level of its own.

    A shift is one number of its corner, one of its draw of mismatch, and a third of its own that is held
    small, so that a corner never met with some draw is not a blank.

    Args:
        z: (design, condition, output).
        known: (design, condition).
        conditions: in the order of the table.

    Returns:
        (condition, output), ridge regression; the first condition is 0, and near 0 is what no design links
        with it.
    """
    count = known.sum(axis=1)
    centred = np.where(known[..., None], z, 0.0)
    mean = centred.sum(axis=1) / np.maximum(count, 1)[:, None]
    right = np.where(known[..., None], centred - mean[:, None], 0.0).sum(axis=0)
    weight = known / np.sqrt(np.maximum(count, 1))[:, None]
    system = np.diag(known.sum(axis=0).astype(np.float64)) - weight.T @ weight  # levels eliminated
    corners = list(dict.fromkeys(each.corner.name for each in conditions))
    seeds = list(dict.fromkeys(each.seed for each in conditions))
    parts = [
        np.array([[each.corner.name == name for name in corners] for each in conditions], dtype=np.float64),
        np.array([[each.seed == seed for seed in seeds] for each in conditions], dtype=np.float64),
        np.eye(len(conditions)),
    ]
    factors = np.concatenate(parts, axis=1)
    ridge = np.array([_RIDGE] * (len(corners) + len(seeds)) + [_RIDGE_OF_ONE] * len(conditions))
    found = np.linalg.solve(factors.T @ system @ factors + np.diag(ridge), factors.T @ right)
    shifts: Array = factors @ found
    return shifts - shifts[:1]

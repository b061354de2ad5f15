"""Points on both sides of where branches meet: zeros of what stands inside |u|, sqrt(u), log(u) and the like.

Fixed sample points miss a kink that lies far from them: |x - 10**5| is 10**5 - x at all points up to 10**5.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.evaluation import Values, evaluate
from sciml.symbolic.expression import FUNCTION, POWER, Expr
from sciml.symbolic.substitution import operands

_BRANCH_VALUES: dict[str, tuple[int, ...]] = {
    **{"abs": (0,), "sign": (0,), "log": (0,)},
    **{"asin": (-1, 1), "acos": (-1, 1), "atanh": (-1, 1), "acosh": (-1, 1)},
}
"""Real values of the argument at which a function changes its branch."""
_GRID = np.concatenate([one * np.geomspace(1e-40, 1e40, 1001) * 1.0037 for one in (1, -1)])
_GRID = np.sort(np.append(_GRID, 0.0))
_MOST_KINKS, _HALVINGS = 12, 60
_BESIDE = np.array([1e-9, 1e-5, 1e-2, 0.3, 2.0])
"""Distances from a kink, relative to its size."""


def points_beside_kinks(nodes: Iterable[Expr], variable: Expr, parameters: Mapping[str, complex]) -> Values:
    """Real points left and right of the kinks that are found, and between them; (point,), sorted.

    Args:
        nodes: the expressions.
        variable: what varies.
        parameters: values of all other symbols.
    """
    inner = {one.prefix: one for node in nodes for one in _changing_sign(node, variable)}
    found = [zero for part in inner.values() for zero in _zeros(part, variable, parameters)]
    if not found:
        return np.zeros(0, np.complex128)
    kinks = np.unique(found)
    distances = np.abs(kinks)[:, None] * _BESIDE
    beside = np.concatenate([kinks[:, None] + distances, kinks[:, None] - distances], axis=None)
    return np.unique(np.concatenate([beside, (kinks[1:] + kinks[:-1]) / 2])).astype(np.complex128)


def _changing_sign(node: Expr, variable: Expr) -> Iterator[Expr]:
    """Parts at whose zeros the node changes its branch."""
    if not node.mask & variable.mask:
        return
    if node.kind == POWER and type(node.value) is not int:
        yield node.args[0]
    elif node.kind == FUNCTION:
        for value in _BRANCH_VALUES.get(node.value, ()):
            yield node.args[0] - value
    for part in operands(node):
        yield from _changing_sign(part, variable)


def _zeros(part: Expr, variable: Expr, parameters: Mapping[str, complex]) -> NDArray[np.float64]:
    """Where a part changes its sign or comes closest to zero between neighbours of a grid; few of each."""

    def real_values(points: NDArray[np.float64]) -> NDArray[np.float64]:
        values: dict[str, Values] = {name: np.full(points.shape, one) for name, one in parameters.items()}
        values[variable.value] = points.astype(np.complex128)
        at = np.broadcast_to(evaluate(part, values), points.shape)
        with np.errstate(all="ignore"):
            return np.where(np.abs(at.imag) <= 1e-9 * np.abs(at), at.real, np.nan)

    grid = real_values(_GRID)
    with np.errstate(all="ignore"):
        changes = _nearest_to_one(np.flatnonzero(np.sign(grid[:-1]) * np.sign(grid[1:]) < 0))
        sizes = np.abs(grid)
        dips = 1 + np.flatnonzero((sizes[1:-1] < sizes[:-2]) & (sizes[1:-1] < sizes[2:]))
    dips = _nearest_to_one(dips[~np.isin(dips, changes) & ~np.isin(dips, changes + 1)])
    low, high, left = _GRID[changes], _GRID[changes + 1], np.sign(grid[changes])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_left = np.sign(real_values(middle)) == left
        low, high = np.where(is_left, middle, low), np.where(is_left, high, middle)
    below, above = _GRID[dips - 1], _GRID[dips + 1]
    for _ in range(_HALVINGS):  # a third of the interval goes at each step
        one, other = below + (above - below) / 3, above - (above - below) / 3
        is_left = np.abs(real_values(one)) < np.abs(real_values(other))
        below, above = np.where(is_left, below, one), np.where(is_left, other, above)
    return np.concatenate([high, (below + above) / 2, _GRID[grid == 0]])


def _nearest_to_one(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """A few places of the grid, those of moderate size."""
    return places[np.argsort(np.abs(np.log(np.abs(_GRID[places]) + 1e-300)))][:_MOST_KINKS]

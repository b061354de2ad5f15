"""Where on the real axis an expression may be singular, jump or have a kink: zeros of some of its parts."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import FUNCTION, POWER, Expr, function, symbol_names
from sciml.symbolic.one_sided_limits import DIGITS, value_at
from sciml.symbolic.precise import PreciseNumber, context
from sciml.symbolic.substitution import operands

_GRID, _CLOSE = 4001, 300
_MOST = 60
"""Points that are returned at most."""
_HALVINGS, _SECANTS, _BISECTIONS = 40, 14, 700


def breakpoints(
    nodes: list[Expr], variable: str, lower: float, upper: float, parameters: Mapping[str, Any]
) -> list[PreciseNumber]:
    """Points strictly between the limits at which one of the expressions may not be smooth, ascending.

    Args:
        nodes: integrand and antiderivative.
        variable: its name.
        lower: a number or -inf.
        upper: a number or inf, above `lower`.
        parameters: values of all other symbols.

    Returns:
        Numbers of `context(DIGITS)`, each exact to most of its digits.
    """
    grid = _grid(lower, upper)
    found: list[PreciseNumber] = []
    for part in {one.prefix: one for node in nodes for one in _critical(node, variable)}.values():
        for point in _zeros(part, variable, grid, parameters):
            is_inside = lower < point < upper
            if is_inside and all(abs(point - one) > 1e-20 * (1 + abs(one)) for one in found):
                found.append(point)
            if len(found) >= _MOST:
                return sorted(found)
    return sorted(found)


def _grid(lower: float, upper: float) -> NDArray[np.float64]:
    """(point,), ascending, inside the limits; a little off round numbers, where zeros like to be.

    Evenly spaced, and closer and closer to the limits, to zero and towards infinity.
    """
    inner = np.linspace(0, 1, _GRID)[1:-1] + 1e-7
    shrinking = np.geomspace(1.0000001e-12, 0.1, _CLOSE)
    if np.isfinite(lower) and np.isfinite(upper):
        near = (upper - lower) * shrinking
        parts = [lower + (upper - lower) * inner, lower + near, upper - near]
    else:
        mapped = 2 * inner - 1
        parts = [mapped / (1 - mapped**2), 1 / shrinking, -1 / shrinking]
        parts += [end + side * shrinking for end in (lower, upper) for side in (1, -1) if np.isfinite(end)]
        parts += [end + side * inner / (1 - inner) for end, side in ((lower, 1), (upper, -1))]
    parts += [shrinking, -shrinking]
    grid = np.unique(np.concatenate(parts))
    return grid[(lower < grid) & (grid < upper)]


def _critical(node: Expr, variable: str) -> Iterator[Expr]:
    """Parts whose zeros are poles, branch points, kinks or jumps of the node."""
    if variable not in symbol_names(node):
        return
    if node.kind == POWER and not (type(node.value) is int and node.value > 0):
        yield node.args[0]
    elif node.kind == FUNCTION:
        argument = node.args[0]
        if node.value in ("log", "abs", "sign"):
            yield argument
        elif node.value == "tan":
            yield function("cos", argument)
        elif node.value in ("asin", "acos", "atanh"):
            yield argument - 1
            yield argument + 1
        elif node.value == "acosh":
            yield argument - 1
        elif node.value in ("atan", "asinh"):
            yield 1 + argument**2  # only a complex argument comes to its cut
    for part in operands(node):
        yield from _critical(part, variable)


def _zeros(
    part: Expr, variable: str, grid: NDArray[np.float64], parameters: Mapping[str, Any]
) -> Iterator[PreciseNumber]:
    shape = {name: np.full(len(grid), complex(value)) for name, value in parameters.items()}
    values = np.broadcast_to(evaluate(part, {**shape, variable: grid.astype(np.complex128)}), grid.shape)
    real = np.where(np.abs(values.imag) <= 1e-9 * np.abs(values) + 1e-300, values.real, np.nan)
    with np.errstate(all="ignore"):
        changes = np.flatnonzero(real[:-1] * real[1:] < 0)
        sizes = np.abs(real)
        # Near a double zero ordinary numbers are 0 at several points: runs of equal sizes count as one.
        first = np.flatnonzero(np.concatenate(([True], sizes[1:] != sizes[:-1])))
        last = np.append(first[1:], len(sizes)) - 1
        runs = sizes[first]
        dips = 1 + np.flatnonzero((runs[1:-1] < runs[:-2]) & (runs[1:-1] < runs[2:]))
        is_left = (values.real < 0) & ~np.isfinite(real)
        cuts = np.flatnonzero(is_left[:-1] & is_left[1:] & (values.imag[:-1] * values.imag[1:] < 0))
    for place in changes[:_MOST]:
        yield _crossing(part, variable, grid[place], grid[place + 1], parameters, "real")
    for place in cuts[:_MOST]:  # a complex value crosses the negative axis, where roots and logarithms jump
        yield _crossing(part, variable, grid[place], grid[place + 1], parameters, "imag")
    crossed = {int(one) for place in changes for one in (place, place + 1)}
    touching = [dip for dip in dips if not crossed & {int(first[dip]), int(last[dip])}]
    for dip in touching[:_MOST]:
        point = _lowest(part, variable, grid[first[dip] - 1], grid[last[dip] + 1], parameters)
        if point is not None:
            yield point


def _crossing(
    part: Expr,
    variable: str,
    low: float,
    high: float,
    parameters: Mapping[str, Any],
    side: Literal["real", "imag"],
) -> PreciseNumber:
    """The sign change between two points; a pole changes sign too, and is a breakpoint as well.

    By secants where they stay between the points and settle, else by halving.
    """
    numbers = context(DIGITS)

    def value(point: PreciseNumber) -> PreciseNumber:
        return getattr(_value(part, variable, point, parameters), side)

    left, right = _halved(value, numbers.mpf(low), numbers.mpf(high), _HALVINGS)
    before, after = left, right
    old, new = value(before), value(after)
    for _ in range(_SECANTS):
        if new == old:
            break
        before, after, old = after, after - new * (after - before) / (new - old), new
        if not left <= after <= right:
            break
        new = value(after)
        if not new or abs(after - before) < numbers.eps * 1e10 * abs(after):
            return after
    return sum(_halved(value, left, right, _BISECTIONS)) / 2


def _halved(
    value: Callable[[PreciseNumber], PreciseNumber], left: PreciseNumber, right: PreciseNumber, times: int
) -> tuple[PreciseNumber, PreciseNumber]:
    """The interval of the sign change, halved so many times."""
    is_positive = value(left) > 0
    for _ in range(times):
        middle = (left + right) / 2
        here = value(middle)
        if not here:
            return middle, middle
        left, right = (middle, right) if (here > 0) == is_positive else (left, middle)
    return left, right


def _lowest(
    part: Expr, variable: str, low: float, high: float, parameters: Mapping[str, Any]
) -> PreciseNumber | None:
    """A zero that is touched and not crossed, or None if the dip does not reach zero."""
    numbers = context(DIGITS)
    left, right = numbers.mpf(low), numbers.mpf(high)
    size = max(abs(_value(part, variable, one, parameters)) for one in (left, right))
    for step in range(_BISECTIONS):
        third = (right - left) / 3
        one = abs(_value(part, variable, left + third, parameters))
        other = abs(_value(part, variable, right - third, parameters))
        left, right = (left, right - third) if one < other else (left + third, right)
        if step in (30, 60) and min(one, other) > 10.0 ** (-step / 8) * size:
            return None
        if right - left < 1e-60 * abs(right):
            break
    middle = (left + right) / 2
    return _rounded(middle) if abs(_value(part, variable, middle, parameters)) < 1e-25 * size else None


def _rounded(point: PreciseNumber) -> PreciseNumber:
    """A double zero is found to half of the digits only: a short fraction nearby is what was meant."""
    from fractions import Fraction

    numbers = context(DIGITS)
    near = Fraction(numbers.nstr(point, 25)).limit_denominator(10_000)
    exact = numbers.mpf(near.numerator) / near.denominator
    return exact if abs(exact - point) < 1e-18 * (1 + abs(point)) else point


def _value(part: Expr, variable: str, point: PreciseNumber, parameters: Mapping[str, Any]) -> PreciseNumber:
    value = value_at(part, variable, point, parameters)
    return context(DIGITS).mpf(1) if value is None else value

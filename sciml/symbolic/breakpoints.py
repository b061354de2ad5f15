"""Where on the real axis an expression may be singular, jump or have a kink: zeros of some of its parts."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import FUNCTION, POWER, Expr, function, symbol_names
from sciml.symbolic.one_sided_limits import DIGITS, value_at
from sciml.symbolic.precise import PreciseNumber, context
from sciml.symbolic.substitution import operands

_GRID = 4001
_MOST = 60
"""Points that are returned at most."""
_BISECTIONS = 220


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
    """(point,), ascending, inside the limits; a little off round numbers, where zeros like to be."""
    inner = np.linspace(0, 1, _GRID)[1:-1] + 1e-7
    if np.isfinite(lower) and np.isfinite(upper):
        return lower + (upper - lower) * inner
    if np.isfinite(lower):
        return lower + inner / (1 - inner)
    if np.isfinite(upper):
        return (upper - inner / (1 - inner))[::-1]
    mapped = 2 * inner - 1
    return mapped / (1 - mapped**2)


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
        dips = 1 + np.flatnonzero((sizes[1:-1] < sizes[:-2]) & (sizes[1:-1] <= sizes[2:]))
    for place in changes[:_MOST]:
        yield _bisected(part, variable, grid[place], grid[place + 1], parameters)
    touching = [place for place in dips if place not in changes and place - 1 not in changes]
    for place in touching[:_MOST]:
        point = _lowest(part, variable, grid[place - 1], grid[place + 1], parameters)
        if point is not None:
            yield point


def _bisected(
    part: Expr, variable: str, low: float, high: float, parameters: Mapping[str, Any]
) -> PreciseNumber:
    """The sign change between two points; a pole changes sign too, and is a breakpoint as well."""
    numbers = context(DIGITS)
    left, right = numbers.mpf(low), numbers.mpf(high)
    sign = numbers.re(_value(part, variable, left, parameters))
    for _ in range(_BISECTIONS):
        middle = (left + right) / 2
        value = numbers.re(_value(part, variable, middle, parameters))
        if value == 0:
            return middle
        if (value > 0) == (sign > 0):
            left = middle
        else:
            right = middle
    return (left + right) / 2


def _lowest(
    part: Expr, variable: str, low: float, high: float, parameters: Mapping[str, Any]
) -> PreciseNumber | None:
    """A zero that is touched and not crossed, or None if the dip does not reach zero."""
    numbers = context(DIGITS)
    left, right = numbers.mpf(low), numbers.mpf(high)
    for _ in range(_BISECTIONS):
        third = (right - left) / 3
        one = abs(_value(part, variable, left + third, parameters))
        other = abs(_value(part, variable, right - third, parameters))
        if one < other:
            right -= third
        else:
            left += third
    middle = (left + right) / 2
    size = max(abs(_value(part, variable, numbers.mpf(end), parameters)) for end in (low, high))
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

"""Limits of an expression along the real axis, by values in many digits; and numbers that are recognised.

A limit found this way is an extrapolation, no proof: it is used beside an independent quadrature.
"""

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sciml.symbolic.expression import PI, Expr, function, number, sqrt
from sciml.symbolic.precise import NoPreciseValueError, PreciseNumber, PreciseValues, context

DIGITS = 200
"""Of all values here: half of them may cancel 32 digits before or behind the point."""
_SAME = 1e-14
_STEADY = 0.5
"""Growth in the second half of the steps relative to the first: 1 for a logarithm, 0 for what has a limit."""
_STEPS = range(3, 33)


class NoLimitError(ArithmeticError):
    """The values do not settle."""

    def __init__(self, text: str, *, is_divergent: bool = False) -> None:
        super().__init__(text)
        self.is_divergent = is_divergent
        """Whether they grow steadily or oscillate, and do not just settle slowly."""


def value_at(
    node: Expr, variable: str, point: PreciseNumber, parameters: Mapping[str, Any]
) -> PreciseNumber | None:
    """The value at a real point, or None where there is none."""
    try:
        return PreciseValues({**parameters, variable: point}, DIGITS).value(node)
    except NoPreciseValueError:
        return None


def one_sided_limit(
    node: Expr, variable: str, point: PreciseNumber, side: int, parameters: Mapping[str, Any]
) -> PreciseNumber:
    """The limit for variable → point.

    Args:
        node: the expression.
        variable: its name.
        point: a number of `context(DIGITS)`, or an infinity of it.
        side: 1 from above, -1 from below; of no importance at infinity.
        parameters: values of all other symbols.

    Raises:
        NoLimitError: the values grow, or do not settle.
    """
    numbers = context(DIGITS)
    values = []
    for step in _STEPS:
        distance = numbers.mpf(10) ** step
        is_far = numbers.isinf(point)
        there = (distance if point > 0 else -distance) if is_far else point + side / distance
        value = value_at(node, variable, there, parameters)
        if value is not None:
            values.append(value)
    last = values[-3:]
    if len(last) < 3:
        raise NoLimitError("has no value that can be computed near the limit")
    if all(abs(one - last[2]) <= _SAME * max(1, abs(last[2])) for one in last):
        return _extrapolated(*last)
    first, middle, end = (abs(values[place]) for place in (0, len(values) // 2, -1))
    if end > middle + 1 and middle > first + 1 and end - middle > _STEADY * (middle - first):
        raise NoLimitError("grows without bound", is_divergent=True)
    if _oscillates(values):
        raise NoLimitError("oscillates", is_divergent=True)
    raise NoLimitError("settles too slowly to say whether it has a limit")


def _extrapolated(first: PreciseNumber, second: PreciseNumber, third: PreciseNumber) -> PreciseNumber:
    """The limit of a sequence whose differences shrink by a constant factor (Aitken's rule)."""
    before, after = second - first, third - second
    if not after or abs(after) >= abs(before) / 2:
        return third
    return third - after * after / (after - before)


def _oscillates(values: list[PreciseNumber]) -> bool:
    """Whether the values go up and down and do so as much at the end as at the beginning."""
    numbers = context(DIGITS)
    steps = [numbers.re(after - before) for before, after in pairwise(values)]
    turns = sum(one * other < 0 for one, other in pairwise(steps))
    half = len(steps) // 2
    return turns >= 5 and max(map(abs, steps[half:])) > max(map(abs, steps[:half])) / 5


def recognised(value: PreciseNumber) -> Expr | None:
    """The number as a small fraction of 1, pi, a root or a logarithm of a small number; None if it is none.

    Args:
        value: real, in `context(DIGITS)`, exact to at least 20 digits.
    """
    numbers = context(DIGITS)
    if abs(value) < numbers.mpf(10) ** -25:
        return number(0)
    for unit in _UNITS:
        size = PreciseValues({}, DIGITS).value(unit)
        fraction = Fraction(str(numbers.nstr(value / size, 40))).limit_denominator(10_000)
        exact = numbers.mpf(fraction.numerator) / fraction.denominator * size
        if fraction and abs(value - exact) < abs(exact) * numbers.mpf(10) ** -20:
            return number(fraction) * unit
    return None


_UNITS = (
    *(number(1), PI, PI * PI, sqrt(PI)),
    *(sqrt(number(one)) for one in (2, 3, 5, 6, 7, 10)),
    *(PI * sqrt(number(one)) for one in (2, 3, 5, 6)),
    *(function("log", number(one)) for one in (2, 3, 5, 7)),
    *(function("exp", number(one)) for one in (1, -1, 2, -2)),
)

"""Limits of an expression along the real axis, by values in many digits.

A limit found this way is an extrapolation, no proof: it is used beside an independent quadrature. The values
are taken at 10**-3 to 10**-32 from the point (or at 10**3 to 10**32), and where that is exact, at zero and at
infinity, on to two to the power of 10**14: what settles like 1/log(x) has settled there.

That there is no limit is Cauchy's criterion: between a distance and twice that distance the values vary as
much nearer to the point as farther from it.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from sciml.symbolic.expression import Expr
from sciml.symbolic.precise import NoPreciseValueError, PreciseNumber, PreciseValues, context

DIGITS = 200
"""Of all values here: half of them may cancel 32 digits before or behind the point."""
_MORE_DIGITS = 300
"""Values that differ when they are computed with so many are rounding errors."""
_SAME = 1e-14
"""Largest relative difference of the last three values at a limit."""
_NEAR = range(32, 2, -1)
"""Distances are ten to the power of these, nearest to the point first."""
_FAR = range(14, 2, -1)
"""At zero and infinity two to the power of ten to the power of these."""
_WINDOW = tuple(0.03 + (place * 0.618034) % 1 * 0.97 for place in range(24))
"""Where in a window from a distance to twice that distance values are taken."""
_STEADY = 0.9
"""Range of the values in the last windows relative to the first ones, from which there is no limit."""


class NoLimitError(ArithmeticError):
    """The values do not settle."""

    def __init__(self, text: str, *, is_divergent: bool = False) -> None:
        super().__init__(text)
        self.is_divergent = is_divergent
        """Whether they grow steadily or oscillate, and do not just settle slowly."""


def value_at(
    node: Expr, variable: str, point: PreciseNumber, parameters: Mapping[str, Any], digits: int = DIGITS
) -> PreciseNumber | None:
    """The value at a real point, or None where there is none."""
    try:
        return PreciseValues({**parameters, variable: point}, digits).value(node)
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

    def value(distance: PreciseNumber, digits: int = DIGITS) -> PreciseNumber | None:
        if numbers.isinf(point):
            return value_at(node, variable, distance if point > 0 else -distance, parameters, digits)
        return value_at(node, variable, point + side / distance, parameters, digits)

    found, near = _settled(value(numbers.mpf(10) ** step) for step in _NEAR)
    if found is not None:
        return found
    if len(near) < 3:
        raise NoLimitError("has no value that can be computed near the limit")
    far: list[PreciseNumber] = []
    if numbers.isinf(point) or not point:
        found, far = _settled(value(numbers.mpf(2) ** (10**step)) for step in _FAR)
        if found is not None:
            return found
    if len(far) >= 6 and _grows_linearly([abs(one) for one in reversed(far)]):
        raise NoLimitError("grows without bound", is_divergent=True)
    _refuse_steady_change(value)
    raise NoLimitError("settles too slowly to say whether it has a limit")


def _settled(
    values: Iterable[PreciseNumber | None],
) -> tuple[PreciseNumber | None, list[PreciseNumber]]:
    """The limit, if the three values nearest to the point agree, or if their extrapolations do; else None.

    Args:
        values: nearest to the point first; None where there is no value.

    Returns:
        The limit, and the values that were looked at, nearest first.
    """
    known: list[PreciseNumber] = []
    for one in values:
        if one is None:
            continue
        known.append(one)
        if len(known) == 3 and _are_same(known):
            return _extrapolated(*reversed(known)), known
    last = known[6::-1]
    steps = [abs(after - before) for before, after in pairwise(last)]
    if len(last) < 7 or any(after > 0.95 * before for before, after in pairwise(steps)):
        return None, known
    limits = [_extrapolated(*last[end - 3 : end]) for end in (5, 6, 7)]
    return limits[-1] if _are_same(limits) else None, known


def _are_same(values: list[PreciseNumber]) -> bool:
    return all(abs(one - values[-1]) <= _SAME * max(1, abs(values[-1])) for one in values)


def _extrapolated(first: PreciseNumber, second: PreciseNumber, third: PreciseNumber) -> PreciseNumber:
    """The limit of a sequence whose differences shrink by a constant factor (Aitken's rule)."""
    before, after = second - first, third - second
    if not after or abs(after) >= abs(before) * 0.95:
        return third
    return third - after * after / (after - before)


def _grows_linearly(sizes: list[PreciseNumber]) -> bool:
    """Whether each step towards the point adds at least what the first one added."""
    steps = [after - before for before, after in pairwise(sizes)]
    return bool(steps[0] > 0.1 and all(one >= _STEADY * steps[0] for one in steps))


def _refuse_steady_change(value: Any) -> None:  # noqa: ANN401  # (distance, digits) -> value or None
    """Refuse values that vary as much in the windows nearest to the point as in the farthest ones.

    Raises:
        NoLimitError: they do.
    """
    numbers = context(DIGITS)
    ends = [step for step in _NEAR if value(2 * numbers.mpf(10) ** step) is not None]
    ranges, sizes = [], []
    for step in [*reversed(ends[-2:]), *reversed(ends[:2])]:
        known = []
        for place in _WINDOW:
            distance = numbers.mpf(10) ** step * (1 + numbers.mpf(place))
            one, again = value(distance), value(distance, _MORE_DIGITS)
            if one is None or again is None or abs(one - again) > 1e-10 * (abs(one) + 1):
                return
            known.append(numbers.re(one))
        ranges.append(max(known) - min(known))
        sizes.append(max(map(abs, known)))
    if len(ranges) == 4 and min(ranges[2:]) >= _STEADY * max(ranges[:2]) > 0:
        is_growing = min(sizes[2:]) > 1.5 * max(sizes[:2])
        raise NoLimitError("grows without bound" if is_growing else "oscillates", is_divergent=True)

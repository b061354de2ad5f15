"""The value of a definite integral as an expression: ends put in, limits and jumps recognised."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sciml.symbolic.definite_at import Finding
from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import (
    IMAGINARY_UNIT,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    linear,
)
from sciml.symbolic.leading_terms import limit_at_infinity
from sciml.symbolic.one_sided_limits import DIGITS
from sciml.symbolic.precise import NoPreciseValueError, PreciseNumber, PreciseValues, context
from sciml.symbolic.problems import Integral
from sciml.symbolic.recognition import recognised
from sciml.symbolic.substitution import substitute

if TYPE_CHECKING:
    from sciml.symbolic.definite import Limit


def exact_value(
    problem: Integral,
    solution: Expr,
    ends: Sequence["Limit"],
    parameters: Mapping[str, float],
    found: Finding,
) -> Expr | None:
    """The integral from the smaller to the larger limit, or None if a part of it is not recognised.

    Args:
        problem: the integral.
        solution: its antiderivative.
        ends: both limits, in any order.
        parameters: values at which `found` was found.
        found: with its pieces.
    """
    total: list[tuple[int, Expr]] = []
    for number_of_piece, (before, after) in enumerate(found.pieces):
        is_first, is_last = number_of_piece == 0, number_of_piece == len(found.pieces) - 1
        pair = []
        for is_end, place, limit in ((is_last, found.places[-1], after), (is_first, found.places[0], before)):
            put_in = _put_in(problem, solution, ends, parameters, place, limit) if is_end else None
            if put_in is None:
                put_in = _known(limit, parameters)
            if put_in is None:
                side = -1 if limit is after else 1
                put_in = _limit(problem, solution, ends, parameters, place, side, limit)
            pair.append(put_in)
        if pair[0] is None or pair[1] is None:
            return None if parameters else _known(found.total, parameters)
        total += [(1, pair[0]), (-1, pair[1])]
    return linear(total)


def _put_in(
    problem: Integral,
    solution: Expr,
    ends: Sequence["Limit"],
    parameters: Mapping[str, float],
    place: PreciseNumber,
    limit: PreciseNumber,
) -> Expr | None:
    """The antiderivative with the end put in, if that has the limit's value."""
    for expression in (one.expression for one in ends if one.number(parameters) == place):
        if expression is None:
            continue
        try:
            put_in = substitute(solution, {problem.variable: expression})
            value = PreciseValues(parameters, DIGITS).value(put_in)
        except (UndefinedExpressionError, ExpressionTooLargeError, NoPreciseValueError):
            continue
        if abs(value - limit) < 1e-12 * (1 + abs(limit)):
            return put_in
    return None


def _limit(
    problem: Integral,
    solution: Expr,
    ends: Sequence["Limit"],
    parameters: Mapping[str, float],
    place: PreciseNumber,
    side: int,
    limit: PreciseNumber,
) -> Expr | None:
    """The limit in symbols at an infinity or a known number, if it has the limit's value.

    Args:
        problem: the integral.
        solution: its antiderivative.
        ends: both limits of the integral.
        parameters: values, which decide signs.
        place: where the limit is taken.
        side: 1 from above, -1 from below.
        limit: its value.
    """
    variable = problem.variable
    if context(DIGITS).isinf(place):
        into = variable if place > 0 else -variable
    else:
        given = (one.expression for one in ends if one.number(parameters) == place)
        known = next(given, None) or recognised(place)
        if known is None:
            return None
        into = known + side / variable
    try:
        moved = substitute(solution, {variable: into})
        for form in (moved, expand(moved, deep=True)):
            found = limit_at_infinity(form, variable, parameters)
            if found is not None:
                value = PreciseValues(parameters, DIGITS).value(found)
                return found if abs(value - limit) < 1e-12 * (1 + abs(limit)) else None
    except (UndefinedExpressionError, ExpressionTooLargeError, NoPreciseValueError):
        pass
    return None


def _known(value: PreciseNumber, parameters: Mapping[str, float]) -> Expr | None:
    numbers = context(DIGITS)
    if parameters and abs(value) > 1e-25:
        return None  # a number of these parameters' values only
    parts = [recognised(numbers.re(value)), recognised(numbers.im(value))]
    if parts[0] is None or parts[1] is None:
        return None
    return parts[0] + parts[1] * IMAGINARY_UNIT

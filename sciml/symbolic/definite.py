"""Definite integrals: the antiderivative between the limits, its jumps taken out, checked by quadrature.

The antiderivative is evaluated by one-sided limits on each piece between the points at which it or the
integrand may not be smooth. So a jump of the antiderivative (of atan(tan(x)), say) does no harm, and an
integral whose pieces have no finite limit is reported as divergent. The sum must agree with
`scipy.integrate.quad`, which knows nothing of the antiderivative.

With parameters all of this is done at several sets of their values: an exact value or a divergence that does
not hold at all of them is said to be conditional.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sciml.errors import InputError
from sciml.symbolic.answer import Answer
from sciml.symbolic.definite_at import DefiniteAt, Finding
from sciml.symbolic.definite_exact import exact_value
from sciml.symbolic.definite_value import DefiniteStatus, DefiniteValue
from sciml.symbolic.expression import Expr, number, symbol_names
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.one_sided_limits import DIGITS
from sciml.symbolic.parser import parse
from sciml.symbolic.precise import NoPreciseValueError, PreciseNumber, PreciseValues, context
from sciml.symbolic.problems import Integral
from sciml.symbolic.sample_points import parameter_values
from sciml.symbolic.sympy_bridge import from_sympy

if TYPE_CHECKING:
    import sympy

_INFINITE = ("inf", "oo", "infinity", "∞")
_SETS = 5
"""Sets of values of the parameters that are tried, beside the first."""
_SMALLEST, _LARGEST = -1.6, 1.7
"""Natural logarithms between which they lie."""


@dataclass(frozen=True)
class Limit:
    """One end of the interval."""

    expression: Expr | None
    """None for an infinity."""
    sign: int
    """Of an infinity; else 0."""

    def number(self, parameters: Mapping[str, float]) -> PreciseNumber:
        """Its value.

        Raises:
            InputError: it has none, or is not real.
        """
        numbers = context(DIGITS)
        if self.expression is None:
            return numbers.inf * self.sign
        try:
            value = PreciseValues(parameters, DIGITS).value(self.expression)
        except NoPreciseValueError as error:
            raise InputError(f"the limit {self} has no value: {error}") from error
        if abs(numbers.im(value)) > 1e-30:
            raise InputError(f"the limit {self} is not real")
        return numbers.re(value)

    def __str__(self) -> str:
        return (
            to_infix(self.expression) if self.expression is not None else "inf" if self.sign > 0 else "-inf"
        )


def with_limits(
    answer: Answer,
    lower: "Expr | str | float | sympy.Basic",
    upper: "Expr | str | float | sympy.Basic",
    deadline: Deadline | None = None,
) -> Answer:
    """The answer to an indefinite integral with the value between two limits.

    Args:
        answer: of `integrate`.
        lower: number, text, expression; `inf` and `-inf` for infinities.
        upper: the other limit, which may be the smaller one.
        deadline: when to stop; then there is no value.

    Raises:
        InputError: a limit that cannot be read, holds the variable, or is not real.
    """
    assert isinstance(answer.problem, Integral)
    ends = [read_limit(one, answer.problem.variable) for one in (lower, upper)]
    names = sorted(
        {*symbol_names(answer.problem.integrand, *[one.expression for one in ends if one.expression])}
        - {answer.problem.variable.value}
    )
    first = {name: float(parameter_values(name, 1)[0].real) for name in names}
    numbers = float(ends[0].number(first)), float(ends[1].number(first))
    try:
        with hard_limit(deadline) if deadline is not None else nullcontext():
            found = _value(answer.problem, answer.solution, ends, first)
    except OutOfTimeError:
        status: DefiniteStatus = "unsolved" if answer.solution is None else "unverified"
        note = "no antiderivative was found" if answer.solution is None else "the time was up"
        found = DefiniteValue(str(ends[0]), str(ends[1]), status, ends=numbers, notes=(note,))
    return replace(answer, definite=found)


def read_limit(given: Any, variable: Expr) -> Limit:  # noqa: ANN401  # see with_limits
    """A limit of an integral over `variable`.

    Raises:
        InputError: it cannot be read, or holds the variable.
    """
    text = str(given).strip().lower()
    if text.lstrip("+-") in _INFINITE:
        return Limit(None, -1 if text.startswith("-") else 1)
    if isinstance(given, float):
        given = Fraction(repr(float(given))) if np.isfinite(given) else given
    if isinstance(given, (int, Fraction)):
        expression = number(given)
    elif isinstance(given, str):
        expression = parse(given)
    else:
        expression = given if isinstance(given, Expr) else from_sympy(given)
    if expression.mask & variable.mask:
        raise InputError(f"a limit of the integral holds the variable {variable.value}: {expression}")
    return Limit(expression, 0)


def _value(
    problem: Integral, solution: Expr | None, ends: list[Limit], first: Mapping[str, float]
) -> DefiniteValue:
    """What holds at the first set of parameters at which there is a value, and whether it holds at all."""
    shown, found = first, _finding(problem, solution, ends, first)
    others = []
    if found.status in ("verified", "divergent"):
        others = [
            (one, _finding(problem, solution, ends, one, is_checked=False)) for one in _others(ends, first)
        ]
    if found.status == "divergent":
        with_value = [one for one, other in others if other.status == "verified"]
        if with_value:
            others.append((first, found))
            shown, found = with_value[0], _finding(problem, solution, ends, with_value[0])
    sign = _sign(ends, shown)
    exact = number(0) if found.status == "verified" else None
    if exact is not None and solution is not None and found.pieces:
        exact = exact_value(problem, solution, ends, shown, found)
        exact = None if exact is None else sign * exact
    exceptions = (
        []
        if found.status != "verified"
        else [
            f"not for {_set_text(parameters)}: {reason}"
            for parameters, one in others
            if (reason := _exception(one, found, exact, parameters, _sign(ends, parameters))) is not None
        ]
    )
    signs = [] if exact is None else _signs_that_matter(problem, solution, ends, shown, exact)
    alone = []
    if found.error is not None and found.quadrature is not None and not shown:
        digits = f"{sign * found.quadrature:.10g}"
        alone = [f"quadrature alone gives {digits} and estimates its error as {found.error:.1g}"]
    return DefiniteValue(
        str(ends[0]),
        str(ends[1]),
        "conditional" if exceptions else found.status,
        value=exact,
        decimal=float(sign * context(DIGITS).re(found.total)) if found.status == "verified" else None,
        quadrature=None if found.quadrature is None else sign * found.quadrature,
        parameters=tuple(shown.items()),
        ends=(float(ends[0].number(shown)), float(ends[1].number(shown))),
        notes=(*found.notes, *alone, *signs, *exceptions[:1]),
    )


def _signs_that_matter(
    problem: Integral,
    solution: Expr | None,
    ends: list[Limit],
    shown: Mapping[str, float],
    exact: Expr,
) -> list[str]:
    """A note that names the parameters with another value of the integral where they are negative."""
    names = []
    for name in shown:
        if any(one.expression is not None and name in symbol_names(one.expression) for one in ends):
            continue
        negative = {**shown, name: -shown[name]}
        other = _finding(problem, solution, ends, negative, is_checked=False)
        if other.status != "verified":
            continue
        try:
            value = PreciseValues(negative, DIGITS).value(exact)
        except NoPreciseValueError:
            continue
        if abs(value - _sign(ends, negative) * other.total) > 1e-12 * (1 + abs(value)):
            names.append(name)
    return [f"for positive {', '.join(names)}; another formula holds for negative values"] if names else []


def _finding(
    problem: Integral,
    solution: Expr | None,
    ends: list[Limit],
    parameters: Mapping[str, float],
    *,
    is_checked: bool = True,
) -> Finding:
    low, high = sorted(one.number(parameters) for one in ends)
    made = DefiniteAt(problem, solution, low, high, parameters)
    return made.finding(is_checked=is_checked)


def _sign(ends: list[Limit], parameters: Mapping[str, float]) -> int:
    return -1 if ends[0].number(parameters) > ends[1].number(parameters) else 1


def _others(ends: list[Limit], first: Mapping[str, float]) -> list[Mapping[str, float]]:
    """More sets of positive values: each parameter over its whole range, any two in both orders.

    Without those at which a limit is not real.
    """
    width = (_LARGEST - _SMALLEST) / _SETS
    sets: list[Mapping[str, float]] = []
    for row in range(_SETS if first else 0):
        places = [((place % 4 + 1) * row + place) % _SETS + 0.31 + place / 17 for place in range(len(first))]
        values = [float(np.exp(_SMALLEST + width * place)) for place in places]
        try:
            _sign(ends, one := dict(zip(first, values, strict=True)))
        except InputError:
            continue
        sets.append(one)
    return sets


def _exception(
    one: Finding, shown: Finding, exact: Expr | None, parameters: Mapping[str, float], sign: int
) -> str | None:
    """Why what is shown does not hold at these values of the parameters; None if nothing is against it."""
    if one.status == "verified" and shown.status == "verified" and exact is not None:
        value = PreciseValues(parameters, DIGITS).value(exact)
        return None if abs(value - sign * one.total) <= 1e-12 * (1 + abs(value)) else "another formula"
    if one.status == shown.status or one.status not in ("verified", "divergent"):
        return None
    return "divergent" if one.status == "divergent" else "convergent"


def _set_text(parameters: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:.3g}" for name, value in parameters.items())

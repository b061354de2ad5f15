"""Definite integrals: the antiderivative between the limits, its jumps taken out, checked by quadrature.

The antiderivative is evaluated by one-sided limits on each piece between the points at which it or the
integrand may not be smooth. So a jump of the antiderivative (of atan(tan(x)), say) does no harm, and an
integral whose pieces have no finite limit is reported as divergent. The sum must agree with
`scipy.integrate.quad`, which knows nothing of the antiderivative.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sciml.errors import InputError
from sciml.symbolic.answer import Answer
from sciml.symbolic.breakpoints import breakpoints
from sciml.symbolic.definite_value import DefiniteStatus, DefiniteValue
from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import (
    IMAGINARY_UNIT,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    linear,
    number,
    symbol_names,
)
from sciml.symbolic.infix import to_infix
from sciml.symbolic.one_sided_limits import DIGITS, NoLimitError, one_sided_limit, recognised, value_at
from sciml.symbolic.parser import parse
from sciml.symbolic.precise import NoPreciseValueError, PreciseNumber, PreciseValues, context
from sciml.symbolic.problems import Integral
from sciml.symbolic.sample_points import parameter_values
from sciml.symbolic.substitution import substitute
from sciml.symbolic.sympy_bridge import from_sympy

if TYPE_CHECKING:
    import sympy

_INFINITE = ("inf", "oo", "infinity", "∞")
_AGREE = 1e-7
_PIECES = 400


@dataclass(frozen=True)
class _Limit:
    """One end of the interval."""

    expression: Expr | None
    """None for an infinity."""
    sign: int
    """Of an infinity; else 0."""

    def number(self, parameters: Mapping[str, float]) -> PreciseNumber:
        numbers = context(DIGITS)
        if self.expression is None:
            return numbers.inf * self.sign
        return numbers.re(PreciseValues(parameters, DIGITS).value(self.expression))

    def __str__(self) -> str:
        return (
            to_infix(self.expression) if self.expression is not None else "inf" if self.sign > 0 else "-inf"
        )


def with_limits(
    answer: Answer, lower: "Expr | str | float | sympy.Basic", upper: "Expr | str | float | sympy.Basic"
) -> Answer:
    """The answer to an indefinite integral with the value between two limits.

    Args:
        answer: of `integrate`.
        lower: number, text, expression; `inf` and `-inf` for infinities.
        upper: the other limit, which may be the smaller one.

    Raises:
        InputError: a limit that cannot be read, holds the variable, or is not real.
    """
    assert isinstance(answer.problem, Integral)
    ends = [_limit(one, answer.problem.variable) for one in (lower, upper)]
    names = sorted(
        {*symbol_names(answer.problem.integrand, *[one.expression for one in ends if one.expression])}
        - {answer.problem.variable.value}
    )
    parameters = {name: float(parameter_values(name, 1)[0].real) for name in names}
    for one in ends:
        _check_real(one, parameters)
    found = _Definite(answer.problem, answer.solution, ends, parameters).value()
    return replace(answer, definite=found)


def _limit(given: Any, variable: Expr) -> _Limit:  # noqa: ANN401  # see with_limits
    if isinstance(given, float) and np.isinf(given):
        return _Limit(None, 1 if given > 0 else -1)
    text = str(given).strip().lower()
    if text.lstrip("+-") in _INFINITE:
        return _Limit(None, -1 if text.startswith("-") else 1)
    if isinstance(given, float):
        given = Fraction(repr(given)) if np.isfinite(given) else given
    if isinstance(given, (int, Fraction)):
        expression = number(given)
    elif isinstance(given, str):
        expression = parse(given)
    else:
        expression = given if isinstance(given, Expr) else from_sympy(given)
    if expression.mask & variable.mask:
        raise InputError(f"a limit of the integral holds the variable {variable.value}: {expression}")
    return _Limit(expression, 0)


def _check_real(limit: _Limit, parameters: Mapping[str, float]) -> None:
    if limit.expression is None:
        return
    try:
        value = PreciseValues(parameters, DIGITS).value(limit.expression)
    except NoPreciseValueError as error:
        raise InputError(f"the limit {limit} has no value: {error}") from error
    if abs(context(DIGITS).im(value)) > 1e-30:
        raise InputError(f"the limit {limit} is not real")


class _Definite:
    """One definite integral at fixed values of its parameters."""

    def __init__(
        self, problem: Integral, solution: Expr | None, ends: Sequence[_Limit], parameters: dict[str, float]
    ) -> None:
        self.problem, self.solution, self.ends, self.parameters = problem, solution, ends, parameters
        self.name = problem.variable.value
        numbers = [one.number(parameters) for one in ends]
        self.is_swapped = bool(numbers[0] > numbers[1])
        self.low, self.high = sorted(numbers)
        self.notes: list[str] = []

    def value(self) -> DefiniteValue:
        """The value, or why there is none."""
        if self.low == self.high:
            return self._made("verified", value=number(0), decimal=0j, quadrature=0.0)
        inside = self._breakpoints()
        places = [self.low, *inside, self.high]
        if not self._is_real():
            self.notes.append("the integrand is not real between the limits")
            return self._made("unsolved")
        if self.solution is None:
            self.notes.append("no antiderivative was found")
            return self._made("unsolved", quadrature=self._quadrature(places)[0])
        try:
            pieces = self._pieces(places)
        except NoLimitError as error:
            return self._without_limit(error, places)
        total = sum(after - before for before, after in pieces)
        quadrature, uncertainty = self._quadrature(places)
        size = max(abs(total), abs(quadrature), 1e-12)
        is_certain = uncertainty <= 1e-3 * size + 1e-6
        if not is_certain or not abs(total - quadrature) <= _AGREE * size + 10 * uncertainty + 1e-9:
            found = context(DIGITS).nstr(context(DIGITS).re(total), 10)
            self.notes.append(f"the antiderivative gives {found}, quadrature {quadrature:.10g}")
            return self._made("unverified", quadrature=self._signed(quadrature))
        exact = self._exact(pieces, places)
        decimal = complex(self._signed(context(DIGITS).re(total)))
        return self._made("verified", value=exact, decimal=decimal, quadrature=self._signed(quadrature))

    def _made(self, status: DefiniteStatus, **found: Any) -> DefiniteValue:  # noqa: ANN401  # its fields
        lower, upper = (str(one) for one in self.ends)
        parameters, notes = tuple(self.parameters.items()), tuple(self.notes)
        ends = float(self.low), float(self.high)
        return DefiniteValue(lower, upper, status, parameters=parameters, ends=ends, notes=notes, **found)

    def _signed(self, value: Any) -> Any:  # noqa: ANN401  # a number of any kind
        return -value if self.is_swapped else value

    def _breakpoints(self) -> list[PreciseNumber]:
        nodes = [self.problem.integrand, *([self.solution] if self.solution is not None else [])]
        return breakpoints(nodes, self.name, float(self.low), float(self.high), self.parameters)

    def _is_real(self) -> bool:
        """Whether the integrand is real at a few points of each part of the interval."""
        low, high = float(self.low), float(self.high)
        inner = np.linspace(0.003, 0.997, 101)
        if np.isfinite(low) and np.isfinite(high):
            points = low + (high - low) * inner
        elif np.isfinite(low) or np.isfinite(high):
            points = low + inner / (1 - inner) if np.isfinite(low) else high - inner / (1 - inner)
        else:
            points = np.tan(np.pi * (inner - 0.5))
        values = self._evaluated(points)
        finite = values[np.isfinite(values)]
        return len(finite) > 0 and bool((np.abs(finite.imag) <= 1e-9 * (1 + np.abs(finite))).mean() > 0.98)

    def _evaluated(self, points: Any) -> Any:  # noqa: ANN401  # arrays (point,)
        known = {name: np.full(len(points), complex(value)) for name, value in self.parameters.items()}
        values = evaluate(self.problem.integrand, {**known, self.name: points.astype(np.complex128)})
        return np.broadcast_to(values, points.shape)

    # The antiderivative ------------------------------------------------------------------------------------

    def _pieces(self, places: list[PreciseNumber]) -> list[tuple[PreciseNumber, PreciseNumber]]:
        """(value at the start, value at the end) of the antiderivative on each piece: limits from inside."""
        assert self.solution is not None
        found = []
        for left, right in pairwise(places):
            before = one_sided_limit(self.solution, self.name, left, 1, self.parameters)
            after = one_sided_limit(self.solution, self.name, right, -1, self.parameters)
            found.append((before, after))
        for place, (_, left), (right, _) in zip(places[1:-1], found, found[1:], strict=False):
            where = f"{self.name} = {context(DIGITS).nstr(place, 10)}"
            if abs(left - right) > 1e-12 * (1 + abs(left)):
                self.notes.append(f"the antiderivative jumps at {where}; the jump is taken out")
            if value_at(self.problem.integrand, self.name, place, self.parameters) is None:
                self.notes.append(f"the integrand is singular at {where}; the integral is improper there")
        return found

    def _without_limit(self, error: NoLimitError, places: list[PreciseNumber]) -> DefiniteValue:
        """What it means that the antiderivative has no finite limit somewhere."""
        self.notes.append(f"the antiderivative {error} at an end or at a singularity between the ends")
        if error.is_divergent:
            return self._made("divergent")
        return self._made("unverified", quadrature=self._signed(self._quadrature(places)[0]))

    # Quadrature --------------------------------------------------------------------------------------------

    def _quadrature(self, places: list[PreciseNumber]) -> tuple[float, float]:
        """Sum over the pieces, and the sum of estimated errors; independent of the antiderivative."""
        from scipy.integrate import quad

        def integrand(point: float) -> float:
            value = self._evaluated(np.array([point]))[0]
            return float(value.real) if np.isfinite(value) else 0.0

        total = error = 0.0
        with np.errstate(all="ignore"):
            for left, right in pairwise(places):
                one, its_error, *_ = quad(integrand, float(left), float(right), limit=_PIECES, full_output=1)
                total, error = total + one, error + its_error
        return total, error

    # Exact value -------------------------------------------------------------------------------------------

    def _exact(
        self, pieces: list[tuple[PreciseNumber, PreciseNumber]], places: list[PreciseNumber]
    ) -> Expr | None:
        """The value as an expression: ends put in, limits and jumps recognised; None if one is not."""
        assert self.solution is not None
        total = []
        for number_of_piece, (before, after) in enumerate(pieces):
            is_first, is_last = number_of_piece == 0, number_of_piece == len(pieces) - 1
            start = self._end_value(places[0], before) if is_first else self._known(before)
            end = self._end_value(places[-1], after) if is_last else self._known(after)
            if start is None or end is None:
                return None if self.parameters else self._recognised_total(pieces)
            total += [(1, end), (-1, start)]
        return self._signed(linear(total))

    def _recognised_total(self, pieces: list[tuple[PreciseNumber, PreciseNumber]]) -> Expr | None:
        value = self._known(sum(after - before for before, after in pieces))
        return None if value is None else self._signed(value)

    def _end_value(self, place: PreciseNumber, limit: PreciseNumber) -> Expr | None:
        """The antiderivative at an end: with the end put in, if that has the limit's value."""
        assert self.solution is not None
        expressions = [one.expression for one in self.ends if one.number(self.parameters) == place]
        for expression in expressions:
            if expression is None:
                continue
            try:
                put_in = substitute(self.solution, {self.problem.variable: expression})
                value = PreciseValues(self.parameters, DIGITS).value(put_in)
            except (UndefinedExpressionError, ExpressionTooLargeError, NoPreciseValueError):
                continue
            if abs(value - limit) < 1e-12 * (1 + abs(limit)):
                return put_in
        return self._known(limit)

    def _known(self, value: PreciseNumber) -> Expr | None:
        numbers = context(DIGITS)
        if self.parameters and abs(value) > 1e-25:
            return None  # a number of these parameters' values only
        parts = [recognised(numbers.re(value)), recognised(numbers.im(value))]
        if parts[0] is None or parts[1] is None:
            return None
        return parts[0] + parts[1] * IMAGINARY_UNIT

"""Whether an answer is right: `verify(problem, answer)`.

An antiderivative may jump at branch cuts and may differ from another by a constant, so only its derivative is
judged (`judgement.py`). The slope is compared once more with differences of the antiderivative itself, so
that no rule of `derivative.py` is trusted alone. Differential equations are judged in `ode_verification.py`.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.derivative import derivative
from sciml.symbolic.evaluation import Values, as_float, evaluate, is_analytic
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    symbol_names,
)
from sciml.symbolic.given import GivenExpression, GivenProblem, as_answer, as_problem
from sciml.symbolic.judgement import LARGEST, SMALLEST, Status, Verification, judge, undecided
from sciml.symbolic.kinks import points_beside_kinks
from sciml.symbolic.ode_verification import verify_equation
from sciml.symbolic.precise import NoPreciseValueError, PreciseValues, agrees
from sciml.symbolic.problems import Integral
from sciml.symbolic.sample_points import (
    Samples,
    parameter_values,
    samples_at,
    standard_samples,
    wide_samples,
)
from sciml.symbolic.substitution import operands

_APART = 1e-3
"""Relative difference from which a far point is looked at in many digits."""
_WITH_BRANCHES = ("log", "asin", "acos", "atan", "asinh", "acosh", "atanh", "abs", "sign")


def verify(problem: GivenProblem, answer: GivenExpression) -> Verification:
    """Whether `answer` is an antiderivative, or the general solution of a differential equation.

    Args:
        problem: an integrand, or an equation with a derivative of y: text, of SymPy, or of the engine.
        answer: of any of these kinds; to an equation it has the constants c1 (and c2). If it holds y it is
            implicit: 0 for every solution, or some G(x, y) - c1.

    Returns:
        The judgement: `verified` wherever the problem is defined, `partial` on a part of the axis only,
        `refuted`, or `undecided`.

    Raises:
        InputError: a text that cannot be read, or parts that are not supported.
    """
    read = as_problem(problem)
    wanted = as_answer(answer, read)
    if isinstance(read, Integral):
        return verify_integral(read.integrand, wanted, read.variable)
    return verify_equation(read, wanted)


def verify_integral(integrand: Expr, antiderivative: Expr, variable: Expr = X) -> Verification:
    """Whether the derivative of `antiderivative` is `integrand`.

    Parameters (all other symbols) are given positive values.
    """
    try:
        slope = derivative(antiderivative, variable)
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        return undecided(f"the derivative of the answer cannot be taken: {error}")
    judged = compare(slope, integrand, variable)
    if judged.status in ("verified", "partial") and not _slopes_agree(antiderivative, slope, variable):
        return replace(judged, status="undecided", reason="differences of the answer disagree with its slope")
    return judged


def compare(found: Expr, wanted: Expr, variable: Expr = X) -> Verification:
    """Whether two expressions have the same values where `wanted` has any.

    Expressions that may change branch (roots, logarithms, inverse functions, abs, sign) are also compared
    close to the origin and far from it, and on both sides of where their arguments change sign: |x - 10**7|
    is not 10**7 - x.
    """
    names = symbol_names(found, wanted, variable)
    table = _Sides(found, wanted, standard_samples(names, variable.value))
    judged = judge(table, lambda: _Sides(found, wanted, wide_samples(names, variable.value)))
    if judged.status != "verified" or table.is_same or not (_has_branches(found) or _has_branches(wanted)):
        return judged
    judged = _judged_widely(judged, _Sides(found, wanted, wide_samples(names, variable.value)))
    if judged.status != "verified":
        return judged
    parameters = {name: complex(parameter_values(name, 1)[0]) for name in names if name != variable.value}
    points = points_beside_kinks((found, wanted), variable, parameters)
    if not len(points):
        return judged
    return _judged_widely(judged, _Sides(found, wanted, samples_at(points, variable.value, parameters)))


def _judged_widely(judged: Verification, wide: "_Sides") -> Verification:
    """The judgement, unless several of the real points of `wide` say otherwise in many digits."""
    doubtful = np.flatnonzero(wide.real & (wide.residual > _APART))
    checked = [wide.precisely(int(point), 30) for point in doubtful[:: len(doubtful) // 8 + 1]]
    known = [is_equal for is_equal, _ in filter(None, checked)]
    if sum(known) > len(known) / 2 or len(known) < 2:
        return judged
    agreement = 1 - len(doubtful) / int(wide.real.sum())
    reason = f"agrees at {agreement:.0%} of the points at which the problem is defined"
    status: Status = "partial" if wide.is_analytic else "refuted"
    return replace(judged, status=status, agreement=agreement, reason=reason)


def _has_branches(node: Expr) -> bool:
    """Whether a root, a power with a variable exponent, or a function with several branches is inside."""
    if node.kind == POWER and type(node.value) is not int:
        return True
    if node.kind == FUNCTION and node.value in _WITH_BRANCHES:
        return True
    return any(_has_branches(one) for one in operands(node))


class _Sides:
    """Two expressions at sample points; a `Comparison`."""

    def __init__(self, found: Expr, wanted: Expr, samples: Samples) -> None:
        self.found, self.wanted, self.samples = found, wanted, samples
        known: dict[bytes, Values] = {}
        wanted_values = _over(samples, evaluate(wanted, samples.values, known))
        found_values = _over(samples, evaluate(found, samples.values, known))
        with np.errstate(all="ignore"):
            wanted_size = np.abs(wanted_values)
            self.size = np.maximum(wanted_size, np.abs(found_values))
            scale = np.maximum(self.size, _size_of_terms(found, samples.values, known))
            difference = np.abs(found_values - wanted_values)
            self.residual = np.where(difference == 0, 0.0, difference / scale)
            is_moderate = (scale < LARGEST) & ((self.size == 0) | (self.size > SMALLEST))
            self.usable = np.isfinite(self.residual) & is_moderate
            is_real = (np.abs(wanted_values.imag) <= 1e-9 * wanted_size) & (wanted_size < LARGEST)
        self.domain = float((samples.is_real & is_real).sum() / samples.is_real.sum())
        self.real = samples.is_real & is_real & self.usable
        self.beside = self.usable & ~samples.is_real
        self.is_same = found == wanted
        self.is_analytic = is_analytic(found, wanted)

    def precisely(self, point: int, digits: int) -> tuple[bool, float] | None:
        try:
            return agrees(self.found, self.wanted, self.samples.at(point), digits)
        except NoPreciseValueError:
            return None


def _over(samples: Samples, values: Values) -> Values:
    """Values at each point, also for a constant."""
    return np.broadcast_to(values, samples.is_real.shape)


def _size_of_terms(node: Expr, values: dict[str, Values], known: dict[bytes, Values]) -> NDArray[np.float64]:
    """Sum of the absolute values of the terms of a sum, (point,): what rounding errors are relative to."""
    total = np.zeros(1)
    if node.kind == ADD:
        for term, coefficient in node.args:
            total = total + abs(as_float(coefficient)) * np.abs(evaluate(term, values, known))
    return total


# The slope by differences ----------------------------------------------------------------------------------

_STEP = 1e-50
_DIGITS_OF_DIFFERENCES = 180


def _slopes_agree(antiderivative: Expr, slope: Expr, variable: Expr) -> bool:
    """Whether central differences are the slope at one of a few points, within the error of differences.

    A wrong rule of differentiation fails at all of them; a jump at a branch cut spoils one at most. True too
    if no point can be computed.
    """
    samples = standard_samples(symbol_names(antiderivative, slope, variable), variable.value)
    compared = 0
    for point in (24, 4, 25, 6, 18, 30, 10, 34):
        values: dict[str, Any] = samples.at(point)
        try:
            here = PreciseValues(values, _DIGITS_OF_DIFFERENCES)
            wanted = here.value(slope)
            center, step = here.context.convert(values[variable.value]), here.context.mpf(_STEP)
            above = PreciseValues({**values, variable.value: center + step}, _DIGITS_OF_DIFFERENCES)
            below = PreciseValues({**values, variable.value: center - step}, _DIGITS_OF_DIFFERENCES)
            upper, lower = above.value(antiderivative), below.value(antiderivative)
        except NoPreciseValueError:
            continue
        compared += 1
        error = abs((upper - lower) / (2 * step) - wanted)
        if error <= 1e-9 * abs(wanted) + _STEP * max(abs(upper), 1):
            return True
        if compared >= 4:
            return False
    return compared == 0

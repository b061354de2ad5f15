"""Is an answer wrong? Judged by differences in many digits at random points, not by the engine's derivatives.

It shares the evaluation of expressions with `sciml.symbolic.verification`, and neither its rules of
differentiation, nor its points, nor its judgement.

What is asked of an equation with roots or inverse functions is a question about real numbers: off the real
axis, and where a root of the equation is not real, the principal branches belong to another equation.
tan(c1*x + c2)**5 solves 5*y*y''*(y**(2/5) + 1) = 2*y'**2*(3*y**(2/5) + 2) at every point at which y**(2/5) is
real, and at no other. So real points decide where there are some.
"""

import random
from fractions import Fraction
from typing import Any

from sciml.symbolic.expression import ADD, MULTIPLY, Expr, symbol_names
from sciml.symbolic.precise import NoPreciseValueError, PreciseValues, context
from sciml.symbolic.problems import Equation, Integral
from sciml.symbolic.unknown_function import Y

DIGITS = 80
STEP = Fraction(1, 10**20)
TOLERANCE = 1e-12
POINTS = 36
FEWEST, FEWEST_REAL = 3, 4
LEAST_AGREEMENT = 0.25


def is_wrong(problem: Integral | Equation, answer: Expr, seed: int = 1) -> bool | None:
    """Whether fewer than a quarter of the deciding points agree; None if fewer than 3 are usable.

    An answer on one branch of a root or of an inverse function is right on a part of the axis: on half of the
    ladder's points at least, while these here lie elsewhere. An implicit answer is not judged (None).
    """
    found = agreement(problem, answer, seed)
    return None if found is None else found < LEAST_AGREEMENT


def agreement(problem: Integral | Equation, answer: Expr, seed: int = 1) -> float | None:
    """Share of the deciding points at which the answer is right; None if fewer than 3 are usable.

    The points at which problem and answer are real decide if there are 4 of them, else all usable points.
    """
    if isinstance(problem, Equation) and answer.mask & Y[0].mask:
        return None
    draw = random.Random(seed)
    every: list[bool] = []
    real: list[bool] = []
    for place in range(POINTS):
        values = _values(problem, answer, draw, place % 3 == 0)
        try:
            agrees, is_real = _agrees(problem, answer, values)
        except NoPreciseValueError:
            continue
        every.append(agrees)
        if is_real:
            real.append(agrees)
    deciding = real if len(real) >= FEWEST_REAL else every
    return None if len(deciding) < FEWEST else sum(deciding) / len(deciding)


def _values(
    problem: Integral | Equation, answer: Expr, draw: random.Random, is_complex: bool
) -> dict[str, Any]:
    """Random values of all symbols: parameters positive, constants of integration of both signs."""
    numbers = context(DIGITS)
    asked = problem.integrand if isinstance(problem, Integral) else problem.left_side
    values: dict[str, Any] = {}
    for name in symbol_names(asked, answer, problem.variable):
        size = numbers.mpf(draw.uniform(0.2, 2.8))
        values[name] = -size if name in ("c1", "c2") and draw.random() < 0.5 else size
    variable = problem.variable.value
    if is_complex:
        values[variable] = numbers.mpc(values[variable], draw.uniform(-0.3, 0.3))
    elif draw.random() < 0.4:
        values[variable] = -values[variable]
    return values


def _agrees(problem: Integral | Equation, answer: Expr, values: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the answer is right at a point, and whether all that is compared there is real."""
    numbers = context(DIGITS)
    step = numbers.mpf(STEP.numerator) / STEP.denominator
    name = problem.variable.value
    below, here, above = (
        PreciseValues({**values, name: values[name] + shift}, DIGITS).value(answer)
        for shift in (-step, 0, step)
    )
    slope = (above - below) / (2 * step)
    if isinstance(problem, Integral):
        wanted = PreciseValues(values, DIGITS).value(problem.integrand)
        agrees = abs(slope - wanted) <= TOLERANCE * max(abs(wanted), abs(slope)) + 1e-30 * max(1, abs(here))
        return bool(agrees), _are_real(wanted, values[name])
    curvature = (above - 2 * here + below) / step**2
    at = PreciseValues({**values, "y": here, "y'": slope, "y''": curvature}, DIGITS)
    terms = [at.value(term) for term in _terms(problem.left_side)]
    agrees = abs(at.value(problem.left_side)) <= TOLERANCE * max(abs(one) for one in terms)
    return bool(agrees), _are_real(here, slope, curvature, values[name], *terms)


def _terms(left_side: Expr) -> list[Expr]:
    """Terms of all sums that are factors of the left side: what must cancel for it to vanish."""
    if left_side.kind == MULTIPLY:
        return [term for factor in left_side.args for term in _terms(factor)]
    if left_side.kind == ADD:
        return [term for term, _ in left_side.args]
    return [left_side]


def _are_real(*values: Any) -> bool:  # noqa: ANN401  # mpmath has no types
    return all(abs(context(DIGITS).im(one)) <= TOLERANCE * abs(one) for one in values)

"""Is an answer wrong? Judged by differences in many digits at random points, not by the engine's derivatives.

It shares the evaluation of expressions with `sciml.symbolic.verification`, and neither its rules of
differentiation, nor its points, nor its judgement.
"""

import random
from fractions import Fraction
from typing import Any

from sciml.symbolic.expression import ADD, Expr, symbol_names
from sciml.symbolic.precise import NoPreciseValueError, PreciseValues, context
from sciml.symbolic.problems import Equation, Integral
from sciml.symbolic.unknown_function import Y

DIGITS = 80
STEP = Fraction(1, 10**20)
TOLERANCE = 1e-12
POINTS = 24
FEWEST = 3


def is_wrong(problem: Integral | Equation, answer: Expr, seed: int = 1) -> bool | None:
    """Whether fewer than a fifth of the usable points agree; None if fewer than 3 are usable.

    Another branch of a root or of an inverse function is right on a part of the points.

    An implicit answer to an equation is not judged (None).
    """
    if isinstance(problem, Equation) and answer.mask & Y[0].mask:
        return None
    draw = random.Random(seed)
    agreeing = usable = 0
    for place in range(POINTS):
        values = _values(problem, answer, draw, place % 2 == 0)
        try:
            agrees = _agrees(problem, answer, values)
        except NoPreciseValueError:
            continue
        usable += 1
        agreeing += agrees
    return None if usable < FEWEST else agreeing < usable / 5


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


def _agrees(problem: Integral | Equation, answer: Expr, values: dict[str, Any]) -> bool:
    step = context(DIGITS).mpf(STEP.numerator) / STEP.denominator
    name = problem.variable.value
    below, here, above = (
        PreciseValues({**values, name: values[name] + shift}, DIGITS).value(answer)
        for shift in (-step, 0, step)
    )
    slope = (above - below) / (2 * step)
    if isinstance(problem, Integral):
        wanted = PreciseValues(values, DIGITS).value(problem.integrand)
        return bool(
            abs(slope - wanted) <= TOLERANCE * max(abs(wanted), abs(slope)) + 1e-30 * max(1, abs(here))
        )
    curvature = (above - 2 * here + below) / step**2
    at = PreciseValues({**values, "y": here, "y'": slope, "y''": curvature}, DIGITS)
    left = problem.left_side
    size = max((abs(at.value(term)) for term, _ in left.args), default=1) if left.kind == ADD else 1
    return bool(abs(at.value(left)) <= TOLERANCE * size)

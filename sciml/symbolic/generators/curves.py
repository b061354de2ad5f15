"""Whether a family of curves solves a differential equation: a quick check at a few points."""

from typing import NamedTuple

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import Expr, X, symbol
from sciml.symbolic.generators.elimination import CURVATURE, SLOPE, Y
from sciml.symbolic.generators.points import NAN, PointValues
from sciml.symbolic.generators.verifier_points import (
    HALF_OF_POINTS,
    OTHER_HALF,
    is_many_valued,
    real_points,
)
from sciml.symbolic.judgement import FEWEST_REAL


def solves(equation: Expr, curve: Expr, least_agreement: float = 1.0) -> bool:
    """Whether a family of curves makes the left side vanish, at four points or more.

    The constants must count: y moves with c1; with two constants (y, y') moves with c1 and c2 independently.

    Args:
        equation: the left side.
        curve: y as an expression in x and the constants.
        least_agreement: the share of the points where both are finite at which the left side has to vanish;
        less
            than 1 lets pass solutions on one branch, as (x + c1)**2 of y' = 2*sqrt(y).
    """
    slope = derivative(curve, X)
    found = _agreement(equation, curve, slope, HALF_OF_POINTS)
    if found.equal < max(FEWEST_CURVE_POINTS, least_agreement * found.usable):
        return False
    if least_agreement == 1 and is_many_valued(equation):
        others = _agreement(equation, curve, slope, OTHER_HALF)
        if others.equal < others.usable:
            return False
        if sum(real_points(one.values, equation) for one in (found, others)) < FEWEST_REAL:
            return False
    return _is_independent(curve, slope) if equation.mask & CURVATURE.mask else _is_felt(curve)


class _Agreement(NamedTuple):
    """What comes of putting a family of curves into an equation."""

    equal: int
    """Number of points at which the left side vanishes."""
    usable: int
    """Number of points at which all is finite."""
    values: PointValues
    """On the curves."""


def _agreement(equation: Expr, curve: Expr, slope: Expr, on_curves: PointValues) -> _Agreement:
    values = {
        "x": on_curves.symbols["x"],
        "y": on_curves.values(curve),
        "y'": on_curves.slopes(curve),
        "y''": on_curves.slopes(slope) if equation.mask & CURVATURE.mask else (NAN,) * on_curves.count,
    }
    at = PointValues(values, base=on_curves, own_mask=Y.mask | SLOPE.mask | CURVATURE.mask)
    total, scale = at.sum_and_scale(equation)
    usable = equal = 0
    for residual, size in zip(total, scale, strict=True):
        if residual == residual and size == size:
            usable += 1
            equal += abs(residual) <= 1e-8 * size.real + 1e-14
    return _Agreement(equal, usable, at)


def _is_felt(curve: Expr) -> bool:
    """Whether the curve moves with its constant by more than rounding errors, at two points or more."""
    felt = 0
    for value, by_constant in zip(
        HALF_OF_POINTS.values(curve), HALF_OF_POINTS.values(derivative(curve, CONSTANTS[0])), strict=True
    ):
        if value == value and by_constant == by_constant:
            felt += abs(by_constant) > 1e-10 * (1e-3 + abs(value))
    return felt >= 2


def _is_independent(curve: Expr, slope: Expr) -> bool:
    """Whether the Jacobian of (y, y') by (c1, c2) is regular at some point."""
    (y1, y2), (p1, p2) = (
        [HALF_OF_POINTS.values(derivative(one, constant)) for constant in CONSTANTS] for one in (curve, slope)
    )
    for a, b, c, d in zip(y1, p2, y2, p1, strict=True):
        determinant, size = a * b - c * d, _size(a * b) + _size(c * d)
        if determinant == determinant and abs(determinant) > 1e-8 * size > 0:
            return True
    return False


def _size(value: complex) -> float:
    return abs(value.real) + abs(value.imag)


CONSTANTS = (symbol("c1"), symbol("c2"))
"""The constants of integration."""
FEWEST_CURVE_POINTS = 4

"""Whether a family of curves solves a differential equation: a quick check at a few points."""

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import Expr, X, symbol
from sciml.symbolic.generators.elimination import CURVATURE, SLOPE, Y
from sciml.symbolic.generators.points import NAN, PARAMETERS, Numbers, PointValues
from sciml.symbolic.vocabulary import ID


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
    equal, usable = _agreement(equation, curve, slope, ON_CURVES)
    if equal < max(FEWEST_CURVE_POINTS, least_agreement * usable):
        return False
    if least_agreement == 1 and _MANY_VALUED.intersection(equation.prefix):
        equal, usable = _agreement(equation, curve, slope, FAR_ON_CURVES)
        if equal < usable:
            return False
    return _is_independent(curve, slope) if equation.mask & CURVATURE.mask else _is_felt(curve)


def _agreement(equation: Expr, curve: Expr, slope: Expr, on_curves: PointValues) -> tuple[int, int]:
    """At how many points the left side vanishes, and at how many all is finite."""
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
    return equal, usable


def _is_felt(curve: Expr) -> bool:
    """Whether the curve moves with its constant by more than rounding errors, at two points or more."""
    felt = 0
    for value, by_constant in zip(
        ON_CURVES.values(curve), ON_CURVES.values(derivative(curve, CONSTANTS[0])), strict=True
    ):
        if value == value and by_constant == by_constant:
            felt += abs(by_constant) > 1e-10 * (1e-3 + abs(value))
    return felt >= 2


def _is_independent(curve: Expr, slope: Expr) -> bool:
    """Whether the Jacobian of (y, y') by (c1, c2) is regular at some point."""
    (y1, y2), (p1, p2) = (
        [ON_CURVES.values(derivative(one, constant)) for constant in CONSTANTS] for one in (curve, slope)
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
CURVE_POINTS: Numbers = tuple(
    complex(value)
    for value in (
        0.113,
        0.434,
        0.839,
        1.61,
        2.36,
        3.72,
        6.14,
        -0.272,
        -0.629,
        -1.21,
        -3.72,
        -6.14,
        0.31 + 0.07j,
    )
)
"""Points at which equations are checked."""
FAR_POINTS: Numbers = tuple(
    complex(value)
    for value in (
        *(0.013, 0.27, 0.63, 1.21, 1.9, 2.9, 5.1, 11.3, 17.0, -0.02, -0.43, -0.84, -1.61, -2.36, -4.9),
        *(-11.3, 0.058 + 0.0j, 0.97, 1.03, 8.2, -0.97, -1.04, 0.31 + 0.07j, -0.5 + 0.11j),
    )
)
"""More points for equations with functions of many values, whose branches differ from place to place."""


def _on_curves(points: Numbers) -> PointValues:
    """Values at points on curves, at each of which the constants of integration have other values."""
    count = len(points)
    constants = {
        "c1": (0.83, -2.31, 0.47, 1.37, -3.13, 0.67, -0.59),
        "c2": (1.19, 0.53, -2.71, 0.91, -0.43),
    }
    fixed = {name: (value,) * count for name, value in PARAMETERS.items() if name not in constants}
    drawn = {
        name: tuple(complex(row[place % len(row)]) for place in range(count))
        for name, row in constants.items()
    }
    return PointValues({"x": points, **fixed, **drawn}, {"x": (1 + 0j,) * count})


ON_CURVES, FAR_ON_CURVES = _on_curves(CURVE_POINTS), _on_curves(FAR_POINTS)
"""Values on curves, remembered between samples."""
_MANY_VALUED = frozenset(
    ID[name] for name in ("sqrt", "pow", "log", "asin", "acos", "atan", "asinh", "acosh", "atanh")
)
FEWEST_CURVE_POINTS = 4

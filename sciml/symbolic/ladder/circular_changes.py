"""Changes of variable for sin, cos and tan of multiples of one angle: t = sin, cos, tan, or tan of the half.

Source: tan(u/2) of Weierstrass; the others are those of Bioche, here without his tests: what is left of the
other function is a square root, and drops out where the test would hold.
"""

from collections.abc import Iterator

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    FUNCTION,
    NUMBER,
    ONE,
    Expr,
    X,
    divide,
    function,
    multiply,
    number,
    power,
    sqrt,
)
from sciml.symbolic.ladder.change import Change, line_of
from sciml.symbolic.ladder.exponential_changes import common_step
from sciml.symbolic.ladder.terms import with_functions
from sciml.symbolic.substitution import substitute

_NAMES = ("sin", "cos", "tan")
_MOST_TIMES = 12
"""Largest multiple of the angle."""


def circular_changes(integrand: Expr) -> Iterator[Change]:
    """Where x stands in sin, cos and tan of whole multiples of one angle only."""
    angle = _angle(integrand)
    if angle is not None:
        yield from _of_angle(angle)


def with_constant_angles(integrand: Expr) -> Expr:
    """sin(x + a) by sin(x), cos(x) and tan(a/2), where angles differ by constants; else the integrand.

    Everything is then rational in tan(a/2).
    """
    found = common_step(integrand, _NAMES)
    if found is None:
        return integrand
    shifts = {(line_of(one) or (ONE, ONE))[1] for one in found[1]}
    constants = [one for one in _constant_angles(integrand) if one.mask]
    if len(shifts) < 2 and not constants:
        return integrand

    def rule(name: str, argument: Expr) -> Expr:
        if name not in _NAMES:
            return function(name, argument)
        moving = substitute(argument, {X: number(0)})
        line = argument - moving
        still_sine, still_cosine = _of_constant(moving)
        sine = function("sin", line) * still_cosine + function("cos", line) * still_sine
        cosine = function("cos", line) * still_cosine - function("sin", line) * still_sine
        return {"sin": sine, "cos": cosine}.get(name) or divide(sine, cosine)

    return with_functions(integrand, rule)


def _of_constant(angle: Expr) -> tuple[Expr, Expr]:
    """sin and cos of a constant."""
    if not angle.mask:
        return function("sin", angle), function("cos", angle)
    tangent = function("tan", angle / 2)
    below = 1 + power(tangent, number(2))
    return divide(2 * tangent, below), divide(1 - power(tangent, number(2)), below)


def _constant_angles(node: Expr) -> list[Expr]:
    """Arguments of sin, cos, tan that do not hold x."""
    from sciml.symbolic.substitution import operands

    own = [node.args[0]] if node.kind == FUNCTION and node.value in _NAMES and not node.mask & X.mask else []
    return own + [one for part in operands(node) for one in _constant_angles(part)]


def _angle(integrand: Expr) -> Expr | None:
    """u = k*x + s such that the integrand is built of sin, cos and tan of whole multiples of u."""
    found = common_step(integrand, _NAMES)
    if found is None:
        return None
    step, arguments = found
    slope, shift = line_of(arguments[0]) or (ONE, number(0))
    angle = step + divide(multiply(shift, derivative(step)), slope)
    ratios = [divide(one, angle) for one in arguments]
    return angle if all(one.kind == NUMBER and type(one.value) is int for one in ratios) else None


def _of_angle(angle: Expr) -> Iterator[Change]:
    """t = sin(u), cos(u), tan(u), tan(u/2)."""
    square = power(X, number(2))
    rate, shift = derivative(angle), substitute(angle, {X: number(0)})

    def change(
        name: str, argument: Expr, old: Expr, values: tuple[Expr, Expr], *roots: tuple[Expr, Expr]
    ) -> Change:
        def resolve(node: Expr) -> Expr | None:
            if node.kind != FUNCTION or node.value not in _NAMES:
                return None
            times = divide(derivative(node.args[0]), rate)
            if times.kind != NUMBER or type(times.value) is not int or times.value > _MOST_TIMES:
                return None
            sine, cosine = _multiple_angle(times.value, *values)
            return {"sin": sine, "cos": cosine}.get(node.value) or divide(sine, cosine)

        return Change(function(name, argument), divide(old - shift, rate), resolve, roots)

    root = sqrt(1 - square)
    sine, cosine = function("sin", angle), function("cos", angle)
    yield change("cos", angle, function("acos", X), (root, X), (1 - square, sine))
    yield change("sin", angle, function("asin", X), (X, root), (1 - square, cosine))
    of_tangent = power(sqrt(1 + square), number(-1))
    yield change(
        "tan", angle, function("atan", X), (X * of_tangent, of_tangent), (1 + square, divide(ONE, cosine))
    )
    halves = divide(2 * X, 1 + square), divide(1 - square, 1 + square)
    yield change("tan", angle / 2, 2 * function("atan", X), halves)


def _multiple_angle(times: int, sine: Expr, cosine: Expr) -> tuple[Expr, Expr]:
    """sin and cos of a whole multiple of an angle."""
    found_sine, found_cosine = sine, cosine
    for _ in range(abs(times) - 1):
        found_sine, found_cosine = (
            found_sine * cosine + found_cosine * sine,
            found_cosine * cosine - found_sine * sine,
        )
    return (found_sine if times > 0 else -found_sine), found_cosine

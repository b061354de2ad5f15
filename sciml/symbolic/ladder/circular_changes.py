"""Changes of variable for sin, cos and tan of multiples of one angle: t = sin, cos, tan, or tan of the half.

Source: tan(u/2) of Weierstrass; the others are those of Bioche. Where his tests do not hold, what is left of
the other function is a square root.
"""

from collections.abc import Iterator

import numpy as np

from sciml.symbolic.derivative import derivative
from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import (
    FUNCTION,
    NUMBER,
    ONE,
    PI,
    Expr,
    X,
    divide,
    function,
    multiply,
    number,
    power,
    sqrt,
    symbol_names,
)
from sciml.symbolic.ladder.change import Change, line_of
from sciml.symbolic.ladder.exponential_changes import common_step
from sciml.symbolic.ladder.terms import with_functions
from sciml.symbolic.sample_points import parameter_values
from sciml.symbolic.substitution import operands, substitute

_NAMES = ("sin", "cos", "tan")
_MOST_TIMES = 12
"""Largest multiple of the angle."""
_POINTS = np.array([0.31 + 0.07j, 0.77 - 0.11j, 1.13 + 0.19j, 0.52 + 0.23j], dtype=np.complex128)


def circular_changes(integrand: Expr) -> Iterator[Change]:
    """Where x stands in sin, cos and tan of whole multiples of one angle only."""
    angle = _angle(integrand)
    if angle is not None:
        yield from _of_angle(integrand, angle)


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


def _of_angle(integrand: Expr, angle: Expr) -> Iterator[Change]:
    """t = cos(u), sin(u), tan(u) where Bioche's test holds, then tan(u/2), then the others."""
    square = power(X, number(2))
    sine, cosine = function("sin", angle), function("cos", angle)
    root = sqrt(1 - square)
    of_tangent = power(sqrt(1 + square), number(-1))
    to_cosine = _change(angle, "cos", function("acos", X), (root, X), (1 - square, sine))
    to_sine = _change(angle, "sin", function("asin", X), (X, root), (1 - square, cosine))
    values = X * of_tangent, of_tangent
    to_tangent = _change(angle, "tan", function("atan", X), values, (1 + square, divide(ONE, cosine)))
    tests = ((to_cosine, -angle, -1), (to_sine, PI - angle, -1), (to_tangent, PI + angle, 1))
    holds = [_is_invariant(integrand, angle, other, sign) for _, other, sign in tests]
    yield from [change for (change, _, _), is_good in zip(tests, holds, strict=True) if is_good]
    halves = divide(2 * X, 1 + square), divide(1 - square, 1 + square)
    yield _change(angle, "tan", 2 * function("atan", X), halves, is_half=True)
    yield from [change for (change, _, _), is_good in zip(tests, holds, strict=True) if not is_good]


def _change(
    angle: Expr,
    name: str,
    old: Expr,
    values: tuple[Expr, Expr],
    *roots: tuple[Expr, Expr],
    is_half: bool = False,
) -> Change:
    """t = a function of the angle.

    Args:
        angle: u, linear in x.
        name: the function.
        old: u in t.
        values: sin(u) and cos(u) in t.
        roots: what a square root in t stands for.
        is_half: whether t is the function of u/2.
    """
    rate, shift = derivative(angle), substitute(angle, {X: number(0)})

    def resolve(node: Expr) -> Expr | None:
        if node.kind != FUNCTION or node.value not in _NAMES:
            return None
        times = divide(derivative(node.args[0]), rate)
        if times.kind != NUMBER or type(times.value) is not int or times.value > _MOST_TIMES:
            return None
        sine, cosine = _multiple_angle(times.value, *values)
        return {"sin": sine, "cos": cosine}.get(node.value) or divide(sine, cosine)

    argument = angle / 2 if is_half else angle
    return Change(function(name, argument), divide(old - shift, rate), resolve, roots)


def _is_invariant(integrand: Expr, angle: Expr, other: Expr, sign: int) -> bool:
    """Whether the integrand at another angle is itself, or its negative, at a few points."""
    rate, shift = derivative(angle), substitute(angle, {X: number(0)})
    mapped = divide(other - shift, rate)  # x at the other angle
    values = {name: parameter_values(name, len(_POINTS)) for name in symbol_names(integrand) if name != "x"}
    with np.errstate(all="ignore"):
        here = evaluate(integrand, {**values, "x": _POINTS})
        there = evaluate(integrand, {**values, "x": evaluate(mapped, {**values, "x": _POINTS})})
        return bool(np.allclose(there, sign * here, rtol=1e-9, atol=0.0))


def _multiple_angle(times: int, sine: Expr, cosine: Expr) -> tuple[Expr, Expr]:
    """sin and cos of a whole multiple of an angle."""
    found_sine, found_cosine = sine, cosine
    for _ in range(abs(times) - 1):
        found_sine, found_cosine = (
            found_sine * cosine + found_cosine * sine,
            found_cosine * cosine - found_sine * sine,
        )
    return (found_sine if times > 0 else -found_sine), found_cosine

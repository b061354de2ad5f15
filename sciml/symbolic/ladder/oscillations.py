"""Integrals of polynomials times exp, sin, cos, sinh, cosh of linear arguments, with parameters.

By parts: the integral of P*g is P*G1 - P'*G2 + P''*G3 - …, each G the integral of the one before. For
g = exp(m*x) * (α*S + β*C) with waves S and C of n*x, integrating maps (α, β) linearly.
"""

from dataclasses import dataclass

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    FUNCTION,
    MULTIPLY,
    ONE,
    ZERO_EXPR,
    Expr,
    UndefinedExpressionError,
    X,
    function,
    linear,
    multiply,
)
from sciml.symbolic.ladder.normalise import slope_and_shift

_LARGEST_DEGREE = 60
_WAVES = {
    **dict.fromkeys(("sin", "cos"), ("sin", "cos", -1)),
    **dict.fromkeys(("sinh", "cosh"), ("sinh", "cosh", 1)),
}
"""S and C of a wave, and the sign in C' = sign*n*S."""


@dataclass(frozen=True)
class _Kernel:
    """exp(rate*x) * wave, with names of S and C; no wave if `wave` is None."""

    growth: Expr
    rate: Expr
    wave: Expr | None = None
    frequency: Expr = ZERO_EXPR


def oscillation(node: Expr) -> Expr | None:
    """The antiderivative of a polynomial times one exponential and/or one wave; None for anything else."""
    factors = list(node.args) if node.kind == MULTIPLY else [node]
    polynomial, growth, wave = [], None, None
    for factor in factors:
        is_function = factor.kind == FUNCTION and slope_and_shift(factor.args[0]) is not None
        if is_function and factor.value == "exp" and growth is None:
            growth = factor
        elif is_function and factor.value in _WAVES and wave is None:
            wave = factor
        else:
            polynomial.append(factor)
    if growth is None and wave is None:
        return None
    front = multiply(*polynomial)
    if _degree_bound(front) is None:
        return None
    rate = _slope(growth) if growth is not None else ZERO_EXPR
    kernel = _Kernel(growth or ONE, rate, wave, _slope(wave) if wave is not None else ZERO_EXPR)
    return _by_parts(front, kernel)


def _slope(factor: Expr) -> Expr:
    line = slope_and_shift(factor.args[0])
    assert line is not None
    return line[0]


def _degree_bound(node: Expr) -> int | None:
    """The number of derivatives after which a polynomial in x is zero; None if there are too many."""
    count = 0
    while node.mask & X.mask:
        if count > _LARGEST_DEGREE or len(node.prefix) > 2000:
            return None
        node = derivative(node)
        count += 1
    return count


def _by_parts(front: Expr, kernel: _Kernel) -> Expr:
    sine, cosine = ZERO_EXPR, ONE
    if kernel.wave is not None:
        name_s = _WAVES[kernel.wave.value][0]
        sine, cosine = (ONE, ZERO_EXPR) if kernel.wave.value == name_s else (ZERO_EXPR, ONE)
    parts = []
    sign = 1
    while front != ZERO_EXPR:
        sine, cosine = _integrated(sine, cosine, kernel)
        parts.append((sign, multiply(front, _shown(sine, cosine, kernel))))
        front, sign = derivative(front), -sign
    return multiply(kernel.growth, linear(parts))


def _integrated(sine: Expr, cosine: Expr, kernel: _Kernel) -> tuple[Expr, Expr]:
    """(α, β) of the integral.

    Raises:
        UndefinedExpressionError: exp(n*x) meets sinh(n*x): no such form.
    """
    m, n = kernel.rate, kernel.frequency
    if kernel.wave is None:
        return ZERO_EXPR, cosine / m
    sign = _WAVES[kernel.wave.value][2]
    size = m * m - sign * n * n
    if size == ZERO_EXPR:
        raise UndefinedExpressionError("a hyperbolic wave as fast as its exponential has no such form")
    return (m * sine - sign * n * cosine) / size, (m * cosine - n * sine) / size


def _shown(sine: Expr, cosine: Expr, kernel: _Kernel) -> Expr:
    if kernel.wave is None:
        return cosine
    name_s, name_c, _ = _WAVES[kernel.wave.value]
    argument = kernel.wave.args[0]
    return sine * function(name_s, argument) + cosine * function(name_c, argument)

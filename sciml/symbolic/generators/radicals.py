"""Integrals of polynomials times square roots of quadratics and roots of linear functions, exact."""

from collections.abc import Sequence
from fractions import Fraction

from sciml.symbolic.expression import (
    Expr,
    Number,
    divide,
    function,
    linear,
    multiply,
    number,
    product,
    sqrt,
    whole,
)
from sciml.symbolic.generators.polynomials import Coefficients, plus, polynomial_expression, times


def root_integral(values: Sequence[Number], quadratic: Sequence[Number], u: Expr) -> Expr | None:
    """The integral of polynomial / sqrt(c + b*u + a*u**2) with respect to u; None where the root is never
    real.

    With R the quadratic, I_m = integral of u**m / sqrt(R):
    m*a*I_m = u**(m-1)*sqrt(R) - (2*m - 1)*b/2*I_{m-1} - (m - 1)*c*I_{m-2}.
    """
    c, b, a = (Fraction(value) for value in quadratic)
    first = _reciprocal_root(c, b, a, u)
    if first is None:
        return None
    outside, inside = reduced_powers(values, (c, b, a))
    root = sqrt(polynomial_expression(quadratic, u))
    return linear(((1, multiply(polynomial_expression(outside, u), root)), (inside, first)))


def reduced_powers(
    values: Sequence[Number], quadratic: tuple[Fraction, Fraction, Fraction]
) -> tuple[Coefficients, Fraction]:
    """(Q, k) with integral of P/sqrt(R) = Q*sqrt(R) + k * integral of 1/sqrt(R)."""
    c, b, a = quadratic
    rest, outside = [Fraction(value) for value in values], [Fraction(0)] * max(len(values) - 1, 1)
    for m in range(len(rest) - 1, 0, -1):
        factor = rest[m] / (m * a)
        outside[m - 1] += factor
        rest[m - 1] -= factor * (2 * m - 1) * b / 2
        if m > 1:
            rest[m - 2] -= factor * (m - 1) * c
    return outside, rest[0] if rest else Fraction(0)


def _reciprocal_root(c: Fraction, b: Fraction, a: Fraction, u: Expr) -> Expr | None:
    """The integral of 1 / sqrt(c + b*u + a*u**2)."""
    line = polynomial_expression((b, 2 * a), u)
    discriminant = 4 * a * c - b * b
    if a < 0:
        if discriminant >= 0:
            return None
        arc = function("asin", divide(line, sqrt(number(whole(-discriminant)))))
        return divide(linear(((-1, arc),)), sqrt(number(whole(-a))))
    if discriminant > 0:
        return divide(
            function("asinh", divide(line, sqrt(number(whole(discriminant))))), sqrt(number(whole(a)))
        )
    if discriminant == 0:
        return None
    root = sqrt(polynomial_expression((c, b, a), u))
    inner = linear(((1, line), (2, multiply(sqrt(number(whole(a))), root))))
    return divide(function("log", inner), sqrt(number(whole(a))))


def linear_root_integral(values: Sequence[Number], line: Sequence[Number], power: Fraction, u: Expr) -> Expr:
    """The integral of polynomial * (b + a*u)**power with respect to u; no power may become -1 (a fraction
    never does).

    With v = b + a*u every power of u is a polynomial in v.
    """
    b, a = (Fraction(value) for value in line)
    by_v: Coefficients = []
    for value in reversed([Fraction(one) for one in values]):
        by_v = plus(times(by_v, (-b / a, 1 / a)), [value])
    v = polynomial_expression(line, u)
    return linear(
        [
            (whole(value / (a * (power + k + 1))), product(1, ((v, power + k + 1),)))
            for k, value in enumerate(by_v)
        ]
    )

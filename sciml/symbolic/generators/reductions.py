"""Integrals of powers of tan, 1/cos, tanh and their kind, of u**n*log(u)**k, and of elementary functions."""

from collections.abc import Callable
from fractions import Fraction

from sciml.symbolic.expression import (
    HALF,
    ONE,
    Expr,
    divide,
    function,
    linear,
    multiply,
    number,
    product,
    sqrt,
    whole,
)


def _of(name: str, u: Expr) -> Expr:
    return function(name, u)


def _square(u: Expr, sign: int, constant: int) -> Expr:
    return linear(((constant, ONE), (sign, product(1, ((u, 2),)))))


ELEMENTARY: dict[str, Callable[[Expr], Expr]] = {
    "exp": lambda u: _of("exp", u),
    "log": lambda u: linear(((1, multiply(u, _of("log", u))), (-1, u))),
    "sqrt": lambda u: linear(((Fraction(2, 3), product(1, ((u, Fraction(3, 2)),))),)),
    "sin": lambda u: linear(((-1, _of("cos", u)),)),
    "cos": lambda u: _of("sin", u),
    "tan": lambda u: linear(((-1, _of("log", _of("cos", u))),)),
    "sinh": lambda u: _of("cosh", u),
    "cosh": lambda u: _of("sinh", u),
    "tanh": lambda u: _of("log", _of("cosh", u)),
    "asin": lambda u: linear(((1, multiply(u, _of("asin", u))), (1, sqrt(_square(u, -1, 1))))),
    "acos": lambda u: linear(((1, multiply(u, _of("acos", u))), (-1, sqrt(_square(u, -1, 1))))),
    "atan": lambda u: linear(
        ((1, multiply(u, _of("atan", u))), (Fraction(-1, 2), _of("log", _square(u, 1, 1))))
    ),
    "asinh": lambda u: linear(((1, multiply(u, _of("asinh", u))), (-1, sqrt(_square(u, 1, 1))))),
    "acosh": lambda u: linear(
        (
            (1, multiply(u, _of("acosh", u))),
            (-1, multiply(sqrt(linear(((1, u), (-1, ONE)))), sqrt(linear(((1, u), (1, ONE)))))),
        )
    ),
    "atanh": lambda u: linear(
        ((1, multiply(u, _of("atanh", u))), (Fraction(1, 2), _of("log", _square(u, -1, 1))))
    ),
}
"""Antiderivative of each elementary function with respect to its argument."""


def tangent_power(name: str, power: int, u: Expr) -> Expr:
    """The integral of tan(u)**power or tanh(u)**power, power >= 1: I_n = ± (t**(n-1)/(n-1) - I_{n-2})."""
    if power == 0:
        return u
    if power == 1:
        return ELEMENTARY[name](u)
    first = product(whole(Fraction(1, power - 1)), ((_of(name, u), power - 1),))
    before = tangent_power(name, power - 2, u)
    return linear(((1, first), (-1, before))) if name == "tan" else linear(((-1, first), (1, before)))


def secant_power(name: str, power: int, u: Expr) -> Expr:
    """The integral of cos(u)**-power or cosh(u)**-power, power >= 1.

    (n - 1)*I_n = sin(u)/cos(u)**(n-1) + (n - 2)*I_{n-2}, hyperbolic functions the same.
    """
    other = "sin" if name == "cos" else "sinh"
    if power == 1:
        if name == "cosh":
            return _of("atan", _of("sinh", u))
        return _of("log", linear(((1, _of("tan", u)), (1, product(1, ((_of("cos", u), -1),))))))
    if power == 2:
        return _of("tan" if name == "cos" else "tanh", u)
    first = multiply(_of(other, u), product(1, ((_of(name, u), 1 - power),)))
    factor = Fraction(1, power - 1)
    return linear(((factor, first), (factor * (power - 2), secant_power(name, power - 2, u))))


def cosecant_power(name: str, power: int, u: Expr) -> Expr:
    """The integral of sin(u)**-power or sinh(u)**-power, power >= 1.

    (n - 1)*I_n = -cos(u)/sin(u)**(n-1) ± (n - 2)*I_{n-2}, minus for sinh.
    """
    other = "cos" if name == "sin" else "cosh"
    if power == 1:
        half = linear(((Fraction(1, 2), u),))
        return _of("log", _of("tan" if name == "sin" else "tanh", half))
    if power == 2:
        return linear(((-1, divide(_of(other, u), _of(name, u))),))
    first = multiply(_of(other, u), product(1, ((_of(name, u), 1 - power),)))
    factor = Fraction(1, power - 1)
    sign = 1 if name == "sin" else -1
    return linear(((-factor, first), (sign * factor * (power - 2), cosecant_power(name, power - 2, u))))


def log_power(power: Fraction, logs: int, u: Expr) -> Expr:
    """The integral of u**power * log(u)**logs, logs >= 0."""
    log = _of("log", u)
    if power == -1:
        return product(Fraction(1, logs + 1), ((log, logs + 1),))
    exponent = power + 1
    first = product(whole(1 / exponent), ((u, whole(exponent)), (log, logs)))
    if logs == 0:
        return first
    return linear(((1, first), (-Fraction(logs) / exponent, log_power(power, logs - 1, u))))


def reciprocal_of_shifted_wave(name: str, constant: int, coefficient: int, u: Expr) -> Expr | None:
    """The integral of 1/(constant + coefficient*sin(u)) or cos; None where |constant| = |coefficient|."""
    half_tangent = _of("tan", multiply(HALF, u))
    if name == "cos":
        line = linear(((constant - coefficient, half_tangent),))
    else:
        line = linear(((constant, half_tangent), (coefficient, ONE)))
    square = constant * constant - coefficient * coefficient
    if square == 0:
        return None
    root = sqrt(number(abs(square)))
    if square > 0:
        return divide(linear(((2, _of("atan", divide(line, root))),)), root)
    return divide(linear(((-2, _of("atanh", divide(line, root))),)), root)

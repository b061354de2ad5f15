"""Families of functions with closed integrals: each draws a function of u and its antiderivative with respect
to u.
"""

import random
from collections.abc import Callable
from fractions import Fraction

from sciml.symbolic.expression import (
    ONE,
    Expr,
    divide,
    function,
    linear,
    multiply,
    product,
    sqrt,
    whole,
)
from sciml.symbolic.generators.polynomials import (
    Factor,
    integral_of_fraction,
    integrated,
    polynomial_expression,
    times,
)
from sciml.symbolic.generators.radicals import linear_root_integral, reduced_powers, root_integral
from sciml.symbolic.generators.reductions import (
    ELEMENTARY,
    cosecant_power,
    log_power,
    reciprocal_of_shifted_wave,
    secant_power,
    tangent_power,
)
from sciml.symbolic.generators.variations import Integers, small_integer
from sciml.symbolic.generators.waves import Waves, integral_of_waves, polynomial_wave, wave, wave_product

Integral = tuple[Expr, Expr]
"""(integrand, antiderivative)."""


class Draw:
    """Random numbers of the families: small integers, polynomials, rational rates."""

    def __init__(self, source: random.Random, integers: Integers = small_integer) -> None:
        self.source = source
        self.integers = integers

    def integer(self) -> int:
        """Not zero."""
        return self.integers(self.source)

    def rate(self) -> Fraction:
        """Mostly 1 or a small integer, sometimes a fraction."""
        choice = self.source.random()
        if choice < 0.45:
            return Fraction(1)
        if choice < 0.9:
            return Fraction(self.integer())
        return Fraction(self.integer(), self.source.randint(2, 4))

    def polynomial(self, most: int = 3) -> list[Fraction]:
        """Coefficients of a polynomial of degree up to `most`, half of them a single power."""
        degree = self.source.randint(0, most)
        if self.source.random() < 0.5:
            return [Fraction(0)] * degree + [Fraction(1)]
        values = [Fraction(self.integer() if self.source.random() < 0.6 else 0) for _ in range(degree)]
        return [*values, Fraction(self.integer())]


def _elementary(draw: Draw, u: Expr) -> Integral | None:
    name = draw.source.choice(tuple(ELEMENTARY))
    return function(name, u), ELEMENTARY[name](u)


def _power(draw: Draw, u: Expr) -> Integral | None:
    exponent = Fraction(draw.integer(), draw.source.choice((1, 1, 2, 2, 3, 4)))
    integrand = product(1, ((u, whole(exponent)),))
    return integrand, log_power(exponent, 0, u)


def _waves(draw: Draw, u: Expr) -> Integral | None:
    """Polynomial times up to three exponentials, sines, cosines or hyperbolic functions."""
    values = draw.polynomial() if draw.source.random() < 0.7 else [Fraction(1)]
    factors, waves = [polynomial_expression(values, u)], polynomial_wave(values)
    for _ in range(draw.source.choice((1, 1, 1, 2, 2, 3))):
        name, rate = (
            draw.source.choice(("exp", "exp", "sin", "cos", "sin", "cos", "sinh", "cosh")),
            draw.rate(),
        )
        if name == "exp" and len(factors) > 1 and factors[-1].value == "exp":
            continue
        factors.append(function(name, linear(((whole(rate), u),))))
        waves = wave_product(waves, wave(name, rate))
    return multiply(*factors), integral_of_waves(waves, u)


def _wave_powers(draw: Draw, u: Expr) -> Integral | None:
    """sin(u)**m * cos(u)**n, or hyperbolic."""
    names = draw.source.choice((("sin", "cos"), ("sinh", "cosh")))
    first, second = draw.source.randint(0, 4), draw.source.randint(0, 3)
    if first + second < 2:
        return None
    waves: Waves = polynomial_wave([Fraction(1)])
    for name, power in zip(names, (first, second), strict=True):
        for _ in range(power):
            waves = wave_product(waves, wave(name, Fraction(1)))
    integrand = product(1, ((function(names[0], u), first), (function(names[1], u), second)))
    if 1 in (first, second):  # a substitution is shorter than the sum of waves
        sign, kept, power = (1, names[0], first) if second == 1 else (_SIGN[names[0]], names[1], second)
        return integrand, linear(
            ((Fraction(sign, power + 1), product(1, ((function(kept, u), power + 1),))),)
        )
    return integrand, integral_of_waves(waves, u)


_SIGN = {"sin": -1, "sinh": 1}


def _reciprocal_waves(draw: Draw, u: Expr) -> Integral | None:
    """Powers of tan and tanh, reciprocal powers of sin, cos, sinh, cosh, and 1/(a + b*cos(u))."""
    power, choice = draw.source.randint(1, 4), draw.source.random()
    if choice < 0.3:
        name = draw.source.choice(("tan", "tan", "tanh"))
        return product(1, ((function(name, u), power),)), tangent_power(name, power, u)
    if choice < 0.75:
        name = draw.source.choice(("cos", "sin", "cosh", "sinh"))
        rule = secant_power if name in ("cos", "cosh") else cosecant_power
        return product(1, ((function(name, u), -power),)), rule(name, power, u)
    name, constant, coefficient = draw.source.choice(("sin", "cos")), draw.integer(), draw.integer()
    answer = reciprocal_of_shifted_wave(name, constant, coefficient, u)
    if answer is None:
        return None
    return product(1, ((linear(((constant, ONE), (coefficient, function(name, u)))), -1),)), answer


def _factors(draw: Draw, most: int) -> list[Factor]:
    """Different irreducible factors of a denominator."""
    found: dict[tuple[Fraction, ...], Factor] = {}
    for _ in range(draw.source.choice((1, 1, 2, 2, 3)[: most + 2])):
        choice = draw.source.random()
        base: tuple[Fraction, ...]
        if choice < 0.2:
            base = (Fraction(0), Fraction(1))
        elif choice < 0.65:
            base = (Fraction(draw.integer()), Fraction(draw.source.choice((1, 1, 1, 2, 3))))
        else:
            middle = Fraction(draw.integer() if draw.source.random() < 0.4 else 0)
            base = (Fraction(abs(draw.integer())), middle, Fraction(draw.source.choice((1, 1, 1, 2))))
            if middle * middle >= 4 * base[0] * base[2]:
                continue
        power = draw.source.choice((1, 1, 1, 2, 3)) if len(base) == 2 else draw.source.choice((1, 1, 1, 2))
        found[tuple(value / base[-1] for value in base)] = Factor(base, power)
    return list(found.values())


def _rational(draw: Draw, u: Expr, log_of_u: Expr | None = None) -> Integral | None:
    factors = _factors(draw, 3)
    if not factors:
        return None
    numerator = draw.polynomial(3)
    answer = integral_of_fraction(numerator, factors, u, log_of_u)
    if answer is None:
        return None
    if draw.source.random() < 0.4:
        expanded = [Fraction(1)]
        for factor in factors:
            expanded = times(expanded, factor.expanded())
        below = polynomial_expression(expanded, u)
    else:
        below = product(1, [(polynomial_expression(factor.base, u), factor.power) for factor in factors])
    return divide(polynomial_expression(numerator, u), below), answer


def _rational_of_exp(draw: Draw, u: Expr) -> Integral | None:
    """R(exp(u)): with v = exp(u), the integral of R(v)/v."""
    factors = [factor for factor in _factors(draw, 2) if factor.base[0]]
    if not factors:
        return None
    numerator, v = draw.polynomial(2), function("exp", u)
    below = product(1, [(polynomial_expression(factor.base, v), factor.power) for factor in factors])
    by_v = Factor((Fraction(0), Fraction(1)), 1)
    if numerator[0]:
        answer = integral_of_fraction(numerator, [by_v, *factors], v, u)
    else:
        answer = integral_of_fraction(numerator[1:], factors, v)
    return None if answer is None else (divide(polynomial_expression(numerator, v), below), answer)


def _root_of_quadratic(draw: Draw, u: Expr) -> Integral | None:
    """Polynomial times or divided by the root of a quadratic."""
    middle = draw.integer() if draw.source.random() < 0.3 else 0
    quadratic = [
        Fraction(value) for value in (draw.integer(), middle, draw.source.choice((1, 1, -1, -1, 2, 4)))
    ]
    values = draw.polynomial(3)
    root = sqrt(polynomial_expression(quadratic, u))
    if draw.source.random() < 0.6:
        answer = root_integral(values, quadratic, u)
        integrand = divide(polynomial_expression(values, u), root)
    else:
        answer = root_integral(times(values, quadratic), quadratic, u)
        integrand = multiply(polynomial_expression(values, u), root)
    return None if answer is None else (integrand, answer)


def _root_of_line(draw: Draw, u: Expr) -> Integral | None:
    """Polynomial times a root or a negative power of a linear function."""
    line = (Fraction(draw.integer()), draw.rate())
    power = Fraction(draw.source.choice((-5, -3, -2, -1, 1, 2, 3)), draw.source.choice((2, 2, 2, 3, 4)))
    if power.denominator == 1:
        return None
    values = draw.polynomial(3)
    base = polynomial_expression(line, u)
    integrand = multiply(polynomial_expression(values, u), product(1, ((base, power),)))
    return integrand, linear_root_integral(values, line, power, u)


def _logarithms(draw: Draw, u: Expr) -> Integral | None:
    """u**r * log(u)**k."""
    power, logs = (
        Fraction(draw.source.randint(-3, 4), draw.source.choice((1, 1, 1, 2))),
        draw.source.choice((1, 1, 2, 3)),
    )
    return product(1, ((u, whole(power)), (function("log", u), logs))), log_power(power, logs, u)


def _polynomial_times_log(draw: Draw, u: Expr) -> Integral | None:
    """P(u)*log(Q(u)) for Q irreducible: by parts."""
    factors = _factors(draw, 1)
    if not factors:
        return None
    base, values = factors[0].base, draw.polynomial(2)
    inside = polynomial_expression(base, u)
    outside = integrated(values)
    slope = [index * value for index, value in enumerate(base)][1:]
    rest = integral_of_fraction(times(outside, slope), [Factor(base, 1)], u)
    if rest is None:
        return None
    log = function("log", inside)
    answer = linear(((1, multiply(polynomial_expression(outside, u), log)), (-1, rest)))
    return multiply(polynomial_expression(values, u), log), answer


def _polynomial_times_inverse(draw: Draw, u: Expr) -> Integral | None:
    """P(u)*atan(u) and the other inverse functions: by parts."""
    name, values = draw.source.choice(tuple(_INVERSE_RESTS)), draw.polynomial(3)
    outside = integrated(values)
    rest = _INVERSE_RESTS[name](outside, u)
    if rest is None:
        return None
    arc = function(name, u)
    answer = linear(((1, multiply(polynomial_expression(outside, u), arc)), (-1, rest)))
    return multiply(polynomial_expression(values, u), arc), answer


def _rest_of_atan(values: list[Fraction], u: Expr) -> Expr | None:
    return integral_of_fraction(values, [Factor((Fraction(1), Fraction(0), Fraction(1)), 1)], u)


def _rest_of_atanh(values: list[Fraction], u: Expr) -> Expr | None:
    one = Fraction(1)
    return integral_of_fraction(
        [-value for value in values], [Factor((-one, one), 1), Factor((one, one), 1)], u
    )


def _rest_of_acosh(values: list[Fraction], u: Expr) -> Expr | None:
    outside, inside = reduced_powers(values, (Fraction(-1), Fraction(0), Fraction(1)))
    roots = multiply(sqrt(linear(((1, u), (-1, ONE)))), sqrt(linear(((1, u), (1, ONE)))))
    return linear(((1, multiply(polynomial_expression(outside, u), roots)), (inside, function("acosh", u))))


_INVERSE_RESTS: dict[str, Callable[[list[Fraction], Expr], Expr | None]] = {
    "atan": _rest_of_atan,
    "atanh": _rest_of_atanh,
    "asin": lambda values, u: root_integral(values, (1, 0, -1), u),
    "acos": lambda values, u: root_integral([-value for value in values], (1, 0, -1), u),
    "asinh": lambda values, u: root_integral(values, (1, 0, 1), u),
    "acosh": _rest_of_acosh,
}
"""Integral of polynomial times the derivative of each inverse function."""

FAMILIES: dict[str, tuple[Callable[[Draw, Expr], Integral | None], float]] = {
    "elementary": (_elementary, 3),
    "power": (_power, 2),
    "waves": (_waves, 4),
    "wave_powers": (_wave_powers, 1.5),
    "reciprocal_waves": (_reciprocal_waves, 1.5),
    "rational": (_rational, 4),
    "rational_of_exp": (_rational_of_exp, 0.7),
    "root_of_quadratic": (_root_of_quadratic, 2),
    "root_of_line": (_root_of_line, 1),
    "logarithms": (_logarithms, 1.5),
    "polynomial_times_log": (_polynomial_times_log, 1.5),
    "polynomial_times_inverse": (_polynomial_times_inverse, 1.5),
}
"""Families and their weights."""

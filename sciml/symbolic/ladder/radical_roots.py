"""Roots of polynomials by radicals: x**n + k, quadratics in a power, quartics with a rational resolvent.

Source: Ferrari's resolution of the quartic (Abramowitz & Stegun 3.8.3), roots of unity.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd

from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import (
    ADD,
    MULTIPLY,
    NUMBER,
    PI,
    POWER,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    function,
    linear,
    number,
    power,
    product,
    sqrt,
)
from sciml.symbolic.ladder.quadratics import seems_negative
from sciml.symbolic.ladder.rational_functions import Constants, Polynomial

_LARGEST_DEGREE = 12


@dataclass(frozen=True)
class Root:
    """A real root, or one of two conjugate roots re + i*im, as constants."""

    re: Expr
    im: Expr = ZERO_EXPR

    @property
    def is_real(self) -> bool:
        """Whether it stands for itself alone."""
        return self.im == ZERO_EXPR

    def __add__(self, other: "Root") -> "Root":
        return Root(self.re + other.re, self.im + other.im)

    def __mul__(self, other: "Root") -> "Root":
        return Root(
            multiplied_out(self.re * other.re - self.im * other.im),
            multiplied_out(self.re * other.im + self.im * other.re),
        )

    def inverse(self) -> "Root":
        """1/(re + i*im)."""
        if self.is_real:
            return Root(1 / self.re)
        size = multiplied_out(self.re * self.re + self.im * self.im)
        return Root(self.re / size, -self.im / size)

    def root(self) -> "Root":
        """A square root."""
        if self.is_real:
            is_negative = seems_negative(self.re)
            size = root_of(-self.re if is_negative else self.re, 2)
            return Root(ZERO_EXPR, size) if is_negative else Root(size)
        size = root_of(multiplied_out(self.re * self.re + self.im * self.im), 2)
        sign = -1 if seems_negative(self.im) else 1
        half = number(Fraction(1, 2))
        return Root(root_of(half * (size + self.re), 2), sign * root_of(half * (size - self.re), 2))


def multiplied_out(node: Expr) -> Expr:
    """A constant as a sum of terms, if that is short."""
    try:
        return expand(node, max_terms=60)
    except ExpressionTooLargeError:
        return node


def root_of(node: Expr, degree: int) -> Expr:
    """A root of a constant that counts as positive, so that the square root of p**2 is p."""
    if node.kind == ADD:
        node = product(1, ((node, 1),))  # its content leaves
    factors = node.args if node.kind == MULTIPLY else (node,)
    roots = [power(number(node.value), number(Fraction(1, degree)))] if node.kind == MULTIPLY else []
    for one in factors:
        is_power = one.kind == POWER and type(one.value) is int and one.args[0].kind != NUMBER
        if is_power:
            roots.append(power(one.args[0], number(Fraction(one.value, degree))))
        else:
            roots.append(power(one, number(Fraction(1, degree))))
    return product(1, [(one, 1) for one in roots])


def polynomial_roots(polynomial: Polynomial, constants: Constants) -> list[Root] | None:
    """All roots, each pair of conjugates once; None if they are not known by radicals."""
    from sympy import Poly

    degree = polynomial.degree()
    if degree > _LARGEST_DEGREE:
        return None
    monic = polynomial.monic()
    shift = -monic.rep.to_list()[1] / polynomial.domain.convert(degree)
    line = Poly.from_list([polynomial.domain.one, shift], polynomial.gen, domain=polynomial.domain)
    moved = monic.compose(line) if shift else monic
    around_zero = _depressed_roots(moved, constants)
    if around_zero is None:
        return None if constants.generators else _roots_of_unity(monic)
    center = Root(constants.constant(shift))
    return [center + one for one in around_zero]


def _roots_of_unity(polynomial: Polynomial) -> list[Root] | None:
    """The roots of a cyclotomic polynomial."""
    from sympy import cyclotomic_poly

    if not polynomial.is_cyclotomic:
        return None
    degree = polynomial.degree()
    for order in range(degree + 1, 4 * degree + 7):
        if cyclotomic_poly(order, polynomial.gen, polys=True).set_domain("QQ") == polynomial:
            turns = [Fraction(2 * k, order) for k in range(1, order // 2 + 1) if gcd(k, order) == 1]
            return [Root(cosine(turn), cosine(Fraction(1, 2) - turn)) for turn in turns]
    return None


def _depressed_roots(polynomial: Polynomial, constants: Constants) -> list[Root] | None:
    degree = polynomial.degree()
    coefficients = [constants.constant(one) for one in reversed(polynomial.rep.to_list())]
    step = reduce(gcd, [place for place, one in enumerate(coefficients) if place and one != ZERO_EXPR])
    if step == degree:
        return list(_of_binomial(-coefficients[0], degree))
    if step * 2 == degree:
        return _of_biquadratic(coefficients[step], coefficients[0], step)
    if degree == 4:
        return _of_quartic(polynomial, coefficients, constants)
    return None


def _of_binomial(value: Expr, degree: int) -> Iterator[Root]:
    """The roots of x**n = value."""
    is_negative = seems_negative(value)
    radius = root_of(-value if is_negative else value, degree)
    for place in range(degree // 2 + 1):
        turn = Fraction(2 * place + is_negative, degree)
        if turn <= 1:
            yield Root(radius * cosine(turn), radius * cosine(Fraction(1, 2) - turn))


def cosine(turn: Fraction) -> Expr:
    """cos(turn*pi), by radicals where they are short."""
    turn = abs(turn) % 2
    turn = min(turn, 2 - turn)
    if turn > Fraction(1, 2):
        return -cosine(1 - turn)
    if turn.denominator == 5:
        return (sqrt(number(5)) + (1 if turn.numerator == 1 else -1)) / 4
    if turn.denominator in (8, 12):
        return sqrt((1 + cosine(2 * turn)) / 2)
    return function("cos", linear(((turn, PI),)))


def _of_biquadratic(b: Expr, c: Expr, step: int) -> list[Root] | None:
    """The roots of y**2 + b*y + c in y = x**step; None if they are not known."""
    discriminant = multiplied_out(b * b - 4 * c)
    half = number(Fraction(1, 2))
    if step == 1:
        center = Root(-half * b)
        offset = Root(discriminant).root()
        offset = Root(half * offset.re, half * offset.im)
        return [center + offset, center + Root(-offset.re)] if offset.is_real else [center + offset]
    if step > 2:
        return _of_power_quadratic(b, c, discriminant, step)
    if seems_negative(discriminant):
        size = root_of(c, 2)
        re, im = half * root_of(2 * size - b, 2), half * root_of(2 * size + b, 2)
        return [Root(re, im), Root(-re, im)]
    found = []
    for sign in (1, -1):
        square = Root(multiplied_out(half * (sign * root_of(discriminant, 2) - b))).root()
        found += [square, Root(-square.re)] if square.is_real else [square]
    return found


def _of_power_quadratic(b: Expr, c: Expr, discriminant: Expr, step: int) -> list[Root] | None:
    """The roots of y**2 + b*y + c in y = x**step, where y is real or its angle a simple part of a turn."""
    half = number(Fraction(1, 2))
    if not seems_negative(discriminant):
        values = [multiplied_out(half * (sign * root_of(discriminant, 2) - b)) for sign in (1, -1)]
        return [root for one in values for root in _of_binomial(one, step)]
    size = root_of(c, 2)
    wanted = multiplied_out(-half * b / size)
    for turn in sorted({Fraction(top, bottom) for bottom in (5, 12) for top in range(1, bottom)}):
        if cosine(turn) == wanted:
            turns = [(turn + 2 * place) / step for place in range(step)]
            radius = root_of(size, step)
            return [Root(radius * cosine(one), radius * cosine(Fraction(1, 2) - one)) for one in turns]
    return None


def _of_quartic(polynomial: Polynomial, coefficients: list[Expr], constants: Constants) -> list[Root] | None:
    """The roots of x**4 + P*x**2 + Q*x + R, if z**3 + 2P*z**2 + (P**2 - 4R)*z - Q**2 has one in the field."""
    from sympy import Poly

    one, _, p, q, r = polynomial.rep.to_list()
    resolvent = Poly.from_list([one, 2 * p, p**2 - 4 * r, -(q**2)], polynomial.gen, domain=polynomial.domain)
    for factor, _ in resolvent.factor_list()[1]:
        if factor.degree() != 1:
            continue
        above, below = factor.rep.to_list()[1], factor.rep.to_list()[0]
        square = constants.constant(-above / below)
        if square == ZERO_EXPR or seems_negative(square):
            continue
        s, big_p, big_q = root_of(square, 2), coefficients[2], coefficients[1]
        half = number(Fraction(1, 2))
        first = _of_biquadratic(s, multiplied_out(half * (big_p + square - big_q / s)), 1)
        second = _of_biquadratic(-s, multiplied_out(half * (big_p + square + big_q / s)), 1)
        return None if first is None or second is None else [*first, *second]
    return None


def value_at(coefficients: list[Expr], root: Root) -> Root:
    """A polynomial at a root, by Horner's rule.

    Args:
        coefficients: the constant first.
        root: where.
    """
    total = Root(ZERO_EXPR)
    for one in reversed(coefficients):
        total = total * root + Root(one)
    return total


def residue(top: Polynomial, bottom: Polynomial, pole: Root, constants: Constants) -> Root:
    """Of top/bottom at a simple root of the bottom."""
    sides = []
    for one in (top, bottom.diff()):
        sides.append(value_at([constants.constant(value) for value in reversed(one.rep.to_list())], pole))
    return sides[0] * sides[1].inverse()

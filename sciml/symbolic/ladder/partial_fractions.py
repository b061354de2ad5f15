"""Integrals of rational functions with parameters: partial fractions, Hermite's reduction, residues.

Denominators are factored over the field of the constants. A factor of a degree over 2 leaves logarithms and
arctangents at its roots, where they are known by radicals.

Source: Bronstein, Symbolic Integration I, 2.2 (Hermite) and 2.3 (residues); Abramowitz & Stegun 3.3.16.
"""

from collections.abc import Iterator
from fractions import Fraction

from sciml.symbolic.expansion import polynomial_coefficients
from sciml.symbolic.expression import (
    ADD,
    MULTIPLY,
    POWER,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    function,
    linear,
    multiply,
    product,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.quadratics import of_reciprocal, seems_negative
from sciml.symbolic.ladder.radical_roots import (
    Root,
    cosine,
    multiplied_out,
    polynomial_roots,
    residue,
    root_of,
)
from sciml.symbolic.ladder.rational_functions import (
    Constants,
    NotRationalError,
    Polynomial,
    RationalFunction,
    leading_coefficient,
)
from sciml.symbolic.ladder.residue_logarithms import residue_logarithms
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.problems import Integral
from sciml.symbolic.substitution import operands

_LARGE_DEGREE = 5
_LARGEST_DEGREE = 400
"""Of a polynomial, which is integrated term by term."""
_LONGEST_POLYNOMIAL = 4000
"""Tokens of a polynomial, multiplied out or not."""


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """The antiderivative of a rational function of x. See `rung.Rung`."""
    found = rational_integral(problem.integrand)
    if found is not None:
        yield Candidate(found)


def rational_integral(integrand: Expr) -> Expr | None:
    """A proposed antiderivative; None if the integrand is no rational function or its poles are not known."""
    try:
        if len(integrand.prefix) <= _LONGEST_POLYNOMIAL and _is_polynomial(integrand):
            return _of_polynomial(integrand)
        given = RationalFunction.of(integrand)
        return integral_of_fraction(given.top, given.bottom, given.constants)
    except (NotRationalError, UndefinedExpressionError, ExpressionTooLargeError):
        return None


def _is_polynomial(node: Expr) -> bool:
    """Whether x stands in sums, products and whole positive powers only."""
    if not node.mask & X.mask or node == X:
        return True
    if node.kind == POWER:
        return type(node.value) is int and node.value > 0 and _is_polynomial(node.args[0])
    return node.kind in (ADD, MULTIPLY) and all(_is_polynomial(part) for part in operands(node))


def _of_polynomial(node: Expr) -> Expr | None:
    coefficients = polynomial_coefficients(node, X, _LARGEST_DEGREE)
    if coefficients is None:
        return None
    return linear(
        [
            (Fraction(1, degree), product(1, ((one, 1), (X, degree))))
            for degree, one in enumerate(coefficients, 1)
        ]
    )


def integral_of_fraction(top: Polynomial, bottom: Polynomial, constants: Constants) -> Expr | None:
    """An antiderivative of top/bottom, which have no common factors."""
    whole, rest = top.div(bottom)
    parts = [constants.expression(whole.integrate())]
    if _is_binomial(bottom):
        return linear([(1, parts[0]), *_of_binomial(rest, bottom, constants)])
    _, factors = bottom.factor_list()
    for factor, exponent in factors:
        power = factor**exponent
        cofactor = bottom.quo(power)
        numerator = (rest * cofactor.invert(power)).rem(power)
        below, left = hermite_reduced(numerator, factor, exponent)
        base = constants.expression(factor)
        parts += [product(1, ((constants.expression(one), 1), (base, -times))) for one, times in below]
        logarithms = _logarithms(left, factor, constants)
        if logarithms is None:
            return None
        parts.append(logarithms)
    return linear([(1, one) for one in parts])


def _is_binomial(polynomial: Polynomial) -> bool:
    """Whether it is a*x**n + c with n so large that its factors are longer than its roots."""
    degree = polynomial.degree()
    return degree >= _LARGE_DEGREE and polynomial.monoms() == [(degree,), (0,)]


def _of_binomial(top: Polynomial, bottom: Polynomial, constants: Constants) -> list[tuple[int, Expr]]:
    """The integral of top/(a*x**n + c): at a root r the residue of x**m/(a*x**n + c) is -r**(m + 1)/(n*c)."""
    degree = bottom.degree()
    a, c = bottom.rep.to_list()[0], bottom.rep.to_list()[-1]
    scale = constants.constant(-bottom.domain.one / (c * bottom.domain.convert(degree)))
    ratio = constants.constant(-c / a)
    is_negative = seems_negative(ratio)
    radius = root_of(-ratio if is_negative else ratio, degree)
    values = [constants.constant(one) for one in reversed(top.rep.to_list())]
    found = []
    for place in range(degree // 2 + 1):
        turn = Fraction(2 * place + is_negative, degree)
        if turn > 1:
            continue
        sides = []
        for quarter in (Fraction(0), Fraction(1, 2)):  # cos and sin of multiples of the angle
            terms = [
                one * radius ** (m + 1) * cosine(quarter - (m + 1) * turn) for m, one in enumerate(values)
            ]
            sides.append(scale * linear([(1, one) for one in terms]))
        at = Root(radius * cosine(turn), radius * cosine(Fraction(1, 2) - turn))
        found.append((1, _of_residue(Root(*sides), at, radius**2)))
    return found


def hermite_reduced(
    top: Polynomial, factor: Polynomial, exponent: int
) -> tuple[list[tuple[Polynomial, int]], Polynomial]:
    """The integral of top/factor**exponent as ([(a, k): a/factor**k], b): b/factor is left to integrate.

    Args:
        top: of a degree below that of factor**exponent.
        factor: without multiple roots.
        exponent: at least 1.
    """
    digits = []  # top = sum of digits[j]*factor**j
    for _ in range(exponent):
        top, digit = top.div(factor)
        digits.append(digit)
    inverse = factor.diff().invert(factor) if exponent > 1 else None
    below = []
    left = digits[0]
    for times in range(exponent - 1, 0, -1):  # left/factor**(times + 1)
        t = (left * inverse).rem(factor)
        s = (left - t * factor.diff()).quo(factor)
        scale = factor.domain.one / factor.domain.convert(times)
        below.append((-t.mul_ground(scale), times))
        left = s + t.diff().mul_ground(scale) + digits[exponent - times]
    return below, left


def _logarithms(top: Polynomial, factor: Polynomial, constants: Constants) -> Expr | None:
    """The integral of top/factor for an irreducible factor."""
    if top.is_zero:
        return ZERO_EXPR
    base = constants.expression(factor)
    if factor.degree() == 1:
        ratio = leading_coefficient(top) / leading_coefficient(factor)
        return multiply(constants.constant(ratio), function("log", base))
    if factor.degree() == 2:
        a, b, c = factor.rep.to_list()
        values = top.rep.to_list()
        p, q = values if len(values) == 2 else (factor.domain.zero, values[0])
        ratio = p / (2 * a)
        discriminant = constants.constant(b**2 - 4 * a * c)
        angle = of_reciprocal(constants.expression(factor.diff()), discriminant)
        rest = constants.constant(q - ratio * b)
        return constants.constant(ratio) * function("log", base) + rest * angle
    poles = polynomial_roots(factor, constants)
    if poles is None:
        return None if constants.generators else residue_logarithms(top, factor)
    return linear([(1, _of_residue(residue(top, factor, one, constants), one)) for one in poles])


def _of_residue(value: Root, at: Root, size: Expr | None = None) -> Expr:
    """The integral of value/(x - at), and of its conjugate for a complex root.

    Args:
        value: the residue.
        at: the root.
        size: the square of its absolute value, if it is known.
    """
    if at.is_real:
        return value.re * function("log", X - at.re)
    size = multiplied_out(at.re * at.re + at.im * at.im) if size is None else size
    square = linear(((1, product(1, ((X, 2),))), (-2, multiplied_out(at.re * X)), (1, size)))
    angle = function("atan", (X - at.re) / at.im)
    return value.re * function("log", square) - 2 * value.im * angle

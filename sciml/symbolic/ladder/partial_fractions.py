"""Integrals of rational functions with parameters: partial fractions, Hermite's reduction, residues.

Denominators are factored over the field of the constants. A factor of a degree over 2 leaves logarithms and
arctangents at its roots, where they are known by radicals.

Source: Bronstein, Symbolic Integration I, 2.2 (Hermite) and 2.3 (residues); Abramowitz & Stegun 3.3.16.
"""

from collections.abc import Iterator

from sciml.symbolic.expression import (
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
from sciml.symbolic.ladder.quadratics import of_reciprocal
from sciml.symbolic.ladder.radical_roots import Root, multiplied_out, polynomial_roots, residue
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


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """The antiderivative of a rational function of x. See `rung.Rung`."""
    found = rational_integral(problem.integrand)
    if found is not None:
        yield Candidate(found)


def rational_integral(integrand: Expr) -> Expr | None:
    """A proposed antiderivative; None if the integrand is no rational function or its poles are not known."""
    try:
        given = RationalFunction.of(integrand)
        return integral_of_fraction(given.top, given.bottom, given.constants)
    except (NotRationalError, UndefinedExpressionError, ExpressionTooLargeError):
        return None


def integral_of_fraction(top: Polynomial, bottom: Polynomial, constants: Constants) -> Expr | None:
    """An antiderivative of top/bottom, which have no common factors."""
    whole, rest = top.div(bottom)
    parts = [constants.expression(whole.integrate())]
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


def _of_residue(value: Root, at: Root) -> Expr:
    """The integral of value/(x - at), and of its conjugate for a complex root."""
    if at.is_real:
        return value.re * function("log", X - at.re)
    size = multiplied_out(at.re * at.re + at.im * at.im)
    square = linear(((1, product(1, ((X, 2),))), (-2, multiplied_out(at.re * X)), (1, size)))
    angle = function("atan", (X - at.re) / at.im)
    return value.re * function("log", square) - 2 * value.im * angle

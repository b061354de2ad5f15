"""Expressions over one denominator, cancelled and factored where they are rational functions of x over Q."""

from fractions import Fraction

from sciml.symbolic.expansion import numerator_denominator, polynomial_coefficients
from sciml.symbolic.expression import NUMBER, Expr, X, divide, function, linear, number, power, product
from sciml.symbolic.ladder.terms import tangents_as_quotients, with_functions
from sciml.symbolic.substitution import contains

_MAX_DEGREE = 40


def simplified_fraction(node: Expr) -> Expr:
    """The expression over one denominator; cancelled and factored if it is a rational function of x over
    Q."""
    node = with_functions(node, tangents_as_quotients) if contains_tangent(node) else node
    top, bottom = numerator_denominator(node)
    above = polynomial_coefficients(top, X, _MAX_DEGREE)
    below = polynomial_coefficients(bottom, X, _MAX_DEGREE)
    if above is None or below is None or any(one.kind != NUMBER for one in [*above, *below]):
        return divide(top, bottom)
    from sympy import Poly, Rational, Symbol

    x = Symbol("x")
    polynomials = [
        Poly([Rational(one.value.numerator, one.value.denominator) for one in reversed(side)], x, domain="QQ")
        for side in (above, below)
    ]
    common, upper, lower = polynomials[0].cancel(polynomials[1], include=False)
    factor, factors = lower.factor_list()
    scale = Fraction(int(common.p), int(common.q)) / Fraction(int(factor.p), int(factor.q))
    parts = [(_from_poly(upper), 1), *[(_from_poly(one), -multiplicity) for one, multiplicity in factors]]
    return product(scale, parts)


def contains_tangent(node: Expr) -> bool:
    """Whether tan or tanh of something that holds x occurs."""
    return any(contains(node, function(name, X)) for name in ("tan", "tanh"))


def _from_poly(poly: object) -> Expr:
    coefficients = [Fraction(int(c.p), int(c.q)) for c in reversed(poly.all_coeffs())]  # type: ignore[attr-defined]
    return linear([(value, power(X, number(degree))) for degree, value in enumerate(coefficients)])

"""Expressions over one denominator, cancelled and factored where they are rational functions of x."""

from sciml.symbolic.expansion import numerator_denominator
from sciml.symbolic.expression import Expr, X, divide, function, product
from sciml.symbolic.ladder.rational_functions import NotRationalError, RationalFunction, leading_coefficient
from sciml.symbolic.ladder.terms import tangents_as_quotients, with_functions
from sciml.symbolic.substitution import contains


def simplified_fraction(node: Expr) -> Expr:
    """The expression over one denominator; cancelled and factored if it is a rational function of x."""
    node = with_functions(node, tangents_as_quotients) if contains_tangent(node) else node
    try:
        given = RationalFunction.of(node)
    except NotRationalError:
        return divide(*numerator_denominator(node))
    to = given.constants.expression
    _, factors = given.bottom.factor_list()
    leading = leading_coefficient(given.bottom)
    for factor, exponent in factors:
        leading = leading / leading_coefficient(factor) ** exponent
    below = [(to(factor), -exponent) for factor, exponent in factors]
    return product(1, [(to(given.top.mul_ground(given.top.domain.one / leading)), 1), *below])


def contains_tangent(node: Expr) -> bool:
    """Whether tan or tanh of something that holds x occurs."""
    return any(contains(node, function(name, X)) for name in ("tan", "tanh"))

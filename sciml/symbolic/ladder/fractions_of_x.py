"""Expressions over one denominator, cancelled and factored where they are rational functions of x."""

from fractions import Fraction
from math import lcm

from sciml.symbolic.expansion import numerator_denominator
from sciml.symbolic.expression import POWER, Expr, X, divide, function, number, power, product, symbol
from sciml.symbolic.ladder.rational_functions import NotRationalError, RationalFunction, leading_coefficient
from sciml.symbolic.ladder.terms import tangents_as_quotients, with_functions
from sciml.symbolic.substitution import contains, operands, rebuilt, substitute

_ROOT = symbol("root_of_x")


def simplified_fraction(node: Expr) -> Expr:
    """The expression over one denominator; cancelled and factored if it is a rational function of x."""
    node = with_functions(node, tangents_as_quotients) if contains_tangent(node) else node
    try:
        given = RationalFunction.of(node)
    except NotRationalError:
        return _with_root_as_symbol(node) or divide(*numerator_denominator(node))
    to = given.constants.expression
    _, factors = given.bottom.factor_list()
    leading = leading_coefficient(given.bottom)
    for factor, exponent in factors:
        leading = leading / leading_coefficient(factor) ** exponent
    below = [(to(factor), -exponent) for factor, exponent in factors]
    return product(1, [(to(given.top.mul_ground(given.top.domain.one / leading)), 1), *below])


def _with_root_as_symbol(node: Expr) -> Expr | None:
    """Simplified as a rational function of x and of the one root of x in it; None if there are others."""
    degrees: dict[Expr, int] = {}

    def collect(part: Expr) -> None:
        if _is_root_of_x(part):
            degrees[part.args[0]] = lcm(degrees.get(part.args[0], 1), part.value.denominator)
        for one in operands(part):
            collect(one)

    collect(node)
    if len(degrees) != 1:
        return None
    base, degree = next(iter(degrees.items()))

    def replaced(part: Expr) -> Expr:
        if _is_root_of_x(part) and part.args[0] == base:
            return product(1, ((_ROOT, int(part.value * degree)),))
        return rebuilt(part, replaced) if part.mask & X.mask else part

    try:
        RationalFunction.of(replaced(node))
    except NotRationalError:
        return None
    return substitute(simplified_fraction(replaced(node)), {_ROOT: power(base, number(Fraction(1, degree)))})


def _is_root_of_x(node: Expr) -> bool:
    is_power = node.kind == POWER and node.value is not None and type(node.value) is not int
    return is_power and bool(node.mask & X.mask)


def contains_tangent(node: Expr) -> bool:
    """Whether tan or tanh of something that holds x occurs."""
    return any(contains(node, function(name, X)) for name in ("tan", "tanh"))

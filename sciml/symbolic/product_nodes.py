"""Nodes of powers and of products whose factors are in canonical form already."""

from operator import attrgetter

from sciml.symbolic.nodes import ADD, MULTIPLY, POWER, Expr, make_node, number, table
from sciml.symbolic.prefixes import Number, power_prefix, product_prefix
from sciml.symbolic.sums import linear


def power_node(base: Expr, exponent: Number) -> Expr:
    """base ** exponent as a node; exponent is neither 0 nor 1."""
    prefix = power_prefix(base.prefix, exponent)
    known = table.get(prefix)
    if known is not None:
        return known
    return make_node(POWER, exponent, (base, number(exponent)), prefix, base.mask)


def product_node(coefficient: Number, factors: list[Expr]) -> Expr:
    """coefficient times factors of different bases, none of them a number or a product; the list is
    sorted in place."""
    if len(factors) < 2:
        if not factors:
            return number(coefficient)
        only = factors[0]
        if coefficient == 1:
            return only
        if only.kind == ADD:
            return linear(((coefficient, only),))
    factors.sort(key=_PREFIX_OF)
    mask = 0
    prefixes = []
    for factor in factors:
        mask |= factor.mask
        prefixes.append(factor.prefix)
    return make_node(MULTIPLY, coefficient, tuple(factors), product_prefix(coefficient, prefixes), mask)


_PREFIX_OF = attrgetter("prefix")

"""Sums in canonical form: flat, like terms collected, terms sorted by prefix, the rational constant last."""

from collections.abc import Iterable
from fractions import Fraction
from math import gcd
from typing import Any

from sciml.symbolic.nodes import ADD, MULTIPLY, NUMBER, ONE, Expr, make_node, number, whole
from sciml.symbolic.prefixes import ADD_ID, Number, nested, number_prefix, product_prefix, scaled_prefix

_UNIT, _PRIMITIVE = "unit", "primitive"
"""Keys of `Expr.cache`."""


def add(*terms: Expr) -> Expr:
    """The sum of `terms` (0 without any)."""
    return linear([(1, term) for term in terms])


def linear(pairs: Iterable[tuple[Number, Expr]]) -> Expr:
    """The linear combination of (coefficient, expression) pairs."""
    constant: Number = 0
    collected: dict[bytes, list[Any]] = {}
    for coefficient, node in pairs:
        kind = node.kind
        if kind == NUMBER:
            constant += coefficient * node.value
            continue
        if kind == ADD:
            is_one = coefficient == 1  # a Fraction times 1 is slow
            constant += node.value if is_one else coefficient * node.value
            for term, inner in node.args:
                factor = inner if is_one else coefficient * inner
                entry = collected.get(term.prefix)
                if entry is None:
                    collected[term.prefix] = [term, factor]
                else:
                    entry[1] += factor
            continue
        if kind == MULTIPLY and node.value != 1:
            coefficient = node.value if coefficient == 1 else coefficient * node.value
            node = _without_coefficient(node)
        entry = collected.get(node.prefix)
        if entry is None:
            collected[node.prefix] = [node, coefficient]
        else:
            entry[1] += coefficient
    terms = [(key, one[0], one[1]) for key, one in collected.items() if one[1]]
    constant = whole(constant)
    if not terms:
        return number(constant)
    if len(terms) == 1 and not constant:
        return scaled(whole(terms[0][2]), terms[0][1])
    terms.sort()
    return _sum_node(constant, tuple([(term, whole(coefficient)) for _, term, coefficient in terms]))


def _sum_node(constant: Number, terms: tuple[tuple[Expr, Number], ...]) -> Expr:
    pieces = []
    mask = 0
    for term, coefficient in terms:
        mask |= term.mask
        if coefficient == 1:
            pieces.append(term.prefix)
        else:
            pieces.append(_scaled_prefix(coefficient, term))
    if constant:
        pieces.append(number_prefix(constant))
    return make_node(ADD, constant, terms, nested(ADD_ID, pieces), mask)


def scaled(coefficient: Number, term: Expr) -> Expr:
    """coefficient * term, where `term` is no sum, no number and has no coefficient of its own."""
    if coefficient == 1:
        return term
    factors = term.args if term.kind == MULTIPLY else (term,)
    return make_node(MULTIPLY, coefficient, factors, _scaled_prefix(coefficient, term), term.mask)


def _scaled_prefix(coefficient: Number, term: Expr) -> bytes:
    factors = term.args if term.kind == MULTIPLY else (term,)
    return scaled_prefix(coefficient, term.prefix, [one.prefix for one in factors])


def _without_coefficient(node: Expr) -> Expr:
    """A product with its rational coefficient replaced by 1."""
    if len(node.args) == 1:
        only: Expr = node.args[0]
        return only
    cache = node.cache
    if cache is None:
        cache = node.cache = {}
    unit: Expr | None = cache.get(_UNIT)
    if unit is None:
        prefix = product_prefix([one.prefix for one in node.args])
        unit = cache[_UNIT] = make_node(MULTIPLY, 1, node.args, prefix, node.mask)
    return unit


def coefficient_and_term(node: Expr) -> tuple[Number, Expr]:
    """Rational coefficient and the rest; a number is (itself, 1)."""
    if node.kind == NUMBER:
        return node.value, ONE
    if node.kind == MULTIPLY and node.value != 1:
        return node.value, _without_coefficient(node)
    return 1, node


def primitive(node: Expr) -> tuple[Number, Expr]:
    """Content and primitive part of a sum: coefficients become coprime integers, the first one positive."""
    cache = node.cache
    if cache is None:
        cache = node.cache = {}
    known: tuple[Number, Expr] | None = cache.get(_PRIMITIVE)
    if known is None:
        known = cache[_PRIMITIVE] = _primitive(node)
    return known


def _primitive(node: Expr) -> tuple[Number, Expr]:
    top, bottom = 0, 1
    values = [coefficient for _, coefficient in node.args]
    if node.value:
        values.append(node.value)
    for value in values:
        if type(value) is int:
            if value == 1 and bottom == 1:
                top = 1
                continue
            top = gcd(top, value)
        else:
            top = gcd(top, value.numerator)
            bottom = bottom * value.denominator // gcd(bottom, value.denominator)
    if values[0] < 0:
        top = -top
    if bottom == 1:
        if top == 1:
            return 1, node
        terms = tuple([(term, value // top) for term, value in node.args])
        return top, _sum_node(node.value // top, terms)
    content = Fraction(top, bottom)
    terms = tuple([(term, whole(value / content)) for term, value in node.args])
    return content, _sum_node(whole(node.value / content), terms)


def is_negative(node: Expr) -> bool:
    """Whether the first coefficient is negative: the form that odd and even functions bring outside."""
    if node.kind == ADD:
        return bool(node.args[0][1] < 0)
    return node.kind in (NUMBER, MULTIPLY) and bool(node.value < 0)

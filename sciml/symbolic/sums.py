"""Sums in canonical form: flat, like terms collected, terms sorted by prefix, the rational constant last."""

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm

from sciml.symbolic.nodes import ADD, MULTIPLY, NUMBER, ONE, Expr, make_node, number, whole
from sciml.symbolic.prefixes import ADD_ID, Number, nested, number_prefix, product_prefix, scaled_prefix

Terms = tuple[tuple[Expr, Number], ...]
"""Terms of a sum with their coefficients, sorted by prefix."""


def add(*terms: Expr) -> Expr:
    """The sum of `terms` (0 without any)."""
    return linear([(1, term) for term in terms])


def linear(pairs: Iterable[tuple[Number, Expr]]) -> Expr:
    """The linear combination of (coefficient, expression) pairs."""
    constant: Number = 0
    terms: dict[bytes, Expr] = {}
    sizes: dict[bytes, Number] = {}  # coefficients by the same keys
    for coefficient, node in pairs:
        kind = node.kind
        if kind == NUMBER:
            constant += node.value if coefficient == 1 else coefficient * node.value
            continue
        if kind == ADD:
            is_one = coefficient == 1  # a Fraction times 1 is slow
            constant += node.value if is_one else coefficient * node.value
            for term, inner in node.args:
                key = term.prefix
                if key in sizes:
                    sizes[key] += inner if is_one else coefficient * inner
                else:
                    sizes[key] = inner if is_one else coefficient * inner
                    terms[key] = term
            continue
        if kind == MULTIPLY and node.value != 1:
            coefficient = node.value if coefficient == 1 else coefficient * node.value
            node = _without_coefficient(node)
        key = node.prefix
        if key in sizes:
            sizes[key] += coefficient
        else:
            sizes[key] = coefficient
            terms[key] = node
    return _collected(constant, terms, sizes)


def _collected(constant: Number, terms: dict[bytes, Expr], sizes: dict[bytes, Number]) -> Expr:
    found = []
    for key in sorted(sizes):
        size = sizes[key]
        if size:
            found.append((terms[key], size if type(size) is int else whole(size)))
    if type(constant) is not int:
        constant = whole(constant)
    if not found:
        return number(constant)
    if len(found) == 1 and not constant:
        return scaled(found[0][1], found[0][0])
    return _sum_node(constant, tuple(found))


def _sum_node(constant: Number, terms: Terms) -> Expr:
    pieces = []
    mask = 0
    for term, coefficient in terms:
        mask |= term.mask
        pieces.append(term.prefix if coefficient == 1 else _scaled_prefix(coefficient, term))
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
    if type(coefficient) is int:
        return scaled_prefix(coefficient, term.prefix)
    factors = term.args if term.kind == MULTIPLY else (term,)
    return product_prefix(coefficient, [one.prefix for one in factors])


def _without_coefficient(node: Expr) -> Expr:
    """A product with its rational coefficient replaced by 1."""
    unit: Expr | None = node.bare
    if unit is None:
        if len(node.args) == 1:
            unit = node.args[0]
        else:
            prefix = product_prefix(1, [one.prefix for one in node.args])
            unit = make_node(MULTIPLY, 1, node.args, prefix, node.mask)
        node.bare = unit
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
    known: tuple[Number, Expr] | None = node.bare
    if known is None:
        known = node.bare = _primitive(node)
    return known


def _primitive(node: Expr) -> tuple[Number, Expr]:
    values = [coefficient for _, coefficient in node.args]
    if node.value:
        values.append(node.value)
    bottom = 1
    try:
        top = gcd(*values)
    except TypeError:  # fractions among them
        top = gcd(*[value.numerator for value in values])
        bottom = lcm(*[value.denominator for value in values])
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

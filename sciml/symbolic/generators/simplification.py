"""Other forms of the same expression: over one denominator, multiplied out, without factors that do not
matter.

Only the outermost sums and products are rewritten; arguments of functions stay. Every rewriting is exact for
complex values where both forms are defined.
"""

from collections.abc import Iterable

from sciml.symbolic.expression import ADD, MULTIPLY, ONE, POWER, Expr, Number, linear, product
from sciml.symbolic.vocabulary import AFTER_NINE, ZERO

Factors = dict[bytes, tuple[Expr, Number]]
"""Bases of a product by their prefix, with rational exponents."""

MOST_TERMS = 24
"""Products are multiplied out as long as no more terms than this arise."""


def factors_of(node: Expr) -> Factors:
    """Bases and rational exponents of a product (or of one factor), without its rational coefficient."""
    found: Factors = {}
    for factor in node.args if node.kind == MULTIPLY else (node,):
        if factor.kind == POWER and factor.value is not None:
            found[factor.args[0].prefix] = (factor.args[0], factor.value)
        else:
            found[factor.prefix] = (factor, 1)
    return found


def common_factors(terms: Iterable[Expr], keep: int = 0) -> Factors:
    """The largest product that divides every term, exponents of denominators included.

    Args:
        terms: products; numbers count as 1.
        keep: mask of symbols; bases that hold one of them are left out.
    """
    common: Factors | None = None
    for term in terms:
        factors = factors_of(term) if term.args or term.mask or term.value == "pi" else {}
        if common is None:
            common = factors
            continue
        merged: Factors = {}
        for key in common.keys() | factors.keys():
            base, exponent = common.get(key) or (factors[key][0], 0)
            smallest = min(exponent, factors[key][1] if key in factors else 0)
            if smallest:
                merged[key] = (base, smallest)
        common = merged
    found = common or {}
    return {key: found[key] for key in sorted(found) if not found[key][0].mask & keep} if found else {}


def split_common_factors(node: Expr, keep: int = 0) -> tuple[list[tuple[Expr, Number]], Expr]:
    """A sum as (factors, rest), node = product of the factors * rest, where the terms of the rest share no
    factor.

    What is no sum comes back with no factors. `keep` is a mask of symbols: bases with one of them are not
    taken out.
    """
    if node.kind != ADD:
        return [], node
    terms = [term for term, _ in node.args]
    if node.value:
        terms.append(ONE)
    common = list(common_factors(terms, keep).values())
    if not common:
        return [], node
    inverse = [(base, -exponent) for base, exponent in common]
    rest = [(coefficient, product(1, [(term, 1), *inverse])) for term, coefficient in node.args]
    if node.value:
        rest.append((node.value, product(1, inverse)))
    return common, linear(rest)


def together(node: Expr) -> Expr:
    """Over one denominator, common factors of all terms in front: 1/x + 1/x**2 becomes (x + 1)/x**2."""
    if node.kind == MULTIPLY:
        return product(
            node.value, [(together(factor) if factor.kind == ADD else factor, 1) for factor in node.args]
        )
    if node.kind == POWER and node.value is not None and node.args[0].kind == ADD and type(node.value) is int:
        return product(1, ((together(node.args[0]), node.value),))
    if node.kind != ADD:
        return node
    inner = linear([(coefficient, together(term)) for term, coefficient in node.args] + [(node.value, ONE)])
    common, rest = split_common_factors(inner)
    return product(1, [*common, (rest, 1)]) if common else inner


def expanded(node: Expr, most_terms: int = MOST_TERMS) -> Expr:
    """Products of sums multiplied out, whole positive powers of sums too, unless there are over `most_terms`
    terms.
    """
    if node.kind == ADD:
        parts = [(coefficient, expanded(term, most_terms)) for term, coefficient in node.args]
        return linear([*parts, (node.value, ONE)])
    if node.kind not in (MULTIPLY, POWER):
        return node
    rest: list[tuple[Expr, Number]] = []
    sums: list[Expr] = []
    for base, exponent in factors_of(node).values():
        if base.kind == ADD and type(exponent) is int and 0 < exponent <= 4:
            sums.extend([base] * exponent)
        else:
            rest.append((base, exponent))
    size = 1
    for one in sums:
        size *= len(one.args) + bool(one.value)
    if not sums or size > most_terms:
        return node
    scale = node.value if node.kind == MULTIPLY else 1
    terms: list[tuple[Number, Expr]] = [(scale, product(1, rest))]
    for one in sums:
        pieces = [(coefficient, term) for term, coefficient in one.args]
        if one.value:
            pieces.append((one.value, ONE))
        terms = [(u * v, product(1, ((left, 1), (right, 1)))) for u, left in terms for v, right in pieces]
    return linear(terms)


def shortest_form(node: Expr) -> Expr:
    """The shortest in tokens of: the expression, over one denominator, multiplied out, and both."""
    multiplied = expanded(node)
    forms = [node, together(node)]
    if multiplied is not node:
        forms += [multiplied, together(multiplied)]
    return min(forms, key=lambda form: (len(form.prefix), form.prefix))


def without_constant_term(node: Expr, variable: Expr) -> Expr:
    """A sum without its terms that do not hold the variable."""
    if node.kind != ADD:
        return node
    terms = [(coefficient, term) for term, coefficient in node.args if term.mask & variable.mask]
    if len(terms) == len(node.args) and not node.value:
        return node
    return linear(terms)


def longest_number(tokens: bytes) -> int:
    """Digits of the longest integer among token ids."""
    return max(map(len, tokens.translate(_ONLY_DIGITS).split()), default=0)


_ONLY_DIGITS = bytes(ord("0") if ZERO <= token < AFTER_NINE else ord(" ") for token in range(256))

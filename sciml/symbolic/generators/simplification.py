"""Other forms of the same expression: over one denominator, multiplied out, without factors that do not
matter.

Only the outermost sums and products are rewritten; arguments of functions stay. Every rewriting is exact for
complex values where both forms are defined.
"""

from collections.abc import Sequence

from sciml.symbolic.expression import ADD, MULTIPLY, ONE, POWER, Expr, Number, linear, product
from sciml.symbolic.vocabulary import AFTER_NINE, ID, ZERO

Factors = dict[bytes, tuple[Expr, Number]]
"""Bases of a product by their prefix, with rational exponents."""

MOST_TERMS = 24
"""Products are multiplied out as long as no more terms than this arise."""
FEW_TERMS = 8
"""The same where only the shortest form is wanted."""
_DIV = ID["div"]


def factors_of(node: Expr) -> Factors:
    """Bases and rational exponents of a product (or of one factor), without its rational coefficient."""
    found: Factors = {}
    for factor in node.args if node.kind == MULTIPLY else (node,):
        if factor.kind == POWER and factor.value is not None:
            found[factor.args[0].prefix] = (factor.args[0], factor.value)
        else:
            found[factor.prefix] = (factor, 1)
    return found


def common_factors(terms: Sequence[Expr]) -> Factors:
    """The largest product that divides every term, exponents of denominators included; numbers count as 1."""
    rows = [factors_of(term) if term.mask or term.args or term.value == "pi" else {} for term in terms]
    common = {key: one for key, one in rows[0].items() if one[1] < 0 or key in rows[1]}
    for row in rows[1:]:
        for key in [key for key, one in common.items() if one[1] > 0 and key not in row]:
            del common[key]
        for key, (base, exponent) in row.items():
            before = common[key][1] if key in common else min(exponent, 0) + 1
            if (exponent < 0 or key in common) and exponent < before:
                common[key] = (base, exponent)
    return {key: common[key] for key in sorted(common)} if len(common) > 1 else common


def split_common_factors(node: Expr) -> tuple[list[tuple[Expr, Number]], Expr]:
    """A sum as (factors, rest), node = product of the factors * rest, where the terms of the rest share no
    factor.

    What is no sum comes back with no factors.
    """
    if node.kind != ADD:
        return [], node
    terms = [term for term, _ in node.args]
    if node.value:
        terms.append(ONE)
    common = list(common_factors(terms).values())
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
        factors = [together(factor) if factor.kind in (ADD, POWER) else factor for factor in node.args]
        if all(new is old for new, old in zip(factors, node.args, strict=True)):
            return node
        return product(node.value, [(factor, 1) for factor in factors])
    if node.kind == POWER and type(node.value) is int and node.args[0].kind == ADD:
        base = together(node.args[0])
        return node if base is node.args[0] else product(1, ((base, node.value),))
    if node.kind != ADD or (node.value and _DIV not in node.prefix):
        return node  # without a division, a number among the terms shares no factor with them
    terms = [(coefficient, together(term)) for term, coefficient in node.args]
    if any(new is not old for (_, new), (old, _) in zip(terms, node.args, strict=True)):
        node = linear([*terms, (node.value, ONE)])
    common, rest = split_common_factors(node)
    return product(1, [*common, (rest, 1)]) if common else node


def expanded(node: Expr, most_terms: int = MOST_TERMS) -> Expr:
    """Products of sums multiplied out, whole positive powers of sums too, unless there are over `most_terms`
    terms.
    """
    if node.kind == ADD:
        parts = [(coefficient, expanded(term, most_terms)) for term, coefficient in node.args]
        if all(new is old for (_, new), (old, _) in zip(parts, node.args, strict=True)):
            return node
        return linear([*parts, (node.value, ONE)])
    if node.kind not in (MULTIPLY, POWER):
        return node
    if not any(factor.kind in (ADD, POWER) for factor in (node.args if node.kind == MULTIPLY else (node,))):
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
    best = node
    joined = together(node)
    if len(joined.prefix) < len(best.prefix):
        best = joined
    multiplied = expanded(node, FEW_TERMS)
    if multiplied is not node and len(multiplied.prefix) < 2 * len(best.prefix):
        both = together(multiplied)
        best = min(best, multiplied, both, key=lambda form: len(form.prefix))
    return best


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

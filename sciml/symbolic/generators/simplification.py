"""Other forms of the same expression: over one denominator, multiplied out, without factors that do not
matter.

Only the outermost sums and products are rewritten; arguments of functions stay. Every rewriting is exact for
complex values where both forms are defined.
"""

from collections.abc import Sequence
from operator import is_

from sciml.symbolic.expression import (
    ADD,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    Expr,
    Number,
    linear,
    product,
    whole,
)
from sciml.symbolic.product_nodes import power_node, product_node
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


def common_factors(rows: Sequence[Factors]) -> Factors:
    """The largest product that divides every term, exponents of denominators included.

    Args:
        rows: bases and exponents of at least two terms; none for a number.
    """
    common = {key: one for key, one in rows[0].items() if one[1] < 0 or key in rows[1]}
    for row in rows[1:]:
        for key in [key for key, one in common.items() if key not in row and one[1] > 0]:
            del common[key]
        for key, (base, exponent) in row.items():
            if key in common:
                if exponent < common[key][1]:
                    common[key] = (base, exponent)
            elif exponent < 0:
                common[key] = (base, exponent)
    return {key: common[key] for key in sorted(common)} if len(common) > 1 else common


def split_common_factors(node: Expr, *, only_shared: bool = False) -> tuple[list[tuple[Expr, Number]], Expr]:
    """A sum as (factors, rest), node = product of the factors * rest, where the terms of the rest share no
    factor.

    What is no sum comes back with no factors.

    Args:
        node: the sum.
        only_shared: leave denominators in their terms that one term alone has.
    """
    if node.kind != ADD or (node.value and _DIV not in node.prefix):
        return [], node  # without a division, a number among the terms shares no factor with them
    rows = [factors_of(term) for term, _ in node.args]
    if node.value:
        rows.append({})
    common = common_factors(rows)
    if only_shared and common:
        common = {key: one for key, one in common.items() if sum(key in row for row in rows) > 1}
    if not common:
        return [], node
    rest = [
        (coefficient, _divided(term, row, common))
        for (term, coefficient), row in zip(node.args, rows, strict=False)
    ]
    if node.value:
        rest.append((node.value, _divided(ONE, {}, common)))
    return list(common.values()), linear(rest)


def _divided(term: Expr, row: Factors, common: Factors) -> Expr:
    """A term without coefficient, whose bases and exponents are in `row`, divided by what it shares."""
    left = row.copy()
    for key, (base, exponent) in common.items():
        remaining: Number = -exponent
        if key in left:
            remaining = whole(left.pop(key)[1] + remaining)
        if remaining:
            left[key] = (base, remaining)
    count = len(term.args) if term.kind == MULTIPLY else int(term.kind != NUMBER)
    if len(row) != count or any([_is_apart(base, exponent) for base, exponent in left.values()]):
        return product(1, [(term, 1), *[(base, -exponent) for base, exponent in common.values()]])
    factors = [base if exponent == 1 else power_node(base, exponent) for base, exponent in left.values()]
    return product_node(1, factors)


def _is_apart(base: Expr, exponent: Number) -> bool:
    """Whether a power may leave a radical, or is one of an exponential: it does not just stay as it is."""
    if base.kind == ADD:
        return bool(base.args[0][1] < 0)
    return base.kind in (POWER, MULTIPLY, NUMBER) or (exponent != 1 and base.value == "exp")


def together(node: Expr, *, only_shared: bool = False) -> Expr:
    """Over one denominator, common factors of all terms in front: 1/x + 1/x**2 becomes (x + 1)/x**2.

    Args:
        node: any expression.
        only_shared: leave denominators that one term of a sum alone has: 1/x + 1/(x + 1) stays.
    """
    if node.kind == MULTIPLY:
        factors = [
            together(factor, only_shared=only_shared) if factor.kind in (ADD, POWER) else factor
            for factor in node.args
        ]
        if all(map(is_, factors, node.args)):
            return node
        return product(node.value, [(factor, 1) for factor in factors])
    if node.kind == POWER and type(node.value) is int and node.args[0].kind == ADD:
        base = together(node.args[0], only_shared=only_shared)
        return node if base is node.args[0] else product(1, ((base, node.value),))
    return _joined_sum(node, only_shared) if node.kind == ADD else node


def _joined_sum(node: Expr, only_shared: bool) -> Expr:
    if node.value and _DIV not in node.prefix:
        return node
    key = (node.prefix, only_shared)
    known = _joined.get(key)
    if known is not None:
        return node if known.prefix == node.prefix else known
    terms = [together(term, only_shared=only_shared) for term, _ in node.args]
    found = node
    if not all(map(is_, terms, [term for term, _ in node.args])):
        pairs = [(coefficient, term) for term, (_, coefficient) in zip(terms, node.args, strict=True)]
        found = linear([*pairs, (node.value, ONE)])
    common, rest = split_common_factors(found, only_shared=only_shared)
    if common:
        found = product(1, [*common, (rest, 1)])
    if len(_joined) >= _LARGEST_MEMORY:
        _joined.clear()
    _joined[key] = found
    return found


_joined: dict[tuple[bytes, bool], Expr] = {}
"""Sums over one denominator: inner ones are met again and again."""
_LARGEST_MEMORY = 20_000


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
    joined = together(node, only_shared=True)
    if len(joined.prefix) < len(best.prefix):
        best = joined
    multiplied = expanded(best, FEW_TERMS)
    if multiplied is not best and len(multiplied.prefix) < 1.2 * len(best.prefix):
        both = together(multiplied, only_shared=True)
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


def has_longer_number(tokens: bytes, digits: int) -> bool:
    """Whether an integer of more than so many digits is among token ids."""
    return b"0" * (digits + 1) in tokens.translate(_ONLY_DIGITS)


_ONLY_DIGITS = bytes(ord("0") if ZERO <= token < AFTER_NINE else ord(" ") for token in range(256))

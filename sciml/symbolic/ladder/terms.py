"""Expressions as sums of terms, and terms as products of powers of bases."""

from collections.abc import Callable, Iterator

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    SYMBOL,
    Expr,
    ExpressionTooLargeError,
    Number,
    coefficient_and_term,
    divide,
    function,
    linear,
    power,
    product,
)

Terms = list[tuple[Number, Expr]]


def terms_of(node: Expr) -> Terms:
    """(rational coefficient, term) pairs whose sum is the expression; the constant has the term 1."""
    if node.kind != ADD:
        return [coefficient_and_term(node)]
    pairs: Terms = [(coefficient, term) for term, coefficient in node.args]
    return [*pairs, (node.value, ONE)] if node.value else pairs


def factors_of(term: Expr) -> Iterator[tuple[Expr, Number]]:
    """(base, rational exponent) of the factors of a term without coefficient."""
    for factor in term.args if term.kind == MULTIPLY else (term,):
        if factor.kind == POWER and factor.value is not None:
            yield factor.args[0], factor.value
        else:
            yield factor, 1


def bases_of(node: Expr, found: dict[bytes, Expr] | None = None) -> dict[bytes, Expr]:
    """Everything whose powers make up the expression or an argument inside it, by prefix.

    These are symbols, functions, sums that are factors or under powers, and symbolic powers.
    """
    found = {} if found is None else found
    if node.kind in (SYMBOL, FUNCTION):
        found.setdefault(node.prefix, node)
    if node.kind == ADD:
        for term, _ in node.args:
            bases_of(term, found)
        return found
    if node.kind == POWER:
        base = node.args[0]
        if node.value is None:
            found.setdefault(node.prefix, node)
        if base.kind != NUMBER:
            found.setdefault(base.prefix, base)
    if node.kind == MULTIPLY:
        for factor in node.args:
            if factor.kind == ADD:
                found.setdefault(factor.prefix, factor)
    for part in node.args:
        if isinstance(part, Expr):
            bases_of(part, found)
    return found


def multiplied_out(node: Expr, max_terms: int) -> Expr:
    """The expression as a sum of terms: products and positive whole powers of sums are multiplied out.

    Denominators and arguments stay as they are.

    Raises:
        ExpressionTooLargeError: more than `max_terms` terms.
    """
    if node.kind == ADD:
        parts = [(coefficient, multiplied_out(term, max_terms)) for term, coefficient in node.args]
        return linear([*parts, (node.value, ONE)])
    if node.kind not in (MULTIPLY, POWER):
        return node
    coefficient = node.value if node.kind == MULTIPLY else 1
    total: Terms = [(coefficient, ONE)]
    for factor in node.args if node.kind == MULTIPLY else (node,):
        for part in _repeated(factor):
            total = _times(total, terms_of(part), max_terms)
    return linear(total)


def _repeated(factor: Expr) -> list[Expr]:
    """The factor, or a power of a sum as that many sums; a fractional power keeps its fraction."""
    if factor.kind == POWER and factor.value is not None and factor.value > 1 and factor.args[0].kind == ADD:
        whole = int(factor.value)
        base = multiplied_out(factor.args[0], 1000)
        rest = product(1, ((factor.args[0], factor.value - whole),))
        return [*([base] * min(whole, 30)), *([rest] if rest is not ONE else [])]
    if factor.kind == ADD:
        return [multiplied_out(factor, 1000)]
    return [factor]


def _times(left: Terms, right: Terms, max_terms: int) -> Terms:
    if len(left) * len(right) > 4 * max_terms:
        raise ExpressionTooLargeError(f"a product of {len(left)} by {len(right)} terms")
    pairs = [(a * c, product(1, ((b, 1), (d, 1)))) for a, b in left for c, d in right]
    found = terms_of(linear(pairs))
    if len(found) > max_terms:
        raise ExpressionTooLargeError(f"a sum of over {max_terms} terms")
    return found


def with_functions(node: Expr, rule: Callable[[str, Expr], Expr]) -> Expr:
    """The expression with `rule(name, argument)` in the place of every function, innermost first."""
    kind = node.kind
    if kind == ADD:
        return linear([(node.value, ONE), *[(c, with_functions(term, rule)) for term, c in node.args]])
    if kind == MULTIPLY:
        return product(node.value, [(with_functions(factor, rule), 1) for factor in node.args])
    if kind == POWER:
        return power(with_functions(node.args[0], rule), with_functions(node.args[1], rule))
    if kind == FUNCTION:
        return rule(node.value, with_functions(node.args[0], rule))
    return node


def tangents_as_quotients(name: str, argument: Expr) -> Expr:
    """tan = sin/cos and tanh = sinh/cosh; other functions stay."""
    if name == "tan":
        return divide(function("sin", argument), function("cos", argument))
    if name == "tanh":
        return divide(function("sinh", argument), function("cosh", argument))
    return function(name, argument)


def hyperbolics_as_exponentials(name: str, argument: Expr) -> Expr:
    """sinh, cosh and tanh by exp; other functions stay."""
    if name not in ("sinh", "cosh", "tanh"):
        return function(name, argument)
    grow, shrink = function("exp", argument), function("exp", -argument)
    if name == "tanh":
        return divide(grow - shrink, grow + shrink)
    return divide(grow - shrink if name == "sinh" else grow + shrink, ONE + ONE)

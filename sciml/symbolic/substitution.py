"""Expressions with parts replaced by others."""

from collections.abc import Callable, Mapping

from sciml.symbolic.expression import (
    ADD,
    MULTIPLY,
    ONE,
    POWER,
    SYMBOL,
    Expr,
    function,
    linear,
    power,
    product,
    symbol,
)


def substitute(node: Expr, replacements: Mapping[Expr, Expr]) -> Expr:
    """The expression with every part that is a key replaced by its value, all at once.

    A key is a symbol or a whole node of the tree: in x**4, x**2 is no part, and x + 1 is none of x + y + 1.
    What is put in is not searched again.

    Raises:
        UndefinedExpressionError: the result has no value (1/x with x replaced by 0).
        ExpressionTooLargeError: an exact number beyond the limit.
    """
    by_prefix = {key.prefix: value for key, value in replacements.items()}
    only_symbols = all(key.kind == SYMBOL for key in replacements)
    mask = 0
    for key in replacements:
        mask |= key.mask
    known: dict[bytes, Expr] = {}

    def replaced(part: Expr) -> Expr:
        if only_symbols and not part.mask & mask:
            return part
        found = by_prefix.get(part.prefix) or known.get(part.prefix)
        if found is None:
            found = known[part.prefix] = rebuilt(part, replaced)
        return found

    return replaced(node)


def rename(node: Expr, names: Mapping[str, str]) -> Expr:
    """The expression with symbols of other names, all at once."""
    return substitute(node, {symbol(old): symbol(new) for old, new in names.items()})


def contains(node: Expr, part: Expr) -> bool:
    """Whether `part` is the expression itself or a node inside it."""
    if node.prefix == part.prefix:
        return True
    if part.mask & ~node.mask:
        return False
    return part.kind == SYMBOL or any(contains(one, part) for one in operands(node))


def operands(node: Expr) -> list[Expr]:
    """The expressions that a node is made of."""
    if node.kind == ADD:
        return [term for term, _ in node.args]
    return [one for one in node.args if isinstance(one, Expr)]


def rebuilt(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The node made again of its changed operands; a leaf is returned as it is."""
    kind = node.kind
    if kind == ADD:
        return linear([(node.value, ONE), *[(coefficient, change(term)) for term, coefficient in node.args]])
    if kind == MULTIPLY:
        return product(node.value, [(change(factor), 1) for factor in node.args])
    if kind == POWER:
        base, exponent = node.args
        if node.value is not None:
            return product(1, ((change(base), node.value),))
        return power(change(base), change(exponent))
    if not node.args:
        return node
    return function(node.value, change(node.args[0]))

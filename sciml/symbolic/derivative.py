"""Derivatives of canonical expressions, kept with each node."""

from collections.abc import Callable
from fractions import Fraction

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MINUS_ONE,
    MULTIPLY,
    ONE,
    POWER,
    SYMBOL,
    ZERO_EXPR,
    Expr,
    X,
    function,
    linear,
    multiply,
    product,
)


def derivative(node: Expr, variable: Expr = X) -> Expr:
    """The derivative with respect to a symbol, in canonical form but not simplified further.

    abs(u) counts as real: its derivative is sign(u)*u'; that of sign is 0.

    Raises:
        ExpressionTooLargeError: an exact number beyond the limit.
    """
    if not node.mask & variable.mask:
        return ZERO_EXPR
    if node.kind == SYMBOL:
        return ONE
    cache = node.cache
    if cache is None:
        cache = node.cache = {}
    known: Expr | None = cache.get(variable.prefix)
    if known is None:
        known = cache[variable.prefix] = _RULES[node.kind](node, variable)
    return known


def _of_sum(node: Expr, variable: Expr) -> Expr:
    mask = variable.mask
    return linear(
        [(coefficient, derivative(term, variable)) for term, coefficient in node.args if term.mask & mask]
    )


def _of_product(node: Expr, variable: Expr) -> Expr:
    mask = variable.mask
    terms = []
    for index, factor in enumerate(node.args):
        if factor.mask & mask:
            others = [(other, 1) for place, other in enumerate(node.args) if place != index]
            terms.append((node.value, product(1, [(derivative(factor, variable), 1), *others])))
    return linear(terms)


def _of_power(node: Expr, variable: Expr) -> Expr:
    base, exponent = node.args
    if node.value is not None:
        inner = derivative(base, variable)
        return product(node.value, ((base, node.value - 1), (inner, 1)))
    growth = []
    if exponent.mask & variable.mask:
        growth.append((1, multiply(derivative(exponent, variable), function("log", base))))
    if base.mask & variable.mask:
        growth.append((1, product(1, ((exponent, 1), (derivative(base, variable), 1), (base, -1)))))
    return product(1, ((node, 1), (linear(growth), 1)))


def _of_function(node: Expr, variable: Expr) -> Expr:
    argument = node.args[0]
    return product(1, (*_OUTER[node.value](argument, node), (derivative(argument, variable), 1)))


_RULES: dict[int, Callable[[Expr, Expr], Expr]] = {
    ADD: _of_sum,
    MULTIPLY: _of_product,
    POWER: _of_power,
    FUNCTION: _of_function,
}

Powers = tuple[tuple[Expr, int | Fraction], ...]


def _square_and(u: Expr, sign: int, constant: int) -> Expr:
    """constant + sign*u**2."""
    return linear(((constant, ONE), (sign, product(1, ((u, 2),)))))


_HALF = Fraction(1, 2)
_OUTER: dict[str, Callable[[Expr, Expr], Powers]] = {
    "exp": lambda u, node: ((node, 1),),
    "log": lambda u, node: ((u, -1),),
    "sin": lambda u, node: ((function("cos", u), 1),),
    "cos": lambda u, node: ((MINUS_ONE, 1), (function("sin", u), 1)),
    "tan": lambda u, node: ((_square_and(node, 1, 1), 1),),
    "asin": lambda u, node: ((_square_and(u, -1, 1), -_HALF),),
    "acos": lambda u, node: ((MINUS_ONE, 1), (_square_and(u, -1, 1), -_HALF)),
    "atan": lambda u, node: ((_square_and(u, 1, 1), -1),),
    "sinh": lambda u, node: ((function("cosh", u), 1),),
    "cosh": lambda u, node: ((function("sinh", u), 1),),
    "tanh": lambda u, node: ((_square_and(node, -1, 1), 1),),
    "asinh": lambda u, node: ((_square_and(u, 1, 1), -_HALF),),
    "acosh": lambda u, node: ((linear(((1, u), (-1, ONE))), -_HALF), (linear(((1, u), (1, ONE))), -_HALF)),
    "atanh": lambda u, node: ((_square_and(u, -1, 1), -1),),
    "abs": lambda u, node: ((function("sign", u), 1),),
    "sign": lambda u, node: ((ZERO_EXPR, 1),),
}

"""One change of variable, and an integrand written in the new variable.

The new variable t is written x as well. A root of something in t may stand for a function of the old variable
that is one of the two roots everywhere: with t = sin(x), sqrt(1 - t**2) stands for cos(x). Every rule for
rational functions of t and that root holds for either of its signs, so the answer does too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ONE,
    POWER,
    SYMBOL,
    Expr,
    X,
    function,
    linear,
    number,
    power,
    product,
)
from sciml.symbolic.substitution import operands, rebuilt, substitute

Resolve = Callable[[Expr], Expr | None]

MOST_DEGREE = 12
"""Of a radical that becomes the new variable."""


@dataclass(frozen=True)
class Change:
    """One substitution. The new variable is written x as well."""

    new: Expr
    """t as an expression in the old variable."""
    old: Expr
    """The old variable as an expression in t."""
    resolve: Resolve
    """What a part of the integrand (a radical, a function) is in t, or None if it is left to `old`."""
    roots: tuple[tuple[Expr, Expr], ...] = ()
    """(square in t, what its square root stands for in the old variable)."""

    def back(self, answer: Expr) -> Expr:
        """An antiderivative in t as one in the old variable."""
        known = {square.prefix: meaning for square, meaning in self.roots}

        def replaced(node: Expr) -> Expr:
            if node == X:
                return self.new
            if not node.mask & X.mask:
                return node
            is_root = node.kind == POWER and node.value is not None and node.value.denominator == 2
            if is_root and node.args[0].prefix in known:
                return product(1, ((known[node.args[0].prefix], node.value.numerator),))
            return rebuilt(node, replaced)

        return replaced(answer)


def rewritten(node: Expr, change: Change) -> Expr:
    """The expression in the new variable, which is written x as well."""
    if not node.mask & X.mask:
        return node
    known = change.resolve(node)
    if known is not None:
        return known
    kind = node.kind
    if kind == SYMBOL:
        return change.old
    if kind == ADD:
        return linear([(node.value, ONE), *[(c, rewritten(term, change)) for term, c in node.args]])
    if kind == MULTIPLY:
        return product(node.value, [(rewritten(factor, change), 1) for factor in node.args])
    if kind == POWER:
        if node.value is not None:
            return product(1, ((rewritten(node.args[0], change), node.value),))
        return power(rewritten(node.args[0], change), rewritten(node.args[1], change))
    assert kind == FUNCTION
    return function(node.value, rewritten(node.args[0], change))


def radicals_of(integrand: Expr) -> list[tuple[Expr, int]]:
    """(base, degree) of the radicals that hold x, each once."""
    found: dict[tuple[bytes, int], tuple[Expr, int]] = {}

    def walk(node: Expr) -> None:
        if not node.mask & X.mask:
            return
        if node.kind == POWER and node.value is not None and type(node.value) is not int:
            found[(node.args[0].prefix, node.value.denominator)] = (node.args[0], node.value.denominator)
        for part in operands(node):
            walk(part)

    walk(integrand)
    return list(found.values())


def line_of(node: Expr) -> tuple[Expr, Expr] | None:
    """(a, b) with node = a*x + b and a, b free of x; None if a is 0 or holds x."""
    slope = derivative(node)
    if slope.mask & X.mask or slope == number(0):
        return None
    return slope, substitute(node, {X: number(0)})


def root_resolver(base: Expr, degree: int) -> Resolve:
    """Powers of one base as powers of t = base**(1/degree)."""

    def resolve(node: Expr) -> Expr | None:
        if node.kind == POWER and node.value is not None and node.args[0] == base:
            exponent = node.value * degree
            if Fraction(exponent).denominator == 1:
                return power(X, number(int(exponent)))
        if node == base:
            return power(X, number(degree))
        return None

    return resolve


def either(*choices: Resolve) -> Resolve:
    """What the first of these resolvers says that says anything."""

    def resolve(node: Expr) -> Expr | None:
        return next((found for found in (one(node) for one in choices) if found is not None), None)

    return resolve


def power_of(base: Expr, exponent: Fraction | int) -> Expr:
    """A power of a product with each of its factors to the power by itself, whatever their signs."""
    factors = base.args if base.kind == MULTIPLY else (base,)
    found = [power(number(base.value), number(exponent))] if base.kind == MULTIPLY else []
    for one in factors:
        inner, own = (one.args[0], one.value) if one.kind == POWER and one.value is not None else (one, 1)
        found.append(power(inner, number(Fraction(own) * exponent)))
    return product(1, [(one, 1) for one in found])

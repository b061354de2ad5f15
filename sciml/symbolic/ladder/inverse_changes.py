"""Changes of variable for logarithms and inverse functions: t = log(x), asin(g), atan(g) and their like.

x = exp(t) makes sin(log(x)) a wave; x = sin(t) makes x**2*asin(x)**3/sqrt(1 - x**2) a polynomial times waves.
"""

from collections.abc import Iterator
from fractions import Fraction

from sciml.symbolic.expression import (
    FUNCTION,
    ONE,
    POWER,
    Expr,
    X,
    divide,
    function,
    multiply,
    number,
    power,
    product,
)
from sciml.symbolic.ladder.change import Change, Resolve, line_of
from sciml.symbolic.ladder.normalise import constant_factor
from sciml.symbolic.substitution import operands

_OF = {
    **{"asin": ("sin", "cos"), "acos": ("cos", "sin"), "asinh": ("sinh", "cosh"), "acosh": ("cosh", "sinh")},
    **{"atan": ("tan", "cos"), "atanh": ("tanh", "cosh")},
}
"""The function that undoes an inverse function, and the one that a square root turns into."""


def inverse_changes(integrand: Expr) -> Iterator[Change]:
    """One for each logarithm or inverse function of an argument that can be solved for x."""
    for node in _inverse_functions(integrand).values():
        if node.value == "log":
            yield from _of_logarithm(node)
        else:
            yield from _of_inverse(node)


def _inverse_functions(node: Expr) -> dict[bytes, Expr]:
    found: dict[bytes, Expr] = {}
    if node.kind == FUNCTION and node.mask & X.mask and node.value in (*_OF, "log"):
        found[node.prefix] = node
    for part in operands(node):
        found.update(_inverse_functions(part))
    return found


def _solved(argument: Expr, value: Expr) -> Expr | None:
    """x from argument = value, for a*x + b, a*x**n, a*exp(b*x)."""
    line = line_of(argument)
    if line is not None:
        return divide(value - line[1], line[0])
    constant, rest = constant_factor(argument)
    ratio = divide(value, constant)
    if rest.kind == POWER and rest.args[0] == X and rest.value is not None:
        return power(ratio, number(Fraction(1) / rest.value))
    if rest.kind == FUNCTION and rest.value == "exp":
        line = line_of(rest.args[0])
        return None if line is None else divide(function("log", ratio) - line[1], line[0])
    return None


def _of_logarithm(node: Expr) -> Iterator[Change]:
    grown = function("exp", X)
    old = _solved(node.args[0], grown)
    if old is None:
        return

    constant, rest = constant_factor(node.args[0])

    def resolve(one: Expr) -> Expr | None:
        if one == node:
            return X
        if one == node.args[0]:
            return grown
        if rest == X and one.kind == POWER and one.args[0] == X and not one.args[1].mask & X.mask:
            return divide(function("exp", multiply(one.args[1], X)), power(constant, one.args[1]))
        if one.kind == POWER and one.args[0] == node.args[0] and not one.args[1].mask & X.mask:
            return function("exp", multiply(one.args[1], X))
        return None

    yield Change(node, old, resolve)


def _of_inverse(node: Expr) -> Iterator[Change]:
    direct, partner = _OF[node.value]
    value = function(direct, X)
    old = _solved(node.args[0], value)
    if old is None:
        return
    argument = node.args[0]
    sign = {"sin": -1, "cos": -1, "tan": 1, "sinh": 1, "cosh": 1, "tanh": -1}[direct]
    square = power(argument, number(2))
    base = square - 1 if direct == "cosh" else 1 + sign * square
    other = function(partner, X)
    root = divide(ONE, other) if direct in ("tan", "tanh") else other
    yield Change(node, old, _resolver(node, argument, value, base, root))


def _resolver(node: Expr, argument: Expr, value: Expr, base: Expr, root: Expr) -> Resolve:
    """node as t, its argument as value, and powers of a multiple of `base` as powers of root**2."""

    def resolve(one: Expr) -> Expr | None:
        if one == node:
            return X
        if one == argument:
            return value
        if one.kind == POWER and one.value is not None:
            ratio = divide(one.args[0], base)
            if not ratio.mask & X.mask:
                twice = Fraction(one.value) * 2
                if twice.denominator == 1:
                    return multiply(power(ratio, one.args[1]), product(1, ((root, int(twice)),)))
        ratio = divide(one, base)
        return None if ratio.mask & X.mask else multiply(ratio, product(1, ((root, 2),)))

    return resolve

"""Expressions solved for a symbol by undoing the operations on the way to it, on several branches."""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice

from sciml.symbolic.expansion import expand, numerator_denominator, polynomial_coefficients
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    ONE,
    PI,
    POWER,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    divide,
    function,
    linear,
    multiply,
    number,
    power,
    product,
    rational,
    sqrt,
)
from sciml.symbolic.substitution import operands, rebuilt, substitute

INVERSE = {
    **{"exp": "log", "log": "exp", "sin": "asin", "cos": "acos", "tan": "atan"},
    **{"asin": "sin", "acos": "cos", "atan": "tan", "sinh": "asinh", "cosh": "acosh", "tanh": "atanh"},
    **{"asinh": "sinh", "acosh": "cosh", "atanh": "tanh"},
}
"""The principal branch of the inverse of each function."""
_MOST_BRANCHES = 6

Chain = dict[Expr, Expr]
"""Parts of an expression with their values; the unknown's is the solution."""


def inverses(node: Expr, unknown: Expr, value: Expr) -> list[Expr]:
    """Solutions of node = value for a symbol, the principal branch first; empty if it cannot be isolated."""
    return [one[unknown] for one in chains(node, unknown, value)]


def chains(node: Expr, unknown: Expr, value: Expr) -> list[Chain]:
    """The same solutions, each with the values that the parts of `node` take on the way."""
    found: dict[bytes, Chain] = {}
    with suppress(UndefinedExpressionError, ExpressionTooLargeError):
        for one in islice(_branches(node, unknown, value, {}), 2 * _MOST_BRANCHES):
            found.setdefault(one[unknown].prefix, one)
    return list(found.values())[:_MOST_BRANCHES]


def _branches(node: Expr, unknown: Expr, value: Expr, before: Chain) -> Iterator[Chain]:
    mask = unknown.mask
    chain = {**before, node: value}
    if node == unknown:
        yield chain
    elif len(before) > 40 or not node.mask & mask or value.mask & mask:
        return
    elif node.kind == FUNCTION and node.value in INVERSE:
        for argument in _arguments(node.value, value):
            yield from _branches(node.args[0], unknown, argument, chain)
    elif node.kind == POWER:
        yield from _of_power(node, unknown, value, chain)
    elif node.kind in (ADD, MULTIPLY):
        yield from _of_many(node, unknown, value, chain)


def _arguments(name: str, value: Expr) -> list[Expr]:
    """u with name(u) = value, from one period."""
    principal = function(INVERSE[name], value)
    if name in ("cos", "cosh"):
        return [principal, -principal]
    return [principal, PI - principal] if name == "sin" else [principal]


def _of_power(node: Expr, unknown: Expr, value: Expr, chain: Chain) -> Iterator[Chain]:
    base, exponent = node.args
    if exponent.mask & unknown.mask:
        if not base.mask & unknown.mask:
            logarithm = divide(function("log", value), function("log", base))
            yield from _branches(exponent, unknown, logarithm, chain)
        return
    root = power(value, divide(ONE, exponent))
    yield from _branches(base, unknown, root, chain)
    if node.value is not None and node.value.numerator % 2 == 0:
        yield from _branches(base, unknown, -root, chain)


def _of_many(node: Expr, unknown: Expr, value: Expr, chain: Chain) -> Iterator[Chain]:
    """A sum or a product: what is free of the unknown goes to the other side."""
    mask = unknown.mask
    held = [part for part in operands(node) if part.mask & mask]
    if len(held) == 1:
        part = held[0]
        if node.kind == MULTIPLY:
            others = [(one, 1) for one in node.args if one is not part]
            rest = divide(value, product(node.value, others))
        else:
            factor = next(coefficient for term, coefficient in node.args if term is part)
            rest = linear([(1 / Fraction(factor), value), (-1 / Fraction(factor), node), (1, part)])
        yield from _branches(part, unknown, rest, chain)
        return
    if node.kind == MULTIPLY:
        tangent = _with_tangents(node)
        if tangent is not node:
            yield from _branches(tangent, unknown, value, chain)
            return
    yield from _of_polynomial(node, unknown, value, chain)
    if node.kind == ADD and all(_log_of(part) is not None for part in held):
        yield from _of_logarithms(node, unknown, value, chain)


def _with_tangents(node: Expr) -> Expr:
    """A product with sin(u)**n/cos(u)**n as tan(u)**n, and the same for the hyperbolic functions."""
    powers = {base: exponent for base, exponent in (as_power(one) for one in node.args)}
    for base, exponent in powers.items():
        for above, below, quotient in (("sin", "cos", "tan"), ("sinh", "cosh", "tanh")):
            if base.kind == FUNCTION and base.value == above:
                other = function(below, base.args[0])
                if powers.get(other) == -exponent:
                    return product(
                        1,
                        [
                            (node, 1),
                            (base, -exponent),
                            (other, exponent),
                            (function(quotient, base.args[0]), exponent),
                        ],
                    )
    return node


def as_power(factor: Expr) -> tuple[Expr, Number]:
    """(base, exponent) of a factor of a product; the exponent is 1 unless it is another number."""
    is_power = factor.kind == POWER and factor.value is not None
    return (factor.args[0], factor.value) if is_power else (factor, 1)


def _of_polynomial(node: Expr, unknown: Expr, value: Expr, chain: Chain) -> Iterator[Chain]:
    """node - value as a polynomial of degree 1 or 2 in the unknown, or in a function or power of it."""
    above, _ = numerator_denominator(node - value)
    for generator in [unknown, *_generators(above, unknown)]:
        coefficients = polynomial_coefficients(above, generator, 4)
        if coefficients is None or any(one.mask & unknown.mask for one in coefficients):
            continue
        for root in _roots(coefficients):
            yield from _branches(generator, unknown, root, chain)
        return


def _generators(node: Expr, unknown: Expr) -> list[Expr]:
    """Functions and radicals that hold the unknown, the shorter first."""
    found: dict[bytes, Expr] = {}

    def walk(part: Expr) -> None:
        if not part.mask & unknown.mask:
            return
        if part.kind == FUNCTION or (part.kind == POWER and type(part.value) is not int):
            found[part.prefix] = part
        for one in operands(part):
            walk(one)

    walk(node)
    return sorted(found.values(), key=lambda one: len(one.prefix))[:4]


def _roots(coefficients: list[Expr]) -> list[Expr]:
    degree = len(coefficients) - 1
    if degree < 1:
        return []
    lowest, *between, highest = coefficients
    if all(one == ZERO_EXPR for one in between):
        root = power(divide(-lowest, highest), rational(1, degree))
        return [root, -root] if degree % 2 == 0 else [root]
    if degree != 2:
        return []
    middle = between[0]
    radical = sqrt(multiply(middle, middle) - 4 * multiply(highest, lowest))
    return [divide(sign * radical - middle, 2 * highest) for sign in (1, -1)]


def _log_of(part: Expr) -> Expr | None:
    """The argument of a logarithm."""
    return part.args[0] if part.kind == FUNCTION and part.value == "log" else None


def inverse_of_logarithm(argument: Expr) -> Expr | None:
    """acosh(a/sqrt(k)) for log(a + b*sqrt(w)) with a**2 - b**2*w = k, asinh(a/sqrt(-k)) for a negative k.

    They differ by a constant; None if the logarithm is not of this kind.
    """
    if argument.kind != ADD:
        return None
    roots = [(term, factor) for term, factor in argument.args if _has_square_root(term)]
    if len(roots) != 1:
        return None
    root = linear([(roots[0][1], roots[0][0])])
    rest = argument - root
    level = expand(multiply(rest, rest)) - expand(multiply(root, root))
    if level.kind != NUMBER or level.value == 0:
        return None
    ratio = expand(divide(rest, sqrt(number(abs(level.value)))))
    return function("acosh" if level.value > 0 else "asinh", ratio)


def with_inverse_functions(node: Expr) -> Expr:
    """The expression with acosh and asinh for the logarithms that they are up to a constant.

    Raises:
        ExpressionTooLargeError: a square beyond the limit.
    """
    made = rebuilt(node, with_inverse_functions)
    is_logarithm = made.kind == FUNCTION and made.value == "log"
    return (inverse_of_logarithm(made.args[0]) if is_logarithm else None) or made


def is_square_root(part: Expr) -> bool:
    """Whether a part is an odd power of the square root of something that is no number."""
    return part.kind == POWER and part.value is not None and part.value.denominator == 2 and bool(part.mask)


def _has_square_root(term: Expr) -> bool:
    factors = term.args if term.kind == MULTIPLY else (term,)
    return any(is_square_root(one) for one in factors)


def _of_logarithms(node: Expr, unknown: Expr, value: Expr, chain: Chain) -> Iterator[Chain]:
    """sum of r*log(u) = value as a product of powers of the u, scaled so that exponents are whole."""
    held = [(term, factor) for term, factor in node.args if term.mask & unknown.mask]
    rest = value - linear([(1, node), *[(-factor, term) for term, factor in held]])
    scale = 1
    for _, factor in held:
        scale *= factor.denominator // _common(scale, factor.denominator)
    bases = [(term.args[0], int(factor * scale)) for term, factor in held]
    yield from _branches(product(1, bases), unknown, function("exp", scale * rest), chain)


def _common(first: int, second: int) -> int:
    while second:
        first, second = second, first % second
    return first


def at_values(node: Expr, replacements: dict[Expr, Expr]) -> Expr | None:
    """The expression with symbols replaced; None where it has no value there."""
    try:
        return substitute(node, replacements)
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return None

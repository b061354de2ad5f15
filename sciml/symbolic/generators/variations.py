"""What keeps a solver from being brittle: large numbers, parameters, sums, multiples and shifted arguments.

Welleck et al. (AAAI 2022) found that a model trained on plain backward, forward and by-parts integrals fails
on k1*f(k2*x), on sums of integrals that it solves one by one, and on integers beyond those of training.
"""

import random
from collections.abc import Callable
from math import exp, log

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    POWER,
    Expr,
    X,
    function,
    integer,
    linear,
    power,
    product,
    symbol,
)
from sciml.symbolic.generators.trees import Leaves, TreeSampler

PARAMETER_SYMBOLS = (symbol("a"), symbol("b"), symbol("c"))
"""Symbolic parameters of problems."""
LARGEST_DRAWN = 10_000
"""Large integers are log-uniform from 1 to this."""


def large_integer(draw: random.Random, largest: int = LARGEST_DRAWN) -> int:
    """An integer of either sign whose absolute value is log-uniform in [1, largest]."""
    size = min(int(exp(draw.random() * log(largest + 1))), largest)
    return size if draw.random() < 0.5 else -size


def small_integer(draw: random.Random) -> int:
    """An integer in -5..5 without 0."""
    size = draw.randint(1, 5)
    return size if draw.random() < 0.5 else -size


Integers = Callable[[random.Random], int]
"""Draws an integer that is not zero."""


def varied_leaves(trees: TreeSampler, *, large: bool, parameters: bool) -> Leaves | None:
    """Leaves of the alphabet, some of them large integers or parameters; None if neither is wanted."""
    if not large and not parameters:
        return None

    def draw_leaves(count: int) -> list[Expr]:
        draw = trees.draw
        leaves = trees.draw_leaves(count)
        for place, leaf in enumerate(leaves):
            share = 0.6 if leaf is not X else 0.12
            if draw.random() < share:
                if parameters and (not large or draw.random() < 0.5):
                    leaves[place] = PARAMETER_SYMBOLS[draw.randrange(3)]
                elif large:
                    leaves[place] = integer(large_integer(draw))
        return leaves

    return draw_leaves


def replaced(node: Expr, old: Expr, new: Expr, known: dict[bytes, Expr] | None = None) -> Expr:
    """The expression with a symbol replaced by another expression, in canonical form.

    Raises:
        UndefinedExpressionError, ExpressionTooLargeError: the result has no value or a number beyond the
        limit.
    """
    if not node.mask & old.mask:
        return node
    if node.prefix == old.prefix:
        return new
    known = {} if known is None else known
    found = known.get(node.prefix)
    if found is not None:
        return found
    if node.kind == ADD:
        pairs = [(coefficient, replaced(term, old, new, known)) for term, coefficient in node.args]
        found = linear([*pairs, (1, integer(0) if not node.value else linear(((node.value, integer(1)),)))])
    elif node.kind == MULTIPLY:
        found = product(node.value, [(replaced(factor, old, new, known), 1) for factor in node.args])
    elif node.kind == POWER:
        found = power(replaced(node.args[0], old, new, known), replaced(node.args[1], old, new, known))
    elif node.kind == FUNCTION:
        found = function(node.value, replaced(node.args[0], old, new, known))
    else:
        raise AssertionError(f"a node of kind {node.kind} without arguments holds {old.prefix!r}")
    known[node.prefix] = found
    return found


def shifted(integrand: Expr, antiderivative: Expr, rate: Expr, shift: Expr) -> tuple[Expr, Expr]:
    """The pair at rate*x + shift: the integrand there, the antiderivative divided by the rate."""
    inner = linear(((1, product(1, ((rate, 1), (X, 1)))), (1, shift)))
    known: dict[bytes, Expr] = {}
    new = replaced(integrand, X, inner, known)
    return new, product(1, ((replaced(antiderivative, X, inner, known), 1), (rate, -1)))


def scaled(integrand: Expr, antiderivative: Expr, factor: Expr) -> tuple[Expr, Expr]:
    """The pair times a factor without x."""
    return product(1, ((integrand, 1), (factor, 1))), product(1, ((antiderivative, 1), (factor, 1)))


def summed(pairs: list[tuple[Expr, Expr]]) -> tuple[Expr, Expr]:
    """The sum of several pairs."""
    return linear([(1, pair[0]) for pair in pairs]), linear([(1, pair[1]) for pair in pairs])


def draw_factor(draw: random.Random, *, large: bool, parameters: bool) -> Expr:
    """A number or parameter to multiply with."""
    if parameters and draw.random() < 0.6:
        return PARAMETER_SYMBOLS[draw.randrange(3)]
    return integer(large_integer(draw) if large else small_integer(draw))


def varied(
    pair: tuple[Expr, Expr], draw: random.Random, *, large: bool, parameters: bool
) -> tuple[Expr, Expr]:
    """The pair as k*f(a*x + b): with a rate, a shift, a factor, or several of them.

    Raises:
        UndefinedExpressionError, ExpressionTooLargeError: as the constructors of expressions.
    """
    choice = draw.random()
    if choice < 0.65:
        rate = draw_factor(draw, large=large, parameters=parameters)
        shift = integer(0)
        if draw.random() < 0.4:
            shift = draw_factor(draw, large=large, parameters=parameters)
        pair = shifted(*pair, rate, shift)
    if choice > 0.35:
        pair = scaled(*pair, draw_factor(draw, large=large, parameters=parameters))
    return pair

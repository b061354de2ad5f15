"""Random expressions: unary-binary trees, uniform over their shapes, with drawn operators and leaves.

The number of trees with n operators that can grow from e empty nodes is D(e, n), with D(0, n) = 0, D(e, 0) =
1 and D(e, n) = D(e - 1, n) + D(e, n - 1) + D(e + 1, n - 1). Going through the empty nodes from left to right,
the first k of them become leaves and the next one an operator of one argument with probability D(e - k, n -
1) / D(e, n), of two with D(e - k + 1, n - 1) / D(e, n); the empty nodes come in prefix order, so the tree is
written down as it is drawn.

Source: Lample & Charton, ICLR 2020, appendix C, and the operator weights of section 4.1 and of its released
code.
"""

import random
from bisect import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from sciml.symbolic.expression import (
    NUMBER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    function,
    integer,
    linear,
    product,
    symbol,
)
from sciml.symbolic.generators.lost_parts import is_real_constant

_FUNCTIONS = (
    *("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)
_INVERSE_AND_HYPERBOLIC = ("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")


@dataclass(frozen=True)
class Alphabet:
    """What the nodes of random trees are drawn from."""

    unary: Mapping[str, float]
    """Weights of the operators of one argument; `pow2` to `pow5` are powers."""
    binary: Mapping[str, float]
    """Weights of add, sub, mul and div."""
    variable_share: float
    """Probability that a leaf is x; otherwise it is one of `integers`, all equally likely."""
    integers: tuple[int, ...]


_SIGNED = tuple(value for value in range(-5, 6) if value)
PAPER = Alphabet(
    unary=dict.fromkeys((*_FUNCTIONS, "sqrt"), 1),
    binary=dict.fromkeys(("add", "sub", "mul", "div"), 1),
    variable_share=1 / 11,
    integers=_SIGNED,
)
"""Section 4.1 of the paper: 15 unary and 4 binary operators, 11 leaves, all equally likely."""
RELEASE = Alphabet(
    unary={
        **dict.fromkeys(("sqrt", "pow2", "log", "exp", "sin", "cos", "tan"), 4),
        **{"pow3": 2, "pow4": 1, "pow5": 1},
        **dict.fromkeys(_INVERSE_AND_HYPERBOLIC, 1),
    },
    binary={"add": 10, "sub": 3, "mul": 10, "div": 5},
    variable_share=0.75,
    integers=_SIGNED,
)
"""The weights of the released generator, with integers of both signs."""


@cache
def tree_count(empty: int, operators: int) -> int:
    """D(empty, operators): unary-binary forests of `empty` trees with that many operators in all."""
    if empty == 0:
        return 0
    if operators == 0:
        return 1
    return (
        tree_count(empty - 1, operators)
        + tree_count(empty, operators - 1)
        + tree_count(empty + 1, operators - 1)
    )


@cache
def _steps(empty: int, operators: int) -> tuple[list[tuple[int, ...]], list[int], list[float]]:
    """Possible next pieces of the shape (leaves, then one operator), by how much each changes the number of
    empty nodes, and the cumulative probabilities of all but the last."""
    pieces, changes, weights = [], [], []
    for skipped in range(empty):
        for arity in (1, 2):
            pieces.append((*(0,) * skipped, arity))
            changes.append(arity - 1 - skipped)
            weights.append(tree_count(empty - skipped + arity - 1, operators - 1))
    total = tree_count(empty, operators)
    return pieces, changes, list(accumulate(weight / total for weight in weights[:-1]))


def draw_shape(operators: int, random_source: random.Random) -> list[int]:
    """Arities of the nodes of a tree in prefix order (leaves are 0), uniform over the trees of that many
    operators.
    """
    shape: list[int] = []
    empty, draw = 1, random_source.random
    for left in range(operators, 0, -1):
        pieces, changes, cumulative = _steps(empty, left)
        chosen = bisect(cumulative, draw())
        shape += pieces[chosen]
        empty += changes[chosen]
    shape.extend((0,) * empty)
    return shape


def operator_count(draw: random.Random, least: int, most: int, tiny_share: float = 1 / 40) -> int:
    """Operators of the next tree: uniform in [least, most], in `tiny_share` of the draws in [0, 3]."""
    if draw.random() < tiny_share:
        return draw.randrange(4)
    return draw.randint(least, most)


Leaves = Callable[[int], list[Expr]]
"""Gives that many leaves."""


class RejectedTreeError(ValueError):
    """A tree without a value, or with numbers or towers that no user writes."""


LARGEST_INTEGER = 10**10
"""Trees with larger numerators or denominators are not kept."""
DEEPEST_EXP = 3
"""exp(exp(exp(x))) is kept, one more exp is not."""


class TreeSampler:
    """Draws random expressions of one alphabet.

    Args:
        alphabet: operators and leaves.
        draw: source of randomness; equal states give equal trees.
    """

    def __init__(self, alphabet: Alphabet, draw: random.Random) -> None:
        self.draw = draw
        self.variable_share = alphabet.variable_share
        self.integers = tuple(integer(value) for value in alphabet.integers)
        self._names = {
            1: (tuple(alphabet.unary), list(accumulate(alphabet.unary.values()))),
            2: (tuple(alphabet.binary), list(accumulate(alphabet.binary.values()))),
        }

    def sample(self, operators: int, leaves: Leaves | None = None) -> Expr:
        """A random expression in canonical form.

        Args:
            operators: operators of the tree, before like terms are collected.
            leaves: gives that many leaves in prefix order; by default they are drawn from the alphabet.

        Raises:
            RejectedTreeError: a part without x is infinite or not real, or the tree is beyond
            `LARGEST_INTEGER` or
                `DEEPEST_EXP`.
        """
        shape = draw_shape(operators, self.draw)
        count = shape.count(0)
        chosen = self.draw_leaves(count) if leaves is None else leaves(count)
        names = {
            arity: self.draw.choices(self._names[arity][0], cum_weights=self._names[arity][1], k=needed)
            for arity in (1, 2)
            if (needed := shape.count(arity))
        }
        try:
            return _build(shape, chosen, names)
        except (UndefinedExpressionError, ExpressionTooLargeError) as error:
            raise RejectedTreeError(str(error)) from error

    def draw_leaves(self, count: int) -> list[Expr]:
        """That many leaves of the alphabet."""
        draw, share, integers = self.draw.random, self.variable_share, self.integers
        size = len(integers)
        return [X if draw() < share else integers[int(draw() * size)] for _ in range(count)]


def _build(shape: list[int], leaves: list[Expr], names: dict[int, list[str]]) -> Expr:
    """The expression of a shape; leaves and names of each arity are used from their ends."""
    stack: list[tuple[Expr, int]] = []
    made = _made
    if len(made) > _LARGEST_MEMORY:
        made.clear()
    for arity in reversed(shape):
        if not arity:
            stack.append((leaves.pop(), 0))
            continue
        name = names[arity].pop()
        left, depth = stack.pop()
        if arity == 2:
            right, other_depth = stack.pop()
            key = (name, left.prefix, right.prefix)
            known = made.get(key)
            node = _BINARY[name](left, right) if known is None else known
            made[key] = node
            depth = max(depth, other_depth)
        elif name in _POWERS:
            node = product(1, ((left, _POWERS[name]),))
        else:
            node = function(name, left)
            if name == "exp":
                depth += 1
        if depth > DEEPEST_EXP:
            raise RejectedTreeError("a tower of exponentials")
        if not node.mask:
            _check_constant(node)
        stack.append((node, depth))
    return stack[0][0]


_made: dict[tuple[str, bytes, bytes], Expr] = {}
"""Sums and products of two operands that were built before: near the leaves they are the same again and
again.
"""
_LARGEST_MEMORY = 20_000


def _check_constant(node: Expr) -> None:
    if node.kind == NUMBER:
        if not -LARGEST_INTEGER < node.value < LARGEST_INTEGER or node.value.denominator > LARGEST_INTEGER:
            raise RejectedTreeError("a number that no user writes")
    elif not is_real_constant(node):
        raise RejectedTreeError("a constant that is infinite or not real")


_POWERS = {"pow2": 2, "pow3": 3, "pow4": 4, "pow5": 5}
_BINARY: dict[str, Callable[[Expr, Expr], Expr]] = {
    "add": lambda left, right: linear(((1, left), (1, right))),
    "sub": lambda left, right: linear(((1, left), (-1, right))),
    "mul": lambda left, right: product(1, ((left, 1), (right, 1))),
    "div": lambda left, right: product(1, ((left, 1), (right, -1))),
}
C1, C2 = symbol("c1"), symbol("c2")
"""The constants of integration."""

"""Random expressions for tests: raw trees of nested tuples, and what the engine makes of them."""

import random
from typing import Any

from sciml.symbolic.expression import (
    FUNCTION_PREFIX,
    PI,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    add,
    divide,
    function,
    multiply,
    power,
    rational,
    sqrt,
    symbol,
)

ELEMENTARY = tuple(name for name in FUNCTION_PREFIX if name not in ("abs", "sign"))

Tree = tuple[Any, ...]


def random_tree(rng: random.Random, operators: int, names: tuple[str, ...] = ("x", "a")) -> Tree:
    """A tree with that many operators: (operator, operands…), ("symbol", name) or ("number", p, q)."""
    if operators == 0:
        draw = rng.random()
        if draw < 0.6:
            return ("symbol", rng.choice(names))
        if draw < 0.65:
            return ("pi",)
        return ("number", rng.choice([-12, -3, -2, -1, 1, 2, 3, 4, 5, 18]), rng.choice([1, 1, 1, 2, 3]))
    if rng.random() < 0.45:
        name = rng.choice((*ELEMENTARY, "sqrt", "sqrt", "square", "neg", "inverse"))
        return (name, random_tree(rng, operators - 1, names))
    left = rng.randrange(operators)
    operator = rng.choice(("add", "add", "sub", "mul", "mul", "div", "pow"))
    return (operator, random_tree(rng, left, names), random_tree(rng, operators - 1 - left, names))


def built(tree: Tree) -> Expr:
    """What the constructors of the engine make of a tree."""
    kind = tree[0]
    if kind == "symbol":
        return symbol(tree[1])
    if kind == "number":
        return rational(tree[1], tree[2])
    if kind == "pi":
        return PI
    operands = [built(one) for one in tree[1:]]
    binary = {"add": add, "mul": multiply, "div": divide, "pow": power}
    if kind in binary:
        return binary[kind](*operands)
    if kind == "sub":
        return operands[0] - operands[1]
    unary = {"sqrt": sqrt, "square": lambda u: u**2, "neg": lambda u: -u, "inverse": lambda u: 1 / u}
    return unary[kind](operands[0]) if kind in unary else function(kind, operands[0])


def random_expressions(seed: int, count: int, largest: int = 15) -> list[Expr]:
    """`count` expressions of up to `largest` operators that have a value."""
    rng = random.Random(seed)
    found: list[Expr] = []
    while len(found) < count:
        try:
            found.append(built(random_tree(rng, rng.randint(1, largest))))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    return found

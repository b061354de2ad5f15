"""First-order differential equations (ODE1) made from their solutions y = f(x, c1).

Source: Lample & Charton, ICLR 2020, section 3.2.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    divide,
    linear,
)
from sciml.symbolic.generators.curves import solves
from sciml.symbolic.generators.elimination import (
    SLOPE,
    Y,
    merged_constant,
    solved_for,
    stripped,
    total_derivative,
    without_factors,
)
from sciml.symbolic.generators.simplification import expanded
from sciml.symbolic.generators.trees import C1, Leaves, RejectedTreeError, TreeSampler, operator_count


@dataclass(frozen=True)
class Settings:
    """How first-order equations are drawn."""

    least_operators: int = 3
    """Operators of the smaller trees, before like terms are collected."""
    most_operators: int = 15
    """Operators of the largest trees."""
    solved_share: float = 0.15
    """Share of the equations that are solved for y'."""
    expanded_share: float = 0.25
    """Share of the equations that are multiplied out."""
    least_agreement: float = 1.0
    """Share of the points at which the solution must solve the equation; less than 1 admits branches of
    roots.
    """


def draw_first_order(
    trees: TreeSampler, settings: Settings, leaves: Leaves | None = None, longest: int = 10_000
) -> tuple[Expr, Expr]:
    """(left side in x, y, y'; solution in x, c1), checked in numbers; the left side has at most `longest`
    tokens.

    Raises:
        RejectedTreeError: this draw gives none; try again.
    """
    wanted = operator_count(trees.draw, settings.least_operators, settings.most_operators, tiny_share=0)
    try:
        raw = trees.sample(wanted, with_constants(trees, (C1,), leaves))
        if not raw.mask & X.mask or not raw.mask & C1.mask:
            raise RejectedTreeError("x or the constant is lost")
        curve = merged_constant(raw, C1)
        if curve is None or not curve.mask & X.mask:
            raise RejectedTreeError("x or the constant is lost")
        equation = first_order_equation(curve)
        if equation is None:
            raise RejectedTreeError("the constant does not come out")
        equation = presented(equation, SLOPE, settings.solved_share, settings.expanded_share, trees.draw)
        if len(equation.prefix) > longest:
            raise RejectedTreeError("too long an equation")
        if not solves(equation, curve, settings.least_agreement):
            raise RejectedTreeError("another branch of the inverse")
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        raise RejectedTreeError(str(error)) from error
    return equation, curve


def first_order_equation(curve: Expr) -> Expr | None:
    """The left side of an equation in x, y, y' that all curves y = f(x, c1) solve, or None if c1 does not
    come out.
    """
    invariant = solved_for(C1, curve, Y)
    if invariant is None:
        return None
    equation = without_factors(total_derivative(stripped(invariant)), SLOPE)
    return equation if equation.mask & SLOPE.mask else None


def presented(
    equation: Expr, highest: Expr, solved_share: float, expanded_share: float, draw: random.Random
) -> Expr:
    """The equation as it stands, or solved for its highest derivative, or multiplied out."""
    choice = draw.random()
    if choice < solved_share:
        slope = derivative(equation, highest)
        rest = linear(((1, equation), (-1, highest * slope)))
        if not slope.mask & highest.mask and not rest.mask & highest.mask:
            return linear(((1, highest), (1, divide(rest, slope))))
    elif choice < solved_share + expanded_share:
        return without_factors(expanded(equation, 60), highest)
    return equation


def with_constants(trees: TreeSampler, constants: tuple[Expr, ...], leaves: Leaves | None) -> Leaves:
    """Draws leaves, puts each constant on one of them, and x on another if none is left."""

    def draw_leaves(count: int) -> list[Expr]:
        if count <= len(constants):
            raise RejectedTreeError("too few leaves for x and the constants")
        drawn = trees.draw_leaves(count) if leaves is None else leaves(count)
        places = trees.draw.sample(range(count), len(constants) + 1)
        for place, constant in zip(places, constants, strict=False):
            drawn[place] = constant
        if X not in drawn:
            drawn[places[-1]] = X
        return drawn

    return draw_leaves


def first_order_equations(trees: TreeSampler, settings: Settings) -> Iterator[tuple[Expr, Expr]]:
    """Endless stream of (left side, solution)."""
    while True:
        try:
            yield draw_first_order(trees, settings)
        except RejectedTreeError:
            continue

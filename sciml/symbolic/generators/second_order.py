"""Second-order differential equations (ODE2) made from their solutions y = f(x, c1, c2).

One constant is eliminated as for first-order equations; if the other one can then be isolated too, a second
elimination gives the equation in x, y, y', y''.

Source: Lample & Charton, ICLR 2020, section 3.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sciml.symbolic.expression import (
    ADD,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
)
from sciml.symbolic.generators.curves import solves
from sciml.symbolic.generators.elimination import (
    CURVATURE,
    SLOPE,
    Y,
    merged_constant,
    solved_for,
    stripped,
    total_derivative,
    without_factors,
)
from sciml.symbolic.generators.first_order import presented, with_constants
from sciml.symbolic.generators.simplification import expanded
from sciml.symbolic.generators.trees import C1, C2, Leaves, RejectedTreeError, TreeSampler, operator_count


@dataclass(frozen=True)
class Settings:
    """How second-order equations are drawn."""

    least_operators: int = 5
    """Operators of the smaller trees, before like terms are collected."""
    most_operators: int = 15
    """Operators of the largest trees."""
    solved_share: float = 0.15
    """Share of the equations that are solved for y''."""
    expanded_share: float = 0.25
    """Share of the equations that are multiplied out."""
    least_agreement: float = 1.0
    """Share of the points at which the solution must solve the equation; less than 1 admits branches of
    roots.
    """


LARGEST_STEP = 100
"""Tokens of an intermediate result beyond which the draw is given up: its derivative would be too long."""
LARGEST_DERIVATIVE, LARGEST_SECOND_DERIVATIVE = 120, 600
"""The same for derivatives whose factors are not divided out yet: 1 in 100 of the equations go beyond them,
for a third of the time."""
MOST_PLACES, MOST_PLACES_IN_DERIVATIVE = 4, 5
"""The same for the places of a constant in an intermediate result: 1 of 200 equations goes beyond."""


def draw_second_order(
    trees: TreeSampler, settings: Settings, leaves: Leaves | None = None, longest: int = 10_000
) -> tuple[Expr, Expr]:
    """(left side in x, y, y', y''; solution in x, c1, c2), checked in numbers; the left side has at most
    `longest` tokens.

    Raises:
        RejectedTreeError: this draw gives none; try again.
    """
    wanted = operator_count(trees.draw, settings.least_operators, settings.most_operators, tiny_share=0)
    try:
        curve: Expr | None = trees.sample(wanted, with_constants(trees, (C1, C2), leaves))
        for constant in (C1, C2):
            if curve is None or not curve.mask & X.mask or not curve.mask & constant.mask:
                raise RejectedTreeError("x or a constant is lost")
            curve = merged_constant(curve, constant)
        if curve is None or not is_two_parameter(curve):
            raise RejectedTreeError("x or a constant is lost")
        equation = second_order_equation(curve, C2, C1) or second_order_equation(curve, C1, C2)
        if equation is None:
            raise RejectedTreeError("the constants do not come out")
        equation = presented(equation, CURVATURE, settings.solved_share, settings.expanded_share, trees.draw)
        if len(equation.prefix) > longest:
            raise RejectedTreeError("too long an equation")
        if not solves(equation, curve, settings.least_agreement):
            raise RejectedTreeError("another branch of the inverse")
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        raise RejectedTreeError(str(error)) from error
    return equation, curve


def is_two_parameter(curve: Expr) -> bool:
    """Whether x and both constants are there."""
    wanted = X.mask | C1.mask | C2.mask
    return curve.mask & wanted == wanted


def second_order_equation(curve: Expr, first: Expr, second: Expr) -> Expr | None:
    """The left side of an equation in x, y, y', y'', or None if the constants stay in, in this order.

    Raises:
        RejectedTreeError: in no order: the constants are not independent.
    """
    invariant = solved_for(first, curve, Y)
    if invariant is None:
        return None
    invariant = stripped(invariant)
    if not invariant.mask & second.mask:
        raise RejectedTreeError("a first-order equation without constants")
    grown = total_derivative(invariant)
    if not grown.mask & second.mask:
        raise RejectedTreeError("a first-order equation without constants")
    if len(grown.prefix) > LARGEST_DERIVATIVE:
        return None
    if grown.prefix.count(second.prefix) > MOST_PLACES_IN_DERIVATIVE:
        return None
    once = without_factors(grown, SLOPE)
    if not once.mask & second.mask:
        raise RejectedTreeError("a first-order equation without constants")
    if len(once.prefix) > LARGEST_STEP or once.prefix.count(second.prefix) > MOST_PLACES:
        return None
    again = solved_for(second, once, ZERO_EXPR)
    if again is None and once.kind == ADD and len(once.prefix) < LARGEST_STEP // 2:
        once = without_factors(expanded(once, 60), SLOPE)
        again = solved_for(second, once, ZERO_EXPR)
    if again is None or len(again.prefix) > LARGEST_STEP:
        return None
    grown = total_derivative(stripped(again))
    if len(grown.prefix) > LARGEST_SECOND_DERIVATIVE:
        return None
    twice = without_factors(grown, CURVATURE)
    return twice if twice.mask & CURVATURE.mask and not twice.mask & (C1.mask | C2.mask) else None


def second_order_equations(trees: TreeSampler, settings: Settings) -> Iterator[tuple[Expr, Expr]]:
    """Endless stream of (left side, solution)."""
    while True:
        try:
            yield draw_second_order(trees, settings)
        except RejectedTreeError:
            continue

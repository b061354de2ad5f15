"""A differential equation solved for its highest derivative."""

from dataclasses import dataclass

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expansion import expand, numerator_denominator
from sciml.symbolic.expression import (
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    divide,
    linear,
    multiply,
    product,
)
from sciml.symbolic.ladder.equations.inversion import at_values
from sciml.symbolic.problems import Equation
from sciml.symbolic.unknown_function import Y

_MOST_TERMS = 800


@dataclass(frozen=True)
class Solved:
    """The equation `rest` + `factor` * (highest derivative) = 0; neither holds the highest derivative."""

    rest: Expr
    factor: Expr
    order: int

    @property
    def value(self) -> Expr:
        """The highest derivative."""
        return -divide(self.rest, self.factor)

    def rate(self, node: Expr) -> Expr:
        """The derivative along solutions of an expression in x, y (and y' for the second order)."""
        along = [(1, multiply(derivative(node, X), self.factor))]
        for place in range(self.order - 1):
            along.append(
                (1, product(1, ((derivative(node, Y[place]), 1), (Y[place + 1], 1), (self.factor, 1))))
            )
        along.append((-1, multiply(derivative(node, Y[self.order - 1]), self.rest)))
        return divide(linear(along), self.factor)


def solved_for_highest(problem: Equation) -> Solved | None:
    """The equation in a form that is linear in its highest derivative; None if there is none."""
    highest = Y[problem.order]
    for form in _forms(problem.left_side):
        factor = derivative(form, highest)
        if factor.mask & highest.mask or factor == ZERO_EXPR:
            continue
        rest = at_values(form, {highest: ZERO_EXPR})
        if rest is not None:
            return Solved(rest, factor, problem.order)
    return None


def _forms(left_side: Expr) -> list[Expr]:
    found = [left_side]
    try:
        above, _ = numerator_denominator(left_side)
        found.append(above)
        found.append(expand(above, max_terms=_MOST_TERMS))
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return found
    return found

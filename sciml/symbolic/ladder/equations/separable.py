"""Separable equations of the first order: y' = f(x)*g(y).

Source: Boyce & DiPrima, Elementary Differential Equations, section 2.2.
"""

from collections.abc import Iterator
from fractions import Fraction

from sciml.symbolic.expression import ZERO_EXPR, Expr, Number, X, divide, multiply, number
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.fibres import are_equal
from sciml.symbolic.ladder.equations.integrals import integral, reciprocal_integrals
from sciml.symbolic.ladder.equations.inversion import at_values
from sciml.symbolic.ladder.equations.relations import solved_relation
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.unknown_function import Y

_VALUES: tuple[Number, ...] = (0, 1, 2, Fraction(1, 2), -1, 3)


def propose_separable(solved: Solved, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions of y' = f(x)*g(y), implicit where y cannot be isolated."""
    factors = separated(solved.value)
    if factors is None:
        return
    f, g = factors
    right = integral(f, deadline, X)
    if right is None:
        return
    step = Step("the equation is separable: dy/({}) = ({}) dx", (g, f))
    levels = (left - right for left in reciprocal_integrals(g, deadline))
    yield from solved_relation(levels, constant, (step,))


def separated(slope: Expr) -> tuple[Expr, Expr] | None:
    """f(x) and g(y) with slope = f*g, or None if there are none."""
    y = Y[0]
    for at_x in _VALUES if slope.mask & X.mask else (0,):
        for at_y in _VALUES if slope.mask & y.mask else (0,):
            f, g = at_values(slope, {y: number(at_y)}), at_values(slope, {X: number(at_x)})
            level = None if f is None else at_values(f, {X: number(at_x)})
            if f is None or g is None or level is None or ZERO_EXPR in (f, g, level):
                continue
            g = divide(g, level)
            return (simplest(f), simplest(g)) if are_equal(slope, multiply(f, g)) else None
    return None

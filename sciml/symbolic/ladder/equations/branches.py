"""First-order equations that are not linear in y': their branches, and those of Clairaut and Lagrange.

An equation that can be solved for y' is one equation y' = F(x, y) for each branch. One that can be solved
for y, y = G(x, p) with p = y', gives p = G_x + G_p*p', an equation for p(x); y = G(x, p) is then the
solution. For Clairaut's y = x*p + f(p) that is p' = 0.

Source: Ince, Ordinary Differential Equations, sections 2.4 and 2.5.
"""

from collections.abc import Iterator

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import ONE, ZERO_EXPR, Expr, X
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.first_order import first_order_solutions
from sciml.symbolic.ladder.equations.inversion import at_values, inverses
from sciml.symbolic.ladder.equations.simplification import simplest, unfolded
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.unknown_function import Y

_Y, _P = Y[:2]


def propose_branches(left_side: Expr, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """General solutions of left_side(x, y, y') = 0."""
    levels = [one for one in inverses(left_side, _Y, ZERO_EXPR) if one.mask & _P.mask]
    for level in levels:
        if simplest(derivative(level, X) - _P) == ZERO_EXPR:
            yield from attempted(_with_slopes(level, iter((constant,))))
    for slope in inverses(left_side, _P, ZERO_EXPR):
        if deadline.has_passed:
            return
        step = Step("one branch is y' = {}", (slope,))
        for candidate in first_order_solutions(Solved(-unfolded(slope), ONE, 1), constant, deadline):
            yield Candidate(candidate.expression, (step, *candidate.steps))
    for level in levels:
        yield from attempted(_by_equation_of_slope(level, constant, deadline))


def second_order_branches(left_side: Expr) -> Iterator[Solved]:
    """The equations y'' = F(x, y, y') that left_side(x, y, y', y'') = 0 is made of."""
    for bend in inverses(left_side, Y[2], ZERO_EXPR):
        yield Solved(-unfolded(bend), ONE, 2)


def _with_slopes(level: Expr, slopes: Iterator[Expr]) -> Iterator[Candidate]:
    """y = level(x, p) with p put in."""
    shown = Step("y = {}, to be differentiated", (level,))
    for slope in slopes:
        found = at_values(level, {_P: slope})
        if found is not None:
            yield Candidate(found, (shown, Step("y' = {}", (slope,))))


def _by_equation_of_slope(level: Expr, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions of y = level(x, p) by the equation for p(x) = y'."""
    rest = simplest(derivative(level, X) - _P)
    if rest != ZERO_EXPR:
        lower = Solved(_renamed(rest), _renamed(derivative(level, _P)), 1)
        yield from _with_slopes(level, _explicit(lower, constant, deadline))


def _renamed(node: Expr) -> Expr:
    """p as the unknown function."""
    found = at_values(node, {_P: _Y})
    assert found is not None
    return found


def _explicit(lower: Solved, constant: Expr, deadline: Deadline) -> Iterator[Expr]:
    for candidate in first_order_solutions(lower, constant, deadline):
        if not candidate.expression.mask & _Y.mask:
            yield candidate.expression

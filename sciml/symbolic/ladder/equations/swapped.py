"""First-order equations with x as the unknown function of y.

(x + y)*y' = y is linear in x: dx/dy = x/y + 1.
"""

from collections.abc import Iterator

from sciml.symbolic.expression import ZERO_EXPR, Expr, X
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.first_order_substitution import propose_by_substitution
from sciml.symbolic.ladder.equations.inversion import inverses
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.substitution import substitute
from sciml.symbolic.unknown_function import Y

_Y = Y[0]


def swapped(node: Expr) -> Expr:
    """The expression with x and y exchanged."""
    return substitute(node, {X: _Y, _Y: X})


def propose_swapped(solved: Solved, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions by way of x(y); implicit where that cannot be solved for y."""
    if not solved.rest.mask & X.mask or not solved.factor.mask & X.mask | solved.rest.mask & X.mask:
        return
    turned = Solved(swapped(solved.factor), swapped(solved.rest), 1)
    step = Step("x is taken as a function of y: dx/dy = {}", (swapped(turned.value),))
    for candidate in propose_by_substitution(turned, constant, deadline):
        found = swapped(candidate.expression)
        is_implicit = bool(candidate.expression.mask & _Y.mask)
        relation = found if is_implicit else found - X
        explicit = inverses(relation, _Y, ZERO_EXPR)
        for one in explicit or [relation]:
            yield Candidate(one, (step,))

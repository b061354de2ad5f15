"""The rung of differential equations: what can be found without a network."""

from collections.abc import Iterator

from sciml.symbolic.expression import symbol
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.ode_first import propose_by_substitution
from sciml.symbolic.ladder.ode_second import propose_linearised
from sciml.symbolic.ladder.ode_slopes import solved_for_highest
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.problems import CONSTANT_NAMES, Equation


def propose(problem: Equation, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions of an equation in x, y, y', y'', the likeliest first; explicit where y can be isolated."""
    solved = solved_for_highest(problem)
    if solved is None:
        return
    first, second = (symbol(name) for name in CONSTANT_NAMES)
    if problem.order == 1:
        yield from propose_by_substitution(solved, first, deadline)
    else:
        yield from propose_linearised(solved, (first, second), deadline)

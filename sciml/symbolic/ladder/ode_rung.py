"""The rung of differential equations: what can be found without a network."""

from collections.abc import Iterator

from sciml.symbolic.expression import ExpressionTooLargeError, UndefinedExpressionError, symbol
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.ode_attempts import attempted
from sciml.symbolic.ladder.ode_first import propose_by_substitution
from sciml.symbolic.ladder.ode_first_integral import propose_by_first_integral
from sciml.symbolic.ladder.ode_second import propose_linearised
from sciml.symbolic.ladder.ode_simplification import unfolded
from sciml.symbolic.ladder.ode_slopes import Solved, solved_for_highest
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.problems import CONSTANT_NAMES, Equation


def propose(problem: Equation, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions of an equation in x, y, y', y'', the likeliest first; explicit where y can be isolated."""
    known: set[bytes] = set()
    for form in _forms(problem):
        if deadline.has_passed:
            return
        for candidate in _of_order(form, deadline):
            if candidate.expression.prefix not in known:
                known.add(candidate.expression.prefix)
                yield candidate


def _forms(problem: Equation) -> Iterator[Solved]:
    """The equation solved for its highest derivative; once more with roots of powers and the like undone."""
    solved = solved_for_highest(problem)
    if solved is not None:
        yield solved
    try:
        other = unfolded(problem.left_side)
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return
    if other != problem.left_side:
        solved = solved_for_highest(Equation(other, problem.order))
        if solved is not None:
            yield solved


def _of_order(solved: Solved, deadline: Deadline) -> Iterator[Candidate]:
    first, second = (symbol(name) for name in CONSTANT_NAMES)
    if solved.order == 1:
        yield from attempted(propose_by_substitution(solved, first, deadline))
    else:
        yield from attempted(propose_linearised(solved, (first, second), deadline))
        yield from attempted(propose_by_first_integral(solved, (first, second), deadline))

"""All methods for first-order equations that are solved for y', the cheaper first."""

from collections.abc import Iterator

from sciml.symbolic.expression import Expr
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.exact import propose_exact
from sciml.symbolic.ladder.equations.first_order_substitution import propose_by_substitution
from sciml.symbolic.ladder.equations.separable import propose_separable
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.equations.swapped import propose_swapped
from sciml.symbolic.ladder.equations.symmetry import propose_by_symmetry
from sciml.symbolic.ladder.rung import Candidate

_METHODS = (
    propose_separable,
    propose_by_symmetry,
    propose_exact,
    propose_swapped,
)
_SECONDS = 1.5
"""Of work for one method."""


def first_order_solutions(solved: Solved, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions of rest(x, y) + factor(x, y)*y' = 0 with one constant, explicit or implicit."""
    yield from attempted(propose_by_substitution(solved, constant, deadline))
    for method in _METHODS:
        if deadline.has_passed:
            return
        yield from attempted(method(solved, constant, deadline.within(_SECONDS)))

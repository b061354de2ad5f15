"""Integrals by a change of variable, then the ansatz: where the new integrand is no matter of direct methods.

Source: the classical substitutions, see `substitutions.py`.
"""

from collections.abc import Iterator

from sciml.symbolic.expression import ExpressionTooLargeError, UndefinedExpressionError
from sciml.symbolic.ladder.ansatz import antiderivatives
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.ladder.substitutions import changes
from sciml.symbolic.ladder.textbook import in_new_variable
from sciml.symbolic.problems import Integral

_LONGEST = 400
"""Tokens of an integrand that is tried."""
_ANSATZ_S = 1.5


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """Antiderivatives by the substitutions that the integrand suggests. See `rung.Rung`."""
    integrand = problem.integrand
    if len(integrand.prefix) > _LONGEST:
        return
    for change in changes(integrand):
        if deadline.has_passed:
            return
        changed = in_new_variable(integrand, change)
        if changed is None:
            continue
        step = Step("with t = {} the integrand is {}, t written x", (change.new, changed))
        for found in antiderivatives(changed, min(_ANSATZ_S, deadline.left)):
            try:
                yield Candidate(change.back(found), (step,))
            except (UndefinedExpressionError, ExpressionTooLargeError):
                continue

"""The ansatz as two rungs: short systems, which solve nearly all that any solve, and long ones."""

from collections.abc import Iterator

from sciml.symbolic.expression import Expr
from sciml.symbolic.ladder import ansatz
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.problems import Integral

_SHORT = 120
"""Candidates of a system that is not short any more."""


class Systems:
    """The rounds of the ansatz for one integrand; the second rung goes on where the first one stopped."""

    def __init__(self, integrand: Expr) -> None:
        self._integrand = integrand
        self._proposals: ansatz.Proposals | None = None

    def short(self, problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
        """Proposals of short systems. See `rung.Rung`."""
        return self._until(_SHORT, deadline)

    def long(self, problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
        """Proposals of longer systems. See `rung.Rung`."""
        return self._until(float("inf"), deadline)

    def _until(self, size: float, deadline: Deadline) -> Iterator[Candidate]:
        self._proposals = self._proposals or ansatz.Proposals(self._integrand)
        for expression in self._proposals.until(size, deadline):
            yield Candidate(expression)

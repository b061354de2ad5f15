"""What a rung of the ladder is: it proposes, and never judges.

A module that is a rung has a function `propose(problem, deadline)` of this type. Its candidates may be wrong;
the climb verifies each one, takes the first that holds, and asks for no more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sciml.symbolic.expression import Expr
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.problems import Equation, Integral

Asked = TypeVar("Asked", Integral, Equation, contravariant=True)


@dataclass(frozen=True)
class Candidate:
    """A proposed answer."""

    expression: Expr
    """An antiderivative in x; or y(x) with constants c1, c2, or an implicit H(x, y, c1, c2) that vanishes."""
    steps: tuple[Step, ...] = ()
    """How it was found; may be empty."""


class Rung(Protocol[Asked]):
    """The function `propose` of a rung."""

    def __call__(self, problem: Asked, deadline: Deadline) -> Iterator[Candidate]:
        """Candidates, the likeliest first.

        Args:
            problem: its variable is x; an equation is in y, y', y''.
            deadline: the rung ends by itself about then; in the main thread it is interrupted.
        """
        ...

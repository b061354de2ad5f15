"""From a first integral H(x, y) = constant to solutions, explicit where y can be isolated."""

from collections.abc import Iterable, Iterator

from sciml.symbolic.expression import Expr
from sciml.symbolic.ladder.ode_inversion import inverses
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.unknown_function import Y


def solved_relation(levels: Iterable[Expr], constant: Expr, steps: tuple[Step, ...]) -> Iterator[Candidate]:
    """Solutions of H(x, y) = constant on all branches for the first H that can be solved for y.

    If there is none, the relations themselves, the shortest first.
    """
    relations = []
    for level in levels:
        explicit = inverses(level, Y[0], constant)
        for one in explicit:
            yield Candidate(one, (*steps, Step("y = {}", (one,))))
        if explicit:
            return
        relations.append(level)
    for level in sorted(relations, key=lambda one: len(one.prefix)):
        yield Candidate(level - constant, (*steps, Step("{} is constant", (level,))))

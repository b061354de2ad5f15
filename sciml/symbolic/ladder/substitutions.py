"""The changes of variable that an integrand suggests, the simpler first."""

from collections.abc import Iterator

from sciml.symbolic.expression import Expr
from sciml.symbolic.ladder.change import Change
from sciml.symbolic.ladder.circular_changes import circular_changes
from sciml.symbolic.ladder.exponential_changes import exponential_changes
from sciml.symbolic.ladder.inverse_changes import inverse_changes
from sciml.symbolic.ladder.power_changes import power_changes
from sciml.symbolic.ladder.radical_changes import (
    euler_changes,
    radical_changes,
    reciprocal_changes,
)


def changes(integrand: Expr) -> Iterator[Change]:
    """The substitutions that an integrand suggests, the simpler first."""
    yield from radical_changes(integrand)
    yield from power_changes(integrand)
    yield from reciprocal_changes(integrand)
    yield from exponential_changes(integrand)
    yield from circular_changes(integrand)
    yield from inverse_changes(integrand)
    yield from euler_changes(integrand)

"""A verified answer, and its simplest form that is verified as well."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sciml.symbolic.expression import Expr
from sciml.symbolic.judgement import Verification
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.ladder.forms import forms
from sciml.symbolic.ladder.steps import Step

LEAST_AGREEMENT = 0.5
"""An answer that holds on one branch only must hold on this share of the points, and is marked."""
_FORMS_S = 1.0


@dataclass(frozen=True)
class Found:
    """An answer that was verified."""

    expression: Expr
    rung: str
    """What found it."""
    verification: Verification
    steps: tuple[Step, ...] = ()

    @property
    def is_usable_part(self) -> bool:
        """Whether it holds on a large enough part of the axis and not on all of it."""
        return self.verification.status == "partial" and self.verification.agreement >= LEAST_AGREEMENT


def simplest_forms(
    found: Found,
    judge: Callable[[Expr], Verification],
    count: int,
    deadline: Deadline,
    *,
    is_antiderivative: bool,
) -> list[Found]:
    """The answer in at most `count` forms that are verified no worse, the simplest first; at least one.

    Args:
        found: the answer.
        judge: verifies a form.
        count: forms wanted.
        deadline: for everything; the search takes a second at most.
        is_antiderivative: whether constants may be dropped.
    """
    kept: list[Found] = []
    try:
        with hard_limit(deadline.within(_FORMS_S)):
            for form in forms(found.expression, is_antiderivative=is_antiderivative):
                if len(kept) == count:
                    break
                judged = judge(form)
                is_as_good = judged.status == found.verification.status
                if is_as_good and judged.agreement >= found.verification.agreement:
                    kept.append(replace(found, expression=form, verification=judged))
    except OutOfTimeError:
        pass
    return kept or [found]

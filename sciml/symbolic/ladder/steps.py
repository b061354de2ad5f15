"""How an answer was found, step by step, for people."""

from collections.abc import Callable
from dataclasses import dataclass

from sciml.symbolic.expression import Expr
from sciml.symbolic.infix import to_infix


@dataclass(frozen=True)
class Step:
    """One step of a solution."""

    text: str
    """A sentence with a pair of braces for each expression: `the integral of {} is {}`."""
    expressions: tuple[Expr, ...] = ()
    """What stands in the braces."""

    def __str__(self) -> str:
        return self.text.format(*[to_infix(one) for one in self.expressions])

    def changed(self, change: Callable[[Expr], Expr]) -> "Step":
        """The same step with every expression changed, such as given its own names again."""
        return Step(self.text, tuple([change(one) for one in self.expressions]))


def found_by(rung: str, integrand: Expr, antiderivative: Expr) -> Step:
    """The step that a rung without steps of its own took."""
    return Step(f"{rung}: the integral of {{}} is {{}}", (integrand, antiderivative))

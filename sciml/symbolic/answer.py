"""What a question gets: the answer, how it was found, and the evidence for it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sciml.symbolic.definite_value import DefiniteValue
from sciml.symbolic.expression import Expr
from sciml.symbolic.infix import to_infix
from sciml.symbolic.judgement import Verification
from sciml.symbolic.ladder.found import Found
from sciml.symbolic.ladder.normalise import Renaming
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.latex import to_latex
from sciml.symbolic.problems import Equation, Integral
from sciml.symbolic.sympy_bridge import to_sympy
from sciml.symbolic.unknown_function import Y

Status = Literal["solved", "unsolved"]


@dataclass(frozen=True)
class Answer:
    """The answer to an integral or a differential equation, in the user's names.

    An answer that is not verified does not exist: `solution` is None then, and `status` is `unsolved`.
    """

    problem: Integral | Equation
    solution: Expr | None
    """Antiderivative; or y as a function of the variable, c1 and c2; or, implicit, H(x, y) with H = 0."""
    rung: str | None
    """What found it, such as `rules` or `rules + ansatz`."""
    seconds: float
    """Wall time."""
    verification: Verification | None
    """Evidence: `method`, `domain`, `agreement`. A `partial` one says on which share of the points the answer
    holds, where another branch of a root or inverse function is needed elsewhere."""
    steps: tuple[Step, ...] = ()
    """How it was found, where the rung can say so."""
    alternatives: tuple[Expr, ...] = ()
    """Other forms that were verified too, the simplest first."""
    notes: tuple[str, ...] = ()
    """How doubtful input was read, and what was not tried."""
    definite: DefiniteValue | None = None
    """The value between two limits, if asked for."""
    sympy_symbols: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """Symbols of the question as it came from SymPy, with their assumptions; as `y` its unknown function."""

    @property
    def status(self) -> Status:
        """`solved` or `unsolved`."""
        return "unsolved" if self.solution is None else "solved"

    @property
    def is_answered(self) -> bool:
        """Whether what was asked for is there: the solution, or the value between limits."""
        return self.solution is not None if self.definite is None else self.definite.is_answer

    @property
    def is_implicit(self) -> bool:
        """Whether the solution of a differential equation is given as H(x, y) = 0."""
        return self.solution is not None and self.is_equation and bool(self.solution.mask & Y[0].mask)

    @property
    def is_equation(self) -> bool:
        """Whether a differential equation was asked."""
        return isinstance(self.problem, Equation)

    @property
    def infix(self) -> str | None:
        """The solution as text for people and, unless it is implicit (`H = 0`), for SymPy."""
        if self.solution is None:
            return None
        return to_infix(self.solution) + (" = 0" if self.is_implicit else "")

    @property
    def sympy(self) -> Any:  # noqa: ANN401  # SymPy is typed too loosely to name it better
        """The solution in SymPy; that of a differential equation as `Eq`. None if there is none."""
        if self.solution is None:
            return None
        if not self.is_equation:
            return to_sympy(self.solution, self.sympy_symbols)
        import sympy

        name = self.problem.variable.value
        variable = self.sympy_symbols.get(name, sympy.Symbol(name))
        unknown = self.sympy_symbols.get("y", sympy.Function("y")(variable))
        made = to_sympy(self.solution, {**self.sympy_symbols, name: variable, "y": unknown})
        return sympy.Eq(made, 0) if self.is_implicit else sympy.Eq(unknown, made)

    def _text_for_sympy(self) -> str | None:
        if self.solution is None:
            return None
        text = to_infix(self.solution)
        return f"Eq({text}, 0)" if self.is_implicit else text

    def latex(self) -> str | None:
        """The solution in LaTeX."""
        if self.solution is None:
            return None
        return to_latex(self.solution) + (" = 0" if self.is_implicit else "")

    def plot(self, path: str | Path) -> Path:
        """Write a PNG of integrand, antiderivative and residual; see `plot.plot_integral`.

        Raises:
            SettingsError: there is no antiderivative to plot.
        """
        from sciml.symbolic.plot import plot_integral

        return plot_integral(self, Path(path))

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON values; every text is one that SymPy reads, an implicit solution `Eq(H, 0)`."""
        asked = self.problem.integrand if isinstance(self.problem, Integral) else self.problem.left_side
        found: dict[str, Any] = {
            "problem": to_infix(asked) + (" = 0" if self.is_equation else ""),
            "variable": self.problem.variable.value,
            "status": self.status,
            "solution": self._text_for_sympy(),
            "rung": self.rung,
            "seconds": round(self.seconds, 3),
        }
        if self.verification is not None:
            found["verified"] = {
                "status": self.verification.status,
                "method": self.verification.method,
                "domain": round(self.verification.domain, 3),
                "agreement": round(self.verification.agreement, 3),
            }
        if self.alternatives:
            found["alternatives"] = [to_infix(one) for one in self.alternatives]
        if self.definite is not None:
            found["definite"] = self.definite.to_dict()
        if self.notes:
            found["notes"] = list(self.notes)
        return found


def made_answer(
    problem: Integral | Equation,
    kept: Sequence[Found],
    notes: Sequence[str],
    names: Renaming,
    started: float,
    symbols: dict[str, Any],
) -> Answer:
    """The answer in the user's names.

    Args:
        problem: the question, in the user's names.
        kept: the solution and its other forms, in the names inside; empty if there is none.
        notes: what was not tried; said only of an unsolved problem.
        names: both kinds of names.
        started: time of `time.monotonic` at which the question came.
        symbols: symbols of SymPy in the question.
    """
    seconds = time.monotonic() - started
    if not kept:
        said = (*problem.notes, *dict.fromkeys(notes))
        return Answer(problem, None, None, seconds, None, notes=said, sympy_symbols=symbols)
    best = kept[0]
    return Answer(
        problem,
        names.back(best.expression),
        best.rung,
        seconds,
        best.verification,
        tuple([step.changed(names.back) for step in best.steps]),
        tuple([names.back(one.expression) for one in kept[1:]]),
        problem.notes,
        sympy_symbols=symbols,
    )

"""How a differential equation is led up the ladder: to an explicit general solution, or an implicit one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module

from sciml.symbolic.expression import ExpressionTooLargeError, UndefinedExpressionError
from sciml.symbolic.ladder import foreign_cas, model_rung, sympy_child
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit, shorten
from sciml.symbolic.ladder.found import Found
from sciml.symbolic.ladder.rung import Candidate, Rung
from sciml.symbolic.ladder.settings import Settings
from sciml.symbolic.problems import Equation
from sciml.symbolic.unknown_function import Y
from sciml.symbolic.verification import verify

RUNGS: tuple[tuple[str, str], ...] = (("methods", "sciml.symbolic.ladder.equations.methods"),)
"""(name for people, module with `propose`) of the rungs of our own, cheapest first."""
_SECONDS_AFTER_IMPLICIT = 3.0
_OWN_RUNG_S = 7.0
_SECONDS_AFTER_PARTIAL = 3.0
"""Of a rung that has proposed an answer that holds in part: what it may take to find a better one."""


@dataclass
class EquationClimb:
    """The way of one equation in x, y, y', y'' up the ladder."""

    settings: Settings
    deadline: Deadline
    notes: list[str] = field(default_factory=list)
    """What was skipped, for people."""
    _second_best: Found | None = None

    def solve(self, problem: Equation) -> Found | None:
        """A verified general solution, explicit if one is found."""
        try:
            with hard_limit(self.deadline):
                for name, rung, seconds in self._rungs():
                    found = self._by_rung(name, rung, problem, seconds)
                    if found is not None:
                        return found
                return self._by_model(problem) or self._by_others(problem) or self._second_best
        except OutOfTimeError:
            self.notes.append("the time was up before all rungs were tried")
            return self._second_best

    def _rungs(self) -> Iterator[tuple[str, Rung[Equation], float]]:
        for name, module in RUNGS:
            yield name, import_module(module).propose, _OWN_RUNG_S

    def _by_others(self, problem: Equation) -> Found | None:
        seconds = _SECONDS_AFTER_IMPLICIT if self._second_best else self.deadline.left
        found = self._by_rung("SymPy", sympy_child.propose, problem, seconds)
        if found is None and self.settings.cas:
            for system in foreign_cas.installed():
                found = self._by_rung(system.name, system.propose, problem, self.deadline.left)
                if found is not None:
                    break
        return found

    def _by_rung(self, name: str, rung: Rung[Equation], problem: Equation, seconds: float) -> Found | None:
        deadline = self.deadline.within(seconds)
        try:
            with hard_limit(deadline):
                for candidate in rung(problem, deadline):
                    found = self._judged(problem, candidate, name)
                    if found is not None:
                        return found
        except OutOfTimeError:
            if self.deadline.has_passed:
                raise
        except (UndefinedExpressionError, ExpressionTooLargeError):  # numbers beyond the limit on the way
            return None
        return None

    def _judged(self, problem: Equation, candidate: Candidate, rung: str) -> Found | None:
        """The candidate if it is verified and explicit; implicit and partial ones are kept for the end."""
        verification = verify(problem, candidate.expression)
        found = Found(candidate.expression, rung, verification, candidate.steps)
        is_implicit = bool(candidate.expression.mask & Y[0].mask)
        if verification.is_verified and not is_implicit:
            return found
        holds = verification.is_verified or found.is_usable_part
        if holds and (self._second_best is None or _rank(found) > _rank(self._second_best)):
            self._second_best = found
            shorten(_SECONDS_AFTER_PARTIAL)
        return None

    def _by_model(self, problem: Equation) -> Found | None:
        reason = model_rung.reason_to_skip(self.deadline)
        if reason is not None:
            self.notes.append(reason)
            return None
        return model_rung.first_accepted(
            problem,
            self.settings.beam,
            lambda candidate, name: self._judged(problem, candidate, name),
            self.deadline,
            self.settings.seed,
            has_partial=self._second_best is not None,
        )


def _rank(found: Found) -> tuple[bool, bool, float]:
    """Explicit before implicit, verified before partial, then by the share of the axis on which it holds."""
    is_explicit = not found.expression.mask & Y[0].mask
    judged = found.verification
    return is_explicit, judged.is_verified, judged.agreement * judged.domain

"""How an integral is led up the ladder.

The cheap rungs are tried on the whole integrand, on what is left of it without parameters or with a simpler
argument, then on its terms; only what they leave goes to the expensive rungs, as one integrand, because terms
that have no antiderivative one by one can have one together.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from sciml.symbolic.expression import (
    ADD,
    ONE,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    linear,
    multiply,
    product,
)
from sciml.symbolic.ladder import (
    change_of_variable,
    foreign_cas,
    model_rung,
    sympy_child,
    table,
    textbook,
)
from sciml.symbolic.ladder.ansatz_rungs import Systems
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.ladder.direct_rungs import DIRECT
from sciml.symbolic.ladder.found import Found
from sciml.symbolic.ladder.normalise import constant_factor, linear_argument, terms
from sciml.symbolic.ladder.rung import Candidate, Rung
from sciml.symbolic.ladder.scaling import scaled_away
from sciml.symbolic.ladder.settings import Settings
from sciml.symbolic.ladder.steps import Step, found_by
from sciml.symbolic.ladder.term_groups import forms_with_terms, groups
from sciml.symbolic.problems import Integral
from sciml.symbolic.substitution import substitute
from sciml.symbolic.verification import verify_integral

_SECONDS_AFTER_PARTIAL = 2.0
_DIRECT_S = 1.0
_SHORT_S = 1.0
_METHODS_S = 2.0
_SLOW_S = 1.5
_SLOW_TOTAL_S = 4.0
"""For the long systems of all parts and transformed integrands of a problem."""


@dataclass
class IntegralClimb:
    """The way of one integrand in x up the ladder."""

    settings: Settings
    deadline: Deadline
    notes: list[str] = field(default_factory=list)
    """What was skipped, for people."""
    _slow_s: float = _SLOW_TOTAL_S
    _failed: set[bytes] = field(default_factory=set)
    """Integrands for which everything cheap was tried."""
    _partial: dict[bytes, Found] = field(default_factory=dict)
    """By integrand: an answer that holds on a part of the axis."""

    def solve(self, integrand: Expr) -> Found | None:
        """A verified antiderivative, or one that holds on a part of the axis, or None."""
        found = None
        try:
            with hard_limit(self.deadline):
                constant, rest = constant_factor(integrand)
                if rest.kind == ADD:
                    found = self._as_one_sum(rest) or self._by_groups(rest)
                    if constant != ONE:
                        found = self._composed(integrand, found, partial(multiply, constant), "constants out")
                else:
                    found = self._cheaply(integrand, 0) or self._by_parts_of_sum(integrand)
        except OutOfTimeError:
            self.notes.append("the time was up before all rungs were tried")
        return found or self._partial.get(integrand.prefix)

    # Cheap rungs -------------------------------------------------------------------------------------------

    def _cheaply(self, integrand: Expr, depth: int) -> Found | None:
        """By rules, direct methods or ansatz, as it is or transformed."""
        found = self._directly(integrand)
        if found is None and depth < 3:
            found = self._transformed(integrand, depth)
        return found or self._by_search(integrand)

    def _by_search(self, integrand: Expr) -> Found | None:
        """By short systems, methods of the textbook, long systems; the slow ones within a common budget."""
        if integrand.prefix in self._failed:
            return None
        systems = Systems(integrand)
        found = self._by_rung("ansatz", systems.short, integrand, _SHORT_S)
        found = found or self._by_rung("methods", textbook.propose, integrand, _METHODS_S)
        for name, rung in (("ansatz", systems.long), ("substitution", change_of_variable.propose)):
            if found is None and self._slow_s > 0:
                started = time.thread_time()
                found = self._by_rung(name, rung, integrand, min(_SLOW_S, self._slow_s))
                self._slow_s -= time.thread_time() - started
        if found is None:
            self._failed.add(integrand.prefix)
        return found

    def _directly(self, integrand: Expr) -> Found | None:
        """By what answers at once or not at all."""
        for name, rung in DIRECT:
            found = self._by_rung(name, rung, integrand, _DIRECT_S)
            if found is not None:
                return found
        return None

    def _transformed(self, integrand: Expr, depth: int) -> Found | None:
        """Constants out; parameters away by a linear argument or by scaling."""
        constant, rest = constant_factor(integrand)
        if rest != integrand and constant.mask:
            inner = self._cheaply(rest, depth + 1)
            return self._composed(integrand, inner, partial(multiply, constant), "constants out")
        found = self._substituted(integrand, depth)
        if found is not None or integrand.mask == X.mask:
            return found
        line = linear_argument(integrand)
        if line is not None and (line.slope.mask or line.shift.mask):
            inner = self._cheaply(line.outer, depth + 1)
            if inner is not None:
                return self._composed(integrand, inner, line.back, "a linear argument becomes x")
        for scaling in scaled_away(integrand):
            inner = self._cheaply(scaling.integrand, depth + 1)
            if inner is not None:
                return self._composed(integrand, inner, scaling.back, "a parameter is scaled away")
        return None

    def _substituted(self, integrand: Expr, depth: int) -> Found | None:
        """By u with du in the integrand; what is left is shorter for the ansatz."""
        whole = table.substitution(integrand)
        if whole is None:
            return None
        outer, part = whole
        inner = self._cheaply(outer, depth + 1)
        if inner is None:
            return None
        try:
            expression = substitute(inner.expression, {X: part})
        except (UndefinedExpressionError, ExpressionTooLargeError):
            return None
        steps = table.substitution_steps(part, outer, inner.steps, expression)
        return self._judged(integrand, Candidate(expression, steps), inner.rung)

    def _composed(
        self, integrand: Expr, inner: Found | None, back: Callable[[Expr], Expr], text: str
    ) -> Found | None:
        """An answer to a transformed integrand as one to the integrand itself, verified again."""
        if inner is None:
            return None
        try:
            expression = back(inner.expression)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            return None
        steps = (Step(f"{text}: the integral of {{}}", (integrand,)), *inner.steps, Step("{}", (expression,)))
        return self._judged(integrand, Candidate(expression, steps), inner.rung)

    def _by_rung(self, name: str, rung: Rung[Integral], integrand: Expr, seconds: float) -> Found | None:
        """The first verified candidate of a rung within its time, to which loading SymPy does not count."""
        was_loaded = "sympy" in sys.modules
        deadline = self.deadline.within(seconds)
        try:
            with hard_limit(deadline):
                for candidate in rung(Integral(integrand), deadline):
                    found = self._judged(integrand, candidate, name)
                    if found is not None:
                        return found
        except OutOfTimeError:
            if self.deadline.has_passed:
                raise
            if not was_loaded and "sympy" in sys.modules:
                return self._by_rung(name, rung, integrand, seconds)
        except (UndefinedExpressionError, ExpressionTooLargeError):  # numbers beyond the limit on the way
            return None
        return None

    def _judged(self, integrand: Expr, candidate: Candidate, rung: str) -> Found | None:
        """The candidate if it is verified; one that holds on a part of the axis is kept for the end."""
        verification = verify_integral(integrand, candidate.expression)
        steps = candidate.steps or (found_by(rung, integrand, candidate.expression),)
        found = Found(candidate.expression, rung, verification, steps)
        if verification.is_verified:
            return found
        before = self._partial.get(integrand.prefix)
        least = 0.0 if before is None else before.verification.agreement
        if found.is_usable_part and verification.agreement >= least:
            self._partial[integrand.prefix] = found
        return None

    # Sums --------------------------------------------------------------------------------------------------

    def _as_one_sum(self, integrand: Expr) -> Found | None:
        """By rules or a short ansatz for all terms: groups miss that asin(x) goes with sqrt(1 - x**2)."""
        found = self._directly(integrand)
        return found or self._by_rung("ansatz", Systems(integrand).short, integrand, _SHORT_S)

    def _by_groups(self, integrand: Expr) -> Found | None:
        """Terms that a rule solves, then groups of terms that belong together, then what is left."""
        solved, left = [], []
        for coefficient, term in terms(integrand):
            found = self._directly(term)
            if found is None:
                left.append((coefficient, term))
            else:
                solved.append(replace(found, expression=product(coefficient, ((found.expression, 1),))))
        for is_deep in (False, True):
            parted = groups(left, is_deep=is_deep)
            left = []
            for group in parted:
                found = self._cheaply(linear(group), min(len(parted) - 1, 1))
                if found is None:
                    left += group
                else:
                    solved.append(found)
        if left:
            rest = self._by_parts_of_sum(linear(left))
            if rest is None:
                return None
            solved.append(rest)
        return self._sum(integrand, solved)

    def _by_parts_of_sum(self, integrand: Expr) -> Found | None:
        """Terms that the cheap rungs solve, and the rest as a whole by the expensive ones."""
        solved: list[Found] = []
        rest = integrand
        for form in forms_with_terms(integrand):
            left = []
            solved = []
            for coefficient, term in terms(form):
                found = self._cheaply(term, 1)
                if found is None:
                    left.append((coefficient, term))
                else:
                    solved.append(replace(found, expression=product(coefficient, ((found.expression, 1),))))
            rest = linear(left)
            if solved:
                break
        if rest == ZERO_EXPR:
            return self._sum(integrand, solved)
        other = self._by_search(rest) or self._expensively(rest) or self._partial.get(rest.prefix)
        return None if other is None else self._sum(integrand, [*solved, other])

    def _sum(self, integrand: Expr, parts: list[Found]) -> Found | None:
        """The sum of verified parts, verified as a whole.

        Where the whole cannot be computed at enough points, its verified parts are the evidence: integration
        is linear.
        """
        expression = linear([(1, one.expression) for one in parts])
        rungs = " + ".join(dict.fromkeys(name for one in parts for name in one.rung.split(" + ")))
        steps = (Step("term by term"), *[step for one in parts for step in one.steps])
        found = self._judged(integrand, Candidate(expression, steps), rungs)
        if found is not None or not all(one.verification.is_verified for one in parts):
            return found
        if verify_integral(integrand, expression).status != "undecided":
            return None
        weakest = min((one.verification for one in parts), key=lambda one: (one.agreement, one.points))
        evidence = replace(weakest, method=f"{weakest.method}, term by term")
        return Found(expression, rungs, evidence, steps)

    # Expensive rungs ---------------------------------------------------------------------------------------

    def _expensively(self, integrand: Expr) -> Found | None:
        """By the sequence model, SymPy, and the systems of others."""
        found = self._by_model(integrand)
        if found is None:
            has_partial = integrand.prefix in self._partial
            seconds = _SECONDS_AFTER_PARTIAL if has_partial else self.deadline.left
            found = self._by_rung("SymPy", sympy_child.propose, integrand, seconds)
        if found is None and self.settings.cas:
            for system in foreign_cas.installed():
                found = self._by_rung(system.name, system.propose, integrand, self.deadline.left)
                if found is not None:
                    break
        return found

    def _by_model(self, integrand: Expr) -> Found | None:
        reason = model_rung.reason_to_skip(self.deadline)
        if reason is not None:
            self.notes.append(reason)
            return None
        return model_rung.first_accepted(
            Integral(integrand),
            self.settings.beam,
            lambda candidate, name: self._judged(integrand, candidate, name),
            self.deadline,
            self.settings.seed,
            has_partial=integrand.prefix in self._partial,
        )

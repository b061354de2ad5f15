"""The methods of the textbook applied to one another: changes of variable and integration by parts.

What is left at the end of each way is to be answered at once: by rules, partial fractions, square roots of
quadratics or waves. No coefficient is solved for here, so parameters do no harm.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from sciml.symbolic.derivative import derivative
from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import (
    ONE,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    linear,
    multiply,
    symbol_names,
)
from sciml.symbolic.ladder.by_parts import later_splits, splits
from sciml.symbolic.ladder.change import Change, rewritten
from sciml.symbolic.ladder.circular_changes import with_constant_angles
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.direct_rungs import DIRECT
from sciml.symbolic.ladder.exponential_changes import with_exponentials
from sciml.symbolic.ladder.fractions_of_x import simplified_fraction
from sciml.symbolic.ladder.normalise import constant_factor, terms
from sciml.symbolic.ladder.power_changes import with_powers_taken_out
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.ladder.substitutions import changes
from sciml.symbolic.problems import Integral
from sciml.symbolic.sample_points import standard_samples

_LONGEST = 400
"""Tokens of an integrand."""
_DEPTH = 2
_COMPARED = 2
"""The shortest of so many is proposed first."""
_DIRECT_S = 0.5
_MOST_TERMS = 40


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """Antiderivatives by changes of variable and by parts. See `rung.Rung`."""
    search = Search(deadline)
    given = problem.integrand
    forms = (with_powers_taken_out(given), with_constant_angles(given), with_exponentials(given))
    others = {one.prefix: one for one in forms if one != given}
    found = chain(
        search.indirectly(given, _DEPTH),
        chain.from_iterable(search.solve(one, _DEPTH) for one in others.values()),
    )
    first = list(islice(found, _COMPARED))
    yield from sorted(first, key=lambda one: len(one.expression.prefix))
    yield from found


def in_new_variable(integrand: Expr, change: Change) -> Expr | None:
    """f(g(t))*g'(t) in t = x, simplified where it is rational; None if it has no value or is too long."""
    try:
        inside = rewritten(integrand, change)
        if len(inside.prefix) > 4 * _LONGEST:
            return None
        changed = simplified_fraction(multiply(inside, derivative(change.old)))
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return None
    return changed if len(changed.prefix) <= _LONGEST else None


@dataclass
class Search:
    """One search; what was tried is not tried again."""

    deadline: Deadline
    _tried: dict[bytes, int] = field(default_factory=dict)
    """The depth left when an integrand was tried."""

    def solve(self, integrand: Expr, depth: int) -> Iterator[Candidate]:
        """Antiderivatives, those found at once first."""
        constant, rest = constant_factor(integrand)
        if constant != ONE:
            for found in self.solve(rest, depth):
                yield Candidate(multiply(constant, found.expression), found.steps)
            return
        for _, direct in DIRECT:
            for found in direct(Integral(integrand), self.deadline.within(_DIRECT_S)):
                yield found
                if seems_right(integrand, found.expression):
                    return
        if depth > 0:
            yield from self.indirectly(integrand, depth)

    def indirectly(self, integrand: Expr, depth: int) -> Iterator[Candidate]:
        """By a change of variable, by parts, term by term."""
        if len(integrand.prefix) > _LONGEST or self._tried.get(integrand.prefix, 0) >= depth:
            return
        self._tried[integrand.prefix] = depth
        for kept, rest in splits(integrand):
            yield from self._by_parts(kept, rest, depth)
        for change in changes(integrand):
            if self.deadline.has_passed:
                return
            changed = in_new_variable(integrand, change)
            if changed is not None:
                yield from self._changed(changed, change, depth)
        for kept, rest in later_splits(integrand):
            yield from self._by_parts(kept, rest, depth)
        yield from self._term_by_term(integrand, depth)

    def _changed(self, changed: Expr, change: Change, depth: int) -> Iterator[Candidate]:
        begun = Step("with t = {} the integrand is {}, t written x", (change.new, changed))
        for found in self.solve(changed, depth - 1):
            try:
                yield Candidate(change.back(found.expression), (begun, *found.steps))
            except (UndefinedExpressionError, ExpressionTooLargeError):
                continue

    def _by_parts(self, kept: Expr, rest: Expr, depth: int) -> Iterator[Candidate]:
        """The integral of F*g is F*G minus that of F'*G."""
        outer = self._first(rest, depth - 1)
        if outer is None:
            return
        try:
            left = simplified_fraction(multiply(derivative(kept), outer))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            return
        inner = self._first(left, depth - 1)
        if inner is not None:
            step = Step("by parts: {} times the integral of {}, less that of {}", (kept, rest, left))
            yield Candidate(multiply(kept, outer) - inner, (step,))

    def _term_by_term(self, integrand: Expr, depth: int) -> Iterator[Candidate]:
        try:
            parts = terms(expand(integrand, max_terms=_MOST_TERMS))
        except ExpressionTooLargeError:
            return
        if len(parts) < 2:
            return
        solved: list[tuple[Number, Expr]] = []
        for coefficient, term in parts:
            found = self._first(term, depth)
            if found is None:
                return
            solved.append((coefficient, found))
        yield Candidate(linear(solved), (Step("term by term"),))

    def _first(self, integrand: Expr, depth: int) -> Expr | None:
        """The first antiderivative that is right at a few points."""
        if not integrand.mask & X.mask:
            return multiply(integrand, X)
        for found in self.solve(integrand, depth):
            if seems_right(integrand, found.expression):
                return found.expression
            if self.deadline.has_passed:
                return None
        return None


def seems_right(integrand: Expr, antiderivative: Expr) -> bool:
    """Whether the derivative is the integrand at half or more of some points, in ordinary numbers."""
    try:
        slope = derivative(antiderivative)
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return False
    samples = standard_samples(symbol_names(integrand, antiderivative, X), X.value)
    with np.errstate(all="ignore"):
        wanted, found = evaluate(integrand, samples.values), evaluate(slope, samples.values)
        difference = np.abs(found - wanted) / np.maximum(np.abs(wanted), 1e-30)
    usable = np.isfinite(difference)
    return bool(usable.any() and (difference[usable] < 1e-6).mean() >= 0.5)

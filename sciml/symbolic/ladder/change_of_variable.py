"""Integrals by a change of variable that makes the integrand rational: t for a radical, an exponential,
tan(x/2).

For each substitution x = g(t) that the integrand suggests, g'(t)*f(g(t)) is written in t with the radicals
that t stands for resolved, brought over one denominator and cancelled, and given to the ansatz; its answer is
written in x again.

Source: the classical substitutions (Abramowitz & Stegun 3.3; Euler's for radicals of quadratics; tan(x/2) of
Weierstrass); binomial differentials after Chebyshev.
"""

from collections.abc import Iterator
from contextlib import suppress

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    multiply,
)
from sciml.symbolic.ladder.ansatz import antiderivatives
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.fractions_of_x import simplified_fraction
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.ladder.substitutions import Change, changes, rewritten
from sciml.symbolic.problems import Integral
from sciml.symbolic.substitution import substitute

_LONGEST = 400
"""Tokens of an integrand that is tried, before and after."""


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """Antiderivatives by the substitutions that the integrand suggests. See `rung.Rung`."""
    integrand = problem.integrand
    if len(integrand.prefix) > _LONGEST:
        return
    for change in changes(integrand):
        if deadline.has_passed:
            return
        with suppress(UndefinedExpressionError, ExpressionTooLargeError):
            changed = in_new_variable(integrand, change)
            if changed is None or len(changed.prefix) > _LONGEST:
                continue
            for found in antiderivatives(changed, min(3.0, deadline.left)):
                answer = substitute(found, {X: change.new})
                yield Candidate(
                    answer, (Step("with t = {} the integrand is {}, t written x", (change.new, changed)),)
                )


def in_new_variable(integrand: Expr, change: Change) -> Expr | None:
    """f(g(t))*g'(t) in t = x, simplified as a rational function where it is one."""
    try:
        inside = rewritten(integrand, change)
        return simplified_fraction(multiply(inside, derivative(change.old)))
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return None

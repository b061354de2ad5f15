"""Integrals that arise on the way to the solution of a differential equation."""

import numpy as np

from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    function,
    linear,
    multiply,
    product,
)
from sciml.symbolic.ladder import ansatz, table
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.terms import bases_of
from sciml.symbolic.problems import Integral

_MOST_SECONDS = 4.0
_MOST_BASES = 24
_LONGEST = 3_000
"""Tokens of an integrand."""


def integral(integrand: Expr, deadline: Deadline, variable: Expr = X) -> Expr | None:
    """A proposed antiderivative, by linear algebra or by rules; None if there is none in time."""
    if integrand == ZERO_EXPR:
        return ZERO_EXPR
    if not integrand.mask & variable.mask:
        return multiply(integrand, variable)
    if len(integrand.prefix) > _LONGEST or deadline.has_passed:
        return None
    try:
        found = _sum_of_logarithms(integrand, variable)
        if found is not None:
            return found
        found = ansatz.antiderivative(integrand, min(_MOST_SECONDS, deadline.left), variable)
        if found is None and variable == X:
            found = _by_rules(integrand, deadline)
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return None
    return found


def _sum_of_logarithms(integrand: Expr, variable: Expr) -> Expr | None:
    """An antiderivative made of logs of the integrand's bases and of powers of the variable.

    Integrating factors are of this kind; no cancellation of the integrand is needed to find it.
    """
    bases = [one for one in bases_of(integrand).values() if one.mask & variable.mask]
    bases = sorted(bases, key=lambda one: len(one.prefix))[:_MOST_BASES]
    candidates = {variable.prefix: variable, **{one.prefix: one for one in bases[: _MOST_BASES // 2]}}
    for exponent in (2, 3, -1):
        power = product(1, ((variable, exponent),))
        candidates[power.prefix] = power
    for base in bases:
        logarithm = function("log", base)
        candidates[logarithm.prefix] = logarithm
    return ansatz.combination(integrand, list(candidates.values()), variable)


def _by_rules(integrand: Expr, deadline: Deadline) -> Expr | None:
    for candidate in table.propose(Integral(integrand), deadline.within(0.5)):
        return candidate.expression
    return None


def exponential(exponent: Expr) -> Expr:
    """exp(exponent) with the logarithms in it as powers, without a constant factor."""
    terms = [(factor, term) for term, factor in exponent.args] if exponent.kind == ADD else [(1, exponent)]
    varying = [(factor, term) for factor, term in terms if term.mask]
    powers, rest = [], []
    for factor, term in varying:
        coefficient, argument = _multiple_of_log(term)
        if argument is None:
            rest.append((factor, term))
        else:
            powers.append((_positive_first(argument), factor * coefficient))
    return product(1, [(function("exp", linear(rest)), 1), *powers])


def _positive_first(base: Expr) -> Expr:
    """The base, or its negative if that is positive near x = 1/2, where roots are wanted real."""
    if base.mask != X.mask:
        return base
    value = complex(evaluate(base, {"x": np.array([0.47 + 0j])})[0])
    return -base if value.real < 0 and abs(value.imag) < abs(value.real) else base


def _multiple_of_log(term: Expr) -> tuple[int, Expr | None]:
    if term.kind == FUNCTION and term.value == "log":
        return 1, term.args[0]
    if term.kind == MULTIPLY and len(term.args) == 1 and term.args[0].kind == FUNCTION:
        only = term.args[0]
        if only.value == "log":
            return term.value, only.args[0]
    return 1, None

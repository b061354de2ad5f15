"""Integrals that arise on the way to the solution of a differential equation."""

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
from sciml.symbolic.problems import Integral

_MOST_SECONDS = 4.0
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
        found = ansatz.antiderivative(integrand, min(_MOST_SECONDS, deadline.left), variable)
        if found is None and variable == X:
            found = _by_rules(integrand, deadline)
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return None
    return found


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
            powers.append((argument, factor * coefficient))
    return product(1, [(function("exp", linear(rest)), 1), *powers])


def _multiple_of_log(term: Expr) -> tuple[int, Expr | None]:
    if term.kind == FUNCTION and term.value == "log":
        return 1, term.args[0]
    if term.kind == MULTIPLY and len(term.args) == 1 and term.args[0].kind == FUNCTION:
        only = term.args[0]
        if only.value == "log":
            return term.value, only.args[0]
    return 1, None

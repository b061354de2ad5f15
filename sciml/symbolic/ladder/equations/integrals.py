"""Integrals that arise on the way to the solution of a differential equation."""

from collections.abc import Iterator

import numpy as np

from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    ONE,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    divide,
    function,
    linear,
    multiply,
    power,
    product,
    symbol,
)
from sciml.symbolic.ladder import (
    ansatz,
    change_of_variable,
    partial_fractions,
    square_root_integrals,
    table,
    waves,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.integrands import term_by_term
from sciml.symbolic.ladder.equations.inversion import at_values
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.normalise import constant_factor
from sciml.symbolic.ladder.rung import Rung
from sciml.symbolic.ladder.terms import bases_of, with_functions
from sciml.symbolic.problems import Integral
from sciml.symbolic.substitution import substitute
from sciml.symbolic.unknown_function import Y
from sciml.symbolic.verification import verify_integral

_ANSATZ_S = 2.0
_RUNGS: tuple[tuple[Rung[Integral], float], ...] = (
    (table.propose, 0.5),
    (partial_fractions.propose, 0.5),
    (square_root_integrals.propose, 0.5),
    (waves.propose, 0.5),
    (change_of_variable.propose, 1.5),
)
"""Rungs of integrals, and seconds of work for each."""
_SHARE_OF_LENGTH = 0.8
"""Of another writing of an integrand, at which it is tried first."""
_MOST_BASES = 24
_LONGEST, _LONGEST_FOR_RUNGS = 3_000, 400
"""Tokens of an integrand."""
_MOST_TERMS = 8
_MOST_KNOWN = 500
_known: dict[tuple[bytes, bytes], Expr | None] = {}
"""Integrals by (integrand, variable): branches of one equation need the same ones."""


def integral(integrand: Expr, deadline: Deadline, variable: Expr = X) -> Expr | None:
    """A proposed antiderivative, by linear algebra, rules or substitutions; None if there is none in time."""
    if integrand == ZERO_EXPR:
        return ZERO_EXPR
    if not integrand.mask & variable.mask:
        return multiply(integrand, variable)
    constant, rest = constant_factor(integrand, variable)
    if constant != ONE:
        found = integral(rest, deadline, variable)
        return None if found is None else multiply(constant, found)
    if len(integrand.prefix) > _LONGEST or deadline.has_passed:
        return None
    key = (integrand.prefix, variable.prefix)
    if key in _known:
        return _known[key]
    has_time = deadline.left > _ANSATZ_S
    found = _found(integrand, deadline, variable)
    if found is not None or has_time:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = found
    return found


def _found(integrand: Expr, deadline: Deadline, variable: Expr) -> Expr | None:
    try:
        found = _sum_of_logarithms(integrand, variable)
        written = term_by_term(integrand) if found is None else integrand
        if len(written.prefix) < _SHARE_OF_LENGTH * len(integrand.prefix):
            found = ansatz.antiderivative(written, min(_ANSATZ_S, deadline.left), variable)
        if found is None:
            found = ansatz.antiderivative(integrand, min(_ANSATZ_S, deadline.left), variable)
        found = found or _by_other_rungs(integrand, deadline, variable)
        found = found or _term_by_term(integrand, deadline, variable)
        short = integrand if found is not None else simplest(integrand)
        return found if short == integrand else integral(short, deadline, variable)
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return None


def _term_by_term(integrand: Expr, deadline: Deadline, variable: Expr) -> Expr | None:
    """The sum of the integrals of the terms of a sum."""
    if integrand.kind != ADD or integrand.value or len(integrand.args) > _MOST_TERMS:
        return None
    found = []
    for term, factor in integrand.args:
        part = integral(term, deadline, variable)
        if part is None:
            return None
        found.append((factor, part))
    return linear(found)


def _sum_of_logarithms(integrand: Expr, variable: Expr) -> Expr | None:
    """An antiderivative made of logs of the integrand's bases and of powers of the variable.

    Integrating factors are of this kind; no cancellation of the integrand is needed to find it.
    """
    bases = [one for one in bases_of(integrand).values() if one.mask & variable.mask]
    bases = sorted(bases, key=lambda one: len(one.prefix))[:_MOST_BASES]
    candidates = {variable.prefix: variable, **{one.prefix: one for one in bases[: _MOST_BASES // 2]}}
    for exponent in (2, 3, -1):
        of_variable = product(1, ((variable, exponent),))
        candidates[of_variable.prefix] = of_variable
    for base in bases:
        logarithm = function("log", base)
        candidates[logarithm.prefix] = logarithm
    return ansatz.combination(integrand, list(candidates.values()), variable)


def _by_other_rungs(integrand: Expr, deadline: Deadline, variable: Expr) -> Expr | None:
    """By the rungs of integrals, which integrate over x: another variable changes names with it."""
    names = {X: variable, variable: X}
    asked = integrand if variable == X else substitute(integrand, names)
    if len(integrand.prefix) > _LONGEST_FOR_RUNGS:
        return None
    for propose, seconds in _RUNGS:
        for candidate in propose(Integral(asked), deadline.within(seconds)):
            found = candidate.expression
            if verify_integral(asked, found).status in ("verified", "partial"):
                return found if variable == X else substitute(found, names)
    return None


def reciprocal_integrals(rate: Expr, deadline: Deadline) -> Iterator[Expr]:
    """The integral of 1/rate over y; also by tan(y/2) where rate is a rational function of sin and cos."""
    integrand = simplest(divide(ONE, rate))
    found = integral(integrand, deadline, Y[0])
    if found is not None:
        yield found
    tangent = symbol("u")
    half = in_half_angle(integrand, Y[0], tangent)
    found = None if half is None else integral(half, deadline, tangent)
    back = None if found is None else at_values(found, {tangent: function("tan", Y[0] / 2)})
    if back is not None:
        yield back


def in_half_angle(integrand: Expr, angle: Expr, tangent: Expr) -> Expr | None:
    """The integrand over t = tan(angle/2), if the angle occurs in its sin, cos and tan only."""
    square = multiply(tangent, tangent)
    below = square + 1
    values = {
        function("sin", angle): divide(2 * tangent, below),
        function("cos", angle): divide(1 - square, below),
        function("tan", angle): divide(2 * tangent, 1 - square),
    }
    found = at_values(integrand, values)
    if found is None or found.mask & angle.mask:
        return None
    return simplest(divide(2 * found, below))


def exponential(exponent: Expr) -> Expr:
    """exp(exponent) with the logarithms in it as powers, without a constant factor; atanh is one of them."""
    exponent = with_functions(exponent, _atanh_as_logarithms)
    terms = [(factor, term) for term, factor in exponent.args] if exponent.kind == ADD else [(1, exponent)]
    powers: list[tuple[Expr, Number]] = []
    rest = []
    for factor, term in terms:
        if not term.mask:
            continue
        logarithm = _logarithm_in(term)
        if logarithm is None:
            rest.append((factor, term))
            continue
        base = _positive_first(logarithm.args[0])
        multiple = product(factor, [(term, 1), (logarithm, -1)])
        powers.append((base, multiple.value) if multiple.kind == NUMBER else (power(base, multiple), 1))
    return product(1, [(function("exp", linear(rest)), 1), *powers])


def _atanh_as_logarithms(name: str, argument: Expr) -> Expr:
    if name != "atanh":
        return function(name, argument)
    return (function("log", ONE + argument) - function("log", ONE - argument)) / 2


def _positive_first(base: Expr) -> Expr:
    """The base, or its negative if that is positive near x = 1/2, where roots are wanted real."""
    if base.mask != X.mask:
        return base
    value = complex(evaluate(base, {"x": np.array([0.47 + 0j])})[0])
    return -base if value.real < 0 and abs(value.imag) < abs(value.real) else base


def _logarithm_in(term: Expr) -> Expr | None:
    """The logarithm that a term is a constant multiple of."""
    factors = term.args if term.kind == MULTIPLY else (term,)
    held = [factor for factor in factors if factor.mask & (X.mask | Y[0].mask)]
    is_logarithm = len(held) == 1 and held[0].kind == FUNCTION and held[0].value == "log"
    return held[0] if is_logarithm else None

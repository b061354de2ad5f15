"""Exact equations P + Q*y' = 0, and those that an integrating factor of x or of y alone makes exact.

Source: Boyce & DiPrima, Elementary Differential Equations, section 2.6.
"""

from collections.abc import Iterator

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expansion import numerator_denominator
from sciml.symbolic.expression import ONE, Expr, X, divide, linear, multiply, number
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.fibres import Fibres
from sciml.symbolic.ladder.equations.integrals import exponential, integral
from sciml.symbolic.ladder.equations.inversion import at_values
from sciml.symbolic.ladder.equations.relations import solved_relation
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.equations.symmetry import potential
from sciml.symbolic.ladder.modular import NotModularError
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.unknown_function import Y

_SECONDS = 1.5
"""Of work for an equation that is exact as it is."""


def propose_as_it_is(solved: Solved, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions if the equation is exact without a factor, which costs little to see."""
    fibres = Fibres([solved.rest, solved.factor], copies=1, moving=())
    try:
        is_exact = not fibres.evaluate(_curl(solved.rest, solved.factor))[fibres.usable].any()
    except NotModularError:
        return
    if is_exact and fibres.usable.any():
        level = _level(solved.rest, solved.factor, ONE, deadline.within(_SECONDS))
        if level is not None:
            yield from solved_relation([level], constant, (Step("the equation is exact"),))


def propose_exact(solved: Solved, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions if the equation is exact or has an integrating factor of one variable."""
    for p, q in _forms(solved):
        factor = _integrating_factor(p, q, deadline)
        if factor is None:
            continue
        level = next(attempted(iter((_level(p, q, factor, deadline),))), None)
        if level is not None:
            step = Step("multiplied by {} the equation is exact", (factor,))
            yield from attempted(solved_relation([level], constant, (step,)))
            return


def _level(p: Expr, q: Expr, factor: Expr, deadline: Deadline) -> Expr | None:
    return potential(simplest(multiply(factor, p)), simplest(multiply(factor, q)), deadline)


def _forms(solved: Solved) -> Iterator[tuple[Expr, Expr]]:
    """(P, Q) as they are, and without their denominators."""
    yield solved.rest, solved.factor
    above, below = numerator_denominator(solved.value)
    if below != solved.factor:
        yield -above, below


def _curl(p: Expr, q: Expr) -> Expr:
    return linear([(1, derivative(p, Y[0])), (-1, derivative(q, X))])


def _integrating_factor(p: Expr, q: Expr, deadline: Deadline) -> Expr | None:
    """1, or mu(x) or mu(y) with d(mu*P)/dy = d(mu*Q)/dx."""
    y = Y[0]
    curl = _curl(p, q)
    for ratio_below, along, across, sign in ((q, X, y, 1), (p, y, X, -1)):
        fibres = Fibres([p, q], copies=3, moving=(across,))
        try:
            turn = fibres.evaluate(curl)
            if not turn[fibres.usable].any():
                return ONE
            rate = turn * fibres.to_power(fibres.evaluate(ratio_below), -1) % fibres.prime
        except NotModularError:
            return None
        if fibres.depends_on_shared_only(rate):
            ratio = divide(curl, ratio_below)
            for at in (1, 0, 2, -1, 3):
                there = at_values(ratio, {across: number(at)})
                if there is not None:
                    growth = integral(simplest(there), deadline, along)
                    return None if growth is None else exponential(sign * growth)
    return None

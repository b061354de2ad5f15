"""Second-order equations without y, without x, or unchanged by a scaling of y or x, by one order lower.

Each has its own unknown function p of its own variable z, for which a first-order equation holds; that is
solved by the methods for those, and what follows for y is one more first-order equation.

Source: Boyce & DiPrima, Elementary Differential Equations, section 2.9 (exercises); Zwillinger, Handbook of
Differential Equations, sections on autonomous, equidimensional and scale-invariant equations.
"""

from collections.abc import Iterator

from sciml.symbolic.expression import ONE, Expr, X, divide, function, multiply
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.fibres import Fibres
from sciml.symbolic.ladder.equations.first_order import first_order_solutions
from sciml.symbolic.ladder.equations.integrals import integral
from sciml.symbolic.ladder.equations.inversion import at_values
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.modular import NotModularError
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.substitution import substitute
from sciml.symbolic.unknown_function import Y

_Y, _P = Y[:2]
_MOST_SLOPES = 3
_SECONDS = 2.0
"""Of work for one way of reduction."""

Constants = tuple[Expr, Expr]


def propose_reduced(solved: Solved, constants: Constants, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions by way of two first-order equations, implicit where y cannot be isolated."""
    for way in (_without_y, _without_x, _scaling_y, _scaling_x):
        if deadline.has_passed:
            return
        yield from attempted(way(solved, constants, deadline.within(_SECONDS)))


def _without_y(solved: Solved, constants: Constants, deadline: Deadline) -> Iterator[Candidate]:
    """p(x) = y'."""
    if (solved.rest.mask | solved.factor.mask) & _Y.mask:
        return
    lower = Solved(substitute(solved.rest, {_P: _Y}), substitute(solved.factor, {_P: _Y}), 1)
    for slope, step in _slopes(lower, constants[0], "y' = p(x)", deadline):
        found = integral(slope, deadline)
        if found is not None:
            yield Candidate(found + constants[1], (step,))


def _without_x(solved: Solved, constants: Constants, deadline: Deadline) -> Iterator[Candidate]:
    """p(y) = y', so that y'' = p*dp/dy."""
    if (solved.rest.mask | solved.factor.mask) & X.mask:
        return
    names = {_Y: X, _P: _Y}
    lower = Solved(substitute(solved.rest, names), multiply(_Y, substitute(solved.factor, names)), 1)
    for slope, step in _slopes(lower, constants[0], "y' = p(y)", deadline):
        yield from _next(-substitute(slope, {X: _Y}), ONE, constants[1], step, deadline)


def _scaling_y(solved: Solved, constants: Constants, deadline: Deadline) -> Iterator[Candidate]:
    """p(x) = y'/y, so that y'' = y*(p' + p**2), if y'' is a multiple of y for given x and p."""
    second = at_values(solved.value, {_P: multiply(_P, _Y)})
    level = None if second is None else _at_one(divide(second, _Y), _Y)
    if level is None:
        return
    rest = substitute(multiply(_P, _P) - level, {_P: _Y})
    for rate, step in _slopes(Solved(simplest(rest), ONE, 1), constants[0], "y' = p(x)*y", deadline):
        grown = integral(rate, deadline)
        if grown is not None:
            yield Candidate(multiply(constants[1], function("exp", grown)), (step,))


def _scaling_x(solved: Solved, constants: Constants, deadline: Deadline) -> Iterator[Candidate]:
    """p(y) = x*y', so that x**2*y'' = p*dp/dy - p, if x**2*y'' is free of x for given y and p."""
    second = at_values(solved.value, {_P: divide(_P, X)})
    level = None if second is None else _at_one(multiply(second, multiply(X, X)), X)
    if level is None:
        return
    names = {_Y: X, _P: _Y}
    lower = Solved(simplest(-_Y - substitute(level, names)), _Y, 1)
    for slope, step in _slopes(lower, constants[0], "y' = p(y)/x", deadline):
        yield from _next(-substitute(slope, {X: _Y}), X, constants[1], step, deadline)


# Steps of the ways -----------------------------------------------------------------------------------------


def _at_one(node: Expr, unknown: Expr) -> Expr | None:
    """The expression at unknown = 1 if it does not depend on it, by residues; else None."""
    fibres = Fibres([node], copies=3, moving=(unknown,))
    try:
        is_free = fibres.depends_on_shared_only(fibres.evaluate(node))
    except NotModularError:
        return None
    return at_values(node, {unknown: ONE}) if is_free else None


def _slopes(lower: Solved, constant: Expr, meaning: str, deadline: Deadline) -> Iterator[tuple[Expr, Step]]:
    """Explicit solutions p of the lower equation, with the step that says so."""
    found: dict[bytes, Expr] = {}
    for candidate in first_order_solutions(lower, constant, deadline):
        one = candidate.expression
        if not one.mask & _Y.mask and one.mask & constant.mask and one.prefix not in found:
            found[one.prefix] = one
            yield one, Step(f"with {meaning}, p = {{}}", (one,))
        if len(found) == _MOST_SLOPES:
            return


def _next(rest: Expr, factor: Expr, constant: Expr, step: Step, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions of rest + factor*y' = 0, which holds the first constant."""
    for candidate in first_order_solutions(Solved(rest, factor, 1), constant, deadline):
        yield Candidate(candidate.expression, (step, *candidate.steps))

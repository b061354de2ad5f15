"""Second-order equations by a first integral v(x, y, y') that obeys a linear equation of the first order.

If c1 can be isolated as a function of x, y, y', the last function on the way to it stands in the equation or
has left its derivative there. As for first-order equations, every part that holds y' is tried as v. What
follows from v' = p(x)*v + q(x) is a first-order equation for y with a constant in it.
"""

from collections.abc import Iterator

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ONE,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    divide,
    linear,
    number,
    product,
    symbol,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.fibres import Fibres
from sciml.symbolic.ladder.equations.first_order_substitution import (
    Substitution,
    outer_functions,
    parts_with,
    propose_by_substitution,
)
from sciml.symbolic.ladder.equations.inversion import at_values, chains, inverses
from sciml.symbolic.ladder.equations.linear import linear_solution
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.modular import NotModularError
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.special_kernels import special_kernels
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.unknown_function import Y

_U = symbol("u")
_MOST_PARTS = 40
_ENOUGH_GROUPS = 6
_POINTS = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (1, 2), (2, 1), (2, 3))
"""Values of (v, y) at which the linear equation is read off."""


def propose_by_first_integral(
    solved: Solved, constants: tuple[Expr, Expr], deadline: Deadline
) -> Iterator[Candidate]:
    """Solutions by way of a first-order equation."""
    for substitution in _first_integrals(solved):
        if deadline.has_passed:
            return
        yield from attempted(_by_one_integral(solved, substitution, constants, deadline))


def _by_one_integral(
    solved: Solved, substitution: Substitution, constants: tuple[Expr, Expr], deadline: Deadline
) -> Iterator[Candidate]:
    first, second = constants
    coefficients = _linear_coefficients(solved, substitution)
    found = None if coefficients is None else linear_solution(*coefficients, first, deadline)
    if found is None:
        return
    whole = at_values(substitution.outer, {_U: substitution.part}) or substitution.part
    step = Step("u = {} makes the equation linear of the first order: u = {}", (whole, found))
    for value in inverses(substitution.outer, _U, found):
        for slope in inverses(substitution.part, Y[1], value):
            for candidate in propose_by_substitution(Solved(-slope, ONE, 1), second, deadline):
                yield Candidate(candidate.expression, (step, *candidate.steps))


def _parts(solved: Solved) -> list[Expr]:
    """What may be v: y', parts of the equation with y', functions that they point to."""
    slope = Y[1]
    found = {slope.prefix: slope}
    for node in (solved.rest, solved.factor):
        for part in parts_with(node, slope.mask):
            found.setdefault(part.prefix, part)
    for kernel in special_kernels(solved.value, slope).values():
        found.setdefault(kernel.prefix, kernel)
    return sorted(found.values(), key=lambda one: len(one.prefix))[:_MOST_PARTS]


def _first_integrals(solved: Solved) -> Iterator[Substitution]:
    parts = []
    for part in _parts(solved):
        try:
            parts.append((part, *(derivative(part, one) for one in (X, Y[0], Y[1]))))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    fibres = Fibres([solved.rest, solved.factor, *[one[0] for one in parts[:6]]])
    prime = fibres.prime
    try:
        slope = fibres.evaluate(Y[1])
        bend = -fibres.evaluate(solved.rest) * fibres.to_power(fibres.evaluate(solved.factor), -1) % prime
    except NotModularError:
        return
    for part, by_x, by_y, by_slope in parts:
        before = fibres.usable.copy()
        try:
            value = fibres.evaluate(part)
            along_y = fibres.evaluate(by_y) * slope % prime
            along_slope = fibres.evaluate(by_slope) * bend % prime
            rate = (fibres.evaluate(by_x) + along_y + along_slope) % prime
        except NotModularError:
            continue
        for outer in outer_functions(fibres, value, rate):
            yield Substitution(part, outer)
        if len(fibres.usable_groups()) < _ENOUGH_GROUPS:
            fibres.usable = before


def _linear_coefficients(solved: Solved, substitution: Substitution) -> tuple[Expr, Expr] | None:
    """p(x) and q(x), from the rate of v at two values of v and any y."""
    rate = solved.rate(substitution.part)
    outer_slope = derivative(substitution.outer, _U)
    rows: list[tuple[Expr, Expr]] = []
    for at, y in _POINTS:
        for chain in chains(substitution.part, Y[1], number(at))[:1]:
            level = at_values(substitution.outer, {_U: number(at)})
            factor = at_values(outer_slope, {_U: number(at)})
            if level is None or factor is None or any(level == one for one, _ in rows):
                continue
            moved = at_values(rate, chain)
            moved = None if moved is None else at_values(moved, {Y[0]: number(y)})
            if moved is not None:
                rows.append((level, simplest(product(1, ((factor, 1), (moved, 1))))))
        if len(rows) == 2:
            break
    if len(rows) < 2:
        return None
    (first, low), (second, high) = rows
    p = simplest(divide(high - low, second - first))
    q = simplest(linear([(1, low), (-1, p * first)]))
    return p, q

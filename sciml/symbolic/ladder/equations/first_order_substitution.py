"""First-order equations by a substitution that makes them linear.

If the solutions are y = f(x, c) with c in one place of f, then c = G(x, y), and the last non-trivial
function v around y on the way to c mostly stands in the equation. In v, or in a simple function of v such as
1/v or atan(v), the equation is linear: v' = p(x)*v + q(x). Every part of the equation that holds y is tried
as v. The test is done with residues modulo a prime (`fibres.py`): at three points with the same x, the
three (v, v') lie on one line.

Source: substitutions as in Zwillinger, Handbook of Differential Equations, 3rd edition, part II; the search
over parts of the equation is this project's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expansion import expand, polynomial_coefficients
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ONE,
    POWER,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    divide,
    function,
    number,
    power,
    product,
    rational,
    sqrt,
    symbol,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.factoring import lowest_terms
from sciml.symbolic.ladder.equations.fibres import Fibres
from sciml.symbolic.ladder.equations.inversion import Chain, at_values, chains, inverses
from sciml.symbolic.ladder.equations.linear import linear_solution
from sciml.symbolic.ladder.equations.radicals import with_common_radicals
from sciml.symbolic.ladder.equations.riccati import parts_pointed_to, roots_of_coefficients
from sciml.symbolic.ladder.equations.simplification import parts as parts_of
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.modular import NotModularError, Residues
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.special_kernels import special_kernels
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.substitution import operands
from sciml.symbolic.unknown_function import Y

_U = symbol("u")
_MOST_PARTS = 60
_ENOUGH_GROUPS = 6
_POWERS = (-1, 2, 3, -2, 4, -3, 5, -4, -5, 6, -6)


@dataclass(frozen=True)
class Substitution:
    """v(x, y), and the function of v in which the equation is linear."""

    part: Expr
    outer: Expr
    """A function of the symbol u, which stands for v."""


def parts_with(node: Expr, mask: int) -> list[Expr]:
    """Parts of an expression that hold any symbol of the mask, the shorter first."""
    found: dict[bytes, Expr] = {}

    def walk(part: Expr) -> None:
        if not part.mask & mask or part.prefix in found:
            return
        if part.kind != MULTIPLY and not (part.kind == POWER and type(part.value) is int):
            found[part.prefix] = part
            if part.kind == POWER and part.value is not None and part.value.numerator != 1:
                root = power(part.args[0], rational(1, part.value.denominator))
                found[root.prefix] = root
        for one in operands(part):
            walk(one)

    walk(node)
    return sorted(found.values(), key=lambda one: len(one.prefix))


_PARTNER = {"sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh"}


def candidate_parts(solved: Solved) -> list[Expr]:
    """What may be the new unknown: y, parts of the equation, functions that parts of it point to."""
    y, beyond = Y[0], Y[1].mask
    found = {y.prefix: y}
    for node in (solved.rest, solved.factor):
        for part in parts_with(node, y.mask):
            if part.mask & beyond:
                continue
            found.setdefault(part.prefix, part)
            if part.kind == FUNCTION and part.value in _PARTNER:
                partner = function(_PARTNER[part.value], part.args[0])
                found.setdefault(partner.prefix, partner)
            if part.kind == POWER and part.value is None and not part.args[1].mask & y.mask:
                bernoulli = power(part.args[0], ONE - part.args[1])
                found.setdefault(bernoulli.prefix, bernoulli)
    for kernel in special_kernels(solved.value, y).values():
        if not kernel.mask & beyond:
            found.setdefault(kernel.prefix, kernel)
    return sorted(found.values(), key=lambda one: len(one.prefix))[:_MOST_PARTS]


def linearising_substitutions(solved: Solved, parts: list[Expr]) -> Iterator[Substitution]:
    """Substitutions in which the equation has the form u' = p(x)*u + q(x)."""
    y = Y[0]
    slopes = []
    own = {one.prefix for node in (solved.rest, solved.factor) for one in parts_of(node)}
    for part in parts:
        writing = with_common_radicals if part.prefix not in own else _as_it_is
        try:
            slopes.append((part, writing(derivative(part, symbol("x"))), writing(derivative(part, y))))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    fibres = Fibres([solved.rest, solved.factor, *[part for part, _, _ in slopes[:12]]])
    try:
        slope = (
            -fibres.evaluate(solved.rest) * fibres.to_power(fibres.evaluate(solved.factor), -1) % fibres.prime
        )
    except NotModularError:
        return
    if len(fibres.usable_groups()) < 3:
        return
    for part, by_x, by_y in slopes:
        before = fibres.usable.copy()
        try:
            value = fibres.evaluate(part)
            rate = (fibres.evaluate(by_x) + fibres.evaluate(by_y) * slope) % fibres.prime
        except NotModularError:
            continue
        for outer in outer_functions(fibres, value, rate):
            yield Substitution(part, outer)
        if len(fibres.usable_groups()) < _ENOUGH_GROUPS:
            fibres.usable = before


def _as_it_is(node: Expr) -> Expr:
    return node


def outer_functions(fibres: Fibres, value: Residues, rate: Residues) -> Iterator[Expr]:
    """Functions of u that satisfy a linear equation, given residues of u and u'."""
    prime = fibres.prime
    if fibres.is_combination(rate, [value]):
        yield _U
        return
    few = fibres.few(value, rate)
    if few is None:
        return
    usable = fibres.usable.copy()
    base, moved = few
    inverse = fibres.to_power(base, prime - 2)
    growth = moved * inverse % prime
    for exponent in _POWERS:
        lifted = fibres.to_power(base if exponent > 0 else inverse, abs(exponent))
        slope = lifted * growth % prime * exponent % prime
        if fibres.are_dependent(np.stack([lifted, slope])):
            yield product(1, ((_U, exponent),))
            return
    if (growth == growth[:1]).all():
        yield function("log", _U)
        return
    square = value * value % prime
    for shape, of_positive, of_negative in (
        (rate, "atan", "atanh"),
        (rate * rate % prime, "asinh", "asin"),
    ):
        size = fibres.common_ratio(shape, square)
        if size:
            root = sqrt(number(abs(size)))
            yield function(of_positive if size > 0 else of_negative, divide(_U, root))
            return
    fibres.usable = usable


# Solutions ------------------------------------------------------------------------------------------------

_VALUES: tuple[Number, ...] = (0, 1, -1, 2, Fraction(1, 2), 3, -2, Fraction(1, 3), 5)


def solutions(
    solved: Solved, substitution: Substitution, constant: Expr, deadline: Deadline
) -> Iterator[Expr]:
    """Explicit solutions on all branches, then the relation, which may hold where none of them does."""
    coefficients = linear_coefficients(solved, substitution)
    if coefficients is None:
        return
    found = linear_solution(*coefficients, constant, deadline)
    if found is None:
        return
    for inner in inverses(substitution.outer, _U, found):
        yield from inverses(substitution.part, Y[0], inner)
    whole = at_values(substitution.outer, {_U: substitution.part})
    if whole is not None and whole.mask & Y[0].mask and whole != Y[0]:
        yield expand(whole - found)


def linear_coefficients(solved: Solved, substitution: Substitution) -> tuple[Expr, Expr] | None:
    """p(x) and q(x) of the linear equation, from its right side at two values of v."""
    rate = solved.rate(substitution.part)
    if substitution.part.kind == POWER and substitution.part.value is None:
        return _coefficients_in_power(rate, substitution)
    outer_slope = derivative(substitution.outer, _U)
    rows: list[tuple[Expr, Expr]] = []
    for at in _VALUES:
        for chain in consistent_chains(substitution.part, number(at))[:1]:
            slope = at_values(rate, chain)
            slope = None if slope is None else lowest_terms(slope)
            level = at_values(substitution.outer, {_U: number(at)})
            factor = at_values(outer_slope, {_U: number(at)})
            if slope is None or level is None or factor is None:
                continue
            if all(level != one for one, _ in rows):
                rows.append((level, product(1, ((factor, 1), (slope, 1)))))
        if len(rows) == 3:
            break
    if len(rows) < 2:
        return None
    rows.sort(key=lambda row: len(row[1].prefix))
    (first, low), (second, high) = rows[:2]
    p = simplest(divide(high - low, second - first))
    return p, simplest(low - p * first)


def _coefficients_in_power(rate: Expr, substitution: Substitution) -> tuple[Expr, Expr] | None:
    """The same for v = y**(1 - n), whose value at a number would stay a power of it."""
    if substitution.outer != _U:
        return None
    found = polynomial_coefficients(expand(rate), substitution.part, 1)
    if found is None or any(one.mask & Y[0].mask for one in found):
        return None
    q, p = [*found, ZERO_EXPR][:2]
    return simplest(p), simplest(q)


def consistent_chains(part: Expr, level: Expr) -> list[Chain]:
    """Values of the parts of v(x, y) at v = level; those first that are no other branch of a root."""
    found = chains(part, Y[0], level)
    if len(found) < 2 and part.kind in (ADD, FUNCTION):
        return found

    def is_another_branch(chain: Chain) -> bool:
        there = at_values(part, {Y[0]: chain[Y[0]]})
        return there is None or simplest(there) != level

    return sorted(found, key=is_another_branch)


def _substitutions(solved: Solved, deadline: Deadline) -> Iterator[Substitution]:
    """Those of the equation's parts, then those that Riccati's equations in the parts point to."""
    parts = candidate_parts(solved)
    yield from linearising_substitutions(solved, parts)
    yield from linearising_substitutions(solved, [Y[0] - one for one in roots_of_coefficients(solved.rest)])
    for part in parts_pointed_to(solved, parts, deadline):
        yield from linearising_substitutions(solved, [part])


def propose_by_substitution(solved: Solved, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions by every substitution that makes the equation linear."""
    for substitution in _substitutions(solved, deadline):
        if deadline.has_passed:
            return
        whole = at_values(substitution.outer, {_U: substitution.part}) or substitution.part
        step = Step("u = {} makes the equation linear", (whole,))
        for one in attempted(solutions(solved, substitution, constant, deadline)):
            shown = "{} = 0" if one.mask & Y[0].mask else "y = {}"
            yield Candidate(one, (step, Step(shown, (one,))))

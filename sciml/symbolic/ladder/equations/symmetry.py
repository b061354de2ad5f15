"""First-order equations by an affine symmetry: y' = F(y/x), F(a*x + b*y + c), linear fractions and more.

A flow (xi, eta) whose components are affine in x and y carries solutions into solutions if
eta_x + (eta_y - xi_x)*F - xi_y*F**2 - xi*F_x - eta*F_y = 0. That is linear in the coefficients of the flow,
which are a null space modulo a prime. Translations and scalings have an invariant v(x, y) in which the
equation is separable; for any other flow 1/(eta - xi*F) is an integrating factor of dy - F*dx.

Source: Bluman & Anco, Symmetry and Integration Methods for Differential Equations, 2002, sections 3.2 and
3.3; restriction to affine flows and the search by residues are this project's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ONE,
    ZERO_EXPR,
    Expr,
    X,
    add,
    divide,
    function,
    linear,
    multiply,
    number,
    power,
    product,
    symbol,
    symbol_names,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.fibres import Fibres
from sciml.symbolic.ladder.equations.integrals import integral, reciprocal_integrals
from sciml.symbolic.ladder.equations.inversion import at_values
from sciml.symbolic.ladder.equations.relations import solved_relation
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.modular import NotModularError
from sciml.symbolic.ladder.modular_solve import null_space, rational_from_residue
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.substitution import substitute
from sciml.symbolic.unknown_function import Y

_LARGEST_NUMBER = 1_000
_MOST_FLOWS = 4
_MOST_PARAMETERS = 3
_V = symbol("v")


@dataclass(frozen=True)
class Flow:
    """The infinitesimal symmetry xi*d/dx + eta*d/dy."""

    xi: Expr
    eta: Expr


def propose_by_symmetry(solved: Solved, constant: Expr, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions by each affine symmetry, implicit where y cannot be isolated."""
    for flow in affine_flows(solved):
        if deadline.has_passed:
            return
        step = Step("the flow ({}, {}) carries solutions into solutions", (flow.xi, flow.eta))
        levels = list(attempted(by_invariant(solved, flow, deadline)))
        levels = levels or list(attempted(by_integrating_factor(solved, flow, deadline)))
        yield from attempted(solved_relation(levels, constant, (step,)))


def affine_flows(solved: Solved) -> list[Flow]:
    """Affine symmetries of y' = F(x, y), their coefficients linear in parameters; the simpler first."""
    basis = _basis(solved)
    fibres = Fibres([solved.rest, solved.factor], copies=1, moving=())
    prime = fibres.prime
    try:
        rest, factor = fibres.evaluate(solved.rest), fibres.evaluate(solved.factor)
        inverse = fibres.to_power(factor, -1)
        slope = -rest * inverse % prime
        slope_by = []
        for one in (X, Y[0]):
            moved = fibres.evaluate(derivative(solved.rest, one))
            moved = moved + slope * fibres.evaluate(derivative(solved.factor, one)) % prime
            slope_by.append(-moved % prime * inverse % prime)
        columns = [_residual(fibres, flow, slope, slope_by) for flow in basis]
    except NotModularError:
        return []
    rows = np.flatnonzero(fibres.usable)
    if len(rows) < len(basis) + 4:
        return []
    matrix = np.stack([column[rows] for column in columns], axis=1)
    found = [_combined(basis, vector, prime) for vector in null_space(matrix, prime)]
    flows = [one for one in found if one is not None]
    return sorted(flows, key=lambda one: len(one.xi.prefix) + len(one.eta.prefix))[:_MOST_FLOWS]


def _basis(solved: Solved) -> list[Flow]:
    names = [name for name in symbol_names(solved.rest, solved.factor) if name not in ("x", "y")]
    parameters = [symbol(name) for name in names[:_MOST_PARAMETERS]]
    affine = [ONE, X, Y[0], *parameters]
    return [Flow(one, ZERO_EXPR) for one in affine] + [Flow(ZERO_EXPR, one) for one in affine]


def _residual(fibres: Fibres, flow: Flow, slope: np.ndarray, slope_by: list[np.ndarray]) -> np.ndarray:
    """Residues of the left side of the condition for one flow, (point,)."""
    prime = fibres.prime

    def value(node: Expr) -> np.ndarray:
        return fibres.evaluate(node)

    total = value(derivative(flow.eta, X))
    total = total + (value(derivative(flow.eta, Y[0])) - value(derivative(flow.xi, X))) * slope % prime
    total = total - value(derivative(flow.xi, Y[0])) * (slope * slope % prime) % prime
    total = total - value(flow.xi) * slope_by[0] % prime - value(flow.eta) * slope_by[1] % prime
    return total % prime


def _combined(basis: list[Flow], vector: np.ndarray, prime: int) -> Flow | None:
    terms = []
    for index in np.flatnonzero(vector):
        factor = rational_from_residue(int(vector[index]), prime)
        if factor is None or max(abs(factor.numerator), factor.denominator) > _LARGEST_NUMBER:
            return None
        terms.append((factor, basis[int(index)]))
    xi = linear([(factor, flow.xi) for factor, flow in terms])
    eta = linear([(factor, flow.eta) for factor, flow in terms])
    return Flow(xi, eta)


# Integration ----------------------------------------------------------------------------------------------


def by_invariant(solved: Solved, flow: Flow, deadline: Deadline) -> Iterator[Expr]:
    """First integrals if the flow is a translation, or a scaling about some point."""
    p, q = derivative(flow.xi, X), derivative(flow.eta, Y[0])
    if derivative(flow.xi, Y[0]) != ZERO_EXPR or derivative(flow.eta, X) != ZERO_EXPR:
        return
    if p == ZERO_EXPR:
        if q == ZERO_EXPR and flow.xi != ZERO_EXPR:
            yield from _by_translation(solved, flow, deadline)
    elif q != ZERO_EXPR or flow.eta == ZERO_EXPR:
        center_x = simplest(X - divide(flow.xi, p))
        center_y = ZERO_EXPR if q == ZERO_EXPR else simplest(Y[0] - divide(flow.eta, q))
        yield from _by_scaling(solved, center_x, center_y, divide(q, p), deadline)


def _by_translation(solved: Solved, flow: Flow, deadline: Deadline) -> Iterator[Expr]:
    """v = a*y - b*x for the flow (a, b): v' = a*F - b depends on v alone."""
    a, b = flow.xi, flow.eta
    there = at_values(solved.value, {X: ZERO_EXPR, Y[0]: divide(Y[0], a)})
    rate = ZERO_EXPR if there is None else simplest(multiply(a, there) - b)
    if rate != ZERO_EXPR:
        invariant = multiply(a, Y[0]) - multiply(b, X)
        for found in reciprocal_integrals(rate, deadline):
            yield substitute(found, {Y[0]: invariant}) - X


def _by_scaling(
    solved: Solved, center_x: Expr, center_y: Expr, weight: Expr, deadline: Deadline
) -> Iterator[Expr]:
    """v = (y - y0)/(x - x0)**k: (x - x0)*v' depends on v alone."""
    there = at_values(solved.value, {X: center_x + 1, Y[0]: Y[0] + center_y})
    rate = ZERO_EXPR if there is None else simplest(there - multiply(weight, Y[0]))
    if rate != ZERO_EXPR:
        x = X - center_x
        invariant = product(1, ((Y[0] - center_y, 1), (power(x, weight), -1)))
        for found in reciprocal_integrals(rate, deadline):
            yield substitute(found, {Y[0]: invariant}) - function("log", x)


def by_integrating_factor(solved: Solved, flow: Flow, deadline: Deadline) -> Iterator[Expr]:
    """A first integral H with H_y = 1/(eta - xi*F) and H_x = -F*H_y."""
    below = linear([(1, multiply(flow.eta, solved.factor)), (1, multiply(flow.xi, solved.rest))])
    below = simplest(below)
    if below == ZERO_EXPR:
        return
    by_x, by_y = (simplest(divide(one, below)) for one in (solved.rest, solved.factor))
    level = potential(by_x, by_y, deadline)
    if level is not None:
        yield level


def potential(by_x: Expr, by_y: Expr, deadline: Deadline) -> Expr | None:
    """H with the partial derivatives H_x and H_y, which are taken to fit together."""
    for (first, along), (second, across) in (
        ((by_y, Y[0]), (by_x, X)),
        ((by_x, X), (by_y, Y[0])),
    ):
        part = integral(first, deadline, along)
        if part is None:
            continue
        rest = simplest(second - derivative(part, across))
        for at in (0, 1, 2, -1) if rest.mask & along.mask else (0,):
            there = at_values(rest, {along: number(at)})
            if there is None:
                continue
            other = integral(there, deadline, across)
            if other is not None:
                return add(part, other)
            break
    return None

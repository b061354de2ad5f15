"""Linear equations of the second order: u'' = p(x)*u' + q(x)*u + r(x).

One solution of the homogeneous equation (`homogeneous.py`) is enough: the other follows by reduction of
order, and a particular solution by variation of constants.

Source: d'Alembert's reduction of order; Boyce & DiPrima, Elementary Differential Equations, sections 3.4 to
3.6.
"""

from collections.abc import Iterator

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import ZERO_EXPR, Expr, X, add, divide, linear, multiply
from sciml.symbolic.ladder.combination import rational_combination
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.homogeneous import candidate_solutions, homogeneous_solutions, image
from sciml.symbolic.ladder.equations.integrals import exponential, integral
from sciml.symbolic.ladder.equations.inversion import at_values
from sciml.symbolic.ladder.equations.linear import linear_solution
from sciml.symbolic.ladder.equations.simplification import simplest

Coefficients = tuple[Expr, Expr, Expr]
"""p, q, r of u'' = p*u' + q*u + r."""


def second_order_solution(
    coefficients: Coefficients, constants: tuple[Expr, Expr], deadline: Deadline, hints: list[Expr]
) -> Iterator[Expr]:
    """General solutions.

    Args:
        coefficients: p, q, r.
        constants: the two constants of integration.
        deadline: for the integrals.
        hints: expressions whose parts may make up solutions.
    """
    p, q, r = coefficients
    first, second = constants
    if q == ZERO_EXPR:
        slope = linear_solution(p, r, first, deadline)
        found = None if slope is None else _sum_of_integrals(slope, first, deadline)
        if found is not None:
            yield found + second
        return
    growth = integral(p, deadline)
    wronskian = None if growth is None else exponential(growth)
    for pair in homogeneous_solutions(p, q, wronskian, hints):
        if len(pair) == 2:
            particular = _particular(coefficients, pair, hints, deadline)
            if particular is not None:
                yield linear([(1, multiply(first, pair[0])), (1, multiply(second, pair[1])), (1, particular)])
                return
        if wronskian is None:
            continue
        found = _by_reduction(coefficients, pair[0], wronskian, constants, deadline)
        if found is not None:
            yield found
            return


def _sum_of_integrals(slope: Expr, constant: Expr, deadline: Deadline) -> Expr | None:
    """The integral of an expression that is linear in a constant, which stays one factor."""
    without = at_values(slope, {constant: ZERO_EXPR})
    growing = integral(derivative(slope, constant), deadline)
    fixed = None if without is None else integral(without, deadline)
    if growing is None or fixed is None:
        return None
    return add(multiply(constant, growing), fixed)


def _by_reduction(
    coefficients: Coefficients, a: Expr, wronskian: Expr, constants: tuple[Expr, Expr], deadline: Deadline
) -> Expr | None:
    """u = a*z with one solution a: z' = W/a**2 * (c1 + integral of r*a/W)."""
    weight = divide(wronskian, multiply(a, a))
    grown = integral(weight, deadline)
    if grown is None:
        return None
    z = add(multiply(constants[0], grown), constants[1])
    if coefficients[2] != ZERO_EXPR:
        inner = integral(divide(multiply(coefficients[2], a), wronskian), deadline)
        outer = None if inner is None else integral(multiply(weight, inner), deadline)
        if outer is None:
            return None
        z = z + outer
    return multiply(a, z)


def _particular(
    coefficients: Coefficients, pair: list[Expr], hints: list[Expr], deadline: Deadline
) -> Expr | None:
    """One solution: a combination of candidates, or by variation of constants."""
    p, q, r = coefficients
    if r == ZERO_EXPR:
        return ZERO_EXPR
    a, b = pair
    wronskian = simplest(multiply(a, derivative(b, X)) - multiply(b, derivative(a, X)))
    parts = []
    for other in (b, a):
        found = integral(simplest(divide(multiply(other, r), wronskian)), deadline)
        if found is None:
            break
        parts.append(found)
    if len(parts) == 2:
        return simplest(multiply(b, parts[1]) - multiply(a, parts[0]))
    candidates = candidate_solutions([p, q, r, *hints], None)
    images = [image(one, p, q) for one in candidates]
    combined = rational_combination(r, images)
    if combined is None:
        return None
    return linear([(value, candidates[index]) for index, value in combined])

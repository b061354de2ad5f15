"""Riccati's equation v' = p(x)*v**2 + q(x)*v + r(x) in a part v of a first-order equation.

With one particular solution a the equation is linear in 1/(v - a); if v is a scaled tangent, that shows in
v*sqrt(p/r). Particular solutions come from the linear equation of the second order for z, where
v = -z'/(p*z).

Source: Ince, Ordinary Differential Equations, section 2.15; Boyce & DiPrima, section 2.4.
"""

from collections.abc import Iterator
from itertools import combinations

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expansion import expand, polynomial_coefficients
from sciml.symbolic.expression import (
    FUNCTION,
    HALF,
    ONE,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    add,
    divide,
    linear,
    multiply,
    number,
    product,
    sqrt,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.factoring import factored
from sciml.symbolic.ladder.equations.fibres import Fibres, are_equal
from sciml.symbolic.ladder.equations.homogeneous import candidate_solutions, homogeneous_solutions
from sciml.symbolic.ladder.equations.integrals import exponential, integral
from sciml.symbolic.ladder.equations.inversion import at_values, chains
from sciml.symbolic.ladder.equations.simplification import parts, simplest, unfolded
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.modular import NotModularError
from sciml.symbolic.ladder.terms import factors_of, terms_of
from sciml.symbolic.unknown_function import Y

_MOST_TRIED = 3
_MOST_SQUARED = 3
"""Parts of which the square is tried, too: y' = f*y**3 + g*y + h/y is Riccati's equation for y**2."""
_MOST_TERMS = 4
_MOST_CANDIDATES = 60
_FEWEST_POINTS = 6
_MULTIPLES = (1, -1, 2, -2, 3, -3)
Quadratic = tuple[Expr, Expr, Expr]


def parts_pointed_to(solved: Solved, parts: list[Expr], deadline: Deadline) -> Iterator[Expr]:
    """Further functions in which the equation may be linear, from Riccati's equations in `parts`."""
    tried = 0
    squares = [product(1, ((part, 2),)) for part in parts[:_MOST_SQUARED]]
    for part in _riccati_parts(solved, [*parts, *squares]):
        coefficients = _coefficients(solved, part)
        if coefficients is None:
            continue
        p, q, r = coefficients
        if p == ZERO_EXPR:
            continue
        for ratio in (divide(p, r), divide(r, p)) if r != ZERO_EXPR else ():
            yield from _scaled(part, ratio)
        yield from _completed_squares(part, (p, q, r))
        for particular in simple_solutions(p, q, r):
            yield add(part, -particular)
        for particular in _particular_solutions(p, q, r, deadline):
            yield add(part, -particular)
        tried += 1
        if tried == _MOST_TRIED:
            return


def roots_of_coefficients(rest: Expr) -> list[Expr]:
    """a(x) with the factor y - a in the coefficient of a function of x alone.

    If f(x) stands for something of its own in y' = F(x, y) and its coefficient vanishes at y = a, then a is
    likely to be a particular solution.
    """
    found: dict[bytes, Expr] = {}
    functions = [part for part in parts(rest) if part.kind == FUNCTION and part.mask == X.mask]
    for one in list({part.prefix: part for part in functions}.values())[:_MOST_TRIED]:
        coefficients = polynomial_coefficients(rest, one, 4) or [ZERO_EXPR]
        coefficient = factored(coefficients[-1])
        for base, _ in factors_of(coefficient) if coefficient.mask & Y[0].mask else ():
            slope = derivative(base, Y[0])
            if slope != ZERO_EXPR and not slope.mask & Y[0].mask:
                root = Y[0] - divide(base, slope)
                found.setdefault(root.prefix, simplest(root))
    return [root for root in found.values() if root != ZERO_EXPR and not root.mask & Y[0].mask]


def _scaled(part: Expr, ratio: Expr) -> Iterator[Expr]:
    """v*sqrt(p/r), of which the arc tangent is tried."""
    try:
        yield multiply(part, unfolded(sqrt(simplest(ratio))))
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return


def _completed_squares(part: Expr, coefficients: Quadratic) -> Iterator[Expr]:
    """(v - m)*s of which v' - m' = p*((v - m)**2 + 1/s**2) + (the rest of q)*(v - m), so that an arc tangent
    of it is linear.

    Some of the terms of q belong to the square, q_1 = -2*p*m; the others must be the relative growth of 1/s.
    """
    p, q, r = coefficients
    try:
        parts = [linear([pair]) for pair in terms_of(expand(q))]
    except ExpressionTooLargeError:
        return
    for count in range(1, len(parts) + 1) if len(parts) <= _MOST_TERMS else ():
        for chosen in combinations(parts, count):
            inside = linear([(1, one) for one in chosen])
            middle = simplest(divide(inside, -2 * p))
            level = simplest(r + multiply(q + inside * HALF - inside, middle) - derivative(middle, X))
            ratio = simplest(divide(level, p))
            if ratio == ZERO_EXPR:
                continue
            if are_equal(derivative(ratio, X), multiply(2 * (q - inside), ratio)):
                yield from _scaled(part - middle, divide(ONE, ratio))


def _riccati_parts(solved: Solved, parts: list[Expr]) -> Iterator[Expr]:
    """Parts v of which v' is a polynomial of degree 2 in v."""
    slopes = []
    for part in parts:
        try:
            slopes.append((part, derivative(part, X), derivative(part, Y[0])))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    fibres = Fibres([solved.rest, solved.factor, *parts[:6]], copies=4)
    prime = fibres.prime
    try:
        slope = -fibres.evaluate(solved.rest) * fibres.to_power(fibres.evaluate(solved.factor), -1) % prime
    except NotModularError:
        return
    for part, by_x, by_y in slopes:
        before = fibres.usable.copy()
        try:
            value = fibres.evaluate(part)
            rate = (fibres.evaluate(by_x) + fibres.evaluate(by_y) * slope) % prime
        except NotModularError:
            continue
        if fibres.is_combination(rate, [value, value * value % prime]):
            yield part
        if len(fibres.usable_groups()) < _MOST_TRIED:
            fibres.usable = before


def _coefficients(solved: Solved, part: Expr) -> Quadratic | None:
    """p, q, r from v' at v = 0, 1, -1 or at three other numbers."""
    rate = solved.rate(part)
    rows: list[tuple[int, Expr]] = []
    for at in (0, 1, -1, 2, -2, 3):
        for chain in chains(part, Y[0], number(at))[:1]:
            value = at_values(rate, chain)
            if value is not None:
                rows.append((at, simplest(value)))
        if len(rows) == 3:
            break
    if len(rows) < 3:
        return None
    (u, fu), (v, fv), (w, fw) = rows
    first, second = divide(fv - fu, number(v - u)), divide(fw - fv, number(w - v))
    p = simplest(divide(second - first, number(w - u)))
    q = simplest(first - p * (u + v))
    return p, q, simplest(fu - q * u - p * (u * u))


def simple_solutions(p: Expr, q: Expr, r: Expr) -> list[Expr]:
    """Solutions of v' = p*v**2 + q*v + r that are a small multiple of a product of the equation's parts."""
    points = Fibres([p, q, r], copies=1, moving=())
    prime = points.prime
    try:
        square, factor, rest = (points.evaluate(one) for one in (p, q, r))
    except NotModularError:
        return []
    found: list[Expr] = []
    for one in candidate_solutions([p, q, r], None)[:_MOST_CANDIDATES]:
        before = points.usable.copy()
        try:
            value, slope = points.evaluate(one), points.evaluate(derivative(one, X))
        except (NotModularError, UndefinedExpressionError, ExpressionTooLargeError):
            continue
        of_value = square * (value * value % prime) % prime
        linear_part = (slope - factor * value) % prime
        for multiple in _MULTIPLES:
            left = multiple * linear_part % prime - multiple * multiple * of_value % prime - rest
            if points.usable.sum() >= _FEWEST_POINTS and not (left % prime)[points.usable].any():
                found.append(one * multiple)
        if points.usable.sum() < _FEWEST_POINTS:
            points.usable = before
    return found[:_MOST_TRIED]


def _particular_solutions(p: Expr, q: Expr, r: Expr, deadline: Deadline) -> Iterator[Expr]:
    """-z'/(p*z) for solutions of z'' = (q + p'/p)*z' - p*r*z."""
    try:
        friction = simplest(q + divide(derivative(p, X), p))
        stiffness = simplest(product(-1, ((p, 1), (r, 1))))
        growth = integral(friction, deadline)
        wronskian = None if growth is None else exponential(growth)
        for solutions in homogeneous_solutions(friction, stiffness, wronskian, [p, q, r]):
            for z in solutions:
                yield simplest(product(-1, ((derivative(z, X), 1), (p, -1), (z, -1))))
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return

"""Integrals of (p*x + q)*Q(x)**n for a quadratic Q and n = -1, 1/2, -1/2 and lower, with parameters.

Source: Abramowitz & Stegun, 3.3.16 to 3.3.41.
"""

from fractions import Fraction

from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import (
    ADD,
    MULTIPLY,
    NUMBER,
    POWER,
    ZERO_EXPR,
    Expr,
    Number,
    X,
    function,
    linear,
    multiply,
    number,
    power,
    product,
    sqrt,
    symbol_names,
)
from sciml.symbolic.ladder.normalise import slope_and_shift, terms
from sciml.symbolic.precise import PreciseValues
from sciml.symbolic.sample_points import parameter_values

_HALF = Fraction(1, 2)


def quadratic(node: Expr) -> Expr | None:
    """The antiderivative of a quadratic to a power, perhaps times a linear factor; None for anything else."""
    factors = list(node.args) if node.kind == MULTIPLY else [node]
    powers = [
        one
        for one in factors
        if one.kind == POWER and one.value in (-1, _HALF, -_HALF, -2, 3 * _HALF, -3 * _HALF)
    ]
    for chosen in powers:
        coefficients = quadratic_coefficients(chosen.args[0])
        if coefficients is None:
            continue
        others = product(1, [(one, 1) for one in factors if one is not chosen])
        line = (ZERO_EXPR, others) if not others.mask & X.mask else slope_and_shift(others)
        if line is None:
            continue
        a, b, _ = coefficients
        ratio = line[0] / (2 * a)  # p*x + q = ratio*Q' + rest
        rest = line[1] - ratio * b
        parts = []
        if ratio != ZERO_EXPR:
            parts.append((1, ratio * _of_derivative(chosen.args[0], chosen.value)))
        if rest != ZERO_EXPR:
            parts.append((1, rest * _of_power(chosen.args[0], coefficients, chosen.value)))
        return linear(parts)
    return None


def quadratic_coefficients(base: Expr) -> tuple[Expr, Expr, Expr] | None:
    """(a, b, c) of a*x**2 + b*x + c, multiplied out, with a not 0; None for anything else."""
    if base.kind != ADD:
        return None
    found: list[list[tuple[Number, Expr]]] = [[], [], []]
    square = product(1, ((X, 2),))
    for coefficient, term in terms(base):
        factors = term.args if term.kind == MULTIPLY else (term,)
        degree = 2 if square in factors else 1 if X in factors else 0
        rest = product(1, [(one, 1) for one in factors if one not in (square, X)])
        if rest.mask & X.mask:
            return None
        found[degree].append((coefficient, rest))
    c, b, a = (linear(pairs) for pairs in found)
    return None if a == ZERO_EXPR else (a, b, c)


def _of_derivative(base: Expr, exponent: Number) -> Expr:
    """The integral of Q'*Q**n."""
    if exponent == -1:
        return function("log", base)
    return product(1 / Fraction(exponent + 1), ((base, exponent + 1),))


def _of_power(base: Expr, coefficients: tuple[Expr, Expr, Expr], exponent: Number) -> Expr:
    """The integral of Q**n."""
    a, b, c = coefficients
    slope = 2 * a * X + b
    discriminant = b * b - 4 * a * c
    if exponent == -1:
        return of_reciprocal(slope, discriminant)
    if exponent == -_HALF:
        return of_reciprocal_root(base, a, slope, discriminant)
    if exponent > 0:  # Q**n = (slope*Q**n)/(2(2n+1)a) - n*discriminant/(2(2n+1)a) * integral of Q**(n-1)
        factor = 1 / (2 * (2 * exponent + 1) * a)
        lower = _of_power(base, coefficients, exponent - 1)
        return factor * (slope * power(base, product(exponent, ())) - exponent * discriminant * lower)
    below = exponent + 1  # the same relation, solved for the integral of the lower power
    first = slope * power(base, product(below, ())) / (below * discriminant)
    if below == -_HALF:
        return first
    return first - 2 * (2 * below + 1) * a / (below * discriminant) * _of_power(base, coefficients, below)


def of_reciprocal(slope: Expr, discriminant: Expr) -> Expr:
    """The integral of 1/Q from Q' and the discriminant of a quadratic Q."""
    if discriminant == ZERO_EXPR:
        return -2 / slope
    if seems_negative(discriminant):
        root = _root(-discriminant)
        return 2 * function("atan", slope / root) / root
    root = _root(discriminant)
    return function("log", (slope - root) / (slope + root)) / root


def of_reciprocal_root(base: Expr, a: Expr, slope: Expr, discriminant: Expr, y: Expr | None = None) -> Expr:
    """The integral of 1/y, y**2 = a*x**2 + b*x + c.

    Args:
        base: the quadratic.
        a: its leading coefficient.
        slope: 2*a*x + b.
        discriminant: b**2 - 4*a*c.
        y: which root; the principal one by default.
    """
    principal = sqrt(base)
    y = principal if y is None else y
    if not seems_negative(a):
        return function("log", slope + 2 * _root(a) * y) / _root(a)
    if y == principal:
        return -function("asin", slope / _root(discriminant)) / _root(-a)
    return -function("atan", slope / (2 * _root(-a) * y)) / _root(-a)


def _root(square: Expr) -> Expr:
    """A square root of a constant; which of the two is of no importance here, so that of p**2 is p."""
    factors = square.args if square.kind == MULTIPLY else (square,)
    coefficient = square.value if square.kind == MULTIPLY else 1
    roots = [sqrt(number(coefficient))]
    for one in factors:
        is_even = one.kind == POWER and type(one.value) is int and one.value % 2 == 0
        roots.append(product(1, ((one.args[0], one.value // 2),)) if is_even else sqrt(one))
    return multiply(*roots)


def seems_negative(node: Expr) -> bool:
    """Whether an expression of positive parameters is negative at most of a few places."""
    if node.kind == NUMBER:
        return bool(node.value < 0)
    values = {name: parameter_values(name, 5) for name in symbol_names(node)}
    return bool((evaluate(node, values).real < 0).sum() > 2) if values else _is_negative_constant(node)


def _is_negative_constant(node: Expr) -> bool:
    at = PreciseValues({})
    return bool(at.context.re(at.value(node)) < 0)

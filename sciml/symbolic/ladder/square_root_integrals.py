"""Integrals of rational functions of x and square roots of polynomials of a degree up to 2, with parameters.

The integral of P/(D*y) with y**2 = Q is an algebraic part (`square_root_reduction.py`), a multiple of the
integral of 1/y, and logarithms at simple poles. At a pole r, with w**2 = Q(r), the logarithm is that of
(2*Q(r) + Q'(r)*(x - r) + 2*w*y)/(x - r).

Source: Abramowitz & Stegun 3.3.33 to 3.3.37 for the logarithms, here at any pole.
"""

from collections.abc import Iterator

from sciml.symbolic.expression import (
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    divide,
    function,
    linear,
    multiply,
    number,
    power,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.partial_fractions import rational_integral
from sciml.symbolic.ladder.quadratics import of_reciprocal_root
from sciml.symbolic.ladder.radical_roots import Root, multiplied_out, polynomial_roots, residue, value_at
from sciml.symbolic.ladder.rational_functions import (
    Constants,
    NotRationalError,
    RationalFunction,
)
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.square_root_field import SimpleRoot, SquareRoots, simple_root, simplified
from sciml.symbolic.ladder.square_root_reduction import reduction
from sciml.symbolic.problems import Integral
from sciml.symbolic.substitution import substitute


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """The antiderivative of a rational function of x and square roots. See `rung.Rung`."""
    found = square_root_integral(problem.integrand)
    if found is not None:
        yield Candidate(found)


def square_root_integral(integrand: Expr, roots: SquareRoots | None = None) -> Expr | None:
    """A proposed antiderivative; None if the integrand is not of this kind.

    Args:
        integrand: rational in x and square roots.
        roots: the square roots, if they are not to be looked for in the integrand.
    """
    try:
        field = roots or SquareRoots.of(integrand)
        if not field.roots:
            return None
        parts = []
        for places, factor in field.element(integrand).items():
            part = _of_component(field, places, factor)
            if part is None:
                return None
            parts.append((1, part))
        return linear(parts)
    except (NotRationalError, UndefinedExpressionError, ExpressionTooLargeError):
        return None


def _of_component(field: SquareRoots, places: frozenset[int], factor: Expr) -> Expr | None:
    """The integral of a rational function times a product of roots."""
    if not places:
        return rational_integral(factor)
    if simplified(factor) == ZERO_EXPR:
        return ZERO_EXPR
    root = simple_root(*field.product_of(places))
    degree = root.degree
    rest = multiply(factor, root.outside)
    if degree == 0:
        found = rational_integral(rest)
        return None if found is None else multiply(root.root, found)
    if degree == 1:
        return _of_linear(rest, root)
    return _of_quadratic(rest, root) if degree == 2 else None


def _of_linear(factor: Expr, root: SimpleRoot) -> Expr | None:
    """The integral of factor*y where y**2 is linear: y is the new variable."""
    shift, slope = root.coefficients
    old = divide(power(X, number(2)) - shift, slope)
    found = rational_integral(
        multiply(substitute(factor, {X: old}), power(X, number(2)), divide(number(2), slope))
    )
    return None if found is None else substitute(found, {X: root.root})


def _of_quadratic(factor: Expr, root: SimpleRoot) -> Expr | None:
    """The integral of factor*y where y**2 is quadratic."""
    c, b, a = root.coefficients
    square = a * power(X, number(2)) + b * X + c
    constants = Constants(factor, square)
    given = RationalFunction.of(multiply(factor, square), constants)  # over y
    reduced = reduction(given, constants.polynomial(square))
    if reduced is None:
        return None
    to = constants.expression
    found = [multiply(root.root, divide(to(reduced.above), to(reduced.below)))]
    slope = 2 * a * X + b
    if reduced.front:
        discriminant = multiplied_out(b * b - 4 * a * c)
        radical = of_reciprocal_root(square, a, slope, discriminant, root.root)
        found.append(multiply(constants.constant(reduced.front), radical))
    for factor_of_bottom, numerator in reduced.residues:
        if numerator.is_zero:
            continue
        poles = polynomial_roots(factor_of_bottom, constants)
        if poles is None:
            return None
        for pole in poles:
            found.append(_logarithm(residue(numerator, factor_of_bottom, pole, constants), pole, root))
    return linear([(1, one) for one in found])


def _logarithm(value: Root, pole: Root, root: SimpleRoot) -> Expr:
    """The integral of value/((x - pole)*y), and of its conjugate for a complex pole."""
    _, b, a = root.coefficients
    y = root.root
    at = value_at(root.coefficients, pole)  # Q(r)
    slope = value_at([b, 2 * a], pole)  # Q'(r)
    line = at + at + slope * Root(-pole.re, -pole.im)  # 2*Q(r) + Q'(r)*(x - r) = line + slope*x
    w = at.root()
    if pole.is_real:
        tangent = line.re + slope.re * X
        if w.is_real:
            return -value.re / w.re * function("log", (tangent + 2 * w.re * y) / (X - pole.re))
        return value.re / w.im * function("atan", tangent / (2 * w.im * y))
    factor = value * w.inverse()
    re = line.re + slope.re * X + 2 * w.re * y
    im = line.im + slope.im * X + 2 * w.im * y
    distance = power(X - pole.re, number(2)) + pole.im**2
    size = divide(power(re, number(2)) + power(im, number(2)), distance)
    angle = function("atan", im / re) - function("atan", (X - pole.re) / pole.im)
    return 2 * factor.im * angle - factor.re * function("log", size)

"""Polynomials with exact rational coefficients, and integrals of rational functions with known factors.

A polynomial is a list of coefficients, constant term first; zero is the empty list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sciml.symbolic.expression import (
    Expr,
    Number,
    divide,
    function,
    linear,
    multiply,
    number,
    product,
    sqrt,
    whole,
)

Coefficients = list[Fraction]


def trimmed(values: Sequence[Number]) -> Coefficients:
    """The coefficients without zeros at the end."""
    found = [Fraction(value) for value in values]
    while found and not found[-1]:
        found.pop()
    return found


def times(left: Sequence[Number], right: Sequence[Number]) -> Coefficients:
    """The product of two polynomials."""
    if not left or not right:
        return []
    found = [Fraction(0)] * (len(left) + len(right) - 1)
    for i, u in enumerate(left):
        for j, v in enumerate(right):
            found[i + j] += u * v
    return trimmed(found)


def plus(left: Sequence[Number], right: Sequence[Number], scale: Number = 1) -> Coefficients:
    """left + scale * right."""
    size = max(len(left), len(right))
    return trimmed(
        [(left[i] if i < len(left) else 0) + scale * (right[i] if i < len(right) else 0) for i in range(size)]
    )


def derived(values: Sequence[Number]) -> Coefficients:
    """The derivative."""
    return trimmed([index * value for index, value in enumerate(values)][1:])


def integrated(values: Sequence[Number]) -> Coefficients:
    """The antiderivative that is zero at zero."""
    return [Fraction(0), *[Fraction(value) / (index + 1) for index, value in enumerate(values)]]


def divided(numerator: Sequence[Number], denominator: Sequence[Number]) -> tuple[Coefficients, Coefficients]:
    """Quotient and remainder."""
    rest, divisor = trimmed(numerator), trimmed(denominator)
    quotient = [Fraction(0)] * max(len(rest) - len(divisor) + 1, 0)
    while len(rest) >= len(divisor):
        shift, factor = len(rest) - len(divisor), rest[-1] / divisor[-1]
        quotient[shift] = factor
        rest = plus(rest, [Fraction(0)] * shift + divisor, -factor)
    return trimmed(quotient), rest


def polynomial_expression(values: Sequence[Number], u: Expr) -> Expr:
    """The polynomial in u as an expression."""
    return linear([(whole(value), product(1, ((u, power),))) for power, value in enumerate(values) if value])


@dataclass(frozen=True)
class Factor:
    """A factor of a denominator: an irreducible polynomial of degree 1 or 2 to a power."""

    base: tuple[Fraction, ...]
    power: int

    def expanded(self, power: int | None = None) -> Coefficients:
        """Its coefficients, to another power if one is given."""
        found = [Fraction(1)]
        for _ in range(self.power if power is None else power):
            found = times(found, self.base)
        return found


def partial_fractions(
    numerator: Sequence[Number], factors: Sequence[Factor]
) -> list[tuple[Factor, int, Coefficients]]:
    """Proper fractions (factor, its power, numerator below the factor's degree) that sum to the proper
    fraction.

    The factors are different and irreducible, the numerator of lower degree than their product.
    """
    columns: list[tuple[Factor, int, int, Coefficients]] = []
    for factor in factors:
        others = [Fraction(1)]
        for other in factors:
            if other is not factor:
                others = times(others, other.expanded())
        for power in range(1, factor.power + 1):
            cofactor = times(others, factor.expanded(factor.power - power))
            for degree in range(len(factor.base) - 1):
                columns.append((factor, power, degree, [Fraction(0)] * degree + cofactor))
    solution = _solved([column[3] for column in columns], trimmed(numerator), len(columns))
    found: dict[tuple[int, int], tuple[Factor, int, Coefficients]] = {}
    for (factor, power, degree, _), value in zip(columns, solution, strict=True):
        entry = found.setdefault(
            (factors.index(factor), power), (factor, power, [Fraction(0)] * (len(factor.base) - 1))
        )
        entry[2][degree] = value
    return [(factor, power, trimmed(values)) for factor, power, values in found.values() if any(values)]


def _solved(columns: list[Coefficients], right: Coefficients, size: int) -> list[Fraction]:
    """Gauss-Jordan elimination of a regular system given by columns."""
    rows = [
        [column[i] if i < len(column) else Fraction(0) for column in columns]
        + [right[i] if i < len(right) else Fraction(0)]
        for i in range(size)
    ]
    for place in range(size):
        pivot = next(row for row in range(place, size) if rows[row][place])
        rows[place], rows[pivot] = rows[pivot], rows[place]
        inverse = 1 / rows[place][place]
        rows[place] = [value * inverse for value in rows[place]]
        for row in range(size):
            factor = rows[row][place]
            if row != place and factor:
                rows[row] = [u - factor * v for u, v in zip(rows[row], rows[place], strict=True)]
    return [row[-1] for row in rows]


def integral_of_fraction(
    numerator: Sequence[Number], factors: Sequence[Factor], u: Expr, log_of_u: Expr | None = None
) -> Expr | None:
    """The integral of numerator / product of factors with respect to u.

    Args:
        numerator: coefficients; any degree.
        factors: different irreducible factors; quadratic ones have no real root and power 1 or 2.
        u: the variable, any expression.
        log_of_u: what stands for log(u), where that is simpler (u = exp(x): x).
    """
    denominator = [Fraction(1)]
    for factor in factors:
        denominator = times(denominator, factor.expanded())
    whole_part, rest = divided(numerator, denominator)
    terms = [polynomial_expression(integrated(whole_part), u)]
    for factor, power, values in partial_fractions(rest, factors) if rest else ():
        part = _of_linear(factor, power, values, u, log_of_u) if len(factor.base) == 2 else None
        if part is None:
            part = _of_quadratic(factor, power, values, u)
        if part is None:
            return None
        terms.append(part)
    return linear([(1, term) for term in terms])


def _of_linear(factor: Factor, power: int, values: Coefficients, u: Expr, log_of_u: Expr | None) -> Expr:
    base = polynomial_expression(factor.base, u)
    scale = values[0] / factor.base[1]
    if power > 1:
        return product(whole(scale / (1 - power)), ((base, 1 - power),))
    if log_of_u is not None and not factor.base[0]:
        return linear(((scale, log_of_u),))
    return linear(((scale, function("log", base)),))


def _of_quadratic(factor: Factor, power: int, values: Coefficients, u: Expr) -> Expr | None:
    """(B*u + A) / (c + b*u + a*u**2)**power for power 1 or 2, discriminant 4*a*c - b**2 > 0."""
    c, b, a = factor.base
    constant = values[0]
    slope = values[1] if len(values) > 1 else Fraction(0)
    base = polynomial_expression(factor.base, u)
    rest = constant - slope * b / (2 * a)
    discriminant = 4 * a * c - b * b
    if power > 2 or discriminant <= 0:
        return None
    line = polynomial_expression((b, 2 * a), u)
    root = sqrt(number(whole(discriminant)))
    arc = multiply(number(2), divide(function("atan", divide(line, root)), root))
    if power == 1:
        return linear(((slope / (2 * a), function("log", base)), (rest, arc)))
    fraction = divide(line, linear(((discriminant, base),)))
    return linear(
        ((-slope / (2 * a), product(1, ((base, -1),))), (rest, fraction), (rest * 2 * a / discriminant, arc))
    )

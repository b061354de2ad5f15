"""Hermite's reduction over the square root y of a quadratic: what is algebraic in an integral, what is left.

P/(D*y) = (y*A/E)' + c/y + the sum of N/(p*y) over the simple poles p. E has each factor of D to one power
less; where the factor divides y**2, to the same power, because the derivative of y adds only half a power
there. The polynomials A and N and the constant c are unknown; multiplied by y*E and all the factors of D, the
equation is one between polynomials, linear in their coefficients.

Source: Trager, Integration of Algebraic Functions, thesis, MIT 1984, for one square root.
"""

from dataclasses import dataclass

from sciml.symbolic.ladder.rational_functions import Element, Polynomial, RationalFunction


@dataclass(frozen=True)
class Reduction:
    """A, E, c and the pairs (p, N)."""

    above: Polynomial
    below: Polynomial
    front: Element
    residues: list[tuple[Polynomial, Polynomial]]


def reduction(given: RationalFunction, quadratic: Polynomial) -> Reduction | None:
    """The reduction of given/y; None if the equation has no solution.

    Args:
        given: P/D.
        quadratic: y**2, without multiple factors.
    """
    below = radical = given.bottom.one  # E, and the product of all factors of D
    powers: list[tuple[Polynomial, int]] = []
    simple: list[Polynomial] = []
    for factor, exponent in given.bottom.factor_list()[1]:
        is_branch = factor.gcd(quadratic).degree() > 0
        powers.append((factor, exponent if is_branch else exponent - 1))
        below, radical = below * factor ** powers[-1][1], radical * factor
        simple += [] if is_branch else [factor]
    steepness = radical.zero  # E'/E times all factors
    for factor, power in powers:
        steepness += factor.diff().mul_ground(given.bottom.domain.convert(power)) * radical.quo(factor)
    excess = given.top.degree() - given.bottom.degree()
    count = 1 + below.degree() + max(excess - 1, 0)  # of coefficients of A
    half_slope = quadratic.diff().mul_ground(1 / given.bottom.domain.convert(2))
    columns = []
    for degree in range(count):
        a = _monomial(degree, given.bottom)
        columns.append(quadratic * (a.diff() * radical - a * steepness) + half_slope * a * radical)
    whole = below * radical
    columns.append(whole)
    for factor in simple:
        columns += [_monomial(degree, factor) * whole.quo(factor) for degree in range(factor.degree())]
    values = _solved(columns, given.top * whole.quo(given.bottom))
    if values is None:
        return None
    residues, start = [], count + 1
    for factor in simple:
        residues.append((factor, _polynomial(values[start : start + factor.degree()], factor)))
        start += factor.degree()
    return Reduction(_polynomial(values[:count], below), below, values[count], residues)


def _monomial(degree: int, like: Polynomial) -> Polynomial:
    return _polynomial([like.domain.zero] * degree + [like.domain.one], like)


def _polynomial(coefficients: list[Element], like: Polynomial) -> Polynomial:
    """The polynomial of these coefficients, the constant first, over the field of another."""
    from sympy import Poly

    return Poly.from_list(list(reversed(coefficients)), like.gen, domain=like.domain)


def _solved(columns: list[Polynomial], right: Polynomial) -> list[Element] | None:
    """Numbers z with the sum of z[i]*columns[i] = right; None without a solution."""
    from sympy.polys.matrices import DomainMatrix

    domain = right.domain
    height = 1 + max(one.degree() for one in (*columns, right) if not one.is_zero)
    lists = [_padded(one, height) for one in (*columns, right)]
    matrix = DomainMatrix([list(row) for row in zip(*lists, strict=True)], (height, len(lists)), domain)
    reduced, pivots = matrix.rref()
    if len(columns) in pivots:
        return None
    values = [domain.zero] * len(columns)
    rows = reduced.to_dense().to_list()
    for row, column in enumerate(pivots):
        values[column] = rows[row][len(columns)]
    return values


def _padded(polynomial: Polynomial, height: int) -> list[Element]:
    """Coefficients of all powers below `height`, the highest first."""
    values = [] if polynomial.is_zero else polynomial.rep.to_list()
    return [polynomial.domain.zero] * (height - len(values)) + list(values)

"""Denominators that were multiplied out, as products again: x**2 + 2*x*exp(x) + exp(2*x) as (x + exp(x))**2.

A sum is a polynomial with rational coefficients in the symbols, functions and radicals of its terms, which
SymPy factors.
"""

from fractions import Fraction

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    POWER,
    Expr,
    ExpressionTooLargeError,
    Number,
    coefficient_and_term,
    function,
    linear,
    number,
    power,
    product,
)
from sciml.symbolic.ladder.terms import factors_of, terms_of
from sciml.symbolic.substitution import rebuilt

_MOST_TERMS = 30
_MOST_GENERATORS = 5
_LARGEST_DEGREE = 12


def with_factored_sums(node: Expr) -> Expr:
    """The expression with sums of two generators and more under whole negative powers as products."""
    if node.kind == POWER and type(node.value) is int and node.value < 0 and node.args[0].kind == ADD:
        base = with_factored_sums(node.args[0])
        factors = factors_of_sum(base) if base.kind == ADD else None
        if factors is not None:
            return product(1, [(one, exponent * node.value) for one, exponent in factors])
    return rebuilt(node, with_factored_sums) if node.args else node


def factors_of_sum(node: Expr) -> list[tuple[Expr, int]] | None:
    """(factor, exponent) pairs, the content first; None if it is irreducible, or has a single generator."""
    pairs = terms_of(node)
    if len(pairs) > _MOST_TERMS:
        return None
    generators: dict[Expr, int] = {}
    monomials: list[tuple[Number, dict[int, int]]] = []
    for coefficient, term in pairs:
        monomial: dict[int, int] = {}
        for base, exponent in factors_of(term):
            generator, times = _generator(base, exponent)
            if not 0 <= times <= _LARGEST_DEGREE:
                return None
            if times:
                place = generators.setdefault(generator, len(generators))
                monomial[place] = monomial.get(place, 0) + times
        monomials.append((coefficient, monomial))
    if not 2 <= len(generators) <= _MOST_GENERATORS:
        return None
    if len(monomials) == 2 and not monomials[0][1].keys() & monomials[1][1].keys():
        return None  # seldom more than x + exp(x), and not worth loading SymPy
    return _factors(monomials, list(generators))


def _generator(base: Expr, exponent: Number) -> tuple[Expr, int]:
    """What the factor is a whole power of: the base, a root of it, or the exponential of a primitive sum."""
    if base.kind == FUNCTION and base.value == "exp":
        times, unit = coefficient_and_term(base.args[0])
        if type(times) is int and times > 0 and exponent == 1:
            return function("exp", unit), times
        return base, int(exponent)
    root = number(Fraction(1, Fraction(exponent).denominator))
    return power(base, root), Fraction(exponent).numerator


def _factors(
    monomials: list[tuple[Number, dict[int, int]]], generators: list[Expr]
) -> list[tuple[Expr, int]] | None:
    from sympy import QQ, Poly, symbols

    names = symbols(f"g:{len(generators)}")
    values = {
        tuple(monomial.get(place, 0) for place in range(len(generators))): QQ(
            coefficient.numerator, coefficient.denominator
        )
        for coefficient, monomial in monomials
    }
    content, found = Poly.from_dict(values, *names, domain=QQ).factor_list()
    if sum(exponent for _, exponent in found) < 2:
        return None
    try:
        return [
            (number(Fraction(int(content.p), int(content.q))), 1),
            *((_expression(one, generators), exponent) for one, exponent in found),
        ]
    except ExpressionTooLargeError:
        return None


def _expression(polynomial: object, generators: list[Expr]) -> Expr:
    terms = []
    for exponents, value in polynomial.terms():  # type: ignore[attr-defined]  # a Poly of SymPy
        powers = list(zip(generators, map(int, exponents), strict=True))
        terms.append((Fraction(int(value.p), int(value.q)), product(1, powers)))
    return linear(terms)

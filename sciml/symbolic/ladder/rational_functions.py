"""Rational functions of x whose coefficients are rational in anything that does not hold x.

Parameters and constants such as sqrt(2), pi, exp(a) become generators of a field of fractions over Q; a
parameter of which roots occur is a power of one of its roots. What is not used is that sqrt(2)**2 = 2.
Polynomials over that field are SymPy's, which divides and factors them.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

from sciml.symbolic.expansion import numerator_denominator, polynomial_coefficients
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    POWER,
    Expr,
    ExpressionTooLargeError,
    Number,
    X,
    linear,
    number,
    power,
    product,
)
from sciml.symbolic.substitution import operands

Polynomial: TypeAlias = Any
"""SymPy's Poly in x over a field of constants; SymPy is typed too loosely to name it better."""
Element: TypeAlias = Any
"""An element of such a field."""
_LARGEST_DEGREE = 64
_MOST_CONSTANTS = 6
_LONGEST = 1200
"""Tokens of an expression that is converted."""


class NotRationalError(ValueError):
    """An expression that is no rational function of x, or too large a one."""


class Constants:
    """The field of the constants of some expressions.

    Args:
        nodes: expressions; their largest parts without x generate the field.

    Raises:
        NotRationalError: too many different constants.
    """

    def __init__(self, *nodes: Expr) -> None:
        from sympy import QQ, Symbol

        degrees: dict[Expr, int] = {}
        for node in nodes:
            _collect(node, degrees)
        if len(degrees) > _MOST_CONSTANTS:
            raise NotRationalError(f"{len(degrees)} constants")
        self.generators = [power(base, number(Fraction(1, degree))) for base, degree in degrees.items()]
        self._degrees = degrees
        self.variable = Symbol("x")
        names = [Symbol(f"k{place}") for place in range(len(degrees))]
        self.domain: Any = QQ.frac_field(*names) if names else QQ
        self._elements = dict(zip(degrees, self.domain.gens if names else (), strict=True))

    def element(self, node: Expr) -> Element:
        """An expression without x as an element of the field.

        Raises:
            NotRationalError: it is not in the field.
        """
        kind = node.kind
        if kind == NUMBER:
            return self._number(node.value)
        if node in self._elements:
            return self._elements[node] ** self._degrees[node]
        if kind == ADD:
            total = self._number(node.value)
            for term, coefficient in node.args:
                total = total + self._number(coefficient) * self.element(term)
            return total
        if kind == MULTIPLY:
            total = self._number(node.value)
            for factor in node.args:
                total = total * self.element(factor)
            return total
        if kind == POWER and node.value is not None:
            if type(node.value) is int:
                return self._power(self.element(node.args[0]), node.value)
            base = node.args[0]
            exponent = node.value * self._degrees.get(base, 1)
            if base in self._elements and Fraction(exponent).denominator == 1:
                return self._power(self._elements[base], int(exponent))
        raise NotRationalError(f"a constant that was not there before: {node}")

    def _number(self, value: Number) -> Element:
        from sympy import QQ

        return self.domain.convert(QQ(value.numerator, value.denominator))

    def _power(self, base: Element, exponent: int) -> Element:
        if exponent < 0 and not base:
            raise NotRationalError("a division by zero")
        return base**exponent if exponent >= 0 else self.domain.one / base**-exponent

    def polynomial(self, node: Expr) -> Polynomial:
        """An expression as a polynomial in x over the field.

        Raises:
            NotRationalError: it is none.
        """
        from sympy import Poly

        try:
            coefficients = polynomial_coefficients(node, X, _LARGEST_DEGREE)
        except ExpressionTooLargeError as error:
            raise NotRationalError(str(error)) from error
        if coefficients is None:
            raise NotRationalError(f"no polynomial: {node}")
        values = [self.element(one) for one in reversed(coefficients)]
        return Poly.from_list(values, self.variable, domain=self.domain)

    def constant(self, element: Element) -> Expr:
        """An element of the field as an expression."""
        if not self.generators:
            return number(Fraction(int(element.numerator), int(element.denominator)))
        return product(1, ((self._sum(element.numer), 1), (self._sum(element.denom), -1)))

    def _sum(self, polynomial: Polynomial) -> Expr:
        terms = []
        for exponents, value in polynomial.terms():
            powers = list(zip(self.generators, exponents, strict=True))
            coefficient = Fraction(int(value.numerator), int(value.denominator))
            terms.append((coefficient, product(1, [(base, int(exponent)) for base, exponent in powers])))
        return linear(terms)

    def expression(self, polynomial: Polynomial) -> Expr:
        """A polynomial in x as an expression."""
        values = [self.constant(one) for one in reversed(polynomial.rep.to_list())]
        return linear([(1, product(1, ((one, 1), (X, degree)))) for degree, one in enumerate(values)])


@dataclass(frozen=True)
class RationalFunction:
    """top/bottom, without common factors."""

    top: Polynomial
    bottom: Polynomial
    constants: Constants

    @staticmethod
    def of(node: Expr, constants: Constants | None = None) -> "RationalFunction":
        """An expression as a rational function.

        Args:
            node: the expression.
            constants: the field of its constants, if it is known.

        Raises:
            NotRationalError: it is none, or too large.
        """
        if len(node.prefix) > _LONGEST or not _is_rational(node):
            raise NotRationalError("a long expression, or functions of x in it")
        above, below = numerator_denominator(node)
        constants = constants or Constants(above, below)
        top, bottom = constants.polynomial(above), constants.polynomial(below)
        if bottom.is_zero:
            raise NotRationalError("a division by zero")
        top, bottom = top.cancel(bottom, include=True)
        unit = constants.domain.one / leading_coefficient(bottom)
        if bottom.degree() == 0:
            top, bottom = top.mul_ground(unit), bottom.one
        return RationalFunction(top, bottom, constants)


def _is_rational(node: Expr) -> bool:
    """Whether x stands in sums, products and whole powers only."""
    if not node.mask & X.mask or node == X:
        return True
    if node.kind == POWER and type(node.value) is not int:
        return False
    return node.kind != FUNCTION and all(_is_rational(part) for part in operands(node))


def leading_coefficient(polynomial: Polynomial) -> Element:
    """The coefficient of the highest power of a polynomial."""
    return polynomial.rep.to_list()[0]


def _collect(node: Expr, degrees: dict[Expr, int]) -> None:
    """The generators of the constants of an expression, with the degree of the root that is needed."""
    if node.mask & X.mask or node.kind in (ADD, MULTIPLY, NUMBER):
        for part in operands(node):
            _collect(part, degrees)
    elif node.kind == POWER and type(node.value) is int:
        _collect(node.args[0], degrees)
    elif node.kind == POWER and node.value is not None:
        base = node.args[0]
        degrees[base] = lcm(degrees.get(base, 1), node.value.denominator)
    else:
        degrees.setdefault(node, 1)

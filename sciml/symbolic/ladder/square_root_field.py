"""Expressions that are rational in x and some square roots, taken apart: a sum of rational functions times
products of the roots.

With roots y1 and y2 an expression is f0 + f1*y1 + f2*y2 + f3*y1*y2, and each of the terms is integrated by
itself. Every product of roots is S*y with a rational S and y**2 a polynomial without multiple factors.
"""

from dataclasses import dataclass

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ONE,
    POWER,
    ZERO_EXPR,
    Expr,
    Number,
    X,
    divide,
    linear,
    multiply,
    number,
    product,
    sqrt,
)
from sciml.symbolic.ladder.rational_functions import NotRationalError, RationalFunction, leading_coefficient
from sciml.symbolic.substitution import operands

Element = dict[frozenset[int], Expr]
"""A rational function for each set of roots that are multiplied with it."""
_MOST_ROOTS = 3
_HIGHEST_POWER = 12


class SquareRoots:
    """The field of rational functions of x and some square roots.

    Args:
        roots: (root, square) pairs; both hold x, the square is rational. The root may be any expression that
            is one of the two roots everywhere, such as cos(x) for 1 - sin(x)**2.
    """

    def __init__(self, roots: list[tuple[Expr, Expr]]) -> None:
        self.roots = roots

    @staticmethod
    def of(node: Expr) -> "SquareRoots":
        """The field that an expression lies in.

        Raises:
            NotRationalError: it holds other functions or roots, or too many.
        """
        found: dict[bytes, tuple[Expr, Expr]] = {}
        _collect(node, found)
        if len(found) > _MOST_ROOTS:
            raise NotRationalError(f"{len(found)} square roots")
        return SquareRoots(list(found.values()))

    def element(self, node: Expr) -> Element:
        """An expression as rational functions times roots.

        Raises:
            NotRationalError: it is not in the field.
        """
        for place, (root, square) in enumerate(self.roots):
            if node == root:
                return {frozenset((place,)): ONE}
            is_power = node.kind == POWER and node.value is not None and node.args[0] == square
            if is_power and node.value.denominator == 2:
                below = product(1, ((square, (node.value.numerator - 1) // 2),))
                return {frozenset((place,)): below}
        kind = node.kind
        if not node.mask & X.mask or node == X:
            return {frozenset(): node}
        if kind == ADD:
            terms: list[tuple[Number, Element]] = [(c, self.element(term)) for term, c in node.args]
            return _sum([*terms, (node.value, {frozenset(): ONE})])
        if kind == MULTIPLY:
            total: Element = {frozenset(): number(node.value)}
            for factor in node.args:
                total = self.times(total, self.element(factor))
            return total
        if kind == POWER and type(node.value) is int:
            return self._power(node.args[0], node.value)
        raise NotRationalError(f"neither rational nor one of the roots: {node}")

    def _power(self, base: Expr, exponent: int) -> Element:
        inner = self.element(base)
        if set(inner) == {frozenset()}:
            return {frozenset(): product(1, ((base, exponent),))}
        if abs(exponent) > _HIGHEST_POWER:
            raise NotRationalError(f"the power {exponent} of a sum with roots")
        if exponent < 0:
            inner = self.inverse(inner)
        total = inner
        for _ in range(abs(exponent) - 1):
            total = self.times(total, inner)
        return total

    def times(self, left: Element, right: Element) -> Element:
        """The product of two elements."""
        parts: list[tuple[Number, Element]] = []
        for first, one in left.items():
            for second, other in right.items():
                squares = [self.roots[place][1] for place in first & second]
                parts.append((1, {first ^ second: multiply(one, other, *squares)}))
        return _sum(parts)

    def inverse(self, one: Element) -> Element:
        """1/one: the roots leave the denominator one by one.

        Raises:
            NotRationalError: a division by zero.
        """
        present = sorted(frozenset().union(*one))
        if not present:
            if not one or one[frozenset()] == ZERO_EXPR:
                raise NotRationalError("a division by zero")
            return {frozenset(): divide(ONE, one[frozenset()])}
        place = present[-1]
        conjugate = {key: -value if place in key else value for key, value in one.items()}
        norm = {key: value for key, value in self.times(one, conjugate).items() if place not in key}
        norm = {key: simplified(value) for key, value in norm.items()}
        norm = {key: value for key, value in norm.items() if value != ZERO_EXPR}
        return self.times(conjugate, self.inverse(norm))

    def product_of(self, places: frozenset[int]) -> tuple[Expr, Expr]:
        """(root, square) of the product of some of the roots."""
        roots = [self.roots[place] for place in sorted(places)]
        return multiply(*[root for root, _ in roots]), multiply(*[square for _, square in roots])


@dataclass(frozen=True)
class SimpleRoot:
    """A square root as S*y."""

    outside: Expr
    """S, a rational function."""
    root: Expr
    """y."""
    coefficients: list[Expr]
    """Of y**2, a polynomial in x without multiple factors; the constant first."""

    @property
    def degree(self) -> int:
        """Of y**2."""
        return len(self.coefficients) - 1


def simple_root(root: Expr, square: Expr) -> SimpleRoot:
    """A root of a rational function with its square factors outside.

    Raises:
        NotRationalError: the square is no rational function.
    """
    given = RationalFunction.of(square)
    whole = given.top * given.bottom
    _, factors = whole.factor_list()
    inside = outside = whole.one
    for base, exponent in factors:
        inside = inside * base ** (exponent % 2)
        outside = outside * base ** (exponent // 2)
    constants = given.constants
    leading = leading_coefficient(whole) / leading_coefficient(inside * outside**2)
    factor = divide(constants.expression(outside), constants.expression(given.bottom))
    coefficients = [constants.constant(one * leading) for one in reversed(inside.rep.to_list())]
    return SimpleRoot(factor, divide(root, factor), coefficients)


def simplified(node: Expr) -> Expr:
    """A rational function over one denominator, cancelled.

    Raises:
        NotRationalError: it is none.
    """
    given = RationalFunction.of(node)
    return divide(given.constants.expression(given.top), given.constants.expression(given.bottom))


def _collect(node: Expr, found: dict[bytes, tuple[Expr, Expr]]) -> None:
    if not node.mask & X.mask:
        return
    if node.kind == FUNCTION or (node.kind == POWER and node.value is None):
        raise NotRationalError(f"not algebraic: {node}")
    if node.kind == POWER and type(node.value) is not int:
        if node.value.denominator != 2:
            raise NotRationalError(f"a root of another degree: {node}")
        base = node.args[0]
        found.setdefault(base.prefix, (sqrt(base), base))
        return
    for part in operands(node):
        _collect(part, found)


def _sum(parts: list[tuple[Number, Element]]) -> Element:
    collected: dict[frozenset[int], list[tuple[Number, Expr]]] = {}
    for coefficient, element in parts:
        for key, value in element.items():
            collected.setdefault(key, []).append((coefficient, value))
    summed = {key: linear(pairs) for key, pairs in collected.items()}
    return {key: value for key, value in summed.items() if value != ZERO_EXPR}

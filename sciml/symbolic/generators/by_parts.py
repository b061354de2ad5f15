"""Integrals made by parts (IBP): random F and G, and a growing table of integrals that are known.

If the integral of f*G is known (f = F'), then the integral of F*g is F*G minus it. Integrals are looked up by
their values at three complex points up to a rational factor, and sums term by term; each new one joins the
table.

Source: Lample & Charton, ICLR 2020, section 3.1; the look-up by values is ours.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ADD,
    NUMBER,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    linear,
    multiply,
    number,
    whole,
)
from sciml.symbolic.generators.backward import is_integral
from sciml.symbolic.generators.points import FIXED_POINTS
from sciml.symbolic.generators.simplification import expanded, shortest_form, without_constant_term
from sciml.symbolic.generators.trees import Leaves, RejectedTreeError, TreeSampler

Key = tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """How integrals by parts are drawn."""

    least_operators: int = 2
    """Operators of F are uniform from this …"""
    most_operators: int = 9
    """… to this."""
    least_operators_second: int = 0
    """Operators of G are uniform from this …"""
    most_operators_second: int = 5
    """… to this."""
    largest_table: int = 60_000
    """Integrals that are remembered; a full table does not grow."""
    expanded_share: float = 0.3
    """Share of the integrands that are brought to their shortest form."""


def fingerprint(node: Expr) -> tuple[Key, complex] | None:
    """(key that equals for multiples of one expression, a value that tells the multiples apart).

    None if the expression is zero or has no value at one of three complex points.
    """
    first, second, third = FIXED_POINTS.values(node)[-3:]
    if first != first or second != second or third != third or abs(first) < 1e-12:
        return None
    left, right = second / first, third / first
    return (f"{left.real:.7e}", f"{left.imag:.7e}", f"{right.real:.7e}", f"{right.imag:.7e}"), first


class KnownIntegrals:
    """Integrals found by the values of their integrands, up to a rational factor and sums of known terms."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._known: dict[Key, tuple[complex, Expr]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, integrand: Expr, antiderivative: Expr) -> None:
        """Remember an integral; the shorter one stays if it is known."""
        if integrand.kind == NUMBER or len(integrand.prefix) > 60 or len(antiderivative.prefix) > 60:
            return
        print_of = fingerprint(integrand)
        if print_of is None:
            return
        key, scale = print_of
        known = self._known.get(key)
        if known is None:
            if len(self._known) < self.largest:
                self._known[key] = (scale, antiderivative)
        elif len(antiderivative.prefix) < len(known[1].prefix):
            self._known[key] = (scale, antiderivative)

    def find(self, integrand: Expr) -> Expr | None:
        """An antiderivative, or None."""
        if integrand.kind == NUMBER:
            return multiply(integrand, X)
        whole_sum = self._find_multiple(integrand)
        if whole_sum is not None:
            return whole_sum
        terms = expanded(integrand)
        if terms.kind != ADD:
            return None
        found: list[tuple[Number, Expr]] = [(terms.value, X)]
        for term, coefficient in terms.args:
            part = self._find_multiple(term)
            if part is None:
                return None
            found.append((coefficient, part))
        return linear(found)

    def _find_multiple(self, integrand: Expr) -> Expr | None:
        print_of = fingerprint(integrand)
        if print_of is None:
            return None
        known = self._known.get(print_of[0])
        if known is None:
            return None
        factor = rational_ratio(print_of[1], known[0])
        return None if factor is None else multiply(number(factor), known[1])


def rational_ratio(value: complex, unit: complex) -> Number | None:
    """value / unit if that is a rational p/q with |p*q| <= 10**5; others would be found by chance too."""
    ratio = value / unit
    if abs(ratio.imag) > 1e-10 * abs(ratio.real) or abs(ratio.real) > 1e5:
        return None
    found = Fraction(ratio.real).limit_denominator(1000)
    is_small = abs(found.numerator * found.denominator) <= 10**5
    return whole(found) if is_small and abs(float(found) - ratio.real) <= 1e-10 * abs(ratio.real) else None


class ByPartsIntegrals:
    """Draws integrals by parts; every draw may teach the table.

    Args:
        trees: gives F and G.
        settings: sizes.
    """

    def __init__(self, trees: TreeSampler, settings: Settings) -> None:
        self.trees = trees
        self.settings = settings
        self.known = KnownIntegrals(settings.largest_table)
        self._given: set[bytes] = set()

    def draw(self, leaves: Leaves | None = None) -> list[tuple[Expr, Expr]]:
        """The integrals that one draw of F and G gives: none, one or two, checked in numbers."""
        draw, settings = self.trees.draw, self.settings
        try:
            first = self._factor(draw.randint(settings.least_operators, settings.most_operators), leaves)
            fewest, most = settings.least_operators_second, settings.most_operators_second
            second = self._factor(draw.randint(fewest, most), leaves)
            return self._integrals(first, second, draw)
        except (UndefinedExpressionError, ExpressionTooLargeError, RejectedTreeError):
            return []

    def _factor(self, operators: int, leaves: Leaves | None) -> Expr:
        factor = without_constant_term(self.trees.sample(operators, leaves), X)
        if not factor.mask & X.mask:
            raise RejectedTreeError("no x is left")
        return factor

    def _integrals(self, first: Expr, second: Expr, draw: random.Random) -> list[tuple[Expr, Expr]]:
        slopes = derivative(first), derivative(second)
        self.known.learn(slopes[0], first)
        self.known.learn(slopes[1], second)
        found = []
        for one, other in ((0, 1), (1, 0)):
            factors = (first, second)
            inner = self.known.find(multiply(slopes[one], factors[other]))
            if inner is None:
                continue
            integrand = multiply(factors[one], slopes[other])
            answer = linear(((1, multiply(first, second)), (-1, inner)))
            if draw.random() < self.settings.expanded_share:
                integrand = shortest_form(integrand)
            if integrand.prefix in self._given or integrand.kind == NUMBER:
                continue
            answer = without_constant_term(min(answer, shortest_form(answer), key=_length), X)
            if answer.mask & X.mask and is_integral(integrand, answer):
                self.known.learn(integrand, answer)
                if len(self._given) > 4 * self.settings.largest_table:
                    self._given.clear()
                self._given.add(integrand.prefix)
                found.append((integrand, answer))
        return found


def _length(node: Expr) -> int:
    return len(node.prefix)


def by_parts_integrals(trees: TreeSampler, settings: Settings) -> Iterator[tuple[Expr, Expr]]:
    """Endless stream of (integrand, antiderivative)."""
    source = ByPartsIntegrals(trees, settings)
    while True:
        yield from source.draw()

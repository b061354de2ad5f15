"""Integrals made by parts (IBP): random F and G, and a growing table of integrals that are known.

If the integral of f*G is known (f = F'), then the integral of F*g is F*G minus it. Integrals are looked up by
their values at three complex points up to a rational factor, and sums term by term; each new one joins the
table.

Source: Lample & Charton, ICLR 2020, section 3.1; the look-up by values is ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from struct import Struct

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ADD,
    NUMBER,
    ONE,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    linear,
    multiply,
    whole,
)
from sciml.symbolic.generators.backward import is_integral
from sciml.symbolic.generators.lost_parts import loses_parts
from sciml.symbolic.generators.points import FIXED_POINTS, NAN
from sciml.symbolic.generators.simplification import expanded, shortest_form, without_constant_term
from sciml.symbolic.generators.trees import Leaves, RejectedTreeError, TreeSampler
from sciml.symbolic.generators.verifier_points import is_integral_on_the_axis, is_many_valued
from sciml.symbolic.nodes import table
from sciml.symbolic.tokens import from_prefix

Key = bytes
Profile = tuple[complex, complex, complex]
"""Of a function at three points; see `profile`."""
LONGEST_KNOWN = 60
"""Tokens of the longest integrands and antiderivatives that are remembered."""
MOST_TERMS = 16
"""Products of more terms are not looked up term by term."""


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
    parts_kept: int = 400
    """Functions F, and as many G, that wait to be combined again."""
    new_part_share: float = 0.04
    """Share of the draws that make a new F, and of those that make a new G."""
    largest_table: int = 60_000
    """Integrals that are remembered; a full table does not grow."""
    simplified_share: float = 0.3
    """Share of the integrands that are brought to their shortest form."""


def is_found_integral(integrand: Expr, antiderivative: Expr) -> bool:
    """Whether an integral that was found by values is one: the slopes of the antiderivative are the
    integrand, on the branches that the verifier looks at too."""
    if not is_integral(integrand, antiderivative):
        return False
    is_simple = not (is_many_valued(integrand) or is_many_valued(antiderivative))
    return is_simple or is_integral_on_the_axis(integrand, antiderivative)


def profile(node: Expr) -> Profile:
    """A function as its value at the first of three complex points, and the ratios of the others to it.

    Profiles multiply as functions do. All is nan if the function is zero or has no value there.
    """
    first, second, third = FIXED_POINTS.values(node)[-3:]
    if first != first or second != second or third != third or abs(first) < 1e-12:
        return NAN, NAN, NAN
    return first, second / first, third / first


def fingerprint(found: Profile) -> Key | None:
    """A key that is equal for multiples of one function, from its profile; None for ratios beyond 1e38."""
    _, second, third = found
    try:
        return _SINGLE.pack(second.real, second.imag, third.real, third.imag)
    except OverflowError:
        return None


_SINGLE = Struct("4f")
"""Single precision: what agrees to seven digits has one key, but for unlucky rounding."""


def rational_ratio(value: complex, unit: complex) -> Number | None:
    """value / unit if that is a rational p/q with |p*q| <= 10**5; others would be found by chance too."""
    ratio = value / unit
    size = ratio.real
    tolerance = 1e-10 * abs(size)
    if abs(ratio.imag) > tolerance or abs(size) > 1e5:
        return None
    for denominator in range(1, 9):  # nearly always one of these
        numerator = round(denominator * size)
        if abs(numerator - denominator * size) <= denominator * tolerance:
            break
    else:
        numerator, denominator = Fraction(size).limit_denominator(1000).as_integer_ratio()
    if not 0 < abs(numerator * denominator) <= 10**5 or abs(numerator / denominator - size) > tolerance:
        return None
    return whole(Fraction(numerator, denominator))


def _times(left: Profile, right: Profile) -> Profile:
    return left[0] * right[0], left[1] * right[1], left[2] * right[2]


class Summands:
    """A function as numbers: its profile, and those of the terms of its expanded form."""

    def __init__(self, node: Expr) -> None:
        self.whole = profile(node)
        multiplied = expanded(node)
        self.terms = [self.whole]
        if multiplied.kind == ADD:
            pairs = [*multiplied.args, (ONE, multiplied.value)]
            scaled = [(float(value), profile(term)) for term, value in pairs if value]
            self.terms = [(scale * first, second, third) for scale, (first, second, third) in scaled]


class KnownIntegrals:
    """Integrals found by the values of their integrands, up to a rational factor and sums of known terms."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._known: dict[Key, tuple[complex, bytes]] = {}  # as token ids: expressions take ten times as much
        self.learn(ONE, X)

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, integrand: Expr, antiderivative: Expr) -> None:
        """Remember an integral; the shorter one stays if it is known."""
        if len(integrand.prefix) > LONGEST_KNOWN or len(antiderivative.prefix) > LONGEST_KNOWN:
            return
        if loses_parts(integrand) or loses_parts(antiderivative):
            return
        found = profile(integrand)
        key = fingerprint(found)
        if key is None or found[0] != found[0]:
            return
        known = self._known.get(key)
        is_new = known is None and len(self._known) < self.largest
        if is_new or (known is not None and len(antiderivative.prefix) < len(known[1])):
            self._known[key] = (found[0], antiderivative.prefix)

    def find(self, left: Summands, right: Summands) -> Expr | None:
        """An antiderivative of the product of two functions, or None."""
        whole_product = self._find(_times(left.whole, right.whole))
        if whole_product is not None:
            return linear(((whole_product[0], _node(whole_product[1])),))
        if len(left.terms) == len(right.terms) == 1 or len(left.terms) * len(right.terms) > MOST_TERMS:
            return None
        found = []
        for one in left.terms:
            for other in right.terms:
                part = self._find(_times(one, other))
                if part is None:
                    return None
                found.append(part)
        return linear([(factor, _node(prefix)) for factor, prefix in found])

    def _find(self, wanted: Profile) -> tuple[Number, bytes] | None:
        """(factor, token ids of a known antiderivative) of a function with this profile."""
        key = fingerprint(wanted)
        known = None if key is None else self._known.get(key)
        if known is None:
            return None
        factor = rational_ratio(wanted[0], known[0])
        return None if factor is None else (factor, known[1])


def _node(prefix: bytes) -> Expr:
    """The expression of token ids that were some expression's."""
    return table.get(prefix) or from_prefix(prefix)


class Part:
    """F or G with its derivative, and both as numbers."""

    def __init__(self, node: Expr) -> None:
        self.node, self.slope = node, derivative(node)
        self.node_terms, self.slope_terms = Summands(node), Summands(self.slope)


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
        self._parts: tuple[list[Part], list[Part]] = ([], [])
        self._kept: tuple[set[bytes], set[bytes]] = (set(), set())  # the same as prefixes
        self._given: set[bytes] = set()

    def draw(self, leaves: Leaves | None = None) -> list[tuple[Expr, Expr]]:
        """The integrals that one draw of F and G gives: none, one or two, checked in numbers."""
        try:
            first, second = (self._part(which, leaves) for which in (0, 1))
            found = []
            for one, other in ((first, second), (second, first)):
                inner = self.known.find(one.slope_terms, other.node_terms)
                if inner is not None:
                    found += self._integral(one, other, inner)
            return found
        except (UndefinedExpressionError, ExpressionTooLargeError, RejectedTreeError):
            return []

    def _part(self, which: int, leaves: Leaves | None) -> Part:
        """F or G: a new one, or one of the last few hundred, whose derivatives and values are known."""
        draw, settings, kept = self.trees.draw, self.settings, self._parts[which]
        if len(kept) == settings.parts_kept and draw.random() > settings.new_part_share:
            return kept[draw.randrange(len(kept))]
        least, most = settings.least_operators, settings.most_operators
        if which:
            least, most = settings.least_operators_second, settings.most_operators_second
        node = without_constant_term(self.trees.sample(draw.randint(least, most), leaves), X)
        if not node.mask & X.mask:
            raise RejectedTreeError("no x is left")
        if loses_parts(node):
            raise RejectedTreeError("a part is lost beside the others: the values say too little")
        if node.prefix in self._kept[which]:
            raise RejectedTreeError("this part is at hand")
        part = Part(node)
        self.known.learn(part.slope, node)
        self._keep(which, part)
        return part

    def _keep(self, which: int, part: Part) -> None:
        """Put a new part beside the others, or in the place of one of them."""
        parts, prefixes = self._parts[which], self._kept[which]
        if len(parts) < self.settings.parts_kept:
            parts.append(part)
        else:
            place = self.trees.draw.randrange(len(parts))
            prefixes.remove(parts[place].node.prefix)
            parts[place] = part
        prefixes.add(part.node.prefix)

    def _integral(self, one: Part, other: Part, inner: Expr) -> list[tuple[Expr, Expr]]:
        """The integral of F*g, where `inner` is that of f*G, if it is new and right."""
        integrand = multiply(one.node, other.slope)
        if self.trees.draw.random() < self.settings.simplified_share:
            integrand = shortest_form(integrand)
        if integrand.prefix in self._given or integrand.kind == NUMBER:
            return []
        answer = linear(((1, multiply(one.node, other.node)), (-1, inner)))
        answer = without_constant_term(shortest_form(answer), X)
        if not answer.mask & X.mask or not is_found_integral(integrand, answer):
            return []
        self.known.learn(integrand, answer)
        if len(self._given) > 4 * self.settings.largest_table:
            self._given.clear()
        self._given.add(integrand.prefix)
        return [(integrand, answer)]


def by_parts_integrals(trees: TreeSampler, settings: Settings) -> Iterator[tuple[Expr, Expr]]:
    """Endless stream of (integrand, antiderivative)."""
    source = ByPartsIntegrals(trees, settings)
    while True:
        yield from source.draw()

"""Integrals made forwards (FWD): short integrands of families with closed rules, integrated exactly.

Each family draws a function of u and its antiderivative with respect to u. Then u is x, or a line a*x + b, or
a random expression g whose derivative multiplies the integrand. Results are added and multiplied by numbers.
No computer-algebra system takes part: Lample & Charton integrate random expressions by one; the families
stand for what such a system solves among short expressions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    NUMBER,
    ONE,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    linear,
    multiply,
    whole,
)
from sciml.symbolic.generators.backward import is_integral
from sciml.symbolic.generators.by_parts import KnownIntegrals, Summands, is_found_integral
from sciml.symbolic.generators.families import FAMILIES, Draw, Integral
from sciml.symbolic.generators.lost_parts import loses_parts
from sciml.symbolic.generators.simplification import shortest_form, without_constant_term
from sciml.symbolic.generators.trees import RejectedTreeError, TreeSampler
from sciml.symbolic.generators.variations import Integers, small_integer

_NAMES = tuple(FAMILIES)
_WEIGHTS = tuple(weight for _, weight in FAMILIES.values())


@dataclass(frozen=True)
class Settings:
    """How forward integrals are drawn."""

    line_share: float = 0.25
    """Share of the terms that are functions of a line a*x + b."""
    substitution_share: float = 0.3
    """Share of the terms f(g(x))*g'(x)."""
    most_operators_inside: int = 3
    """Operators of g."""
    sum_share: float = 0.35
    """Share of sums of two or three terms."""
    factor_share: float = 0.4
    """Share of the terms that are multiplied by a number."""
    looked_up_share: float = 0.3
    """Share of the draws that integrate a random expression from the table of known integrals."""
    least_operators: int = 3
    """Operators of the smaller of these expressions."""
    most_operators: int = 9
    """Operators of the largest; longer ones are hardly ever known."""


def draw_forward(trees: TreeSampler, settings: Settings, integers: Integers = small_integer) -> Integral:
    """(integrand, antiderivative), checked in numbers.

    Raises:
        RejectedTreeError: this draw gives none; try again.
    """
    draw = Draw(trees.draw, integers)
    source = trees.draw
    count = source.choice((2, 2, 3)) if source.random() < settings.sum_share else 1
    try:
        terms = [_term(draw, trees, settings) for _ in range(count)]
        integrand = linear([(1, term[0]) for term in terms])
        answer = without_constant_term(linear([(1, term[1]) for term in terms]), X)
        if source.random() < 0.5:
            answer = shortest_form(answer)
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        raise RejectedTreeError(str(error)) from error
    if integrand.kind == NUMBER or not answer.mask & X.mask or not is_integral(integrand, answer):
        raise RejectedTreeError("not an integral, or not at enough points")
    return integrand, answer


def _term(draw: Draw, trees: TreeSampler, settings: Settings) -> Integral:
    source = draw.source
    family = FAMILIES[source.choices(_NAMES, _WEIGHTS)[0]][0]
    choice = source.random()
    inside, slope = X, ONE
    if choice < settings.line_share:
        rate = draw.rate()
        constant = draw.integer() if source.random() < 0.5 else 0
        inside, slope = linear(((whole(rate), X), (constant, ONE))), linear(((1 / rate, ONE),))
    elif choice < settings.line_share + settings.substitution_share:
        inside = without_constant_term(trees.sample(source.randint(1, settings.most_operators_inside)), X)
        if not inside.mask & X.mask:
            raise RejectedTreeError("no x is left")
    made = family(draw, inside)
    if made is None:
        raise RejectedTreeError("the family has no such integral")
    integrand, answer = made
    if choice < settings.line_share:
        answer = multiply(answer, slope)
    elif inside is not X:
        integrand = multiply(integrand, derivative(inside))
    if source.random() < settings.factor_share:
        factor = draw.rate()
        integrand, answer = linear(((whole(factor), integrand),)), linear(((whole(factor), answer),))
    return integrand, answer


def draw_looked_up(trees: TreeSampler, known: KnownIntegrals, settings: Settings) -> Integral:
    """A random expression all of whose terms are multiples of integrands in the table, checked in numbers.

    Raises:
        RejectedTreeError: this draw gives none; try again.
    """
    try:
        integrand = trees.sample(trees.draw.randint(settings.least_operators, settings.most_operators))
        if not integrand.mask & X.mask or loses_parts(integrand):
            raise RejectedTreeError("no x is left, or hardly any")
        found = known.find(Summands(integrand), Summands(ONE))
        if found is None:
            raise RejectedTreeError("the integral is not known")
        answer = without_constant_term(shortest_form(found), X)
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        raise RejectedTreeError(str(error)) from error
    if not answer.mask & X.mask or not is_found_integral(integrand, answer):
        raise RejectedTreeError("not an integral, or not at enough points")
    return integrand, answer


def forward_integrals(trees: TreeSampler, settings: Settings) -> Iterator[Integral]:
    """Endless stream of (integrand, antiderivative)."""
    while True:
        try:
            yield draw_forward(trees, settings)
        except RejectedTreeError:
            continue

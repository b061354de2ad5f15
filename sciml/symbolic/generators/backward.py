"""Integrals made backwards (BWD): a random expression is the answer, its derivative the question.

Source: Lample & Charton, ICLR 2020, section 4.1 and the filters of the released code.
"""

import random
from dataclasses import dataclass

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import Expr, ExpressionTooLargeError, UndefinedExpressionError, X
from sciml.symbolic.generators.points import FIXED_POINTS, agreement
from sciml.symbolic.generators.simplification import shortest_form, without_constant_term
from sciml.symbolic.generators.trees import Leaves, RejectedTreeError, TreeSampler, operator_count
from sciml.symbolic.vocabulary import AFTER_NINE, ARITY, ZERO

FEWEST_USABLE_POINTS = 3
"""A pair must be finite at as many of the points of `sciml.symbolic.generators.points`."""
LONGEST_SIMPLIFIED = 120
"""Longer derivatives stay as they are: other forms of them take longer than all the rest."""
_ARITY_OF_BYTE = (*ARITY, *(-1,) * (256 - len(ARITY)))
_OPERATORS = bytes(token for token in range(256) if _ARITY_OF_BYTE[token] > 0)
_DIGITS = bytes(range(ZERO, AFTER_NINE))


@dataclass(frozen=True)
class Settings:
    """How backward integrals are drawn."""

    least_operators: int = 4
    """Operators of the smaller trees, before like terms are collected."""
    most_operators: int = 15
    """Operators of the largest trees."""
    simplified_share: float = 0.5
    """Share of the derivatives that are brought to their shortest form."""


def operators_in(node: Expr) -> int:
    """Operators of an expression as it is written down in prefix order."""
    return len(node.prefix) - len(node.prefix.translate(None, _OPERATORS))


def is_integral(integrand: Expr, antiderivative: Expr) -> bool:
    """Whether the slopes of the antiderivative are the integrand at all points where both are finite, and at
    enough.
    """
    equal, usable = agreement(FIXED_POINTS.slopes(antiderivative), FIXED_POINTS.values(integrand))
    return equal == usable >= FEWEST_USABLE_POINTS


def draw_antiderivative(trees: TreeSampler, settings: Settings, leaves: Leaves | None = None) -> Expr:
    """A random answer: no constant term, at least half as many operators as were drawn.

    Raises:
        RejectedTreeError: this draw gives none; try again.
    """
    wanted = operator_count(trees.draw, settings.least_operators, settings.most_operators)
    answer = without_constant_term(trees.sample(wanted, leaves), X)
    if not answer.mask & X.mask:
        raise RejectedTreeError("no x is left")
    if 2 * operators_in(answer) < wanted:
        raise RejectedTreeError("hardly anything of the tree is left")
    return answer


def draw_backward(trees: TreeSampler, settings: Settings, leaves: Leaves | None = None) -> tuple[Expr, Expr]:
    """(integrand, antiderivative), not yet checked in numbers.

    Raises:
        RejectedTreeError: this draw gives none; try again.
    """
    answer = draw_antiderivative(trees, settings, leaves)
    try:
        integrand = derivative(answer)
        if len(integrand.prefix) < LONGEST_SIMPLIFIED and trees.draw.random() < settings.simplified_share:
            integrand = shortest_form(integrand)
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        raise RejectedTreeError(str(error)) from error
    return integrand, answer


def backward_integrals(seed: int, settings: Settings | None = None) -> "BackwardIntegrals":
    """An endless stream of checked pairs of the released generator's weights."""
    from sciml.symbolic.generators.trees import RELEASE

    return BackwardIntegrals(TreeSampler(RELEASE, random.Random(seed)), settings or Settings())


class BackwardIntegrals:
    """Endless iterator of checked (integrand, antiderivative)."""

    def __init__(self, trees: TreeSampler, settings: Settings) -> None:
        self.trees = trees
        self.settings = settings

    def __iter__(self) -> "BackwardIntegrals":
        return self

    def __next__(self) -> tuple[Expr, Expr]:
        while True:
            try:
                integrand, answer = draw_backward(self.trees, self.settings)
            except RejectedTreeError:
                continue
            if is_integral(integrand, answer):
                return integrand, answer

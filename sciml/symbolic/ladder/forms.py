"""The same answer in other forms, and which of them people like to read."""

from collections.abc import Iterable

from sciml.symbolic.expansion import expand, numerator_denominator
from sciml.symbolic.expression import (
    ADD,
    CONSTANT,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    divide,
    linear,
    product,
)
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder.normalise import terms, without_constants
from sciml.symbolic.substitution import operands

_LONGEST = 1500
"""Tokens of an answer for which other forms are looked for."""


def forms(answer: Expr, *, is_antiderivative: bool) -> list[Expr]:
    """Equal forms of an answer, the simplest first; for an antiderivative equal up to a constant."""
    found = [without_constants(answer) if is_antiderivative else answer]
    if len(answer.prefix) <= _LONGEST:
        for change in (expand, _common_factor, _one_fraction):
            for one in list(found):
                try:
                    made = change(one)
                except (UndefinedExpressionError, ExpressionTooLargeError):
                    continue
                found.append(without_constants(made) if is_antiderivative else made)
    return simplest_first(found)


def simplest_first(answers: Iterable[Expr]) -> list[Expr]:
    """Different expressions, in the order of `complexity`."""
    different = {one.prefix: one for one in answers}
    return sorted(different.values(), key=lambda one: (complexity(one), one.prefix))


def complexity(node: Expr) -> int:
    """How long an expression is to read: its letters as text, a function or root as one."""
    text = to_infix(node)
    return len(text) - sum(len(name) - 1 for name in _function_names(node))


def _function_names(node: Expr) -> list[str]:
    own = [node.value] if node.kind == FUNCTION and node.args[0].kind not in (NUMBER, CONSTANT) else []
    return own + [name for part in operands(node) for name in _function_names(part)]


def _common_factor(node: Expr) -> Expr:
    """A sum, or a product of sums, with the factors taken out that all terms of a sum have."""
    if node.kind == MULTIPLY:
        return product(node.value, [(_common_factor(factor), 1) for factor in node.args])
    if node.kind != ADD:
        return node
    parts = terms(node)
    powers = [_powers(term) for _, term in parts]
    common = {
        base: min(one[base] for one in powers)
        for base in powers[0]
        if all(base in one for one in powers) and base.mask & X.mask
    }
    if not common:
        return node
    inverse = [(base, -exponent) for base, exponent in common.items()]
    inside = linear([(coefficient, product(1, [(term, 1), *inverse])) for coefficient, term in parts])
    inside = min(inside, expand(inside), key=complexity)
    return product(1, [*common.items(), (inside, 1)])


def _powers(term: Expr) -> dict[Expr, int]:
    """Bases and whole exponents of a product."""
    found = {}
    for factor in term.args if term.kind == MULTIPLY else (term,):
        is_power = factor.kind == POWER and type(factor.value) is int
        found[factor.args[0] if is_power else factor] = factor.value if is_power else 1
    return found


def _one_fraction(node: Expr) -> Expr:
    if node.kind != ADD:
        return node
    above, below = numerator_denominator(node)
    return divide(expand(above), below)

"""From a first integral H(x, y) = constant to solutions, explicit where y can be isolated."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    function,
    linear,
    primitive,
    product,
)
from sciml.symbolic.ladder.equations.inversion import inverses, with_inverse_functions
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.unknown_function import Y

_LARGEST_POWER = 4


def solved_relation(levels: Iterable[Expr], constant: Expr, steps: tuple[Step, ...]) -> Iterator[Candidate]:
    """Solutions of H(x, y) = constant on all branches for the first H that can be solved for y.

    If there is none, the relations themselves, the shortest first.
    """
    relations = []
    for level in levels:
        explicit = inverses(level, Y[0], constant) or _by_inverse_functions(level, constant)
        for one in explicit:
            yield Candidate(one, (*steps, Step("y = {}", (one,))))
        if explicit:
            return
        joined = with_joined_logarithms(level)
        relations.append(primitive(joined)[1] if joined.kind == ADD else joined)
    for level in sorted(relations, key=lambda one: len(one.prefix)):
        yield Candidate(level - constant, (*steps, Step("{} is constant", (level,))))


def _by_inverse_functions(level: Expr, constant: Expr) -> list[Expr]:
    """Solutions after log(u + sqrt(u**2 - 1)) = acosh(u) and the like."""
    try:
        changed = with_inverse_functions(level)
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return []
    return [] if changed == level else inverses(changed, Y[0], constant)


def with_joined_logarithms(level: Expr) -> Expr:
    """A sum with its logarithms as one, as for positive numbers, if that is shorter."""
    if level.kind != ADD:
        return level
    logarithms = [
        (term, factor) for term, factor in level.args if term.kind == FUNCTION and term.value == "log"
    ]
    least = min((factor for _, factor in logarithms), key=abs, default=1)
    exponents = [Fraction(factor) / Fraction(least) for _, factor in logarithms]
    if len(logarithms) < 2 or any(one.denominator > 1 or abs(one) > _LARGEST_POWER for one in exponents):
        return level
    powers = [(term.args[0], int(one)) for (term, _), one in zip(logarithms, exponents, strict=True)]
    try:
        joined = function("log", expand(simplest(product(1, powers))))
        rest = [(-factor, term) for term, factor in logarithms]
        made = linear([(1, level), *rest, (least, joined)])
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return level
    return made if len(made.prefix) < len(level.prefix) else level

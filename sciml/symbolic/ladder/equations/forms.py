"""Shorter forms of a general solution: constants of integration renamed, roots and inverse functions undone.

A constant may be replaced by any function of it: 3*c1 and exp(c1) by c1, c2 by c1*c2. Replacements are tried
as long as one makes the solution shorter to read; what comes out is verified by the caller.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sciml.symbolic.expansion import collect, expand
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    divide,
    function,
    linear,
    multiply,
    number,
    power,
    product,
    symbol,
)
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.ladder.equations.factoring import divides_by_a_sum, factored
from sciml.symbolic.ladder.equations.inversion import at_values
from sciml.symbolic.ladder.equations.simplification import simplest, unfolded
from sciml.symbolic.ladder.forms import complexity, forms, simplest_first
from sciml.symbolic.ladder.found import Found
from sciml.symbolic.problems import CONSTANT_NAMES, Equation
from sciml.symbolic.substitution import operands
from sciml.symbolic.verification import verify

_LONGEST = 700
"""Tokens of a solution of which other forms are looked for."""
_MOST_ROUNDS = 4
_MOST_FORMS = 12
_SECONDS = 1.0
_SHARE_OF_DOMAIN = 0.5
"""A form must be real at this share, at least, of the points at which the solution is."""


def simplest_solutions(found: Found, problem: Equation, count: int, deadline: Deadline) -> list[Found]:
    """An explicit solution in at most `count` forms that are verified no worse, the simplest first.

    At least one; the search takes a second at most.
    """
    kept: list[Found] = []
    constants = tuple([symbol(name) for name in CONSTANT_NAMES[: problem.order]])
    try:
        with hard_limit(deadline.within(_SECONDS)):
            for form in solution_forms(found.expression, constants):
                judged = verify(problem, form)
                is_as_good = judged.status == found.verification.status
                is_as_good = is_as_good and judged.domain >= _SHARE_OF_DOMAIN * found.verification.domain
                if is_as_good and judged.agreement >= found.verification.agreement:
                    kept.append(replace(found, expression=form, verification=judged))
                if len(kept) == count:
                    break
    except OutOfTimeError:
        pass
    return kept or [found]


def solution_forms(solution: Expr, constants: tuple[Expr, ...]) -> list[Expr]:
    """Forms of an explicit solution, the simplest first; the given one is among them."""
    if len(solution.prefix) > _LONGEST:
        return [solution]
    found = {solution.prefix: solution}
    for start in _written(solution):
        short = with_simple_constants(start, constants)
        for one in (short, *_written(short), *forms(short, is_antiderivative=False)):
            again = with_simple_constants(one, constants)
            found[again.prefix] = again
    return [*simplest_first(found.values())[:_MOST_FORMS], solution]


def _written(node: Expr) -> Iterator[Expr]:
    """The expression as it is, simplified as for positive numbers, and multiplied out."""
    yield node
    for change in (unfolded, simplest, _expanded, lambda one: collect(expand(one), X), _cancelled):
        try:
            yield change(node)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue


def _cancelled(node: Expr) -> Expr:
    return factored(node) if divides_by_a_sum(node) else node


def _expanded(node: Expr) -> Expr:
    """Arguments of functions multiplied out, too."""
    return expand(node, deep=True, max_terms=60)


def with_simple_constants(solution: Expr, constants: tuple[Expr, ...]) -> Expr:
    """The solution with constants replaced by functions of them while that makes it shorter."""
    best, length = solution, complexity(solution)
    for _ in range(_MOST_ROUNDS):
        shorter = [(complexity(one), one) for one in _replaced(best, constants)]
        least = min(shorter, key=lambda pair: pair[0], default=(length, best))
        if least[0] >= length:
            break
        length, best = least
    return best


def _replaced(solution: Expr, constants: tuple[Expr, ...]) -> Iterator[Expr]:
    """The solution with one constant replaced, in every way that is tried."""
    held = [one for one in constants if solution.mask & one.mask]
    for constant in held:
        for value in _values(solution, constant, [one for one in held if one != constant]):
            made = at_values(solution, {constant: value})
            if made is not None and all(made.mask & one.mask for one in held):
                yield unfolded(made)
                if value.kind == ADD:  # a shift: what it cancels stands beside it
                    yield expand(made)


def _values(solution: Expr, constant: Expr, others: Iterable[Expr]) -> Iterator[Expr]:
    """What may be put for a constant."""
    around = _Surroundings(constant)
    around.look(solution)
    yield -constant
    yield divide(number(1), constant)
    for factor in around.factors - {1}:
        yield divide(constant, number(factor))
    if around.is_in_exponential:
        for factor in around.factors | {Fraction(1)}:
            yield divide(function("log", constant), number(factor))
    for shift, factor in around.shifts:
        yield linear([(1 / factor, constant), (-shift / factor, number(1))])
    for exponent in around.exponents - {1}:
        yield power(constant, number(1 / exponent))
    for other in others:
        yield multiply(constant, other)
        yield divide(constant, other)


@dataclass
class _Surroundings:
    """How a constant occurs in a solution."""

    constant: Expr
    factors: set[Fraction] = field(default_factory=set)
    """Rational factors before it."""
    shifts: set[tuple[Fraction, Fraction]] = field(default_factory=set)
    """(number, factor) of sums number + factor*constant + …"""
    exponents: set[Fraction] = field(default_factory=set)
    is_in_exponential: bool = False

    def look(self, node: Expr, is_inside: bool = False) -> None:
        """Note every occurrence in an expression, which may be inside an exponential."""
        if not node.mask & self.constant.mask:
            return
        if node == self.constant:
            self.is_in_exponential |= is_inside
        elif node.kind == ADD:
            for term, factor in node.args:
                if term == self.constant:
                    self.factors.add(Fraction(factor))
                    if node.value:
                        self.shifts.add((Fraction(node.value), Fraction(factor)))
                elif term.kind == MULTIPLY and self.constant in term.args:
                    rest = product(1, [(term, 1), (self.constant, -1)])
                    beside = next((value for other, value in node.args if other == rest), 0)
                    if beside:
                        self.shifts.add((Fraction(beside), Fraction(factor)))
        elif node.kind == MULTIPLY:
            self.factors.add(Fraction(node.value))
        elif node.kind == POWER and node.args[0] == self.constant and node.value is not None:
            self.exponents.add(Fraction(node.value))
        is_exponential = node.kind == FUNCTION and node.value == "exp"
        for part in operands(node):
            self.look(part, is_inside or is_exponential)

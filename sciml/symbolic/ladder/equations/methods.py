"""The rung of differential equations: what can be found without a network."""

from collections.abc import Iterator

from sciml.symbolic.expansion import numerator_denominator
from sciml.symbolic.expression import Expr, ExpressionTooLargeError, UndefinedExpressionError, symbol
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.branches import propose_branches, second_order_branches
from sciml.symbolic.ladder.equations.exact import propose_as_it_is
from sciml.symbolic.ladder.equations.factoring import factored
from sciml.symbolic.ladder.equations.first_integral import propose_by_first_integral
from sciml.symbolic.ladder.equations.first_order import first_order_solutions
from sciml.symbolic.ladder.equations.first_order_substitution import propose_by_substitution
from sciml.symbolic.ladder.equations.radicals import with_common_radicals, without_absolute_values
from sciml.symbolic.ladder.equations.reduction import propose_reduced
from sciml.symbolic.ladder.equations.second_order_substitution import propose_linearised
from sciml.symbolic.ladder.equations.simplification import unfolded
from sciml.symbolic.ladder.equations.slopes import Solved, solved_for_highest
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.problems import CONSTANT_NAMES, Equation


def propose(problem: Equation, deadline: Deadline) -> Iterator[Candidate]:
    """Solutions of an equation in x, y, y', y'', the likeliest first; explicit where y can be isolated."""
    known: set[bytes] = set()
    for candidate in _all(problem, deadline):
        if candidate.expression.prefix not in known:
            known.add(candidate.expression.prefix)
            yield candidate


def _all(problem: Equation, deadline: Deadline) -> Iterator[Candidate]:
    constants = (symbol(CONSTANT_NAMES[0]), symbol(CONSTANT_NAMES[1]))
    forms = list(_forms(problem))
    if problem.order == 1:
        yield from _of_first_order(problem, forms, constants[0], deadline)
    else:
        forms = forms or list(second_order_branches(problem.left_side))
        for form in _and_factored(forms):
            yield from attempted(propose_linearised(form, constants, deadline))
            yield from attempted(propose_by_first_integral(form, constants, deadline))
        for form in forms[:2]:
            yield from propose_reduced(form, constants, deadline)


def _of_first_order(
    problem: Equation, forms: list[Solved], constant: Expr, deadline: Deadline
) -> Iterator[Candidate]:
    for place, form in enumerate(_and_factored(forms)):
        yield from attempted(propose_by_substitution(form, constant, deadline))
        if place == 0:
            yield from attempted(propose_as_it_is(form, constant, deadline))
    for form in forms[:1]:
        yield from first_order_solutions(form, constant, deadline)
    if not forms:
        yield from propose_branches(problem.left_side, constant, deadline)


def _and_factored(forms: list[Solved]) -> Iterator[Solved]:
    """The forms, and the first of them in lowest terms with its numerator and denominator factored."""
    yield from forms
    for form in forms[:1]:
        value = factored(form.value)
        if value != form.value:
            above, below = numerator_denominator(value)
            yield Solved(-above, below, form.order)


def _forms(problem: Equation) -> Iterator[Solved]:
    """The equation solved for its highest derivative, in the writings that differ.

    First with one writing for each radical and without absolute values, then as it is, then with roots of
    powers and the like undone.
    """
    known: set[bytes] = set()
    for writing in (_with_common_radicals, _as_it_is, unfolded):
        try:
            left_side = writing(problem.left_side)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
        if left_side.prefix in known:
            continue
        known.add(left_side.prefix)
        solved = solved_for_highest(Equation(left_side, problem.order))
        if solved is not None:
            yield solved


def _with_common_radicals(left_side: Expr) -> Expr:
    return with_common_radicals(unfolded(without_absolute_values(left_side)))


def _as_it_is(left_side: Expr) -> Expr:
    return left_side

import random

import pytest

from sciml.symbolic.expression import X, function, integer, symbol
from sciml.symbolic.generators import first_order, second_order
from sciml.symbolic.generators.curves import solves
from sciml.symbolic.generators.elimination import (
    CURVATURE,
    SLOPE,
    Y,
    merged_constant,
    solved_for,
    stripped,
    without_factors,
)
from sciml.symbolic.generators.trees import C1, C2, RELEASE, RejectedTreeError, TreeSampler
from sciml.symbolic.ode_verification import verify_equation
from sciml.symbolic.problems import equation

COUNT = 30
EXP, LOG, SIN = (lambda u, name=name: function(name, u) for name in ("exp", "log", "sin"))


@pytest.mark.parametrize(
    ("curve", "left_side"),
    [
        (C1 * X, X * SLOPE - Y),
        (X + C1, SLOPE - 1),
        (C1 * EXP(X * X / 2), SLOPE - X * Y),
        (1 / (X + C1), SLOPE + Y * Y),
    ],
)
def test_first_order_equation_of_a_family_worked_by_hand(curve, left_side):
    found = first_order.first_order_equation(curve)
    assert found in (left_side, -left_side)


def test_second_order_equation_of_all_lines_is_a_vanishing_curvature():
    assert second_order.second_order_equation(C1 * X + C2, C2, C1) == CURVATURE


def test_second_order_equation_of_c1_exp_x_plus_c2():
    assert second_order.second_order_equation(C1 * EXP(X) + C2, C2, C1) in (
        CURVATURE - SLOPE,
        SLOPE - CURVATURE,
    )


def test_curves_of_a_first_order_equation_without_constants_are_given_up_at_once():
    with pytest.raises(RejectedTreeError, match="without constants"):
        second_order.second_order_equation((C1 + C2) * X, C2, C1)


@pytest.mark.parametrize(
    ("curve", "merged"),
    [
        (X + LOG(C1 + 2), X + C1),
        (3 * C1 * X, C1 * X),
        (C1 * X + 3 * X, C1 * X),
        (SIN(EXP(C1) * X) + 4, SIN(C1 * X) + 4),
        (X + C1 + 5 + LOG(integer(2)), X + C1),
    ],
)
def test_constants_take_in_what_stands_around_them(curve, merged):
    assert merged_constant(curve, C1) == merged


def test_two_constants_that_only_occur_as_one_are_refused():
    assert merged_constant(X + EXP(C1 + C2), C1) is None


def test_an_equation_is_solved_by_inverting_operations():
    a, b = symbol("a"), symbol("b")
    assert solved_for(X, 2 * EXP(3 * X) + 1, a) == LOG((a - 1) / 2) / 3
    assert solved_for(X, a * X + b * X + 1, integer(0)) == -1 / (a + b)
    assert solved_for(X, X + SIN(X), a) is None


def test_functions_around_an_invariant_are_removed():
    assert stripped(3 * LOG(X * Y) + 5) == X * Y


def test_factors_without_the_derivative_are_divided_out():
    left_side = EXP(X) * SLOPE / X - 2 * Y * EXP(X) / X
    assert without_factors(left_side, SLOPE) in (SLOPE - 2 * Y, 2 * Y - SLOPE)


def test_curves_with_dependent_constants_solve_no_second_order_equation():
    assert solves(CURVATURE, C1 * X + C2)
    assert not solves(CURVATURE, (C1 + C2) * X)
    assert not solves(CURVATURE, C1 * X * X + C2)


def test_a_branch_of_a_root_is_admitted_only_on_request():
    equation_of_squares = SLOPE - 2 * function("sqrt", Y)  # y = (x + c1)**2 where x + c1 > 0
    curve = (X + C1) * (X + C1)
    assert not solves(equation_of_squares, curve)
    assert solves(equation_of_squares, curve, least_agreement=0.3)


def test_curves_that_are_hardly_ever_real_are_refused():
    equation_of_logarithms = (SLOPE - 1) * function("sqrt", X * X)
    assert solves(equation_of_logarithms, X + C1)
    assert not solves(equation_of_logarithms, X + C1 + LOG(integer(-2)))  # real terms, y never real


@pytest.mark.parametrize(
    ("stream", "settings"),
    [
        (first_order.first_order_equations, first_order.Settings()),
        (second_order.second_order_equations, second_order.Settings()),
    ],
)
def test_equations_pass_the_verifier(stream, settings):
    source = stream(TreeSampler(RELEASE, random.Random(1)), settings)
    pairs = [next(source) for _ in range(COUNT)]
    statuses = [verify_equation(equation(left_side), curve).status for left_side, curve in pairs]
    assert statuses == ["verified"] * COUNT


def test_equations_can_all_be_solved_for_the_derivative():
    settings = first_order.Settings(solved_share=1.0)
    source = first_order.first_order_equations(TreeSampler(RELEASE, random.Random(2)), settings)
    found = [next(source)[0] for _ in range(20)]
    explicit = [one for one in found if not (one - SLOPE).mask & SLOPE.mask]
    assert len(explicit) >= 18  # the others are not linear in y'

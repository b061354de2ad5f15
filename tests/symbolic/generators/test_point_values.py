import cmath
import math

import pytest

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import X, function, integer, power, product, rational, symbol
from sciml.symbolic.generators.lost_parts import LostParts, is_real_constant
from sciml.symbolic.generators.points import (
    FIXED_POINTS,
    FUNCTIONS,
    POINTS,
    PointValues,
    agreement,
)
from sciml.symbolic.parser import parse

NAN = complex("nan")


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in ("abs", "sign")])
def test_slopes_of_functions_are_limits_of_differences(name):
    point, step = 0.41 + 0.23j, 1e-6
    at = PointValues({"x": (point,)}, {"x": (1 + 0j,)})
    [slope] = at.slopes(function(name, 3 * X + 1))
    rule = FUNCTIONS[name]
    difference = (rule(3 * (point + step) + 1) - rule(3 * (point - step) + 1)) / (2 * step)
    assert abs(slope - difference) < 1e-8 * abs(difference)


def test_slopes_agree_with_the_symbolic_derivative():
    node = product(2, ((X + function("sin", X), 3), (function("log", X * X + 1), rational(-1, 2).value)))
    node = node + power(X, function("cos", X)) + function("exp", X) / (X - 5)
    found, wanted = FIXED_POINTS.slopes(node), FIXED_POINTS.values(derivative(node))
    assert agreement(found, wanted, 1e-12) == (len(POINTS), len(POINTS))


def test_values_are_those_of_cmath():
    node = function("exp", function("sin", X)) / (X + 2)
    for point, value in zip(POINTS, FIXED_POINTS.values(node), strict=True):
        assert abs(value - cmath.exp(cmath.sin(point)) / (point + 2)) < 1e-14 * abs(value)


def test_a_pole_and_an_overflow_have_no_value():
    at = PointValues({"x": (0j, 300 + 0j)})
    pole, number = at.values(1 / X)
    assert math.isnan(pole.real)
    assert number == pytest.approx(1 / 300)
    inside, overflow = at.values(function("exp", X))
    assert inside == 1
    assert math.isnan(overflow.real)


def test_a_second_memory_takes_from_the_first_what_its_own_symbols_do_not_touch():
    base = PointValues({"x": (2 + 0j,), "y": (100 + 0j,)})
    y = symbol("y")
    own = PointValues({"x": (7 + 0j,), "y": (3 + 0j,)}, base=base, own_mask=y.mask)
    assert own.values(X * X)[0] == 4  # left to the first memory
    assert own.values(y * y)[0] == 9


def test_sum_and_scale_tell_cancellation_from_agreement():
    at = PointValues({"x": (3 + 0j,)})
    total, scale = at.sum_and_scale(X * X - 9)
    assert total == (0j,)
    assert scale == (18 + 0j,)


@pytest.mark.parametrize(
    ("node", "is_real"),
    [
        (function("log", integer(2)), True),
        (function("log", integer(-2)), False),
        (function("asin", integer(2)), False),
        (function("acosh", integer(2)), True),
        (function("exp", function("exp", integer(7))), False),
        (function("exp", integer(-3883)), False),
        (function("tanh", function("exp", integer(4))), False),
        (function("log", integer(4)) - 2 * function("log", integer(2)), True),
    ],
)
def test_constants_are_real_and_finite_or_not(node, is_real):
    assert is_real_constant(node) is is_real


@pytest.mark.parametrize(
    ("text", "is_lost"),
    [
        ("tanh(2*x + exp(4))", True),
        ("x*cos(exp(-25)/x)", True),
        ("x + exp(-125)*sin(x)", True),
        ("sin(exp(-25)*x)", True),
        ("sinh(x + 79)", True),
        ("log(exp(x + cosh(4)) - 5)", True),
        ("tanh(2*x + exp(1))", False),
        ("x + exp(-5)*sin(x)", False),
        ("x^20 + 1", False),
        ("exp(-60)*sin(x)", False),
    ],
)
def test_parts_that_ordinary_numbers_lose_are_noticed(text, is_lost):
    assert LostParts(FIXED_POINTS).are_in(parse(text)) is is_lost


def test_agreement_counts_points_where_both_sides_have_values():
    assert agreement((1 + 0j, NAN, 2 + 0j), (1 + 0j, 1 + 0j, 3 + 0j)) == (1, 2)

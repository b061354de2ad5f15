from fractions import Fraction

import pytest

from sciml.symbolic.expression import ADD, X, function, linear, product, sqrt
from sciml.symbolic.generators.points import FIXED_POINTS, agreement
from sciml.symbolic.generators.simplification import (
    has_longer_number,
    longest_number,
    split_common_factors,
    together,
)
from tests.symbolic.random_trees import random_expressions

EXP = function("exp", X)


def assert_equal_values(left, right):
    equal, usable = agreement(FIXED_POINTS.values(left), FIXED_POINTS.values(right))
    assert equal == usable


def test_common_factors_times_the_rest_are_the_sum():
    sums = [one for one in random_expressions(3, 1000) if one.kind == ADD]
    split = [(one, *split_common_factors(one)) for one in sums]
    assert sum(bool(factors) for _, factors, _ in split) > 15
    for node, factors, rest in split:
        assert_equal_values(node, product(1, [*factors, (rest, 1)]))
        assert_equal_values(node, together(node))


@pytest.mark.parametrize(
    ("node", "joined"),
    [
        (1 / X + 1 / (X * X), (X + 1) / (X * X)),
        (2 * X * EXP + X * X * EXP, X * (X + 2) * EXP),
        (1 / X + X * EXP / sqrt(EXP), (1 + X * X * product(1, ((EXP, 1), (sqrt(EXP), -1)))) / X),
        (sqrt(-X) + product(1, ((-X, Fraction(3, 2)),)), sqrt(-X) * (1 - X)),
    ],
)
def test_sums_over_one_denominator_worked_by_hand(node, joined):
    assert together(node) == joined


def test_denominators_of_one_term_alone_stay_if_only_shared_ones_are_wanted():
    apart = 1 / X + 1 / (X + 1)
    assert together(apart, only_shared=True) == apart
    assert together(apart) == (2 * X + 1) / (X * (X + 1))
    shared = 1 / X + EXP / X + 3
    assert together(shared, only_shared=True) == (1 + EXP + 3 * X) / X


def test_numbers_of_more_digits_than_wanted_are_seen():
    node = linear(((1234, X), (-99_999, X * X)))
    assert longest_number(node.prefix) == 5
    assert has_longer_number(node.prefix, 4)
    assert not has_longer_number(node.prefix, 5)

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciml.errors import InputError
from sciml.surrogates.problem_spec import IntegerInput, Output, ProblemSpec
from sciml.surrogates.specification import Goal, Objective, Specification

SPEC = ProblemSpec("p", "1", (IntegerInput("x", 0, 9),), (Output("gain"), Output("power")))
GOAL = Goal((Specification("gain", minimum=300.0), Specification("power", maximum=2.0, weight=3.0)))


@pytest.mark.parametrize(
    ("specification", "value", "violation"),
    [
        (Specification("y", minimum=300.0), 300.0, 0.0),
        (Specification("y", minimum=300.0), 100.0, 200 / 400),
        (Specification("y", minimum=300.0, weight=2.0), 100.0, 1.0),
        (Specification("y", minimum=300.0), -5.0, 1.0),  # opposite signs
        (Specification("y", maximum=2.0), 3.0, 1 / 5),
        (Specification("y", maximum=-2.0), -1.0, 1 / 3),  # -1 is above -2
        (Specification("y", maximum=-2.0), 1.0, 1.0),
        (Specification("y", minimum=0.0), 0.0, 0.0),
        (Specification("y", minimum=0.0), -7.0, 1.0),
        (Specification("y", maximum=0.0), -7.0, 0.0),
        (Specification("y", minimum=-4.0), 1.0, 0.0),
        (Specification("y", maximum=1.0, weight=0.5), math.nan, 0.5),
        (Specification("y", maximum=1.0), -math.inf, 1.0),  # no measurement, whatever the sign
    ],
)
def test_violations_worked_by_hand(specification, value, violation):
    assert specification.violation(np.array([value]))[0] == pytest.approx(violation)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from([1, -1]))
def test_a_violation_is_zero_exactly_where_the_limit_is_met_and_never_above_the_weight(value, limit, sign):
    minimum, maximum = (limit, None) if sign > 0 else (None, limit)
    found = float(Specification("y", minimum, maximum, 2.0).violation(np.array([value]))[0])
    assert 0 <= found <= 2
    assert (found == 0) == (sign * (value - limit) >= 0)


def test_the_cost_is_the_weighted_mean_and_a_failure_costs_one():
    values = np.array([[300.0, 2.0], [100.0, 2.0], [300.0, 3.0], [np.nan, np.nan], [100.0, 3.0]])
    assert GOAL.cost(values, SPEC) == pytest.approx([0, 0.5 / 4, 0.2 * 3 / 4, 1, (0.5 + 0.6) / 4])
    assert GOAL.feasible(values, SPEC).tolist() == [True, False, False, False, False]


def test_an_output_without_a_limit_must_still_be_finite():
    goal = Goal((Specification("gain", minimum=1.0),))
    assert goal.feasible(np.array([[2.0, 0.0], [2.0, np.nan]]), SPEC).tolist() == [True, False]


def test_objectives_alone_are_met_by_whatever_was_simulated():
    goal = Goal((), (Objective("power"),))
    values = np.array([[1.0, 2.0], [np.nan, np.nan]])
    assert goal.cost(values, SPEC).tolist() == [0.0, 1.0]
    assert goal.feasible(values, SPEC).tolist() == [True, False]


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: Specification("y"), "one finite limit"),
        (lambda: Specification("y", 1.0, 2.0), "two specifications for a window"),
        (lambda: Specification("y", math.inf), "one finite limit"),
        (lambda: Specification("y", 1.0, weight=0.0), "0.0 is not positive"),
        (lambda: Specification("y", 1.0, weight=math.nan), "nan is not positive"),
        (lambda: Objective("y", "up"), "'up' is neither"),
        (lambda: Goal(()).check(SPEC), "at least one specification or objective"),
        (lambda: Goal((Specification("area", 1.0),)).check(SPEC), r"'area' is not an output \(gain, power\)"),
    ],
)
def test_what_is_no_goal_is_refused(build, rule):
    with pytest.raises(InputError, match=rule):
        build()


def test_a_specification_reads_as_people_write_it():
    assert [each.text for each in GOAL.specifications] == ["gain >= 300", "power <= 2"]

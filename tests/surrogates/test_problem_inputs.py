"""Grids, ranges and scales of inputs."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.errors import InputError
from sciml.surrogates.inputs import (
    CategoryInput,
    FloatInput,
    IntegerInput,
    describe,
    from_unit,
    from_value,
    is_allowed,
    snap,
    to_unit,
    value_at,
    value_count,
)


def test_steps_give_the_numbers_that_one_would_write():
    assert FloatInput("cc", 0.1, 9.9, 0.1).values().tolist() == [
        float(f"{k / 10:.1f}") for k in range(1, 100)
    ]


@pytest.mark.parametrize("power", [0, -3, -6, -9, -12, -13, -15, -18])
def test_grids_of_small_units_are_kept(power):
    low, step, high = (float(f"{number}e{power}") for number in (3, 2, 11))
    each = FloatInput("c", low, high, step)
    assert each.values().tolist() == [float(f"{number}e{power}") for number in (3, 5, 7, 9, 11)]
    column = np.array([low + step / 2 * 1.001, low + step / 2 * 0.999, low - step, high + step])
    assert snap(each, column).tolist() == [float(f"{number}e{power}") for number in (5, 3, 3, 11)]
    assert is_allowed(each, np.array([low + step, low + step / 2, low + step * 1.001])).tolist() == [
        *(True, False, False)
    ]


@settings(max_examples=150, deadline=None)
@given(
    st.decimals("-1000", "1000", places=3),
    st.decimals("0.001", "50", places=3),
    st.integers(0, 400),
    st.integers(-12, 3),
)
def test_every_grid_of_decimals_is_exact_and_snaps_to_itself(low, step, last, power):
    scale = Decimal(10) ** power
    low, step = low * scale, step * scale
    high = low + last * step
    each = FloatInput("x", float(low), float(high), float(step))
    written = [float(low + k * step) for k in range(last + 1)]
    values = each.values()
    assert values.tolist() == written
    assert snap(each, values).tolist() == written
    assert is_allowed(each, values * (1 + 2e-16)).all()


def test_high_is_allowed_only_if_a_step_reaches_it():
    assert FloatInput("x", 0.0, 1.0, 0.3).values().tolist() == [0.0, 0.3, 0.6, 0.9]
    assert IntegerInput("n", 1, 10, 4).values().tolist() == [1, 5, 9]
    assert not is_allowed(IntegerInput("n", 1, 10, 4), np.array([10.0]))[0]


def test_a_step_that_is_a_rounded_fraction_still_reaches_the_end():
    values = FloatInput("x", 0.0, 1.0, 1 / 3).values()
    assert values == pytest.approx([0, 1 / 3, 2 / 3, 1], abs=1e-15)


def test_grids_too_large_to_be_listed_are_kept_all_the_same():
    each = FloatInput("x", 0.0, 1.0, 1e-9)
    assert value_count(each) == 10**9 + 1
    assert each.values() is None
    assert snap(each, np.array([0.1234567894, 0.1234567896])).tolist() == [0.123456789, 0.12345679]
    integer = IntegerInput("n", 0, 2**53)
    assert integer.values() is None
    assert snap(integer, np.array([123456789012345.4])).tolist() == [123456789012345.0]


def test_a_tie_goes_to_the_smaller_value_and_nan_stays():
    assert snap(IntegerInput("n", 0, 9), np.array([2.5, 3.5])).tolist() == [2, 3]
    assert np.isnan(snap(IntegerInput("n", 0, 9), np.array([np.nan]))[0])
    assert np.isnan(snap(FloatInput("x", 0, 9), np.array([np.nan]))[0])


def test_listed_values_are_the_only_ones():
    each = FloatInput("r", 1.0, 4.7, unit="kΩ", listed=(1.0, 2.2, 4.7))
    assert each.values().tolist() == [1.0, 2.2, 4.7]
    assert snap(each, np.array([0.0, 1.59, 1.61, 3.4, 3.5, 9.0])).tolist() == [1.0, 1.0, 2.2, 2.2, 4.7, 4.7]
    assert is_allowed(each, np.array([2.2, 2.2000001, 3.0, np.nan, np.inf])).tolist() == [
        *(True, False, False, False, False)
    ]
    assert describe(each) == "one of 1, 2.2, 4.7"


def test_a_logarithmic_input_is_spread_by_its_logarithm():
    each = FloatInput("f", 1e3, 1e9, scale="log")
    assert to_unit(each, np.array([1e3, 1e5, 1e6, 1e9])) == pytest.approx([0, 1 / 3, 0.5, 1])
    assert from_unit(each, np.array([0, 1 / 3, 0.5, 1])) == pytest.approx([1e3, 1e5, 1e6, 1e9])


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: IntegerInput("n", 5, 4), "rising order"),
        (lambda: IntegerInput("n", 0, 4, 0), "at least 1, not 0"),
        (lambda: IntegerInput("n", 0, 10**400), r"2\^53"),
        (lambda: FloatInput("x", 0, math.inf), "two finite numbers"),
        (lambda: FloatInput("x", math.nan, 1), "two finite numbers"),
        (lambda: FloatInput("x", 0, 1, -0.1), "positive, not -0.1"),
        (lambda: FloatInput("x", 0, 1, math.nan), "positive, not nan"),
        (lambda: FloatInput("x", 0, 1, scale="log"), "above zero, not at 0"),
        (lambda: FloatInput("x", 0, 1, scale="cubic"), "'cubic' is neither"),
        (lambda: FloatInput("x", 1, 3, listed=(1, 3, 2)), "rise from low to high"),
        (lambda: FloatInput("x", 0, 3, listed=(1, 3)), "rise from low to high"),
        (lambda: FloatInput("x", 1, 3, 0.5, listed=(1, 3)), "not both"),
        (lambda: CategoryInput("c", ()), "one or more"),
        (lambda: CategoryInput("c", ("a", "a")), "none of them twice"),
    ],
)
def test_what_is_no_input_is_refused(build, rule):
    with pytest.raises(InputError, match=rule):
        build()


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400, True, "3", None])
def test_values_that_are_no_finite_number_are_refused(value):
    with pytest.raises(InputError, match=r"^x .*is not a"):
        from_value(FloatInput("x", 0, 9), value)


def test_an_index_gives_the_value_at_it():
    assert value_at(FloatInput("x", 0.5, 9.5, 0.5), np.array([0, 3, 18])).tolist() == [0.5, 2.0, 9.5]
    with pytest.raises(ValueError, match="no grid"):
        value_at(FloatInput("x", 0.5, 9.5), np.array([0]))

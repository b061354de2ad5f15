"""Gains, margins and noise against transfer functions with a known answer."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from sciml.surrogates.ngspice.frequency_measurements import (
    bandwidth,
    dc_gain,
    decibels,
    gain_at,
    gain_margin,
    integrated_noise,
    noise_density_at,
    phase_margin,
    unity_gain_frequency,
)
from sciml.surrogates.ngspice.plot import MeasurementError


def sweep(decades=10, per_decade=10):
    return np.logspace(0, decades, decades * per_decade + 1)


def two_pole(frequency, gain, first, second):
    return gain / (1 + 1j * frequency / first) / (1 + 1j * frequency / second)


@pytest.mark.parametrize("corner", np.geomspace(1e3, 1e4, 13))
def test_the_corner_of_a_single_pole_is_its_bandwidth(corner):
    response = 50 / (1 + 1j * sweep() / corner)
    assert bandwidth(sweep(), response) == pytest.approx(corner, rel=2e-4)
    assert dc_gain(sweep(), response) == pytest.approx(50, rel=1e-6)


@pytest.mark.parametrize("corner", [1e3, 2.3e3, 7e3])
def test_a_single_pole_has_unity_gain_at_gain_times_bandwidth_and_a_margin_of_90_degrees(corner):
    response = 1000 / (1 + 1j * sweep() / corner)
    assert unity_gain_frequency(sweep(), response) == pytest.approx(corner * math.sqrt(1000**2 - 1), rel=1e-4)
    assert phase_margin(sweep(), response) == pytest.approx(90 + math.degrees(1e-3), abs=0.02)


@pytest.mark.parametrize("second", [1e5, 3.1e5, 1e6, 7.7e6])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_margin_of_two_poles_is_that_of_the_formula_whatever_the_sign(second, sign):
    response = sign * two_pole(sweep(), 1000, 1e3, second)
    unity = brentq(lambda f: abs(two_pole(f, 1000, 1e3, second)) - 1, 1e3, 1e9, xtol=1e-6)
    margin = 180 - math.degrees(math.atan(unity / 1e3) + math.atan(unity / second))
    assert unity_gain_frequency(sweep(), response) == pytest.approx(unity, rel=1e-4)
    assert phase_margin(sweep(), response) == pytest.approx(margin, abs=0.02)


def test_a_right_half_plane_zero_takes_margin_away():
    f = sweep()
    with_zero = two_pole(f, 1000, 1e3, 1e7) * (1 - 1j * f / 5e6)
    unity = unity_gain_frequency(f, with_zero)
    angle = sum(math.atan(unity / pole) for pole in (1e3, 1e7, 5e6))
    assert phase_margin(f, with_zero) == pytest.approx(180 - math.degrees(angle), abs=0.02)


def test_three_equal_poles_cross_minus_180_degrees_at_root_three_with_an_eighth_of_the_gain():
    response = 2 / (1 + 1j * sweep() / 1e4) ** 3
    assert gain_margin(sweep(), response) == pytest.approx(20 * math.log10(8 / 2), abs=0.01)
    assert gain_margin(sweep(), -response) == pytest.approx(20 * math.log10(8 / 2), abs=0.01)


def test_a_phase_that_never_gets_to_minus_180_gives_the_margin_at_the_end_as_a_lower_limit():
    response = 1000 / (1 + 1j * sweep() / 1e3)
    assert gain_margin(sweep(), response) == pytest.approx(-20 * math.log10(1000 / 1e7), abs=1e-6)


def test_a_response_without_gain_has_unity_gain_at_zero_and_no_margin():
    response = 0.9 / (1 + 1j * sweep() / 1e3)
    assert unity_gain_frequency(sweep(), response) == 0.0
    assert phase_margin(sweep(), response) == 0.0


def test_gain_beyond_the_sweep_is_refused_not_guessed():
    response = np.full(len(sweep()), 2.0 + 0j)
    with pytest.raises(MeasurementError, match="stays above 1 up to 1e"):
        unity_gain_frequency(sweep(), response)
    with pytest.raises(MeasurementError, match="stays above"):
        bandwidth(sweep(), response)
    with pytest.raises(MeasurementError, match="no bandwidth"):
        bandwidth(sweep(), 0 * response)
    with pytest.raises(MeasurementError, match="outside the sweep"):
        gain_at(sweep(), response, 0.5)


def test_a_response_that_is_not_finite_is_refused():
    response = np.ones(len(sweep()), dtype=complex)
    response[3] = np.nan
    with pytest.raises(MeasurementError, match="not finite"):
        bandwidth(sweep(), response)


def test_gain_between_points_is_that_of_the_pole():
    response = 100 / (1 + 1j * sweep() / 1e4)
    for at in (1.0, 3e3, 1.7e4, 5e6, 1e10):
        assert gain_at(sweep(), response, at) == pytest.approx(100 / math.hypot(1, at / 1e4), rel=2e-4)


def test_decibels_have_a_floor():
    assert decibels(-10.0) == pytest.approx(20.0)
    assert decibels(0.0) == pytest.approx(-300.0)


def test_noise_of_an_rc_filter_integrates_to_kt_over_c():
    f = np.logspace(0, 12, 121)
    resistance, capacitance = 1e3, 1e-12
    kt = 1.380649e-23 * 300
    corner = 1 / (2 * math.pi * resistance * capacitance)
    density = np.sqrt(4 * kt * resistance / (1 + (f / corner) ** 2))
    assert integrated_noise(f, density) == pytest.approx(math.sqrt(kt / capacitance), rel=1e-3)
    assert noise_density_at(f, density, 10.0) == pytest.approx(math.sqrt(4 * kt * resistance), rel=1e-6)


@pytest.mark.parametrize("power", [-1.0, -0.5, 0.0, 1.0])
def test_a_power_law_is_integrated_exactly_between_any_limits(power):
    f = np.logspace(0, 6, 7)  # one point a decade is enough
    expected = math.sqrt(quad(lambda x: math.exp((2 * power + 1) * x), math.log(3), math.log(2e4))[0])
    assert integrated_noise(f, f**power, 3.0, 2e4) == pytest.approx(expected, rel=1e-9)

"""Settling, slewing and delays of waveforms with a known answer."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from sciml.surrogates.ngspice.plot import MeasurementError
from sciml.surrogates.ngspice.time_measurements import (
    average,
    crossing_time,
    delay,
    overshoot,
    peak_to_peak,
    regulation,
    rise_time,
    settling_time,
    slew_rate,
    sweep_crossing,
    value_at,
)

TAU = 10e-9
START = 5e-9
TIME = np.arange(0, 300e-9, 0.05e-9)


def exponential(low=0.2, step=1.0):
    after = np.maximum(TIME - START, 0)
    return low + step * (1 - np.exp(-after / TAU))


def second_order(damping, omega):
    after = np.maximum(TIME - START, 0)
    ringing = omega * math.sqrt(1 - damping**2)
    decay = np.exp(-damping * omega * after)
    return 1 - decay * (
        np.cos(ringing * after) + damping / math.sqrt(1 - damping**2) * np.sin(ringing * after)
    )


@pytest.mark.parametrize("tolerance", [0.1, 0.01, 0.001])
@pytest.mark.parametrize("step", [1.0, -0.02])
def test_an_exponential_settles_in_ln_of_one_over_the_tolerance(tolerance, step):
    settled = settling_time(TIME, exponential(step=step), START, tolerance)
    assert settled == pytest.approx(TAU * math.log(1 / tolerance), rel=1e-4)


@pytest.mark.parametrize("damping", [0.3, 0.5, 0.7])
def test_a_ringing_signal_settles_when_it_enters_the_band_for_good(damping):
    omega = 2 * math.pi * 50e6
    signal = second_order(damping, omega)
    ringing = omega * math.sqrt(1 - damping**2)

    def error(t):
        phase = ringing * t
        return math.exp(-damping * omega * t) * (
            math.cos(phase) + damping / math.sqrt(1 - damping**2) * math.sin(phase)
        )

    fine = np.linspace(0, 250e-9, 2_000_001)
    outside = np.flatnonzero(np.abs([error(t) for t in fine[::100]]) > 0.01)[-1] * 100
    exact = brentq(lambda t: abs(error(t)) - 0.01, fine[outside], fine[outside + 100])
    assert settling_time(TIME, signal, START, 0.01) == pytest.approx(exact, rel=1e-3)
    expected = math.exp(-math.pi * damping / math.sqrt(1 - damping**2))
    assert overshoot(TIME, signal, START) == pytest.approx(expected, rel=1e-3)


def test_a_signal_that_misses_the_step_it_should_make_has_not_settled_at_the_end():
    short = exponential(step=0.9)
    assert settling_time(TIME, short, START, 0.01, step=1.0) == pytest.approx(TIME[-1] - START)
    flat = np.full(len(TIME), 0.5)
    assert settling_time(TIME, flat, START, 0.01, step=0.02) == pytest.approx(TIME[-1] - START)
    with pytest.raises(MeasurementError, match="no step"):
        settling_time(TIME, flat, START, 0.01)


def test_overshoot_of_an_exponential_is_zero():
    assert overshoot(TIME, exponential(), START, step=1.0) == 0.0


def test_an_exponential_rises_in_ln_nine_time_constants_and_slews_so():
    signal = exponential(step=2.0)
    assert rise_time(TIME, signal, START) == pytest.approx(TAU * math.log(9), rel=1e-3)
    assert slew_rate(TIME, signal, START) == pytest.approx(0.8 * 2.0 / (TAU * math.log(9)), rel=1e-3)
    assert slew_rate(TIME, exponential(step=-2.0), START) == pytest.approx(
        0.8 * 2.0 / (TAU * math.log(9)), rel=1e-3
    )


def test_the_slope_of_a_ramp_is_its_slew_rate():
    ramp = np.clip((TIME - START) / 40e-9, 0, 1) * 0.5
    assert slew_rate(TIME, ramp, START) == pytest.approx(0.5 / 40e-9, rel=1e-9)
    assert slew_rate(TIME, 0 * ramp, START) == 0.0


def test_a_delay_is_counted_between_the_passages_of_two_levels():
    first = np.where(TIME < 20e-9, 0.0, 1.2)
    second = 1.2 - np.where(TIME < 33e-9, 0.0, 1.2)
    assert delay(TIME, second, first, 0.6, 0.6) == pytest.approx(13e-9, abs=0.1e-9)
    with pytest.raises(MeasurementError, match="never passes"):
        delay(TIME, first, second, 0.6, 2.0)


def test_passages_before_the_start_do_not_count():
    wave = np.sin(2 * math.pi * TIME / 40e-9)
    assert crossing_time(TIME, wave, 0.5, 10e-9) == pytest.approx(40e-9 * 5 / 12, rel=1e-4)


def test_means_and_spans_are_over_the_time_asked_for():
    uneven = np.array([0.0, 1.0, 1.5, 4.0])
    assert average(uneven, np.array([0.0, 2.0, 2.0, 2.0])) == pytest.approx(7 / 4)
    assert average(uneven, np.array([0.0, 2.0, 2.0, 2.0]), 1.0) == pytest.approx(2.0)
    assert peak_to_peak(uneven, np.array([9.0, 2.0, 5.0, 3.0]), 1.0) == pytest.approx(3.0)
    assert value_at(uneven, np.array([0.0, 2.0, 2.0, 4.5]), 2.5) == pytest.approx(3.0)


def test_a_regulator_changes_by_its_resistance():
    load = np.linspace(0, 10e-3, 11)
    assert regulation(load, 1.2 - 0.5 * load) == pytest.approx(0.5)
    with pytest.raises(MeasurementError, match="two or more"):
        regulation(np.array([1.0]), np.array([1.0]))


def test_a_sweep_finds_the_offset_of_an_amplifier():
    inputs = np.linspace(-10e-3, 10e-3, 21)
    assert sweep_crossing(inputs, np.clip(100 * (inputs - 2.5e-3), -0.5, 0.5), 0.0) == pytest.approx(2.5e-3)
    assert sweep_crossing(inputs, -100 * (inputs - 2.5e-3), 0.0) == pytest.approx(2.5e-3)
    with pytest.raises(MeasurementError, match="never passes"):
        sweep_crossing(inputs, inputs, 1.0)


def test_times_outside_the_sweep_are_refused():
    with pytest.raises(MeasurementError, match="outside the sweep"):
        settling_time(TIME, exponential(), 1.0)
    with pytest.raises(MeasurementError, match="not finite"):
        settling_time(TIME, np.full(len(TIME), np.nan), START)

"""What engineers read off a trace: gains, margins, settling, noise.

Traces are one-dimensional arrays over their axis. Frequencies are in Hz, times in s, gains in V/V unless the
name says dB, angles in degrees. Between points a gain is taken as a power of the frequency (straight on
logarithmic axes), a phase as linear in the logarithm of the frequency, and a waveform as linear in time.

Every function refuses with `MeasurementError` what has no value; a value that is only known to lie beyond the
sweep is given as the sweep's end where the docstring says so.
"""

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Response = NDArray[np.complex128]

LEAST_GAIN = 1e-15
"""Magnitudes below this count as this one in decibels: -300 dB."""


class MeasurementError(ValueError):
    """The trace has no such value; the message says why."""


def dc_gain(frequency: Real, response: Response) -> float:
    """Magnitude at the lowest frequency, V/V."""
    _check_axis(frequency, response)
    return float(np.abs(response[0]))


def decibels(gain: float) -> float:
    """20 log10 of a magnitude; -300 for anything below 1e-15."""
    return float(20 * np.log10(max(abs(gain), LEAST_GAIN)))


def gain_at(frequency: Real, response: Response, at: float) -> float:
    """Magnitude at the frequency `at`, V/V.

    Raises:
        MeasurementError: `at` lies outside the sweep.
    """
    _check_axis(frequency, response)
    if not frequency[0] <= at <= frequency[-1]:
        raise MeasurementError(f"{at:g} Hz is outside the sweep {frequency[0]:g} to {frequency[-1]:g} Hz")
    return float(np.exp(np.interp(np.log(at), np.log(frequency), _log_magnitude(response))))


def unity_gain_frequency(frequency: Real, response: Response) -> float:
    """The lowest frequency at which the magnitude falls through 1, Hz; 0 where it is below 1 at the lowest
    frequency already.

    Raises:
        MeasurementError: it is above 1 over the whole sweep.
    """
    return falling_frequency(frequency, response, 1.0)


def bandwidth(frequency: Real, response: Response) -> float:
    """The lowest frequency at which the magnitude falls to 1/sqrt(2) of its value at the lowest one, Hz.

    Raises:
        MeasurementError: it does not within the sweep, or the response is zero.
    """
    gain = dc_gain(frequency, response)
    if gain < LEAST_GAIN:
        raise MeasurementError("a response of zero has no bandwidth")
    return falling_frequency(frequency, response, gain / np.sqrt(2))


def falling_frequency(frequency: Real, response: Response, level: float) -> float:
    """The lowest frequency at which the magnitude falls through `level`, Hz; 0 where it starts below.

    Raises:
        MeasurementError: it stays above over the whole sweep.
    """
    _check_axis(frequency, response)
    height = _log_magnitude(response) - np.log(level)
    if height[0] < 0:
        return 0.0
    below = np.flatnonzero(height < 0)
    if not below.size:
        raise MeasurementError(f"the magnitude stays above {level:g} up to {frequency[-1]:g} Hz")
    return float(np.exp(_root(np.log(frequency), height, int(below[0]))))


def phase_margin(frequency: Real, response: Response) -> float:
    """180° plus the phase at the unity-gain frequency, in degrees; 0 where the gain is below 1 throughout.

    The phase is counted from the nearest multiple of 180° at the lowest frequency, so that an inverting
    response has the margin of the same response without inversion. Zero is a convention: a response that
    never has gain is stable in any loop, and of no use in one, so it must not pass a lower limit.

    Raises:
        MeasurementError: the magnitude is above 1 over the whole sweep.
    """
    unity = unity_gain_frequency(frequency, response)
    if unity == 0:
        return 0.0
    return float(180 + np.interp(np.log(unity), np.log(frequency), relative_phase(response)))


def gain_margin(frequency: Real, response: Response) -> float:
    """How far the magnitude lies below 1 where the phase first passes -180°, in dB.

    Where the phase does not get there within the sweep, the value at the last frequency, which is a lower
    limit of the margin for a response that goes on falling.
    """
    _check_axis(frequency, response)
    height = relative_phase(response) + 180
    log_magnitude = _log_magnitude(response)
    below = np.flatnonzero(height < 0)
    if not below.size:
        return float(-20 / np.log(10) * log_magnitude[-1])
    log_frequency = np.log(frequency)
    crossing = _root(log_frequency, height, int(below[0])) if below[0] else log_frequency[0]
    return float(-20 / np.log(10) * np.interp(crossing, log_frequency, log_magnitude))


def relative_phase(response: Response) -> Real:
    """Phase (point,) in degrees without jumps, counted from the nearest multiple of 180° at the first
    point."""
    phase: Real = np.degrees(np.unwrap(np.angle(response)))
    return phase - 180 * np.round(phase[0] / 180)


def settling_time(
    time: Real,
    signal: Real,
    start: float,
    tolerance: float = 0.01,
    step: float | None = None,
) -> float:
    """How long after `start` the signal is last outside its final value ± `tolerance` of the step, s.

    Args:
        time: (point,), s.
        signal: (point,).
        start: when the stimulus steps.
        tolerance: half the band's width, as a share of the step.
        step: the step that the signal should make from its value at `start`. Where None, the signal's own,
            and its last value is the final one.

    Returns:
        Seconds; where the signal is still outside at the end, the time from `start` to the end, which is a
        lower limit. 0 where it never leaves the band.

    Raises:
        MeasurementError: `start` lies outside the sweep, or the signal makes no step and none is given.
    """
    time, signal = _from(time, signal, start)
    wanted = signal[-1] - signal[0] if step is None else step
    if wanted == 0:
        raise MeasurementError("the signal makes no step, so it has no settling time")
    excess = np.abs((signal - signal[0]) / wanted - 1) - tolerance
    outside = np.flatnonzero(excess > 0)
    if not outside.size:
        return 0.0
    last = int(outside[-1])
    if last + 1 == len(time):
        return float(time[-1] - start)
    return float(_root(time, excess, last + 1) - start)


def overshoot(time: Real, signal: Real, start: float, step: float | None = None) -> float:
    """How far the signal goes beyond its final value, as a share of the step, at least 0; arguments as
    :func:`settling_time`.

    Raises:
        MeasurementError: as :func:`settling_time`.
    """
    time, signal = _from(time, signal, start)
    wanted = signal[-1] - signal[0] if step is None else step
    if wanted == 0:
        raise MeasurementError("the signal makes no step, so it has no overshoot")
    return float(max(np.max((signal - signal[0]) / wanted) - 1, 0.0))


def rise_time(time: Real, signal: Real, start: float, low: float = 0.1, high: float = 0.9) -> float:
    """Time between the first passages of the shares `low` and `high` of the signal's own step, s.

    Raises:
        MeasurementError: `start` lies outside the sweep, or the signal makes no step.
    """
    time, signal = _from(time, signal, start)
    wanted = signal[-1] - signal[0]
    if wanted == 0:
        raise MeasurementError("the signal makes no step")
    share = (signal - signal[0]) / wanted
    return _first(time, share, high) - _first(time, share, low)


def slew_rate(time: Real, signal: Real, start: float, low: float = 0.1, high: float = 0.9) -> float:
    """Mean slope between the first passages of `low` and `high` of the signal's own step, V/s, positive;
    0 where the signal makes no step.

    Raises:
        MeasurementError: `start` lies outside the sweep, or the passages coincide.
    """
    _, after = _from(time, signal, start)
    wanted = abs(float(after[-1] - after[0]))
    if wanted == 0:
        return 0.0
    duration = rise_time(time, signal, start, low, high)
    if duration <= 0:
        raise MeasurementError("the step is faster than the time step of the sweep")
    return (high - low) * wanted / duration


def delay(
    time: Real,
    signal: Real,
    reference: Real,
    level: float,
    reference_level: float,
    start: float = 0.0,
) -> float:
    """Time from the reference's first passage of its level to the signal's next passage of its own, s; both
    counted from `start`, in either direction.

    Raises:
        MeasurementError: one of them never passes its level.
    """
    begin = crossing_time(time, reference, reference_level, start)
    return crossing_time(time, signal, level, begin) - begin


def crossing_time(time: Real, signal: Real, level: float, start: float = 0.0) -> float:
    """When the signal first passes `level` after `start`, s, in either direction.

    Raises:
        MeasurementError: it never does.
    """
    time, signal = _from(time, signal, start)
    height = signal - level
    return _first(time, height if height[0] < 0 else -height, 0.0)


def value_at(time: Real, signal: Real, at: float) -> float:
    """The signal at the time (or swept value) `at`.

    Raises:
        MeasurementError: outside the sweep.
    """
    return float(_from(time, signal, at)[1][0])


def average(time: Real, signal: Real, start: float = 0.0) -> float:
    """Mean over time from `start` to the end.

    Raises:
        MeasurementError: `start` is not before the end.
    """
    time, signal = _from(time, signal, start)
    if time[-1] <= time[0]:
        raise MeasurementError("no time to average over")
    area = np.sum((signal[1:] + signal[:-1]) / 2 * np.diff(time))
    return float(area / (time[-1] - time[0]))


def peak_to_peak(time: Real, signal: Real, start: float = 0.0) -> float:
    """Largest minus smallest value from `start` to the end."""
    _, signal = _from(time, signal, start)
    return float(np.ptp(signal))


def regulation(sweep: Real, signal: Real) -> float:
    """|change of the output / change of what is swept| between the ends of the sweep.

    Load regulation in V/A (ohms) where a load current is swept, line regulation in V/V where the supply is.

    Raises:
        MeasurementError: the sweep has one point.
    """
    if len(sweep) < 2 or sweep[0] == sweep[-1]:
        raise MeasurementError("a regulation needs a sweep of two or more values")
    return float(abs((signal[-1] - signal[0]) / (sweep[-1] - sweep[0])))


def sweep_crossing(sweep: Real, signal: Real, level: float) -> float:
    """The swept value at which the signal first passes `level`, in either direction: the offset at the input,
    where `level` is the output's ideal value.

    Raises:
        MeasurementError: it never does.
    """
    height = signal - level
    return _first(sweep, height if height[0] < 0 else -height, 0.0)


def noise_density_at(frequency: Real, density: Real, at: float) -> float:
    """Spot noise at the frequency `at`, V/√Hz.

    Raises:
        MeasurementError: outside the sweep.
    """
    return gain_at(frequency, density.astype(np.complex128), at)


def integrated_noise(
    frequency: Real, density: Real, start: float | None = None, stop: float | None = None
) -> float:
    """Root of the integral of the squared density from `start` to `stop` (the sweep's ends), V.

    Between points the squared density is a power of the frequency, and is integrated as such.

    Raises:
        MeasurementError: the limits lie outside the sweep.
    """
    low = frequency[0] if start is None else start
    high = frequency[-1] if stop is None else stop
    ends = [noise_density_at(frequency, density, end) for end in (low, high)]
    inside = (frequency > low) & (frequency < high)
    at = np.concatenate([[low], frequency[inside], [high]])
    power = np.maximum(np.concatenate([[ends[0]], density[inside], [ends[1]]]), LEAST_GAIN) ** 2
    log_width = np.diff(np.log(at))
    # The integral of p f^a over a segment is p0 f0 w (e^x - 1) / x, with w the change of ln f and x that of
    # ln(p f).
    exponent = np.diff(np.log(power * at))
    safe = np.where(np.abs(exponent) < 1e-9, 1.0, exponent)
    growth = np.where(np.abs(exponent) < 1e-9, 1.0, np.expm1(safe) / safe)
    return float(np.sqrt(np.sum(power[:-1] * at[:-1] * growth * log_width)))


def _check_axis(frequency: Real, response: NDArray[np.complex128]) -> None:
    if len(frequency) < 2 or len(frequency) != len(response):
        raise MeasurementError(f"{len(frequency)} frequencies and {len(response)} values are no sweep")
    if not (frequency[0] > 0 and (np.diff(frequency) > 0).all()):
        raise MeasurementError("the frequencies are not positive and rising")
    if not np.isfinite(response).all():
        raise MeasurementError("the response is not finite everywhere")


def _log_magnitude(response: Response) -> Real:
    result: Real = np.log(np.maximum(np.abs(response), LEAST_GAIN))
    return result


def _root(axis: Real, height: Real, after: int) -> float:
    """Where the straight line from the point before `after` to it is zero."""
    left, right = height[after - 1], height[after]
    return float(axis[after - 1] + (axis[after] - axis[after - 1]) * left / (left - right))


def _first(axis: Real, share: Real, level: float) -> float:
    """Where `share` first reaches `level` from below."""
    reached = np.flatnonzero(share >= level)
    if not reached.size:
        raise MeasurementError(f"the signal never passes its level up to {axis[-1]:g}")
    first = int(reached[0])
    return float(axis[0]) if first == 0 else _root(axis, share - level, first)


def _from(time: Real, signal: Real, start: float) -> tuple[Real, Real]:
    """The trace from `start` on, with a first point at `start` itself."""
    if len(time) < 2 or len(time) != len(signal):
        raise MeasurementError(f"{len(time)} times and {len(signal)} values are no waveform")
    if not np.isfinite(signal).all():
        raise MeasurementError("the signal is not finite everywhere")
    if not time[0] <= start <= time[-1]:
        raise MeasurementError(f"{start:g} is outside the sweep {time[0]:g} to {time[-1]:g}")
    later = time > start
    first = np.interp(start, time, signal)
    return np.concatenate([[start], time[later]]), np.concatenate([[first], signal[later]])

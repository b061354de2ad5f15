"""What engineers read off a waveform or the output of a sweep.

Traces are one-dimensional arrays over their times in s or their swept values, straight between points. Every
function refuses with `MeasurementError` what has no value; a value that is only known to lie beyond the sweep
is given as the sweep's end where the docstring says so.
"""

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.ngspice.plot import MeasurementError

Real = NDArray[np.float64]


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

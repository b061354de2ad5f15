"""What engineers read off a frequency response or a noise spectrum.

Traces are one-dimensional arrays over their frequencies in Hz; gains are in V/V unless the name says dB,
angles in degrees. Between points the logarithm of a gain and the phase are cubic in the logarithm of the
frequency (through the four nearest points): at ten points a decade the corner of a single pole is found to
0.02 %.

Every function refuses with `MeasurementError` what has no value; a value that is only known to lie beyond the
sweep is given as the sweep's end where the docstring says so.
"""

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.ngspice.plot import MeasurementError

Real = NDArray[np.float64]
Response = NDArray[np.complex128]

LEAST_GAIN = 1e-15
"""Magnitudes below this count as this one in decibels: -300 dB."""


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
    return float(np.exp(_cubic(np.log(frequency), _log_magnitude(response), float(np.log(at)))))


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
    return float(np.exp(_cubic_root(np.log(frequency), height, int(below[0]))))


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
    return 180 + _cubic(np.log(frequency), relative_phase(response), float(np.log(unity)))


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
    crossing = _cubic_root(log_frequency, height, int(below[0])) if below[0] else log_frequency[0]
    return float(-20 / np.log(10) * _cubic(log_frequency, log_magnitude, crossing))


def relative_phase(response: Response) -> Real:
    """Phase (point,) in degrees without jumps, counted from the nearest multiple of 180° at the first
    point."""
    phase: Real = np.degrees(np.unwrap(np.angle(response)))
    return phase - 180 * np.round(phase[0] / 180)


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

    Between points the logarithm of the density is a cubic in that of the frequency, cut into eight powers of
    the frequency that are integrated exactly.

    Raises:
        MeasurementError: the limits lie outside the sweep.
    """
    low = frequency[0] if start is None else start
    high = frequency[-1] if stop is None else stop
    ends = [noise_density_at(frequency, density, end) for end in (low, high)]
    inside = (frequency > low) & (frequency < high)
    at = np.concatenate([[low], frequency[inside], [high]])
    known = np.maximum(np.concatenate([[ends[0]], density[inside], [ends[1]]]), LEAST_GAIN)
    log_frequency, log_density = _refined(np.log(at), np.log(known), 8)
    # The integral of p f^a over a segment is p0 f0 w (e^x - 1) / x, with w the change of ln f and x that of
    # ln(p f).
    log_power = 2 * log_density + log_frequency
    exponent = np.diff(log_power)
    safe = np.where(np.abs(exponent) < 1e-9, 1.0, exponent)
    growth = np.where(np.abs(exponent) < 1e-9, 1.0, np.expm1(safe) / safe)
    return float(np.sqrt(np.sum(np.exp(log_power[:-1]) * growth * np.diff(log_frequency))))


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


def _refined(axis: Real, height: Real, parts: int) -> tuple[Real, Real]:
    """A trace with every interval cut into parts, on cubics that meet with the same slope."""
    if len(axis) < 3:
        return axis, height
    slope = np.gradient(height, axis, edge_order=2)
    width, share = np.diff(axis)[:, None], np.arange(parts) / parts
    left, right = height[:-1, None], height[1:, None]
    bend = (1 - share) * (slope[:-1, None] * width - right + left) - share * (
        slope[1:, None] * width - right + left
    )
    inner = left + share * (right - left) + share * (1 - share) * bend
    return (
        np.append((axis[:-1, None] + share * width).ravel(), axis[-1]),
        np.append(inner.ravel(), height[-1]),
    )


def _near(axis: Real, after: int) -> tuple[slice, Real]:
    """The four points (or as many as there are) around the interval that ends at `after`, and their places in
    units of that interval, which runs from 0 to 1."""
    near = slice(max(after - 2, 0), min(after + 2, len(axis)))
    return near, (axis[near] - axis[after - 1]) / (axis[after] - axis[after - 1])


def _cubic(axis: Real, height: Real, at: float) -> float:
    """The value at a place on the axis, on the polynomial through the nearest points."""
    after = int(np.clip(np.searchsorted(axis, at), 1, len(axis) - 1))
    near, places = _near(axis, after)
    coefficients = np.linalg.solve(np.vander(places), height[near])
    return float(np.polyval(coefficients, (at - axis[after - 1]) / (axis[after] - axis[after - 1])))


def _cubic_root(axis: Real, height: Real, after: int) -> float:
    """Where that polynomial passes zero between the point before `after` and it, which lie on either side."""
    near, places = _near(axis, after)
    coefficients = np.linalg.solve(np.vander(places), height[near]).tolist()
    low, high = 0.0, 1.0
    is_positive = height[after - 1] > 0
    for _ in range(53):  # halving, to the last bit
        middle = (low + high) / 2
        value = 0.0
        for coefficient in coefficients:
            value = value * middle + coefficient
        low, high = (middle, high) if (value > 0) == is_positive else (low, middle)
    return float(axis[after - 1] + (axis[after] - axis[after - 1]) * low)

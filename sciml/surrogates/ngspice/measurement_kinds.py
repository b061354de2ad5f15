"""The measurements that a bench can ask for by name.

| kind | from | arguments |
|---|---|---|
| `value`, `magnitude` | op | `signal` |
| `headroom` | op | `voltage`, `saturation`: of a transistor, `@m1[vds]` and `@m1[vdsat]` |
| `power` | op | `current` (signal), `supply` |
| `dc_gain`, `dc_gain_db`, `unity_gain_frequency`, `bandwidth` | ac | `signal` |
| `phase_margin`, `gain_margin` | ac | `signal` |
| `gain_at`, `gain_db_at` | ac | `signal`, `at` |
| `settling_time`, `overshoot` | tran | `signal`, `start`, `step`, `tolerance` (settling only) |
| `rise_time`, `slew_rate` | tran | `signal`, `start`, `low`, `high` |
| `delay` | tran | `signal`, `reference`, `level`, `reference_level`, `start` |
| `crossing_time`, `value_at`, `average`, `peak_to_peak` | tran | `signal`, and `level`, `at` or `start` |
| `regulation`, `sweep_crossing`, `sweep_value_at` | dc | `signal`, and `level` or `at` |
| `noise_density_at`, `integrated_noise` | noise | `signal` (`inoise_spectrum`, …), `at` or `start`, `stop` |
| `number` | – | `of` |
| `ratio`, `ratio_db` | – | `numerator`, `denominator`: gain over common-mode gain is CMRR |
| `sum`, `difference`, `product` | – | `first`, `second` |

Every kind also takes `scale`, which the value is multiplied by in the end. Values are in SI units; an output
is given in its own unit of the problem (`mA`, `MHz`) by `simulator.py`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.ngspice import frequency_measurements as of_frequency
from sciml.surrogates.ngspice import time_measurements as of_time
from sciml.surrogates.ngspice.analysis import AXES
from sciml.surrogates.ngspice.plot import MeasurementError

Real = NDArray[np.float64]
Response = NDArray[np.complex128]


@dataclass(frozen=True)
class Kind:
    """One way to measure.

    Attributes:
        function: called with its axis, if it has one, its traces and its numbers, in this order.
        analysis: where the traces come from: `op`, `dc`, `ac`, `tran`, `noise`; None for numbers alone.
        signals: the arguments that are traces, as a circuit names them.
    """

    function: Callable[..., float]
    analysis: str | None = None
    signals: tuple[str, ...] = ()

    @property
    def has_axis(self) -> bool:
        """Whether the function's first parameter is the axis of the analysis."""
        return next(iter(inspect.signature(self.function).parameters)) in AXES.values()

    @property
    def numbers(self) -> Mapping[str, bool]:
        """The arguments that are numbers; True for those that must be given."""
        parameters = list(inspect.signature(self.function).parameters.values())
        own = parameters[len(self.signals) + self.has_axis :]
        return {each.name: each.default is inspect.Parameter.empty for each in own}


def _value(signal: Real) -> float:
    return float(signal[0])


def _magnitude(signal: Real) -> float:
    return abs(float(signal[0]))


def _headroom(voltage: Real, saturation: Real) -> float:
    """How far a transistor's voltage lies above what saturates it, V; negative in the linear region."""
    return abs(float(voltage[0])) - abs(float(saturation[0]))


def _power(current: Real, supply: float) -> float:
    return abs(float(current[0]) * supply)


def _dc_gain_db(frequency: Real, response: Response) -> float:
    return of_frequency.decibels(of_frequency.dc_gain(frequency, response))


def _gain_db_at(frequency: Real, response: Response, at: float) -> float:
    return of_frequency.decibels(of_frequency.gain_at(frequency, response, at))


def _sweep_value_at(sweep: Real, signal: Real, at: float) -> float:
    return of_time.value_at(sweep, signal, at)


def _number(of: float) -> float:
    return of


def _ratio(numerator: float, denominator: float) -> float:
    if denominator == 0:
        raise MeasurementError("the denominator is zero")
    return numerator / denominator


def _ratio_db(numerator: float, denominator: float) -> float:
    """20 log10 of a ratio of magnitudes; a denominator below 1e-15 counts as 1e-15."""
    return of_frequency.decibels(numerator) - of_frequency.decibels(denominator)


def _sum(first: float, second: float) -> float:
    return first + second


def _difference(first: float, second: float) -> float:
    return first - second


def _product(first: float, second: float) -> float:
    return first * second


_TRACE = ("signal",)
KINDS: Mapping[str, Kind] = {
    "value": Kind(_value, "op", _TRACE),
    "magnitude": Kind(_magnitude, "op", _TRACE),
    "headroom": Kind(_headroom, "op", ("voltage", "saturation")),
    "power": Kind(_power, "op", ("current",)),
    "dc_gain": Kind(of_frequency.dc_gain, "ac", _TRACE),
    "dc_gain_db": Kind(_dc_gain_db, "ac", _TRACE),
    "unity_gain_frequency": Kind(of_frequency.unity_gain_frequency, "ac", _TRACE),
    "phase_margin": Kind(of_frequency.phase_margin, "ac", _TRACE),
    "gain_margin": Kind(of_frequency.gain_margin, "ac", _TRACE),
    "bandwidth": Kind(of_frequency.bandwidth, "ac", _TRACE),
    "gain_at": Kind(of_frequency.gain_at, "ac", _TRACE),
    "gain_db_at": Kind(_gain_db_at, "ac", _TRACE),
    "settling_time": Kind(of_time.settling_time, "tran", _TRACE),
    "overshoot": Kind(of_time.overshoot, "tran", _TRACE),
    "rise_time": Kind(of_time.rise_time, "tran", _TRACE),
    "slew_rate": Kind(of_time.slew_rate, "tran", _TRACE),
    "delay": Kind(of_time.delay, "tran", ("signal", "reference")),
    "crossing_time": Kind(of_time.crossing_time, "tran", _TRACE),
    "value_at": Kind(of_time.value_at, "tran", _TRACE),
    "average": Kind(of_time.average, "tran", _TRACE),
    "peak_to_peak": Kind(of_time.peak_to_peak, "tran", _TRACE),
    "regulation": Kind(of_time.regulation, "dc", _TRACE),
    "sweep_crossing": Kind(of_time.sweep_crossing, "dc", _TRACE),
    "sweep_value_at": Kind(_sweep_value_at, "dc", _TRACE),
    "noise_density_at": Kind(of_frequency.noise_density_at, "noise", _TRACE),
    "integrated_noise": Kind(of_frequency.integrated_noise, "noise", _TRACE),
    "number": Kind(_number),
    "ratio": Kind(_ratio),
    "ratio_db": Kind(_ratio_db),
    "sum": Kind(_sum),
    "difference": Kind(_difference),
    "product": Kind(_product),
}

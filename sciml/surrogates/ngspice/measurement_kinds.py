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
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.surrogates.ngspice import measurements
from sciml.surrogates.ngspice.analysis import AXES
from sciml.surrogates.ngspice.circuit import Measurement, Number
from sciml.surrogates.ngspice.measurements import MeasurementError, decibels
from sciml.surrogates.ngspice.plot import NgspiceError, Plot, Signal, Vector, read_signal
from sciml.surrogates.result import FailureKind

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
    return decibels(measurements.dc_gain(frequency, response))


def _gain_db_at(frequency: Real, response: Response, at: float) -> float:
    return decibels(measurements.gain_at(frequency, response, at))


def _sweep_value_at(sweep: Real, signal: Real, at: float) -> float:
    return measurements.value_at(sweep, signal, at)


def _number(of: float) -> float:
    return of


def _ratio(numerator: float, denominator: float) -> float:
    if denominator == 0:
        raise MeasurementError("the denominator is zero")
    return numerator / denominator


def _ratio_db(numerator: float, denominator: float) -> float:
    """20 log10 of a ratio of magnitudes; a denominator below 1e-15 counts as 1e-15."""
    return decibels(numerator) - decibels(denominator)


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
    "dc_gain": Kind(measurements.dc_gain, "ac", _TRACE),
    "dc_gain_db": Kind(_dc_gain_db, "ac", _TRACE),
    "unity_gain_frequency": Kind(measurements.unity_gain_frequency, "ac", _TRACE),
    "phase_margin": Kind(measurements.phase_margin, "ac", _TRACE),
    "gain_margin": Kind(measurements.gain_margin, "ac", _TRACE),
    "bandwidth": Kind(measurements.bandwidth, "ac", _TRACE),
    "gain_at": Kind(measurements.gain_at, "ac", _TRACE),
    "gain_db_at": Kind(_gain_db_at, "ac", _TRACE),
    "settling_time": Kind(measurements.settling_time, "tran", _TRACE),
    "overshoot": Kind(measurements.overshoot, "tran", _TRACE),
    "rise_time": Kind(measurements.rise_time, "tran", _TRACE),
    "slew_rate": Kind(measurements.slew_rate, "tran", _TRACE),
    "delay": Kind(measurements.delay, "tran", ("signal", "reference")),
    "crossing_time": Kind(measurements.crossing_time, "tran", _TRACE),
    "value_at": Kind(measurements.value_at, "tran", _TRACE),
    "average": Kind(measurements.average, "tran", _TRACE),
    "peak_to_peak": Kind(measurements.peak_to_peak, "tran", _TRACE),
    "regulation": Kind(measurements.regulation, "dc", _TRACE),
    "sweep_crossing": Kind(measurements.sweep_crossing, "dc", _TRACE),
    "sweep_value_at": Kind(_sweep_value_at, "dc", _TRACE),
    "noise_density_at": Kind(measurements.noise_density_at, "noise", _TRACE),
    "integrated_noise": Kind(measurements.integrated_noise, "noise", _TRACE),
    "number": Kind(_number),
    "ratio": Kind(_ratio),
    "ratio_db": Kind(_ratio_db),
    "sum": Kind(_sum),
    "difference": Kind(_difference),
    "product": Kind(_product),
}


class Meter:
    """A measurement made ready: signals read, arguments checked, names of numbers known."""

    def __init__(self, measurement: Measurement, known: Collection[str]) -> None:
        """As the class says.

        Args:
            measurement: what is to be measured.
            known: names of the numbers that will be there: inputs, conditions, constants, earlier
                measurements.

        Raises:
            InputError: the kind, an argument or a name is not known, or one is missing.
        """
        self.name = measurement.name
        kind = KINDS.get(measurement.kind)
        if kind is None:
            self._refuse(f"{measurement.kind!r} is no kind of measurement ({', '.join(sorted(KINDS))})")
        self.kind = kind
        arguments = dict(measurement.arguments)
        self._scale = arguments.pop("scale", 1.0)
        missing = [name for name in kind.signals if name not in arguments]
        missing += [name for name, is_due in kind.numbers.items() if is_due and name not in arguments]
        unknown = sorted(set(arguments) - set(kind.signals) - set(kind.numbers))
        if missing or unknown:
            what = f"lacks {missing[0]!r}" if missing else f"has no argument {unknown[0]!r}"
            wanted = ", ".join((*kind.signals, *kind.numbers, "scale"))
            self._refuse(f"{measurement.kind} {what} (arguments: {wanted})")
        self.signals = tuple(self._signal(name, arguments.pop(name)) for name in kind.signals)
        self._numbers = arguments
        for name, number in (*arguments.items(), ("scale", self._scale)):
            if isinstance(number, str) and number not in known:
                self._refuse(f"{name} is {number!r}, no number known there ({', '.join(sorted(known))})")
            if not isinstance(number, str) and not math.isfinite(number):
                self._refuse(f"{name} is {number}, not a finite number")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The vectors it reads, by ngspice's names."""
        return tuple(name for signal in self.signals for name in signal.names)

    def measure(self, plot: Plot | None, numbers: Mapping[str, float]) -> float:
        """The value in SI units.

        Args:
            plot: of the kind's analysis.
            numbers: the known numbers by name.

        Raises:
            NgspiceError: a vector or the value is missing.
        """
        traces: list[Vector] = []
        if plot is not None:
            traces = [signal.of(plot) for signal in self.signals]
            if self.kind.has_axis:
                if plot.axis is None:
                    raise NgspiceError(FailureKind.MISSING_OUTPUT, f"{self.name}: the analysis has no axis")
                traces.insert(0, plot.axis)
        given = {name: _looked_up(number, numbers) for name, number in self._numbers.items()}
        try:
            return self.kind.function(*traces, **given) * _looked_up(self._scale, numbers)
        except MeasurementError as error:
            raise NgspiceError(FailureKind.MISSING_OUTPUT, f"{self.name}: {error}") from error

    def _signal(self, name: str, text: Number) -> Signal:
        if not isinstance(text, str):
            self._refuse(f"{name} is {text!r}, not a signal such as v(out)")
        signal = read_signal(text)
        is_noise = all("noise_" in vector for vector in signal.names)
        if is_noise != (self.kind.analysis == "noise"):
            self._refuse(f"{text!r} is not a signal of the analysis {self.kind.analysis}")
        return signal

    def _refuse(self, rule: str) -> NoReturn:
        raise InputError(rule, record=self.name)


def _looked_up(number: Number, numbers: Mapping[str, float]) -> float:
    return numbers[number] if isinstance(number, str) else float(number)

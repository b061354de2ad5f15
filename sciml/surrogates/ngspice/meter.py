"""A measurement bound to its signals and numbers."""

import math
from collections.abc import Collection, Mapping
from typing import NoReturn

import numpy as np

from sciml.errors import InputError
from sciml.surrogates.ngspice.circuit import Measurement, Number
from sciml.surrogates.ngspice.measurement_kinds import KINDS
from sciml.surrogates.ngspice.plot import MeasurementError, NgspiceError, Plot, Signal, Vector, read_signal
from sciml.surrogates.result import FailureKind

LARGEST = 1e30
"""What reaches this is no voltage or current: ngspice gives 1e32 where an expression divides by zero."""


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
        self.kind, self._has_axis = kind, kind.has_axis
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
            traces = [self._checked(signal.of(plot)) for signal in self.signals]
            if self._has_axis:
                if plot.axis is None:
                    raise NgspiceError(FailureKind.MISSING_OUTPUT, f"{self.name}: the analysis has no axis")
                traces.insert(0, plot.axis)
        given = {name: _looked_up(number, numbers) for name, number in self._numbers.items()}
        try:
            return self.kind.function(*traces, **given) * _looked_up(self._scale, numbers)
        except MeasurementError as error:
            raise NgspiceError(FailureKind.MISSING_OUTPUT, f"{self.name}: {error}") from error

    def _checked(self, trace: Vector) -> Vector:
        """Refuse what is no number, or what ngspice puts in the place of a division by zero."""
        beyond = ~(np.abs(trace) < LARGEST)
        if beyond.any():
            text = f"{self.name}: its signal is {trace[beyond][0]:g} at some point"
            raise NgspiceError(FailureKind.NON_FINITE, text)
        return trace

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

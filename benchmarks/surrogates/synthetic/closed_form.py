"""What problems in closed form are made of: a simulator around a function, and a transistor.

Transistors follow the EKV interpolation between weak and strong inversion; they imitate no particular
process.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Result, Row, checked, stack_rows
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff
from sciml.surrogates.specification import Goal, Specification

Values = dict[str, float]
THERMAL_V = 0.0259
SLOPE = 1.3
SUPPLY_V = 1.2


class NoSolutionError(Exception):
    """The operating point does not exist."""


@dataclass(frozen=True)
class Synthetic:
    """A problem in closed form that is its own simulator."""

    problem: Problem
    function: Callable[[Values], Values]

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self.problem.spec

    def run(
        self,
        designs: NDArray[np.float64],
        *,
        corner: Corner = NOMINAL,
        seed: int | None = None,
        cutoff: Cutoff | None = None,
    ) -> Result:
        """Compute designs (design, input); there is one corner and no mismatch."""
        return stack_rows([self._row(design) for design in designs], self.spec)

    def _row(self, design: NDArray[np.float64]) -> Row:
        values = {name: float(design[i]) for i, name in enumerate(self.spec.input_names)}
        try:
            outputs = self.function(values)
        except NoSolutionError as error:
            return Row({}, failure=Failure(FailureKind.NOT_CONVERGED, str(error)))
        auxiliary = {name: outputs[name] for name in self.spec.auxiliary_names}
        return checked(Row({name: outputs[name] for name in self.spec.output_names}, auxiliary), self.spec)


@dataclass(frozen=True)
class Device:
    """A saturated transistor at a given current: small-signal values in SI units."""

    gm: float
    gds: float
    gate_v: float
    saturation_v: float
    gate_f: float
    drain_f: float


def device(current: float, fingers: float, kind: str, length: float = 1.0) -> Device:
    """EKV at drain current `current` (A), `fingers` of 0.5 um, length in units of 90 nm."""
    mobility = 280e-6 if kind == "n" else 90e-6
    specific = 2 * SLOPE * mobility * THERMAL_V**2 * fingers * 5.5 / length
    inversion = max(current / specific, 1e-12)
    root = math.sqrt(inversion)
    gm = (
        current / (SLOPE * THERMAL_V) * (1 - math.exp(-root)) / root
        if root > 1e-6
        else current / (SLOPE * THERMAL_V)
    )
    overdrive = 2 * SLOPE * THERMAL_V * math.log(max(math.expm1(root), 1e-12))
    return Device(
        gm=gm,
        gds=current * 0.35 / length**0.8,
        gate_v=max((0.36 if kind == "n" else 0.38) + overdrive, 0.02),
        saturation_v=THERMAL_V * (4 + 2 * math.sqrt(inversion)),
        gate_f=fingers * length * 0.6e-15,
        drain_f=fingers * 0.45e-15,
    )


def alive(headroom_v: float, softness_v: float = 0.02) -> float:
    """From 1 with headroom to nearly 0 without it: a stage that leaves saturation."""
    return 1 / (1 + math.exp(-max(min(headroom_v / softness_v, 60.0), -60.0))) + 1e-6


def db(ratio: float) -> float:
    """Decibels of a ratio of voltages."""
    return 20 * math.log10(max(ratio, 1e-9))


def phase_margin(unity: float, poles: tuple[float, ...], zero: float) -> float:
    """Degrees left at unity gain (Hz) after a dominant pole, further poles and a right-plane zero."""
    lag = (
        90
        + sum(math.degrees(math.atan(unity / pole)) for pole in poles)
        + math.degrees(math.atan(unity / zero))
    )
    return 180 - lag


def outputs(names: str) -> tuple[Output, ...]:
    """Outputs from their names, by spaces."""
    return tuple(Output(name) for name in names.split())


def goal(text: str) -> Goal:
    """Limits from a text as `gain >= 70, power <= 1e-3`."""
    specifications = []
    for part in text.split(","):
        name, sign, limit = part.split()
        number = float(limit)
        low, high = (number, None) if sign == ">=" else (None, number)
        specifications.append(Specification(name, minimum=low, maximum=high))
    return Goal(tuple(specifications))


def whole(names: str, low: int, high: int) -> tuple[IntegerInput, ...]:
    """Integer inputs of one range from their names, by spaces."""
    return tuple(IntegerInput(name, low, high) for name in names.split())

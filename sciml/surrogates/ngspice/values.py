"""The numbers and texts of one job that a circuit's templates and measurements may name."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sciml.errors import InputError
from sciml.surrogates.ngspice.circuit import Circuit, Device, Mismatch, Number
from sciml.surrogates.ngspice.units import si_value
from sciml.surrogates.problem_spec import CategoryInput, Input, Output, ProblemSpec, Value
from sciml.surrogates.simulator import Corner, Job

GATE_AREA = "gate_area"
"""The number of that name is the sum of W L m over the devices, m²."""


@dataclass(frozen=True)
class JobValues:
    """What one job puts into templates.

    Attributes:
        numbers: by name, SI units.
        texts: what stands in a template for each name: a number as Python prints it, or a category's text.
    """

    numbers: Mapping[str, float]
    texts: Mapping[str, str]


def job_values(circuit: Circuit, job: Job) -> JobValues:
    """The values of a job.

    Raises:
        InputError: a value is not allowed, or the corner sets what the circuit does not know.
    """
    circuit.spec.from_values(job.values)
    numbers: dict[str, float] = dict(circuit.constants)
    texts: dict[str, str] = {}
    for each in circuit.spec.inputs:
        _put(each, job.values[each.name], numbers, texts)
    given = condition_values(circuit, job.corner)
    for condition in circuit.conditions:
        value = given[condition.input.name]
        _put(condition.input, value, numbers, texts)
        if condition.table:
            numbers.update(condition.table[str(value)])
    _put_devices(circuit, job.seed, numbers)
    if circuit.annotate is not None:
        numbers.update({name: float(number) for name, number in circuit.annotate(dict(numbers)).items()})
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise InputError(f"{name} is {number}, not a finite number", record=circuit.spec.name)
        texts[name] = repr(float(number))
    return JobValues(numbers, texts)


def _put(each: Input, value: Value, numbers: dict[str, float], texts: dict[str, str]) -> None:
    if isinstance(each, CategoryInput):
        texts[each.name] = each.choices[each.choices.index(str(value))]
    else:
        numbers[each.name] = si_value(float(value), each.unit)


def condition_values(circuit: Circuit, corner: Corner) -> dict[str, Value]:
    """The value of every condition at a corner.

    Raises:
        InputError: the corner sets what the circuit does not know, or a value is not allowed.
    """
    known = {condition.input.name: condition.default for condition in circuit.conditions}
    unknown = sorted(set(corner.parameters) - set(known))
    if unknown:
        rule = f"the circuit has no condition {unknown[0]!r} (it has {', '.join(known) or 'none'})"
        raise InputError(rule, record=corner.name)
    values = {**known, **corner.parameters}
    if values:
        inputs = tuple(condition.input for condition in circuit.conditions)
        ProblemSpec(corner.name, "", inputs, (Output("any"),)).from_values(values)
    return values


def _put_devices(circuit: Circuit, seed: int | None, numbers: dict[str, float]) -> None:
    total = 0.0
    for device in circuit.devices:
        area = gate_area(device, numbers)
        total += area
        if circuit.mismatch is not None:
            delvto, mulu0 = deviation(circuit.mismatch, device, area, seed)
            numbers[f"{device.name}_delvto"], numbers[f"{device.name}_mulu0"] = delvto, mulu0
    if circuit.devices:
        numbers[GATE_AREA] = total


def gate_area(device: Device, numbers: Mapping[str, float]) -> float:
    """W L m of a device, m².

    Raises:
        InputError: it is not positive.
    """

    def number(part: Number) -> float:
        return numbers[part] if isinstance(part, str) else float(part)

    area = number(device.width) * number(device.length) * number(device.multiplier)
    if not area > 0:
        raise InputError(f"the gate area {area:g} m² is not positive", record=device.name)
    return area


def deviation(mismatch: Mismatch, device: Device, area: float, seed: int | None) -> tuple[float, float]:
    """Threshold shift in V and factor of the mobility of one device, (0, 1) without a seed.

    A device's draw depends on the seed and its name alone, so that designs are compared on common random
    numbers and one device more leaves the others as they were. A factor is kept above 0.05.
    """
    if seed is None:
        return 0.0, 1.0
    generator = np.random.default_rng([seed, zlib.crc32(device.name.encode())])
    first, second = generator.standard_normal(2)
    root = math.sqrt(area)
    return mismatch.threshold / root * float(first), max(1 + mismatch.mobility / root * float(second), 0.05)

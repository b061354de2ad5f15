"""What is asked of a simulator: named, typed inputs with units, and named outputs.

A design is one row of a float64 array (design, input) that holds natural values, so that a capacitor of 2 pF
is 2.0 where the input's unit is pF; a category is held as the index of its value. Optimisers and networks
work on the unit cube (:meth:`ProblemSpec.to_unit`), where an input with a logarithmic scale is spread by its
logarithm.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError

Scale = Literal["linear", "log"]
Value = int | float | str


@dataclass(frozen=True)
class IntegerInput:
    """Whole numbers from `low` to `high` in steps of `step`, both ends allowed (`high` if a step reaches
    it)."""

    name: str
    low: int
    high: int
    step: int = 1
    unit: str = ""
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        _check_range(self.name, self.low, self.high, self.scale)
        if self.step < 1:
            raise InputError(f"the step of an integer input is at least 1, not {self.step}", record=self.name)

    def values(self) -> NDArray[np.float64]:
        """All allowed values, (value,)."""
        return np.arange(self.low, self.high + 1, self.step, dtype=np.float64)


@dataclass(frozen=True)
class FloatInput:
    """Numbers from `low` to `high`; with a `step`, only `low + k step`."""

    name: str
    low: float
    high: float
    step: float | None = None
    unit: str = ""
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        _check_range(self.name, self.low, self.high, self.scale)
        if self.step is not None and not (math.isfinite(self.step) and self.step > 0):
            raise InputError(f"the step of an input is positive, not {self.step}", record=self.name)

    def values(self) -> NDArray[np.float64] | None:
        """All allowed values, (value,), or None where every number of the range is allowed."""
        if self.step is None:
            return None
        count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
        return np.round(self.low + self.step * np.arange(count), 12)


@dataclass(frozen=True)
class CategoryInput:
    """One of a few named values without order."""

    name: str
    choices: tuple[str, ...]
    unit: str = ""

    def __post_init__(self) -> None:
        if len(self.choices) < 1 or len(set(self.choices)) != len(self.choices):
            raise InputError("a category lists one or more values, none of them twice", record=self.name)

    def values(self) -> NDArray[np.float64]:
        """The indices of the choices, (value,)."""
        return np.arange(len(self.choices), dtype=np.float64)


Input = IntegerInput | FloatInput | CategoryInput


@dataclass(frozen=True)
class Output:
    """One number that a simulation yields."""

    name: str
    unit: str = ""


@dataclass(frozen=True)
class ProblemSpec:
    """The inputs and outputs of a simulator.

    `auxiliary` names graded quantities that a simulator gives besides (saturation margins of transistors): a
    surrogate may learn them, no specification needs them, and they may be missing.
    """

    name: str
    version: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    auxiliary: tuple[Output, ...] = ()
    stochastic: bool = False

    def __post_init__(self) -> None:
        for kind, names in (
            ("input", self.input_names),
            ("output", self.output_names + self.auxiliary_names),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise InputError(f"{kind} {twice[0]!r} is given twice", record=self.name)
            if not names:
                raise InputError(f"a problem has at least one {kind}", record=self.name)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs in the order of a design's columns."""
        return tuple(each.name for each in self.inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs in the order of a result's columns."""
        return tuple(each.name for each in self.outputs)

    @property
    def auxiliary_names(self) -> tuple[str, ...]:
        """Names of the auxiliary outputs in the order of a result's columns."""
        return tuple(each.name for each in self.auxiliary)

    def random(self, count: int, generator: np.random.Generator) -> NDArray[np.float64]:
        """`count` designs, each input uniform over its allowed values, or over its scale where it has no
        grid."""
        columns = []
        for each in self.inputs:
            allowed = each.values()
            if allowed is None:
                columns.append(_from_unit(each, generator.random(count)))
            else:
                columns.append(allowed[generator.integers(len(allowed), size=count)])
        return np.stack(columns, axis=1)

    def to_unit(self, designs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Designs (design, input) on the unit cube, by each input's scale; a category's index divided by the
        last one."""
        return np.stack([_to_unit(each, designs[:, i]) for i, each in enumerate(self.inputs)], axis=1)

    def from_unit(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """The allowed designs nearest to points of the unit cube, (design, input)."""
        clipped = np.clip(unit, 0.0, 1.0)
        return self.snap(
            np.stack([_from_unit(each, clipped[:, i]) for i, each in enumerate(self.inputs)], axis=1)
        )

    def snap(self, designs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The nearest allowed designs, (design, input); a tie goes to the smaller value."""
        columns = [_snap(each, designs[:, i]) for i, each in enumerate(self.inputs)]
        return np.stack(columns, axis=1)

    def check(self, designs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The designs as float64 (design, input).

        Raises:
            InputError: a wrong number of columns, or a value that is not finite, outside its range or off its
            grid.
        """
        designs = np.asarray(designs, dtype=np.float64)
        if designs.ndim != 2 or designs.shape[1] != len(self.inputs):
            raise InputError(
                f"designs of shape {designs.shape}; {len(self.inputs)} columns are wanted", record=self.name
            )
        allowed = np.isclose(self.snap(np.nan_to_num(designs)), designs, rtol=1e-9, atol=1e-12)
        if not allowed.all():
            row, column = (int(index) for index in np.argwhere(~allowed)[0])
            each = self.inputs[column]
            value = f"{each.name} = {designs[row, column]:g}"
            message = f"design {row}: {value} is not an allowed value ({describe(each)})"
            raise InputError(message, record=self.name)
        return designs

    def to_values(self, design: NDArray[np.float64]) -> dict[str, Value]:
        """One design (input,) as named values: int, float or the category's text."""
        return {each.name: _to_value(each, float(design[i])) for i, each in enumerate(self.inputs)}

    def from_values(self, values: Mapping[str, Value]) -> NDArray[np.float64]:
        """Named values as one design (input,).

        Raises:
            InputError: a name is missing or unknown, or a value is not allowed.
        """
        unknown = sorted(set(values) - set(self.input_names))
        missing = [name for name in self.input_names if name not in values]
        if unknown or missing:
            raise InputError(f"unknown inputs {unknown}, missing inputs {missing}", record=self.name)
        row = np.array([_from_value(each, values[each.name]) for each in self.inputs], dtype=np.float64)
        return self.check(row[None])[0]


def describe(each: Input) -> str:
    """An input's allowed values in words."""
    if isinstance(each, CategoryInput):
        return "one of " + ", ".join(each.choices)
    step = f" in steps of {each.step:g}" if each.step else ""
    return f"{each.low:g} to {each.high:g}{step}"


def _check_range(name: str, low: float, high: float, scale: str) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise InputError(f"the range {low} to {high} is not two finite numbers in rising order", record=name)
    if scale not in ("linear", "log"):
        raise InputError(f"scale {scale!r} is neither linear nor log", record=name)
    if scale == "log" and low <= 0:
        raise InputError(f"a logarithmic input starts above zero, not at {low:g}", record=name)


def _ends(each: Input) -> tuple[float, float]:
    if isinstance(each, CategoryInput):
        return 0.0, float(len(each.choices) - 1)
    return float(each.low), float(each.high)


def _is_log(each: Input) -> bool:
    return not isinstance(each, CategoryInput) and each.scale == "log"


def _to_unit(each: Input, column: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = _ends(each)
    if low == high:
        return np.full(column.shape, 0.5)
    if _is_log(each):
        unit: NDArray[np.float64] = np.log(np.maximum(column, 1e-300) / low) / math.log(high / low)
        return unit
    return (column - low) / (high - low)


def _from_unit(each: Input, unit: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = _ends(each)
    if _is_log(each):
        natural: NDArray[np.float64] = low * (high / low) ** unit
        return natural
    return low + (high - low) * unit


def _snap(each: Input, column: NDArray[np.float64]) -> NDArray[np.float64]:
    allowed = each.values()
    if allowed is None:
        return np.clip(column, *_ends(each))
    right = np.clip(np.searchsorted(allowed, column), 1, max(len(allowed) - 1, 1))
    if len(allowed) == 1:
        return np.full(column.shape, allowed[0])
    left_value, right_value = allowed[right - 1], allowed[right]
    snapped: NDArray[np.float64] = np.where(
        column - left_value <= right_value - column, left_value, right_value
    )
    return snapped


def _to_value(each: Input, number: float) -> Value:
    if isinstance(each, CategoryInput):
        return each.choices[round(number)]
    return round(number) if isinstance(each, IntegerInput) else number


def _from_value(each: Input, value: Value) -> float:
    if isinstance(each, CategoryInput):
        if value not in each.choices:
            raise InputError(f"{value!r} is not {describe(each)}", record=each.name)
        return float(each.choices.index(str(value)))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{value!r} is not a finite number", record=each.name)
    return float(value)

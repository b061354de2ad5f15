"""One input of a simulator: which values it may take, and its place on the unit interval.

Values of a grid are the decimal numbers that one would write: with a range from 0.1 in steps of 0.1 the third
is 0.3, not 0.1 + 2 · 0.1 = 0.30000000000000004, so that equal designs are equal wherever they come from.
"""

import functools
import math
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError

Scale = Literal["linear", "log"]
Value = int | float | str

MOST_LISTED = 1_000_000
"""A grid with more values than this is not written out."""
_LARGEST_WHOLE = 2**53  # beyond it a float64 does not hold every whole number
_EXACT_POWERS = 22  # 10^22 is the last power of ten that a float64 holds exactly


@dataclass(frozen=True)
class IntegerInput:
    """Whole numbers from `low` to `high` in steps of `step`, both ends allowed (`high` if a step reaches it);
    or only those in `listed`, in rising order from `low` to `high`."""

    name: str
    low: int
    high: int
    step: int = 1
    unit: str = ""
    scale: Scale = "linear"
    listed: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if max(abs(self.low), abs(self.high)) > _LARGEST_WHOLE:
            raise InputError("whole numbers reach to 2^53 at most", record=self.name)
        _check_range(self.name, self.low, self.high, self.scale)
        _check_listed(self)
        if self.step < 1:
            raise InputError(f"the step of an integer input is at least 1, not {self.step}", record=self.name)

    def values(self) -> NDArray[np.float64] | None:
        """All allowed values, (value,), or None where they are more than `MOST_LISTED`."""
        return _values(self)


@dataclass(frozen=True)
class FloatInput:
    """Numbers from `low` to `high`; with a `step` only `low + k step`; or only those in `listed`, in rising
    order from `low` to `high`."""

    name: str
    low: float
    high: float
    step: float | None = None
    unit: str = ""
    scale: Scale = "linear"
    listed: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check_range(self.name, self.low, self.high, self.scale)
        _check_listed(self)
        if self.step is not None and not (math.isfinite(self.step) and self.step > 0):
            raise InputError(f"the step of an input is positive, not {self.step}", record=self.name)

    def values(self) -> NDArray[np.float64] | None:
        """All allowed values, (value,), or None where every number of the range is allowed or they are more
        than `MOST_LISTED`."""
        return _values(self)


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


def value_count(each: Input) -> int | None:
    """Number of allowed values, or None where every number of the range is allowed."""
    if isinstance(each, CategoryInput):
        return len(each.choices)
    if each.listed:
        return len(each.listed)
    if each.step is None:
        return None
    return _stepped_count(each.low, each.high, each.step)


def value_at(each: Input, index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Allowed values by their index from 0, for inputs that have a grid."""
    if isinstance(each, CategoryInput):
        return index
    if each.listed:
        return np.array(each.listed, dtype=np.float64)[index.astype(np.int64)]
    if each.step is None:
        raise ValueError(f"{each.name} has no grid")
    low, step, power = _decimal_grid(each.low, each.high, each.step)
    values: NDArray[np.float64] = np.minimum((low + step * index) / power, each.high)
    return values


def random_values(each: Input, count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Values uniform over the allowed ones, or over the scale where there is no grid, (value,)."""
    allowed = value_count(each)
    if allowed is None:
        return from_unit(each, generator.random(count))
    return value_at(each, generator.integers(allowed, size=count).astype(np.float64))


def snap(each: Input, column: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest allowed values, (value,); a tie goes to the smaller one, NaN stays."""
    count, (low, high) = value_count(each), _ends(each)
    if count is None:
        return np.clip(column, low, high)
    inside = np.where(np.isnan(column), low, np.clip(column, low, high))
    if isinstance(each, CategoryInput):
        below = np.floor(inside)
    elif each.listed:
        below = np.searchsorted(np.array(each.listed, dtype=np.float64), inside, side="right") - 1.0
    else:
        below = np.floor((inside - low) / float(each.step or 1))
    below = np.clip(below, 0, count - 1)
    left, right = value_at(each, below), value_at(each, np.minimum(below + 1, count - 1))
    nearest: NDArray[np.float64] = np.where(inside - left <= right - inside, left, right)
    return np.where(np.isnan(column), np.nan, nearest)


def is_allowed(each: Input, column: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether values are allowed up to rounding: 1e-9 of the value or step, never half a step."""
    nearest = snap(each, column)
    with np.errstate(invalid="ignore"):  # NaN is not allowed, nor is infinity
        allowed: NDArray[np.bool_] = np.abs(nearest - column) <= 1e-9 * np.abs(nearest) + _slack(each)
        return allowed & (np.abs(nearest - column) <= _half_gap(each))


def _slack(each: Input) -> float:
    """What a value may be off however small it is."""
    if isinstance(each, CategoryInput):
        return 1e-9
    return 1e-9 * float((each.high - each.low) if each.step is None else each.step)


def _half_gap(each: Input) -> float:
    """Almost half the distance of neighbours, so that no value counts as two."""
    if isinstance(each, CategoryInput):
        return 0.4
    if each.listed:
        return 0.4 * float(min(np.diff(each.listed), default=math.inf))
    return math.inf if each.step is None else 0.4 * float(each.step)


def to_unit(each: Input, column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values on the unit interval, by the input's scale; a category's index divided by the last one."""
    low, high = _ends(each)
    if low == high:
        return np.full(column.shape, 0.5)
    if _is_log(each):
        unit: NDArray[np.float64] = np.log(np.maximum(column, 1e-300) / low) / math.log(high / low)
        return unit
    return (column - low) / (high - low)


def from_unit(each: Input, unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values at places of the unit interval, allowed or not."""
    low, high = _ends(each)
    if _is_log(each):
        natural: NDArray[np.float64] = low * (high / low) ** unit
        return natural
    return low + (high - low) * unit


def to_value(each: Input, number: float) -> Value:
    """An allowed number as what a simulator is given: int, float or the category's text."""
    if isinstance(each, CategoryInput):
        return each.choices[round(number)]
    return round(number) if isinstance(each, IntegerInput) else number


def from_value(each: Input, value: Value) -> float:
    """The number of a value.

    Raises:
        InputError: not one of the category's texts, or no finite number; its range is not looked at.
    """
    if isinstance(each, CategoryInput):
        if value not in each.choices:
            raise InputError(f"{each.name} = {value!r} is not {describe(each)}")
        return float(each.choices.index(str(value)))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{each.name} = {value!r} is not a number")
    if not abs(value) <= sys.float_info.max:
        raise InputError(f"{each.name} is not a finite number")
    return float(value)


def describe(each: Input) -> str:
    """An input's allowed values in words."""
    if isinstance(each, CategoryInput):
        return "one of " + ", ".join(each.choices)
    if each.listed:
        return "one of " + ", ".join(f"{value:g}" for value in each.listed)
    step = f" in steps of {each.step:g}" if each.step else ""
    return f"{each.low:g} to {each.high:g}{step}"


def _values(each: IntegerInput | FloatInput) -> NDArray[np.float64] | None:
    count = value_count(each)
    if count is None or count > MOST_LISTED:
        return None
    return value_at(each, np.arange(count, dtype=np.float64))


def _check_range(name: str, low: float, high: float, scale: str) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high and math.isfinite(high - low)):
        raise InputError(f"the range {low} to {high} is not two finite numbers in rising order", record=name)
    if scale not in ("linear", "log"):
        raise InputError(f"scale {scale!r} is neither linear nor log", record=name)
    if scale == "log" and low <= 0:
        raise InputError(f"a logarithmic input starts above zero, not at {low:g}", record=name)


def _check_listed(each: IntegerInput | FloatInput) -> None:
    if not each.listed:
        return
    rising = all(left < right for left, right in zip(each.listed, each.listed[1:], strict=False))
    if not rising or (each.listed[0], each.listed[-1]) != (each.low, each.high):
        raise InputError("listed values rise from low to high, none of them twice", record=each.name)
    if each.step not in (None, 1):
        raise InputError("an input has a step or listed values, not both", record=each.name)


def _ends(each: Input) -> tuple[float, float]:
    if isinstance(each, CategoryInput):
        return 0.0, float(len(each.choices) - 1)
    return float(each.low), float(each.high)


def _is_log(each: Input) -> bool:
    return not isinstance(each, CategoryInput) and each.scale == "log"


@functools.lru_cache(maxsize=1024)
def _stepped_count(low: float, high: float, step: float) -> int:
    """How often a step fits, counted in the decimal numbers as written; a step that ends within a billionth
    of itself beyond `high` still does."""
    start, end, width = (Fraction(repr(number)) for number in (low, high, step))
    return math.floor((end - start) / width + Fraction(1, 10**9)) + 1


@functools.lru_cache(maxsize=1024)
def _decimal_grid(low: float, high: float, step: float) -> tuple[float, float, float]:
    """First value, step and divisor such that (first + k step) / divisor is correctly rounded.

    That takes whole numbers below 2^53 over a power of ten; other grids keep the floats, divided by 1.
    """
    start, end, width = (Fraction(repr(number)) for number in (low, high, step))
    for digits in range(_EXACT_POWERS + 1):
        power = 10**digits
        scaled = [number * power for number in (start, width)]
        if all(number.denominator == 1 for number in scaled):
            if max(abs(start), abs(end)) * power < _LARGEST_WHOLE:
                return float(scaled[0]), float(scaled[1]), float(power)
            break
    return float(low), float(step), 1.0

"""What is asked of a simulator: named, typed inputs with units, and named outputs.

A design is one row of a float64 array (design, input) that holds natural values, so that a capacitor of 2 pF
is 2.0 where the input's unit is pF; a category is held as the index of its value. Optimisers and networks
work on the unit cube (:meth:`ProblemSpec.to_unit`), where an input with a logarithmic scale is spread by its
logarithm.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.surrogates import inputs as one
from sciml.surrogates.inputs import CategoryInput, FloatInput, Input, IntegerInput, Scale, Value, describe

__all__ = [
    "CategoryInput",
    "FloatInput",
    "Input",
    "IntegerInput",
    "Output",
    "ProblemSpec",
    "Scale",
    "Value",
    "describe",
]


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
        if not self.inputs or not self.outputs:
            kind = "output" if self.inputs else "input"
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
        return np.stack([one.random_values(each, count, generator) for each in self.inputs], axis=1)

    def to_unit(self, designs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Designs (design, input) on the unit cube, by each input's scale; a category's index divided by the
        last one."""
        return np.stack([one.to_unit(each, designs[:, i]) for i, each in enumerate(self.inputs)], axis=1)

    def from_unit(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """The allowed designs nearest to points of the unit cube, (design, input)."""
        clipped = np.clip(unit, 0.0, 1.0)
        return self.snap(
            np.stack([one.from_unit(each, clipped[:, i]) for i, each in enumerate(self.inputs)], axis=1)
        )

    def snap(self, designs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The nearest allowed designs, (design, input); a tie goes to the smaller value, NaN stays."""
        return np.stack([one.snap(each, designs[:, i]) for i, each in enumerate(self.inputs)], axis=1)

    def check(self, designs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The designs as float64 (design, input), rounding errors of their values removed.

        Raises:
            InputError: a wrong number of columns, or a value that is not finite, outside its range or off its
            grid.
        """
        designs = np.asarray(designs, dtype=np.float64)
        if designs.ndim != 2 or designs.shape[1] != len(self.inputs):
            raise InputError(
                f"designs of shape {designs.shape}; {len(self.inputs)} columns are wanted", record=self.name
            )
        refused = self._first_refused(designs)
        if refused is not None:
            raise InputError(f"design {refused[0]}: {refused[1]}", record=self.name)
        return self.snap(designs) + 0.0  # a zero without its sign

    def _first_refused(self, designs: NDArray[np.float64]) -> tuple[int, str] | None:
        """Row of the first value that is not allowed, and the rule that it breaks."""
        columns = [one.is_allowed(each, designs[:, i]) for i, each in enumerate(self.inputs)]
        wrong = np.argwhere(~np.stack(columns, axis=1))
        if len(wrong) == 0:
            return None
        row, column = (int(index) for index in wrong[0])
        each = self.inputs[column]
        value = f"{each.name} = {designs[row, column]:g}"
        return row, f"{value} is not an allowed value ({describe(each)})"

    def to_values(self, design: NDArray[np.float64]) -> dict[str, Value]:
        """One design (input,) as named values: int, float or the category's text."""
        return {each.name: one.to_value(each, float(design[i])) for i, each in enumerate(self.inputs)}

    def from_values(self, values: Mapping[str, Value]) -> NDArray[np.float64]:
        """Named values as one design (input,).

        Raises:
            InputError: a name is missing or unknown, or a value is not allowed.
        """
        unknown = [repr(name) for name in values if name not in self.input_names]
        missing = [repr(name) for name in self.input_names if name not in values]
        if unknown:
            word = "is no input" if len(unknown) == 1 else "are no inputs"
            known = ", ".join(self.input_names)
            raise InputError(f"{', '.join(unknown)} {word} (there are {known})", record=self.name)
        if missing:
            words = ("input", "is") if len(missing) == 1 else ("inputs", "are")
            raise InputError(f"{words[0]} {', '.join(missing)} {words[1]} missing", record=self.name)
        try:
            numbers = [one.from_value(each, values[each.name]) for each in self.inputs]
        except InputError as error:
            raise InputError(error.rule, record=self.name) from error
        row = np.array([numbers], dtype=np.float64)
        refused = self._first_refused(row)
        if refused is not None:
            raise InputError(refused[1], record=self.name)
        return self.check(row)[0]

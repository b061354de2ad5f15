"""Designs as points of a cube in which circuits are smooth.

Currents, widths and capacitors act by their ratios, so an input whose range starts above zero and spans a
factor of `WIDE` or more is spread by its logarithm, whatever scale the problem draws it on.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem_spec import CategoryInput, ProblemSpec

Array = NDArray[np.float64]
WIDE = 8.0


class Cube:
    """Maps designs to the unit cube, one coordinate for each input, and to the features that models take.

    A category is the middle of its share of the coordinate; as features it is one column for each choice.
    """

    def __init__(self, spec: ProblemSpec) -> None:
        self.spec = spec
        self._choices = [len(each.choices) if isinstance(each, CategoryInput) else 0 for each in spec.inputs]
        ends = [
            (0.0, 1.0) if isinstance(each, CategoryInput) else (float(each.low), float(each.high))
            for each in spec.inputs
        ]
        self._low, self._high = (np.array(end) for end in zip(*ends, strict=True))
        scales = [getattr(each, "scale", "linear") for each in spec.inputs]
        is_wide = (self._low > 0) & (self._high >= WIDE * np.maximum(self._low, 1e-300))
        self._is_log = (is_wide | np.array([scale == "log" for scale in scales])) & (self._low < self._high)

    def points(self, designs: Array) -> Array:
        """Designs (design, input) on the cube."""
        columns = []
        for i, choices in enumerate(self._choices):
            column, low, high = designs[:, i], self._low[i], self._high[i]
            if choices:
                columns.append((column + 0.5) / choices)
            elif self._is_log[i]:
                columns.append(np.log(column / low) / math.log(high / low))
            else:
                columns.append((column - low) / (high - low) if high > low else np.full(len(column), 0.5))
        return np.stack(columns, axis=1)

    def designs(self, points: Array) -> Array:
        """The allowed designs nearest to points, (design, input)."""
        columns = []
        for i, choices in enumerate(self._choices):
            column, low, high = np.clip(points[:, i], 0.0, 1.0), self._low[i], self._high[i]
            if choices:
                columns.append(np.minimum(np.floor(column * choices), choices - 1))
            elif self._is_log[i]:
                columns.append(low * (high / low) ** column)
            else:
                columns.append(low + (high - low) * column)
        return self.spec.snap(np.stack(columns, axis=1))

    def features(self, designs: Array) -> Array:
        """Designs as models take them, (design, feature), in [0, 1]."""
        points = self.points(designs)
        columns = []
        for i, choices in enumerate(self._choices):
            if choices > 2:
                columns += [0.5 + 0.5 * (designs[:, i] == choice) for choice in range(choices)]
            else:
                columns.append(designs[:, i] if choices else points[:, i])
        return np.stack(columns, axis=1)

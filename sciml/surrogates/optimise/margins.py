"""How far each output is from its limit, as a number that a model can learn.

The margin of an output x with limit L is 0 at the limit and positive where it is met:
`ln(x / L)` with the sign of the bound where no simulated x has the other sign than L (a gain, a bandwidth, a
time), and `asinh(x / |L|) - asinh(L / |L|)` else (a phase margin, a gain in decibels). Then SCBO's bilog,
`sign(m) ln(1 + |m|)`, draws in what is far away on either side, so that dead circuits do not drown the rest.

Source: Eriksson & Poloczek, Scalable Constrained Bayesian Optimization, AISTATS 2021, for the bilog.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.specification import Goal, Specification

Array = NDArray[np.float64]
SMALLEST_RATIO = 1e-4
"""Ratios x / L below it count as equal: an output of zero has no logarithm."""
FAILURE = 3.0
"""Shortfall that an unknown output counts with when designs are ranked; a ratio of e^-19 has it."""


@dataclass(frozen=True)
class MarginForm:
    """How the margin of one specification is taken: by the logarithm of x / L, or by asinh(x / size)."""

    limit: float
    sign: float
    size: float | None

    @classmethod
    def of(cls, specification: Specification, values: Array) -> "MarginForm":
        """The form that fits all simulated values (design,) of the output, NaN where not known."""
        limit, known = specification.limit, values[np.isfinite(values)]
        if limit != 0 and (known * limit >= 0).all():
            return cls(limit, specification.sign, None)
        return cls(limit, specification.sign, abs(limit) or _size(known))

    def margins(self, values: Array) -> Array:
        """Margins (design,) of values (design,); NaN where not known."""
        known, limit = np.isfinite(values), self.limit
        if self.size is None:
            ratio = np.maximum(np.where(known, values, limit) / limit, SMALLEST_RATIO)
            margin = self.sign * np.sign(limit) * np.log(ratio)
        else:
            margin = self.sign * (np.arcsinh(values / self.size) - np.arcsinh(limit / self.size))
        return np.where(known, np.sign(margin) * np.log1p(np.abs(margin)), np.nan)


def margin_forms(values: Array, goal: Goal, spec: ProblemSpec) -> tuple[MarginForm, ...]:
    """The forms of all specifications that fit outputs (design, output)."""
    names = spec.output_names
    return tuple(MarginForm.of(each, values[:, names.index(each.output)]) for each in goal.specifications)


def signed_margins(values: Array, goal: Goal, spec: ProblemSpec) -> Array:
    """Margins (design, specification) of outputs (design, output); NaN where an output is not known.

    All designs that are to be compared are given at once, since the form of a margin depends on them.
    """
    names = spec.output_names
    columns = [
        form.margins(values[:, names.index(each.output)])
        for form, each in zip(margin_forms(values, goal, spec), goal.specifications, strict=True)
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((len(values), 0))


def shortfall(margins: Array) -> Array:
    """Summed shortfalls below the limits, (design,); 0 where every limit is met."""
    short = np.where(np.isfinite(margins), np.maximum(-margins, 0.0), FAILURE)
    total: Array = short.sum(axis=1)
    return total


def _size(values: Array) -> float:
    middle = float(np.median(np.abs(values))) if len(values) else 0.0
    return middle or 1.0

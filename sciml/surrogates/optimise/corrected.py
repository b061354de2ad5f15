"""A surrogate brought up to date by the newest simulations without training it again.

What the simulator said since is laid over the surrogate's mean as a correction that is smooth in the inputs
(:mod:`sciml.surrogates.optimise.residual`), output by output, in the surrogate's own z. Where no new point is
near, the surrogate speaks alone.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from sciml.surrogates.optimise.residual import ResidualModel
from sciml.surrogates.prediction import Surrogate
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.specification import Goal, Specification
from sciml.surrogates.transforms import OutputTransform

Array = NDArray[np.float64]

_SMALLEST_DOUBT = 0.01  # of the spread of an output: simulators and networks have rounding of their own
_IMPOSSIBLE = -1e3  # logarithm of a probability that is none


class Predictor(Protocol):
    """What gives Gaussians in z for the outputs of a problem."""

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        ...

    @property
    def transform(self) -> OutputTransform:
        """Between z and natural values, of the spec's outputs."""
        ...

    def gaussians(self, designs: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of z, (design, output) each."""
        ...


class SurrogatePredictor:
    """A surrogate's total mean and deviation of the spec's outputs (auxiliary ones are left out)."""

    def __init__(self, surrogate: Surrogate) -> None:
        self.surrogate = surrogate
        probe = surrogate.predict(np.zeros((0, len(surrogate.spec.inputs))))
        self.transform = probe.take(surrogate.spec.output_names).transform

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self.surrogate.spec

    def gaussians(self, designs: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of z, (design, output) each."""
        found = self.surrogate.predict(designs).take(self.spec.output_names)
        return found.z_mean, found.z_std


class Corrected:
    """A predictor with corrections on top; itself a predictor, so that corrections can be stacked.

    Args:
        base: what is corrected.
    """

    def __init__(self, base: Predictor) -> None:
        self.base = base
        self.designs = np.zeros((0, len(base.spec.inputs)))
        self._residuals = np.zeros((0, len(base.spec.outputs)))
        self._doubts = np.zeros((0, len(base.spec.outputs)))
        self._models: list[ResidualModel] | None = None

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self.base.spec

    @property
    def transform(self) -> OutputTransform:
        """Between z and natural values."""
        return self.base.transform

    def add(self, designs: Array, values: Array) -> None:
        """Take in the truth of designs: outputs (design, output), NaN where not known."""
        mean, doubt = self.base.gaussians(designs)
        self.designs = np.concatenate([self.designs, designs])
        self._residuals = np.concatenate([self._residuals, self.transform.encode(values) - mean])
        self._doubts = np.concatenate([self._doubts, doubt])
        self._models = None

    def gaussians(self, designs: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of z, (design, output) each.

        The deviation is the base's, widened where its residuals were larger than it said, times what the
        correction leaves of the doubt.
        """
        mean, doubt = self.base.gaussians(designs)
        if not len(self.designs):
            return mean, np.maximum(doubt, _SMALLEST_DOUBT)
        points = self.spec.to_unit(designs)
        mean, doubt = mean.copy(), doubt.copy()
        for i, model in enumerate(self._fitted()):
            correction, left = model.predict(points)
            mean[:, i] += correction[:, 0]
            doubt[:, i] *= self._widening(i) * left
        return mean, np.maximum(doubt, _SMALLEST_DOUBT)

    def _fitted(self) -> list[ResidualModel]:
        if self._models is None:
            points = self.spec.to_unit(self.designs)
            self._models = [ResidualModel(points, column[:, None]) for column in self._residuals.T]
        return self._models

    def _widening(self, output: int) -> float:
        """Root mean square of residuals beyond their shift in units of the doubt there, at least one."""
        left = self._residuals[:, output] - self._fitted()[output].shift
        known = np.isfinite(left)
        if not known.any():
            return 1.0
        ratio = left[known] / np.maximum(self._doubts[known, output], _SMALLEST_DOUBT)
        return max(1.0, float(np.sqrt(np.mean(ratio**2))))


def log_probability(predictor: Predictor, designs: Array, goal: Goal) -> Array:
    """Logarithm of the probability that a design meets every specification, (design,).

    Specifications count as independent, which orders designs well and is no calibrated probability.
    """
    mean, doubt = predictor.gaussians(designs)
    total = np.zeros(len(designs))
    for each in goal.specifications:
        i = predictor.spec.output_names.index(each.output)
        threshold = limit_in_z(predictor.transform, each, i)
        sign = each.sign * predictor.transform.sign()[i]
        if np.isfinite(threshold):
            total += log_ndtr(sign * (mean[:, i] - threshold) / doubt[:, i])
        else:
            total += 0.0 if _always_met(predictor.transform, each, i) else _IMPOSSIBLE
    return total


def limit_in_z(transform: OutputTransform, specification: Specification, output: int) -> float:
    """The limit of a specification in z; NaN where a logarithm was learned and the limit has the other
    sign."""
    row = np.full((1, len(transform.kinds)), np.nan)
    row[0, output] = specification.limit
    return float(transform.encode(row)[0, output])


def _always_met(transform: OutputTransform, specification: Specification, output: int) -> bool:
    """Whether every value that a logarithmic map can give meets a limit of the other sign."""
    middle = transform.decode(np.zeros((1, len(transform.kinds))))[0, output]
    return bool((middle > specification.limit) == (specification.sign > 0))

"""What a surrogate answers: a distribution of every output of every design, with the surrogate's own doubt.

The distribution of an output is a mixture over the members of an ensemble, each Gaussian in z (see
:mod:`sciml.surrogates.transforms`). Epistemic is what the members disagree about and more data would
settle; aleatoric is what each member thinks is noise.
"""

import math
from collections.abc import Callable
from functools import cached_property
from typing import Literal, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sciml.errors import InputError
from sciml.surrogates.domain import DomainReport, everywhere
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.specification import Specification
from sciml.surrogates.transforms import OutputTransform

Array = NDArray[np.float64]
Doubt = Literal["total", "epistemic", "aleatoric"]
Quantiles = Callable[[float, bool], Array]
"""(level, simultaneous) to the half width of an interval in deviations of z, (output,)."""


class Prediction:
    """A conditional distribution p(outputs | design) for a batch of designs.

    Args:
        names: names of the outputs.
        location: (member, design, output), means of z.
        deviation: (member, design, output), standard deviations of z within each member.
        transform: between z and natural values.
        directions: (output,), +1 where large is good, -1 where small is, 0 unknown.
        failure: (design,), probability that the simulation fails; None where it was not learned.
        quantiles: calibrated half widths of intervals; Gaussian ones where None.
        domain: computes the report of the domain when it is first asked for.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        location: Array,
        deviation: Array,
        transform: OutputTransform,
        *,
        directions: Array | None = None,
        failure: Array | None = None,
        quantiles: Quantiles | None = None,
        domain: Callable[[], DomainReport] | None = None,
    ) -> None:
        self.names, self.transform = names, transform
        self.location, self.deviation = location, deviation
        self.directions = np.zeros(len(names)) if directions is None else directions
        self.failure = failure
        self._quantiles, self._domain = quantiles, domain

    def __len__(self) -> int:
        return self.location.shape[1]

    @cached_property
    def domain(self) -> DomainReport:
        """Which designs lie where the surrogate was trained."""
        return everywhere(len(self)) if self._domain is None else self._domain()

    @cached_property
    def members(self) -> Array:
        """Means of the outputs by each member, (member, design, output), natural values."""
        return self.transform.moments(self.location, self.deviation)[0]

    def mean(self, name: str | None = None) -> Array:
        """Expected outputs, (design, output), or (design,) of one output."""
        return self._column(self.members.mean(axis=0), name)

    def median(self, name: str | None = None) -> Array:
        """Outputs at the mean of z, (design, output) or (design,): what far-off members move less than the
        mean."""
        return self._column(self.transform.decode(self.location.mean(axis=0)), name)

    def std(self, name: str | None = None, kind: Doubt = "total") -> Array:
        """Standard deviations of the outputs, (design, output) or (design,).

        Total variance = epistemic (variance of the members' means) + aleatoric (mean of their variances).
        """
        if kind not in ("total", "epistemic", "aleatoric"):
            raise InputError(f"a deviation is total, epistemic or aleatoric, not {kind!r}")
        epistemic = self.members.var(axis=0)
        aleatoric = self.transform.moments(self.location, self.deviation)[1].mean(axis=0)
        variance = {"total": epistemic + aleatoric, "epistemic": epistemic, "aleatoric": aleatoric}[kind]
        return self._column(np.sqrt(variance), name)

    @cached_property
    def z_mean(self) -> Array:
        """Mean of z, (design, output)."""
        return cast(Array, self.location.mean(axis=0))

    @cached_property
    def z_std(self) -> Array:
        """Total standard deviation of z, (design, output)."""
        return cast(Array, np.sqrt(self.location.var(axis=0) + (self.deviation**2).mean(axis=0)))

    def sample(self, count: int, generator: np.random.Generator) -> Array:
        """Draws of the outputs, (draw, design, output).

        A draw takes one member for all designs and outputs, so that what a member believes hangs together.
        """
        member = generator.integers(len(self.location), size=count)
        noise = generator.standard_normal((count, *self.location.shape[1:]))
        return self.transform.decode(self.location[member] + self.deviation[member] * noise)

    def interval(
        self, level: float = 0.9, name: str | None = None, *, simultaneous: bool = False
    ) -> tuple[Array, Array]:
        """Bounds that hold an output with probability `level`, (design, output) or (design,) each.

        They are z mean ± q (total deviation of z), taken back to natural values; q is the Gaussian quantile,
        or what a calibration on held-out designs has found.

        Args:
            level: probability, in (0, 1).
            name: one output.
            simultaneous: hold all outputs of a design at once; without a calibration by Bonferroni's bound.
        """
        if not 0 < level < 1:
            raise InputError(f"the level of an interval lies between 0 and 1, not at {level}")
        if self._quantiles is not None:
            width = self._quantiles(level, simultaneous)
        else:
            outside = (1 - level) / (len(self.names) if simultaneous else 1)
            width = np.full(len(self.names), ndtri(1 - outside / 2))
        ends = [self.transform.decode(self.z_mean + side * width * self.z_std) for side in (-1.0, 1.0)]
        low, high = np.minimum(*ends), np.maximum(*ends)
        return self._column(low, name), self._column(high, name)

    def probability_met(self, specifications: tuple[Specification, ...]) -> Array:
        """Probability that each specification is met, (design, specification); failures not counted."""
        columns = []
        for each in specifications:
            i = self._index(each.output)
            limits = np.full((1, len(self.names)), np.nan)
            limits[0, i] = each.limit
            threshold = self.transform.encode(limits)[0, i]
            sign = each.sign * self.transform.sign()[i]
            if not math.isfinite(threshold):  # a log map: the limit has the sign that no value had
                beyond = each.limit < self.transform.decode(np.zeros((1, len(self.names))))[0, i]
                columns.append(np.full(len(self), 1.0 if beyond == (each.sign > 0) else 0.0))
                continue
            excess = sign * (self.location[..., i] - threshold) / np.maximum(self.deviation[..., i], 1e-12)
            columns.append(ndtr(excess).mean(axis=0))
        return np.stack(columns, axis=1) if columns else np.ones((len(self), 0))

    def prob_better(
        self, other: "Prediction", output: str, direction: Literal["maximise", "minimise"] | None = None
    ) -> Array:
        """Probability that a design of this prediction is better in an output than one of another.

        Members are compared with themselves, z with z, so that what they have in common cancels:
        mean over members of Φ((μ_a - μ_b) / sqrt(σ_a² + σ_b²)). It is 1/2 for a design against itself, and
        the two ways round add up to 1.

        Args:
            other: prediction of the same surrogate, as many designs as here, or one.
            output: name of the output.
            direction: what is better; the goal's where None.

        Returns:
            (design,).
        """
        i = self._index(output)
        sign = float(self.directions[i])
        if direction is not None:
            sign = 1.0 if direction == "maximise" else -1.0
        if sign == 0:
            raise InputError(f"nothing says whether large or small values of {output!r} are better")
        if other.transform is not self.transform and other.transform.state() != self.transform.state():
            raise InputError("designs are compared by one and the same surrogate")
        difference = self.location[..., i] - other.location[..., i]
        deviation = np.hypot(self.deviation[..., i], other.deviation[..., i])
        z = sign * self.transform.sign()[i] * difference / np.maximum(deviation, 1e-12)
        return cast(Array, ndtr(z).mean(axis=0))

    def take(self, names: tuple[str, ...]) -> "Prediction":
        """The same prediction of some outputs only."""
        index = [self._index(name) for name in names]
        quantiles = self._quantiles
        return Prediction(
            names,
            self.location[..., index],
            self.deviation[..., index],
            self.transform.take(index),
            directions=self.directions[index],
            failure=self.failure,
            quantiles=None if quantiles is None else lambda level, joint: quantiles(level, joint)[index],
            domain=lambda: self.domain,
        )

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise InputError(f"{name!r} is not an output that was learned ({', '.join(self.names)})")
        return self.names.index(name)

    def _column(self, table: Array, name: str | None) -> Array:
        return table if name is None else table[:, self._index(name)]


@runtime_checkable
class Surrogate(Protocol):
    """What answers in a simulator's place.

    `abilities` are words of {"mean", "std", "sample", "interval", "prob_better", "members", "failure",
    "domain"}.
    """

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs of the simulator that was learned."""
        ...

    @property
    def abilities(self) -> frozenset[str]:
        """What its predictions can tell."""
        ...

    def predict(self, designs: Array) -> Prediction:
        """The distribution of the outputs of designs (design, input), natural values."""
        ...

"""The slow truth: what every simulator offers, one design at a time and in batches.

A :class:`RowSimulator` computes one design in the present process and may crash it or never return; an
executor runs many, each worker with a copy of its own. A :class:`Simulator` is what optimisers and guarded
surrogates call.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem_spec import ProblemSpec, Value
from sciml.surrogates.result import Result, Row


@dataclass(frozen=True)
class Corner:
    """One condition at which a design must work: process, voltage, temperature, as the simulator names
    them."""

    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)


NOMINAL = Corner("nominal")


@dataclass(frozen=True)
class Cutoff:
    """When a simulation need not go on: some output is already below its minimum or above its maximum.

    Simulators that measure in tiers, cheap ones first, look after every tier; others ignore it.
    """

    minimum: Mapping[str, float] = field(default_factory=dict)
    maximum: Mapping[str, float] = field(default_factory=dict)

    def stops(self, outputs: Mapping[str, float]) -> bool:
        """Whether outputs measured so far decide against the design."""
        low = any(name in outputs and outputs[name] < limit for name, limit in self.minimum.items())
        return low or any(name in outputs and outputs[name] > limit for name, limit in self.maximum.items())


@dataclass(frozen=True)
class Job:
    """One simulation: named input values, the corner, the seed of its mismatch (None for none) and the
    cutoff."""

    values: Mapping[str, Value]
    corner: Corner = NOMINAL
    seed: int | None = None
    cutoff: Cutoff | None = None


@runtime_checkable
class RowSimulator(Protocol):
    """A simulator of one design in this process. It can be pickled, so that a worker process gets a copy.

    `identity` is a text that changes whenever results may: program, version, circuit, fidelity. `timeout_s`
    is the wall time after which a supervisor stops it.
    """

    @property
    def spec(self) -> ProblemSpec:
        """Its inputs and outputs."""
        ...

    @property
    def identity(self) -> str:
        """What its results depend on besides the job."""
        ...

    @property
    def timeout_s(self) -> float:
        """Wall time after which one simulation is stopped."""
        ...

    def simulate(self, job: Job) -> Row:
        """Simulate one design; what goes wrong is a failure in the row, not an exception."""
        ...

    def close(self) -> None:
        """Give back programs and files; simulating again opens them anew."""
        ...


@runtime_checkable
class Simulator(Protocol):
    """The truth in batches."""

    @property
    def spec(self) -> ProblemSpec:
        """Its inputs and outputs."""
        ...

    def run(
        self,
        designs: NDArray[np.float64],
        *,
        corner: Corner = NOMINAL,
        seed: int | None = None,
        cutoff: Cutoff | None = None,
    ) -> Result:
        """Simulate designs (design, input).

        Args:
            designs: (design, input), natural values.
            corner: the condition they run at.
            seed: seed of the mismatch or noise of a stochastic simulator; None for none.
            cutoff: when to stop a simulation early.
        """
        ...

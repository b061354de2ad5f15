"""What a robust run is set to do, and what it found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.optimise.conditions import Condition
from sciml.surrogates.result import Result

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RobustSettings:
    """How corners are learned."""

    sweeps: int = 2
    """Designs that are simulated at every corner, and with every draw of mismatch at the first one, only to
    learn from them."""
    first_sweep: int = 8
    """Designs simulated before the first sweep."""
    moved: float = 0.02
    """The optimiser is told anew when the estimated cost of one of the better half of designs has moved by
    more than this share of the median cost."""
    progress: float = 0.6
    """Another sweep follows when the best cost is below that share of its value at the last one."""
    exhaustive: bool = False
    """Brute force: every design at every condition."""


@dataclass(frozen=True)
class RobustRun:
    """What a robust run simulated. A simulation is one design at one condition.

    Attributes:
        conditions: all of them.
        designs: (design, input), as told to the optimiser.
        result: (design), worst case over the conditions: simulated or estimated.
        values: (design, condition, output), NaN where not simulated.
        asked: (simulation, 2), row of the design and index of the condition, in order.
        best: row of the best design.
        first_feasible: simulations until a design was feasible at every condition, all counted.
        feasible_design: its row.
        again: result of the feasible design at every condition, simulated anew; None without one. These
            simulations are a check and are not counted.
        sweeps: designs that were simulated only to learn.
    """

    conditions: tuple[Condition, ...]
    designs: Array
    result: Result
    values: Array
    asked: NDArray[np.intp]
    best: int | None
    first_feasible: int | None
    feasible_design: int | None
    again: tuple[Result, ...] | None
    sweeps: int

    @property
    def simulations(self) -> int:
        """All simulations."""
        return len(self.asked)

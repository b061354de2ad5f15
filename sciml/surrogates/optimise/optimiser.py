"""What chooses designs: asked for the next ones, told what the simulator said."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Cutoff


@runtime_checkable
class Optimiser(Protocol):
    """Chooses designs one batch at a time.

    The answer of `ask` depends on the seed and on what was told, in its order, and on nothing else: asking
    twice gives the same designs, and an optimiser that is told again what an earlier one was told goes on as
    that one would have. No design is asked twice.
    """

    @property
    def cutoff(self) -> Cutoff | None:
        """When the simulation of the designs asked last may stop early; None for never."""
        ...

    def ask(self, n: int) -> NDArray[np.float64]:
        """The next designs (design, input), natural values: at most `n`, fewer where the optimiser works in
        smaller batches, none once it has nothing left to ask."""
        ...

    def tell(self, designs: NDArray[np.float64], result: Result) -> None:
        """Take note of simulated designs (design, input); they need not be the ones asked."""
        ...

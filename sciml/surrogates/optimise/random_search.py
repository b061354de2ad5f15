"""The floor of every comparison: designs drawn uniformly, none twice."""

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Cutoff

BATCH = 16


class RandomSearch:
    """Uniform designs over the grid, in batches of `BATCH`."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.history = History(problem.spec, problem.goal)
        self._grid = Grid(problem.spec)
        self._seed = seed

    @property
    def cutoff(self) -> Cutoff | None:
        """None: every simulation runs to its end."""
        return None

    def ask(self, n: int) -> NDArray[np.float64]:
        """Up to `BATCH` new designs; none once the whole grid was simulated."""
        generator = np.random.default_rng([self._seed, len(self.history)])
        return self._grid.random_unseen(min(n, BATCH), self.history, generator)

    def tell(self, designs: NDArray[np.float64], result: Result) -> None:
        """Remember what was simulated."""
        self.history.add(designs, result)

"""The grid of a problem's designs: positions along each input, and designs not yet simulated.

BagNet's evolution works on grid indices. An input with a step, a category and whole numbers have one index
for every allowed value; an input without a step is laid on `LEVELS` positions along its scale, between which
every value is allowed.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from sciml.surrogates.optimise.history import History
from sciml.surrogates.problem_spec import CategoryInput, ProblemSpec

LEVELS = 1000
ENUMERABLE = 20_000
"""Up to this many designs a space is listed when random draws no longer find anything new."""


class Grid:
    """Positions of designs along every input.

    Attributes:
        counts: (input,) positions of each input.
        is_free: (input,), True where values between positions are allowed.
        is_category: (input,).
        size: number of designs, or None where some input has no grid.
    """

    def __init__(self, spec: ProblemSpec) -> None:
        self.spec = spec
        self._values = [each.values() for each in spec.inputs]
        self.is_free = np.array([values is None for values in self._values])
        self.is_category = np.array([isinstance(each, CategoryInput) for each in spec.inputs])
        self.counts = np.array([LEVELS if values is None else len(values) for values in self._values])
        self.size = None if self.is_free.any() else math.prod(int(count) for count in self.counts)

    def positions(self, designs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Designs (design, input) as positions from 0 to counts - 1."""
        unit = self.spec.to_unit(designs)
        columns = []
        for i, values in enumerate(self._values):
            free = unit[:, i] * (LEVELS - 1)
            columns.append(free if values is None else _nearest(values, designs[:, i]))
        return np.stack(columns, axis=1)

    def designs(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """The designs at positions (design, input); those of gridded inputs are whole numbers."""
        clipped = np.clip(positions, 0, self.counts - 1)
        designs = self.spec.from_unit(clipped / (LEVELS - 1))
        for i, values in enumerate(self._values):
            if values is not None:
                designs[:, i] = values[np.round(clipped[:, i]).astype(int)]
        return designs

    def cells(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Designs for points of the unit cube, every allowed value owning an equal share, (design, input)."""
        whole = np.minimum(np.floor(unit * self.counts), self.counts - 1)
        return self.designs(np.where(self.is_free, unit * (LEVELS - 1), whole))

    def random(self, count: int, generator: np.random.Generator) -> NDArray[np.float64]:
        """`count` designs, uniform over positions."""
        return self.cells(generator.random((count, len(self.counts))))

    def sobol(self, count: int, seed: int | np.random.Generator) -> NDArray[np.float64]:
        """`count` designs of a scrambled Sobol sequence; on a coarse grid some may be equal."""
        sampler = qmc.Sobol(len(self.counts), scramble=True, rng=np.random.default_rng(seed))
        return self.cells(sampler.random(1 << max(count - 1, 0).bit_length())[:count])

    def random_unseen(
        self, count: int, history: History, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        """Up to `count` different designs that were not simulated, uniform; fewer only where no more exist.

        A space too large to be listed is drawn from a hundred times at most.
        """
        found = np.zeros((0, len(self.counts)))
        for _ in range(100):
            if len(found) >= count:
                break
            found = history.unseen(np.concatenate([found, self.random(2 * count + 8, generator)]))
            if self.size is not None and self.size <= ENUMERABLE and len(found) < count:
                rest = history.unseen(self.all())
                return rest[generator.permutation(len(rest))[:count]]
        return found[:count]

    def all(self) -> NDArray[np.float64]:
        """Every design, (design, input).

        Raises:
            ValueError: there are more than `ENUMERABLE`, or infinitely many.
        """
        if self.size is None or self.size > ENUMERABLE:
            raise ValueError(f"a space of {self.size or 'infinitely many'} designs is not listed")
        flat = np.indices([int(count) for count in self.counts]).reshape(len(self.counts), -1).T
        return self.designs(flat.astype(np.float64))


def _nearest(values: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(values) == 1:
        return np.zeros(len(column))
    right = np.clip(np.searchsorted(values, column), 1, len(values) - 1)
    nearer_left = column - values[right - 1] <= values[right] - column
    return np.where(nearer_left, right - 1, right).astype(np.float64)

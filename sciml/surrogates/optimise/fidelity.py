"""A feasible design at a high fidelity, given designs that were simulated at a low one.

The low fidelity (a schematic) is learned from its database; near a design of the database its own outputs
count most. What the high fidelity (the layout) does beyond that is a second, smooth correction, learned from
the few high-fidelity runs. The design that most probably meets the goal is simulated next: at first among the
feasible ones of the database, then anywhere.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.surrogates.optimise.corrected import Corrected, SurrogatePredictor, log_probability
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.loop import DesignRun, run_design
from sciml.surrogates.optimise.proposals import SearchSettings, best_unseen
from sciml.surrogates.prediction import Surrogate
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Cutoff, Simulator

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TransferSettings:
    """Sizes of the transfer."""

    batch: int = 1
    """High-fidelity runs before the correction is learned again."""
    from_database: int = 4
    """First runs that are designs of the database, if it holds feasible ones: what they were at the low
    fidelity is known and not predicted."""
    search: SearchSettings = field(default_factory=lambda: SearchSettings(step=0.05, random=0, rounds=10))
    """The search on predictions before each run: near what was simulated, since far from it an ensemble is
    surer than it should be."""


class FidelityTransfer:
    """An optimiser of the high fidelity; see :class:`sciml.surrogates.optimise.optimiser.Optimiser`.

    Args:
        problem: of the high fidelity; inputs and outputs are those of the low one.
        surrogate: of the low fidelity.
        designs: (design, input), simulated at the low fidelity.
        result: their low-fidelity results.
        seed: of the searches.
        settings: sizes.

    Raises:
        SettingsError: the fidelities differ in inputs or outputs, or the goal has no specification.
    """

    cutoff: Cutoff | None = None

    def __init__(
        self,
        problem: Problem,
        surrogate: Surrogate,
        designs: Array,
        result: Result,
        *,
        seed: int = 0,
        settings: TransferSettings | None = None,
    ) -> None:
        same = surrogate.spec.inputs == problem.spec.inputs
        if not same or surrogate.spec.output_names != problem.spec.output_names:
            raise SettingsError("the two fidelities have different inputs or outputs")
        if not problem.goal.specifications:
            raise SettingsError("a transfer needs at least one specification")
        self.problem, self.seed, self.settings = problem, seed, settings or TransferSettings()
        self.low = Corrected(SurrogatePredictor(surrogate))
        self.low.add(designs, np.where(result.ok[:, None], result.values, np.nan))
        self.high = Corrected(self.low)
        self.history, self._grid = History(problem.spec, problem.goal), Grid(problem.spec)
        cost = problem.goal.cost(result.values, problem.spec)
        self._feasible = designs[problem.goal.feasible(result.values, problem.spec) & result.ok]
        self._starts = designs[np.argsort(cost, kind="stable")[: self.settings.search.population]]

    def tell(self, designs: Array, result: Result) -> None:
        """Take note of high-fidelity runs."""
        self.history.add(designs, result)
        self.high.add(designs, np.where(result.ok[:, None], result.values, np.nan))

    def ask(self, n: int) -> Array:
        """The designs that most probably meet the goal, best first, at most the batch's number."""
        count = min(n, self.settings.batch)
        known = self.history.unseen(self._feasible)
        if len(known) and len(self.history) < self.settings.from_database:
            return known[np.argsort(-self._score(known), kind="stable")[:count]]
        generator = np.random.default_rng((self.seed, len(self.history)))
        order = np.argsort(self.history.cost, kind="stable")[: self.settings.search.population]
        starts = np.concatenate([self.history.designs[order], self._starts])
        return best_unseen(
            self._score, self.history, self._grid, starts, generator, count, self.settings.search
        )

    def _score(self, designs: Array) -> Array:
        return log_probability(self.high, designs, self.problem.goal)


def transfer(
    problem: Problem,
    simulator: Simulator,
    surrogate: Surrogate,
    designs: Array,
    result: Result,
    *,
    budget: int = 30,
    seed: int = 0,
    settings: TransferSettings | None = None,
) -> DesignRun:
    """Search the high fidelity until its first feasible design; see :class:`FidelityTransfer` and
    :func:`sciml.surrogates.optimise.loop.run_design`."""
    optimiser = FidelityTransfer(problem, surrogate, designs, result, seed=seed, settings=settings)
    return run_design(problem, simulator, optimiser, budget=budget, stop_at_first=True)

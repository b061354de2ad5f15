"""Widening a Pareto front once a feasible design is known.

Every round an ensemble learns all outputs anew; an evolution around the front makes designs; those that
probably meet the specifications are simulated if their expected objectives would add hypervolume. Without a
feasible design the probability of one decides alone.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.optimise.corrected import SurrogatePredictor, log_probability
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.pareto import gains, greedy_batch, non_dominated, objective_table
from sciml.surrogates.optimise.proposals import SearchSettings, best_unseen, mutated
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Cutoff

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FrontSettings:
    """Sizes of the search for a front."""

    initial: int = 20
    """Random designs simulated first, if nothing was told before."""
    batch: int = 4
    """Designs a round."""
    children: int = 1500
    """Designs made around the front in a round."""
    probability: float = 0.3
    """Designs less likely to meet all specifications are not simulated for their objectives."""
    shortlist: int = 48
    """Most promising children among which the hypervolume decides."""
    ensemble: Ensemble.Config = field(default_factory=Ensemble.Config)
    """The networks."""


class FrontSearch:
    """An optimiser for two objectives or more; see :class:`sciml.surrogates.optimise.optimiser.Optimiser`.

    Args:
        problem: inputs and goal.
        seed: of all choices.
        settings: sizes.

    Raises:
        SettingsError: the goal has fewer than two objectives.
    """

    cutoff: Cutoff | None = None

    def __init__(self, problem: Problem, seed: int, settings: FrontSettings | None = None) -> None:
        if len(problem.goal.objectives) < 2:
            raise SettingsError("a front needs two objectives or more")
        self.problem, self.seed, self.settings = problem, seed, settings or FrontSettings()
        self.history, self._grid = History(problem.spec, problem.goal), Grid(problem.spec)

    def tell(self, designs: Array, result: Result) -> None:
        """Take note of simulated designs (design, input)."""
        self.history.add(designs, result)

    def ask(self, n: int) -> Array:
        """The next designs (design, input), at most `n`."""
        count = min(n, self.settings.batch)
        generator = np.random.default_rng((self.seed, len(self.history)))
        known = self.history.result.ok.sum()
        if known < max(2, self.settings.initial):
            wanted = min(n, self.settings.initial - len(self.history))
            return self._grid.random_unseen(max(wanted, 1), self.history, generator)
        ensemble = Ensemble.for_problem(self.problem, seed=self.seed, config=self.settings.ensemble)
        ensemble.fit(self.history.designs, self.history.result)
        if not self.history.feasible.any():
            return self._towards_feasible(ensemble, count, generator)
        chosen = self._widen(ensemble, count, generator)
        if len(chosen) < count:
            rest = _joined(self.history, chosen)
            more = self._grid.random_unseen(count - len(chosen), rest, generator)
            chosen = np.concatenate([chosen, more])
        return chosen

    def _towards_feasible(self, ensemble: Ensemble, count: int, generator: np.random.Generator) -> Array:
        predictor = SurrogatePredictor(ensemble)
        starts = self.history.designs[np.argsort(self.history.cost, kind="stable")[:64]]
        return best_unseen(
            lambda designs: log_probability(predictor, designs, self.problem.goal),
            self.history, self._grid, starts, generator, count, SearchSettings(rounds=15),
        )  # fmt: skip

    def _widen(self, ensemble: Ensemble, count: int, generator: np.random.Generator) -> Array:
        """Children of the front that add hypervolume by their expected objectives."""
        feasible = self.history.feasible
        points = objective_table(self.problem.goal, self.history.result.values, self.problem.spec)
        low, high = points[feasible].min(axis=0), points[feasible].max(axis=0)
        width = np.where(high > low, high - low, np.maximum(np.abs(high), 1e-30))
        scaled = (points[feasible] - low) / width
        on_front = non_dominated(scaled)
        front, reference = scaled[on_front], np.full(points.shape[1], 1.1)
        parents = self.history.designs[feasible][on_front]
        children = self.history.unseen(mutated(parents, self._grid, self.settings.children, generator, 0.25))
        predictor = SurrogatePredictor(ensemble)
        chance = np.exp(log_probability(predictor, children, self.problem.goal))
        likely = chance >= self.settings.probability
        if not likely.any():
            return children[np.argsort(-chance, kind="stable")[:count]]
        children, chance = children[likely], chance[likely]
        outputs = predictor.transform.decode(predictor.gaussians(children)[0])
        expected = (objective_table(self.problem.goal, outputs, self.problem.spec) - low) / width
        # By gain times chance, a short list; among it designs that do not stand in each other's place.
        keep = np.flatnonzero(non_dominated(expected))
        keep = keep[np.argsort(-chance[keep], kind="stable")[: 4 * self.settings.shortlist]]
        worth = gains(expected[keep], front, reference) * chance[keep]
        keep = keep[np.argsort(-worth, kind="stable")[: self.settings.shortlist]]
        return children[keep[greedy_batch(expected[keep], front, reference, count)]]


def _joined(history: History, designs: Array) -> History:
    """A history that knows further designs as seen, without results."""
    from sciml.surrogates.result import Row, stack_rows

    joined = History(history.spec, history.goal)
    joined.add(history.designs, history.result)
    if len(designs):
        joined.add(designs, stack_rows([Row({}, is_complete=False)] * len(designs), history.spec))
    return joined

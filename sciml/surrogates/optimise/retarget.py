"""New limits for a simulator that was learned before: few simulations a target, no training.

One surrogate, trained once, ranks designs under any limits on its outputs. Each simulation of a target
corrects it near by (:mod:`sciml.surrogates.optimise.corrected`), and what was simulated for one target may
answer the next.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.surrogates.optimise.corrected import Corrected, SurrogatePredictor, log_probability
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.proposals import SearchSettings, best_unseen
from sciml.surrogates.prediction import Surrogate
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import NOMINAL, Corner, Simulator
from sciml.surrogates.specification import Goal, Specification

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Reached:
    """What became of one target.

    Attributes:
        design: (input,), the first feasible design, else the best one that is known.
        values: (output,), its simulated outputs.
        is_reached: whether every specification of the target is met.
        simulations: new ones for this target.
    """

    design: Array
    values: Array
    is_reached: bool
    simulations: int


@dataclass(frozen=True)
class RetargetSettings:
    """Limits and sizes."""

    simulations: int = 10
    """New simulations of one target at most."""
    reuse: bool = True
    """Whether targets learn from the simulations of earlier ones, and may be answered by them."""
    search: SearchSettings = field(default_factory=SearchSettings)
    """The search on predictions before each simulation."""


class Retargeter:
    """Answers targets one after the other.

    Args:
        problem: inputs and outputs; its own goal plays no part.
        simulator: the truth.
        surrogate: trained on `designs`.
        designs: (design, input), the training set.
        result: its simulations.
        seed: of the searches.
        settings: limits and sizes.
    """

    def __init__(
        self,
        problem: Problem,
        simulator: Simulator,
        surrogate: Surrogate,
        designs: Array,
        result: Result,
        *,
        seed: int = 0,
        settings: RetargetSettings | None = None,
    ) -> None:
        self.problem, self.simulator, self.seed = problem, simulator, seed
        self.settings = settings or RetargetSettings()
        self._grid = Grid(problem.spec)
        # The training set corrects too: near a design that was simulated its own outputs count most.
        self._trained = Corrected(SurrogatePredictor(surrogate))
        self._trained.add(designs, _known(result))
        self._training = (designs, result)
        self.history = History(problem.spec, problem.goal)
        self.history.add(designs, result)
        self._corrected = Corrected(self._trained)
        self.targets = 0

    def reach(self, goal: Goal, *, corner: Corner = NOMINAL) -> Reached:
        """Find a design that meets a goal's specifications; its objectives play no part.

        A design that is known to meet them costs no simulation.

        Raises:
            SettingsError: the goal has no specification.
        """
        if not goal.specifications:
            raise SettingsError("a target has at least one specification")
        goal.check(self.problem.spec)
        if not self.settings.reuse:
            self._forget()
        history = History(self.problem.spec, goal)
        history.add(self.history.designs, self.history.result)
        generator = np.random.default_rng((self.seed, self.targets))
        self.targets += 1
        used = 0
        while not history.feasible.any() and used < self.settings.simulations:
            best = np.argsort(history.cost, kind="stable")[: self.settings.search.population]
            design = best_unseen(
                lambda designs: log_probability(self._corrected, designs, goal),
                history, self._grid, history.designs[best], generator, 1, self.settings.search,
            )  # fmt: skip
            if not len(design):
                break
            result = self.simulator.run(design, corner=corner)
            used += 1
            for each in (history, self.history):
                each.add(design, result)
            self._corrected.add(design, _known(result))
        row = int(np.argmin(np.where(history.feasible, -1.0, history.cost)))
        values = history.result.values[row]
        return Reached(history.designs[row], values, bool(history.feasible[row]), used)

    def _forget(self) -> None:
        self.history = History(self.problem.spec, self.problem.goal)
        self.history.add(*self._training)
        self._corrected = Corrected(self._trained)


def with_limits(goal: Goal, limits: dict[tuple[str, float], float]) -> Goal:
    """A goal with other limits.

    Args:
        goal: the goal that is changed.
        limits: by output and sign (+1 minimum, -1 maximum) the new limit; the others stay.

    Raises:
        SettingsError: a limit for a specification that the goal does not have.
    """
    known = {(each.output, each.sign) for each in goal.specifications}
    if unknown := sorted(set(limits) - known):
        raise SettingsError(f"the goal has no specification {unknown[0]}")
    return replace(goal, specifications=tuple(_changed(each, limits) for each in goal.specifications))


def _changed(each: Specification, limits: dict[tuple[str, float], float]) -> Specification:
    limit = limits.get((each.output, each.sign), each.limit)
    return replace(each, minimum=limit) if each.sign > 0 else replace(each, maximum=limit)


def _known(result: Result) -> Array:
    """Outputs of complete simulations, NaN elsewhere."""
    values: Array = np.where(result.ok[:, None], result.values, np.nan)
    return values

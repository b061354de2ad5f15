"""BagNet's evolution without its network: every child is simulated. The released baseline."""

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.surrogates.optimise.evolution_rules import (
    EvolutionSettings,
    Parents,
    breed,
    find_critical,
    select_parents,
    signed_values,
)
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Cutoff


class Evolution:
    """The released baseline: 100 random designs, then rounds of five children, all of them simulated.

    A round starts once all designs of the one before were told. Failed children do not join the database;
    failed initial designs do, at full penalty. The search ends when the top designs meet every specification.
    Designs that were told and not asked join the database.
    """

    def __init__(self, problem: Problem, seed: int, settings: EvolutionSettings | None = None) -> None:
        if not problem.goal.specifications:
            raise SettingsError("evolution follows violated specifications; the goal has none")
        self.settings = settings or EvolutionSettings()
        self.history = History(problem.spec, problem.goal)
        self.critical: list[int] = []
        self.round = 0
        self.is_finished = False
        self._grid = Grid(problem.spec)
        self._seed = seed
        start = np.random.default_rng([seed, 0])
        self._queue = self._grid.random_unseen(self.settings.initial, self.history, start)

    @property
    def cutoff(self) -> Cutoff | None:
        """None: every simulation runs to its end."""
        return None

    def ask(self, n: int) -> NDArray[np.float64]:
        """The designs of the present round that were not told yet, at most `n`."""
        self._settle()
        return self._queue[:n]

    def tell(self, designs: NDArray[np.float64], result: Result) -> None:
        """Remember what was simulated."""
        self._settle()
        self.history.add(designs, result)
        self._queue = self.history.unseen(self._queue)

    def _settle(self) -> None:
        # A round is prepared when it is needed, so that its choices follow from what was told, whether or not
        # anything was asked.
        if len(self._queue) == 0 and not self.is_finished and len(self.history) > 0:
            self._queue = self._next_round()
            self.is_finished = len(self._queue) == 0

    def _next_round(self) -> NDArray[np.float64]:
        self.round += 1
        if self.round > self.settings.rounds:
            return self._queue
        generator = np.random.default_rng([self._seed, self.round])
        database = self.database()
        penalties = self.history.violations[database]
        critical = find_critical(
            penalties, self.history.cost[database], self.critical, self.settings.reference
        )
        if critical is None:
            return self._queue
        if critical not in self.critical:
            self.critical.append(critical)
        goal = self.history.goal.specifications[critical]
        column = self.history.spec.output_names.index(goal.output)
        values = signed_values(goal, self.history.result.values[database, column])
        parents = select_parents(penalties, values, self.critical, critical, self.settings, generator)
        rows = Parents(database[parents.others], database[parents.newest], int(database[parents.reference]))
        return self._choose(rows, generator)

    def database(self) -> NDArray[np.intp]:
        """Rows of the history that evolution knows of: initial designs, and others that did not fail."""
        kept = self.history.result.ok.copy()
        kept[: self.settings.initial] = True
        return np.flatnonzero(kept)

    def _choose(self, parents: Parents, generator: np.random.Generator) -> NDArray[np.float64]:
        chosen = np.zeros((0, len(self._grid.counts)))
        positions = self._grid.positions(self.history.designs)
        for _ in range(1000 * self.settings.children):  # a small space may have no new children left
            children = breed(positions, parents, self._grid, self.settings, generator)
            chosen = self.history.unseen(np.concatenate([chosen, self._grid.designs(children)]))
            if len(chosen) >= self.settings.children:
                break
        return chosen

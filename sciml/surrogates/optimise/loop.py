"""One design run: ask, simulate, tell, until a design is feasible or the budget is spent."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.merit import best_design
from sciml.surrogates.optimise.optimiser import Optimiser
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Simulator

Stopped = Literal["feasible", "budget", "exhausted"]


@dataclass(frozen=True)
class DesignRun:
    """What a run simulated, in the order in which it was told.

    Attributes:
        designs: (design, input), natural values.
        result: their results.
        best: row of the best design, or None where nothing was simulated.
        first_feasible: number of simulations up to and with the first feasible design, counted from 1 with
            initial designs and failures; None where none was found.
        confirmed: for rows that were simulated a second time, whether they were feasible again.
        stopped: why the run ended: a first feasible design, the budget, or nothing left to ask.
        seconds_simulating: wall time inside the simulator, confirmations included.
        seconds_choosing: wall time inside the optimiser.
    """

    designs: NDArray[np.float64]
    result: Result
    best: int | None
    first_feasible: int | None
    confirmed: dict[int, bool]
    stopped: Stopped
    seconds_simulating: float
    seconds_choosing: float


Progress = Callable[[DesignRun], None]


def run_design(
    problem: Problem,
    simulator: Simulator,
    optimiser: Optimiser,
    *,
    budget: int,
    batch: int | None = None,
    stop_at_first: bool | None = None,
    confirm: Simulator | None = None,
    progress: Progress | None = None,
) -> DesignRun:
    """Search until the first feasible design or until `budget` designs were simulated.

    Every design counts once: initial ones, failed ones, and those that a cutoff stopped. A design that meets
    every specification is simulated a second time, to its end, before it is called feasible; that second
    simulation is a check and does not count.

    A run resumes by being run again: the optimiser's choices follow from its seed and from what it is told,
    so with a simulator that answers from a store what was simulated before, the same designs come again at no
    cost, and the next batch is that of an uninterrupted run.

    Args:
        problem: the inputs and the goal.
        simulator: the truth; failures are rows of its result.
        optimiser: new, or told of earlier designs, which this run does not count.
        budget: simulations at most.
        batch: designs a batch at most; None leaves it to the optimiser.
        stop_at_first: end with the first feasible design; None for yes where the goal has no objectives.
        confirm: simulator of the second simulation, one that does not answer from a store; None for
            `simulator`.
        progress: called with the run so far after every batch.

    Raises:
        SettingsError: budget or batch is below 1.
    """
    if budget < 1 or (batch is not None and batch < 1):
        raise SettingsError(f"budget and batch are at least 1, not {budget} and {batch}")
    if stop_at_first is None:
        stop_at_first = not problem.goal.objectives
    state = _State(problem, confirm or simulator)
    stopped: Stopped = "budget"
    while len(state.history) < budget:
        started = time.perf_counter()
        designs = optimiser.ask(min(batch or budget, budget - len(state.history)))
        cutoff = optimiser.cutoff
        state.seconds_choosing += time.perf_counter() - started
        if len(designs) == 0:
            stopped = "exhausted"
            break
        started = time.perf_counter()
        result = simulator.run(designs, cutoff=cutoff)
        state.add(designs, result)
        state.seconds_simulating += time.perf_counter() - started
        started = time.perf_counter()
        optimiser.tell(designs, result)
        state.seconds_choosing += time.perf_counter() - started
        if stop_at_first and state.first_feasible is not None:
            stopped = "feasible"
        if progress is not None:
            progress(state.run(stopped))
        if stopped == "feasible":
            break
    state.confirm_best()
    return state.run(stopped)


class _State:
    """The run so far."""

    def __init__(self, problem: Problem, confirm: Simulator) -> None:
        self.history = History(problem.spec, problem.goal)
        self.first_feasible: int | None = None
        self.confirmed: dict[int, bool] = {}
        self.seconds_simulating = 0.0
        self.seconds_choosing = 0.0
        self._confirm = confirm

    def add(self, designs: NDArray[np.float64], result: Result) -> None:
        """Take a batch in, and simulate its first feasible designs again until one is confirmed."""
        start = len(self.history)
        self.history.add(designs, result)
        for row in np.flatnonzero(self.history.feasible[start:]) + start:
            if self.first_feasible is not None:
                break
            if self._again(int(row)):
                self.first_feasible = int(row) + 1

    def _again(self, row: int) -> bool:
        again = self._confirm.run(self.history.designs[row : row + 1])
        goal, spec = self.history.goal, self.history.spec
        self.confirmed[row] = bool(again.ok[0] and goal.feasible(again.values, spec)[0])
        return self.confirmed[row]

    def best(self) -> int | None:
        """The best row; a design that was refuted is none."""
        refuted = np.array([row for row, met in self.confirmed.items() if not met], dtype=np.intp)
        return best_design(self.history, refuted)

    def confirm_best(self) -> None:
        """Simulate the best design a second time if it is feasible and was not, and the next if it is
        refuted."""
        started = time.perf_counter()
        while (row := self.best()) is not None and self.history.feasible[row] and row not in self.confirmed:
            self._again(row)
        self.seconds_simulating += time.perf_counter() - started

    def run(self, stopped: Stopped) -> DesignRun:
        """The run so far as a value."""
        return DesignRun(
            designs=self.history.designs,
            result=self.history.result,
            best=self.best(),
            first_feasible=self.first_feasible,
            confirmed=dict(self.confirmed),
            stopped=stopped,
            seconds_simulating=self.seconds_simulating,
            seconds_choosing=self.seconds_choosing,
        )

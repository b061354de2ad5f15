"""Simulator, store, executor and optimiser put together, and run once for each seed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.runs.provenance import usable_processors
from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.execution.executor import Executor
from sciml.surrogates.execution.serial import SerialExecutor
from sciml.surrogates.optimise.conditions import Condition, all_conditions
from sciml.surrogates.optimise.history import join_results
from sciml.surrogates.optimise.loop import DesignRun, run_design
from sciml.surrogates.optimise.modes import OWN_MODES, make_optimiser
from sciml.surrogates.optimise.optimiser import Optimiser
from sciml.surrogates.optimise.robust import run_robust
from sciml.surrogates.optimise.robust_run import RobustRun
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Result
from sciml.surrogates.session.settings import SessionSettings
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff, RowSimulator
from sciml.surrogates.store import Store

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """The run of one seed. Rows are designs in the order in which they were told to the optimiser.

    Attributes:
        seed: of all its choices.
        designs: (design, input).
        result: of every design; at the worst of all corners in a robust run.
        simulations: all that were counted.
        first_feasible: simulations until the first feasible design, itself included.
        feasible_row: row of that design.
        best: row of the best design; None where nothing was simulated.
        is_feasible: whether the best design met every specification, and did so again.
        stopped: why it ended.
        again: the best design simulated again at every condition, not from the store; empty where it failed.
        robust: all corners of a robust run.
        seconds_simulating, seconds_choosing: wall time.
    """

    seed: int
    designs: Array
    result: Result
    simulations: int
    first_feasible: int | None
    feasible_row: int | None
    best: int | None
    is_feasible: bool
    stopped: str
    again: tuple[Result, ...]
    robust: RobustRun | None
    seconds_simulating: float
    seconds_choosing: float


@dataclass(frozen=True)
class Session:
    """All runs of a problem, the best one first in `chosen`."""

    problem: Problem
    settings: SessionSettings
    conditions: tuple[Condition, ...]
    searches: tuple[Search, ...]
    chosen: int
    simulator: RowSimulator
    real_simulations: int
    """Simulations that were not answered by the store, checks included."""
    recalled: int
    """Simulations that the store answered."""
    seconds: float

    @property
    def search(self) -> Search:
        """The run whose best design is shown."""
        return self.searches[self.chosen]


Progress = Callable[[int, int, Array, Result], None]
"""Seed, simulations so far, designs (design, input) and their result."""


def run_session(
    problem: Problem,
    simulator: RowSimulator,
    settings: SessionSettings,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Session:
    """Run every seed.

    What the store knows is not simulated again, so a run that was killed goes on where it was: the optimiser
    is told the known answers and chooses the same designs.

    Args:
        problem: as read.
        simulator: of one design.
        settings: what to do.
        store: remembers simulations; None for none.
        progress: told after every batch.

    Raises:
        SettingsError: corners are asked for and the problem has none.
    """
    started = time.perf_counter()
    conditions = _conditions(problem, settings)
    with make_executor(problem, settings) as executor:
        truth = BatchSimulator(simulator, executor, store)
        fresh = BatchSimulator(simulator, executor)
        searches = []
        for seed in range(settings.seed, settings.seed + settings.seeds):
            one = _OneSeed(problem, settings, seed, truth, fresh, progress)
            searches.append(one.robust(conditions) if settings.corners else one.nominal())
    chosen = min(range(len(searches)), key=lambda index: _rank(searches[index], problem))
    seconds = time.perf_counter() - started
    real = truth.simulations + fresh.simulations
    return Session(
        problem, settings, conditions, tuple(searches), chosen, simulator, real, truth.recalled, seconds
    )


def make_executor(problem: Problem, settings: SessionSettings) -> Executor:
    """Where simulations run: a cluster, supervised processes, or this process for one external program."""
    if settings.scheduler is not None:
        from sciml.surrogates.execution.dask_cluster import DaskExecutor

        return DaskExecutor(settings.scheduler)
    is_program = problem.simulator.get("kind") == "command"
    jobs = settings.jobs or (1 if is_program else usable_processors())
    if is_program and jobs == 1:
        return SerialExecutor()  # such a simulator watches its program itself
    from sciml.surrogates.execution.process_pool import ProcessExecutor

    return ProcessExecutor(jobs)


def _conditions(problem: Problem, settings: SessionSettings) -> tuple[Condition, ...]:
    if not settings.corners:
        return (Condition(),)
    if not problem.corners:
        raise SettingsError(f"--corners: the problem {problem.spec.name!r} lists no corners")
    return all_conditions(problem.corners, settings.mismatch)


def _rank(search: Search, problem: Problem) -> tuple[bool, float, int]:
    """Feasible before infeasible; then the fewest simulations, or the least cost."""
    if search.is_feasible:
        return False, 0.0, search.first_feasible or search.simulations
    if search.best is None:
        return True, 2.0, search.simulations
    row = search.result.values[search.best : search.best + 1]
    return True, float(problem.goal.cost(row, problem.spec)[0]), search.simulations


class _Checks:
    """Second simulations of one seed: each design is checked once, however often its check is looked at."""

    def __init__(self, fresh: BatchSimulator) -> None:
        self._fresh = fresh
        self._known: dict[tuple[bytes, str, int | None], Result] = {}

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self._fresh.spec

    def run(
        self,
        designs: Array,
        *,
        corner: Corner = NOMINAL,
        seed: int | None = None,
        cutoff: Cutoff | None = None,
    ) -> Result:
        """The check of designs (design, input), to the end of each simulation whatever the cutoff."""
        key = designs.tobytes(), corner.name, seed
        if key not in self._known:
            self._known[key] = self._fresh.run(designs, corner=corner, seed=seed)
        return self._known[key]


@dataclass(frozen=True)
class _OneSeed:
    problem: Problem
    settings: SessionSettings
    seed: int
    truth: BatchSimulator
    fresh: BatchSimulator
    progress: Progress | None

    def nominal(self) -> Search:
        """Until a feasible design, or for the whole budget where there are objectives; two or more of them
        get a search for their front once a design is feasible."""
        goal, settings = self.problem.goal, self.settings
        has_front = len(goal.objectives) > 1
        optimiser, checks = self._optimiser(), _Checks(self.fresh)
        run = run_design(
            self.problem, self.truth, optimiser, budget=settings.budget, batch=settings.at_once,
            stop_at_first=True if has_front and goal.specifications else None,
            confirm=checks, progress=self._told,
        )  # fmt: skip
        left = settings.budget - len(run.designs)
        if has_front and run.first_feasible is not None and left > 0:
            run = self._widened(run, left, checks)
        again: tuple[Result, ...] = ()
        if run.best is not None and run.result.failures[run.best] is None:
            again = (checks.run(run.designs[run.best : run.best + 1]),)
        is_met = [bool(each.ok[0] and goal.feasible(each.values, self.problem.spec)[0]) for each in again]
        is_feasible = run.first_feasible is not None and all(is_met)
        row = None if run.first_feasible is None else run.first_feasible - 1
        return Search(
            self.seed, run.designs, run.result, len(run.designs), run.first_feasible, row, run.best,
            is_feasible, run.stopped, again, None,
            run.seconds_simulating, run.seconds_choosing,
        )  # fmt: skip

    def _optimiser(self) -> Optimiser:
        """A new one; our own modes choose as many designs at once as are simulated at once."""
        batch = self.settings.at_once
        fields = {"batch": batch} if batch is not None and self.settings.mode in OWN_MODES else {}
        return make_optimiser(self.settings.mode, self.problem, self.seed, **fields)

    def _widened(self, first: DesignRun, budget: int, checks: "_Checks") -> DesignRun:
        from sciml.surrogates.optimise.front_search import FrontSearch

        search = FrontSearch(self.problem, self.seed)
        search.tell(first.designs, first.result)

        def told(run: DesignRun) -> None:
            if self.progress is not None:
                both = join_results([first.result, run.result], self.problem.spec)
                designs = np.concatenate([first.designs, run.designs])
                self.progress(self.seed, len(designs), designs, both)

        more = run_design(
            self.problem, self.truth, search, budget=budget, batch=self.settings.at_once,
            stop_at_first=False, confirm=checks, progress=told,
        )  # fmt: skip
        shift = len(first.designs)
        return replace(
            more,
            designs=np.concatenate([first.designs, more.designs]),
            result=join_results([first.result, more.result], self.problem.spec),
            best=first.best if more.first_feasible is None or more.best is None else more.best + shift,
            first_feasible=first.first_feasible,
            confirmed=first.confirmed | {row + shift: met for row, met in more.confirmed.items()},
            seconds_simulating=first.seconds_simulating + more.seconds_simulating,
            seconds_choosing=first.seconds_choosing + more.seconds_choosing,
        )

    def robust(self, conditions: tuple[Condition, ...]) -> Search:
        """Until a design is feasible at every condition."""

        def told(run: RobustRun) -> None:
            if self.progress is not None:
                self.progress(self.seed, run.simulations, run.designs, run.result)

        started = time.perf_counter()
        run = run_robust(
            self.problem, self.truth, self._optimiser, conditions, budget=self.settings.budget,
            batch=self.settings.at_once, confirm=self.fresh, progress=told,
        )  # fmt: skip
        again = run.again or ()
        if not again and run.best is not None:
            design = run.designs[run.best : run.best + 1]
            again = tuple(self.fresh.run(design, corner=each.corner, seed=each.seed) for each in conditions)
        seconds = time.perf_counter() - started
        return Search(
            self.seed, run.designs, run.result, run.simulations, run.first_feasible, run.feasible_design,
            run.best, run.first_feasible is not None,
            "feasible" if run.first_feasible is not None else "budget",
            again, run, seconds, 0.0,
        )  # fmt: skip

    def _told(self, run: DesignRun) -> None:
        if self.progress is not None:
            self.progress(self.seed, len(run.designs), run.designs, run.result)

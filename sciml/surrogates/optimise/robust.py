"""Designs that work at every corner with mismatch, without simulating every design everywhere.

A design is first simulated where it is expected to fail; the first violated specification ends it. What the
conditions do to each output is learned from the designs that were simulated at several of them, so that the
optimiser is told an estimate of the worst case of every design; when estimates have moved, a new optimiser is
told all of them again. Only a design that was simulated at every condition and meets every specification is
called feasible.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.surrogates.optimise.conditions import Condition, ConditionTable
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.optimiser import Optimiser
from sciml.surrogates.optimise.robust_run import RobustRun, RobustSettings
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Failure, Result
from sciml.surrogates.simulator import Simulator

Array = NDArray[np.float64]


Progress = Callable[[RobustRun], None]


def run_robust(
    problem: Problem,
    simulator: Simulator,
    make: Callable[[], Optimiser],
    conditions: Sequence[Condition],
    *,
    budget: int,
    batch: int | None = None,
    settings: RobustSettings | None = None,
    confirm: Simulator | None = None,
    progress: Progress | None = None,
) -> RobustRun:
    """Search until a design meets every specification at every condition, or the budget is spent.

    Args:
        problem: inputs and goal.
        simulator: the truth.
        make: makes the optimiser, always the same one; it is told worst cases, as if each design had been
            simulated once.
        conditions: at least one; the first is what the others are compared with.
        budget: simulations at most; a design at five conditions counts five.
        batch: designs a batch at most.
        settings: how corners are learned.
        confirm: simulator of the last check; None for `simulator`.
        progress: called after every batch.

    Raises:
        SettingsError: no condition, no specification, or a budget below one.
    """
    if not conditions or not problem.goal.specifications:
        raise SettingsError("a robust design needs corners and specifications")
    if budget < 1 or (batch is not None and batch < 1):
        raise SettingsError(f"budget and batch are at least 1, not {budget} and {batch}")
    state = _State(problem, simulator, conditions, budget, settings or RobustSettings())
    optimiser = make()
    while not state.is_done:
        designs = optimiser.ask(min(batch or budget, state.left))
        if not len(designs):
            break
        told = state.simulate(designs)
        result = state.told_result(told)
        state.history.add(state.table.designs[told], result)
        optimiser.tell(state.table.designs[told], result)
        state.sweep()
        state.check(confirm or simulator)
        if state.estimates_moved():
            optimiser = make()
            optimiser.tell(state.history.designs, state.history.result)
        if progress is not None:
            progress(state.run())
    return state.run()


class _State:
    """The run so far."""

    def __init__(
        self,
        problem: Problem,
        simulator: Simulator,
        conditions: Sequence[Condition],
        budget: int,
        settings: RobustSettings,
    ) -> None:
        self.problem, self.simulator, self.settings, self.budget = problem, simulator, settings, budget
        self.table = ConditionTable(problem.spec, problem.goal, conditions)
        self.history = History(problem.spec, problem.goal)
        self.asked: list[tuple[int, int]] = []
        self.failures: dict[int, Failure] = {}
        self.cost_s: dict[int, float] = {}
        self.first_feasible: int | None = None
        self.feasible_design: int | None = None
        self.again: tuple[Result, ...] | None = None
        self.refuted: set[int] = set()
        self.sweeps, self._cost_at_sweep = 0, np.inf

    @property
    def left(self) -> int:
        """Simulations that the budget still has."""
        return self.budget - len(self.asked)

    @property
    def is_done(self) -> bool:
        """Whether a design is feasible everywhere or the budget is spent."""
        return self.left <= 0 or self.feasible_design is not None

    def simulate(self, designs: Array) -> NDArray[np.intp]:
        """Simulate designs, each until a violation or at all conditions; returns the rows that were asked."""
        if self.settings.exhaustive:
            rows = self.table.add_designs(designs[: max(self.left // len(self.table.conditions), 1)])
            for row in rows:
                for k in range(len(self.table.conditions)):
                    self._ask({k: np.array([row])})
                self._note_feasible(np.array([row]))
                if self.is_done:
                    return rows[: row - rows[0] + 1]
            return rows
        rows = open_rows = self.table.add_designs(designs[: self.left])
        while len(open_rows) and not self.is_done:
            self._ask(self._next_conditions(open_rows[: self.left]))
            self._note_feasible(open_rows)
            open_rows = np.array([row for row in open_rows if self._is_open(int(row))], dtype=np.intp)
        self.table.learn()
        return rows

    def _next_conditions(self, rows: NDArray[np.intp]) -> dict[int, NDArray[np.intp]]:
        """For each condition the designs that are simulated there next: where a violation is likeliest."""
        chance = self.table.violation_chances(rows).max(axis=2)  # (row, condition)
        chance[self.table.is_asked[rows]] = -1.0
        chosen = chance.argmax(axis=1)
        return {int(k): rows[chosen == k] for k in np.unique(chosen)}

    def _ask(self, plan: dict[int, NDArray[np.intp]]) -> None:
        for k, rows in plan.items():
            kept = rows[: max(self.left, 0)]
            if not len(kept):
                continue
            condition = self.table.conditions[k]
            designs = self.table.designs[kept]
            found = self.simulator.run(designs, corner=condition.corner, seed=condition.seed)
            for place, row in enumerate(int(each) for each in kept):
                self.table.put(row, k, np.where(found.ok[place], found.values[place], np.nan))
                failure = found.failures[place]
                if failure is not None:
                    self.failures.setdefault(row, failure)
                self.cost_s[row] = self.cost_s.get(row, 0.0) + float(found.cost_s[place])
                self.asked.append((row, k))

    def _is_open(self, row: int) -> bool:
        """Whether nothing speaks against the design yet and some condition was not simulated."""
        asked = self.table.is_asked[row]
        values = self.table.values[row, asked]
        return not asked.all() and bool(self.problem.goal.feasible(values, self.problem.spec).all())

    def _note_feasible(self, rows: NDArray[np.intp]) -> None:
        for row in (int(each) for each in rows):
            if self.feasible_design is not None or row in self.refuted or not self.table.is_asked[row].all():
                continue
            if self.problem.goal.feasible(self.table.values[row], self.problem.spec).all():
                self.feasible_design, self.first_feasible = row, len(self.asked)

    def told_result(self, rows: NDArray[np.intp]) -> Result:
        """Worst cases of designs as if each were one simulation."""
        values = self.table.worst(rows)
        ok = np.isfinite(values).all(axis=1)
        failures = tuple(self.failures.get(int(row)) for row in rows)
        nothing = np.full((len(rows), len(self.problem.spec.auxiliary)), np.nan)
        cost_s = np.array([self.cost_s.get(int(row), 0.0) for row in rows])
        ok &= np.array([failure is None for failure in failures], dtype=bool)
        return Result(values, nothing, ok, np.ones(len(rows), dtype=bool), failures, cost_s)

    def estimates_moved(self) -> bool:
        """Whether what was told is out of date; then the history holds the present estimates."""
        if self.settings.exhaustive or self.is_done or not len(self.history):
            return False
        rows = np.arange(len(self.history), dtype=np.intp)
        now = self.told_result(rows)
        cost, before = self.problem.goal.cost(now.values, self.problem.spec), self.history.cost
        middle = float(np.median(cost))
        moved = np.abs(cost - before)[cost <= middle]
        if not len(moved) or moved.max() <= self.settings.moved * middle:
            return False
        designs = self.history.designs
        self.history = History(self.problem.spec, self.problem.goal)
        self.history.add(designs, now)
        return True

    def sweep(self) -> None:
        """Simulate the best design on the cross of corners and draws, if enough was gained since the last
        time. Being the best of those that were violated somewhere, it is no candidate."""
        is_late = len(self.history) < self.settings.first_sweep or self.sweeps >= self.settings.sweeps
        if self.settings.exhaustive or is_late or self.is_done or not self.history.result.ok.any():
            return
        cost = np.where(self.table.is_asked[: len(self.history)].all(axis=1), np.inf, self.history.cost)
        row = int(np.argmin(cost))
        gained = cost[row] <= self.settings.progress * self._cost_at_sweep
        if not np.isfinite(cost[row]) or not gained or self.left < len(self.table.conditions):
            return
        first = self.table.conditions[0]
        for k, each in enumerate(self.table.conditions):
            is_on_cross = each.corner == first.corner or each.seed == first.seed
            if is_on_cross and not self.table.is_asked[row, k]:
                self._ask({k: np.array([row])})
        self.sweeps += 1
        self._cost_at_sweep = float(cost[row])
        self.table.learn()

    def check(self, confirm: Simulator) -> None:
        """Simulate a feasible design at every condition again; if that refutes it the search goes on."""
        row = self.feasible_design
        if row is None:
            return
        design = self.table.designs[row : row + 1]
        again = tuple(
            confirm.run(design, corner=each.corner, seed=each.seed) for each in self.table.conditions
        )
        goal, spec = self.problem.goal, self.problem.spec
        if all(each.ok[0] and goal.feasible(each.values, spec)[0] for each in again):
            self.again = again
        else:
            self.refuted.add(row)
            self.feasible_design = self.first_feasible = None

    def run(self) -> RobustRun:
        """The run so far as a value."""
        best = self.feasible_design
        if best is None and len(self.history):
            best = int(np.argmin(self.history.cost))
        told = len(self.history)
        return RobustRun(
            conditions=self.table.conditions,
            designs=self.history.designs,
            result=self.history.result,
            values=self.table.values[:told],
            asked=np.array(self.asked, dtype=np.intp).reshape(-1, 2),
            best=best,
            first_feasible=self.first_feasible,
            feasible_design=self.feasible_design,
            again=self.again,
            sweeps=self.sweeps,
        )

import numpy as np
import pytest

from sciml.errors import SettingsError
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.modes import make_optimiser
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Result, Row, stack_rows
from sciml.surrogates.specification import Goal, Objective, Specification
from tests.surrogates.optimise.opamp_problem import PROBLEM, SPEC, WITH_OBJECTIVE, FunctionSimulator

BUDGETS = {"random": 150, "evolution": 150, "default": 30}
TINY = ProblemSpec("tiny", "1", (IntegerInput("a", 1, 3), IntegerInput("b", 1, 4)), (Output("sum"),))


class Scripted:
    """Asks the given designs in order."""

    cutoff = None

    def __init__(self, designs: np.ndarray) -> None:
        self.left = np.asarray(designs, dtype=float)

    def ask(self, n: int) -> np.ndarray:
        return self.left[: min(n, 2)]

    def tell(self, designs: np.ndarray, result: Result) -> None:
        self.left = self.left[len(designs) :]


def tiny_problem(minimum: float, objective: bool = False) -> Problem:
    return Problem(
        TINY, Goal((Specification("sum", minimum=minimum),), (Objective("sum"),) if objective else ())
    )


def total(values: dict) -> dict[str, float]:
    return {"sum": float(values["a"] + values["b"])}


def test_simulations_are_counted_up_to_the_first_feasible_design() -> None:
    simulator = FunctionSimulator(total, TINY)
    run = run_design(tiny_problem(7), simulator, Scripted([[1, 1], [1, 2], [3, 4], [3, 3]]), budget=10)
    assert run.first_feasible == 3
    assert run.best == 2
    assert run.stopped == "feasible"
    # The batch is told whole, and the feasible design runs a second time.
    assert len(run.designs) == 4
    assert simulator.runs == 5
    assert run.confirmed == {2: True}


def test_failures_count_as_simulations() -> None:
    def failing(values: dict) -> dict[str, float]:
        if values["a"] == 1:
            raise ArithmeticError("dead")
        return total(values)

    run = run_design(
        tiny_problem(7), FunctionSimulator(failing, TINY), Scripted([[1, 1], [1, 2], [3, 4]]), budget=10
    )
    assert run.first_feasible == 3
    assert [failure is not None for failure in run.result.failures] == [True, True, False]


def test_a_design_that_is_not_feasible_a_second_time_is_not_called_feasible() -> None:
    seen: set[tuple] = set()

    def flickering(values: dict) -> dict[str, float]:
        key = (values["a"], values["b"])
        first = key not in seen
        seen.add(key)
        return {"sum": 9.0 if first and key == (1, 1) else total(values)["sum"]}

    run = run_design(
        tiny_problem(7), FunctionSimulator(flickering, TINY), Scripted([[1, 1], [1, 2], [3, 4]]), budget=10
    )
    assert run.confirmed == {0: False, 2: True}
    assert run.first_feasible == 3
    assert run.best == 2


def test_confirmation_asks_the_simulator_without_store() -> None:
    stored, fresh = FunctionSimulator(total, TINY), FunctionSimulator(total, TINY)
    run_design(tiny_problem(7), stored, Scripted([[3, 4]]), budget=10, confirm=fresh)
    assert (stored.runs, fresh.runs) == (1, 1)


def test_objectives_are_pushed_after_the_first_feasible_design() -> None:
    designs = [[3, 4], [3, 3], [2, 4], [2, 3], [1, 4]]
    run = run_design(
        tiny_problem(6, objective=True), FunctionSimulator(total, TINY), Scripted(designs), budget=5
    )
    assert run.first_feasible == 1
    assert run.best == 1  # sum 6 is the least that meets the limit; the earlier of two
    assert len(run.designs) == 5
    assert run.stopped == "budget"


def test_the_budget_is_never_exceeded() -> None:
    simulator = FunctionSimulator()
    run = run_design(PROBLEM, simulator, make_optimiser("random", PROBLEM, 0), budget=21, stop_at_first=False)
    assert len(run.designs) == 21
    assert run.stopped == "budget"


@pytest.mark.parametrize("mode", ["random", "evolution", "default"])
def test_a_space_that_is_all_simulated_ends_the_run(mode: str) -> None:
    simulator = FunctionSimulator(total, TINY)
    run = run_design(tiny_problem(99), simulator, make_optimiser(mode, tiny_problem(99), 0), budget=50)
    assert run.stopped == "exhausted"
    assert len(np.unique(run.designs, axis=0)) == len(run.designs) == 12


@pytest.mark.parametrize("mode", list(BUDGETS))
@pytest.mark.parametrize("batch", [None, 3])
def test_no_design_is_asked_twice(mode: str, batch: int | None) -> None:
    optimiser, budget = make_optimiser(mode, PROBLEM, 3), BUDGETS[mode]
    run = run_design(PROBLEM, FunctionSimulator(), optimiser, budget=budget, batch=batch, stop_at_first=False)
    assert len(np.unique(run.designs, axis=0)) == len(run.designs) == budget


class KilledError(Exception):
    """The machine went down."""


@pytest.mark.parametrize("mode", list(BUDGETS))
def test_a_killed_run_goes_on_as_the_uninterrupted_one(mode: str) -> None:
    budget = BUDGETS[mode]
    last = budget - 8  # inside a batch

    def search(simulator: FunctionSimulator) -> None:
        optimiser = make_optimiser(mode, PROBLEM, 5)
        run_design(PROBLEM, simulator, optimiser, budget=budget, batch=5, stop_at_first=False)

    whole = FunctionSimulator()
    search(whole)
    store: dict = {}

    def kill_after_the_last(values: dict) -> dict[str, float]:
        if len(store) == last:
            raise KilledError
        return whole.function(values)

    with pytest.raises(KilledError):
        search(FunctionSimulator(kill_after_the_last, store=store))
    resumed = FunctionSimulator(store=store)
    search(resumed)
    assert resumed.runs == budget - last
    np.testing.assert_array_equal(np.concatenate(resumed.batches), np.concatenate(whole.batches))


def test_asking_twice_gives_the_same_designs() -> None:
    for mode in ("random", "evolution", "default"):
        optimiser = make_optimiser(mode, PROBLEM, 1)
        np.testing.assert_array_equal(optimiser.ask(4), optimiser.ask(4))


def test_progress_sees_every_batch() -> None:
    seen: list[int] = []
    run_design(
        WITH_OBJECTIVE,
        FunctionSimulator(),
        make_optimiser("random", WITH_OBJECTIVE, 0),
        budget=10,
        batch=4,
        progress=lambda run: seen.append(len(run.designs)),
    )
    assert seen == [4, 8, 10]


def test_a_budget_of_zero_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        run_design(PROBLEM, FunctionSimulator(), make_optimiser("random", PROBLEM, 0), budget=0)


def test_unknown_modes_and_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match="none of default"):
        make_optimiser("magic", PROBLEM, 0)
    with pytest.raises(SettingsError, match="magic"):
        make_optimiser("evolution", PROBLEM, 0, magic=1)


def test_an_incomplete_row_is_neither_feasible_nor_a_failure() -> None:
    class CutOff(FunctionSimulator):
        def run(self, designs, *, corner=None, seed=None, cutoff=None):
            return stack_rows([Row({}, is_complete=False) for _ in designs], TINY)

    run = run_design(tiny_problem(2), CutOff(total, TINY), Scripted([[1, 1], [3, 4]]), budget=2)
    assert run.first_feasible is None
    assert run.result.failures == (None, None)


def test_the_spec_of_the_amplifier_has_feasible_designs() -> None:
    result = FunctionSimulator().run(SPEC.random(3000, np.random.default_rng(0)))
    share = PROBLEM.goal.feasible(result.values, SPEC).mean()
    assert 0.001 < share < 0.1

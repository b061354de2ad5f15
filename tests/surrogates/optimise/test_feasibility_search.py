import numpy as np
import pytest

from benchmarks.surrogates.synthetic import DEVELOPMENT
from sciml.errors import SettingsError
from sciml.surrogates.optimise.feasibility_search import FeasibilitySearch, FeasibilitySettings
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.modes import make_optimiser
from sciml.surrogates.optimise.trust_region import TrustRegion
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.specification import Goal, Objective, Specification
from tests.surrogates.optimise.opamp_problem import GOAL, PROBLEM, SPEC, FunctionSimulator

HARD = Problem(
    SPEC,
    Goal(
        (
            Specification("gain", minimum=145.0),
            Specification("ugbw", minimum=170.0),
            Specification("power", maximum=34.0),
        )
    ),
)


def test_it_needs_a_tenth_of_the_simulations_of_random_search() -> None:
    values = FunctionSimulator().run(SPEC.random(20_000, np.random.default_rng(0))).values
    share = HARD.goal.feasible(values, SPEC).mean()
    assert 0 < share < 1 / 250
    for seed in range(3):
        run = run_design(HARD, FunctionSimulator(), make_optimiser("default", HARD, seed), budget=100)
        assert run.first_feasible is not None
        assert run.first_feasible < 0.1 / share


def test_it_learns_where_simulations_fail() -> None:
    # Everything with a cascode fails; without knowing that, two thirds of the good designs would have one.
    def fragile(values: dict) -> dict[str, float]:
        if values["load"] == "cascode":
            raise ArithmeticError("no operating point")
        return FunctionSimulator().function(values)

    impossible = Problem(SPEC, Goal((*GOAL.specifications, Specification("gain", minimum=1e4))))
    run = run_design(
        impossible, FunctionSimulator(fragile), make_optimiser("default", impossible, 0), budget=40
    )
    failed = ~run.result.ok
    assert failed[:8].any()
    assert failed[20:].mean() < 0.2


def test_a_cliff_beside_a_promising_slope_does_not_hold_it() -> None:
    # A converter whose crossover jumps where its resonance peaks above the unity gain.
    for seed in (1, 8):
        converter = DEVELOPMENT["analytic_converter"]()
        run = run_design(
            converter.problem, converter, make_optimiser("default", converter.problem, seed), budget=100,
            stop_at_first=True,
        )  # fmt: skip
        assert run.first_feasible is not None  # with white noise neither seed finds one in 300


def test_who_is_told_a_whole_history_comes_to_the_same_place() -> None:
    goal = Goal((*GOAL.specifications, Specification("gain", minimum=1e4)))
    impossible = Problem(SPEC, goal)
    search = FeasibilitySearch(impossible, 0)
    while not (search.restarts and len(search.history) > 60 and search.region.failures):
        designs = search.ask(1)
        search.tell(designs, FunctionSimulator().run(designs))
        assert len(search.history) < 400
    again = FeasibilitySearch(impossible, 0)
    again.tell(search.history.designs, search.history.result)
    assert again.restarts == search.restarts
    assert again.region == search.region
    np.testing.assert_array_equal(again.ask(1), search.ask(1))


def test_every_simulation_may_fail() -> None:
    def broken(values: dict) -> dict[str, float]:
        raise ArithmeticError("dead")

    run = run_design(PROBLEM, FunctionSimulator(broken), make_optimiser("default", PROBLEM, 0), budget=14)
    assert len(run.designs) == 14
    assert run.first_feasible is None


def test_objectives_improve_after_the_first_feasible_design() -> None:
    spec = ProblemSpec(
        "q", "1", tuple(FloatInput(n, 0.0, 1.0) for n in "abc"), (Output("cost"), Output("sum"))
    )
    goal = Goal((Specification("sum", minimum=1.2),), (Objective("cost"),))
    problem = Problem(spec, goal)

    def function(values: dict) -> dict[str, float]:
        a, b, c = (float(values[n]) for n in "abc")
        return {"cost": 0.1 + (a - 0.9) ** 2 + (b - 0.1) ** 2 + (c - 0.5) ** 2, "sum": a + b + c}

    # The optimum of the cost, 0.1, is feasible: 0.9 + 0.1 + 0.5.
    run = run_design(
        problem, FunctionSimulator(function, spec), make_optimiser("default", problem, 0), budget=40
    )
    assert run.best is not None
    assert run.result.values[run.best, 0] < 0.105
    assert run.confirmed[run.best]


def test_a_goal_of_objectives_only_is_minimised() -> None:
    spec = ProblemSpec("q", "1", tuple(FloatInput(n, -2.0, 2.0) for n in "ab"), (Output("y"), Output("z")))

    def function(values: dict) -> dict[str, float]:
        a, b = float(values["a"]), float(values["b"])
        return {"y": (a - 1) ** 2 + (b + 1) ** 2 - 5, "z": a + b}

    problem = Problem(spec, Goal((), (Objective("y"),)))
    run = run_design(
        problem, FunctionSimulator(function, spec), make_optimiser("default", problem, 1), budget=30
    )
    assert run.best is not None
    assert run.result.values[run.best, 0] < -4.95
    # Two objectives that pull apart: the minimum of y and designs with large z are both approached.
    both = Problem(spec, Goal((), (Objective("y"), Objective("z", "maximise"))))
    run = run_design(both, FunctionSimulator(function, spec), make_optimiser("default", both, 1), budget=40)
    assert run.result.values[:, 0].min() < -4.7
    assert run.result.values[:, 1].max() > 3.0


def test_a_small_space_is_searched_to_its_end_without_repeats() -> None:
    spec = ProblemSpec("t", "1", (IntegerInput("a", 1, 5), IntegerInput("b", 1, 5)), (Output("y"),))
    problem = Problem(spec, Goal((Specification("y", minimum=99.0),)))
    simulator = FunctionSimulator(lambda values: {"y": float(values["a"] * values["b"])}, spec)
    run = run_design(problem, simulator, make_optimiser("default", problem, 0), budget=60)
    assert run.stopped == "exhausted"
    assert len(run.designs) == len(np.unique(run.designs, axis=0)) == 25
    assert run.best is not None
    assert run.result.values[run.best, 0] == 25.0


def test_a_budget_below_the_spread_designs_is_kept() -> None:
    run = run_design(PROBLEM, FunctionSimulator(), make_optimiser("default", PROBLEM, 0), budget=3)
    assert len(run.designs) == 3 or run.first_feasible is not None


def test_a_batch_holds_different_new_designs() -> None:
    search = FeasibilitySearch(HARD, 0, FeasibilitySettings(batch=4))
    simulator = FunctionSimulator()
    for _ in range(5):
        designs = search.ask(100)
        assert not search.history.has(designs).any()
        assert len(np.unique(designs, axis=0)) == len(designs)
        search.tell(designs, simulator.run(designs))
    assert len(designs) == 4


def test_designs_of_others_are_learned_from() -> None:
    search = FeasibilitySearch(HARD, 0)
    simulator = FunctionSimulator()
    earlier = SPEC.random(50, np.random.default_rng(3))
    search.tell(earlier, simulator.run(earlier))
    first = search.ask(100)
    search.tell(first, simulator.run(first))
    assert len(search.history) == 50 + len(first)
    assert len(search.ask(100)) == 1


def test_the_region_doubles_and_halves_and_collapses() -> None:
    region = TrustRegion(inputs=6)
    for _ in range(2):
        region.update(is_best=True)
    assert region.side == 1.6
    for _ in range(6):
        region.update(is_best=False)
    assert region.side == 0.8
    for _ in range(6 * 6):
        region.update(is_best=False)
    assert region.side == 0.8 / 64
    assert region.is_collapsed


def test_contradicting_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match="batch"):
        FeasibilitySettings(batch=0)

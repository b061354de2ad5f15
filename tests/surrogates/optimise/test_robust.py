from functools import partial

import numpy as np
import pytest

from sciml.errors import SettingsError
from sciml.surrogates.optimise.condition_maps import condition_maps, constant_shifts, near_limits
from sciml.surrogates.optimise.conditions import Condition, ConditionTable, all_conditions
from sciml.surrogates.optimise.modes import make_optimiser
from sciml.surrogates.optimise.robust import run_robust
from sciml.surrogates.optimise.robust_run import RobustSettings
from sciml.surrogates.specification import Goal, Specification
from tests.surrogates.optimise.cornered_amplifier import (
    CORNERS,
    GOAL,
    PROBLEM,
    SPEC,
    CorneredSimulator,
    outputs,
)

CONDITIONS = all_conditions(CORNERS, 3)


def robust_run(seed, simulator=None, **settings):
    optimiser = partial(make_optimiser, "evolution", PROBLEM, seed, initial=40)
    return run_robust(
        PROBLEM, simulator or CorneredSimulator(), optimiser, CONDITIONS, budget=4000,
        settings=RobustSettings(**settings),
    )  # fmt: skip


def test_conditions_are_corners_times_draws_of_mismatch():
    assert [each.name for each in all_conditions(CORNERS[:2])] == ["tt", "ss"]
    names = [each.name for each in all_conditions(CORNERS[:2], 2)]
    assert names == ["tt, mismatch 1", "tt, mismatch 2", "ss, mismatch 1", "ss, mismatch 2"]


@pytest.mark.parametrize("seed", [2, 5, 6])
def test_a_robust_design_is_feasible_everywhere_and_every_simulation_is_counted(seed):
    simulator = CorneredSimulator()
    run = robust_run(seed, simulator)
    assert run.first_feasible == run.simulations
    assert len(simulator.asked) == run.simulations + len(CONDITIONS)  # and the check
    design = run.designs[run.feasible_design][None]
    for each in CONDITIONS:
        assert GOAL.feasible(outputs(design, each.corner, each.seed), SPEC).all()
    assert len(run.again) == len(CONDITIONS)


def test_a_fifth_of_brute_force_is_enough():
    ours = [robust_run(seed).first_feasible for seed in range(6)]
    brute = [robust_run(seed, exhaustive=True).first_feasible for seed in range(6)]
    assert all(number % len(CONDITIONS) == 0 for number in brute)
    assert sum(ours) <= 0.2 * sum(brute)


def test_the_budget_counts_conditions_and_is_kept():
    optimiser = partial(make_optimiser, "random", PROBLEM, 0)
    goal = Goal((Specification("gain", minimum=1e9), *GOAL.specifications))
    hard = type(PROBLEM)(SPEC, goal, corners=CORNERS)
    simulator = CorneredSimulator()
    run = run_robust(hard, simulator, optimiser, CONDITIONS, budget=57, batch=7)
    assert run.simulations == len(simulator.asked) == 57
    assert run.first_feasible is None
    assert run.again is None
    assert run.best is not None
    assert len(run.designs) == len(run.result) == len(run.values)


def test_shifts_learned_from_sweeps_predict_other_conditions():
    conditions = [Condition(corner) for corner in CORNERS]
    table = ConditionTable(SPEC, GOAL, conditions)
    generator = np.random.default_rng(0)
    designs = SPEC.random(14, generator)
    rows = table.add_designs(designs)
    for row in rows:
        table.put(row, 0, outputs(designs[row][None])[0])
    for row in rows[:10]:
        for k, each in enumerate(conditions):
            table.put(row, k, outputs(designs[row][None], each.corner)[0])
    table.learn()
    mean, doubt = table.predict(rows[10:])
    for k, each in enumerate(conditions[1:], start=1):
        truth = outputs(designs[10:], each.corner)
        found = table._fitted()[0].decode(mean)[:, k]
        nominal = outputs(designs[10:])
        error = np.abs(np.log(found / truth))[:, :3]
        assert error.mean() < 0.5 * np.abs(np.log(nominal / truth))[:, :3].mean()
    assert (doubt[:, 0] == 0).all()
    assert (doubt[:, 1:] > 0).all()


def test_constant_shifts_are_found_through_a_chain_of_conditions():
    generator = np.random.default_rng(0)
    shifts = np.array([[0.0, 0.0], [1.0, -2.0], [3.0, 0.5], [7.0, 7.0]])
    z = generator.normal(size=(30, 1, 2)) + shifts
    known = np.zeros((30, 4), dtype=bool)
    known[:10, :2] = known[10:, 1:3] = True  # nothing says anything of the last one
    conditions = [Condition(corner) for corner in CORNERS[:4]]
    found = constant_shifts(np.where(known[..., None], z, np.nan), known, conditions)
    np.testing.assert_allclose(found[:3], shifts[:3], atol=1e-4)


def test_a_corner_and_a_draw_that_were_met_apart_say_what_they_do_together():
    conditions = all_conditions(CORNERS[:3], 3)
    corner, draw = np.array([0.0, 2.0, -1.0]), np.array([0.0, 0.5, -0.7])
    truth = (corner[:, None] + draw[None]).reshape(9, 1)
    z = np.random.default_rng(0).normal(size=(6, 1, 1)) + truth
    known = np.zeros((6, 9), dtype=bool)
    known[:, [0, 1, 2, 3, 6]] = True  # all draws at the first corner, the first draw at all corners
    found = constant_shifts(np.where(known[..., None], z, np.nan), known, conditions)
    np.testing.assert_allclose(found, truth, atol=1e-4)


def test_designs_that_never_saw_the_first_condition_teach_shifts_too():
    conditions = [Condition(corner) for corner in CORNERS]
    table = ConditionTable(SPEC, GOAL, conditions)
    designs = SPEC.random(40, np.random.default_rng(1))
    rows = table.add_designs(designs)
    for row in rows[:30]:
        for k in (0, 1) if row < 4 else (1, 2):  # the second condition links the first and the third
            table.put(row, k, outputs(designs[row][None], CORNERS[k])[0])
    for row in rows[30:]:
        table.put(row, 0, outputs(designs[row][None], CORNERS[0])[0])
    table.learn()
    found = table._fitted()[0].decode(table.predict(rows[30:])[0])[:, 2, :3]
    truth = outputs(designs[30:], CORNERS[2])[:, :3]
    nominal = outputs(designs[30:])[:, :3]
    assert np.abs(np.log(found / truth)).mean() < 0.5 * np.abs(np.log(nominal / truth)).mean()


def test_an_offset_that_one_draw_cancels_is_not_multiplied_at_the_others():
    rows = np.array([[1e-4, 100.0], [1e-2, 110.0]])
    transform = near_limits(rows, np.array([8e-3, 120.0]))
    low, high = transform.encode(rows)
    elsewhere = transform.decode(transform.encode(np.array([[9.4e-3, 100.0]])) + (high - low))
    assert 0.018 < elsewhere[0, 0] < 0.035  # 9.4 mV and 10 mV more; as a ratio it would be 0.94 V
    np.testing.assert_allclose(transform.decode(np.array([[-1.0, 0.0]])), 0.0)  # a magnitude stays one


def test_the_map_follows_how_conditions_act_on_each_output():
    conditions = [Condition(corner) for corner in CORNERS[:3]]
    level = np.exp(np.random.default_rng(0).uniform(-3, -1, size=(12, 1)))
    multiplied = level * np.array([[1.0, 0.7, 1.4]])
    added = level + np.array([[0.0, 0.2, 0.4]])
    values = np.stack([multiplied, added], axis=-1)  # (design, condition, output), limits of 1
    transform = condition_maps(values, np.array([1.0, 1.0]), conditions)
    assert transform.kinds == ("log", "asinh")
    shifted = np.diff(transform.encode(values), axis=1).std(axis=0)
    assert shifted[:, 0].max() < 1e-12  # the logarithm shifts every design alike
    assert shifted[:, 1].max() < 0.02


def test_the_worst_case_of_simulated_conditions_is_exact():
    conditions = [Condition(corner) for corner in CORNERS]
    table = ConditionTable(SPEC, GOAL, conditions)
    design = SPEC.snap(np.array([[40.0, 40.0, 2.0, 2e-5]]))
    rows = table.add_designs(design)
    found = np.concatenate([outputs(design, corner) for corner in CORNERS])
    for k in range(5):
        table.put(0, k, found[k])
    expected = [found[:, 0].min(), found[:, 1].min(), found[:, 2].max(), found[:, 3].mean()]
    np.testing.assert_allclose(table.worst(rows)[0], expected)
    chances = table.violation_chances(rows)[0]
    assert (chances == (GOAL.violations(found, SPEC) > 0)).all()


def test_a_failure_at_one_condition_fails_the_design():
    table = ConditionTable(SPEC, GOAL, [Condition(corner) for corner in CORNERS])
    rows = table.add_designs(SPEC.random(2, np.random.default_rng(0)))
    for row in rows:
        table.put(row, 0, outputs(table.designs[row][None])[0])
    table.put(0, 1, np.full(4, np.nan))
    table.learn()
    worst = table.worst(rows)
    assert np.isnan(worst[0]).all()
    assert np.isfinite(worst[1]).all()
    assert (table.violation_chances(rows)[0, 1] == 1).all()


def test_a_run_without_corners_or_limits_is_refused():
    optimiser = partial(make_optimiser, "random", PROBLEM, 0)
    with pytest.raises(SettingsError, match="needs corners"):
        run_robust(PROBLEM, CorneredSimulator(), optimiser, [], budget=10)
    with pytest.raises(SettingsError, match="at least 1"):
        run_robust(PROBLEM, CorneredSimulator(), optimiser, CONDITIONS, budget=0)

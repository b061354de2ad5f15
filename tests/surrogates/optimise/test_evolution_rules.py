from itertools import pairwise

import numpy as np
import pytest

from sciml.surrogates.optimise.evolution import Evolution
from sciml.surrogates.optimise.evolution_rules import (
    EvolutionSettings,
    Parents,
    blend,
    breed,
    find_critical,
    select_parents,
)
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.specification import Goal, Specification
from tests.surrogates.optimise.opamp_problem import PROBLEM, FunctionSimulator

SPEC = ProblemSpec(
    "pair",
    "1",
    (IntegerInput("a", 1, 99), IntegerInput("b", 1, 99), FloatInput("r", 1.0, 9.0)),
    (Output("y"),),
)
GRID = Grid(SPEC)


def test_the_critical_specification_has_the_largest_worst_penalty_of_the_top_designs() -> None:
    #                      spec 0 is worst in a bad design, spec 1 among the top two by cost
    penalties = np.array([[0.0, 0.3], [0.1, 0.1], [0.9, 0.0]])
    cost = penalties.mean(axis=1)
    assert find_critical(penalties, cost, [], reference=2) == 1
    assert find_critical(penalties, cost, [], reference=3) == 0


def test_top_designs_are_ranked_by_the_critical_specifications_found_before() -> None:
    penalties = np.array([[0.0, 0.3], [0.1, 0.1], [0.9, 0.0]])
    # By specification 1 the best design is the last one, whose worst penalty is in specification 0.
    assert find_critical(penalties, penalties.mean(axis=1), [1], reference=1) == 0


def test_nothing_is_critical_once_the_top_designs_meet_everything() -> None:
    penalties = np.array([[0.0, 0.0], [0.0, 0.0], [0.5, 0.5]])
    assert find_critical(penalties, penalties.mean(axis=1), [], reference=2) is None
    assert find_critical(penalties, penalties.mean(axis=1), [], reference=3) == 0


def test_pools_hold_the_designs_good_at_the_others_and_at_the_newest() -> None:
    penalties = np.array([[0.3, 0.0], [0.2, 0.1], [0.0, 0.5], [0.1, 0.4]])
    values = np.array([-5.0, -9.0, 3.0, np.nan])  # of the newest, small is good, beyond its limit too
    settings = EvolutionSettings(pool=2, reference=1)
    parents = select_parents(penalties, values, [0, 1], 1, settings, np.random.default_rng(0))
    assert parents.others.tolist() == [2, 3]  # by the penalty of specification 0
    assert parents.newest.tolist() == [1, 0]  # by the raw value, not the penalty
    # Summed penalties 0.3, 0.3, 0.5, 0.5: the reference is the second of the ranking, ties by age.
    assert parents.reference == 1


def test_the_first_pool_is_drawn_while_one_specification_is_critical() -> None:
    penalties = np.zeros((50, 2))
    settings = EvolutionSettings(pool=20)
    pools = {
        tuple(select_parents(penalties, np.arange(50.0), [1], 1, settings, np.random.default_rng(s)).others)
        for s in range(3)
    }
    assert len(pools) == 3
    assert all(len(set(pool)) == 20 for pool in pools)


def test_blend_reaches_half_the_distance_beyond_its_parents() -> None:
    generator = np.random.default_rng(1)
    first, second = np.array([40.0, 10.0, 200.0]), np.array([60.0, 10.0, 600.0])
    children = np.concatenate([blend(first, second, GRID, 0.5, generator) for _ in range(4000)])
    assert children[:, 0].min() == 30
    assert children[:, 0].max() == 70
    assert set(children[:, 1]) == {10.0}  # floor and ceil of a whole number leave it alone
    assert children[:, 2].min() == pytest.approx(0, abs=2)
    assert children[:, 2].max() == pytest.approx(800, abs=2)
    down, up = children[0::2, 0], children[1::2, 0]
    # One child is rounded down, its sibling up: their sum is that of the parents.
    np.testing.assert_array_equal(down + up, 100.0)


def test_children_stay_in_range() -> None:
    generator = np.random.default_rng(2)
    low, high = np.array([0.0, 98.0, 0.0]), np.array([98.0, 0.0, 999.0])
    children = np.concatenate([blend(low, high, GRID, 0.5, generator) for _ in range(500)])
    assert children.min() >= 0
    assert (children <= GRID.counts - 1).all()
    assert (children[:, 0] == 98).any()


def test_six_in_ten_litters_are_crossings_and_mutation_redraws_half_of_the_genes() -> None:
    generator = np.random.default_rng(3)
    positions = np.array([[10.0, 20.0, 300.0], [50.0, 60.0, 700.0]])
    parents = Parents(np.array([0]), np.array([1]), 0)
    settings = EvolutionSettings()
    litters = [breed(positions, parents, GRID, settings, generator) for _ in range(6000)]
    pairs = [each for each in litters if len(each) == 2]
    mutants = np.concatenate([each for each in litters if len(each) == 1])
    assert len(pairs) / len(litters) == pytest.approx(0.6, abs=0.02)
    kept = mutants == positions[0]
    # A redrawn gene of 99 values keeps its value once in 99 draws.
    assert kept[:, 0].mean() == pytest.approx(0.5 + 0.5 / 99, abs=0.03)
    assert kept[:, 2].mean() == pytest.approx(0.5, abs=0.03)
    uniform = [each for each in pairs if np.isin(each, positions).all()]
    # Half of the crossings swap genes; a blend gives parents' genes only by chance.
    assert len(uniform) / len(pairs) == pytest.approx(0.5, abs=0.03)
    for pair in uniform[:50]:
        np.testing.assert_array_equal(np.sort(pair, axis=0), np.sort(positions, axis=0))


def test_parents_are_drawn_with_weights_that_fall_linearly_with_rank() -> None:
    generator = np.random.default_rng(4)
    positions = np.repeat(np.arange(4.0)[:, None], 3, axis=1)
    parents = Parents(np.arange(4), np.arange(4), 0)
    settings = EvolutionSettings(crossover=0.0, gene=0.0)
    drawn = [breed(positions, parents, GRID, settings, generator)[0, 0] for _ in range(8000)]
    shares = np.bincount(np.array(drawn, dtype=int)) / 8000
    np.testing.assert_allclose(shares, [0.4, 0.3, 0.2, 0.1], atol=0.02)


def test_failed_children_leave_the_database_and_failed_initial_designs_stay() -> None:
    evolution = Evolution(PROBLEM, 0, EvolutionSettings(initial=30, children=5))
    run = run_design(PROBLEM, FunctionSimulator(), evolution, budget=90, stop_at_first=False)
    failed = np.flatnonzero(~run.result.ok)
    assert (failed < 30).any()
    assert (failed >= 30).any()
    database = evolution.database()
    assert set(failed[failed < 30]) <= set(database)
    assert not set(failed[failed >= 30]) & set(database)


def test_critical_specifications_are_never_removed() -> None:
    evolution = Evolution(PROBLEM, 1, EvolutionSettings(initial=30))
    seen: list[list[int]] = []
    simulator = FunctionSimulator()
    for _ in range(30):
        designs = evolution.ask(10)
        if len(designs) == 0:
            break
        evolution.tell(designs, simulator.run(designs))
        seen.append(list(evolution.critical))
    assert len(seen[-1]) >= 2
    for before, after in pairwise(seen):
        assert after[: len(before)] == before


def test_evolution_ends_when_the_top_designs_meet_every_specification() -> None:
    easy = Problem(SPEC, Goal((Specification("y", minimum=10.0),)))
    evolution = Evolution(easy, 0)
    simulator = FunctionSimulator(lambda values: {"y": float(values["a"])}, SPEC)
    run = run_design(easy, simulator, evolution, budget=1000, stop_at_first=False)
    assert run.stopped == "exhausted"
    assert evolution.is_finished
    assert np.sum(run.designs[:, 0] >= 10) >= 20

import numpy as np
import pytest

from sciml.errors import SettingsError
from sciml.surrogates.optimise.front_search import FrontSearch, FrontSettings
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.pareto import (
    gains,
    greedy_batch,
    hypervolume,
    hypervolume_share,
    non_dominated,
    objective_table,
)
from sciml.surrogates.specification import Goal, Objective
from tests.surrogates.optimise.cornered_amplifier import PROBLEM, SPEC, TWO_OBJECTIVES, CorneredSimulator


def brute_force_volume(points, reference, draws, generator):
    samples = generator.uniform(0, reference, size=(draws, len(reference)))
    beaten = (points[:, None, :] <= samples[None]).all(axis=2).any(axis=0)
    return beaten.mean() * np.prod(reference)


def test_a_point_that_is_worse_in_one_and_better_in_another_stays():
    points = np.array([[1.0, 3], [2, 2], [3, 1], [3, 3], [2, 2], [1, 4], [np.nan, 0]])
    assert non_dominated(points).tolist() == [True, True, True, False, True, False, False]


def test_the_front_is_that_of_all_pairs_compared():
    points = np.random.default_rng(0).integers(0, 6, size=(200, 3)).astype(float)
    beaten = [any((other <= point).all() and (other < point).any() for other in points) for point in points]
    assert (non_dominated(points) == ~np.array(beaten)).all()


def test_hypervolume_of_a_staircase_by_hand():
    points = np.array([[1.0, 3], [2, 1]])
    assert hypervolume(points, np.array([4.0, 4])) == pytest.approx(3 * 1 + 2 * 2)
    assert hypervolume(points, np.array([1.0, 1])) == 0
    assert hypervolume(np.array([[1.0, 2, 3]]), np.array([2.0, 4, 6])) == pytest.approx(6)
    assert hypervolume(np.zeros((0, 2)), np.array([1.0, 1])) == 0


@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_hypervolume_is_the_share_of_random_points_beaten(objectives):
    generator = np.random.default_rng(objectives)
    points = generator.uniform(0, 1, size=(15, objectives))
    reference = np.full(objectives, 1.1)
    expected = brute_force_volume(points, reference, 200_000, generator)
    assert hypervolume(points, reference) == pytest.approx(expected, abs=0.01)


def test_the_share_is_one_for_a_point_that_is_best_in_all_and_none_without_a_box():
    assert hypervolume_share(np.array([[0.0, 0], [1, 1], [0.5, 2]])) == pytest.approx(1)
    assert hypervolume_share(np.array([[0.0, 1], [1, 0]])) == pytest.approx(0)
    assert hypervolume_share(np.array([[0.0, 1], [1, 0], [0.5, 0.5]])) == pytest.approx(0.25)
    assert hypervolume_share(np.array([[1.0, 1]])) is None
    assert hypervolume_share(np.zeros((0, 2))) is None


def test_a_gain_is_the_difference_of_two_hypervolumes():
    generator = np.random.default_rng(3)
    front, new = generator.uniform(size=(8, 2)), generator.uniform(size=(20, 2))
    reference = np.array([1.0, 1.0])
    expected = [
        hypervolume(np.vstack([front, each]), reference) - hypervolume(front, reference) for each in new
    ]
    np.testing.assert_allclose(gains(new, front, reference), expected, atol=1e-12)


def test_a_batch_does_not_take_two_designs_for_the_same_place():
    front = np.array([[0.5, 0.5]])
    candidates = np.array([[0.1, 0.9], [0.1, 0.9], [0.9, 0.1], [0.6, 0.6]])
    assert sorted(greedy_batch(candidates, front, np.ones(2), 4).tolist()) == [0, 2]


def test_objectives_that_are_maximised_change_sign():
    goal = Goal((), (Objective("power"), Objective("gain", "maximise")))
    values = np.array([[100.0, 1e7, 1e-4, 50.0]])
    assert objective_table(goal, values, SPEC).tolist() == [[1e-4, -100.0]]


def test_the_search_for_a_front_finds_more_than_random_designs():
    budget = 70
    settings = FrontSettings(initial=20)
    run = run_design(
        TWO_OBJECTIVES, CorneredSimulator(), FrontSearch(TWO_OBJECTIVES, 0, settings), budget=budget
    )
    designs = SPEC.random(4 * budget, np.random.default_rng(0))
    random = CorneredSimulator().run(designs)

    def volume(result):
        met = TWO_OBJECTIVES.goal.feasible(result.values, SPEC)
        points = objective_table(TWO_OBJECTIVES.goal, result.values, SPEC)[met]
        return hypervolume(points / np.array([2.5e-4, 100.0]), np.ones(2))

    assert volume(run.result) > 1.1 * volume(random)
    assert len(np.unique(run.designs, axis=0)) == budget


def test_the_front_search_asks_the_same_of_the_same_history():
    first, second = FrontSearch(TWO_OBJECTIVES, 1), FrontSearch(TWO_OBJECTIVES, 1)
    designs = SPEC.random(40, np.random.default_rng(5))
    result = CorneredSimulator().run(designs)
    for optimiser in (first, second):
        optimiser.tell(designs, result)
    asked = first.ask(4)
    assert (asked == first.ask(4)).all()
    assert (asked == second.ask(4)).all()


def test_one_objective_has_no_front():
    with pytest.raises(SettingsError, match="two objectives"):
        FrontSearch(PROBLEM, 0)

import numpy as np
import pytest

from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.optimise.corrected import Corrected, SurrogatePredictor, log_probability
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.proposals import SearchSettings, best_unseen, mutated, search
from sciml.surrogates.optimise.residual import ResidualModel
from tests.surrogates.optimise.cornered_amplifier import GOAL, PROBLEM, SPEC, CorneredSimulator, outputs


@pytest.fixture(scope="module")
def predictor():
    designs = SPEC.random(150, np.random.default_rng(0))
    return SurrogatePredictor(Ensemble.for_problem(PROBLEM).fit(designs, CorneredSimulator().run(designs)))


def test_the_correction_meets_every_point_and_has_no_doubt_there():
    points = np.random.default_rng(0).uniform(size=(12, 3))
    truth = np.stack([np.sin(3 * points[:, 0]) + points[:, 1], 2.0 - points[:, 2]], axis=1)
    found, left = ResidualModel(points, truth).predict(points)
    np.testing.assert_allclose(found, truth, atol=5e-3)
    assert left.max() < 0.05


def test_far_away_only_the_shrunken_shift_remains():
    model = ResidualModel(np.array([[0.1, 0.1], [0.11, 0.1], [0.1, 0.12]]), np.full((3, 1), 2.0))
    found, left = model.predict(np.array([[0.9, 0.9]]))
    assert model.shift[0] == pytest.approx(6 / 4)
    assert 1.5 < found[0, 0] < 1.6
    assert 0.95 < left[0] < 1


def test_without_points_nothing_is_corrected():
    found, left = ResidualModel(np.zeros((1, 2)), np.array([[np.nan]])).predict(np.ones((4, 2)))
    assert (found == 0).all()
    assert (left == 1).all()


def test_a_correction_lowers_the_error_near_new_designs_and_leaves_the_base_alone(predictor):
    generator = np.random.default_rng(7)
    design = SPEC.snap(np.array([[40.0, 40.0, 2.0, 2e-5]]))
    near = SPEC.snap(design * generator.uniform(0.9, 1.1, size=(20, 4)))
    corrected = Corrected(predictor)
    before = predictor.gaussians(near)[0]
    corrected.add(near[:6], outputs(near[:6], shift=0.4))
    truth = predictor.transform.encode(outputs(near[6:], shift=0.4))
    error = np.abs(corrected.gaussians(near[6:])[0] - truth)[:, 1]  # bandwidth, which the shift lowers
    plain = np.abs(predictor.gaussians(near[6:])[0] - truth)[:, 1]
    assert error.mean() < 0.3 * plain.mean()
    np.testing.assert_array_equal(predictor.gaussians(near)[0], before)
    mean, doubt = corrected.gaussians(near[:6])
    np.testing.assert_allclose(mean, predictor.transform.encode(outputs(near[:6], shift=0.4)), atol=0.02)
    assert (doubt < predictor.gaussians(near[:6])[1]).all()


def test_the_most_probable_design_of_a_search_is_feasible(predictor):
    grid, generator = Grid(SPEC), np.random.default_rng(0)
    found = search(
        lambda designs: log_probability(predictor, designs, GOAL), grid, np.zeros((0, 4)), generator
    )
    score = log_probability(predictor, found, GOAL)
    assert (np.diff(score) <= 1e-12).all()
    assert GOAL.feasible(outputs(found[:5]), SPEC).all()


def test_children_are_allowed_designs_and_differ_from_their_parents():
    grid, generator = Grid(SPEC), np.random.default_rng(0)
    parents = grid.random(10, generator)
    children = mutated(parents, grid, 500, generator, 0.25)
    SPEC.check(children)
    equal = (children[:, None, :] == parents[None]).all(axis=2).any(axis=1)
    assert equal.mean() < 0.05
    small = (np.abs(SPEC.to_unit(children)[:, None] - SPEC.to_unit(parents)[None]).max(axis=2)).min(axis=1)
    assert 0.2 < np.mean(small < 0.1) < 0.9


def test_no_design_is_proposed_twice():
    grid, generator, history = Grid(SPEC), np.random.default_rng(0), History(SPEC, GOAL)
    favourite = SPEC.snap(np.array([[40.0, 40.0, 2.0, 2e-5]]))

    def score(designs):
        return -np.abs(SPEC.to_unit(designs) - SPEC.to_unit(favourite)).sum(axis=1)

    small = SearchSettings(population=8, children=32, rounds=5, random=32)
    for _ in range(12):
        found = best_unseen(score, history, grid, favourite, generator, 2, small)
        assert not history.has(found).any()
        history.add(found, CorneredSimulator().run(found))
    assert history.has(favourite).all()
    assert len(np.unique(history.designs, axis=0)) == 24

import numpy as np

from sciml.surrogates.optimise.auxiliary_features import AuxiliaryFeatures, telling_columns
from sciml.surrogates.optimise.candidate_pool import PoolSettings, box_around, first_pool, next_pool
from sciml.surrogates.optimise.gaussian_process import GaussianProcesses

BEST = np.array([0.5, 0.9, 0.2])
SMALL = PoolSettings(children=256, crossings=128)


def test_the_region_holds_the_neighbours_on_a_coarse_grid() -> None:
    # Input 1 has steps of 0.2 and input 2 is a category; a side of 0.1 would hold neither's neighbours.
    box = box_around(BEST, np.array([0.49, 0.7, 0.0]), np.array([0.51, 1.1, 1.0]), side=0.1)
    np.testing.assert_allclose(box.low, [0.45, 0.7, 0.0])
    np.testing.assert_allclose(box.high, [0.55, 1.0, 1.0])


def test_proposals_lie_in_the_region_and_move_few_or_all_inputs() -> None:
    box = box_around(BEST, BEST, BEST, side=0.2)
    good = np.random.default_rng(0).random((6, 3))
    pool = first_pool(BEST, good, box, SMALL, np.random.default_rng(1))
    assert len(pool) == 384
    assert (pool >= box.low).all()
    assert (pool <= box.high).all()
    moved = (pool[:256] != BEST).sum(axis=1)
    assert set(moved) == {1, 2, 3}


def test_crossings_reach_between_good_designs() -> None:
    box = box_around(BEST, BEST, BEST, side=2.0)
    good = np.array([[0.2, 0.2, 0.2], [0.4, 0.4, 0.4]])
    crossings = first_pool(BEST, good, box, SMALL, np.random.default_rng(2))[256:]
    # Blends reach half the distance beyond the parents; noise has a deviation of 0.05.
    assert abs(crossings.mean() - 0.3) < 0.03
    assert crossings.min() > 0.1 - 0.25
    assert crossings.max() < 0.5 + 0.25


def test_later_children_stay_near_their_parents_or_on_the_line_between_them() -> None:
    top = np.array([[0.2, 0.3, 0.4]])
    children = next_pool(top, 400, np.random.default_rng(3))
    assert np.abs(children - top).max() < 0.6
    assert np.median(np.abs(children - top)) < 0.03


def test_auxiliary_outputs_that_say_nothing_are_left_out() -> None:
    auxiliary = np.array([[1.0, 2.0, np.nan, 1.0], [1.0, 3.0, np.nan, np.nan]] * 3)
    assert telling_columns(auxiliary).tolist() == [1]


def test_a_margin_with_a_kink_is_learned_better_beside_its_smooth_auxiliary() -> None:
    # The output is dead below a headroom of zero, which is linear in the inputs.
    generator = np.random.default_rng(4)
    x, new = generator.random((40, 4)), generator.random((300, 4))

    def headroom(inputs: np.ndarray) -> np.ndarray:
        return inputs @ np.array([1.0, -0.8, 0.6, -0.7]) - 0.05

    def output(inputs: np.ndarray) -> np.ndarray:
        return np.maximum(np.tanh(12 * headroom(inputs)), -0.1)

    widen = AuxiliaryFeatures(x, headroom(x)[:, None])
    assert widen(new).shape == (300, 5)
    plain = GaussianProcesses(x, output(x)[:, None]).predict(new)[0][:, 0]
    wide = GaussianProcesses(widen(x), output(x)[:, None]).predict(widen(new))[0][:, 0]
    error = [np.sqrt(np.mean((each - output(new)) ** 2)) for each in (plain, wide)]
    assert error[1] < 0.75 * error[0]


def test_without_auxiliary_outputs_features_stay_as_they_are() -> None:
    x = np.random.default_rng(5).random((10, 2))
    widen = AuxiliaryFeatures(x, np.zeros((10, 0)))
    assert widen.hyperparameters is None
    np.testing.assert_array_equal(widen(x), x)


def test_an_auxiliary_output_that_no_design_has_changes_nothing() -> None:
    x = np.random.default_rng(6).random((10, 2))
    first = AuxiliaryFeatures(x, x[:, :1] + x[:, 1:])
    gone = AuxiliaryFeatures(x, np.full((10, 1), np.nan), first.hyperparameters)
    assert np.isfinite(gone(x)).all()

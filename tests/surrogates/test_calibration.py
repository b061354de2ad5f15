"""Calibrated uncertainty: exact order statistics, coverage on new designs, and refusals."""

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.surrogates.calibration import SplitConformal, StdScaling
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.prediction import Prediction
from sciml.surrogates.transforms import OutputTransform
from tests.surrogates.amplifier import PROBLEM, SPEC, simulate, training_set

LINEAR = OutputTransform(("linear", "linear"), np.ones(2), np.zeros(2), np.ones(2))


def predicted(count, deviation=1.0):
    shape = (1, count, 2)
    return Prediction(("a", "b"), np.zeros(shape), np.full(shape, deviation), LINEAR)


def test_the_factor_is_the_root_mean_square_of_what_was_predicted():
    residual = np.random.default_rng(0).normal(size=(5000, 2)) * [0.5, 3.0]
    scaling = StdScaling.fit(residual, np.full((5000, 2), 2.0))
    np.testing.assert_allclose(scaling.factor, [0.3, 1.5], atol=0.03)  # 0.25 is below the least factor
    few = residual.copy()
    few[7:] = np.nan
    np.testing.assert_array_equal(StdScaling.fit(few, np.full((5000, 2), 2.0)).factor, [1, 1])


def test_scaling_spreads_members_and_noise_alike():
    location = np.random.default_rng(1).normal(size=(5, 7, 2))
    deviation = np.random.default_rng(2).random((5, 7, 2))
    scaled = Prediction(("a", "b"), *StdScaling(np.array([2.0, 1.0])).apply(location, deviation), LINEAR)
    plain = Prediction(("a", "b"), location, deviation, LINEAR)
    np.testing.assert_allclose(scaled.mean(), plain.mean(), atol=1e-12)
    for kind in ("total", "epistemic", "aleatoric"):
        np.testing.assert_allclose(scaled.std(kind=kind), plain.std(kind=kind) * [2, 1])


def test_the_conformal_width_is_the_order_statistic():
    truth = np.stack([np.arange(1.0, 20.0), np.arange(1.0, 20.0)], axis=1)  # 19 scores 1 ... 19
    conformal = SplitConformal.fit(predicted(19), truth)
    np.testing.assert_array_equal(conformal.quantiles(0.9, False), [18, 18])  # ceil(20 * 0.9) = 18
    np.testing.assert_array_equal(conformal.quantiles(0.95, False), [19, 19])
    assert np.isinf(conformal.quantiles(0.96, False)).all()  # 19 designs say nothing so high
    truth[:, 1] = truth[::-1, 1] * 2
    joint = SplitConformal.fit(predicted(19), truth).quantiles(0.5, True)
    np.testing.assert_array_equal(joint, np.sort(truth.max(axis=1))[9])


def test_coverage_holds_over_many_draws_and_not_too_much():
    """Split conformal covers with probability k / (n + 1) exactly for continuous scores: 28/31 here."""
    rng = np.random.default_rng(3)
    hits = joint = 0
    for _ in range(3000):
        conformal = SplitConformal.fit(predicted(30, 0.1), rng.standard_t(2, size=(30, 2)))
        new = np.abs(rng.standard_t(2, size=2)) / 0.1
        hits += new[0] <= conformal.quantiles(0.9, False)[0]
        joint += (new <= conformal.quantiles(0.9, True)).all()
    assert hits / 3000 == pytest.approx(28 / 31, abs=0.018)
    assert joint / 3000 == pytest.approx(28 / 31, abs=0.018)


def test_intervals_of_a_calibrated_ensemble_cover_what_they_say():
    """The goal: 90 % intervals cover 88 to 92 % of an i.i.d. test, here with 400 calibration designs."""
    ensemble = Ensemble.for_problem(PROBLEM).fit(*training_set(300))
    designs = SPEC.random(400, np.random.default_rng(5))
    result = simulate(designs)
    values = ensemble.codec.table(result.values, result.auxiliary)
    ensemble.conformal = SplitConformal.fit(ensemble.predict(designs), values)
    test = SPEC.random(5000, np.random.default_rng(6))
    result = simulate(test)
    values = ensemble.codec.table(result.values, result.auxiliary)
    low, high = ensemble.predict(test).interval(0.9)
    inside = ((values >= low) & (values <= high))[result.ok].mean(axis=0)
    assert 0.88 <= inside.mean() <= 0.92
    assert (np.abs(inside - 0.9) < 0.05).all()
    low, high = ensemble.predict(test).interval(0.9, simultaneous=True)
    together = ((values >= low) & (values <= high))[result.ok].all(axis=1).mean()
    assert together == pytest.approx(0.9, abs=0.045)


def test_no_coverage_is_reported_where_an_optimiser_chose_the_designs():
    truth = np.random.default_rng(4).normal(size=(99, 2))
    assert SplitConformal.fit(predicted(99), truth).coverage(0.9) == (0.9, pytest.approx(0.91))
    with pytest.raises(InputError, match="coverage is not known"):
        SplitConformal.fit(predicted(99), truth, exchangeable=False).coverage(0.9)
    with pytest.raises(InputError, match="true outputs of shape"):
        SplitConformal.fit(predicted(98), truth)

"""The scikit-learn face: its own checks of estimators, and the answers behind it."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.interop.sklearn import to_sklearn
from sciml.surrogates.stacked_training import StackedSettings
from tests.surrogates.amplifier import PROBLEM, SPEC, training_set

QUICK = Ensemble.Config(members=3, width=16, training=StackedSettings(steps=30))


def test_it_passes_scikit_learns_checks_of_estimators():
    results = check_estimator(to_sklearn(members=2, width=16, steps=60), on_fail=None, on_skip=None)
    failed = [each["check_name"] for each in results if each["status"] == "failed"]
    assert len(results) > 30
    assert not failed, failed


def test_it_regresses_a_smooth_function():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (300, 3))
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
    assert cross_val_score(to_sklearn(), X, y, cv=3, scoring="r2").min() > 0.95


def test_deviations_come_with_the_means_in_the_shape_of_y():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 2))
    flat = to_sklearn(members=2, width=8, steps=20).fit(X, X[:, 0])
    mean, std = flat.predict(X[:7], return_std=True)
    assert mean.shape == std.shape == (7,)
    assert (std > 0).all()
    table = clone(flat).fit(X, X)
    assert table.predict(X[:7]).shape == (7, 2)


def test_a_fitted_surrogate_answers_at_once_with_its_own_numbers():
    ensemble = Ensemble.for_problem(PROBLEM, config=QUICK).fit(*training_set(60))
    designs = SPEC.random(20, np.random.default_rng(0))
    mean, std = to_sklearn(ensemble).predict(designs, return_std=True)
    np.testing.assert_array_equal(mean, ensemble.predict(designs).mean()[:, :4])
    np.testing.assert_array_equal(std, ensemble.predict(designs).std()[:, :4])

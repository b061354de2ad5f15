"""Processes beside an ensemble: scales, signed numbers behind magnitudes, weights, and files."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.folds import fold_signs, signed_process
from sciml.surrogates.persistence import load_surrogate, save_surrogate
from sciml.surrogates.process import _surprise, fit_process
from sciml.surrogates.stacked_training import StackedSettings
from sciml.surrogates.stacking import Stack, fit_stack
from sciml.surrogates.transforms import fit_transform
from tests.surrogates.amplifier import PROBLEM, SPEC, training_set

GENERATOR = np.random.default_rng(0)
X = GENERATOR.uniform(-1.7, 1.7, size=(90, 4))
NEW = GENERATOR.uniform(-1.7, 1.7, size=(200, 4))


def signed(x):
    """A conductance that passes zero on a bent surface."""
    return 1e-3 * (x[:, 0] + 0.5 * x[:, 1] + 0.1 * x[:, 0] * x[:, 2] - 0.3)


def measured(x):
    """Gain, a phase that jumps with its sign, a rejection in dB with the same pole, a smooth current."""
    u = signed(x)
    phase = 60 + 3 * x[:, 1] + np.where(u < 0, 180.0, 0.0)
    rejection = 20 * np.log10(np.exp(0.2 * x[:, 3]) / np.abs(u))
    return np.stack([1 / np.abs(u), phase, rejection, np.exp(0.3 * x[:, 0])], axis=1)


@pytest.fixture(scope="module")
def stack():
    values = measured(X)
    transform = fit_transform(values, np.full(4, np.nan))
    left_out = np.tile([1.0, 1.0, 1.0, 0.3], (len(X), 1))
    return fit_stack(X, values, ["V/V", "deg", "dB", "A"], transform, left_out)


def predicted(stack, x):
    location, deviation = stack.apply(x, np.zeros((3, len(x), 4)), np.ones((3, len(x), 4)))
    return stack.transform.decode(location.mean(axis=0)), deviation


def test_the_gradient_of_a_process_is_that_of_finite_differences():
    y = (X[:30, 0] - X[:30, 0].mean()) / X[:30, 0].std() + 0.1 * np.sin(3 * X[:30, 1])
    theta, zeros, ones = 0.3 * GENERATOR.normal(size=10), np.zeros(10), np.ones(10)
    arguments = (X[:30], y, zeros, ones)
    slow = approx_fprime(theta, lambda t: _surprise(t, *arguments)[0])
    np.testing.assert_allclose(_surprise(theta, *arguments)[1], slow, rtol=1e-4, atol=1e-4)


def test_a_prediction_does_not_depend_on_the_batch_that_it_is_part_of():
    """A smooth function without noise takes weights of millions that cancel."""
    points = np.random.default_rng(4).uniform(-1.7, 1.7, size=(80, 2))
    target = (points[:, 0] + 2) * (points[:, 1] + 2)
    process = fit_process(points, target)
    new = np.random.default_rng(5).uniform(-1.7, 1.7, size=(500, 2))
    together, alone = process.predict(new), np.concatenate([process.predict(each[None]) for each in new])
    np.testing.assert_allclose(alone, together, atol=1e-3 * target.std())
    np.testing.assert_allclose(together, (new[:, 0] + 2) * (new[:, 1] + 2), atol=0.01 * target.std())


def test_a_process_says_of_left_out_designs_what_it_would_without_them():
    y = np.sin(X[:40, 0]) + X[:40, 1]
    whole = fit_process(X[:40], y)
    rest = fit_process(X[1:40], y[1:], start=whole)
    # The target is standardised by its own mean and spread, so that the two differ a little.
    assert rest.predict(X[:1])[0] == pytest.approx(whole.left_out[0], abs=0.01)
    assert np.abs(whole.predict(X[40:]) - np.sin(X[40:, 0]) - X[40:, 1]).max() < 0.2


def test_the_sign_behind_a_magnitude_is_found():
    truth = np.sign(signed(X))
    found = fold_signs(X, np.abs(signed(X)))
    assert found is not None
    _, turned = signed_process(X, np.abs(signed(X)) / 1e-3, found)
    assert abs((turned * truth).mean()) > 0.95
    assert fold_signs(X, 3 + 0.1 * X[:, 0]) is None


def test_forms_follow_the_physics_of_each_output(stack):
    gain, phase, rejection, current = stack.outputs
    assert {gain.form, rejection.form} <= {"pole", "ratio"}
    assert "pole" in (gain.form, rejection.form)  # the ratio is to the other's
    assert phase.form == "plain"
    assert phase.side in (0, 2)  # gain and rejection change their sign together
    assert (current.form, current.side) == ("plain", None)


def test_a_gain_is_predicted_beyond_its_pole(stack):
    values, deviation = predicted(stack, NEW)
    truth = measured(NEW)
    close = np.abs(values / truth - 1) < 0.05
    assert close[:, 0].mean() > 0.7
    assert close[:, 1:].mean(axis=0).min() > 0.9
    nearest = values[:, 0].argmax()
    assert deviation[0, nearest, 0] > 1.3 * np.median(deviation[0, :, 0])  # at the pole the gain is not known
    smooth = np.exp(  # what the logarithm of the gain alone would give
        fit_process(X, np.log(measured(X)[:, 0])).predict(NEW)
    )
    assert (np.abs(smooth / truth[:, 0] - 1) < 0.05).mean() < 0.4


def test_members_that_err_less_keep_their_answer(stack):
    values = measured(X)
    nothing_missed = np.zeros(values.shape)
    alone = fit_stack(X, values, ["V/V", "deg", "dB", "A"], stack.transform, nothing_missed)
    assert alone.outputs == (None, None, None, None)
    location = GENERATOR.normal(size=(3, 10, 4))
    same, _ = alone.apply(NEW[:10], location, np.ones(location.shape))
    np.testing.assert_array_equal(same, location)


def test_a_stack_survives_its_state(stack):
    described, arrays = stack.state()
    again = Stack.from_state(described, arrays, stack.transform)
    for one, two in zip(predicted(again, NEW), predicted(stack, NEW), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_saved_ensemble_keeps_its_processes(tmp_path):
    designs, result = training_set(60)
    quick = Ensemble.Config(members=2, width=8, training=StackedSettings(steps=20))
    ensemble = Ensemble.for_problem(PROBLEM, config=quick).fit(designs, result)
    alone = ensemble.predict(designs).median()
    ensemble.fit_stack(designs, result)
    assert ensemble.stack is not None
    path = save_surrogate(ensemble, tmp_path / "m.safetensors")
    loaded = load_surrogate(path)
    np.testing.assert_array_equal(loaded.predict(designs).median(), ensemble.predict(designs).median())
    assert save_surrogate(loaded, tmp_path / "n.safetensors").read_bytes() == path.read_bytes()
    truth = ensemble.codec.fitted.encode(ensemble.codec.table(result.values, result.auxiliary))[result.ok]
    errors = [
        np.nanmean(np.abs(ensemble.codec.fitted.encode(each)[result.ok] - truth)[:, : len(SPEC.outputs)])
        for each in (alone, ensemble.predict(designs).median())
    ]
    assert errors[1] < 0.5 * errors[0]
    ensemble.fit(designs, result)
    assert ensemble.stack is None  # trained anew, the old processes are no longer about it

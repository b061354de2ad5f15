"""Maps of outputs: exact inverses, the kind that is chosen, and moments against Monte Carlo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.surrogates.transforms import OutputTransform, fit_transform


def fitted(values, limit=np.nan, kind=None):
    return fit_transform(np.asarray(values, dtype=float)[:, None], np.array([limit]), (kind,))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1e12, 1e12).filter(lambda x: abs(x) > 1e-12 or x == 0), min_size=2, max_size=30),
    st.one_of(st.just(np.nan), st.floats(-1e9, 1e9).filter(lambda x: abs(x) > 1e-12 or x == 0)),
    st.sampled_from([None, "asinh", "linear"]),
)
def test_decoding_inverts_encoding(values, limit, kind):
    transform = fitted(values, limit, kind)
    column = np.array(values)[:, None]
    back = transform.decode(transform.encode(column))
    assert (np.abs(back - column) <= 1e-9 * np.abs(column) + 1e-12 * np.abs(column).max()).all()


def test_values_near_a_limit_become_log_ratios():
    transform = fitted([100, 300, 900, 2700], limit=300)
    assert transform.kinds == ("log",)
    u = transform.encode(np.array([[300.0], [600.0]])) * transform.spread + transform.shift
    np.testing.assert_allclose(u[:, 0], [0, np.log(2)], atol=1e-12)


def test_sign_changes_and_dead_circuits_become_asinh():
    assert fitted([-40, 20, 70, 90], limit=60).kinds == ("asinh",)
    dead = fitted([1e-9, 1e-7, 200, 400, 800], limit=300)
    assert dead.kinds == ("asinh",)
    z = dead.encode(np.array([[1e-9], [1e-7], [300.0]]))[:, 0]
    assert abs(z[1] - z[0]) < 1e-6  # two ways of being dead look alike
    assert z[2] - z[0] > 0.5


def test_negative_limits_work_with_negative_values():
    transform = fitted([-10.0, -20.0, -40.0], limit=-20)
    assert transform.kinds == ("log",)
    assert transform.sign()[0] == -1
    z = transform.encode(np.array([[-10.0], [-40.0]]))[:, 0]
    assert z[1] > z[0]  # the output falls where z rises
    assert np.isnan(transform.encode(np.array([[5.0]])))[0, 0]


def test_one_outlier_does_not_set_the_scale():
    plain = np.exp(np.random.default_rng(0).normal(size=200))
    spoilt = np.append(plain, 900.0)
    assert fitted(spoilt).spread[0] < 1.15 * fitted(plain).spread[0]


@pytest.mark.parametrize("kind", ["linear", "log", "asinh"])
def test_moments_agree_with_monte_carlo(kind):
    transform = OutputTransform((kind,), np.array([2.0]), np.array([0.3]), np.array([0.7]))
    location, deviation = np.array([[-0.5], [0.2], [1.5]]), np.array([[0.6], [0.3], [0.8]])
    noise = np.random.default_rng(1).normal(size=(400_000, 1, 1))
    draws = transform.decode(location + deviation * noise)
    mean, variance = transform.moments(location, deviation)
    np.testing.assert_allclose(mean, draws.mean(axis=0), rtol=0.02, atol=0.01)
    np.testing.assert_allclose(np.sqrt(variance), draws.std(axis=0), rtol=0.02)


def test_absurd_uncertainty_stays_finite():
    transform = OutputTransform(("log", "asinh"), np.ones(2), np.zeros(2), np.ones(2))
    mean, variance = transform.moments(np.full((1, 2), 1e6), np.full((1, 2), 1e6))
    assert np.isfinite(mean).all()
    assert np.isfinite(variance).all()


def test_state_survives_json_exactly():
    import json

    transform = fitted(np.random.default_rng(2).normal(size=50), limit=0.1)
    again = OutputTransform.from_state(json.loads(json.dumps(transform.state())))
    values = np.random.default_rng(3).normal(size=(20, 1))
    np.testing.assert_array_equal(again.encode(values), transform.encode(values))


def test_constant_and_unknown_outputs_are_mapped_without_harm():
    values = np.stack([np.full(5, 3.0), np.full(5, np.nan), np.zeros(5)], axis=1)
    transform = fit_transform(values, np.array([np.nan, 1.0, np.nan]))
    z = transform.encode(values)
    assert np.isfinite(z[:, [0, 2]]).all()
    np.testing.assert_allclose(transform.decode(z)[:, [0, 2]], values[:, [0, 2]])


def test_what_was_never_negative_is_not_answered_as_negative():
    bandwidth = fitted([0.0, 0.0, 1e6, 2e7, 4e7], limit=1e7)
    assert bandwidth.kinds == ("asinh",)
    assert bandwidth.decode(np.array([[-50.0]]))[0, 0] == 0
    signed = fitted([-40.0, 0.0, 20, 70, 90], limit=60)
    assert signed.decode(np.array([[-5.0]]))[0, 0] < 0

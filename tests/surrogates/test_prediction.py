"""Predictions against hand-worked mixtures and sampling."""

import numpy as np
import pytest
from scipy.stats import norm

from sciml.errors import InputError
from sciml.surrogates.prediction import Prediction
from sciml.surrogates.specification import Specification
from sciml.surrogates.transforms import OutputTransform

LINEAR = OutputTransform(("linear", "linear"), np.ones(2), np.zeros(2), np.ones(2))
LOCATION = np.array([[[1.0, 10.0], [2.0, 20.0]], [[3.0, 10.0], [2.0, 26.0]]])  # (member, design, output)
DEVIATION = np.array([[[1.0, 2.0], [0.5, 4.0]], [[1.0, 2.0], [0.5, 4.0]]])


def prediction(**settings):
    return Prediction(("a", "b"), LOCATION, DEVIATION, LINEAR, **settings)


def test_mean_and_deviations_of_a_mixture_by_hand():
    p = prediction()
    np.testing.assert_allclose(p.mean(), [[2, 10], [2, 23]])
    np.testing.assert_allclose(p.std(kind="epistemic"), [[1, 0], [0, 3]])
    np.testing.assert_allclose(p.std(kind="aleatoric"), [[1, 2], [0.5, 4]])
    np.testing.assert_allclose(p.std("b"), [2, 5])
    np.testing.assert_allclose(p.members[1], LOCATION[1])
    with pytest.raises(InputError, match="epistemic"):
        p.std(kind="both")
    with pytest.raises(InputError, match="'c' is not an output"):
        p.mean("c")


def test_an_interval_is_the_mean_and_some_deviations():
    low, high = prediction().interval(0.9, "b")
    np.testing.assert_allclose(high, [10 + 1.6448536 * 2, 23 + 1.6448536 * 5])
    np.testing.assert_allclose(low + high, [20, 46])
    wide, _ = prediction().interval(0.9, "b", simultaneous=True)
    np.testing.assert_allclose(wide, [10 - norm.ppf(0.975) * 2, 23 - norm.ppf(0.975) * 5])
    with pytest.raises(InputError, match="between 0 and 1"):
        prediction().interval(1.0)


def test_samples_have_the_moments_of_the_mixture_and_keep_to_one_member():
    draws = prediction().sample(200_000, np.random.default_rng(0))
    np.testing.assert_allclose(draws.mean(axis=0), prediction().mean(), atol=0.05)
    np.testing.assert_allclose(draws.std(axis=0), prediction().std(), atol=0.05)
    covariance = np.cov(draws[:, 0, 0], draws[:, 1, 1])[0, 1]
    assert covariance == pytest.approx(1 * 3, abs=0.1)  # both follow the member that was drawn


def test_the_probability_of_being_better_by_hand():
    p = prediction(directions=np.array([1.0, -1.0]))
    swapped = Prediction(("a", "b"), LOCATION[:, ::-1], DEVIATION[:, ::-1], LINEAR, directions=p.directions)
    expected = norm.cdf([(1 - 2) / 1.25**0.5, (3 - 2) / 1.25**0.5]).mean()
    assert p.prob_better(swapped, "a")[0] == pytest.approx(expected)
    np.testing.assert_allclose(p.prob_better(swapped, "a") + swapped.prob_better(p, "a"), 1)
    np.testing.assert_allclose(p.prob_better(p, "b"), 0.5)
    assert p.prob_better(swapped, "b")[0] > 0.9  # 10 is less than 20 or 26
    np.testing.assert_allclose(
        p.prob_better(swapped, "b", "maximise"), 1 - p.prob_better(swapped, "b", "minimise")
    )
    with pytest.raises(InputError, match="large or small"):
        prediction().prob_better(prediction(), "a")


def test_being_better_agrees_with_samples_through_a_log_map_of_negative_values():
    transform = OutputTransform(("log",), np.array([-5.0]), np.array([0.0]), np.array([1.0]))
    rng = np.random.default_rng(3)
    a, b = (Prediction(("x",), rng.normal(size=(3, 1, 1)), np.full((3, 1, 1), 0.4), transform) for _ in "ab")
    same = np.random.default_rng(1), np.random.default_rng(1)  # the same members on both sides
    draws = a.sample(100_000, same[0]), b.sample(100_000, same[1])
    member = np.random.default_rng(1).integers(3, size=100_000)
    noise = rng.standard_normal((2, 100_000)) * 0.4
    x, y = (
        transform.decode((p.location[member, 0, 0] + noise[i])[:, None])[:, 0] for i, p in enumerate((a, b))
    )
    assert a.prob_better(b, "x", "maximise")[0] == pytest.approx((x > y).mean(), abs=0.01)
    assert (draws[0] < 0).all()


def test_the_probability_to_meet_a_limit_by_hand():
    limits = (Specification("a", minimum=2.0), Specification("b", maximum=23.0))
    met = prediction().probability_met(limits)
    np.testing.assert_allclose(met[1], [0.5, norm.cdf([3 / 4, -3 / 4]).mean()])
    log = OutputTransform(("log",), np.array([2.0]), np.array([0.0]), np.array([1.0]))
    positive = Prediction(("x",), np.zeros((1, 1, 1)), np.ones((1, 1, 1)), log)
    assert positive.probability_met((Specification("x", minimum=-1.0),)) == 1
    assert positive.probability_met((Specification("x", maximum=-1.0),)) == 0


def test_taking_some_outputs_keeps_their_answers():
    p = prediction(directions=np.array([1.0, -1.0]), failure=np.array([0.1, 0.2]))
    b = p.take(("b",))
    np.testing.assert_array_equal(b.mean()[:, 0], p.mean("b"))
    np.testing.assert_array_equal(b.interval(0.8)[1][:, 0], p.interval(0.8, "b")[1])
    np.testing.assert_array_equal(b.failure, p.failure)


def test_without_a_domain_nothing_is_outside_and_the_label_says_why():
    report = prediction().domain
    assert report.inside.all()
    assert report.labels == ("no domain was fitted",)

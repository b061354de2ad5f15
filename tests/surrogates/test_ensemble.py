"""Ensembles: what they learn, and that members, stacks and repeats agree."""

import numpy as np
import pytest
import torch

from sciml.errors import InputError
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.stacked_training import StackedSettings
from tests.surrogates.amplifier import GOAL, PROBLEM, SPEC, fails, simulate, training_set

QUICK = Ensemble.Config(members=3, width=16, training=StackedSettings(steps=30))


@pytest.fixture(scope="module")
def fitted():
    return Ensemble.for_problem(PROBLEM, seed=3).fit(*training_set(300))


def truth(designs):
    result = simulate(designs)
    return result, np.concatenate([result.values, result.auxiliary], axis=1)


def test_it_explains_most_of_what_new_designs_do(fitted):
    result, values = truth(SPEC.random(500, np.random.default_rng(9)))
    prediction = fitted.predict(SPEC.random(500, np.random.default_rng(9)))
    z = fitted.codec.fitted.encode(values)[result.ok]
    unexplained = ((z - prediction.z_mean[result.ok]) ** 2).mean(axis=0) / z.var(axis=0)
    assert (unexplained < 0.05).all(), unexplained


def test_its_intervals_hold_at_least_what_they_claim(fitted):
    result, values = truth(SPEC.random(1000, np.random.default_rng(8)))
    low, high = fitted.predict(SPEC.random(1000, np.random.default_rng(8))).interval(0.9)
    inside = ((values >= low) & (values <= high))[result.ok].mean(axis=0)
    assert (inside > 0.87).all(), inside


def test_it_learns_where_simulations_fail(fitted):
    designs = SPEC.random(2000, np.random.default_rng(7))
    failure, truly = fitted.predict(designs).failure, fails(designs)
    order = failure[truly][:, None] > failure[~truly][None]
    assert order.mean() > 0.95  # area under the ROC curve


def test_the_stacked_path_and_each_member_alone_agree(fitted):
    designs = SPEC.random(64, np.random.default_rng(1))
    location, deviation, _ = fitted._gaussians(designs)
    for index in range(fitted.member_count):
        alone, spread, _ = fitted.member(index)._gaussians(designs)
        np.testing.assert_allclose(location[index], alone[0], rtol=0, atol=2e-5)
        np.testing.assert_allclose(deviation[index], spread[0], rtol=1e-4)


def test_the_answer_to_a_design_does_not_depend_on_its_batch(fitted):
    designs = SPEC.random(3000, np.random.default_rng(2))
    whole, some = fitted.predict(designs), fitted.predict(designs[2500:2510])
    np.testing.assert_allclose(whole.z_mean[2500:2510], some.z_mean, rtol=0, atol=1e-5)


def test_the_same_data_and_seed_give_the_same_bits():
    data = training_set(60)
    first, again = (Ensemble.for_problem(PROBLEM, seed=5, config=QUICK).fit(*data) for _ in range(2))
    other = Ensemble.for_problem(PROBLEM, seed=6, config=QUICK).fit(*data)
    for name, value in first.stacked.items():
        assert torch.equal(value, again.stacked[name])
    assert not np.array_equal(first.predict(data[0]).z_mean, other.predict(data[0]).z_mean)


def test_fitting_does_not_touch_the_global_random_state():
    state = torch.get_rng_state()
    Ensemble.for_problem(PROBLEM, config=QUICK).fit(*training_set(40))
    assert torch.equal(state, torch.get_rng_state())


def test_a_warm_start_goes_on_from_where_it_was():
    data = training_set(100)
    ensemble = Ensemble.for_problem(PROBLEM, config=QUICK).fit(*data, steps=10)
    before = ensemble.predict(data[0]).z_mean
    ensemble.fit(*data, warm_start=True, steps=0)
    np.testing.assert_array_equal(ensemble.predict(data[0]).z_mean, before)
    batch = ensemble.batch(*data, ensemble.fold_weights(100)[0])
    loss = ensemble.loss(batch).item()
    ensemble.fit(*data, warm_start=True, steps=40)
    assert ensemble.loss(batch).item() < loss


def test_a_row_that_was_cut_off_teaches_what_it_has():
    designs, result = training_set(80)
    values = result.values.copy()
    values[::2, 1:] = np.nan  # only the gain was measured
    partial = type(result)(
        values, result.auxiliary, result.ok & False, result.is_complete, (None,) * 80, result.cost_s
    )
    batch = Ensemble.for_problem(PROBLEM, config=QUICK).fit(designs, partial).batch(designs, partial)
    known = batch.known.numpy() > 0
    np.testing.assert_array_equal(known[:, :4], np.isfinite(values))


def test_without_failures_the_rate_is_small_and_the_same_everywhere():
    designs = SPEC.random(200, np.random.default_rng(4))
    designs = designs[~fails(designs)][:99]
    ensemble = Ensemble.for_problem(PROBLEM, config=QUICK).fit(designs, simulate(designs))
    np.testing.assert_allclose(ensemble.predict(designs).failure, 0.5 / 100, rtol=0.02)


def test_the_probability_of_meeting_the_goal_follows_the_truth(fitted):
    designs = SPEC.random(1000, np.random.default_rng(11))
    result, _ = truth(designs)
    probability = fitted.predict(designs).probability_met(GOAL.specifications)
    met = GOAL.violations(result.values, SPEC) == 0
    for i in range(len(GOAL.specifications)):
        sure = result.ok & (probability[:, i] > 0.95)
        assert met[sure, i].mean() > 0.93
        unlikely = result.ok & (probability[:, i] < 0.05)
        assert met[unlikely, i].mean() < 0.07


def test_nothing_to_learn_from_is_refused():
    designs, result = training_set(20)
    nothing = type(result)(
        result.values * np.nan,
        result.auxiliary * np.nan,
        result.ok & False,
        result.is_complete,
        result.failures,
        result.cost_s,
    )
    with pytest.raises(InputError, match="two designs with an output"):
        Ensemble.for_problem(PROBLEM, config=QUICK).fit(designs, nothing)
    with pytest.raises(InputError, match="19 designs and 20 results"):
        Ensemble.for_problem(PROBLEM, config=QUICK).fit(designs[:19], result)

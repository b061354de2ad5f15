"""Lightning training: no leak between the sides of the split, the quick path's loss, time limits."""

import time

import numpy as np
import pytest
import torch

from sciml.errors import InputError, SettingsError
from sciml.surrogates.backbones import MLP
from sciml.surrogates.codec import TableCodec
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.heads import GaussianHead
from sciml.surrogates.neural import NeuralSurrogate
from sciml.surrogates.stacked_training import StackedSettings
from sciml.surrogates.training import (
    SurrogateData,
    SurrogateTask,
    TrainingSettings,
    fit,
    held_out_groups,
    seconds_of,
)
from tests.surrogates.amplifier import GOAL, PROBLEM, SPEC, simulate, training_set

SHORT = TrainingSettings(steps=300, validate_every=50)


def network(width=32):
    codec = TableCodec(SPEC, GOAL)
    return NeuralSurrogate(codec, MLP(len(codec.feature_names), width=width), GaussianHead(width, 5))


def test_a_network_trained_by_lightning_explains_new_designs():
    surrogate = fit(network(), *training_set(400), settings=SHORT)
    designs = SPEC.random(300, np.random.default_rng(9))
    result = simulate(designs)
    z = surrogate.codec.fitted.encode(surrogate.codec.table(result.values, result.auxiliary))[result.ok]
    error = z - surrogate.predict(designs).z_mean[result.ok]
    assert ((error**2).mean(axis=0) / z.var(axis=0) < 0.15).all()
    assert surrogate.facts["training"]["held_out"] == 60
    assert surrogate.scaling.source == "held out"


def test_an_ensemble_is_trained_by_the_same_task():
    config = Ensemble.Config(members=3, width=16)
    ensemble = Ensemble.for_problem(PROBLEM, config=config)
    untrained = Ensemble.for_problem(PROBLEM, config=config).fit(*training_set(400), steps=0)
    fit(ensemble, *training_set(400), settings=SHORT)
    designs = SPEC.random(300, np.random.default_rng(9))
    result = simulate(designs)

    def error(surrogate):
        table = surrogate.codec.table(result.values, result.auxiliary)
        z = surrogate.codec.fitted.encode(table)[result.ok]
        return ((z - surrogate.predict(designs).z_mean[result.ok]) ** 2).mean()

    assert error(ensemble) < 0.2 * error(untrained)


def test_the_task_and_the_quick_path_have_one_loss():
    data = training_set(60)
    ensemble = Ensemble.for_problem(
        PROBLEM, config=Ensemble.Config(members=3, width=16, training=StackedSettings(steps=5))
    ).fit(*data)
    batch = ensemble.batch(*data, ensemble.fold_weights(60)[0])
    task = SurrogateTask(ensemble, SHORT)
    task.log = lambda *_, **__: None
    each = [
        member.head.loss(member.raw(batch.features), ensemble.batch(*data, batch.weight[i]))
        for i, member in enumerate(ensemble.member(i) for i in range(3))
    ]
    torch.testing.assert_close(task.training_step(batch, 0), torch.cat(each).sum())


def test_a_group_is_never_on_both_sides():
    designs, _ = training_set(100)
    designs = np.repeat(designs, 3, axis=0)
    data = SurrogateData(network(), designs, simulate(designs))
    train = {row.tobytes() for row in designs[~data.is_valid]}
    valid = {row.tobytes() for row in designs[data.is_valid]}
    assert valid
    assert not train & valid
    families = [f"family {i % 7}" for i in range(300)]
    data = SurrogateData(network(), designs, simulate(designs), groups=families)
    sides = [{families[i] for i in np.flatnonzero(data.is_valid == side)} for side in (True, False)]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 7


def test_the_codec_does_not_see_the_held_out_designs():
    designs, result = training_set(80)
    is_valid = SurrogateData(network(), designs, result).is_valid
    surrogate = network()
    values = result.values.copy()
    values[is_valid] *= 1e6
    changed = type(result)(
        values, result.auxiliary, result.ok, result.is_complete, result.failures, result.cost_s
    )
    SurrogateData(surrogate, designs, changed)
    plain = network()
    SurrogateData(plain, designs, result)
    assert surrogate.codec.state() == plain.codec.state()


def test_every_design_comes_once_in_a_pass():
    data = SurrogateData(network(), *training_set(80), settings=TrainingSettings(batch_size=17))
    count = len(data.train_batch.features)
    features = [data._batch(0, step, range(17)).features for step in range(count)]
    rows, times = np.unique(torch.cat(features).numpy(), axis=0, return_counts=True)
    assert len(rows) == count
    assert (times == 17).all()


def test_training_repeats_with_the_seed_and_ends_on_time():
    settings = TrainingSettings(steps=20, validate_every=10)
    answers = [
        fit(network(8), *training_set(60), settings=settings, seed=seed).predict(training_set(5)[0]).mean()
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[0], answers[2])
    started = time.monotonic()
    fit(network(8), *training_set(60), settings=TrainingSettings(steps=10**6), budget="2s")
    assert time.monotonic() - started < 20


def test_budgets_are_read_in_their_units():
    assert [seconds_of(text) for text in ("90s", "5min", "1.5h", 30)] == [90, 300, 5400, 30]
    for wrong in ("5 weeks", "-3s", "0", "min"):
        with pytest.raises(SettingsError, match="time budget"):
            seconds_of(wrong)


def test_a_single_group_cannot_be_split():
    with pytest.raises(InputError, match="two groups"):
        held_out_groups(np.zeros(10, dtype=int), 0.2, 0)
    held = held_out_groups(np.arange(10), 0.2, 0)
    assert held.sum() == 2

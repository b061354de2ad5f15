"""Saved discriminators: the same answers, draws of dropout included, and clear words about other files."""

import json

import numpy as np
import pytest

from sciml.errors import InputError, MissingRequirementError
from sciml.surrogates.discriminator import PairwiseDiscriminator
from sciml.surrogates.discriminator_file import load_discriminator, save_discriminator
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.persistence import load_surrogate, save_surrogate
from sciml.surrogates.stacked_training import StackedSettings
from tests.surrogates.amplifier import PROBLEM, SPEC, training_set
from tests.surrogates.test_persistence import rewritten

DESIGNS, RESULT = training_set(80)
NEW = SPEC.random(50, np.random.default_rng(9))


def fitted(ties, **changes):
    config = PairwiseDiscriminator.Config(width=16, steps=20, **changes)
    return PairwiseDiscriminator(PROBLEM, ties=ties, seed=3, config=config).fit(DESIGNS, RESULT.values)


@pytest.mark.parametrize(
    ("ties", "changes"),
    [
        ("rank", {"form": "utility"}),
        ("bagnet", {"dropout": 0.2, "dropout_at_query": True, "features": "unit"}),
    ],
)
def test_a_loaded_discriminator_answers_and_learns_as_the_saved_one(ties, changes, tmp_path):
    saved = fitted(ties, **changes)
    saved.prob_better(NEW, DESIGNS[0])  # moves the generator on
    loaded = load_discriminator(save_discriminator(saved, tmp_path / "d.safetensors"))
    for _ in range(2):
        np.testing.assert_array_equal(loaded.prob_better(NEW, DESIGNS[0]), saved.prob_better(NEW, DESIGNS[0]))
    np.testing.assert_array_equal(loaded.merit(RESULT.values), saved.merit(RESULT.values))
    more = training_set(60, seed=4)
    again = [each.fit(more[0], more[1].values).prob_better(NEW, NEW[0]) for each in (loaded, saved)]
    np.testing.assert_array_equal(*again)


def test_saving_what_was_loaded_gives_the_same_bytes_and_names_parts_by_id(tmp_path):
    first = save_discriminator(fitted("drop"), tmp_path / "a.safetensors", readable=True)
    second = save_discriminator(load_discriminator(first), tmp_path / "b.safetensors")
    assert second.read_bytes() == first.read_bytes()
    text = json.loads((tmp_path / "a.surrogate.json").read_text())
    assert [text[kind]["id"] for kind in ("codec", "backbone", "head")] == ["table", "mlp", "pairwise"]


def test_what_cannot_be_saved_or_loaded_is_said(tmp_path):
    with pytest.raises(InputError, match="not fitted yet"):
        save_discriminator(PairwiseDiscriminator(PROBLEM), tmp_path / "d.safetensors")
    path = save_discriminator(fitted("half"), tmp_path / "d.safetensors")
    with pytest.raises(InputError, match=r"no surrogate: .*'sciml-discriminator'"):
        load_surrogate(path)
    quick = Ensemble.Config(members=2, width=8, training=StackedSettings(steps=5))
    other = Ensemble.for_problem(PROBLEM, config=quick).fit(DESIGNS, RESULT)
    with pytest.raises(InputError, match=r"no discriminator: .*'sciml-surrogate'"):
        load_discriminator(save_surrogate(other, tmp_path / "s.safetensors"))
    with pytest.raises(InputError, match="version 99 of the format"):
        load_discriminator(rewritten(path, lambda d: d.update(version=99)))
    with pytest.raises(MissingRequirementError, match=r"'versus'.*sciml\.surrogates\.heads"):
        load_discriminator(rewritten(path, lambda d: d["head"].update(id="versus")))
    for change in (
        lambda d: d.pop("state"),
        lambda d: d["config"].update(width=32),
        lambda d: d.update(goal=0),
    ):
        with pytest.raises(InputError, match=r"changed\.safetensors.*damaged"):
            load_discriminator(rewritten(path, change))

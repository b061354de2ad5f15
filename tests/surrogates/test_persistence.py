"""Saved surrogates: the same answers in another process, the same bytes, and clear words about bad files."""

import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import safetensors.torch
import torch

from sciml.errors import InputError, MissingRequirementError
from sciml.surrogates.calibration import SplitConformal
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.persistence import load_surrogate, read_file, save_surrogate
from sciml.surrogates.registry import BACKBONES
from sciml.surrogates.spec_json import goal_from_json, goal_to_json, spec_from_json, spec_to_json
from sciml.surrogates.stacked_training import StackedSettings
from tests.surrogates.amplifier import GOAL, PROBLEM, SPEC, simulate, training_set

QUICK = Ensemble.Config(members=3, width=16, training=StackedSettings(steps=30))
DESIGNS = SPEC.random(100, np.random.default_rng(1))


@pytest.fixture(scope="module")
def fitted():
    ensemble = Ensemble.for_problem(PROBLEM, seed=2, config=QUICK).fit(*training_set(120))
    held_out = SPEC.random(60, np.random.default_rng(2))
    result = simulate(held_out)
    table = ensemble.codec.table(result.values, result.auxiliary)
    ensemble.conformal = SplitConformal.fit(ensemble.predict(held_out), table)
    return ensemble


def everything(surrogate):
    prediction = surrogate.predict(DESIGNS)
    low, high = prediction.interval(0.8)
    draws = prediction.sample(3, np.random.default_rng(0))
    report = prediction.domain
    return [
        prediction.mean(),
        prediction.std(),
        low,
        high,
        draws,
        prediction.failure,
        report.score,
        report.inside,
    ]


def test_a_fresh_process_gives_identical_answers(fitted, tmp_path):
    path = save_surrogate(fitted, tmp_path / "model.safetensors")
    script = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from sciml.surrogates.persistence import load_surrogate\n"
        "from tests.surrogates.test_persistence import everything\n"
        "np.savez(sys.argv[2], *everything(load_surrogate(Path(sys.argv[1]))))\n"
    )
    out = tmp_path / "answers.npz"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(["", *sys.path])}
    subprocess.run([sys.executable, "-c", script, str(path), str(out)], check=True, env=environment)
    with np.load(out) as answers:
        for here, there in zip(everything(fitted), answers.values(), strict=True):
            np.testing.assert_array_equal(here, there)


def test_saving_twice_and_saving_what_was_loaded_give_the_same_bytes(fitted, tmp_path):
    first = save_surrogate(fitted, tmp_path / "a.safetensors").read_bytes()
    assert save_surrogate(fitted, tmp_path / "b.safetensors").read_bytes() == first
    again = load_surrogate(tmp_path / "a.safetensors")
    assert save_surrogate(again, tmp_path / "c.safetensors").read_bytes() == first


def test_one_member_is_saved_as_a_network_of_its_own(fitted, tmp_path):
    member = fitted.member(1)
    loaded = load_surrogate(save_surrogate(member, tmp_path / "m.safetensors"))
    np.testing.assert_array_equal(loaded.predict(DESIGNS).mean(), member.predict(DESIGNS).mean())


def test_a_loaded_ensemble_learns_on_as_the_original_would(fitted, tmp_path):
    copy = load_surrogate(save_surrogate(fitted, tmp_path / "a.safetensors"))
    data = training_set(80, seed=4)
    copy.fit(*data)
    original = Ensemble.for_problem(PROBLEM, seed=2, config=QUICK).fit(*data)
    np.testing.assert_array_equal(copy.predict(DESIGNS).mean(), original.predict(DESIGNS).mean())


def test_the_description_holds_units_hash_and_versions(fitted, tmp_path):
    path = save_surrogate(fitted, tmp_path / "m.safetensors", readable=True)
    text = json.loads((tmp_path / "m.surrogate.json").read_text())
    assert text == read_file(path)[0]
    cc = text["spec"]["inputs"][3]
    assert (cc["name"], cc["low"], cc["step"], cc["unit"]) == ("cc", 0.1, 0.1, "pF")
    assert text["libraries"]["torch"] == torch.__version__
    assert len(text["facts"]["training"]["sha256"]) == 64
    assert text["facts"]["training"]["designs"] == 120


def test_spec_and_goal_survive_json():
    assert spec_from_json(json.loads(json.dumps(spec_to_json(SPEC)))) == SPEC
    assert goal_from_json(json.loads(json.dumps(goal_to_json(GOAL)))) == GOAL


def rewritten(path, change):
    """The file with a changed description."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = safetensors.torch.load(data)
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    description = json.loads(metadata["surrogate"])
    change(description)
    changed = path.with_name("changed.safetensors")
    metadata["surrogate"] = json.dumps(description)
    changed.write_bytes(safetensors.torch.save(tensors, metadata))
    return changed


def test_an_unknown_part_names_the_plug_in_to_install(fitted, tmp_path):
    path = save_surrogate(fitted, tmp_path / "m.safetensors")
    changed = rewritten(path, lambda d: d["backbone"].update(id="kolmogorov"))
    with pytest.raises(MissingRequirementError, match=r"'kolmogorov'.*sciml\.surrogates\.backbones"):
        load_surrogate(changed)


def test_a_later_version_says_update(fitted, tmp_path):
    path = save_surrogate(fitted, tmp_path / "m.safetensors")
    with pytest.raises(InputError, match="version 99 of the format"):
        load_surrogate(rewritten(path, lambda d: d.update(version=99)))


def test_damage_is_said_with_the_file(fitted, tmp_path):
    path = save_surrogate(fitted, tmp_path / "m.safetensors")
    data = path.read_bytes()
    broken = tmp_path / "broken.safetensors"
    for cut in (0, 5, 100, 2000, len(data) - 1):
        broken.write_bytes(data[:cut])
        with pytest.raises(InputError, match=r"broken\.safetensors"):
            load_surrogate(broken)
    generator = np.random.default_rng(0)
    for _ in range(100):
        noisy = bytearray(data)
        noisy[generator.integers(3000)] ^= int(generator.integers(1, 256))
        broken.write_bytes(noisy)
        try:
            load_surrogate(broken)
        except (InputError, MissingRequirementError):
            continue
    for change in (lambda d: d.pop("codec"), lambda d: d.update(members=7), lambda d: d.update(spec=[])):
        with pytest.raises(InputError, match=r"changed\.safetensors.*damaged"):
            load_surrogate(rewritten(path, change))
    with pytest.raises(InputError, match="no such file"):
        load_surrogate(tmp_path / "none.safetensors")


def test_other_safetensors_files_are_no_surrogates(tmp_path):
    other = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"a": torch.zeros(2)}, other)
    with pytest.raises(InputError, match="no surrogate"):
        load_surrogate(other)


def test_a_part_without_an_id_cannot_be_saved(fitted, tmp_path):
    class Mine(torch.nn.Module):
        pass

    with pytest.raises(InputError, match="Mine is not registered among the backbones"):
        BACKBONES.describe(Mine())


def test_two_classes_cannot_have_one_id():
    with pytest.raises(ValueError, match="'mlp' is the id of MLP already"):

        @BACKBONES.register("mlp")
        class Other:
            pass

from pathlib import Path

import pytest

from sciml.errors import MissingRequirementError, SettingsError
from sciml.weights.registry import BUNDLED, DEFAULT, describe, find_parameters


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "name", "preset"),
    [
        ("params_model_2_ptm.npz", "model_2_ptm", None),
        ("folder/openfold.pt", "openfold", None),
        ("a.safetensors", "a", None),
        ("model_3=b.npz", "b", "model_3"),
        ("a=b.npz", "a=b", None),  # a file of that name goes before PRESET=FILE
    ],
)
def test_a_file_is_found_under_its_name(given, name, preset):
    Path("folder").mkdir()
    for file in ("params_model_2_ptm.npz", "folder/openfold.pt", "a.safetensors", "b.npz", "a=b.npz"):
        Path(file).write_bytes(b"")
    found = find_parameters(given)
    assert (found.name, found.preset) == (name, preset)
    assert found.path == Path(given.removeprefix("model_3="))


def test_every_bundled_name_is_a_file_of_the_package():
    assert DEFAULT in BUNDLED
    for name in BUNDLED:
        found = find_parameters(name)
        assert (found.name, found.path.name, found.preset) == (name, BUNDLED[name], None)


def test_a_bundled_name_whose_file_was_not_installed_says_so(monkeypatch):
    monkeypatch.setitem(BUNDLED, "mini", "absent.safetensors")
    with pytest.raises(MissingRequirementError, match=r"lacks its bundled parameters 'mini'.*absent"):
        find_parameters("mini")


def test_names_and_files_that_are_not_there_are_told_apart():
    with pytest.raises(SettingsError, match=r"no parameter set 'nope': give mini or a file"):
        find_parameters("nope")
    with pytest.raises(MissingRequirementError, match=r"no parameter file at absent\.npz"):
        find_parameters("absent.npz")
    with pytest.raises(MissingRequirementError, match=r"no parameter file at absent\.npz"):
        find_parameters("model_1=absent.npz")
    with pytest.raises(MissingRequirementError, match=r"--model path/to/params_model_4\.npz"):
        find_parameters("model_4")


def test_a_file_is_described_by_its_own_words_else_by_its_kind():
    own = {"description": "Drawn at random."}
    assert describe(Path("params_model_1.npz"), own) == "Drawn at random."
    assert "trained by DeepMind" in describe(Path("params_model_1.npz"), {})
    assert "nothing is known" in describe(Path("params_model_1.npz"), {}, is_published_size=False)
    assert "nothing is known" in describe(Path("other.npz"), {})
    assert "OpenFold's format" in describe(Path("finetuning.pt"), {})

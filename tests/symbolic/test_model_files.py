import subprocess
import sys

import pytest
import torch
from random_networks import random_network

from sciml.errors import InputError, MissingRequirementError, SettingsError
from sciml.symbolic import model_files
from sciml.symbolic.model_files import load_model, save_model
from sciml.weights.registry import SEQUENCE_MODELS


def test_parameters_and_history_come_back_from_half_precision(tmp_path):
    network, path = random_network(0), tmp_path / "model.safetensors"
    save_model(network, path, {"description": "drawn at random"})
    loaded = load_model(path)
    assert loaded.network.config == network.config
    assert loaded.metadata == {"description": "drawn at random"}
    for given, read in zip(network.parameters(), loaded.network.parameters(), strict=True):
        assert read.dtype == torch.float32
        torch.testing.assert_close(read, given, rtol=2**-11, atol=1e-7)
    assert not loaded.network.training
    tokens, target = torch.tensor([[3, 6]]), torch.tensor([[1, 6]])
    torch.testing.assert_close(loaded.network(tokens, target), network(tokens, target), atol=0.02, rtol=0.01)
    assert path.stat().st_size < 2.5 * sum(one.numel() for one in network.parameters()) + 4000


def test_damage_and_another_vocabulary_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    save_model(random_network(1), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(InputError, match=r"model\.safetensors: damaged"):
        load_model(path)
    path.write_bytes(whole)
    monkeypatch.setattr(model_files, "TOKENS", ("x", "y"))
    with pytest.raises(InputError, match="another vocabulary"):
        load_model(path)


def test_a_network_beyond_half_precision_is_not_written(tmp_path):
    network = random_network(2)
    with torch.no_grad():
        network.embedding[0, 0] = 1e6
    with pytest.raises(SettingsError, match="embedding does not fit into half precision"):
        save_model(network, tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_names_and_files_that_are_not_there_are_told_apart(tmp_path, monkeypatch):
    with pytest.raises(SettingsError, match="no model 'nope'"):
        load_model("nope")
    with pytest.raises(MissingRequirementError, match="no model at"):
        load_model(tmp_path / "absent.safetensors")
    monkeypatch.setitem(SEQUENCE_MODELS, "symbolic", "absent.safetensors")
    with pytest.raises(MissingRequirementError, match="lacks its bundled model 'symbolic'"):
        load_model("symbolic")


def test_loading_does_not_import_torchs_compiler():
    """It takes as long as torch itself, out of the time of the first problem that needs the model."""
    code = (
        "import sys; from sciml.symbolic.model_files import load_model; load_model(); "
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

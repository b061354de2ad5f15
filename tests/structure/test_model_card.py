"""The model card: baselines on chains whose answer is known, calibration on valid, nothing fitted on test."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from sciml.data.chains import open_chains
from sciml.structure.config import Config
from sciml.structure.model import AlphaFold
from sciml.structure.model_card import (
    HELIX,
    SEPARATION,
    baseline_figures,
    chain_beta,
    fit_separation,
    model_card,
    predict_chains,
)
from sciml.structure.parameters import load_parameters, save_parameters
from tests.structure.folded_chain import HAIRPIN, STRAND, write_data
from tests.structure.folded_chain import HELIX as HELICAL

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "structure" / "model_card.py"
EDGES = np.linspace(2.3125, 21.6875, 63)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    splits = [("train", [HELICAL] * 40, seed) for seed in range(3)]
    splits += [("valid", [HELICAL] * 36, 5), ("valid", [STRAND] * 30, 6), ("test", HAIRPIN, 7)]
    return write_data(tmp_path_factory.mktemp("cards"), splits)


@pytest.fixture(scope="module")
def parameters(tmp_path_factory):
    """A tiny network with random parameters, zero nowhere."""
    torch.manual_seed(1)
    network = AlphaFold(Config.preset("tiny"))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    path = tmp_path_factory.mktemp("parameters") / "tiny.safetensors"
    save_parameters(network, path, {"description": "random"})
    return path


def test_helix_baseline_is_right_about_helices_and_wrong_about_strands(folder):
    chains = open_chains(folder, ("valid",))
    separation = fit_separation(open_chains(folder, ("train",)), EDGES)
    helix, strand = (baseline_figures(chains, [number], separation) for number in range(2))
    assert helix[HELIX]["lddt_ca"].mean > 0.95
    assert helix[HELIX]["tm_score"].mean > 0.8
    assert strand[HELIX]["lddt_ca"].mean < 0.4
    # The distogram was fitted on helices: it knows one, and a strand surprises it.
    assert helix[SEPARATION]["distogram_nll"].mean < 1 < strand[SEPARATION]["distogram_nll"].mean
    assert np.isnan(helix[SEPARATION]["precision_l5"].mean), "a lone helix has no long-range contact"


def test_beta_of_glycine_is_its_alpha_carbon(folder):
    chain = open_chains(folder, ("train",)).chain(0)
    beta, mask = chain_beta(chain)
    glycine = np.array([letter == "G" for letter in chain.sequence])
    assert mask.all()
    np.testing.assert_array_equal(beta[glycine], chain.positions[glycine, 1])
    distance = np.linalg.norm(beta - chain.positions[:, 1], axis=1)
    np.testing.assert_allclose(distance[~glycine], 1.53, atol=0.05)


def test_card_is_json_and_a_table_with_a_row_for_each_answer(folder, parameters):
    chains = open_chains(folder, ("valid",))
    network = load_parameters(parameters).model
    scores = predict_chains(network, chains, recycles=0, echo=lambda line: None)
    separation = fit_separation(open_chains(folder, ("train",)), EDGES)
    card = model_card("tiny", scores, baseline_figures(chains, [0, 1], separation))
    values = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert values["figures"]["tiny"]["lddt_ca"]["clusters"] == 2
    assert values["figures"]["tiny"]["precision_l5"]["mean"] is None
    rows = [line.split("|")[1].strip() for line in card.to_markdown().splitlines() if line.startswith("|")]
    assert rows[2:] == ["tiny", HELIX, SEPARATION]


def run_script(monkeypatch, *words):
    specification = importlib.util.spec_from_file_location("model_card_script", SCRIPT)
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    monkeypatch.setattr(sys, "argv", ["model_card.py", *map(str, words)])
    script.main()


def test_calibration_on_valid_is_folded_into_the_parameters(
    folder, parameters, tmp_path, monkeypatch, capsys
):
    new = tmp_path / "calibrated.safetensors"
    common = ("--data", folder, "--recycles", 0, "--device", "cpu", "--split", "valid")
    run_script(
        monkeypatch, *common, "--params", parameters, "--json", tmp_path / "a.json", "--calibrate", new
    )
    run_script(monkeypatch, *common, "--params", new, "--json", tmp_path / "b.json")
    assert "lDDT-Cα" in capsys.readouterr().out
    before, after = (json.loads((tmp_path / name).read_text()) for name in ("a.json", "b.json"))
    assert abs(after["plddt"]["bias"]) < 0.02 < abs(before["plddt"]["bias"])
    assert after["figures"]["tiny"]["lddt_ca"] == before["figures"]["tiny"]["lddt_ca"]
    assert after["parameters_sha256"] != before["parameters_sha256"]
    assert json.loads(load_parameters(new).metadata["calibration"])["split"] == "valid"


def test_nothing_is_calibrated_on_test(folder, parameters, tmp_path, monkeypatch, capsys):
    words = (
        "--data",
        folder,
        "--params",
        parameters,
        "--split",
        "test",
        "--calibrate",
        tmp_path / "x.safetensors",
    )
    with pytest.raises(SystemExit):
        run_script(monkeypatch, *words)
    assert "never on test" in capsys.readouterr().err

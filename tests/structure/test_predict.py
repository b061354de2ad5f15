"""One record with its alignment: seeds, passes, dropout, ranking, and failures that belong to the record."""

import hashlib
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from sciml.data.alignment import Alignment
from sciml.errors import MissingRequirementError, SettingsError
from sciml.structure import predict as predict_module
from sciml.structure.confidence import pae_from_logits, plddt_from_logits, ptm_from_logits
from sciml.structure.features.msa import encode_alignment
from sciml.structure.features.pipeline import make_features
from sciml.structure.network import PredictSettings, choose_device, load_network, load_networks
from sciml.structure.parameters import save_parameters
from sciml.structure.predict import PredictionError, predict_record
from tests.structure.networks import TINY, random_alignment, random_network
from tests.structure.saved_networks import WITHOUT_ERROR_HEAD, save_random

MSA = random_alignment(rows=24)


@pytest.fixture(scope="module")
def parameters(tmp_path_factory):
    return save_random(tmp_path_factory.mktemp("parameters") / "params_net.safetensors")


@pytest.fixture
def predict(parameters):
    """Predicts the record of `MSA`, or of another alignment, with settings; float32 on the processor."""

    def run(alignment=MSA, on_pass=None, path=parameters, **settings):
        chosen = PredictSettings(**{"recycles": 1, "precision": "float32", "device": "cpu", **settings})
        network = load_network(str(path), chosen)
        return predict_record([network], alignment, record_id="r", name="r", settings=chosen, on_pass=on_pass)

    return run


def assert_equal(first, second):
    assert first.atom_positions.tobytes() == second.atom_positions.tobytes()
    assert first.plddt.tobytes() == second.plddt.tobytes()
    assert first.pae.tobytes() == second.pae.tobytes()
    assert first.distogram_logits.tobytes() == second.distogram_logits.tobytes()


def moved(first, second):
    """Root mean square difference of atom positions, Å."""
    return float(np.sqrt(np.square(first.atom_positions - second.atom_positions).sum(-1).mean()))


# One structure


def test_a_prediction_is_the_last_pass_of_the_network_on_the_features_of_its_seed(predict, parameters):
    (one,) = predict(seed=7, recycles=2)
    settings = PredictSettings(precision="float32", device="cpu")
    network = load_network(str(parameters), settings)
    msa = encode_alignment(MSA)
    features = [make_features(msa, network.features, seed=7, recycle=index) for index in range(3)]
    with torch.inference_mode():
        outputs = network.model(features, recycles=2)
    logits, breaks = (outputs[f"predicted_aligned_error/{name}"][0].numpy() for name in ("logits", "breaks"))
    assert np.array_equal(one.atom_positions, outputs["structure_module/final_atom_positions"][0].numpy())
    assert np.array_equal(one.plddt, plddt_from_logits(outputs["predicted_lddt/logits"][0].numpy()))
    assert np.array_equal(one.pae, pae_from_logits(logits, breaks)[0])
    assert one.ptm == ptm_from_logits(logits, breaks)
    assert np.array_equal(one.distogram_logits, outputs["distogram/logits"][0].numpy())
    assert (one.sequence, one.seed, one.recycles, one.model_name) == (MSA.query, 7, 2, "net")
    assert "".join("ARNDCQEGHILKMFPSTWYVX"[letter] for letter in one.aatype) == MSA.query
    assert one.residue_index.tolist() == list(range(1, len(MSA.query) + 1))


def test_one_seed_gives_one_structure_and_another_draws_other_masks(predict):
    (first,), (again,), (other,) = predict(seed=3), predict(seed=3), predict(seed=4)
    assert_equal(first, again)
    assert moved(first, other) > 0.01
    torch.manual_seed(99)  # what was drawn before does not matter
    torch.rand(5)
    assert_equal(predict(seed=3)[0], first)


def test_seeds_are_counted_up_and_give_what_each_gives_alone(predict):
    together = {one.seed: one for one in predict(seed=3, seeds=3)}
    assert together.keys() == {3, 4, 5}
    for seed, one in together.items():
        assert_equal(one, predict(seed=seed)[0])


def test_a_network_without_error_head_has_no_aligned_error_and_is_ranked_by_plddt_only(predict, tmp_path):
    path = save_random(tmp_path / "without.safetensors", config=WITHOUT_ERROR_HEAD)
    (one,) = predict(path=path)
    assert (one.pae, one.max_pae, one.ptm) == (None, None, None)
    with pytest.raises(SettingsError, match="without has no head for pTM"):
        predict(path=path, rank_by="ptm")


def test_structures_are_ranked_by_the_measure_that_was_asked_for(parameters, tmp_path):
    sure = save_random(tmp_path / "sure.safetensors", 1, plddt_slope=0.2, error_slope=0.2)
    exact = save_random(tmp_path / "exact.safetensors", 2, plddt_slope=-0.2, error_slope=-0.2)
    for measure, value, best in (
        ("auto", "mean_plddt", "sure"),
        ("plddt", "mean_plddt", "sure"),
        ("ptm", "ptm", "exact"),
    ):
        settings = PredictSettings(recycles=0, seeds=2, rank_by=measure, device="cpu", precision="float32")
        networks = [load_network(str(path), settings) for path in (exact, sure)]
        ranked = predict_record(networks, MSA, record_id="r", name="r", settings=settings)
        values = [getattr(one, value) for one in ranked]
        assert values == sorted(values, reverse=True)
        assert len(set(values)) == 4
        assert {ranked[0].model_name, ranked[1].model_name} == {best}


def test_a_chain_of_one_residue_is_predicted(predict):
    (one,) = predict(Alignment.of_query("G", "g"))
    assert one.atom_positions.shape == (1, 37, 3)
    assert one.atom_mask[0].sum() == 4
    bond = one.atom_positions[0, 1] - one.atom_positions[0, 0]
    assert float(np.linalg.norm(bond)) == pytest.approx(1.46, abs=0.02)  # N-Cα, Å


# Passes


def test_each_pass_is_reported_with_the_change_it_made(predict):
    passes = []
    (one,) = predict(recycles=3, on_pass=lambda *told: passes.append(told))
    assert [(name, index) for name, index, _ in passes] == [("net", index) for index in range(4)]
    assert passes[0][2] is None
    assert all(change > 0 for _, _, change in passes[1:])
    assert (one.recycles, one.converged_at) == (3, None)


def test_no_recycle_is_one_pass(predict):
    passes = []
    (one,) = predict(recycles=0, on_pass=lambda *told: passes.append(told))
    assert (len(passes), one.recycles) == (1, 0)
    assert moved(one, predict(recycles=1)[0]) > 0.01


def test_recycling_stops_as_soon_as_a_pass_changes_less_than_the_tolerance(predict):
    changes = []
    predict(recycles=4, on_pass=lambda name, index, change: changes.append(change))
    smallest = 1 + int(np.argmin(changes[1:]))
    tolerance = 1.001 * changes[smallest]
    (one,) = predict(recycles=4, tolerance_angstrom=tolerance)
    stopped = next(index for index in range(1, 5) if changes[index] < tolerance)
    assert one.recycles == one.converged_at == stopped
    assert_equal(one, predict(recycles=stopped)[0])
    (never,) = predict(recycles=4, tolerance_angstrom=0.5 * min(changes[1:]))
    assert (never.recycles, never.converged_at) == (4, None)


def test_a_chain_that_cannot_change_has_converged_at_its_first_recycle(predict):
    (one,) = predict(Alignment.of_query("G", "g"), recycles=3, tolerance_angstrom=0.5)
    assert one.recycles == one.converged_at == 1


def test_dropout_samples_other_structures_and_repeats_for_a_seed(predict):
    (without,), (first,), (again,) = predict(), predict(dropout=True), predict(dropout=True)
    assert moved(first, without) > 0.01
    assert_equal(first, again)
    query = Alignment.of_query(MSA.query, "q")
    seeds = predict(query, dropout=True, seeds=2)
    assert moved(*seeds) > 0.01
    before = torch.random.get_rng_state()
    predict(dropout=True)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_dropout_samples_also_from_a_network_that_was_trained_without(predict, tmp_path):
    rates = {"msa_dropout": 0.0, "pair_dropout": 0.0, "structure_dropout": 0.0}
    path = save_random(tmp_path / "params_dry.safetensors", config=replace(TINY, **rates))
    (without,), (first,), (again,) = (predict(path=path, dropout=on) for on in (False, True, True))
    assert moved(first, without) > 0.01
    assert_equal(first, again)


def test_bfloat16_changes_a_structure_little(predict):
    (exact,), (rounded,) = predict(recycles=0), predict(recycles=0, precision="bfloat16")
    assert exact.distogram_logits.tobytes() != rounded.distogram_logits.tobytes()
    size = np.sqrt(np.square(exact.atom_positions[exact.atom_mask > 0]).sum(-1).mean())
    assert moved(exact, rounded) < 0.05 * size
    assert np.abs(exact.plddt - rounded.plddt).max() < 2


# Loading and failures


def test_a_network_says_which_file_it_is_from_and_takes_the_number_of_rows(parameters):
    settings = PredictSettings(max_msa_clusters=5, max_extra_msa=3, device="cpu", precision="float32")
    network = load_network(str(parameters), settings)
    assert network.source.sha256 == hashlib.sha256(parameters.read_bytes()).hexdigest()
    assert network.source.meaning.startswith(
        "UNTRAINED PARAMETERS: this is not a prediction. Drawn at random."
    )
    assert (network.name, network.device.type, network.precision) == ("net", "cpu", "float32")
    features = make_features(MSA, network.features, seed=0)
    assert features["msa_feat"].shape[1] == 5
    assert features["extra_msa"].shape[1] == 3


def test_a_file_of_another_size_is_not_taken_for_a_published_one_by_its_name(tmp_path):
    path = tmp_path / "params_model_1.npz"
    save_parameters(random_network(), path)
    network = load_network(str(path), PredictSettings(device="cpu"))
    assert network.name == "model_1"
    assert "nothing is known here of their training" in network.source.meaning


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"recycles": -1}, "recycles must be at least 0"),
        ({"seeds": 0}, "seeds at least 1"),
        ({"tolerance_angstrom": -0.1}, "tolerance is a number of at least 0: -0.1"),
        ({"tolerance_angstrom": math.nan}, "tolerance is a number of at least 0: nan"),
        ({"seed": -1}, "seeds lie between 0 and"),
        ({"seed": 2**63 - 2, "seeds": 2}, "seeds lie between 0 and"),
        ({"rank_by": "tm"}, "ranked by auto, plddt or ptm, not 'tm'"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        PredictSettings(**settings)


def test_the_largest_seed_works(predict):
    (one,) = predict(seed=2**63 - 2, recycles=0, dropout=True)
    assert np.isfinite(one.atom_positions).all()


def test_devices_that_are_absent_and_names_of_none_are_told_apart():
    assert choose_device("cpu") == torch.device("cpu")
    with pytest.raises(MissingRequirementError, match="no device 'cuda:93' on this machine"):
        choose_device("cuda:93")
    for name in ("meta", "gpu", "cuda:x", "", "cpu:0:1"):
        with pytest.raises(SettingsError, match=f"not '{name}'"):
            choose_device(name)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_a_record_that_does_not_fit_into_memory_fails_with_its_length(predict, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("sciml.structure.model.AlphaFold.forward", fail)
    with pytest.raises(PredictionError, match="r: out of memory with 11 residues"):
        predict()


def test_torch_says_what_is_looked_for_when_a_processor_is_out_of_memory():
    with pytest.raises(RuntimeError, match="DefaultCPUAllocator"):
        torch.empty(2**60, dtype=torch.uint8)


def test_other_errors_of_torch_are_no_failure_of_the_record(predict, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr("sciml.structure.model.AlphaFold.forward", fail)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        predict()


def test_numbers_that_are_not_finite_are_no_prediction(predict, monkeypatch):
    run_network = predict_module._run_network

    def broken(*given):
        outputs, run = run_network(*given)
        positions = outputs["structure_module/final_atom_positions"].clone()
        positions[0, 3, 1] = math.nan
        return {**outputs, "structure_module/final_atom_positions": positions}, run

    monkeypatch.setattr(predict_module, "_run_network", broken)
    message = r"r: net with seed 0 gave positions that are not finite numbers \(float32"
    with pytest.raises(PredictionError, match=message):
        predict()


def test_two_files_of_one_name_are_told_apart_and_one_set_is_not_run_twice(parameters, tmp_path):
    other = save_random(tmp_path / "params_net.safetensors", seed=5)
    settings = PredictSettings(device="cpu", precision="float32")
    networks = load_networks([str(parameters), str(other)], settings)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest()[:8] for path in (parameters, other)]
    assert [network.name for network in networks] == [f"net-{digest}" for digest in digests]
    with pytest.raises(SettingsError, match=r"parameters net-\w{8} are given 2 times"):
        load_networks([str(parameters), str(parameters)], settings)


def test_a_record_that_the_memory_cannot_hold_fails_before_it_is_run(predict, monkeypatch):
    monkeypatch.setattr(predict_module, "available_memory_bytes", lambda: 50 * 2**20)
    monkeypatch.setattr(predict_module, "_run_network", lambda *arguments: pytest.fail("it was run"))
    with pytest.raises(
        PredictionError, match=r"r: \d+ residues need about 0\.1 GiB of memory, 0\.0 GiB are free"
    ):
        predict()


def test_a_record_is_run_where_the_system_does_not_say_how_much_memory_there_is(predict, monkeypatch):
    monkeypatch.setattr(predict_module, "available_memory_bytes", lambda: None)
    assert len(predict(recycles=0)) == 1

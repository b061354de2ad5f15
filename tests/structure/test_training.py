"""The trainer of the structure network: laws of its parts, a chain learned by heart, and an exact resume."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from sciml.cli.app import main
from sciml.data.chains import open_chains
from sciml.errors import SettingsError
from sciml.structure.confidence import plddt_from_logits
from sciml.structure.losses.total import LossConfig
from sciml.structure.model import AlphaFold
from sciml.structure.parameters import load_parameters, save_parameters
from sciml.structure.training import (
    StructureBatches,
    StructureTraining,
    ValidationChains,
    batch_size_and_residues,
    data_digest,
    features_only,
)
from sciml.structure.training_config import TrainingConfig
from sciml.structure.training_data import TrainingData
from sciml.structure.training_run import StructureRun, stored_config
from sciml.training.divergence import DivergenceError
from sciml.training.machine import RunOptions, resolved_precision
from sciml.training.records import read_metrics
from sciml.training.settings import as_json
from tests.structure.folded_chain import HAIRPIN, HELIX, write_data

ROOT = Path(__file__).parents[2]
TINY = TrainingConfig().updated({"network": "tiny", "crop": 16, "batch_size": 2})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One chain to train on, the same one to validate on, and a helix."""
    splits = (("train", HAIRPIN, 0), ("valid", HAIRPIN, 0), ("valid", [HELIX] * 30, 1))
    return write_data(tmp_path_factory.mktemp("data"), splits)


@pytest.fixture(scope="module")
def examples(folder):
    settings = TrainingData.Config(crop=TINY.crop, features=TINY.features)
    return TrainingData(open_chains(folder, ("train",)), settings)


def module(config=TINY, perturbed=False):
    torch.manual_seed(0)
    network = AlphaFold(config.network)
    if perturbed:  # a new network's output layers are zero, which would hide most gradients
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.02 * torch.randn_like(parameter))
    return StructureTraining(network, config)


# Settings


def test_learning_rate_rises_holds_and_falls_along_half_a_cosine():
    config = TrainingConfig(
        steps=100, warmup_steps=10, learning_rate=2.0, decay_from=0.5, final_learning_rate=0.1
    )
    rates = [config.learning_rate_at(step) for step in (0, 4, 9, 30, 50, 75, 100)]
    assert rates == pytest.approx([0.2, 1.0, 2.0, 2.0, 2.0, 0.1 * 2 + 0.9, 0.2])


def test_late_losses_are_switched_on_at_their_step():
    config = TrainingConfig(steps=100, late_from=0.75)
    assert config.loss_at(74) == LossConfig()
    late = config.loss_at(75)
    assert (late.violation, late.pae, late.experimentally_resolved) == (1.0, 0.1, 0.01)


def test_network_is_chosen_by_name_with_its_features():
    config = TrainingConfig().updated({"network": "model_3", "features": {"max_extra_msa": 7}})
    assert (config.network.c_m, config.features.max_extra_msa, config.features.max_msa_clusters) == (
        256,
        7,
        512,
    )
    assert config.late_loss.pae == 0, "model_3 has no head for aligned errors"


def test_settings_survive_json():
    assert TrainingConfig().updated(as_json(TINY)) == TINY


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 0}, "steps must be positive"),
        ({"late_from": 1.5}, "share between 0 and 1"),
        ({"ema_decay": 1.0}, "below 1"),
        ({"network": {"pae_head": False}}, "late_loss.pae=0"),
        ({"precision": "float16"}, "precision is one of auto, float32, bfloat16"),
        ({"network": "maxi"}, "no preset 'maxi'"),
    ],
)
def test_impossible_settings_are_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        TrainingConfig().updated(values)


def test_automatic_precision_is_float32_on_a_processor():
    assert resolved_precision("auto", torch.device("cpu")) == "float32"


# Batches


def test_recycles_are_drawn_uniformly_and_once_a_step(examples):
    batches = StructureBatches(examples, max_recycles=3, resample=False)
    drawn = [batches(0, step, [0])["recycles"] for step in range(400)]
    counts = [drawn.count(k) for k in range(4)]
    assert sum((count - 100) ** 2 / 100 for count in counts) < 16.3, "chi square, 3 degrees, 0.1 %"
    assert all(batches(0, step, [7, 9])["recycles"] == drawn[step] for step in range(20))


def test_every_pass_masks_anew_and_the_last_has_the_truth(examples):
    batches = StructureBatches(examples, max_recycles=3, resample=True)
    step = next(step for step in range(50) if batches(0, step, [0])["recycles"] == 3)
    batch = batches(0, step, [0, 1])
    assert len(batch["passes"]) == 4
    assert not torch.equal(batch["passes"][0]["bert_mask"], batch["passes"][3]["bert_mask"])
    assert torch.equal(batch["passes"][0]["aatype"], batch["passes"][3]["aatype"])
    assert "all_atom_positions" in batch["passes"][3]
    assert batch["passes"][0].keys() == features_only(batch["passes"][3]).keys()
    assert batch_size_and_residues(batch) == {"samples": 2, "residues": 32}


def test_validation_takes_one_short_chain_from_each_cluster(folder):
    data = TrainingData(open_chains(folder, ("valid",)), TrainingData.Config(features=TINY.features))
    assert len(ValidationChains(data, 10, 256, recycles=2)) == 2
    short = ValidationChains(data, 10, 21, recycles=2)
    assert [(one["id"], one["recycles"]) for one in (short[i] for i in range(len(short)))] == [("chain1", 2)]
    assert len(ValidationChains(data, 1, 256, recycles=2)) == 1


# The module


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_last_pass_reaches_every_trained_parameter_of_the_trunk(examples, precision):
    config = TINY.updated({"precision": precision})
    training = module(config, perturbed=True)
    batch = StructureBatches(examples, 0, resample=False)(0, 0, [0, 1]) | {"recycles": 2}
    training.predict(batch)["distogram/logits"].float().square().sum().backward()
    without = [
        name
        for name, parameter in training.network.evoformer_iteration.named_parameters()
        if "msa" not in name and (parameter.grad is None or not parameter.grad.abs().sum() > 0)
    ]
    # The last block's update of the MSA, behind its outer product, does not reach the pair representation.
    assert without == []


def test_structure_module_stays_in_float32_under_bfloat16(examples):
    training = module(TINY.updated({"precision": "bfloat16"}), perturbed=True)
    batch = StructureBatches(examples, 0, resample=False)(0, 0, [0, 1])
    outputs = training.predict(batch)
    assert outputs["distogram/logits"].dtype == torch.bfloat16
    trajectory = outputs["structure_module/traj"]
    assert trajectory.dtype == torch.float32
    torch.testing.assert_close(
        trajectory[..., :4].norm(dim=-1), torch.ones(trajectory.shape[:-1]), atol=1e-6, rtol=0
    )


def test_offset_amplified_by_an_empty_extra_msa_is_not_trained():
    training = module()
    frozen = [name for name, p in training.network.named_parameters() if not p.requires_grad]
    assert frozen == ["extra_msa_stack.0.outer_product_mean.output.bias"]
    optimised = sum(
        len(group["params"]) for group in training.configure_optimizers()["optimizer"].param_groups
    )
    assert optimised == len(list(training.network.parameters())) - 1


def test_gradient_is_clipped_over_the_whole_network():
    training = module(TINY.updated({"gradient_clip": 0.5}))
    training.log = lambda name, value: None
    for parameter in training.network.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer = training.configure_optimizers()["optimizer"]
    training.configure_gradient_clipping(optimizer)
    norm = torch.stack([parameter.grad.norm() for parameter in training.network.parameters()]).norm()
    assert float(norm) == pytest.approx(0.5, rel=1e-4)
    next(training.network.parameters()).grad[0] = float("nan")
    with pytest.raises(DivergenceError, match="gradient of step 0 is not finite"):
        training.configure_gradient_clipping(optimizer)


def test_loss_that_is_not_a_number_ends_the_run_and_says_which(examples):
    training = module()
    with torch.no_grad():
        training.network.distogram_head.half_logits.bias.fill_(float("nan"))
    batch = StructureBatches(examples, 0, resample=False)(0, 0, [0, 1])
    with pytest.raises(
        DivergenceError, match=r"loss of step 0 is not finite.*distogram nan.*checkpoint is intact"
    ):
        training.training_step(batch, 0)


# Whole runs


@pytest.mark.timeout(900)  # 200 steps: 16 s alone on a core, minutes on a crowded one
def test_tiny_network_learns_one_chain_by_heart(folder, tmp_path):
    by_heart = {
        "steps": 200,
        "crop": 21,
        "batch_size": 1,
        "warmup_steps": 20,
        "learning_rate": 3e-3,
        "decay_from": 0.3,
        "max_recycles": 0,
        "gradient_clip": 0.3,
        "late_from": 1.0,
        "log_every": 100,
        "validate_every": 200,
        "validation_recycles": 0,
        "validation_max_residues": 21,
        "network": {"msa_dropout": 0.0, "pair_dropout": 0.0, "structure_dropout": 0.0},
        "features": {"mask_fraction": 0.0},
    }
    run = StructureRun(folder, tmp_path, TINY.updated(by_heart), RunOptions(), echo=lambda line: None)
    path = run.train()
    figures = {
        (row["step"], row["metric"]): float(row["value"])
        for row in read_metrics(tmp_path / "metrics.csv")
        if row["split"] == "valid"
    }
    assert figures["0", "lddt_ca"] < 0.1
    assert figures["200", "lddt_ca"] > 0.9
    assert figures["200", "tm_score"] > 0.5
    check_parameter_file(path, run)


def check_parameter_file(path, run):
    """The file holds the calibrated moving average: it predicts the lDDT that the validation found."""
    loaded = load_parameters(path)
    batch = run.validation[0]
    with torch.no_grad():
        outputs = loaded.model(batch["passes"][0], recycles=0)
    (scores,) = run.module.scores
    plddt = plddt_from_logits(outputs["predicted_lddt/logits"][0]).mean()
    # Within half a bin, because the truth is binned and 1 lies in the last bin, centred on 0.99; and the
    # little weight that the softmax leaves on other bins, which differs between processors.
    assert plddt == pytest.approx(100 * scores.residue_lddt.mean(), abs=1.25)
    assert json.loads(loaded.metadata["valid"])["lddt_ca"] == pytest.approx(scores.lddt_ca)
    assert json.loads(loaded.metadata["steps"]) == 200
    assert json.loads(loaded.metadata["data_sha256"])[0] == run.chains[0].sha256


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the killed run is forked")
def test_killed_run_of_the_real_trainer_resumes_bit_for_bit(folder, tmp_path):
    command = [sys.executable, "-m", "tests.structure.training_child", str(folder), str(tmp_path), "6", "5"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=240
    )
    facts = json.loads(answer.stdout.splitlines()[-1])
    assert (facts["whole"], facts["killed"], facts["at"], facts["resumed"]) == (0, 9, 4, 0)
    assert facts["tensors"] > 1000
    assert facts["same_state"]
    assert facts["file_difference"] < 1e-3, "the calibration sums in an order that follows memory addresses"


def command_line(folder, run, *words):
    fast = [
        "crop=16",
        "batch_size=1",
        "log_every=1",
        "validate_every=2",
        "max_recycles=0",
        "validation_recycles=0",
    ]
    settings = [word for one in ("network=tiny", "steps=2", *fast) for word in ("--set", one)]
    return main(["train", "structure", "--data", str(folder), "-o", str(run), *settings, *map(str, words)])


def test_command_trains_then_refuses_what_would_change_the_run(folder, tmp_path, capsys):
    run = tmp_path / "run"
    assert command_line(folder, run) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(run / "parameters.safetensors")
    assert "tiny" in told.err
    assert "1 chains in 1 clusters" in told.err
    assert "step 2  valid  lddt_ca" in told.err
    record = json.loads((run / "run.json").read_text())
    assert record["invocations"][0]["until_step"] == 2
    assert math.isfinite(record["invocations"][0]["seconds"])
    assert stored_config(run).steps == 2

    assert command_line(folder, run) == 2
    assert "--resume" in capsys.readouterr().err
    assert command_line(folder, run, "--resume", "--set", "learning_rate=0.5") == 2
    assert "learning_rate: was 0.001, now 0.5" in capsys.readouterr().err
    assert command_line(folder, run, "--resume") == 0

    (run / "checkpoints" / "last.ckpt").write_bytes(b"PK damaged")
    capsys.readouterr()
    assert command_line(folder, run, "--resume") == 2
    assert "last.ckpt: not a readable checkpoint" in capsys.readouterr().err


class Modes(pl.Callback):
    """Notes whether dropout was on."""

    def __init__(self):
        self.training = []

    def on_train_batch_start(self, trainer, module, *rest):
        self.training.append(module.network.training)


def test_dropout_is_on_in_training_also_from_given_parameters(folder, tmp_path):
    settings = {"steps": 2, "batch_size": 1, "validate_every": 1, "max_recycles": 0, "validation_recycles": 0}
    start = tmp_path / "start.safetensors"
    network = module(perturbed=True).network
    save_parameters(network, start)
    run = StructureRun(
        folder, tmp_path / "run", TINY.updated(settings), RunOptions(), init=start, echo=lambda line: None
    )
    begun = {name: value.clone() for name, value in run.network.state_dict().items()}
    assert all(torch.equal(value, begun[name]) for name, value in network.state_dict().items())
    modes = Modes()
    run.trainer.callbacks.append(modes)
    run.train()
    assert modes.training == [True, True]
    with pytest.raises(SettingsError, match="holds parameters of tiny, not of these network settings"):
        StructureRun(
            folder,
            tmp_path / "other",
            TINY.updated({"network": {"c_z": 32}}),
            RunOptions(),
            init=start,
            echo=print,
        )


def test_alignments_are_part_of_the_data_digest(folder, tmp_path):
    chains = open_chains(folder, ("train",))
    (tmp_path / "chain0.a3m").write_text(">a\nA\n")
    first = data_digest(chains, alignments=tmp_path)
    (tmp_path / "chain0.a3m").write_text(">a\nG\n")
    assert len({first, data_digest(chains, alignments=tmp_path), data_digest(chains)}) == 3


def test_command_refuses_a_setting_that_does_not_exist(folder, tmp_path, capsys):
    assert command_line(folder, tmp_path / "run", "--set", "learningrate=1") == 2
    assert "no such setting: learningrate" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_command_keeps_to_its_time(folder, tmp_path, capsys):
    run = tmp_path / "run"
    assert command_line(folder, run, "--set", "steps=100000", "--max-time", "12") == 0
    record = json.loads((run / "run.json").read_text())
    assert 0 < record["invocations"][0]["until_step"] < 100000
    assert record["invocations"][0]["seconds"] < 13
    assert (run / "parameters.safetensors").is_file()


@pytest.mark.slow
def test_two_devices_train_one_network_and_speak_once(folder, tmp_path):
    words = ["steps=2", "crop=16", "batch_size=1", "log_every=1", "validate_every=2", "late_from=0.5"]
    settings = [word for one in ("network=tiny", *words) for word in ("--set", one)]
    command = [sys.executable, "-m", "sciml.cli.app", "train", "structure", "--data", str(folder)]
    command += ["-o", str(tmp_path / "run"), "--device", "cpu", "--devices", "2", *settings]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=240
    )
    assert answer.stdout.splitlines() == [str(tmp_path / "run" / "parameters.safetensors")]
    assert answer.stderr.count("step 2  valid") == 1
    assert "2 of 2 examples" in answer.stderr
    assert json.loads((tmp_path / "run" / "run.json").read_text())["invocations"][0]["until_step"] == 2


def test_command_shows_its_settings(folder, tmp_path, capsys):
    assert command_line(folder, tmp_path / "run", "--show-config") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["network"]["name"], shown["steps"], shown["ema_decay"]) == ("tiny", 2, 0.999)


def test_the_settings_are_shown_without_a_folder_and_nothing_else_runs_without(capsys):
    assert main(["train", "structure", "--show-config", "--set", "steps=7"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 7
    assert main(["train", "structure"]) == 2
    assert "--data FOLDER and -o FOLDER are missing" in capsys.readouterr().err

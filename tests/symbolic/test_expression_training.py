"""The trainer of the sequence model: laws of its parts, pairs learned by heart, and an exact resume."""

import json
import os
import signal
from itertools import islice

import pytest
import pytorch_lightning as pl
import torch
from random_networks import random_network
from tiny_pairs import stream
from torch.utils.data import get_worker_info

from sciml.cli.app import main
from sciml.errors import LostProcessError, SettingsError
from sciml.symbolic.batches import collate
from sciml.symbolic.model_files import load_model
from sciml.symbolic.network import ExpressionTransformer
from sciml.symbolic.training import ExpressionTraining, batch_contents, exact_answers
from sciml.symbolic.training_config import ExpressionRunOptions, TrainingConfig
from sciml.symbolic.training_run import ExpressionRun, stored_config
from sciml.training.divergence import DivergenceError
from sciml.training.records import read_metrics

SIZES = {"name": "test", "c": 32, "heads": 2, "c_hidden": 64, "encoder_blocks": 1, "decoder_blocks": 1}
DATA = {"pairs_per_batch": 8, "batches_per_block": 4, "blocks_per_chapter": 2, "lanes": 2}
TINY = TrainingConfig().updated(
    {
        "network": SIZES,
        "data": DATA,
        "steps": 8,
        "warmup_steps": 2,
        "log_every": 2,
        "validate_every": 4,
        "validation_pairs": 16,
        "validation_answers": 4,
    }
)


class Stop(pl.Callback):
    """Ends the run after one step, as a time limit does."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer, *rest):
        trainer.should_stop = trainer.should_stop or trainer.global_step == self.step


def run_in(folder, config=TINY, resume=False, options=None, stop=None, **more):
    run = ExpressionRun(
        folder,
        config,
        options or ExpressionRunOptions(),
        resume=resume,
        echo=lambda line: None,
        **{"stream": stream, **more},
    )
    if stop is not None:
        run.trainer.callbacks.insert(0, Stop(stop))
    return run, run.train()


def is_training_loss(row):
    return row["split"] == "train" and row["metric"] == "loss"


def test_learning_rate_warms_up_stays_and_falls():
    config = TINY.updated({"steps": 100, "warmup_steps": 10, "decay_from": 0.5, "learning_rate": 1.0})
    rates = [config.learning_rate_at(step) for step in (0, 4, 9, 50, 75, 100)]
    assert rates == pytest.approx([0.1, 0.5, 1.0, 1.0, 0.51, 0.02])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 0}, "steps must be positive"),
        ({"decay_from": 1.5}, "share between 0 and 1"),
        ({"momentum": 1.0}, "below 1"),
        ({"network": "maxi"}, "no preset 'maxi'"),
        ({"optimiser": "sgd"}, "optimiser is one of muon, adamw"),
        ({"mixture": {"sum_share": 2.0}}, "sum_share lies in"),
        ({"warmup_steps": -1}, "must not be negative"),
    ],
)
def test_impossible_settings_are_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        TrainingConfig().updated(values)


def test_loss_and_accuracy_leave_padding_out():
    short, long = sorted(islice(stream(0, 0), 20), key=lambda pair: len(pair.target))[::19]
    training = ExpressionTraining(random_network(0), TINY)
    together = training.figures(collate([short, long]))
    alone = [training.figures(collate([pair])) for pair in (short, long)]
    tokens = [int(one["tokens"]) for one in alone]
    assert tokens == [len(short.target) + 1, len(long.target) + 1]
    for name in ("loss", "token_accuracy"):
        expected = sum(n * float(one[name].detach()) for n, one in zip(tokens, alone, strict=True)) / sum(
            tokens
        )
        assert float(together[name].detach()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("optimiser", ["muon", "adamw"])
def test_every_parameter_is_optimised_once_and_only_matrices_decay(optimiser):
    network = random_network(1)
    training = ExpressionTraining(network, TINY.updated({"optimiser": optimiser, "weight_decay": 0.3}))
    groups = training.configure_optimizers()["optimizer"].param_groups
    optimised = [id(one) for group in groups for one in group["params"]]
    assert sorted(optimised) == sorted(id(one) for one in network.parameters())
    for group in groups:
        is_matrix = {one.ndim == 2 and one is not network.embedding for one in group["params"]}
        assert is_matrix == {group["weight_decay"] == 0.3}


def test_a_network_that_left_the_numbers_ends_the_run():
    network = random_network(2)
    with torch.no_grad():
        network.embedding[6, 0] = float("nan")
    training = ExpressionTraining(network, TINY)
    with pytest.raises(DivergenceError, match="loss of step 0 is not finite"):
        training.training_step(collate(list(islice(stream(0, 0), 8))), 0)


def test_throughput_counts_pairs_and_tokens_without_padding():
    pairs = list(islice(stream(0, 0), 5))
    tokens = sum(len(one.source) + len(one.target) + 3 for one in pairs)
    assert batch_contents(collate(pairs, multiple=8)) == {"pairs": 5, "tokens": tokens}


def test_a_tiny_network_learns_one_batch_by_heart():
    torch.manual_seed(0)
    network = ExpressionTransformer(ExpressionTransformer.Config(**{**SIZES, "decoder_blocks": 2}))
    training = ExpressionTraining(network, TINY.updated({"learning_rate": 0.01, "steps": 1000}))
    pairs = [one for one in islice(stream(0, 0), 40) if len(one.target) < 10][:12]
    batch, optimiser = collate(pairs), training.configure_optimizers()["optimizer"]
    first = float(training.figures(batch)["loss"].detach())
    for _ in range(120):
        optimiser.zero_grad()
        loss = training.figures(batch)["loss"]
        loss.backward()
        optimiser.step()
    assert first > 3
    assert float(loss.detach()) < 0.05
    assert exact_answers(network, pairs, 20) == [True] * 12
    assert network.training


def test_a_run_that_was_stopped_resumes_bit_for_bit(tmp_path):
    whole, file = run_in(tmp_path / "whole")
    run_in(tmp_path / "parts", stop=3)
    parts, other = run_in(tmp_path / "parts", config=stored_config(tmp_path / "parts"), resume=True)
    state, again = whole.module.state_dict(), parts.module.state_dict()
    assert all(torch.equal(state[name], again[name]) for name in state)
    assert all(torch.equal(whole.ema.average[name], parts.ema.average[name]) for name in whole.ema.average)
    loaded, twin = load_model(file), load_model(other)
    assert all(
        torch.equal(a, b) for a, b in zip(loaded.network.parameters(), twin.network.parameters(), strict=True)
    )
    losses = [
        [row["value"] for row in read_metrics(tmp_path / name / "metrics.csv") if is_training_loss(row)]
        for name in ("whole", "parts")
    ]
    assert len(losses[0]) == 4
    assert losses[0] == losses[1]
    assert json.loads(loaded.metadata["steps"]) == 8
    assert json.loads(loaded.metadata["pairs"]) == 64


def test_workers_and_kept_pairs_change_nothing(tmp_path):
    alone, _ = run_in(tmp_path / "alone")
    options = ExpressionRunOptions(workers=2, shards=tmp_path / "kept")
    helped, _ = run_in(tmp_path / "helped", options=options)
    state, other = alone.module.state_dict(), helped.module.state_dict()
    assert all(torch.equal(state[name], other[name]) for name in state)
    assert list((tmp_path / "kept").glob("*.npz"))


def test_lanes_that_the_workers_cannot_share_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="2 lanes, 3 loader processes"):
        run_in(tmp_path / "run", options=ExpressionRunOptions(workers=3))
    assert not (tmp_path / "run").exists()


def fatal_stream(seed, number):
    """Kills its process where that is one of a loader."""
    if get_worker_info() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return stream(seed, number)


def test_a_loader_process_that_is_killed_is_named_with_the_way_out(tmp_path):
    with pytest.raises(
        LostProcessError, match=r"worker.*fewer --workers. there is no checkpoint yet"
    ) as raised:
        run_in(tmp_path / "run", options=ExpressionRunOptions(workers=1), stream=fatal_stream)
    assert raised.value.exit_code == 4


def test_a_run_starts_from_a_model_file_of_the_same_sizes_only(tmp_path):
    _, file = run_in(tmp_path / "first")
    second, _ = run_in(tmp_path / "second", config=TINY.updated({"learning_rate": 1e-9}), init=file)
    before = dict(load_model(file).network.named_parameters())
    for name, parameter in second.network.named_parameters():
        torch.testing.assert_close(parameter, before[name], atol=1e-5, rtol=0)
    with pytest.raises(SettingsError, match="network of other sizes"):
        run_in(tmp_path / "third", config=TINY.updated({"network": {"c_hidden": 128}}), init=file)


def test_the_command_trains_on_generated_pairs_then_refuses_what_would_change_the_run(tmp_path, capsys):
    folder = tmp_path / "run"
    nested = [f"network.{name}={value}" for name, value in SIZES.items()]
    nested += [f"data.{name}={value}" for name, value in DATA.items()]
    words = [*nested, "steps=2", "validation_pairs=8", "validation_answers=2", "log_every=1"]
    words += ["mixture.max_source=40", "mixture.max_target=30"]
    command = ["train", "symbolic", "-o", str(folder), "--workers", "0"]
    given = [word for one in words for word in ("--set", one)]
    assert main([*command, *given]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(folder / "parameters.safetensors")
    assert "step 2  valid  loss" in told.err
    assert json.loads((folder / "run.json").read_text())["invocations"][0]["until_step"] == 2
    assert main([*command, *given]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "--resume", "--set", "learning_rate=0.5"]) == 2
    assert "learning_rate: was 0.002, now 0.5" in capsys.readouterr().err


def test_the_settings_that_are_shown_are_those_that_would_be_used(capsys):
    assert main(["train", "symbolic", "--show-config", "--set", "network=base", "--seed", "3"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["network"]["c"], shown["seed"]) == (384, 3)
    assert TrainingConfig().updated(shown).network.c == 384
    assert main(["train", "symbolic"]) == 2
    assert "-o FOLDER is missing" in capsys.readouterr().err

"""Runs end on time, with a checkpoint that goes on; throughput counts what was trained."""

import time

import pytest
import pytorch_lightning as pl
import torch

from sciml.errors import InputError
from sciml.training.checkpoints import BEST, LAST, AtomicCheckpoint, read_checkpoint
from sciml.training.records import read_metrics
from sciml.training.throughput import Throughput
from sciml.training.timebox import TimeBox
from tests.training.toy import ToyTraining, data_module, train, trainer


class SlowSteps(pl.Callback):
    """Every step takes this long at least."""

    def __init__(self, seconds):
        self.seconds = seconds

    def on_train_batch_start(self, *rest):
        time.sleep(self.seconds)


def test_time_box_ends_the_run_with_a_checkpoint_of_its_last_step(tmp_path):
    box = TimeBox(1.5)
    module, _ = train(tmp_path, extra=[SlowSteps(0.25), box], every_steps=None, validate_every=100)
    steps = module.trainer.global_step
    assert 1 <= steps <= 6
    assert box.elapsed_s < 1.5 + 1.0, "the box leaves one step's time; 1 s is for a busy machine"
    checkpoint = read_checkpoint(tmp_path / LAST)
    assert checkpoint["global_step"] == steps
    assert all(torch.equal(checkpoint["state_dict"][k], v) for k, v in module.state_dict().items())


def test_time_box_keeps_room_for_the_reserve():
    box = TimeBox(1000.0, reserve_s=999.9, started=time.monotonic() - 0.2)
    run = trainer([box])
    run.fit(ToyTraining(), datamodule=data_module())
    assert run.global_step == 1


def test_time_box_smaller_than_its_reserve_is_refused():
    with pytest.raises(ValueError, match="leaves nothing"):
        TimeBox(10, reserve_s=10)


@pytest.mark.parametrize(("steps", "told"), [(1000, 1), (25, 0)])
def test_a_limit_long_before_the_last_step_is_foretold(steps, told):
    lines = []
    box = TimeBox(2.5, echo=lines.append)
    run = trainer([SlowSteps(0.05), box], steps=steps, validate_every=5000)
    run.fit(ToyTraining(), datamodule=data_module(steps=steps))
    assert len(lines) == told
    if told:
        foretold = int(lines[0].split("near step ")[1].split()[0])
        assert foretold == pytest.approx(run.global_step, rel=0.3)


def test_seconds_of_earlier_invocations_are_counted():
    box = TimeBox(None, started=time.monotonic() - 5)
    box.load_state_dict({"seconds": 100.0})
    assert 105 <= box.total_s < 106


class Falling(ToyTraining):
    """A validation figure that is best at its second of three."""

    def __init__(self):
        super().__init__()
        self.figures = iter([0.2, 0.9, 0.5])

    def on_validation_epoch_start(self):
        self.figure = next(self.figures)

    def validation_step(self, batch, batch_idx):
        self.log("valid/score", self.figure)


def test_best_checkpoint_is_that_of_the_best_validation(tmp_path):
    checkpoint = AtomicCheckpoint(tmp_path, every_s=None, monitor="valid/score")
    trainer([checkpoint], steps=6, validate_every=2).fit(Falling(), datamodule=data_module(steps=6))
    assert read_checkpoint(tmp_path / BEST)["global_step"] == 4
    assert (checkpoint.best_value, checkpoint.best_step) == (pytest.approx(0.9), 4)
    assert read_checkpoint(tmp_path / LAST)["global_step"] == 6
    assert sorted(path.name for path in tmp_path.iterdir()) == [BEST, LAST]


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None])
def test_damaged_checkpoint_is_refused_by_name(tmp_path, damage):
    path = tmp_path / LAST
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(InputError, match=r"last\.ckpt.*checkpoint"):
        read_checkpoint(path)


def test_throughput_counts_samples_over_the_time_that_they_took(tmp_path):
    rates = Throughput(lambda batch: {"samples": len(batch[0]), "numbers": batch[0].numel()}, every=2)
    train(tmp_path, extra=[SlowSteps(0.05), rates], accumulation=2)
    rows = {row["metric"]: float(row["value"]) for row in read_metrics(tmp_path / "metrics.csv")}
    assert rows["numbers_per_s"] == pytest.approx(8 * rows["samples_per_s"])
    assert rows["samples_per_s"] <= 4 / 0.05, "four samples a batch, no batch faster than 0.05 s"
    assert rows["samples_per_s"] == pytest.approx(rates.rates["samples_per_s"], rel=1e-6)

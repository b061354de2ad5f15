"""Checkpoints that a kill cannot damage: written whole or not at all, the last one and the best one kept."""

import math
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from sciml.errors import InputError
from sciml.runs.files import atomic_path

LAST = "last.ckpt"
BEST = "best.ckpt"


class AtomicCheckpoint(pl.callbacks.Checkpoint):
    """Writes `last.ckpt` every `every_s` seconds and when training stops, `best.ckpt` after the best
    validation.

    `last.ckpt` is only written between optimiser steps, where a run can be continued exactly. Lightning runs
    checkpoint callbacks after all others, so that what they changed at this step is in the file.

    Args:
        folder: where the two files go; made where missing.
        every_s: seconds between periodic checkpoints; None for none.
        every_steps: steps between periodic checkpoints; None for none.
        monitor: name of the validation figure that decides which is best; None keeps no best.
        larger_is_better: how to read `monitor`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        every_s: float | None = 600.0,
        every_steps: int | None = None,
        monitor: str | None = None,
        larger_is_better: bool = True,
    ) -> None:
        self.folder, self.every_s, self.every_steps = folder, every_s, every_steps
        self.monitor, self.larger_is_better = monitor, larger_is_better
        self.best_value, self.best_step = -math.inf if larger_is_better else math.inf, -1
        self._saved_at, self._saved_step = time.monotonic(), -1

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """Write `last.ckpt` when it is due, when training was told to stop and after the last step."""
        if (batch_idx + 1) % trainer.accumulate_grad_batches == 0 and self._is_due(trainer):
            self._save(trainer, LAST)
            self._saved_at, self._saved_step = time.monotonic(), trainer.global_step

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write `best.ckpt` when the monitored figure improved."""
        in_training = trainer.state.fn == "fit" and not trainer.sanity_checking
        if self.monitor is None or not in_training or self.monitor not in trainer.callback_metrics:
            return
        value = float(trainer.callback_metrics[self.monitor])
        better = value > self.best_value if self.larger_is_better else value < self.best_value
        if trainer.world_size > 1:
            better = trainer.strategy.broadcast(better, src=0)
        if better:
            self.best_value, self.best_step = value, trainer.global_step
            self._save(trainer, BEST)

    def state_dict(self) -> dict[str, Any]:
        """What the best was so far."""
        return {"best_value": self.best_value, "best_step": self.best_step}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Compare on with the best of before."""
        self.best_value, self.best_step = float(state_dict["best_value"]), int(state_dict["best_step"])

    def _is_due(self, trainer: pl.Trainer) -> bool:
        step = trainer.global_step
        due = trainer.should_stop or step == trainer.max_steps
        due = due or (self.every_steps is not None and step % self.every_steps == 0)
        if self.every_s is not None:
            elapsed = time.monotonic() - self._saved_at >= self.every_s
            due = due or (trainer.strategy.broadcast(elapsed, src=0) if trainer.world_size > 1 else elapsed)
        return due and step != self._saved_step

    def _save(self, trainer: pl.Trainer, name: str) -> None:
        """Every rank takes part, rank 0 writes."""
        if trainer.is_global_zero:
            with atomic_path(self.folder / name) as temporary:
                trainer.save_checkpoint(temporary)
        else:
            trainer.save_checkpoint(self.folder / name)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's content on the CPU, without running anything that the file may hold.

    Raises:
        InputError: the file is missing, damaged, or holds more than tensors and plain values.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError("no such checkpoint", file=str(path)) from error
    except (
        Exception
    ) as error:  # torch raises RuntimeError, UnpicklingError, EOFError, … for one and the same damage
        raise InputError(f"not a readable checkpoint: {error}", file=str(path)) from error
    if not isinstance(content, dict) or "global_step" not in content:
        raise InputError("not a checkpoint of a training run: it has no global_step", file=str(path))
    return content

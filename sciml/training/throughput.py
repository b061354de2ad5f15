"""How fast a run trains: examples and residues (or whatever a batch is made of) in a second."""

import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch

Counter = Callable[[Any], dict[str, int]]
"""Batch -> how many of each thing it holds, such as {"samples": 4, "residues": 512}."""


class Throughput(pl.Callback):
    """Logs `throughput/<thing>_per_s` over all ranks every `every` optimiser steps.

    Counts the time from step to step, loading and checkpoints included, validation left out. The first
    interval of a run holds the warm-up of kernels and loaders.

    Args:
        count: what a batch holds.
        every: optimiser steps of one interval.
    """

    def __init__(self, count: Counter, every: int) -> None:
        self.count, self.every = count, every
        self.rates: dict[str, float] = {}
        self._counted: dict[str, int] = {}
        self._seconds = 0.0
        self._mark = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._mark = time.monotonic()

    def on_train_batch_start(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """Count what is about to be computed."""
        for thing, number in self.count(batch).items():
            self._counted[thing] = self._counted.get(thing, 0) + number * trainer.world_size

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """At the end of an interval: wait for the device, divide, start anew."""
        at_end = (batch_idx + 1) % (self.every * trainer.accumulate_grad_batches) == 0
        if at_end and pl_module.device.type == "cuda":
            torch.cuda.synchronize(pl_module.device)
        now = time.monotonic()
        self._seconds += now - self._mark
        self._mark = now
        if at_end and self._seconds > 0:
            self.rates = {f"{thing}_per_s": n / self._seconds for thing, n in self._counted.items()}
            for name, rate in self.rates.items():
                pl_module.log(f"throughput/{name}", rate)
            self._counted, self._seconds = {}, 0.0

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave the validation out."""
        self._mark = time.monotonic()

"""Batches and random numbers as pure functions of (seed, step), so that a killed run resumes bit for bit.

Stock Lightning restarts a loader at its first batch when a run is resumed in the middle of an epoch. Here a
run is one epoch of `steps` optimiser steps; the sampler starts at the checkpoint's global step while its
length stays that of the whole run (a shorter length would replay data), a batch is computed from its
address (step, slots), and the generators are seeded anew before every batch.

Slots number the examples of one optimiser step over micro-batches (gradient accumulation), ranks and batch
positions in that order. Two ranks with b examples each therefore see together what one rank with 2 b examples
sees.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

Address = tuple[int, tuple[int, ...]]
"""(step, slots): where a batch stands in a run."""

BatchFunction = Callable[[int, int, Sequence[int]], Any]
"""(seed, step, slots) -> batch; pure: one address always gives the same batch."""


def step_seed(seed: int, *position: int) -> int:
    """Seed of the generators at one position of a run.

    Args:
        seed: the run's seed, not negative.
        position: whole numbers that name the place, such as step, micro-batch and rank, none negative.

    Returns:
        A number in [0, 2^63), well mixed: neighbouring positions give unrelated generators.

    Raises:
        ValueError: a negative number.
    """
    if min((seed, *position)) < 0:
        raise ValueError(f"seeds and positions count from zero: seed {seed}, position {position}")
    # The length goes in as well: SeedSequence pads with zeros, so that (1,) and (1, 0) would coincide.
    words = np.random.SeedSequence([seed, len(position), *position]).generate_state(2, np.uint32)
    return int(words[0]) << 31 | int(words[1]) >> 1


class StepSampler(Sampler[Address]):
    """Addresses of one rank's batches, from `start` on; its length is that of the whole run.

    Args:
        steps: optimiser steps of the whole run.
        batch_size: examples of one batch on one rank.
        accumulation: batches whose gradients are averaged into one optimiser step.
        rank: this process among `ranks`.
        ranks: processes that train together.
        start: the first step to serve: the global step of the checkpoint.
    """

    def __init__(
        self,
        steps: int,
        batch_size: int,
        *,
        accumulation: int = 1,
        rank: int = 0,
        ranks: int = 1,
        start: int = 0,
    ) -> None:
        if min(steps, batch_size, accumulation, ranks) < 1 or not 0 <= rank < ranks or start < 0:
            raise ValueError(
                "steps, batch_size, accumulation and ranks are at least 1, rank is below ranks, start is not "
                "negative: "
                f"{steps}, {batch_size}, {accumulation}, {ranks}, {rank}, {start}"
            )
        self.steps, self.batch_size, self.accumulation = steps, batch_size, accumulation
        self.rank, self.ranks, self.start = rank, ranks, start

    def __len__(self) -> int:
        return self.steps * self.accumulation

    def __iter__(self) -> Iterator[Address]:
        for step in range(self.start, self.steps):
            for micro_batch in range(self.accumulation):
                first = (micro_batch * self.ranks + self.rank) * self.batch_size
                yield step, tuple(range(first, first + self.batch_size))


class StepDataset(Dataset[Any]):
    """Batches by their address.

    Args:
        batch: the pure function that makes one.
        seed: the run's seed.
    """

    def __init__(self, batch: BatchFunction, seed: int) -> None:
        self.batch, self.seed = batch, seed

    def __getitem__(self, address: Address) -> Any:  # noqa: ANN401 - a batch is what the module takes
        step, slots = address
        return self.batch(self.seed, step, slots)


class StepDataModule(pl.LightningDataModule):
    """Loaders of a run: training by address, validation split evenly over the ranks.

    Args:
        batch: makes a training batch from (seed, step, slots).
        seed: the run's seed.
        steps, batch_size, accumulation: as in `StepSampler`.
        validation: held-out batches, in order. Where the ranks do not divide their number, the first ones are
            evaluated twice, because every rank must take part in as many batches.
        workers: loader processes of each rank; 0 loads in the training process.
        prefetch: batches that each of them keeps ready.
    """

    def __init__(
        self,
        batch: BatchFunction,
        *,
        seed: int,
        steps: int,
        batch_size: int,
        accumulation: int = 1,
        validation: Sequence[Any] = (),
        workers: int = 0,
        prefetch: int = 2,
    ) -> None:
        super().__init__()
        self.dataset = StepDataset(batch, seed)
        self.steps, self.batch_size, self.accumulation = steps, batch_size, accumulation
        self.validation, self.workers, self.prefetch = validation, workers, prefetch

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches from the trainer's global step on; Lightning asks after it has restored the checkpoint."""
        rank, ranks, start = self._place()
        sampler = StepSampler(
            self.steps, self.batch_size, accumulation=self.accumulation, rank=rank, ranks=ranks, start=start
        )
        return DataLoader(
            self.dataset,
            sampler=sampler,
            batch_size=None,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            prefetch_factor=self.prefetch if self.workers else None,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        """This rank's share of the held-out batches."""
        if not len(self.validation):
            return []
        rank, ranks, _ = self._place()
        share = -(-len(self.validation) // ranks)
        mine = [(rank + ranks * index) % len(self.validation) for index in range(share)]
        return DataLoader(self.validation, sampler=mine, batch_size=None)  # type: ignore[arg-type]

    def _place(self) -> tuple[int, int, int]:
        """Rank, ranks and global step of the attached trainer; of a fresh single process without one."""
        trainer = self.trainer
        return (
            (0, 1, 0) if trainer is None else (trainer.global_rank, trainer.world_size, trainer.global_step)
        )


class StepSeeding(pl.Callback):
    """Seeds torch's generators (dropout) before every batch from (seed, step, micro-batch, rank).

    What happened in between, a validation or a restart, then leaves no trace in the random numbers.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """Seed the CPU generator and those of all devices."""
        micro_batch = batch_idx % trainer.accumulate_grad_batches
        torch.manual_seed(step_seed(self.seed, trainer.global_step, micro_batch, trainer.global_rank))

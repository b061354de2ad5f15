"""A network with dropout that trains in milliseconds: what the tests of the training parts run."""

from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import nn

from sciml.training.checkpoints import LAST, AtomicCheckpoint
from sciml.training.ema import ExponentialMovingAverage
from sciml.training.records import MetricsRecorder
from sciml.training.resume import StepDataModule, StepSeeding, step_seed

SEED = 7
STEPS = 12


def example(seed, step, slot):
    """Eight numbers and their target, from the address alone."""
    generator = torch.Generator().manual_seed(step_seed(seed, step, slot))
    x = torch.randn(8, generator=generator)
    return x, x.square().sum(dim=-1, keepdim=True)


def batch(seed, step, slots):
    """Examples side by side."""
    return torch.utils.data.default_collate([example(seed, step, slot) for slot in slots])


class ToyTraining(pl.LightningModule):
    """A small regression with dropout."""

    def __init__(self, dropout=0.3):
        super().__init__()
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, 1))

    def training_step(self, batch, batch_idx):
        loss = (self.network(batch[0]) - batch[1]).square().mean()
        return {"loss": loss, "figures": {"loss": loss.detach()}}

    def validation_step(self, batch, batch_idx):
        self.log("valid/loss", (self.network(batch[0]) - batch[1]).square().mean())

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-2)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 5))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def data_module(steps=STEPS, batch_size=4, accumulation=1):
    return StepDataModule(
        batch,
        seed=SEED,
        steps=steps,
        batch_size=batch_size,
        accumulation=accumulation,
        validation=[batch(SEED, 1000, [slot]) for slot in range(3)],
    )


def trainer(callbacks, steps=STEPS, accumulation=1, validate_every=5, **settings):
    return pl.Trainer(
        accelerator="cpu",
        max_steps=steps,
        accumulate_grad_batches=accumulation,
        val_check_interval=validate_every * accumulation,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=any(isinstance(callback, pl.callbacks.Checkpoint) for callback in callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        **{"devices": 1, **settings},
    )


def train(folder: Path, accumulation=1, extra=(), batch_size=4, every_steps=3, dropout=0.3, **settings):
    """A run in `folder`, resumed from its last checkpoint where there is one.

    Returns:
        The trained module and its moving average.
    """
    module, ema = ToyTraining(dropout), ExponentialMovingAverage(0.9)
    callbacks = [
        StepSeeding(SEED),
        ema,
        *extra,
        MetricsRecorder(folder / "metrics.csv", every=2),
        AtomicCheckpoint(
            folder, every_s=None, every_steps=every_steps, monitor="valid/loss", larger_is_better=False
        ),
    ]
    last = folder / LAST
    run = trainer(callbacks, accumulation=accumulation, **settings)
    run.fit(
        module,
        datamodule=data_module(accumulation=accumulation, batch_size=batch_size),
        ckpt_path=last if last.exists() else None,
        weights_only=True,
    )
    return module, ema

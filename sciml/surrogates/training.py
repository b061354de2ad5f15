"""Training a surrogate with Lightning: longer runs, held-out groups, moving average, time limit.

The design loop uses :mod:`sciml.surrogates.stacked_training` instead; loss and forward path are the same.
"""

import logging
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.errors import InputError, SettingsError
from sciml.surrogates.calibration import StdScaling
from sciml.surrogates.domain import AllOf, BoxDomain, KnnDomain
from sciml.surrogates.ensemble import Ensemble, describe_data
from sciml.surrogates.heads import TableBatch
from sciml.surrogates.neural import NeuralSurrogate, TableSurrogate
from sciml.surrogates.result import Result
from sciml.surrogates.stacked_training import learning_rate_share
from sciml.surrogates.transforms import Array
from sciml.training.ema import ExponentialMovingAverage
from sciml.training.resume import StepDataModule, StepSeeding, step_seed
from sciml.training.timebox import TimeBox

_UNITS = {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class TrainingSettings:
    """How Lightning trains a surrogate."""

    steps: int = 2000
    """Optimiser steps."""
    batch_size: int = 128
    """Designs of a step."""
    learning_rate: float = 5e-3
    """Largest step size of AdamW; it rises over the first steps and falls to zero as a cosine."""
    weight_decay: float = 1e-3
    """Decoupled weight decay."""
    ema_decay: float = 0.99
    """Of the moving average of the parameters, which is what is kept."""
    validate_every: int = 100
    """Steps between validations; the best average so far is kept."""
    valid_share: float = 0.15
    """Share of the groups that is held out."""

    def __post_init__(self) -> None:
        if min(self.steps, self.batch_size, self.validate_every) < 1 or not 0 < self.valid_share < 1:
            raise SettingsError("steps, batch_size and validate_every are at least 1, valid_share in (0, 1)")


class SurrogateTask(pl.LightningModule):
    """Loss, optimiser and logging of a surrogate; the loss is the head's.

    Args:
        surrogate: what is trained.
        settings: step sizes.
    """

    def __init__(self, surrogate: TableSurrogate, settings: TrainingSettings) -> None:
        super().__init__()
        self.surrogate, self.settings = surrogate, settings

    def training_step(self, batch: TableBatch, index: int) -> Tensor:
        """Loss of a batch, summed over members: each follows its own."""
        loss = self.surrogate.head.loss(self.surrogate.raw(batch.features), batch)
        self.log("train/loss", loss.mean().detach(), batch_size=len(batch.features))
        return loss.sum()

    def validation_step(self, batch: TableBatch, index: int) -> None:
        """Log the loss on held-out designs."""
        loss = self.surrogate.loss(batch)
        self.log("valid/loss", loss, batch_size=len(batch.features))

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's signature
        """AdamW with a warm-up and a cosine."""
        settings = self.settings
        optimiser = torch.optim.AdamW(
            self.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: learning_rate_share(step, settings.steps)
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class SurrogateData(StepDataModule):
    """Simulated designs, split into training and validation by groups.

    Rows of a group are alike (one trajectory, one family of designs, one design at several corners) and stay
    on one side of the split. Without groups, equal designs are one group.

    Args:
        surrogate: its codec is fitted on the training designs, unless that was done before.
        designs: (design, input), natural values.
        result: what the simulator answered.
        groups: (design,), labels; None for equal designs.
        settings: batch size, steps and share of validation.
        seed: of the split and of the batches.

    Raises:
        InputError: fewer than two groups, or fewer than two training designs with a value.
    """

    def __init__(
        self,
        surrogate: TableSurrogate,
        designs: Array,
        result: Result,
        *,
        groups: Sequence[object] | None = None,
        settings: TrainingSettings | None = None,
        seed: int = 0,
    ) -> None:
        settings = settings or TrainingSettings()
        surrogate.check_rows(designs, result)
        designs = np.asarray(designs, dtype=np.float64)
        self.designs, self.result = designs, result
        self.is_valid = held_out_groups(_labels(designs, groups), settings.valid_share, seed)
        values = surrogate.codec.table(result.values, result.auxiliary)
        teaches = np.isfinite(values).any(axis=1) & ~self.is_valid
        if teaches.sum() < 2:
            raise InputError("two training designs with an output, or more, are needed")
        if surrogate.codec.transform is None:
            surrogate.codec.fit(designs[teaches], values[teaches])
        whole = surrogate.batch(designs, result)
        rows = torch.from_numpy(np.flatnonzero(~self.is_valid))
        self.train_batch = whole.take(rows)
        if isinstance(surrogate, Ensemble):
            self.train_batch = _with_folds(surrogate, self.train_batch)
        self.valid_batch = whole.take(torch.from_numpy(np.flatnonzero(self.is_valid)))
        super().__init__(
            self._batch,
            seed=seed,
            steps=settings.steps,
            batch_size=min(settings.batch_size, len(rows)),
            validation=[self.valid_batch],
        )

    def _batch(self, seed: int, step: int, slots: Sequence[int]) -> TableBatch:
        """Designs without repetition within each pass over them, in an order of (seed, pass)."""
        count = len(self.train_batch.features)
        places = [step * self.batch_size + slot for slot in slots]
        orders = {
            turn: torch.randperm(count, generator=torch.Generator().manual_seed(step_seed(seed, turn)))
            for turn in {place // count for place in places}
        }
        return self.train_batch.take(torch.stack([orders[p // count][p % count] for p in places]))


def fit(
    surrogate: TableSurrogate,
    designs: Array,
    result: Result,
    *,
    budget: str | float = "5min",
    groups: Sequence[object] | None = None,
    settings: TrainingSettings | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> TableSurrogate:
    """Train a surrogate through Lightning, keep its best moving average, scale its deviations on the held-out
    groups and fit its domain.

    Args:
        surrogate: a `NeuralSurrogate` or an `Ensemble`; its parameters are drawn anew.
        designs: (design, input), natural values.
        result: what the simulator answered.
        budget: wall time at most, as `90s`, `5min`, `1h` or seconds; the steps may end sooner.
        groups: see :class:`SurrogateData`.
        settings: see :class:`TrainingSettings`.
        seed: of parameters, split and batches.
        device: cpu or cuda, for training; the surrogate comes back to the processor.
    """
    settings = settings or TrainingSettings()
    box = TimeBox(seconds_of(budget))
    _quieten_lightning()
    data = SurrogateData(surrogate, designs, result, groups=groups, settings=settings, seed=seed)
    if isinstance(surrogate, NeuralSurrogate):
        surrogate.reset(seed)
    elif isinstance(surrogate, Ensemble):
        surrogate.seed = seed
        surrogate.reset(seed, data.train_batch)
    ema, best = ExponentialMovingAverage(settings.ema_decay, warmup=True), _BestAverage()
    trainer = pl.Trainer(
        accelerator="gpu" if device == "cuda" else "cpu",
        devices=1,
        max_steps=settings.steps,
        val_check_interval=min(settings.validate_every, settings.steps),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        inference_mode=False,
        callbacks=[StepSeeding(seed), best, ema, box],
    )
    state = torch.get_rng_state()
    trainer.fit(SurrogateTask(surrogate, settings), datamodule=data)
    torch.set_rng_state(state)
    surrogate.to("cpu").eval()
    best.restore(surrogate, ema)
    _finish(surrogate, data, trainer.global_step, seed, best.loss)
    return surrogate


def _finish(surrogate: TableSurrogate, data: SurrogateData, steps: int, seed: int, loss: float) -> None:
    held_out = data.designs[data.is_valid]
    surrogate.scaling = surrogate.conformal = None
    prediction = surrogate.predict(held_out)
    table = surrogate.codec.table(data.result.values, data.result.auxiliary)
    residual = surrogate.codec.fitted.encode(table[data.is_valid]) - prediction.z_mean
    surrogate.scaling = StdScaling.fit(residual, prediction.z_std)
    known = np.isfinite(table).any(axis=1) & ~data.is_valid
    surrogate.fit_domain(AllOf([BoxDomain(), KnnDomain()]), data.designs[known])
    training = describe_data(data.designs, data.result) | {"seed": seed, "steps": steps}
    training |= {"held_out": int(data.is_valid.sum()), "valid_loss": loss}
    surrogate.facts = {"training": training}


class _BestAverage(pl.Callback):
    """Keeps the parameters that validation saw when it was best. It stands before the moving average, so
    that they are the average's."""

    def __init__(self) -> None:
        self.loss = float("inf")
        self.parameters: dict[str, Tensor] = {}

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Copy the parameters if the loss is the smallest so far."""
        loss = float(trainer.callback_metrics["valid/loss"])
        if loss < self.loss:
            self.loss = loss
            named = pl_module.named_parameters()
            self.parameters = {name: value.detach().clone() for name, value in named}

    @torch.no_grad()
    def restore(self, surrogate: TableSurrogate, ema: ExponentialMovingAverage) -> None:
        """Give the surrogate the best parameters; the last average where no validation came in time."""
        source = self.parameters or ema.average
        for name, value in surrogate.named_parameters():
            value.copy_(source[f"surrogate.{name}"])


def held_out_groups(labels: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Which rows are held out: whole groups, about `share` of them, at least one on each side.

    Raises:
        InputError: there is one group only.
    """
    groups = np.unique(labels)
    if len(groups) < 2:
        raise InputError("a split needs two groups of designs or more")
    count = min(max(1, round(share * len(groups))), len(groups) - 1)
    chosen = np.random.default_rng(seed).permutation(groups)[:count]
    return np.isin(labels, chosen)


def seconds_of(budget: str | float) -> float:
    """Seconds of `90s`, `5min`, `1h`, or of a number.

    Raises:
        SettingsError: it is none of these, or not positive.
    """
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(s|min|h|)\s*", str(budget))
    if found is None or float(found[1]) <= 0:
        raise SettingsError(f"a time budget is written 90s, 5min or 1h, not {budget!r}")
    return float(found[1]) * _UNITS[found[2]]


def _labels(designs: Array, groups: Sequence[object] | None) -> NDArray[np.int64]:
    if groups is None:
        return np.unique(designs, axis=0, return_inverse=True)[1].reshape(-1)
    if len(groups) != len(designs):
        raise InputError(f"{len(groups)} group labels for {len(designs)} designs")
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in groups], dtype=np.int64)


def _with_folds(ensemble: Ensemble, batch: TableBatch) -> TableBatch:
    weight, _ = ensemble.fold_weights(len(batch.features))
    return TableBatch(batch.features, batch.targets, batch.known, batch.failed, weight)


def _quieten_lightning() -> None:
    """Keep Lightning's advice away from users."""
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning.*")

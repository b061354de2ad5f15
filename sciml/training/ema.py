"""Exponential moving average of the parameters, kept beside the ones being trained.

Source: Polyak & Juditsky, SIAM J. Control Optim. 30:838 (1992); decay 0.999 in Jumper et al. 2021,
    Supplementary 1.11.3.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn


class ExponentialMovingAverage(pl.Callback):
    """average <- d average + (1 - d) parameter after every optimiser step; validation runs on the average.

    The average starts at the initial parameters. Without warm-up d = `decay` at every step. With warm-up
    d = min(decay, (1 + t) / (10 + t)) at step t = 0, 1, …, which forgets the random start within a short run.
    Parameters that are not trained, and buffers, are not averaged. Saved in and restored from the checkpoint.

    Args:
        decay: d, in [0, 1).
        warmup: lower d in the first steps.
    """

    def __init__(self, decay: float = 0.999, *, warmup: bool = False) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"the decay of the moving average is in [0, 1): {decay}")
        self.decay, self.warmup = decay, warmup
        self.updates = 0
        self.average: dict[str, Tensor] = {}
        self._trained: dict[str, Tensor] = {}

    def decay_at(self, update: int) -> float:
        """Weight of the old average in the update of that number, counted from 0."""
        return min(self.decay, (1 + update) / (10 + update)) if self.warmup else self.decay

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Fold the current parameters into the average (the first call starts it)."""
        parameters = trained_parameters(module)
        if not self.average:
            self.average = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        weight = 1 - self.decay_at(self.updates)
        torch._foreach_lerp_([self.average[name] for name in parameters], list(parameters.values()), weight)
        self.updates += 1

    @contextmanager
    def applied_to(self, module: nn.Module) -> Iterator[None]:
        """Inside the block `module` has the averaged parameters; afterwards the trained ones, bit for bit."""
        self._swap_in(module)
        try:
            yield
        finally:
            self._swap_out(module)

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the average, or bring a restored one to the parameters' device."""
        parameters = trained_parameters(pl_module)
        if self.average and self.average.keys() != parameters.keys():
            differing = sorted(self.average.keys() ^ parameters.keys())
            raise ValueError(f"the checkpoint's moving average is of another network: {differing[:5]} differ")
        source = self.average or parameters
        self.average = {name: source[name].detach().clone().to(p.device) for name, p in parameters.items()}

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """Update once for every optimiser step, whatever the accumulation."""
        if trainer.global_step > self.updates:
            self.update(pl_module)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Evaluate the average."""
        if self.average:
            self._swap_in(pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Go on with the trained parameters."""
        self._swap_out(pl_module)

    def state_dict(self) -> dict[str, Any]:
        """The average and the number of its updates, for the checkpoint."""
        return {"average": self.average, "updates": self.updates}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.average, self.updates = dict(state_dict["average"]), int(state_dict["updates"])

    @torch.no_grad()
    def _swap_in(self, module: nn.Module) -> None:
        if self._trained:
            raise RuntimeError("the moving average is in use already: applied_to does not nest")
        parameters = trained_parameters(module)
        self._trained = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        for name, parameter in parameters.items():
            parameter.copy_(self.average[name])

    @torch.no_grad()
    def _swap_out(self, module: nn.Module) -> None:
        parameters = trained_parameters(module)
        for name, value in self._trained.items():
            parameters[name].copy_(value)
        self._trained = {}


def trained_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that take part in training, by their name."""
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}

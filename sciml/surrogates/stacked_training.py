"""The quick way to train stacked members: few steps over all designs at once, on one core.

What Lightning does around a step costs more than the step itself when there are 300 designs. The model, its
loss and its forward path are the ones that Lightning trains (:mod:`sciml.surrogates.training`).
"""

import math
from dataclasses import dataclass

import torch

from sciml.errors import SettingsError
from sciml.surrogates.heads import TableBatch
from sciml.surrogates.neural import TableSurrogate


@dataclass(frozen=True)
class StackedSettings:
    """Steps and step sizes."""

    steps: int = 200
    """Optimiser steps."""
    learning_rate: float = 0.03
    """Largest step size of Adam; it rises over the first steps and falls to zero as a cosine."""
    weight_decay: float = 1e-3
    """Decoupled weight decay."""
    batch: int = 512
    """Designs of one step; all of them where there are no more."""

    def __post_init__(self) -> None:
        if self.steps < 0 or self.batch < 1 or not self.learning_rate > 0:
            raise SettingsError("steps >= 0, batch >= 1 and learning_rate > 0 are wanted")


def train_stacked(
    model: TableSurrogate,
    batch: TableBatch,
    settings: StackedSettings,
    generator: torch.Generator,
    *,
    steps: int | None = None,
) -> list[float]:
    """Train all members at once by AdamW; each follows its own loss.

    Args:
        model: the surrogate whose parameters change.
        batch: all designs.
        settings: steps and step sizes.
        generator: draws batches where there are more designs than one holds.
        steps: instead of the settings' number.

    Returns:
        The loss of each step, mean over members.
    """
    steps = settings.steps if steps is None else steps
    parameters = list(model.parameters())
    optimiser = torch.optim.AdamW(
        parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    model.train()
    losses = []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * learning_rate_share(step, steps)
        part = _part(batch, settings.batch, generator)
        loss = model.head.loss(model.raw(part.features), part)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        losses.append(loss.detach().mean())
    model.eval()
    return [float(each) for each in losses]


def learning_rate_share(step: int, steps: int) -> float:
    """Rises over the first tenth of the steps, ten at most, then falls to zero as half a cosine."""
    warmup = min(10, max(1, steps // 10))
    return min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * step / max(steps, 1)))


def _part(batch: TableBatch, size: int, generator: torch.Generator) -> TableBatch:
    count = len(batch.features)
    if count <= size:
        return batch
    return batch.take(torch.randperm(count, generator=generator)[:size])

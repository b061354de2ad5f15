"""Heads: from a hidden representation to the parameters of a distribution, and the loss that trains it.

A head owns its loss. All sums run over items and outputs and keep leading axes, so that stacked members have
a loss each.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sciml.surrogates.backbones import Affine
from sciml.surrogates.registry import HEADS

_LOG_VARIANCES = (-14.0, 6.0)  # of standardised targets: deviations from 0.0009 to 20


@dataclass(frozen=True)
class TableBatch:
    """What one step of training sees.

    Attributes:
        features: (item, feature), standardised.
        targets: (item, output), z; 0 where not known.
        known: (item, output), 1.0 where the target is known.
        failed: (item,), 1.0 where the simulation failed.
        weight: (…, item, 1), what each item counts, by member where there are several.
    """

    features: Tensor
    targets: Tensor
    known: Tensor
    failed: Tensor
    weight: Tensor

    @classmethod
    def of(cls, features: Tensor, targets: Tensor, failed: Tensor, weight: Tensor) -> "TableBatch":
        """From targets that are NaN where not known."""
        known = ~targets.isnan()
        return cls(features, targets.nan_to_num(), known.to(features.dtype), failed, weight)

    @cached_property
    def known_weight(self) -> Tensor:
        """Sum of the weights of known targets, at least 1, (…,)."""
        return (self.weight * self.known).sum(dim=(-2, -1)).clamp(min=1)

    @cached_property
    def failures_vary(self) -> bool:
        """Whether some failed and some did not."""
        return bool(0 < self.failed.sum() < len(self.failed))

    def to(self, device: torch.device, **transfer: Any) -> "TableBatch":  # noqa: ANN401 - as Tensor.to
        """The same batch on a device."""
        return TableBatch(
            self.features.to(device, **transfer),
            self.targets.to(device, **transfer),
            self.known.to(device, **transfer),
            self.failed.to(device, **transfer),
            self.weight.to(device, **transfer),
        )

    def take(self, index: Tensor) -> "TableBatch":
        """Some of the items."""
        return TableBatch(
            self.features[index],
            self.targets[index],
            self.known[index],
            self.failed[index],
            self.weight[..., index, :],
        )


class Head(Protocol):
    """What a head offers."""

    def __call__(self, hidden: Tensor) -> Tensor:
        """(…, item, width) to raw channels (…, item, channel)."""
        ...

    def loss(self, raw: Tensor, batch: TableBatch) -> Tensor:
        """Mean loss over the items, (…,): one for each member."""
        ...

    def distribution(self, raw: Tensor) -> "HeadOutput":
        """What the raw channels mean."""
        ...


@dataclass(frozen=True)
class HeadOutput:
    """Gaussian of z for each item and output, and the logit of a failure where it was learned.

    Attributes:
        location: (…, item, output).
        deviation: (…, item, output), standard deviations.
        failure_logit: (…, item) or None.
    """

    location: Tensor
    deviation: Tensor
    failure_logit: Tensor | None = None


@HEADS.register("gaussian")
class GaussianHead(nn.Module):
    """Independent Gaussians of standardised outputs, trained by the beta-weighted likelihood.

    Loss of one known target: stop(σ^2β) [log σ + (z - μ)² / (2 σ²)]. β = 0 is the likelihood, which gives up
    on targets that are hard at first; β = 1 weighs the mean's errors as least squares does.

    Source: Seitzer et al., On the Pitfalls of Heteroscedastic Uncertainty Estimation, ICLR 2022.

    Args:
        width: channels of the hidden representation.
        outputs: number of outputs.
        beta: β, in [0, 1].
        feasibility: give the logit of a failure too, with the loss of :class:`FeasibilityHead`.
    """

    def __init__(self, width: int, outputs: int, *, beta: float = 0.5, feasibility: bool = True) -> None:
        super().__init__()
        if not 0 <= beta <= 1:
            raise ValueError(f"beta lies in [0, 1], not {beta}")
        self.outputs, self.beta, self.feasibility = outputs, beta, feasibility
        self.channels = Affine(width, 2 * outputs + feasibility, gain=0.3)

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments besides the sizes, as JSON values."""
        return {"beta": self.beta, "feasibility": self.feasibility}

    @torch.no_grad()
    def start(self, failed: int, total: int) -> None:
        """Start the logit at the rate of failures, whatever the design."""
        if self.feasibility:
            self.channels.weight[..., -1] = 0.0
            self.channels.bias[..., -1] = starting_logit(failed, total)

    def forward(self, hidden: Tensor) -> Tensor:
        """Means, log variances and, where it is learned, the logit of a failure."""
        return cast(Tensor, self.channels(hidden))

    def loss(self, raw: Tensor, batch: TableBatch) -> Tensor:
        """Mean over known targets, plus the failures' cross-entropy; unknown targets count nothing."""
        location, log_variance = self._gaussian(raw)
        variance = torch.exp(log_variance)
        nll = 0.5 * ((location - batch.targets) ** 2 / variance + log_variance)
        share = batch.weight * batch.known
        if self.beta:
            share = share * variance.detach() ** self.beta
        total = (nll * share).sum(dim=(-2, -1)) / batch.known_weight
        if self.feasibility and batch.failures_vary:
            total = total + failure_loss(raw[..., -1], batch)
        return total

    def distribution(self, raw: Tensor) -> HeadOutput:
        """Means and deviations of z."""
        location, log_variance = self._gaussian(raw)
        return HeadOutput(location, torch.exp(0.5 * log_variance), raw[..., -1] if self.feasibility else None)

    def _gaussian(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        location, log_variance = raw[..., : self.outputs], raw[..., self.outputs : 2 * self.outputs]
        return location, log_variance.clamp(*_LOG_VARIANCES)


@HEADS.register("feasibility")
class FeasibilityHead(nn.Module):
    """The probability that a simulation fails, by cross-entropy over all designs, failed or not.

    Args:
        width: channels of the hidden representation.
        outputs: for the signature of heads; not used.
    """

    def __init__(self, width: int, outputs: int = 0) -> None:
        super().__init__()
        self.logit = Affine(width, 1, gain=0.0)

    def arguments(self) -> dict[str, Any]:
        """No arguments besides the sizes."""
        return {}

    @torch.no_grad()
    def start(self, failed: int, total: int) -> None:
        """Start at the rate of failures."""
        self.logit.bias.fill_(starting_logit(failed, total))

    def forward(self, hidden: Tensor) -> Tensor:
        """Logit of a failure, (…, item, 1)."""
        return cast(Tensor, self.logit(hidden))

    def loss(self, raw: Tensor, batch: TableBatch) -> Tensor:
        """Weighted mean cross-entropy; nothing where all or none failed: a rate has no trend to learn."""
        if not batch.failures_vary:
            return raw.sum(dim=(-2, -1)) * 0
        return failure_loss(raw[..., 0], batch)

    def distribution(self, raw: Tensor) -> HeadOutput:
        """The logit; there are no outputs."""
        return HeadOutput(raw[..., :0], raw[..., :0], raw[..., 0])


def starting_logit(failed: int, total: int) -> float:
    """Logit of the rate of failures (Krichevsky-Trofimov estimate: none so far means rarely, not never)."""
    return math.log((failed + 0.5) / (total - failed + 0.5))


def failure_loss(logit: Tensor, batch: TableBatch) -> Tensor:
    """Weighted mean cross-entropy of logits (…, item), (…,)."""
    weight = batch.weight[..., 0]
    losses = functional.softplus(logit) - logit * batch.failed
    return (losses * weight).sum(dim=-1) / weight.sum(dim=-1).clamp(min=1)

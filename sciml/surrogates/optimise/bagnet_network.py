"""BagNet's discriminator: for every specification, the probability that one design is better than another.

One extractor of features serves both designs and all specifications. Each specification has a comparison head
whose weights are tied so that swapping the designs swaps the two answers: P(a better than b) = 1 - P(b better
than a), exactly, while no dropout is drawn.

Source: Hakhamaneshi et al., ICCAD 2019, section III; sizes and training as in the released code.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor, nn

Ties = Literal["bagnet", "half"]


@dataclass(frozen=True)
class NetworkSettings:
    """Sizes and training of the discriminator; the defaults are the released ones."""

    features: tuple[int, ...] = (20, 20)
    """Widths of the feature layers; the last one is even."""
    hidden: int = 20
    """Width of a comparison head; even."""
    keep: float = 0.8
    """Probability that dropout keeps a unit, in training and in queries."""
    learning_rate: float = 1e-3
    """Of Adam, whose state is kept from round to round."""
    batch: int = 64
    """Pairs a step."""
    steps: int = 1000
    """Gradient steps a round."""
    held_out: float = 0.2
    """Share of pairs not trained on. The held-out pairs share their designs with the others."""
    ties: Ties = "bagnet"
    """Label of two designs with equal penalty: the earlier one counts as better, as released, or 0.5."""


class Discriminator(nn.Module):
    """Feature extractor and comparison heads."""

    mean: Tensor
    std: Tensor

    def __init__(self, inputs: int, heads: int, settings: NetworkSettings) -> None:
        super().__init__()
        widths = (inputs, *settings.features)
        layers = [nn.Linear(a, b) for a, b in pairwise(widths)]
        for layer in layers:  # as TensorFlow's dense layers start
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.layers = nn.ModuleList(layers)
        half, hidden = settings.features[-1], settings.hidden
        self.weight_hidden = nn.Parameter(torch.randn(heads, half, hidden))
        self.bias_hidden = nn.Parameter(torch.zeros(heads, hidden // 2))
        self.weight_out = nn.Parameter(torch.randn(heads, hidden // 2, 2))
        self.bias_out = nn.Parameter(torch.zeros(heads, 1))
        self.keep = settings.keep
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("std", torch.ones(inputs))

    def forward(self, a: Tensor, b: Tensor, generator: torch.Generator | None) -> Tensor:
        """Log-odds that design a is better than design b, (pair, head).

        Args:
            a: (pair, input), grid positions.
            b: (pair, input).
            generator: draws the dropout; None for none.
        """
        pair = torch.cat([self._features(a, generator), self._features(b, generator).flip(1)], dim=1)
        hidden = torch.einsum("pf,hfw->hpw", pair, _tied(self.weight_hidden))
        hidden = (hidden + rearrange(_tied_bias(self.bias_hidden), "h w -> h 1 w")).relu()
        hidden = self._dropout(hidden, generator)
        out = hidden @ _tied(self.weight_out) + rearrange(_tied_bias(self.bias_out), "h w -> h 1 w")
        return rearrange(out[..., 1] - out[..., 0], "h p -> p h")

    def _features(self, designs: Tensor, generator: torch.Generator | None) -> Tensor:
        x = (designs - self.mean) / (self.std + 1e-15)
        for layer in self.layers:
            x = self._dropout(layer(x).relu(), generator)
        return x

    def _dropout(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        if generator is None:
            return x
        return x * (torch.rand(x.shape, generator=generator) < self.keep) / self.keep


def _tied(weight: Tensor) -> Tensor:
    """(head, half, out) and its mirror image below it, (head, 2 half, out)."""
    return torch.cat([weight, weight.flip(1, 2)], dim=1)


def _tied_bias(bias: Tensor) -> Tensor:
    return torch.cat([bias, bias.flip(1)], dim=1)


class TrainedDiscriminator:
    """A discriminator with its optimiser, trained further every round and never reset."""

    def __init__(self, inputs: int, heads: int, settings: NetworkSettings, seed: int) -> None:
        self.settings = settings
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = Discriminator(inputs, heads, settings)
        self._adam = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate)

    def train(
        self, positions: NDArray[np.float64], penalties: NDArray[np.float64], generator: torch.Generator
    ) -> None:
        """One round of gradient steps on all pairs of the database.

        Args:
            positions: (design, input), grid positions, in the order of the database.
            penalties: (design, specification).
            generator: draws the order in each pair, the held-out pairs, the batches and the dropout.
        """
        x = torch.as_tensor(positions, dtype=torch.float32)
        penalty = torch.as_tensor(penalties, dtype=torch.float64)
        first, second = torch.triu_indices(len(x), len(x), 1)
        label = self._labels(penalty, first, second)
        swap = torch.rand(len(first), generator=generator) < 0.5
        a, b = torch.where(swap, second, first), torch.where(swap, first, second)
        label = torch.where(swap[:, None], 1 - label, label)
        order = torch.randperm(len(a), generator=generator)
        order = order[: len(order) - int(len(order) * self.settings.held_out)]
        self.network.mean.copy_(x[torch.cat([a, b])[torch.cat([order, order + len(a)])]].mean(0))
        self.network.std.copy_(x[torch.cat([a, b])[torch.cat([order, order + len(a)])]].std(0, correction=0))
        for step in range(self.settings.steps):
            rows = order[
                torch.arange(step * self.settings.batch, (step + 1) * self.settings.batch) % len(order)
            ]
            odds = self.network(x[a[rows]], x[b[rows]], generator)
            each = nn.functional.binary_cross_entropy_with_logits(odds, label[rows], reduction="none")
            loss = each.mean(0).sum()
            self._adam.zero_grad(set_to_none=True)
            loss.backward()
            self._adam.step()

    def _labels(self, penalty: Tensor, first: Tensor, second: Tensor) -> Tensor:
        better = (penalty[first] <= penalty[second]).float()
        if self.settings.ties == "half":
            better = torch.where(penalty[first] == penalty[second], torch.full_like(better, 0.5), better)
        return better

    @torch.no_grad()
    def prob_better(
        self,
        positions: NDArray[np.float64],
        reference: NDArray[np.float64],
        generator: torch.Generator | None,
    ) -> NDArray[np.float64]:
        """P(design better than the reference), (design, specification), one dropout mask for each design.

        Args:
            positions: (design, input).
            reference: (input,).
            generator: draws the dropout; None for the network without dropout.
        """
        a = torch.as_tensor(positions, dtype=torch.float32)
        b = torch.as_tensor(reference, dtype=torch.float32).expand_as(a)
        odds: Tensor = self.network(a, b, generator)
        return odds.sigmoid().double().numpy()

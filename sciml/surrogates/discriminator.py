"""A discriminator of designs: is this candidate better than the reference, specification by specification?

It is trained on pairs of simulated designs, which n of them give n (n - 1) / 2 times. What two designs that
both meet a specification teach is the question of `ties`:

- `bagnet`: the one that stands earlier in the database counts as better, as BagNet's released code has it
  (penalty(a) <= penalty(b)). An antisymmetric network cannot learn that; it is noise that grows with the
  share of designs that pass.
- `drop`: such a pair is not trained on for that specification.
- `half`: the right answer is one half.
- `rank`: there are no ties; the designs are ranked by the output itself, on the better side too.

Source: Hakhamaneshi et al., ICCAD 2019, for the idea.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from sciml.errors import InputError, SettingsError
from sciml.surrogates.backbones import MLP, Activation
from sciml.surrogates.codec import TableCodec
from sciml.surrogates.neural import reset_parameters
from sciml.surrogates.pairwise import Form, PairwiseHead, pairwise_loss
from sciml.surrogates.problem import Problem
from sciml.surrogates.stacked_training import learning_rate_share
from sciml.surrogates.transforms import Array

Ties = Literal["bagnet", "drop", "half", "rank"]


class Trunk(nn.Module):
    """Backbone and pairwise head, the shape of each member."""

    def __init__(self, backbone: MLP, head: PairwiseHead) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, designs: Tensor, first: Tensor, second: Tensor, dropout: float) -> Tensor:
        """Log-odds of pairs of rows of `designs` (…, design, feature), (…, pair, output)."""
        projected = self.head.project(self.backbone(designs))
        a, b = (tuple(part[..., rows, :] for part in projected) for rows in (first, second))
        return self.head.compare(a, b, dropout)


class PairwiseDiscriminator:
    """Learns to compare designs of a problem.

    Args:
        problem: its specifications are what designs are compared by.
        ties: see the module.
        seed: of parameters, pairs and dropout.
        config: sizes and training; None for the default of the ties: BagNet's for `bagnet`.

    Raises:
        InputError: the problem has no specification.
    """

    @dataclass(frozen=True)
    class Config:
        """Sizes of the networks and how they are trained."""

        members: int = 3
        """Networks whose probabilities are averaged."""
        width: int = 64
        """Hidden channels of the shared trunk."""
        layers: int = 2
        """Hidden layers of the trunk."""
        activation: Activation = "silu"
        """Of the trunk."""
        residual: bool = True
        """Residual layers in the trunk."""
        form: Form = "comparison"
        """Form of the head."""
        dropout: float = 0.0
        """Share of units dropped in training."""
        dropout_at_query: bool = False
        """Keep dropout on when asked; then the answers are draws."""
        features: Literal["unit", "unit+log"] = "unit+log"
        """What the networks see of a design."""
        steps: int = 200
        """Gradient steps of a fit."""
        pairs: int = 512
        """Pairs of a step."""
        learning_rate: float = 0.02
        """Largest step size of AdamW."""
        weight_decay: float = 1e-3
        """Decoupled weight decay."""

        def __post_init__(self) -> None:
            if min(self.members, self.width, self.layers, self.steps, self.pairs) < 1:
                raise SettingsError("members, width, layers, steps and pairs are at least 1")
            if not 0 <= self.dropout < 1:
                raise SettingsError(f"dropout lies in [0, 1), not at {self.dropout}")

    BAGNET = Config(
        members=1,
        width=20,
        activation="relu",
        residual=False,
        form="comparison",
        dropout=0.2,
        dropout_at_query=True,
        features="unit",
        steps=1000,
        pairs=64,
        learning_rate=1e-3,
        weight_decay=0.0,
    )
    """BagNet's sizes and training, but for a constant step size and the draw of dropout: here a step draws
    it once for each design, not for each pair. The faithful one is
    :mod:`sciml.surrogates.optimise.bagnet_network`."""

    def __init__(
        self, problem: Problem, *, ties: Ties = "half", seed: int = 0, config: Config | None = None
    ) -> None:
        if ties not in ("bagnet", "drop", "half", "rank"):
            raise SettingsError(f"ties are bagnet, drop, half or rank, not {ties!r}")
        if not problem.goal.specifications:
            raise InputError("designs are compared by specifications and the problem has none")
        self.problem, self.ties, self.seed = problem, ties, seed
        default = PairwiseDiscriminator.BAGNET if ties == "bagnet" else PairwiseDiscriminator.Config()
        self.config = config or default
        self.codec = TableCodec(problem.spec, problem.goal, features=self.config.features, auxiliary=False)
        self._columns = [problem.spec.output_names.index(s.output) for s in problem.goal.specifications]
        self.trunk = self._make_trunk()
        self._stacked: dict[str, Tensor] = {}
        self.queries = torch.Generator().manual_seed(seed)

    def fit(self, designs: Array, values: Array) -> "PairwiseDiscriminator":
        """Train anew on simulated designs.

        Args:
            designs: (design, input), natural values, in the order of the database.
            values: (design, output), natural values, NaN where a simulation failed.

        Raises:
            InputError: fewer than two designs, or rows do not match.
        """
        designs, values = np.asarray(designs, dtype=np.float64), np.asarray(values, dtype=np.float64)
        if len(designs) < 2 or len(designs) != len(values):
            raise InputError(f"{len(designs)} designs and {len(values)} results: two or more are compared")
        self.codec.fit(designs, values)
        merit = torch.from_numpy(self.merit(values))
        features = self.codec.encode_inputs(designs)
        self._stacked = self._start()
        self._train(features, merit)
        return self

    def prob_better(self, candidates: Array, reference: Array) -> NDArray[np.float64]:
        """P(candidate better than the reference), (candidate, specification).

        Args:
            candidates: (candidate, input), thousands at once.
            reference: (input,), or (candidate, input) for one each.
        """
        if not self._stacked:
            raise InputError("the discriminator was not fitted yet", record=self.problem.spec.name)
        a = self.codec.encode_inputs(candidates)
        b = self.codec.encode_inputs(np.atleast_2d(np.asarray(reference, dtype=np.float64)))
        rows = torch.arange(len(a))
        second = len(a) + (rows if len(b) > 1 else torch.zeros(1, dtype=torch.long))
        drops = self.config.dropout_at_query
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=self.queries)))
            self.trunk.train(drops)
            log_odds = self._log_odds(torch.cat([a, b]), rows, second, self.config.dropout if drops else 0.0)
        return log_odds.sigmoid().mean(dim=0).numpy().astype(np.float64)

    @property
    def parameters(self) -> dict[str, Tensor]:
        """Parameters by the name they have in one network, (member, …); empty before the first fit."""
        return dict(self._stacked)

    def load_parameters(self, stacked: dict[str, Tensor]) -> None:
        """Take over what `parameters` of a discriminator of the same settings gave.

        Raises:
            KeyError: names or shapes are not those of the settings.
        """
        shapes = {name: tuple(value.shape) for name, value in self._start().items()}
        given = {name: tuple(value.shape) for name, value in stacked.items()}
        if given != shapes:
            raise KeyError("the parameters do not fit the settings")
        self._stacked = {name: stacked[name].clone().requires_grad_() for name in shapes}

    def merit(self, values: Array) -> Array:
        """What designs are ranked by, (design, specification), more is better, -inf for a failure.

        Minus the penalty, or, for `rank`, the standardised output with the sign of the limit.
        """
        if self.ties != "rank":
            violations = self.problem.goal.violations(values, self.problem.spec)
            return np.where(np.isfinite(values[:, self._columns]), -violations, -np.inf)
        z = self.codec.fitted.encode(values) * self.codec.fitted.sign()
        sign = np.array([each.sign for each in self.problem.goal.specifications])
        signed: Array = np.nan_to_num(z[:, self._columns] * sign, nan=-np.inf)
        return signed

    def _make_trunk(self) -> Trunk:
        config = self.config
        backbone = MLP(
            len(self.codec.feature_names),
            width=config.width,
            layers=config.layers,
            activation=config.activation,
            dropout=config.dropout,
            residual=config.residual,
        )
        return Trunk(backbone, PairwiseHead(config.width, len(self._columns), form=config.form))

    def _start(self) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        members = []
        for _ in range(self.config.members):
            reset_parameters(self.trunk, generator)
            members.append({name: p.detach().clone() for name, p in self.trunk.named_parameters()})
        return {name: torch.stack([each[name] for each in members]).requires_grad_() for name in members[0]}

    def _train(self, features: Tensor, merit: Tensor) -> None:
        config = self.config
        generator = torch.Generator().manual_seed(self.seed + 1)
        optimiser = torch.optim.AdamW(
            list(self._stacked.values()),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.trunk.train(config.dropout > 0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            for step in range(config.steps):
                for group in optimiser.param_groups:
                    group["lr"] = config.learning_rate * learning_rate_share(step, config.steps)
                first, second = self._draw_pairs(len(features), generator)
                better, weight = self._labels(merit, first, second)
                log_odds = self._log_odds(features, first, second, config.dropout)
                loss = pairwise_loss(log_odds, better, weight).sum()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()

    def _draw_pairs(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        first = torch.randint(count, (self.config.pairs,), generator=generator)
        second = (first + torch.randint(1, count, (self.config.pairs,), generator=generator)) % count
        return first, second

    def _labels(self, merit: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Probability that the first is better and what the comparison counts, (pair, specification)."""
        a, b = merit[first], merit[second]
        tied, better, weight = a == b, (a > b).float(), torch.ones(a.shape)
        if self.ties == "bagnet":
            better = torch.where(tied, (first < second)[:, None].float(), better)
        elif self.ties == "drop":
            weight = (~tied).float()
        else:
            better = torch.where(tied, 0.5, better)
        return better, weight

    def _log_odds(self, features: Tensor, first: Tensor, second: Tensor, dropout: float) -> Tensor:
        arguments: tuple[Any, ...] = (features, first, second, dropout)
        log_odds: Tensor = functional_call(self.trunk, self._stacked, arguments)
        return log_odds

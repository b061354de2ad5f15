"""Surrogates made of a codec, a backbone and a head."""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from sciml.errors import InputError
from sciml.surrogates.backbones import Affine
from sciml.surrogates.calibration import SplitConformal, StdScaling
from sciml.surrogates.codec import TableCodec
from sciml.surrogates.domain import Domain, DomainReport
from sciml.surrogates.heads import FeasibilityHead, GaussianHead, Head, HeadOutput, TableBatch
from sciml.surrogates.prediction import Prediction
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Result
from sciml.surrogates.stacking import Stack
from sciml.surrogates.transforms import Array

_ROWS_AT_ONCE = 2048  # what stays in the cache; a row's answer does not depend on it


class Network(nn.Module):
    """Head after backbone."""

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, features: Tensor) -> Tensor:
        """Features (…, item, feature) to the head's raw channels (…, item, channel)."""
        return cast(Tensor, self.head(self.backbone(features)))


class TableSurrogate(nn.Module):
    """What surrogates of tables share: predicting, domain and calibration.

    Attributes:
        codec: between designs, outputs and tensors.
        domain: where it may be trusted; None if that was not fitted.
        scaling: factor on the standard deviations, or None.
        conformal: calibrated widths of intervals, or None.
        stack: processes that predict some outputs beside the networks, or None.
        facts: what a saved file tells of it (training data, seeds, metrics, costs), JSON values.
    """

    def __init__(self, codec: TableCodec) -> None:
        super().__init__()
        self.codec = codec
        self.domain: Domain | None = None
        self.scaling: StdScaling | None = None
        self.conformal: SplitConformal | None = None
        self.stack: Stack | None = None
        self.facts: dict[str, Any] = {}

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs of the simulator that was learned."""
        return self.codec.spec

    @property
    def abilities(self) -> frozenset[str]:
        """What its predictions can tell."""
        words = {"mean", "std", "sample", "interval", "prob_better"}
        words |= {"members"} if self.member_count > 1 else set()
        words |= {"domain"} if self.domain is not None else set()
        return frozenset(words | ({"failure"} if self._learns_failures else set()))

    @property
    def member_count(self) -> int:
        """Networks that answer."""
        raise NotImplementedError

    def raw(self, features: Tensor) -> Tensor:
        """Raw channels of the head, (member, item, channel)."""
        raise NotImplementedError

    def latent(self, features: Tensor) -> Tensor:
        """Hidden representation of the first member, (item, width)."""
        raise NotImplementedError

    @property
    def head(self) -> Head:
        """What the raw channels mean."""
        raise NotImplementedError

    def loss(self, batch: TableBatch) -> Tensor:
        """Mean over members of the head's loss."""
        return self.head.loss(self.raw(batch.features), batch).mean()

    def predict(self, designs: Array) -> Prediction:
        """The distribution of the outputs of designs (design, input), natural values."""
        designs = np.asarray(designs, dtype=np.float64)
        location, deviation, failure = self._gaussians(designs)
        if self.scaling is not None:
            location, deviation = self.scaling.apply(location, deviation)
        if self.stack is not None:
            features = self.codec.encode_inputs(designs).numpy().astype(np.float64)
            location, deviation = self.stack.apply(features, location, deviation)
        return Prediction(
            self.codec.outputs,
            location,
            deviation,
            self.codec.fitted,
            directions=self.codec.directions,
            failure=failure,
            quantiles=None if self.conformal is None else self.conformal.quantiles,
            domain=None if self.domain is None else lambda: self.assess(designs),
        )

    def assess(self, designs: Array) -> DomainReport:
        """Where designs stand to the domain.

        Raises:
            InputError: no domain was fitted.
        """
        if self.domain is None:
            raise InputError("no domain was fitted for this surrogate", record=self.spec.name)
        return self.domain.assess(_LazySpaces(self, designs))

    def fit_domain(self, domain: Domain, designs: Array) -> None:
        """Fit a domain on training designs (design, input) and keep it."""
        self.domain = domain.fit(_LazySpaces(self, designs), self.spec.input_names)

    def batch(self, designs: Array, result: Result, weight: Tensor | None = None) -> TableBatch:
        """Designs and their result as tensors.

        Raises:
            InputError: as many designs as results are wanted.
        """
        self.check_rows(designs, result)
        failed = torch.tensor([each is not None for each in result.failures], dtype=torch.float32)
        targets = self.codec.encode_targets(self.codec.table(result.values, result.auxiliary))
        weight = torch.ones(len(designs), 1) if weight is None else weight
        return TableBatch.of(self.codec.encode_inputs(designs), targets, failed, weight)

    def check_rows(self, designs: Array, result: Result) -> None:
        """Refuse a result of other designs.

        Raises:
            InputError: their numbers differ.
        """
        if len(designs) != len(result):
            raise InputError(f"{len(designs)} designs and {len(result)} results", record=self.spec.name)

    @property
    def _learns_failures(self) -> bool:
        return isinstance(self.head, FeasibilityHead) or (
            isinstance(self.head, GaussianHead) and self.head.feasibility
        )

    @torch.no_grad()
    def _gaussians(self, designs: Array) -> tuple[Array, Array, Array | None]:
        features = self.codec.encode_inputs(designs)
        was_training = self.training
        self.eval()
        parts: list[HeadOutput] = []
        for block in features.split(_ROWS_AT_ONCE):
            parts.append(self.head.distribution(self.raw(block)))
        self.train(was_training)
        if not parts:
            parts.append(self.head.distribution(self.raw(features)))
        location = torch.cat([part.location for part in parts], dim=-2).numpy().astype(np.float64)
        deviation = torch.cat([part.deviation for part in parts], dim=-2).numpy().astype(np.float64)
        logits = [part.failure_logit for part in parts if part.failure_logit is not None]
        failure = None
        if logits:
            failure = torch.sigmoid(torch.cat(logits, dim=-1)).mean(dim=0).numpy().astype(np.float64)
        return location, deviation, failure


class NeuralSurrogate(TableSurrogate):
    """One network: a codec, a backbone and a head.

    Args:
        codec: between designs, outputs and tensors.
        backbone: features to hidden channels.
        head: hidden channels to a distribution.
    """

    def __init__(self, codec: TableCodec, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__(codec)
        self.network = Network(backbone, head)

    @property
    def member_count(self) -> int:
        """One."""
        return 1

    @property
    def head(self) -> Head:
        """What the raw channels mean."""
        return cast(Head, self.network.head)

    def raw(self, features: Tensor) -> Tensor:
        """Raw channels of the head, (1, item, channel)."""
        return cast(Tensor, self.network(features))[None]

    @torch.no_grad()
    def latent(self, features: Tensor) -> Tensor:
        """Hidden representation, (item, width)."""
        return cast(Tensor, self.network.backbone(features))

    def reset(self, seed: int) -> None:
        """Draw initial parameters; parts that do not draw their own keep theirs."""
        reset_parameters(self.network, torch.Generator().manual_seed(seed))


class _LazySpaces(dict[str, Array]):
    """The spaces of some designs, each computed when a domain asks for it."""

    def __init__(self, surrogate: TableSurrogate, designs: Array) -> None:
        super().__init__()
        self.surrogate, self.designs = surrogate, np.asarray(designs, dtype=np.float64)

    def __missing__(self, space: str) -> Array:
        self[space] = value = self._compute(space)
        return value

    def _compute(self, space: str) -> Array:
        surrogate = self.surrogate
        if space == "unit":
            return surrogate.spec.to_unit(self.designs)
        if space == "feature":
            return surrogate.codec.encode_inputs(self.designs).numpy().astype(np.float64)
        if space == "latent":
            latent = surrogate.latent(surrogate.codec.encode_inputs(self.designs))
            return latent.numpy().astype(np.float64)
        if space == "spread":
            return cast(Array, surrogate._gaussians(self.designs)[0].std(axis=0))
        raise InputError(f"no space {space!r}: unit, feature, latent or spread")


def reset_parameters(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the initial parameters of every affine map, in the order of the modules."""
    for module in network.modules():
        if isinstance(module, Affine):
            module.reset(generator)


def start_at_rate(network: Network, failed: int, total: int) -> None:
    """Let the network believe in the rate of failures seen so far before it learns more."""
    if isinstance(network.head, FeasibilityHead | GaussianHead):
        network.head.start(failed, total)

"""Deep ensembles: several networks of one shape, trained and asked as one batch of matrix products."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from sciml.errors import InputError, SettingsError
from sciml.surrogates.backbones import MLP
from sciml.surrogates.calibration import StdScaling
from sciml.surrogates.codec import TableCodec
from sciml.surrogates.domain import AllOf, BoxDomain, KnnDomain
from sciml.surrogates.heads import GaussianHead, Head, TableBatch
from sciml.surrogates.neural import Network, NeuralSurrogate, TableSurrogate, reset_parameters, start_at_rate
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.stacked_training import StackedSettings, train_stacked
from sciml.surrogates.stacking import MOST_DESIGNS, fit_stack
from sciml.surrogates.transforms import Array


class Ensemble(TableSurrogate):
    """Members that differ in their initial parameters and in the fold of designs that they are not shown.

    Parameters are stacked, (member, …); the forward path is that of one network (see
    :mod:`sciml.surrogates.backbones`). Since each member leaves out a fold, the residuals on those folds
    scale the standard deviations (`StdScaling`, source `out of fold`): a check that costs no simulation.
    It leans to the wide side, since the mean of all members errs less than the one that was not shown the
    design.

    Args:
        codec: between designs, outputs and tensors.
        backbone: features to hidden channels; its parameters are the shape of each member's.
        head: hidden channels to a distribution.
        members: networks.

    Source: Lakshminarayanan et al., Simple and Scalable Predictive Uncertainty Estimation using Deep
        Ensembles, NeurIPS 2017.
    """

    @dataclass(frozen=True)
    class Config:
        """Sizes of an ensemble and how it is trained."""

        members: int = 5
        """Networks."""
        width: int = 64
        """Hidden channels."""
        layers: int = 2
        """Hidden layers."""
        beta: float = 0.5
        """β of the weighted likelihood."""
        feasibility: bool = True
        """Learn the probability of failures."""
        folds: bool = True
        """Each member leaves out one design of `members`, and these scale the deviations."""
        training: StackedSettings = field(default_factory=StackedSettings)
        """Steps, learning rate and weight decay."""

        def __post_init__(self) -> None:
            if self.members < 1 or self.width < 1:
                raise SettingsError(f"members and width are at least 1: {self.members}, {self.width}")

    def __init__(self, codec: TableCodec, backbone: nn.Module, head: nn.Module, members: int) -> None:
        super().__init__(codec)
        network = Network(backbone, head)
        self._template = (network,)  # in a tuple, so that its parameters are not the ensemble's
        self.members = members
        self.config, self.seed = Ensemble.Config(members=members), 0
        self.left_out: Array | None = None
        self.parameters_of = nn.ParameterDict(
            {
                _key(name): value.detach().expand(members, *value.shape).clone()
                for name, value in network.named_parameters()
            }
        )

    @classmethod
    def for_problem(
        cls, problem: Problem, *, seed: int = 0, config: Config | None = None, codec: TableCodec | None = None
    ) -> "Ensemble":
        """An ensemble of perceptrons for a problem, not trained yet."""
        config = config or Ensemble.Config()
        codec = codec or TableCodec(problem.spec, problem.goal)
        backbone = MLP(len(codec.feature_names), width=config.width, layers=config.layers)
        head = GaussianHead(
            config.width, len(codec.outputs), beta=config.beta, feasibility=config.feasibility
        )
        ensemble = cls(codec, backbone, head, config.members)
        ensemble.config, ensemble.seed = config, seed
        return ensemble

    @property
    def template(self) -> Network:
        """The network whose forward path all members use."""
        return self._template[0]

    @property
    def member_count(self) -> int:
        """Networks that answer."""
        return self.members

    @property
    def head(self) -> Head:
        """What the raw channels mean."""
        return cast(Head, self.template.head)

    @property
    def stacked(self) -> dict[str, Tensor]:
        """Parameters by the name they have in one network, (member, …)."""
        return {_name(key): value for key, value in self.parameters_of.items()}

    def raw(self, features: Tensor) -> Tensor:
        """Raw channels of the head, (member, item, channel)."""
        self.template.train(self.training)
        return cast(Tensor, functional_call(self.template, self.stacked, (features,)))

    @torch.no_grad()
    def latent(self, features: Tensor) -> Tensor:
        """Hidden representation of the first member, (item, width)."""
        return cast(Tensor, self.member(0).network.backbone(features))

    def member(self, index: int) -> NeuralSurrogate:
        """One member as a surrogate of its own; it shares the codec and copies the parameters."""
        network = copy.deepcopy(self.template)
        network.load_state_dict({name: value[index].detach() for name, value in self.stacked.items()})
        return NeuralSurrogate(self.codec, network.backbone, network.head)

    def fit(
        self,
        designs: Array,
        result: Result,
        *,
        warm_start: bool = False,
        steps: int | None = None,
    ) -> "Ensemble":
        """Train on simulated designs; the same data, settings and seed give the same parameters.

        Args:
            designs: (design, input), natural values.
            result: what the simulator answered; failures teach when it fails, unfinished ones what they have.
            warm_start: go on from the present parameters and maps of outputs, if those still fit the data, at
                a third of the learning rate.
            steps: instead of the settings' number.

        Raises:
            InputError: fewer than two designs gave a value, or rows do not match.
        """
        self.check_rows(designs, result)
        values = self.codec.table(result.values, result.auxiliary)
        has_value = np.isfinite(values).any(axis=1)
        if has_value.sum() < 2:
            raise InputError("two designs with an output, or more, are needed", record=self.spec.name)
        is_warm = warm_start and self.codec.transform is not None and self.codec.covers(values)
        if not is_warm:
            self.codec.fit(np.asarray(designs)[has_value], values[has_value])
        weight, fold = self.fold_weights(len(designs))
        batch = self.batch(designs, result, weight)
        generator = torch.Generator().manual_seed(self.seed)
        if not is_warm:
            self._start(generator, batch)
        settings = self.config.training
        if is_warm:
            settings = replace(settings, learning_rate=settings.learning_rate / 3)
        train_stacked(self, batch, settings, generator, steps=steps)
        self.eval()
        self.scaling = self._out_of_fold(np.asarray(designs), batch, fold) if self.config.folds else None
        self.conformal = self.stack = None
        self.facts = {"training": describe_data(designs, result) | {"seed": self.seed}}
        self.fit_domain(AllOf([BoxDomain(), KnnDomain()]), np.asarray(designs)[has_value])
        return self

    def fit_stack(self, designs: Array, result: Result) -> None:
        """Put Gaussian processes beside the members, where those predict better what was left out.

        Args:
            designs: those that the members were trained on, in the same order; failed ones are passed over.
            result: what the simulator answered.
        """
        rows = np.flatnonzero(result.ok)
        if self.left_out is None or len(self.left_out) != len(designs) or not 20 <= len(rows) <= MOST_DESIGNS:
            return
        count = len(self.spec.outputs)
        self.stack = fit_stack(
            self.codec.encode_inputs(designs[rows]).numpy().astype(np.float64),
            result.values[rows],
            [each.unit for each in self.spec.outputs],
            self.codec.fitted.take(list(range(count))),
            self.left_out[rows, :count],
        )

    def fold_weights(self, count: int) -> tuple[Tensor, Tensor]:
        """Weights (member, design, 1), 0 in a member's fold, and the fold of each design (design,)."""
        order = torch.randperm(count, generator=torch.Generator().manual_seed(self.seed + 1))
        fold = torch.empty(count, dtype=torch.long)
        fold[order] = torch.arange(count) % self.members
        weight = torch.ones(self.members, count, 1)
        if self.config.folds and self.members > 1:
            weight[fold, torch.arange(count)] = 0.0
        return weight, fold

    def reset(self, seed: int, batch: TableBatch) -> None:
        """Draw initial parameters; the logit of a failure starts at the rate in the batch."""
        self._start(torch.Generator().manual_seed(seed), batch)

    @torch.no_grad()
    def _start(self, generator: torch.Generator, batch: TableBatch) -> None:
        failed, total = int(batch.failed.sum()), len(batch.failed)
        for index in range(self.members):
            reset_parameters(self.template, generator)
            start_at_rate(self.template, failed, total)
            for name, value in self.template.named_parameters():
                self.parameters_of[_key(name)][index].copy_(value)

    def _out_of_fold(self, designs: Array, batch: TableBatch, fold: Tensor) -> StdScaling | None:
        if self.members < 2:
            return None
        location, deviation, _ = self._gaussians(designs)
        rows, own = np.arange(len(designs)), fold.numpy()
        residual = np.where(batch.known.numpy() > 0, batch.targets.numpy() - location[own, rows], np.nan)
        self.left_out = residual
        variance = deviation[own, rows] ** 2 + location.var(axis=0)
        return StdScaling.fit(residual, np.sqrt(variance), source="out of fold")


def describe_data(designs: Array, result: Result) -> dict[str, Any]:
    """What a surrogate was trained on, as JSON values: counts, cost and a hash of every number."""
    digest = hashlib.sha256()
    for array in (designs, result.values, result.auxiliary):
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return {
        "designs": len(result),
        "failed": sum(failure is not None for failure in result.failures),
        "simulation_s": float(result.cost_s.sum()),
        "sha256": digest.hexdigest(),
    }


def load_stacked(ensemble: Ensemble, stacked: Mapping[str, Tensor]) -> None:
    """Take over parameters by the name they have in one network, (member, …)."""
    for name, value in stacked.items():
        ensemble.parameters_of[_key(name)].data.copy_(value)


def _key(name: str) -> str:
    return name.replace(".", "/")


def _name(key: str) -> str:
    return key.replace("/", ".")

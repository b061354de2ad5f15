"""A surrogate as a BoTorch model, and a goal as BoTorch's objective and constraints."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sciml.errors import InputError
from sciml.surrogates.interop.extras import optional
from sciml.surrogates.neural import TableSurrogate
from sciml.surrogates.specification import Goal
from sciml.surrogates.stacking import Stack
from sciml.surrogates.transforms import Array

_STEP = 0.1  # of a standardised feature: processes have kernels in single precision


def to_botorch(surrogate: TableSurrogate) -> Any:  # noqa: ANN401 - the class is made where BoTorch is
    """An `EnsembleModel` over the unit cube.

    `posterior(X)` takes X (…, q, input) on the unit cube (:meth:`ProblemSpec.to_unit`) and gives values
    (…, member, q, output): z, so that all outputs have one size; larger z is a larger output, but for
    negative values under a logarithm. Draws are the members of `surrogate.predict`, its scaling and its
    processes included; the noise that it predicts is not drawn. Gradients flow to X, but through categories;
    those of processes are central differences.

    Raises:
        MissingRequirementError: BoTorch is not installed.
    """
    ensemble = optional("botorch.models.ensemble", "BoTorch").EnsembleModel

    class SurrogateModel(ensemble):  # type: ignore[valid-type, misc]  # BoTorch has no types here
        """Members of a surrogate as draws of a posterior."""

        def __init__(self) -> None:
            super().__init__()
            self.surrogate = surrogate
            self._features = UnitFeatures(surrogate)

        @property
        def num_outputs(self) -> int:
            """Outputs, auxiliary ones too where they were learned."""
            return len(surrogate.codec.outputs)

        def forward(self, X: Tensor) -> Tensor:
            """(…, q, input) to (…, member, q, output)."""
            features = self._features(X)
            flat = features.reshape(-1, features.shape[-1]).to(torch.float32)
            surrogate.eval()
            location = surrogate.head.distribution(surrogate.raw(flat)).location  # (member, row, output)
            location = _as_predicted(surrogate, features.reshape(flat.shape), location.to(features.dtype))
            shaped = location.reshape(len(location), *X.shape[:-1], location.shape[-1])
            return shaped.movedim(0, -3).to(X.dtype)

    return SurrogateModel()


def _as_predicted(surrogate: TableSurrogate, features: Tensor, location: Tensor) -> Tensor:
    """Members (member, row, output) as `predict` gives them: spread by the scaling, moved by the stack."""
    if surrogate.scaling is not None:
        centre = location.mean(dim=0)
        location = centre + torch.from_numpy(surrogate.scaling.factor) * (location - centre)
    if surrogate.stack is not None:
        weight, shrink = location.new_zeros(location.shape[-1]), location.new_ones(location.shape[-1])
        for i, each in enumerate(surrogate.stack.outputs):  # auxiliary outputs come after them
            if each is not None:
                weight[i], shrink[i] = each.weight, each.shrink
        centre = location.mean(dim=0)
        share: Tensor = _StackShare.apply(features, surrogate.stack, location.shape[-1])
        location = share + (1 - weight) * centre + shrink * (location - centre)
    return location


class _StackShare(torch.autograd.Function):
    """What a stack's processes add to each output: their z times their weight, (row, output)."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, stack: Stack, outputs: int) -> Tensor:  # noqa: ANN401 - torch's
        """Of features (row, feature), for so many outputs."""
        ctx.stack, ctx.outputs = stack, outputs
        ctx.save_for_backward(features)
        return torch.from_numpy(_share(stack, features.detach().numpy(), outputs)).to(features.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        """Gradients of the features by central differences."""
        (features,) = ctx.saved_tensors
        points = features.detach().numpy()
        columns = []
        for column in range(points.shape[1]):
            step = np.zeros(points.shape[1])
            step[column] = _STEP
            ends = [_share(ctx.stack, points + sign * step, ctx.outputs) for sign in (-1, 1)]
            slope = torch.from_numpy((ends[1] - ends[0]) / (2 * _STEP))
            columns.append((gradient * slope.to(gradient.dtype)).sum(dim=1))
        return torch.stack(columns, dim=1), None, None


def _share(stack: Stack, features: Array, outputs: int) -> Array:
    # Of members that all say zero, the stack leaves its processes' weighed answers.
    nothing = np.zeros((1, len(features), outputs))
    return stack.apply(features, nothing, nothing)[0][0]


class UnitFeatures:
    """The codec's features of points of the unit cube, as differentiable torch operations."""

    def __init__(self, surrogate: TableSurrogate) -> None:
        from sciml.surrogates.problem_spec import CategoryInput

        self.codec, self._category = surrogate.codec, CategoryInput
        self.shift = torch.from_numpy(self.codec.feature_shift)
        self.spread = torch.from_numpy(self.codec.feature_spread)

    def __call__(self, unit: Tensor) -> Tensor:
        """(…, input) to (…, feature)."""
        columns = []
        for i, each in enumerate(self.codec.spec.inputs):
            column = unit[..., i].double()
            if isinstance(each, self._category):
                index = (column * (len(each.choices) - 1)).round()
                columns += [(index == k).double() for k in range(len(each.choices))]
                continue
            columns.append(2 * column - 1)
            if f"log {each.name}" in self.codec.feature_names:
                natural = (each.low + (each.high - each.low) * column).clamp(min=each.low / 10)
                columns.append(2 * (natural / each.low).log() / torch.tensor(each.high / each.low).log() - 1)
        return (torch.stack(columns, dim=-1) - self.shift) / self.spread


def botorch_constraints(
    surrogate: TableSurrogate, goal: Goal | None = None
) -> list[Callable[[Tensor], Tensor]]:
    """One function for each specification, of samples (…, output) of z; at most zero where it is met.

    Raises:
        InputError: no goal, or a limit that has no image under its output's map.
    """
    goal = goal or surrogate.codec.goal
    if goal is None:
        raise InputError("the surrogate was learned without a goal and none is given")
    return [_excess(surrogate, each.output, each.limit, each.sign) for each in goal.specifications]


def botorch_objective(surrogate: TableSurrogate, goal: Goal | None = None) -> Callable[..., Tensor]:
    """A function of samples (…, output) of z that is to be maximised: minus the summed distance of z to the
    limits that are not met, 0 where all are.

    Raises:
        InputError: as for the constraints.
    """
    constraints = botorch_constraints(surrogate, goal)

    def merit(samples: Tensor, X: Tensor | None = None) -> Tensor:
        """(…, output) to (…,)."""
        return -torch.stack([each(samples).clamp(min=0) for each in constraints]).sum(dim=0)

    return merit


def _excess(surrogate: TableSurrogate, output: str, limit: float, sign: float) -> Callable[[Tensor], Tensor]:
    codec = surrogate.codec
    index = codec.outputs.index(output)
    row = np.full((1, len(codec.outputs)), np.nan)
    row[0, index] = limit
    threshold = float(codec.fitted.encode(row)[0, index])
    if not np.isfinite(threshold):
        raise InputError(f"the limit {limit:g} of {output!r} has another sign than every known value")
    direction = sign * float(codec.fitted.sign()[index])
    return lambda samples: direction * (threshold - samples[..., index])

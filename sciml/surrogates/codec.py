"""Designs and outputs as the numbers that a network sees, and back.

Inputs: every number input gives its place on the unit cube (by its own scale); one with a linear scale that
spans a factor of ten or more gives its logarithm too, since sizes and multipliers act by ratios; a category
is one-hot. Features are standardised by the designs that the codec was fitted on.

Outputs: see :mod:`sciml.surrogates.transforms`.
"""

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.errors import InputError
from sciml.surrogates.problem_spec import CategoryInput, Input, ProblemSpec
from sciml.surrogates.registry import CODECS
from sciml.surrogates.specification import Goal
from sciml.surrogates.transforms import Array, Kind, OutputTransform, fit_transform

Features = Literal["unit", "unit+log"]
_WIDE = 10.0  # a linear input from a to this many times a is also given by its logarithm
_SMALLEST_SPREAD = 0.02  # of a feature on [-1, 1]: less is not stretched further


@CODECS.register("table")
class TableCodec:
    """Between tables of designs and results and tensors.

    Args:
        spec: inputs and outputs.
        goal: gives outputs their limits; without it maps are chosen from the data alone.
        features: `unit`, or `unit+log` for logarithms of wide inputs too.
        auxiliary: learn the auxiliary outputs as well.
        kinds: forces the map of an output, by its name.

    The fitted state is `feature_shift`, `feature_spread` (feature,) and `transform`.
    """

    def __init__(
        self,
        spec: ProblemSpec,
        goal: Goal | None = None,
        *,
        features: Features = "unit+log",
        auxiliary: bool = True,
        kinds: dict[str, Kind] | None = None,
    ) -> None:
        if features not in ("unit", "unit+log"):
            raise InputError(f"features are unit or unit+log, not {features!r}", record=spec.name)
        self.spec, self.goal, self.features, self.auxiliary = spec, goal, features, auxiliary
        self.kinds = dict(kinds or {})
        self.outputs = spec.output_names + (spec.auxiliary_names if auxiliary else ())
        unknown = sorted(set(self.kinds) - set(self.outputs))
        if unknown:
            raise InputError(f"{unknown[0]!r} is not an output", record=spec.name)
        self.feature_names = tuple(name for each in spec.inputs for name in _feature_names(each, features))
        self.feature_shift = np.zeros(len(self.feature_names))
        self.feature_spread = np.ones(len(self.feature_names))
        self.transform: OutputTransform | None = None

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments besides the spec and the goal, as JSON values."""
        return {"features": self.features, "auxiliary": self.auxiliary, "kinds": self.kinds}

    def state(self) -> dict[str, Any]:
        """The fitted state as JSON values; floats survive exactly."""
        return {
            "feature_shift": self.feature_shift.tolist(),
            "feature_spread": self.feature_spread.tolist(),
            "transform": self.fitted.state(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.feature_shift = np.array(state["feature_shift"], dtype=np.float64)
        self.feature_spread = np.array(state["feature_spread"], dtype=np.float64)
        self.transform = OutputTransform.from_state(state["transform"])

    @property
    def fitted(self) -> OutputTransform:
        """The transform of the outputs.

        Raises:
            InputError: the codec was not fitted.
        """
        if self.transform is None:
            raise InputError("the surrogate was not fitted yet", record=self.spec.name)
        return self.transform

    @property
    def limits(self) -> NDArray[np.float64]:
        """The first limit on each output, NaN for none, (output,)."""
        limits = {each.output: each.limit for each in reversed(self.goal.specifications if self.goal else ())}
        return np.array([limits.get(name, np.nan) for name in self.outputs])

    @property
    def directions(self) -> NDArray[np.float64]:
        """+1 where large values of an output are good, -1 where small ones are, 0 unknown, (output,)."""
        if self.goal is None:
            return np.zeros(len(self.outputs))
        good = {o.output: 1.0 if o.direction == "maximise" else -1.0 for o in self.goal.objectives}
        for each in self.goal.specifications:
            window = {s.sign for s in self.goal.specifications if s.output == each.output}
            good[each.output] = each.sign if len(window) == 1 else 0.0
        return np.array([good.get(name, 0.0) for name in self.outputs])

    def fit(self, designs: Array, values: Array) -> "TableCodec":
        """Set the standardisation from designs (design, input) and their outputs (design, output), NaN
        allowed."""
        raw = self.raw_features(designs)
        self.feature_shift = raw.mean(axis=0)
        spread = raw.std(axis=0)
        self.feature_spread = np.where(spread > _SMALLEST_SPREAD, spread, 1.0)
        self.transform = fit_transform(values, self.limits, tuple(self.kinds.get(n) for n in self.outputs))
        return self

    def covers(self, values: Array) -> bool:
        """Whether every known output (design, output) has an image under the fitted maps."""
        return not bool((np.isnan(self.fitted.encode(values)) & np.isfinite(values)).any())

    def table(self, values: Array, auxiliary: Array) -> Array:
        """Outputs, followed by auxiliary ones where they are learned, (design, output)."""
        return np.concatenate([values, auxiliary], axis=1) if self.auxiliary else values

    def raw_features(self, designs: Array) -> Array:
        """Features before standardisation, (design, feature), about [-1, 1]."""
        designs = np.asarray(designs, dtype=np.float64)
        if designs.ndim != 2 or designs.shape[1] != len(self.spec.inputs):
            shape = f"designs of shape {designs.shape}; {len(self.spec.inputs)} columns are wanted"
            raise InputError(shape, record=self.spec.name)
        unit = self.spec.to_unit(designs)
        columns = []
        for i, each in enumerate(self.spec.inputs):
            if isinstance(each, CategoryInput):
                columns += [(designs[:, i] == k).astype(np.float64) for k in range(len(each.choices))]
                continue
            columns.append(2 * unit[:, i] - 1)
            if _is_wide(each, self.features):
                place = np.log(np.maximum(designs[:, i], each.low / 10) / each.low)
                columns.append(2 * place / np.log(each.high / each.low) - 1)
        return np.stack(columns, axis=1)

    def encode_inputs(self, designs: Array) -> Tensor:
        """Standardised features of designs (design, input), (design, feature) float32."""
        features = (self.raw_features(designs) - self.feature_shift) / self.feature_spread
        return torch.from_numpy(features.astype(np.float32))

    def encode_targets(self, values: Array) -> Tensor:
        """z of outputs (design, output), float32, NaN where not known."""
        return torch.from_numpy(self.fitted.encode(values).astype(np.float32))


def _is_wide(each: Input, features: Features) -> bool:
    if isinstance(each, CategoryInput) or features == "unit" or each.scale == "log":
        return False
    return each.low > 0 and each.high >= _WIDE * each.low


def _feature_names(each: Input, features: Features) -> list[str]:
    if isinstance(each, CategoryInput):
        return [f"{each.name}={choice}" for choice in each.choices]
    return [each.name, f"log {each.name}"] if _is_wide(each, features) else [each.name]

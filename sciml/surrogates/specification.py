"""What a design must reach: limits on outputs, and objectives beyond them.

A specification's violation is BagNet's penalty: `w max(0, (x - L) / |x + L|)` with the sign of the bound, and
`w` where x and L have opposite signs, so it lies in [0, w] and is 0 exactly where the limit is met.

Source: Hakhamaneshi et al., ICCAD 2019, as released.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.surrogates.problem_spec import ProblemSpec


@dataclass(frozen=True)
class Specification:
    """One limit on one output: exactly one of `minimum` and `maximum`, in the output's unit."""

    output: str
    minimum: float | None = None
    maximum: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        given = [limit for limit in (self.minimum, self.maximum) if limit is not None]
        if len(given) != 1 or not math.isfinite(given[0]):
            rule = "a specification has one finite limit, min or max (write two specifications for a window)"
            raise InputError(rule, record=self.output)
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise InputError(f"the weight {self.weight} is not positive", record=self.output)

    @property
    def limit(self) -> float:
        """The limit, in the output's unit."""
        return self.minimum if self.minimum is not None else float(self.maximum or 0.0)

    @property
    def sign(self) -> float:
        """+1 where large outputs are good (a minimum), -1 where small ones are."""
        return 1.0 if self.minimum is not None else -1.0

    @property
    def text(self) -> str:
        """The specification as people write it: `gain >= 300`."""
        return f"{self.output} {'>=' if self.sign > 0 else '<='} {self.limit:g}"

    def violation(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Penalty of output values (design,), in [0, weight]; the weight itself where the value is not
        finite."""
        short = self.sign * (self.limit - values)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            total = np.abs(values + self.limit)
            opposite = (values * self.limit < 0) | (total == 0)
            relative = np.where(opposite, 1.0, short / total)
        penalty = np.where(short > 0, np.clip(relative, 0.0, 1.0), 0.0)
        result: NDArray[np.float64] = self.weight * np.where(np.isfinite(values), penalty, 1.0)
        return result


@dataclass(frozen=True)
class Objective:
    """An output to push further once every specification is met."""

    output: str
    direction: Literal["minimise", "maximise"] = "minimise"

    def __post_init__(self) -> None:
        if self.direction not in ("minimise", "maximise"):
            rule = f"direction {self.direction!r} is neither minimise nor maximise"
            raise InputError(rule, record=self.output)


@dataclass(frozen=True)
class Goal:
    """The specifications of a problem, with its objectives."""

    specifications: tuple[Specification, ...]
    objectives: tuple[Objective, ...] = ()

    def check(self, spec: ProblemSpec) -> None:
        """Refuse a goal that names an output the simulator does not give, or that asks for nothing.

        Raises:
            InputError: as said.
        """
        if not self.specifications and not self.objectives:
            raise InputError("a goal has at least one specification or objective", record=spec.name)
        wanted = [each.output for each in self.specifications] + [each.output for each in self.objectives]
        for name in wanted:
            if name not in spec.output_names:
                raise InputError(
                    f"{name!r} is not an output ({', '.join(spec.output_names)})", record=spec.name
                )

    def violations(self, values: NDArray[np.float64], spec: ProblemSpec) -> NDArray[np.float64]:
        """Weighted penalties (design, specification) of outputs (design, output)."""
        if not self.specifications:
            return np.zeros((len(values), 0))
        column = {name: i for i, name in enumerate(spec.output_names)}
        return np.stack([s.violation(values[:, column[s.output]]) for s in self.specifications], axis=1)

    def cost(self, values: NDArray[np.float64], spec: ProblemSpec) -> NDArray[np.float64]:
        """Weighted mean penalty (design,), in [0, 1]; 0 exactly where every specification is met.

        A failed simulation, whose outputs are NaN, costs 1.
        """
        if not self.specifications:
            return np.where(np.isfinite(values).all(axis=1), 0.0, 1.0)
        weight = sum(each.weight for each in self.specifications)
        total: NDArray[np.float64] = self.violations(values, spec).sum(axis=1) / weight
        return total

    def feasible(self, values: NDArray[np.float64], spec: ProblemSpec) -> NDArray[np.bool_]:
        """Whether every output is finite and every specification met, (design,)."""
        met: NDArray[np.bool_] = np.isfinite(values).all(axis=1) & (self.violations(values, spec) == 0).all(
            axis=1
        )
        return met

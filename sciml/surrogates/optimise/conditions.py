"""How outputs move from one condition to another: learned from the designs that were simulated at several.

A condition is a corner with one draw of mismatch. For every output and condition the shift of z against the
first condition is smooth in the inputs (:mod:`sciml.surrogates.optimise.residual`); what some conditions of a
design said predicts the others.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from sciml.surrogates.optimise.condition_maps import Condition, condition_maps, constant_shifts
from sciml.surrogates.optimise.corrected import limit_in_z
from sciml.surrogates.optimise.residual import ResidualModel
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.simulator import Corner
from sciml.surrogates.specification import Goal
from sciml.surrogates.transforms import OutputTransform

__all__ = ["Condition", "ConditionTable", "all_conditions"]

Array = NDArray[np.float64]
_FIRST_DOUBT = 0.5  # of the spread of an output, for a shift that was never seen
_SMALLEST_DOUBT = 0.02
_AT_LEAST = 2  # conditions of a design that teaches shifts
_BEYOND = 1e6  # more room than this, relative to a limit, is not told apart


def all_conditions(
    corners: Sequence[Corner], mismatch: int = 0, first_seed: int = 1
) -> tuple[Condition, ...]:
    """Every corner without mismatch, or with each of `mismatch` draws of it; the draws are the same at all
    corners."""
    if mismatch == 0:
        return tuple(Condition(corner) for corner in corners)
    seeds = range(first_seed, first_seed + mismatch)
    return tuple(Condition(corner, seed) for corner in corners for seed in seeds)


class ConditionTable:
    """Outputs of designs at conditions, with predictions where they were not simulated.

    Attributes:
        values: (design, condition, output); NaN where not simulated or failed.
        is_asked: (design, condition), simulated, failures too.
    """

    def __init__(self, spec: ProblemSpec, goal: Goal, conditions: Sequence[Condition]) -> None:
        self.spec, self.goal, self.conditions = spec, goal, tuple(conditions)
        self.designs = np.zeros((0, len(spec.inputs)))
        self.values = np.zeros((0, len(conditions), len(spec.outputs)))
        self.is_asked = np.zeros((0, len(conditions)), dtype=bool)
        self._limits = np.array([_limit_of(goal, name) for name in spec.output_names])
        self._transform: OutputTransform | None = None
        self._shifts: list[ResidualModel] | None = None
        self._constant = np.zeros((len(self.conditions), len(spec.outputs)))

    def __len__(self) -> int:
        return len(self.designs)

    def add_designs(self, designs: Array) -> NDArray[np.intp]:
        """Append designs (design, input) of which nothing is known; returns their rows."""
        start, count = len(self.designs), len(designs)
        self.designs = np.concatenate([self.designs, designs])
        empty = np.full((count, *self.values.shape[1:]), np.nan)
        self.values = np.concatenate([self.values, empty])
        self.is_asked = np.concatenate([self.is_asked, np.zeros((count, len(self.conditions)), dtype=bool)])
        return np.arange(start, start + count)

    def put(self, row: int, condition: int, values: Array) -> None:
        """Note the outputs (output,) of a design at a condition; NaN for a failure."""
        self.values[row, condition] = values
        self.is_asked[row, condition] = True

    def learn(self) -> None:
        """Learn maps and shifts anew from all that was simulated.

        A design that was simulated at two conditions or more says how its outputs differ between them,
        whichever they are: constant shifts by least squares over all such designs, then what is left as a
        function of the inputs.
        """
        self._transform = condition_maps(self.values, self._limits, self.conditions)
        z, points = self._transform.encode(self.values), self.spec.to_unit(self.designs)
        known = np.asarray(np.isfinite(z).all(axis=2))
        rows = np.flatnonzero(known.sum(axis=1) >= _AT_LEAST)
        z, known, points = z[rows], known[rows], points[rows]
        self._constant = constant_shifts(z, known, self.conditions)
        left = np.where(known[..., None], z - self._constant, np.nan)
        level = np.nanmean(left, axis=1, keepdims=True) if len(rows) else left[:, :1]
        self._shifts = [ResidualModel(points, column) for column in np.moveaxis(left - level, 1, 0)]

    def predict(self, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        """Mean and doubt of z of designs at every condition, (row, condition, output) each.

        A simulated output is itself, with no doubt. Others follow from the design's own simulations and the
        shifts between conditions; a design without any takes the level of its nearest neighbours.
        """
        transform, shifts = self._fitted()
        points = self.spec.to_unit(self.designs[rows])
        predicted = [model.predict(points) for model in shifts]
        shift = self._constant + np.stack([mean for mean, _ in predicted], axis=1)
        left = np.stack([share for _, share in predicted], axis=1)  # (row, condition)
        doubt = np.stack([_doubt(model) for model in shifts])  # (condition, output)
        doubt = np.maximum(doubt * left[..., None], _SMALLEST_DOUBT)
        z = transform.encode(self.values[rows])
        known = np.isfinite(z)
        count = known.sum(axis=1)
        own = np.where(known, z - shift, 0.0).sum(axis=1) / np.maximum(count, 1)
        base = np.where(count > 0, own, self._neighbours(rows))
        mean = np.where(known, np.nan_to_num(z), base[:, None, :] + shift)
        no_level = (count == 0)[:, None, :] * _FIRST_DOUBT
        return mean, np.where(known, 0.0, np.hypot(doubt, no_level))

    def violation_chances(self, rows: NDArray[np.intp]) -> Array:
        """Probability that each specification is violated, (row, condition, specification); 0 or 1 where it
        was simulated, 1 after a failure."""
        transform, _ = self._fitted()
        mean, doubt = self.predict(rows)
        chances = []
        for each in self.goal.specifications:
            i = self.spec.output_names.index(each.output)
            threshold = limit_in_z(transform, each, i)
            sign = each.sign * transform.sign()[i]
            short = sign * (np.nan_to_num(threshold) - mean[..., i])
            chance = ndtr(short / np.maximum(doubt[..., i], 1e-9))
            simulated = each.violation(self.values[rows][..., i].reshape(-1)).reshape(chance.shape) > 0
            chances.append(np.where(self.is_asked[rows], simulated, chance))
        return np.stack(chances, axis=-1)

    def worst(self, rows: NDArray[np.intp]) -> Array:
        """Outputs at the worst condition, simulated or predicted, (row, output); NaN after a failure.

        The worst is the largest summed violation of the output's specifications, and among conditions that
        violate none the one nearest to a limit. Outputs without a specification are the mean over conditions,
        and objectives their worst.
        """
        values = self.values[rows]
        if not self.is_asked[rows].all():
            predicted = self._fitted()[0].decode(self.predict(rows)[0])
            values = np.where(np.isfinite(values), values, predicted)
        worst = values.mean(axis=1)
        for i, name in enumerate(self.spec.output_names):
            badness = self._badness(values[..., i], name)
            if badness is not None:
                worst[:, i] = np.take_along_axis(values[..., i], badness.argmax(axis=1)[:, None], axis=1)[
                    :, 0
                ]
        has_values = np.asarray(np.isfinite(self.values[rows]).all(axis=2))
        failed = np.asarray((self.is_asked[rows] & ~has_values).any(axis=1))
        return np.where(failed[:, None], np.nan, worst)

    def _badness(self, values: Array, name: str) -> Array | None:
        """(row, condition), how bad the values of an output are; None where nothing is asked of it."""
        limits = [each for each in self.goal.specifications if each.output == name]
        signs = [each.direction for each in self.goal.objectives if each.output == name]
        if not limits and not signs:
            return None
        if not limits:
            return values if signs[0] == "minimise" else -values
        flat = values.reshape(-1)
        violation = np.sum([each.violation(flat) for each in limits], axis=0).reshape(values.shape)
        room = np.min([each.sign * (values - each.limit) / _scale(each.limit) for each in limits], axis=0)
        # Any violation is worse than any room that is left.
        return np.asarray(np.where(violation > 0, _BEYOND * (1 + violation), -np.clip(room, 0, _BEYOND)))

    def _neighbours(self, rows: NDArray[np.intp], nearest: int = 3) -> Array:
        """Level of z of the nearest designs that were simulated anywhere, (row, output)."""
        transform, shifts = self._fitted()
        simulated = np.asarray(np.isfinite(self.values).all(axis=2))
        told = np.flatnonzero(simulated.any(axis=1))
        if not len(told):
            return np.zeros((len(rows), len(self.spec.outputs)))
        points = self.spec.to_unit(self.designs)
        distance = ((points[rows][:, None] - points[told][None]) ** 2).sum(axis=-1)
        near = told[np.argsort(distance, axis=1, kind="stable")[:, :nearest]]  # (row, nearest)
        used, place = np.unique(near, return_inverse=True)
        shift = self._constant + np.stack([model.predict(points[used])[0] for model in shifts], axis=1)
        level = np.nanmean(transform.encode(self.values[used]) - shift, axis=1)
        return np.asarray(np.nan_to_num(level)[place.reshape(near.shape)].mean(axis=1))

    def _fitted(self) -> tuple[OutputTransform, list[ResidualModel]]:
        if self._transform is None or self._shifts is None:
            self.learn()
        assert self._transform is not None
        assert self._shifts is not None
        return self._transform, self._shifts


def _doubt(model: ResidualModel) -> Array:
    """Standard deviation of shifts (output,) before a point is near: what was left over, more after few
    points."""
    count = len(model.points)
    return np.sqrt((model.spread**2 * count + _FIRST_DOUBT**2) / (count + 1))


def _scale(limit: float) -> float:
    return abs(limit) or 1.0


def _limit_of(goal: Goal, name: str) -> float:
    limits = [each.limit for each in goal.specifications if each.output == name]
    return limits[0] if limits else np.nan

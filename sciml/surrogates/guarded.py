"""A surrogate that stands in for its simulator, and asks it when in doubt.

`Guarded` is itself a simulator. Each design is answered by the surrogate if it lies inside the surrogate's
domain, is unlikely to fail and is predicted surely enough; else the truth runs. A random share of the answers
is checked against the truth as well, which gives an unbiased estimate of the error that was really made.
"""

import math
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError, SettingsError
from sciml.surrogates.prediction import Prediction, Surrogate
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Failure, Result
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff, Simulator
from sciml.surrogates.specification import Specification
from sciml.surrogates.transforms import Array


@dataclass(frozen=True)
class Policy:
    """When the surrogate may answer."""

    tolerance: float | None = 0.05
    """Largest half width of the interval, as a share of the prediction; None asks for none."""
    tolerances: dict[str, float] = field(default_factory=dict)
    """Largest half width by output, in its unit, instead of the share."""
    level: float = 0.9
    """Probability of the intervals that tolerances and limits are held against."""
    specifications: tuple[Specification, ...] = ()
    """The truth runs where an interval straddles one of these limits."""
    largest_failure: float = 0.2
    """Largest predicted probability of a failure."""
    needs_domain: bool = True
    """The truth runs for designs outside the domain."""
    audit_rate: float = 0.01
    """Share of the surrogate's answers that are checked by the truth."""

    def __post_init__(self) -> None:
        if not 0 < self.level < 1 or not 0 <= self.audit_rate <= 1:
            raise SettingsError("level lies between 0 and 1, audit_rate from 0 to 1")
        if self.tolerance is None and not self.tolerances and not self.specifications:
            raise SettingsError("a policy needs a tolerance or specifications to be sure by")


@dataclass
class GuardReport:
    """What became of the designs so far.

    Attributes:
        asked: designs.
        answered: of these by the surrogate alone or with an audit.
        audited: answers that the truth checked, failures of the truth among them.
        audit_failures: audits in which the truth failed.
        outside, unsure, failing: designs sent to the truth, by the first reason that held.
        simulation_s: cost of the true runs, audits included.
        surrogate_s: processor time of the predictions.
        errors: (audit, output), predicted minus true, in the outputs' units.
        relative_errors: the same over the true value.
    """

    names: tuple[str, ...]
    asked: int = 0
    answered: int = 0
    audited: int = 0
    audit_failures: int = 0
    outside: int = 0
    unsure: int = 0
    failing: int = 0
    simulation_s: float = 0.0
    surrogate_s: float = 0.0
    true_runs: int = 0
    errors: Array = field(default_factory=lambda: np.zeros((0, 0)))
    relative_errors: Array = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def share_answered(self) -> float:
        """Of the designs, those that the surrogate answered; NaN before the first."""
        return self.answered / self.asked if self.asked else math.nan

    @property
    def seconds_saved(self) -> float:
        """Mean cost of a true run for every answer that did without one, less what predicting cost; NaN
        where no true run has shown its cost."""
        if not self.true_runs:
            return math.nan
        return (self.answered - self.audited) * self.simulation_s / self.true_runs - self.surrogate_s

    def realised_error(self) -> dict[str, tuple[float, float, float]]:
        """Mean relative error of the answers by output, with a 95 % interval: (estimate, low, high).

        Audits are a random sample of the answers, so their mean is unbiased; the interval is Student's, and
        infinite below two audits.
        """
        found = {}
        for i, name in enumerate(self.names):
            error = np.abs(self.relative_errors[:, i]) if len(self.relative_errors) else np.zeros(0)
            error = error[np.isfinite(error)]
            mean = float(error.mean()) if len(error) else math.nan
            half = math.inf
            if len(error) > 1:
                half = _student_95(len(error) - 1) * float(error.std(ddof=1)) / math.sqrt(len(error))
            found[name] = (mean, max(0.0, mean - half), mean + half)
        return found

    def lines(self) -> list[str]:
        """The report as people read it."""
        out = [
            f"answered by the surrogate: {self.answered} of {self.asked} ({100 * self.share_answered:.1f} %)",
            f"sent to the simulator: {self.outside} outside the domain, {self.failing} likely to fail, "
            f"{self.unsure} unsure",
            f"simulation saved: {self.seconds_saved:.3g} s; spent {self.simulation_s:.3g} s",
            f"audited: {self.audited} answers, {self.audit_failures} of them failed in the simulator",
        ]
        for name, (mean, low, high) in self.realised_error().items():
            out.append(f"  {name}: mean relative error {mean:.3g} (95 %: {low:.3g} to {high:.3g})")
        return out


class Guarded:
    """A simulator made of a surrogate and the truth.

    Args:
        surrogate: answers where it may.
        simulator: answers the rest.
        policy: decides.
        seed: of the audits.

    Raises:
        InputError: the two do not have the same inputs and outputs, or the policy asks for a domain that the
            surrogate does not have.
    """

    def __init__(
        self, surrogate: Surrogate, simulator: Simulator, policy: Policy | None = None, *, seed: int = 0
    ) -> None:
        self.surrogate, self.simulator, self.policy = surrogate, simulator, policy or Policy()
        if surrogate.spec != simulator.spec:
            raise InputError(
                "the surrogate was learned from another simulator: its inputs or outputs differ",
                record=surrogate.spec.name,
            )
        if self.policy.needs_domain and "domain" not in surrogate.abilities:
            raise InputError("the surrogate has no domain and the policy asks for one")
        self._generator = np.random.default_rng(seed)
        self.report = GuardReport(surrogate.spec.output_names)

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self.simulator.spec

    def run(
        self,
        designs: NDArray[np.float64],
        *,
        corner: Corner = NOMINAL,
        seed: int | None = None,
        cutoff: Cutoff | None = None,
    ) -> Result:
        """Answer designs (design, input), natural values.

        The surrogate knows the nominal corner without mismatch; with another corner or a seed the truth runs.
        Where an answer is audited, the truth is returned. A row that the surrogate answered costs its share
        of the prediction's processor time; its auxiliary outputs are predictions too, where learned.
        """
        designs = self.spec.check(designs)
        if corner != NOMINAL or seed is not None:
            self.report.asked += len(designs)
            return self._simulate(designs, corner, seed, cutoff)
        started = time.process_time()
        prediction = self.surrogate.predict(designs)
        accepted = self._accept(prediction)
        values = prediction.median()
        seconds = time.process_time() - started
        audited = accepted & (self._generator.random(len(designs)) < self.policy.audit_rate)
        ask = ~accepted | audited
        truth = self._simulate(designs[ask], corner, seed, cutoff) if ask.any() else None
        self._note(accepted, audited, seconds)
        outputs, auxiliary = self._split(values, prediction.names)
        if truth is not None:
            self._audit(outputs[audited], truth, audited[ask])
        return _merge(outputs, auxiliary, ask, truth, seconds / max(len(designs), 1))

    def _accept(self, prediction: Prediction) -> NDArray[np.bool_]:
        """Which designs the surrogate may answer; counts the reasons of the others."""
        policy, report = self.policy, self.report
        count = len(prediction)
        inside = prediction.domain.inside if policy.needs_domain else np.ones(count, dtype=bool)
        lasting = np.ones(count, dtype=bool)
        if prediction.failure is not None:
            lasting = prediction.failure <= policy.largest_failure
        sure = self._is_sure(prediction)
        report.outside += int((~inside).sum())
        report.failing += int((inside & ~lasting).sum())
        report.unsure += int((inside & lasting & ~sure).sum())
        return inside & lasting & sure

    def _is_sure(self, prediction: Prediction) -> NDArray[np.bool_]:
        policy = self.policy
        wanted = prediction.take(self.spec.output_names)
        low, high = wanted.interval(policy.level)
        sure: NDArray[np.bool_] = np.asarray(np.isfinite(high - low).all(axis=1))
        size = np.abs(wanted.median())
        for i, name in enumerate(wanted.names):
            half = (high[:, i] - low[:, i]) / 2
            if name in policy.tolerances:
                sure = np.logical_and(sure, half <= policy.tolerances[name])
            elif policy.tolerance is not None:
                sure = np.logical_and(sure, half <= policy.tolerance * size[:, i])
        for each in policy.specifications:
            i = wanted.names.index(each.output)
            sure = np.logical_and(sure, (low[:, i] > each.limit) | (high[:, i] < each.limit))
        return sure

    def _simulate(
        self, designs: NDArray[np.float64], corner: Corner, seed: int | None, cutoff: Cutoff | None
    ) -> Result:
        result = self.simulator.run(designs, corner=corner, seed=seed, cutoff=cutoff)
        self.report.simulation_s += float(result.cost_s.sum())
        self.report.true_runs += len(result)
        return result

    def _note(self, accepted: NDArray[np.bool_], audited: NDArray[np.bool_], seconds: float) -> None:
        self.report.asked += len(accepted)
        self.report.answered += int(accepted.sum())
        self.report.audited += int(audited.sum())
        self.report.surrogate_s += seconds

    def _audit(self, predicted: Array, truth: Result, rows: NDArray[np.bool_]) -> None:
        true = truth.values[rows]
        failed = ~np.isfinite(true).all(axis=1)
        self.report.audit_failures += int(failed.sum())
        error = (predicted - true)[~failed]
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = error / np.abs(true[~failed])
        self.report.errors = np.concatenate([self.report.errors.reshape(-1, error.shape[1]), error])
        self.report.relative_errors = np.concatenate(
            [self.report.relative_errors.reshape(-1, error.shape[1]), relative]
        )

    def _split(self, values: Array, names: tuple[str, ...]) -> tuple[Array, Array]:
        """Predicted outputs and auxiliary outputs, NaN for those that were not learned."""
        columns = {name: values[:, i] for i, name in enumerate(names)}
        unknown = np.full(len(values), np.nan)
        outputs = [columns[name] for name in self.spec.output_names]
        auxiliary = [columns.get(name, unknown) for name in self.spec.auxiliary_names]
        shape = (len(values), 0)
        return np.stack(outputs, axis=1), np.stack(auxiliary, axis=1) if auxiliary else np.zeros(shape)


def _merge(
    outputs: Array, auxiliary: Array, ask: NDArray[np.bool_], truth: Result | None, cost_s: float
) -> Result:
    """Answers with the rows of the truth in their places."""
    outputs, auxiliary = outputs.copy(), auxiliary.copy()
    ok = np.ones(len(ask), dtype=bool)
    is_complete = np.ones(len(ask), dtype=bool)
    costs = np.full(len(ask), cost_s)
    failures: list[Failure | None] = [None] * len(ask)
    if truth is not None:
        outputs[ask], auxiliary[ask] = truth.values, truth.auxiliary
        ok[ask], is_complete[ask], costs[ask] = truth.ok, truth.is_complete, truth.cost_s
        for row, failure in zip(np.flatnonzero(ask), truth.failures, strict=True):
            failures[int(row)] = failure
    return Result(outputs, auxiliary, ok, is_complete, tuple(failures), costs)


def _student_95(degrees: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, degrees))

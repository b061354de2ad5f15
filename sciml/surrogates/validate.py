"""One card that says how good a surrogate is, beside simple baselines and the simulator itself.

The designs of the card are simulated anew and were not trained on. Times are processor times of this
process on the same core; a simulator that runs elsewhere tells its cost by its results.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from sciml.errors import InputError
from sciml.surrogates.baselines import BASELINES, fit_baseline
from sciml.surrogates.neural import TableSurrogate
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Simulator
from sciml.surrogates.transforms import Array

_BATCHES = (1, 100, 10_000)


@dataclass(frozen=True)
class OutputCard:
    """How one output is predicted.

    Attributes:
        name: of the output.
        median_relative_error: median of |predicted - true| / |true|.
        within_5_percent: share of designs whose relative error is at most 0.05.
        rank_correlation: Spearman's.
        coverage: share of true values inside the intervals.
        width: median width of the intervals over the spread (5 to 95 %) of the true values: sharpness.
        baselines: median relative error of each baseline trained on the same designs.
    """

    name: str
    median_relative_error: float
    within_5_percent: float
    rank_correlation: float
    coverage: float
    width: float
    baselines: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """The figures of one surrogate.

    Attributes:
        outputs: one card each.
        level: of the intervals.
        calibration: what the intervals rest on, and whether their coverage was promised.
        designs: simulated for the card; `failed` of them failed.
        failure_auroc: area under the ROC curve of the predicted failures; NaN without failures.
        shift_auroc: the same of the domain's score, held-out designs against shifted ones; NaN without.
        inside: share of held-out designs inside the domain.
        seconds: processor seconds for a batch of 1, 100 and 10,000 designs by the surrogate.
        simulation_s: mean cost of a simulation.
        break_even: designs from which training and asking is cheaper than simulating; infinite for never.
    """

    outputs: tuple[OutputCard, ...]
    level: float
    calibration: str
    designs: int
    failed: int
    failure_auroc: float
    shift_auroc: float
    inside: float
    seconds: dict[int, float]
    simulation_s: float
    break_even: float

    @property
    def speed_up(self) -> float:
        """Times faster per design in the largest batch."""
        count = max(self.seconds)
        return self.simulation_s / (self.seconds[count] / count)

    @property
    def _no_failures(self) -> str:
        """Why there is no AUROC of failures, where there is none."""
        if self.failed == 0:
            return "no simulation failed"
        return "the surrogate predicts no failures"

    def as_json(self) -> dict[str, Any]:
        """JSON values; what is not known is null."""
        return cast(dict[str, Any], _plain(asdict(self) | {"speed_up": self.speed_up}))

    def lines(self) -> list[str]:
        """The card as people read it."""
        names = sorted({name for each in self.outputs for name in each.baselines})
        head = ["output", "error", "<=5 %", "rank", f"cover {100 * self.level:.0f} %", "width", *names]
        rows = [head]
        for each in self.outputs:
            figures = [each.median_relative_error, each.within_5_percent, each.rank_correlation]
            figures += [each.coverage, each.width, *(each.baselines[name] for name in names)]
            rows.append([each.name, *("–" if math.isnan(value) else f"{value:.3g}" for value in figures)])
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
        times = ", ".join(f"{count}: {1e6 * s / count:.3g} us" for count, s in self.seconds.items())
        return [
            *lines,
            f"held out: {self.designs} designs, {self.failed} failed; error is the median relative one",
            f"intervals: {self.calibration}",
            f"failures foreseen: {_auroc_words(self.failure_auroc, self._no_failures)}",
            f"domain: {100 * self.inside:.1f} % of held-out designs inside; shifted ones told apart: "
            f"{_auroc_words(self.shift_auroc, 'there were no shifted designs')}",
            f"processor time a design by batch: {times}; simulation {1e3 * self.simulation_s:.3g} ms "
            f"({self.speed_up:.3g} times slower)",
            f"break even: {f'{self.break_even:.4g} designs' if math.isfinite(self.break_even) else 'never'}",
        ]


def validate(
    surrogate: TableSurrogate,
    simulator: Simulator,
    designs: Array,
    *,
    shifted: Array | None = None,
    training: tuple[Array, Result] | None = None,
    training_s: float = 0.0,
    level: float = 0.9,
    seed: int = 0,
) -> Card:
    """Simulate held-out designs and compare.

    Args:
        surrogate: fitted.
        simulator: the truth it was learned from.
        designs: (design, input), not trained on, drawn as those that will be asked.
        shifted: designs that lie outside by intent, for the domain; they are not simulated.
        training: designs and result that the surrogate was trained on, for the baselines; None for none.
        training_s: seconds of training, for the break-even.
        level: of the intervals.
        seed: of the baselines.

    Raises:
        InputError: every simulation failed.
    """
    result = simulator.run(designs)
    if not result.ok.any():
        raise InputError(f"all {len(result)} simulations failed: there is nothing to compare with")
    prediction = surrogate.predict(designs)
    names = surrogate.spec.output_names
    wanted = prediction.take(names)
    low, high = wanted.interval(level)
    median, ok = wanted.median(), result.ok
    baselines = {} if training is None else _baseline_errors(surrogate, training, designs, result, seed)
    cards = []
    for i, name in enumerate(names):
        true, guess = result.values[ok, i], median[ok, i]
        error = relative_error(guess, true)
        spread = np.subtract(*np.quantile(true, (0.95, 0.05)))
        covered = (true >= low[ok, i]) & (true <= high[ok, i])
        cards.append(
            OutputCard(
                name,
                float(np.median(error)),
                float((error <= 0.05).mean()),
                float(spearmanr(guess, true)[0]),
                float(covered.mean()),
                float(np.median(high[ok, i] - low[ok, i]) / spread) if spread > 0 else math.nan,
                {word: errors[name] for word, errors in baselines.items()},
            )
        )
    seconds = {count: time_of(lambda d: surrogate.predict(d).median(), designs, count) for count in _BATCHES}
    cost = float(result.cost_s.mean())
    failed = np.array([failure is not None for failure in result.failures])
    score = prediction.domain.score
    outside = np.zeros(0) if shifted is None else surrogate.predict(shifted).domain.score
    facts = surrogate.facts.get("training", {})
    return Card(
        tuple(cards),
        level,
        _calibration_words(surrogate, level),
        len(designs),
        int(failed.sum()),
        math.nan if prediction.failure is None else auroc(prediction.failure, failed),
        auroc(np.concatenate([score, outside]), np.arange(len(score) + len(outside)) >= len(score)),
        float(prediction.domain.inside.mean()),
        seconds,
        cost,
        break_even(facts.get("simulation_s", 0.0) + training_s, cost, seconds[max(_BATCHES)] / max(_BATCHES)),
    )


def relative_error(predicted: Array, true: Array) -> Array:
    """|predicted - true| / |true|, infinite where only the true value is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.abs(predicted - true) / np.abs(true)
    return cast(Array, np.where(predicted == true, 0.0, error))


def auroc(score: Array, positive: NDArray[np.bool_]) -> float:
    """Probability that a positive scores higher than a negative, ties half; NaN where one side is empty."""
    count = int(positive.sum())
    if count == 0 or count == len(positive):
        return math.nan
    ranks = rankdata(score)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count)))


def break_even(fixed_s: float, simulation_s: float, surrogate_s: float) -> float:
    """Designs from which `fixed_s` seconds of labels and training pay: fixed / (simulation - surrogate)."""
    gain = simulation_s - surrogate_s
    return fixed_s / gain if gain > 0 else math.inf


def time_of(function: Callable[[Array], object], designs: Array, count: int) -> float:
    """Median processor seconds of three calls with `count` designs, after one that warms up."""
    batch = np.resize(designs, (count, designs.shape[1]))
    function(batch)
    seconds = []
    for _ in range(3):
        started = time.process_time()
        function(batch)
        seconds.append(time.process_time() - started)
    return sorted(seconds)[1]


def _baseline_errors(
    surrogate: TableSurrogate, training: tuple[Array, Result], designs: Array, result: Result, seed: int
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for word in BASELINES:
        guess = fit_baseline(word, surrogate.codec, *training, seed=seed)(designs)
        error = relative_error(guess, result.values)[result.ok]
        found[word] = dict(zip(surrogate.spec.output_names, np.median(error, axis=0).tolist(), strict=True))
    return found


def _auroc_words(value: float, why_not: str) -> str:
    return f"not measured, {why_not}" if math.isnan(value) else f"AUROC {value:.3g}"


def _calibration_words(surrogate: TableSurrogate, level: float) -> str:
    if surrogate.conformal is not None:
        if not surrogate.conformal.exchangeable:
            return "conformal, calibrated on designs that an optimiser chose: no coverage is promised"
        low, high = surrogate.conformal.coverage(level)
        return f"conformal, promised to cover {100 * low:.1f} to {100 * high:.1f} % of designs drawn alike"
    if surrogate.scaling is not None:
        return f"Gaussian, deviations scaled ({surrogate.scaling.source}): no coverage is promised"
    return "Gaussian, not calibrated: no coverage is promised"


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON values
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

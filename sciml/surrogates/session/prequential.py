"""How well the run's simulations could have been predicted, each from the earlier ones alone.

After some designs, and again whenever a share of the run has passed, an ensemble is trained on what was
simulated by then and asked for the designs that follow. So every prediction is older than its simulation,
whatever chose the design.

Source: Dawid, Present Position and Potential Developments: The Prequential Approach, JRSS A 147:278 (1984).
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result

Array = NDArray[np.float64]

LEVEL = 0.9
_FIRST, _MOST_TRAINED = 12, 400


@dataclass(frozen=True)
class Predicted:
    """Predictions of simulated designs, each made from earlier simulations.

    Attributes:
        rows: (pair,), rows of the run.
        mean, low, high: (pair, output), expected value and interval of probability `LEVEL`.
        trainings: how often the ensemble was trained.
    """

    rows: NDArray[np.intp]
    mean: Array
    low: Array
    high: Array
    trainings: int


def predict_onwards(
    problem: Problem, designs: Array, result: Result, *, seed: int = 0, trainings: int = 6
) -> Predicted | None:
    """Predict every later part of a run from its beginning.

    Args:
        problem: inputs and goal.
        designs: (design, input), in the order in which they were simulated.
        result: their results.
        seed: of the networks.
        trainings: parts that are predicted, each by an ensemble of its own.

    Returns:
        The predictions; None where the run is too short or too much of it failed.
    """
    count = len(designs)
    if count < _FIRST + 2:
        return None
    edges = np.unique(np.geomspace(_FIRST, count, trainings + 1).round().astype(int))
    parts: list[tuple[NDArray[np.intp], Array, Array, Array]] = []
    names = problem.spec.output_names
    for start, end in itertools.pairwise(edges):
        seen = np.arange(start)[-_MOST_TRAINED:]
        if result.ok[seen].sum() < _FIRST // 2:
            continue
        ensemble = Ensemble.for_problem(problem, seed=seed).fit(designs[seen], part_of(result, seen))
        rows = np.arange(start, end)
        found = ensemble.predict(designs[rows]).take(names)
        parts.append((rows, found.median(), *found.interval(LEVEL)))
    if not parts:
        return None
    rows, mean, low, high = (np.concatenate([part[k] for part in parts]) for k in range(4))
    return Predicted(rows.astype(np.intp), mean, low, high, len(parts))


def part_of(result: Result, rows: NDArray[np.intp]) -> Result:
    """Some rows of a result."""
    return Result(
        values=result.values[rows],
        auxiliary=result.auxiliary[rows],
        ok=result.ok[rows],
        is_complete=result.is_complete[rows],
        failures=tuple(result.failures[row] for row in rows),
        cost_s=result.cost_s[rows],
    )

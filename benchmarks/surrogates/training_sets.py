"""Training sets of a simulator: random designs, then designs that a surrogate expects to reach goals."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.optimise.corrected import Corrected, SurrogatePredictor, log_probability
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.proposals import best_unseen
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Simulator
from sciml.surrogates.specification import Goal

Array = NDArray[np.float64]
REFIT_EVERY = 25


def guided_set(
    problem: Problem, simulator: Simulator, random: int, goals: Sequence[Goal], seed: int
) -> tuple[Ensemble, Array, Result]:
    """A surrogate with its training set.

    Args:
        problem: inputs and outputs.
        simulator: the truth.
        random: uniform random designs at first.
        goals: for each one further simulation, of the design that most probably meets it; the surrogate is
            trained again after every 25.
        seed: of all choices.

    Returns:
        The surrogate, trained on all; the designs (design, input) and their result.
    """
    generator = np.random.default_rng((seed, 1))
    history, grid = History(problem.spec, problem.goal), Grid(problem.spec)
    designs = problem.spec.random(random, generator)
    history.add(designs, simulator.run(designs))
    surrogate = _fitted(problem, history, seed)
    for start in range(0, len(goals), REFIT_EVERY):
        predictor = Corrected(SurrogatePredictor(surrogate))
        predictor.add(history.designs, known(history.result))
        for goal in goals[start : start + REFIT_EVERY]:
            order = np.argsort(goal.cost(history.result.values, problem.spec), kind="stable")[:64]
            score = partial(log_probability, predictor, goal=goal)
            new = best_unseen(score, history, grid, history.designs[order], generator)
            history.add(new, simulator.run(new))
        surrogate = _fitted(problem, history, seed)
    return surrogate, history.designs, history.result


def known(result: Result) -> Array:
    """Outputs of complete simulations, NaN elsewhere."""
    values: Array = np.where(result.ok[:, None], result.values, np.nan)
    return values


def _fitted(problem: Problem, history: History, seed: int) -> Ensemble:
    return Ensemble.for_problem(problem, seed=seed).fit(history.designs, history.result)

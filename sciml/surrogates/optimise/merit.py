"""Which of the simulated designs is best."""

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.optimise.history import History


def objective_scores(history: History) -> NDArray[np.float64]:
    """How well designs do on the objectives, (design,); small is good, NaN for failures.

    One objective counts as it is, with the sign that makes small good. Several are each scaled from 0 at the
    best feasible design to 1 at the worst one (at every complete design where none is feasible) and averaged.
    """
    objectives = history.goal.objectives
    if not objectives:
        return np.where(history.result.ok, 0.0, np.nan)
    names = history.spec.output_names
    signs = np.array([1.0 if each.direction == "minimise" else -1.0 for each in objectives])
    signed = signs * history.result.values[:, [names.index(each.output) for each in objectives]]
    signed = np.where(history.result.ok[:, None], signed, np.nan)
    if len(objectives) == 1:
        return np.asarray(signed[:, 0])
    counted = history.feasible if history.feasible.any() else history.result.ok
    if not counted.any():
        return np.full(len(history), np.nan)
    low, high = signed[counted].min(axis=0), signed[counted].max(axis=0)
    scores: NDArray[np.float64] = ((signed - low) / np.where(high > low, high - low, 1.0)).mean(axis=1)
    return scores


def best_design(history: History, refuted: NDArray[np.intp]) -> int | None:
    """The row of the best design: feasible before infeasible, then the objectives, then the smaller cost;
    among equals the earliest.

    Args:
        history: what was simulated.
        refuted: rows that met the specifications once and not a second time; they are passed over while there
            is any other design.

    Returns:
        The row, or None where nothing was simulated.
    """
    if len(history) == 0:
        return None
    is_refuted = np.zeros(len(history), dtype=bool)
    is_refuted[refuted] = True
    is_feasible = history.feasible & ~is_refuted
    scores = np.where(is_feasible, np.nan_to_num(objective_scores(history), nan=np.inf), 0.0)
    order = np.lexsort([history.cost, scores, ~is_feasible, is_refuted])
    return int(order[0])

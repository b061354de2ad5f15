"""Every simulation of a run as a table: `designs.csv`."""

import csv
import io

import numpy as np

from sciml.runs.folder import safe_cell
from sciml.surrogates.session.session import Search, Session
from sciml.surrogates.session.verdict import outcome_of

_HEAD = ("seed", "simulation", "design", "condition", "outcome", "cost")


def designs_csv(session: Session) -> str:
    """CSV text, one line for each simulation in the order in which they ran.

    A line names the design's number, the condition, the outcome (met, missed, stopped, failed), the cost, the
    inputs, the outputs, auxiliary outputs, and of a failure its kind, message and evidence. Values that are
    not known are empty.
    """
    spec = session.problem.spec
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = (*spec.input_names, *spec.output_names, *spec.auxiliary_names)
    writer.writerow(
        [safe_cell(cell) for cell in (*_HEAD, *names, "failure", "message", "evidence", "cost_s")]
    )
    for search in session.searches:
        rows = _nominal(session, search) if search.robust is None else _robust(session, search)
        for row in rows:
            writer.writerow([safe_cell(cell) for cell in row])
    return text.getvalue()


def _nominal(session: Session, search: Search) -> list[list[str]]:
    goal, spec, result = session.problem.goal, session.problem.spec, search.result
    met, cost = goal.feasible(result.values, spec), goal.cost(result.values, spec)
    rows = []
    for i in range(len(result)):
        head = [str(search.seed), str(i + 1), str(i + 1), session.conditions[0].name]
        rows.append(
            [*head, outcome_of(result, met, i), _text(cost[i]), *_design(session, search, i)]
            + [_text(value) for value in (*result.values[i], *result.auxiliary[i])]
            + _failure(search, i)
            + [_text(result.cost_s[i])]
        )
    return rows


def _robust(session: Session, search: Search) -> list[list[str]]:
    run, goal, spec = search.robust, session.problem.goal, session.problem.spec
    if run is None:
        return []
    rows = []
    for number, (row, condition) in enumerate(run.asked.tolist(), start=1):
        if row >= len(run.values):
            continue  # the budget ended before the optimiser was told of it
        values = run.values[row, condition][None]
        is_known = bool(np.isfinite(values).all())
        outcome = "failed" if not is_known else "met" if goal.feasible(values, spec)[0] else "missed"
        head = [str(search.seed), str(number), str(row + 1), run.conditions[condition].name, outcome]
        rows.append(
            [*head, _text(goal.cost(values, spec)[0]), *_design(session, search, row)]
            + [_text(value) for value in values[0]]
            + [""] * len(spec.auxiliary)
            + (["", "", ""] if is_known else _failure(search, row))
            + [""]
        )
    return rows


def _design(session: Session, search: Search, row: int) -> list[str]:
    return [str(value) for value in session.problem.spec.to_values(search.designs[row]).values()]


def _failure(search: Search, row: int) -> list[str]:
    failure = search.result.failures[row]
    return ["", "", ""] if failure is None else [failure.kind.value, failure.message, failure.evidence or ""]


def _text(value: float) -> str:
    return f"{value:.12g}" if np.isfinite(value) else ""

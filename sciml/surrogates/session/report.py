"""A run as the records that its page and its figures are drawn from."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciml.report.design_data import (
    CheckEntry,
    DesignReport,
    FailureEntry,
    ParetoPlot,
    PredictionPairs,
    Quantity,
    SpecEntry,
    Trace,
)
from sciml.surrogates.optimise.pareto import hypervolume_share, non_dominated, objective_table
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import describe
from sciml.surrogates.session.evidence import Evidence
from sciml.surrogates.session.prequential import LEVEL, Predicted
from sciml.surrogates.session.session import Search, Session
from sciml.surrogates.session.verdict import margins, outcome_of, specification_text, unit_of, verdict

_NAME_OF_NETLIST = "best.cir"


def session_report(
    session: Session,
    evidence: Evidence | None,
    facts: Mapping[str, str],
    predicted: Predicted | None = None,
) -> DesignReport:
    """Everything that the page shows of a run.

    Args:
        session: the run.
        evidence: what ngspice showed of the designs; None without it.
        facts: settings and versions, in the order in which they are shown.
        predicted: what could have been expected of the designs before they were simulated.
    """
    problem, search = session.problem, session.search
    unknown = np.full(len(problem.spec.outputs), np.nan)
    values = unknown if search.best is None else search.result.values[search.best]
    order = [session.chosen, *(i for i in range(len(session.searches)) if i != session.chosen)]
    netlist = None
    if evidence is not None and evidence.netlists:
        netlist = (f"{problem.spec.name}_{_NAME_OF_NETLIST}", next(iter(evidence.netlists.values())))
    return DesignReport(
        title=f"Design of {problem.spec.name}",
        subtitle=_subtitle(session),
        verdict=verdict(session),
        is_feasible=search.is_feasible,
        specifications=tuple(
            SpecEntry(
                specification_text(problem, each), each.output, unit_of(problem, each.output), each.limit,
                each.sign, each.weight,
            )
            for each in problem.goal.specifications
        ),
        traces=tuple(_trace(problem, session.searches[index]) for index in order),
        inputs=_inputs(problem, search),
        outputs=tuple(
            Quantity(each.name, float(value), each.unit)
            for each, value in zip(problem.spec.outputs, values, strict=True)
        ),
        margins=tuple(float(margin) for margin in margins(problem, values)),
        predictions=_predictions(problem, search, predicted),
        prediction_note=_prediction_note(search, predicted),
        pareto=_pareto(problem, search),
        panels=() if evidence is None else evidence.panels,
        devices=() if evidence is None else evidence.devices,
        check=_check(session, search),
        check_note=_check_note(session),
        failures=_failures(session),
        netlist=netlist,
        facts=facts,
        row_word="design" if session.settings.corners else "simulation",
    )  # fmt: skip


def _subtitle(session: Session) -> str:
    spec, goal = session.problem.spec, session.problem.goal
    parts = [f"{len(spec.inputs)} inputs", f"{len(goal.specifications)} specifications"]
    if goal.objectives:
        wanted = ", ".join(f"{each.direction} {each.output}" for each in goal.objectives)
        parts.append(wanted)
    if session.settings.corners:
        parts.append(f"{len(session.conditions)} conditions")
    parts.append(f"mode {session.settings.mode}, seed {session.search.seed}")
    return ", ".join(parts)


def _trace(problem: Problem, search: Search) -> Trace:
    goal, spec, result = problem.goal, problem.spec, search.result
    met = goal.feasible(result.values, spec)
    weights = np.array([each.weight for each in goal.specifications]).reshape(1, -1)
    violations = goal.violations(result.values, spec) / weights
    columns = [spec.output_names.index(each.output) for each in goal.specifications]
    known = np.isfinite(result.values[:, columns])
    outcomes = [outcome_of(result, met, row) for row in range(len(result))]
    first = None if search.feasible_row is None else search.feasible_row + 1
    return Trace(
        search.seed, goal.cost(result.values, spec), np.where(known, violations, np.nan), outcomes, first
    )


def _inputs(problem: Problem, search: Search) -> tuple[Quantity, ...]:
    if search.best is None:
        return ()
    values = problem.spec.to_values(search.designs[search.best])
    return tuple(
        Quantity(each.name, values[each.name], each.unit, describe(each)) for each in problem.spec.inputs
    )


def _predictions(problem: Problem, search: Search, recorded: Predicted | None) -> tuple[PredictionPairs, ...]:
    """Outputs that a specification or an objective names."""
    if recorded is None or not len(recorded.rows):
        return ()
    goal, spec = problem.goal, problem.spec
    wanted = {each.output for each in goal.specifications} | {each.output for each in goal.objectives}
    found = []
    for i, each in enumerate(spec.outputs):
        truth = search.result.values[recorded.rows, i]
        kept = np.isfinite(truth) & np.isfinite(recorded.mean[:, i])
        if each.name not in wanted or not kept.any():
            continue
        limits = tuple(s.limit for s in goal.specifications if s.output == each.name)
        found.append(
            PredictionPairs(
                each.name, each.unit, recorded.mean[kept, i], recorded.low[kept, i], recorded.high[kept, i],
                truth[kept], limits,
            )
        )  # fmt: skip
    return tuple(found)


def _prediction_note(search: Search, recorded: Predicted | None) -> str:
    """Where predictions come from, and how many of their intervals held."""
    if recorded is None:
        return ""
    truth = search.result.values[recorded.rows]
    known = np.isfinite(truth)
    held = ((recorded.low <= truth) & (truth <= recorded.high))[known].mean() if known.any() else np.nan
    return (
        f"Ensembles of networks, trained {recorded.trainings} times on what was simulated by then, on the "
        f"designs that came next: the prediction with its {100 * LEVEL:.0f} % interval against the "
        f"simulation. {100 * held:.0f} % of the intervals hold the truth. Dotted: the limits."
    )


def _pareto(problem: Problem, search: Search) -> ParetoPlot | None:
    """The first two objectives of the feasible designs."""
    goal, spec = problem.goal, problem.spec
    if len(goal.objectives) < 2:
        return None
    met = goal.feasible(search.result.values, spec) & search.result.ok
    if not met.any():
        return None
    table = objective_table(goal, search.result.values[met], spec)
    columns = [spec.output_names.index(each.output) for each in goal.objectives[:2]]
    points: NDArray[np.float64] = search.result.values[met][:, columns]
    titles = [
        f"{each.output} ({unit_of(problem, each.output) or '1'}), {each.direction}"
        for each in goal.objectives[:2]
    ]
    return ParetoPlot((titles[0], titles[1]), points, non_dominated(table), hypervolume_share(table))


def _check(session: Session, search: Search) -> tuple[CheckEntry, ...]:
    problem = session.problem
    if search.best is None:
        return ()
    found = []
    for k, (condition, result) in enumerate(zip(session.conditions, search.again, strict=False)):
        before = search.result.values[search.best]
        if search.robust is not None:
            before = search.robust.values[search.best, k]
        for i, each in enumerate(problem.spec.outputs):
            limits = [s for s in problem.goal.specifications if s.output == each.name]
            if search.robust is not None and not limits:
                continue
            value = result.values[0, i]
            is_met = all(float(s.violation(np.array([value]))[0]) == 0 for s in limits)
            rules = tuple(specification_text(problem, s) for s in limits)
            corner = condition.name if session.settings.corners else ""
            found.append(
                CheckEntry(each.name, each.unit, float(before[i]), float(value), rules, is_met, corner)
            )
    return tuple(found)


def _check_note(session: Session) -> str:
    many = f" at all {len(session.conditions)} conditions" if session.settings.corners else ""
    return f"By {session.simulator.identity}, not from the store{many}. These runs are not counted."


def _failures(session: Session) -> tuple[FailureEntry, ...]:
    """Failures of all seeds by kind."""
    found: dict[str, FailureEntry] = {}
    for search in session.searches:
        for failure in search.result.failures:
            if failure is None:
                continue
            kind = failure.kind.value
            before = found.get(kind)
            if before is None:
                evidence = "" if failure.evidence is None else Path(failure.evidence).name
                found[kind] = FailureEntry(kind, 1, " ".join(failure.message.split())[:400], evidence)
            else:
                found[kind] = FailureEntry(kind, before.count + 1, before.example, before.evidence)
    return tuple(sorted(found.values(), key=lambda entry: -entry.count))

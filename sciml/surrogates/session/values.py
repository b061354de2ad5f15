"""A run as JSON values: what `sciml design --json` prints and `result.json` holds."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.runs.provenance import library_versions
from sciml.surrogates.session.session import Search, Session
from sciml.surrogates.session.verdict import failure_counts, failure_examples, margins, unit_of, verdict

LIBRARIES = ("numpy", "scipy", "torch")


def session_values(session: Session) -> dict[str, Any]:
    """The result of a run; numbers that are not known are null.

    `simulations`, `first_feasible` and `failures` count every simulation that the optimiser was told of:
    initial designs, failures and those that the store answered. `real_simulations` are those that ran now.
    """
    from sciml import __version__

    problem, settings, search = session.problem, session.settings, session.search
    spec = problem.spec
    return {
        "problem": spec.name,
        "problem_version": spec.version,
        "file": None if problem.source is None else str(problem.source),
        "verdict": verdict(session),
        "feasible": search.is_feasible,
        "simulations": search.simulations,
        "first_feasible": search.first_feasible,
        "best": _best(session, search),
        "outputs": _outputs(session, search),
        "units": {each.name: each.unit for each in (*spec.inputs, *spec.outputs)},
        "specifications": _specifications(session, search),
        "objectives": [
            {"output": each.output, "direction": each.direction} for each in problem.goal.objectives
        ],
        "check": _check(session, search),
        "failures": failure_counts(search.result.failures),
        "failure_examples": failure_examples(search.result.failures),
        "seed": search.seed,
        "mode": settings.mode,
        "budget": settings.budget,
        "stopped": search.stopped,
        "corners": [each.name for each in session.conditions] if settings.corners else [],
        "runs": [_run(each) for each in session.searches],
        "real_simulations": session.real_simulations,
        "recalled": session.recalled,
        "seconds": {
            "total": round(session.seconds, 3),
            "simulating": round(search.seconds_simulating, 3),
            "choosing": round(search.seconds_choosing, 3),
        },
        "simulator": session.simulator.identity,
        "versions": {"sciml": __version__, **library_versions(LIBRARIES)},
    }


def _best(session: Session, search: Search) -> dict[str, Any] | None:
    if search.best is None:
        return None
    spec, goal = session.problem.spec, session.problem.goal
    values = search.result.values[search.best]
    return {
        "simulation": search.best + 1,
        "inputs": spec.to_values(search.designs[search.best]),
        "outputs": _named(spec.output_names, values),
        "auxiliary": _named(spec.auxiliary_names, search.result.auxiliary[search.best]),
        "cost": _number(float(goal.cost(values[None], spec)[0])),
    }


def _outputs(session: Session, search: Search) -> dict[str, float | None]:
    if search.best is None:
        return {}
    return _named(session.problem.spec.output_names, search.result.values[search.best])


def _specifications(session: Session, search: Search) -> list[dict[str, Any]]:
    """Every limit with the best design's value, its relative margin and its violation."""
    problem = session.problem
    unknown = np.full(len(problem.spec.outputs), np.nan)
    values = unknown if search.best is None else search.result.values[search.best]
    room, names = margins(problem, values), problem.spec.output_names
    violations = problem.goal.violations(values[None], problem.spec)[0]
    return [
        {
            "text": each.text,
            "output": each.output,
            "unit": unit_of(problem, each.output),
            "min" if each.sign > 0 else "max": each.limit,
            "weight": each.weight,
            "value": _number(float(values[names.index(each.output)])),
            "margin": _number(float(room[i])),
            "violation": _number(float(violations[i])),
            "met": bool(violations[i] == 0 and math.isfinite(room[i])),
        }
        for i, each in enumerate(problem.goal.specifications)
    ]


def _check(session: Session, search: Search) -> list[dict[str, Any]]:
    """The best design simulated again, not from the store, at every condition."""
    goal, spec = session.problem.goal, session.problem.spec
    return [
        {
            "condition": condition.name,
            "feasible": bool(result.ok[0] and goal.feasible(result.values, spec)[0]),
            "outputs": _named(spec.output_names, result.values[0]),
            "failure": None if result.failures[0] is None else result.failures[0].message,
        }
        for condition, result in zip(session.conditions, search.again, strict=False)
    ]


def _run(search: Search) -> dict[str, Any]:
    return {
        "seed": search.seed,
        "feasible": search.is_feasible,
        "simulations": search.simulations,
        "first_feasible": search.first_feasible,
        "stopped": search.stopped,
    }


def _named(names: tuple[str, ...], values: NDArray[np.float64]) -> dict[str, float | None]:
    return {name: _number(float(value)) for name, value in zip(names, values, strict=True)}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None

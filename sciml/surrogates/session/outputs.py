"""The folder of a run: JSON, CSV, page, netlists, figures. Every file is written as a whole or not at all."""

from pathlib import Path

import numpy as np

from sciml.report.design import design_html
from sciml.report.design_figures import design_figures
from sciml.runs.files import atomic_write_bytes, atomic_write_text
from sciml.runs.folder import format_json
from sciml.surrogates.session.evidence import Evidence, gather_evidence
from sciml.surrogates.session.prequential import predict_onwards
from sciml.surrogates.session.records import designs_csv
from sciml.surrogates.session.report import session_report
from sciml.surrogates.session.session import Session
from sciml.surrogates.session.values import session_values
from sciml.surrogates.simulator import NOMINAL


def write_outputs(session: Session, folder: Path, *, figures: bool = True) -> list[Path]:
    """Write the results of a run.

    Args:
        session: the run.
        folder: is made where it is missing.
        figures: whether to draw PNG files too.

    Returns:
        The files: `result.json`, `designs.csv`, `report.html`; `best.cir` and, for circuits with several
        testbenches, `best_BENCH.cir`, where ngspice simulates; figures.
    """
    evidence = _evidence(session)
    values = session_values(session)
    search = session.search
    predicted = None
    if search.robust is None:  # what a robust run tells its optimiser are estimates, not simulations
        predicted = predict_onwards(session.problem, search.designs, search.result, seed=search.seed)
    report = session_report(session, evidence, _facts(session), predicted)
    written = [
        atomic_write_text(folder / "result.json", format_json(values)),
        atomic_write_text(folder / "designs.csv", designs_csv(session)),
        atomic_write_text(folder / "report.html", design_html(report)),
    ]
    for name, text in (evidence.netlists if evidence is not None else {}).items():
        written.append(atomic_write_text(folder / name, text))
    if figures:
        for name, data in design_figures(report).items():
            written.append(atomic_write_bytes(folder / f"{name}.png", data))
    return written


def _evidence(session: Session) -> Evidence | None:
    """Of the best design, beside the first one that simulated, at the first condition."""
    search, spec = session.search, session.problem.spec
    if search.best is None:
        return None
    ok = np.flatnonzero(search.result.ok)
    first = spec.to_values(search.designs[ok[0]]) if len(ok) and ok[0] != search.best else None
    corner = session.conditions[0].corner if session.settings.corners else NOMINAL
    best = spec.to_values(search.designs[search.best])
    described = session.problem.simulator
    shipped = None
    if "circuit" in described:
        shipped = str(described["circuit"]), str(described.get("fidelity", "schematic"))
    return gather_evidence(session.simulator, best, first, corner, shipped)


def _facts(session: Session) -> dict[str, str]:
    values = session_values(session)
    versions = ", ".join(f"{name} {version}" for name, version in values["versions"].items())
    problem = session.problem
    return {
        "problem": f"{problem.spec.name} {problem.spec.version}",
        "mode": session.settings.mode,
        "budget": str(session.settings.budget),
        "seeds": ", ".join(str(each.seed) for each in session.searches),
        "simulator": session.simulator.identity,
        "versions": versions,
    }

"""Tables of judged QA files: one row a file, one a model that it names, one a method with its means.

estimates.csv, .json, .md   every figure of every file
estimate_models.csv         every model that a file names: estimated and true scores, figures of its residues
estimate_means.csv          means over targets, for each method and set
"""

import math
from collections.abc import Sequence
from typing import Any

from sciml.structure.evaluate.catalogue import shown_as
from sciml.structure.evaluate.estimate_catalogue import ESTIMATE_SCORES, GOOD_MODELS, LOCAL_SCORES
from sciml.structure.evaluate.estimate_records import EstimateScores
from sciml.structure.evaluate.records import TargetResult
from sciml.structure.evaluate.tables import TEXT_COLUMNS, Cell, Table

_COUNTS = ("models", "compared", "given_as_x", "missing", "not_estimated")
_RESIDUES = ("residues", "without_estimate", "without_atom")


def all_estimates(results: Sequence[TargetResult]) -> list[EstimateScores]:
    """Those of every target, in order."""
    return [one for result in results for one in result.estimates]


def present_figures(estimates: Sequence[EstimateScores], *, short: bool = False) -> list[str]:
    """Names of the figures that any file has, in the order of the catalogue."""
    found = {name for one in estimates for name, value in one.values.items() if math.isfinite(value)}
    return [
        name for name, score in ESTIMATE_SCORES.items() if name in found and (score.in_short or not short)
    ]


def estimate_table(estimates: Sequence[EstimateScores], *, short: bool = False) -> Table:
    """Every file.

    Args:
        estimates: judged files.
        short: only the columns for readers.
    """
    counts = ("compared", "missing") if short else (*_COUNTS, *_RESIDUES)
    about = ("reason",) if short else ("status", "reason", "notes", "file")
    columns = ("target", "group", "number", "mode", *counts, *present_figures(estimates, short=short), *about)
    return Table.of([one.flat() for one in estimates], columns)


def estimate_model_table(estimates: Sequence[EstimateScores]) -> Table:
    """Every model that a file names; models that are missing or failed too."""
    rows = [row for one in estimates for row in one.model_rows()]
    present = {name for row in rows for name, value in row.items() if value is not None}
    figures = [name for name in ("estimate", *GOOD_MODELS, *LOCAL_SCORES) if name in present]
    names = ("target", "method", "number", "name", "group", "model")
    return Table.of(rows, (*names, *figures, *_RESIDUES, "status", "reason"))


def estimate_means(estimates: Sequence[EstimateScores]) -> list[dict[str, Any]]:
    """For each method and set the mean of every figure over the targets that have it, in order of names.

    A target whose file failed or is missing has no figure: `targets` says how many have one.
    """
    methods = sorted({(one.group, one.number) for one in estimates})
    rows = []
    for group, number in methods:
        own = [one for one in estimates if (one.group, one.number) == (group, number)]
        row: dict[str, Any] = {"group": group, "number": number}
        row["targets"] = sum(one.status == "done" for one in own)
        for name in present_figures(estimates):
            known = [one.values[name] for one in own if math.isfinite(one.values.get(name, math.nan))]
            row[name] = sum(known) / len(known) if known else math.nan
        rows.append(row)
    return rows


def estimate_gaps(
    estimates: Sequence[EstimateScores], missing: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Rows of what is missing: files that failed or are not there, and models that they name in vain."""
    rows: list[dict[str, Any]] = [
        {"target": target, "group": group, "model": None, "file": None, "reason": "no estimates"}
        for target, group in missing
    ]
    for one in estimates:
        about = {"target": one.target, "group": one.group, "model": None, "file": one.file}
        if one.status == "failed":
            rows.append({**about, "reason": one.reason})
        else:
            rows += [{**about, "reason": f"estimates {model.name}: {model.reason}"} for model in one.absent]
    return rows


def readable_estimate(name: str, cell: Cell) -> str:
    """A cell as people read it."""
    if name in TEXT_COLUMNS:
        return str(cell or "")
    if cell is None:
        return "–"
    if name in ESTIMATE_SCORES and not isinstance(cell, str):
        return shown_as(ESTIMATE_SCORES[name], float(cell))
    return str(cell)


def estimate_texts(estimates: Sequence[EstimateScores]) -> dict[str, str]:
    """The files of the module by their names; none without a judged file."""
    if not estimates:
        return {}
    table = estimate_table(estimates)
    return {
        "estimates.csv": table.to_csv(),
        "estimates.json": table.to_json(),
        "estimates.md": estimate_table(estimates, short=True).to_markdown(readable_estimate),
        "estimate_models.csv": estimate_model_table(estimates).to_csv(),
        "estimate_means.csv": Table.of(estimate_means(estimates)).to_csv(),
    }

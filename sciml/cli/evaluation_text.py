"""What `sciml evaluate` prints: tables for people by rich, or one JSON object for programs."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from sciml.cli.understood import printable
from sciml.structure.evaluate.catalogue import FAMILIES, SCORES, SLOW_FAMILIES, Score, shown, shown_as
from sciml.structure.evaluate.estimate_catalogue import ESTIMATE_SCORES

if TYPE_CHECKING:
    from sciml.structure.evaluate.intervals import Comparison
    from sciml.structure.evaluate.run import Evaluation

_MOST_ROWS = 40
_WIDTH_OF_FILES = 150
_WIDTH_OF_NAMES, _WIDTH_OF_FIGURE = 46, 11
_LONGEST_NAME = 40
_MODEL_COLUMNS = ("gdt_ts", "gdt_ha", "tm_score", "lddt", "lddt_ca", "cad", "rmsd_ca", "precision_long_l5")
_ESTIMATE_COLUMNS = (
    *("pearson_gdt_ts", "spearman_gdt_ts", "loss_gdt_ts", "auc_quarter_gdt_ts", "pearson_lddt", "loss_lddt"),
    *("ase", "auc_residues", "region_f1"),
)


def open_console() -> Console:
    """Standard output; a file or pipe gets wide lines rather than broken words."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_OF_FILES)


def print_evaluation(found: "Evaluation", console: Console) -> None:
    """Models with their figures, then the ranking of groups where there are several."""
    console.print(_model_table(found, console.width))
    if found.standing is not None and len(found.standing.ranking.groups) > 1:
        console.print(_ranking_table(found))
    if found.plan.missing:
        names = ", ".join(f"{group} on {target}" for target, group in found.plan.missing[:_MOST_ROWS])
        more = len(found.plan.missing) - _MOST_ROWS
        console.print(
            f"No model of {printable(names)}{f' and {more} more' if more > 0 else ''}.", markup=False
        )
    if any(result.estimates for result in found.results):
        console.print(_estimate_table(found, console.width))


def _estimate_table(found: "Evaluation", width: int) -> Table:
    """Files of estimates with the first figures that fit."""
    from sciml.structure.evaluate.estimate_tables import all_estimates, present_figures

    estimates = all_estimates(found.results)
    present = present_figures(estimates)
    names = [name for name in _ESTIMATE_COLUMNS if name in present]
    names = names[: max(2, (width - _WIDTH_OF_NAMES) // _WIDTH_OF_FIGURE)]
    left = f" (first {_MOST_ROWS} of {len(estimates)})" if len(estimates) > _MOST_ROWS else ""
    table = _table(f"Estimates of model accuracy{left}; all figures are in estimates.csv")
    for head in ("target", "group", "models"):
        table.add_column(
            head, justify="right" if head == "models" else "left", no_wrap=True, max_width=_LONGEST_NAME
        )
    for name in names:
        table.add_column(_head(ESTIMATE_SCORES[name]), justify="right", no_wrap=True)
    for one in estimates[:_MOST_ROWS]:
        cells = [shown_as(ESTIMATE_SCORES[name], one.values.get(name)) for name in names]
        models = f"{one.counts['compared']}/{one.counts['models']}" if one.status == "done" else "failed"
        table.add_row(printable(one.target), printable(one.group), models, *cells)
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="bold"
    )


def _head(score: Score) -> str:
    return f"{score.title} {score.unit}".strip()


def _model_table(found: "Evaluation", width: int) -> Table:
    records = [record for result in found.results for record in result.records]
    present = {name for record in records for name, value in record.values.items() if math.isfinite(value)}
    columns = [name for name in _MODEL_COLUMNS if name in present] or sorted(present)[:6]
    columns = columns[: max(2, (width - _WIDTH_OF_NAMES) // _WIDTH_OF_FIGURE)]
    rows = records[:_MOST_ROWS]
    left = (
        f" (first {_MOST_ROWS} of {len(records)}; all are in scores.csv)" if len(records) > len(rows) else ""
    )
    table = _table(f"Scores{left}")
    for head in ("target", "group", "model"):
        table.add_column(
            head, justify="right" if head == "model" else "left", no_wrap=True, max_width=_LONGEST_NAME
        )
    for name in columns:
        table.add_column(_head(SCORES[name]), justify="right", no_wrap=True)
    table.add_column("matched", no_wrap=True)
    for record in rows:
        cells = [shown(name, record.values.get(name)) for name in columns]
        last = record.matched_by if record.status == "done" else "failed"
        table.add_row(printable(record.unit), printable(record.group), str(record.model), *cells, last)
    return table


def _ranking_table(found: "Evaluation") -> Table:
    from sciml.structure.evaluate.summary import group_table

    assert found.standing is not None
    score = SCORES[next(iter(found.standing.settings.weights))]
    rows = group_table(found.results, found.standing, clusters=found.clusters)
    title = (
        f"Ranking by z-scores of {score.title} ({found.standing.settings.models} models); means over targets"
    )
    table = _table(title)
    for head in ("rank", "95 %", "group", "Σz", "95 % of Σz", "units", "missing"):
        table.add_column(
            head, justify="left" if head == "group" else "right", no_wrap=True, max_width=_LONGEST_NAME
        )
    names = [name for name in SCORES if name in rows[0]]
    for name in names:
        table.add_column(_head(SCORES[name]), justify="right")
    for row in rows[:_MOST_ROWS]:
        table.add_row(
            str(row["rank"]), f"{row['rank_low']}-{row['rank_high']}", printable(row["group"]),
            f"{row['sum_z']:.2f}", f"{row['sum_z_low']:.2f} to {row['sum_z_high']:.2f}",
            str(row["units"]), str(row["missing"]), *(shown(name, row[name]) for name in names),
        )  # fmt: skip
    return table


def print_comparison(comparisons: Sequence["Comparison"], first: str, second: str, console: Console) -> None:
    """One line a score: means, difference with interval, wins, ties, losses, p."""
    title = f"{printable(first)} against {printable(second)}"
    table = _table(title)
    heads = ("score", "targets", "first", "second", "difference", "95 %", "won", "tied", "lost", "tie", "p")
    for head in heads:
        table.add_column(head, justify="left" if head == "score" else "right", no_wrap=True)
    for one in comparisons:
        low, high = shown(one.score, one.difference.low), shown(one.score, one.difference.high)
        p = "–" if math.isnan(one.wilcoxon_p) else f"{one.wilcoxon_p:.2g}"
        table.add_row(
            _head(SCORES[one.score]), str(one.targets), shown(one.score, one.first.mean),
            shown(one.score, one.second.mean), shown(one.score, one.difference.mean), f"{low} to {high}",
            str(one.wins), str(one.ties), str(one.losses), f"± {shown(one.score, one.tie_width)}", p,
        )  # fmt: skip
    console.print(table)


def print_scores(console: Console) -> None:
    """Every score with its definition."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("family", "column", "definition", "source"):
        table.add_column(head, overflow="fold")
    for family in ("", *FAMILIES, "estimates"):
        for score in (*SCORES.values(), *ESTIMATE_SCORES.values()):
            if score.family == family and score.in_short:
                slow = " (slow)" if family in SLOW_FAMILIES else ""
                table.add_row(f"{family or 'always'}{slow}", score.name, score.definition, score.source)
    console.print(table)


def json_text(found: "Evaluation", comparisons: Sequence["Comparison"]) -> str:
    """Scores, ranking, targets, gaps and comparison as one JSON object; what is not finite is null."""
    from sciml.structure.evaluate.estimate_tables import (
        all_estimates,
        estimate_model_table,
        estimate_table,
    )
    from sciml.structure.evaluate.outputs import missing_table, ranking_table, score_table, target_table

    estimates = all_estimates(found.results)
    values = {
        "scores": score_table(found).records(),
        "ranking": ranking_table(found).records(),
        "targets": target_table(found).records(),
        "missing": missing_table(found).records(),
        "estimates": estimate_table(estimates).records(),
        "estimate_models": estimate_model_table(estimates).records(),
        "comparison": [_finite(asdict(one)) for one in comparisons],
    }
    return json.dumps(values, indent=1, allow_nan=False)


def _finite(value: Any) -> Any:  # noqa: ANN401  # JSON values, nested
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value

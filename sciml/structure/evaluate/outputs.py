"""The files of an evaluation.

scores.csv, .json         every figure of every model on every unit
scores.md                 the short columns
ranking.csv, .json, .md   groups: place, z-scores, means, intervals
targets.csv, .json, .md   what was chosen or left out when each target was read
missing.csv               models that are missing, failed or belong to no target
estimate….csv, .json, .md estimates of models' accuracy, where there are any (`estimate_tables.py`)
leaderboard.html          everything, to look at
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sciml import __version__
from sciml.report.leaderboard import leaderboard_html
from sciml.runs.files import atomic_write_text
from sciml.structure.evaluate.catalogue import SCORES, shown
from sciml.structure.evaluate.estimate_tables import all_estimates, estimate_gaps, estimate_texts
from sciml.structure.evaluate.intervals import Comparison
from sciml.structure.evaluate.page import build_leaderboard
from sciml.structure.evaluate.run import Evaluation, RunSettings
from sciml.structure.evaluate.summary import failed_records, group_table, present_scores, refused_domains
from sciml.structure.evaluate.tables import TEXT_COLUMNS, Cell, Table

_IDENTITY = ("target", "domain", "group", "model")
_ABOUT = ("matched_by", "model_chain", "identity", "status", "reason", "notes", "file")
_WHOLE = frozenset({"rank", "rank_low", "rank_high", "units", "missing", "model", "models", "residues"})


def score_table(found: Evaluation, *, short: bool = False) -> Table:
    """Every model on every unit.

    Args:
        found: the evaluation.
        short: only the columns for readers.
    """
    present = [name for name in present_scores(found.results) if SCORES[name].in_short or not short]
    about = ("matched_by", "reason", "notes") if short else _ABOUT
    rows = [record.flat() for result in found.results for record in result.records]
    return Table.of(rows, (*_IDENTITY, *present, *about))


def ranking_table(found: Evaluation) -> Table:
    """Groups, best first; without a row where nothing was scored."""
    if found.standing is None:
        return Table(("rank", "group"), ())
    return Table.of(group_table(found.results, found.standing, clusters=found.clusters))


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """Two methods, a row for each score."""
    return Table.of(
        [
            {
                "score": one.score,
                "targets": one.targets,
                "wins": one.wins,
                "ties": one.ties,
                "losses": one.losses,
                "tie_width": one.tie_width,
                "first_mean": one.first.mean,
                "second_mean": one.second.mean,
                "difference": one.difference.mean,
                "difference_low": one.difference.low,
                "difference_high": one.difference.high,
                "median_difference": one.median_difference,
                "wilcoxon_p": one.wilcoxon_p,
            }
            for one in comparisons
        ]
    )


def run_values(
    models: Path, targets: Path, domains: Path | None, baseline: Path | None, settings: RunSettings
) -> dict[str, Any]:
    """The settings of a run as JSON values."""
    return {
        "sciml": __version__,
        "models": str(models),
        "targets": str(targets),
        "domains": None if domains is None else str(domains),
        "baseline": None if baseline is None else str(baseline),
        **asdict(settings),
    }


def target_table(found: Evaluation) -> Table:
    """Each target: its file, its size, its domains, what reading it chose or why it cannot be used."""
    rows = [
        {
            "target": result.target,
            "residues": len(result.numbers),
            "models": len({(one.group, one.model, one.file) for one in result.records}),
            "domains": "; ".join(f"{name} {ranges}" for name, ranges in result.domains),
            "notes": "; ".join(result.notes),
            "reason": "; ".join(
                reason for reason in (result.reason, *(why for _, why in result.refused)) if reason
            ),
            "file": plan.target.path,
        }
        for plan, result in zip(found.plan.targets, found.results, strict=True)
    ]
    return Table.of(rows)


def missing_table(found: Evaluation) -> Table:
    """Models, targets and domains that count for nothing, with the reason."""
    rows: list[dict[str, Any]] = [
        {"target": target, "group": group, "model": None, "file": None, "reason": "no model"}
        for target, group in found.plan.missing
    ]
    rows += [
        {"target": one.unit, "group": one.group, "model": one.model, "file": one.file, "reason": one.reason}
        for one in failed_records(found.results)
    ]
    rows += estimate_gaps(all_estimates(found.results), found.plan.missing_estimates)
    rows += [
        {"target": target, "file": file, "reason": reason} for target, file, reason in found.failed_targets
    ]
    rows += [
        {"target": unit, "file": found.plan.domain_file, "reason": reason}
        for unit, reason in refused_domains(found.results)
    ]
    rows += [{"file": one.path, "reason": one.reason} for one in found.plan.unused]
    return Table.of(rows, ("target", "group", "model", "file", "reason"))


def readable(name: str, cell: Cell) -> str:
    """A cell as people read it: GDT in percent, Å with two decimals, an en dash for nothing."""
    if name in TEXT_COLUMNS:
        return str(cell or "")
    if cell is None:
        return "–"
    if name in _WHOLE or isinstance(cell, str):
        return str(cell)
    if name.startswith("sum_z"):
        return f"{cell:.2f}"
    return shown(name.removesuffix("_low").removesuffix("_high"), float(cell))


def write_outputs(
    found: Evaluation,
    folder: Path,
    *,
    title: str,
    comparisons: Sequence[Comparison] = (),
    html: bool = True,
) -> list[Path]:
    """Write the tables and the page.

    Returns:
        The files.
    """
    scores, ranking, targets = score_table(found), ranking_table(found), target_table(found)
    texts = {
        "scores.csv": scores.to_csv(),
        "scores.json": scores.to_json(),
        "scores.md": score_table(found, short=True).to_markdown(readable),
        "ranking.csv": ranking.to_csv(),
        "ranking.json": ranking.to_json(),
        "ranking.md": ranking.to_markdown(readable),
        "targets.csv": targets.to_csv(),
        "targets.json": targets.to_json(),
        "targets.md": targets.to_markdown(readable),
        "missing.csv": missing_table(found).to_csv(),
        **estimate_texts(all_estimates(found.results)),
    }
    if comparisons:
        texts["comparison.csv"] = comparison_table(comparisons).to_csv()
    if html:
        page = build_leaderboard(
            found.results,
            title=title,
            missing=found.plan.missing,
            missing_estimates=found.plan.missing_estimates,
            groups=found.plan.groups,
            shown=found.standing,
            footer=f"Made by sciml {__version__}. The page is complete: it needs no network.",
        )
        texts["leaderboard.html"] = leaderboard_html(page)
    written = []
    for name, text in texts.items():
        encoded = text.encode("utf-8", "replace").decode("utf-8")  # names of files may hold lone surrogates
        written.append(atomic_write_text(folder / name, encoded))
    return written

"""The leaderboard of an evaluation: from results to what `report/leaderboard.py` draws."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml import __version__
from sciml.report.leaderboard_data import (
    Duel,
    EstimateEntry,
    Gap,
    Leaderboard,
    ModelEntry,
    RankedGroup,
    ReliabilityCurve,
    ScoreColumn,
    TargetEntry,
    Unit,
)
from sciml.structure.evaluate.catalogue import SCORES, Score
from sciml.structure.evaluate.estimate_catalogue import ESTIMATE_SCORES
from sciml.structure.evaluate.estimate_records import EstimateScores
from sciml.structure.evaluate.estimate_tables import (
    all_estimates,
    estimate_gaps,
    estimate_means,
    present_figures,
)
from sciml.structure.evaluate.intervals import DEFAULT_TIE_WIDTH, TIE_WIDTHS, Comparison, compare
from sciml.structure.evaluate.ranking import LOWER_IS_BETTER, Chosen
from sciml.structure.evaluate.records import ModelDetails, TargetResult
from sciml.structure.evaluate.summary import (
    HEADLINE,
    Standing,
    counted_units,
    failed_records,
    present_scores,
    rank_by_default,
    refused_domains,
    standing,
    unit_values,
)
from sciml.structure.scores.confidence import plddt_agreement

_RANKED = ("gdt_ts", "gdt_ha", "tm_score", "lddt", "lddt_ca", "cad")
_MOST_GROUPS_COMPARED = 40
_BINS = 10
RANKING_NOTE = (
    "For each evaluation unit z-scores are taken over the first (or best) models of the groups, models with "
    "z below -2 are left out, mean and deviation are taken again, and z below the threshold (-2 or 0) is "
    "set to it; a missing model gets the threshold. Groups are ordered by the sum over units. Intervals are "
    "from 2000 resamplings of the units."
)


def build_leaderboard(
    results: Sequence[TargetResult],
    *,
    title: str,
    missing: Sequence[tuple[str, str]] = (),
    missing_estimates: Sequence[tuple[str, str]] = (),
    groups: Sequence[str] = (),
    shown: Standing | None = None,
    footer: str = "",
) -> Leaderboard:
    """Everything that the page shows.

    Args:
        results: of all targets.
        title: head of the page.
        missing: (target, group) of groups without a model.
        missing_estimates: (target, group) of groups without estimates of models' accuracy.
        groups: further groups that have no model at all.
        shown: the ranking that is shown first.
        footer: how the page was made.
    """
    names = sorted({record.group for result in results for record in result.records} | set(groups))
    place = {name: index for index, name in enumerate(names)}
    targets = [result for result in results if len(result.numbers)]
    units, entries, models = _entries(targets, place)
    counted = set(counted_units(targets))
    present = [name for name in present_scores(results) if SCORES[name].in_short]
    estimates = all_estimates(results)
    headline = [name for name in HEADLINE if name in present] or present[:4]
    ranked = [name for name in _RANKED if name in present] or present[:1]
    scored = sum(not model.reason for model in models)
    counts = f"{len(targets)} targets, {len(names)} groups, {scored:,} models"
    return Leaderboard(
        title=title,
        subtitle=f"{counts} scored by sciml {__version__}",
        footer=footer,
        ranking_note=RANKING_NOTE,
        scores=[_column(SCORES[name]) for name in present],
        headline=headline,
        groups=names,
        targets=entries,
        units=units,
        ranked_units=[number for number, unit in enumerate(units) if unit.name in counted],
        models=models,
        rankings=_rankings(targets, ranked, names, place, shown),
        duels={name: _duels(targets, name, names) for name in headline},
        tie_widths={name: TIE_WIDTHS.get(name, DEFAULT_TIE_WIDTH) for name in headline},
        reliability=_reliability(targets, place),
        gaps=[*_gaps(results, missing), *_gaps_of_estimates(estimates, missing_estimates)],
        estimate_scores=[_column(ESTIMATE_SCORES[name]) for name in present_figures(estimates, short=True)],
        estimates=[_estimate_entry(one) for one in estimates],
        estimate_means=[_mean_entry(row) for row in estimate_means(estimates)] if len(results) > 1 else [],
    )


def _column(score: Score) -> ScoreColumn:
    better = 0 if score.higher_is_better is None else 1 if score.higher_is_better else -1
    return ScoreColumn(
        score.name, score.title, score.unit, score.factor, score.digits, better, score.missing_is_zero,
        score.definition, score.source,
    )  # fmt: skip


def _entries(
    results: Sequence[TargetResult], place: Mapping[str, int]
) -> tuple[list[Unit], list[TargetEntry], list[ModelEntry]]:
    """Units, targets and models in the page's numbering."""
    units: list[Unit] = []
    entries: list[TargetEntry] = []
    models: list[ModelEntry] = []
    for number, result in enumerate(results):
        first = len(units)
        units.append(Unit(result.target, number, ""))
        units += [Unit(f"{result.target}-{name}", number, ranges) for name, ranges in result.domains]
        entries.append(
            TargetEntry(
                result.target,
                result.sequence,
                result.numbers,
                result.ca,
                tuple(range(first, len(units))),
                result.notes,
            )
        )
        models += _model_entries(result, number, first, place)
    return units, entries, models


def _model_entries(
    result: TargetResult, number: int, first: int, place: Mapping[str, int]
) -> list[ModelEntry]:
    unit_of = {"": first, **{name: first + 1 + index for index, (name, _) in enumerate(result.domains)}}
    details: dict[tuple[str, int], ModelDetails] = {(one.group, one.model): one for one in result.details}
    values: dict[tuple[str, int, str], dict[int, Mapping[str, float]]] = {}
    for record in result.records:
        scores = values.setdefault((record.group, record.model, record.file), {})
        if record.status == "done":
            scores[unit_of[record.domain]] = record.values
    entries = []
    for record in result.records:
        if record.domain:
            continue
        own = details.get((record.group, record.model), ModelDetails(record.group, record.model))
        is_done = record.status == "done"
        entries.append(
            ModelEntry(
                target=number,
                group=place[record.group],
                model=record.model,
                file=record.file,
                values=values[record.group, record.model, record.file],
                reason="" if is_done else record.reason or "failed",
                matched=_matched_text(record.matched_by, record.model_chain, record.identity),
                notes=record.notes,
                ca=own.ca if is_done else None,
                lddt=own.lddt if is_done else None,
                plddt=own.plddt if is_done else None,
            )
        )
    return entries


def _matched_text(matched_by: str, chain: str, identity: float) -> str:
    if not matched_by:
        return ""
    equal = "" if math.isnan(identity) else f", {identity:.1%} equal residues"
    return f"by {matched_by}, chain {chain or 'without name'}{equal}"


def _rankings(
    results: Sequence[TargetResult],
    scores: Sequence[str],
    names: Sequence[str],
    place: Mapping[str, int],
    shown: Standing | None,
) -> dict[tuple[str, float, str], list[RankedGroup]]:
    """Every ranking that the page offers, the one to be shown first in front."""
    wanted: list[tuple[str, float, Chosen]] = []
    several = any(record.model > 1 for result in results for record in result.records)
    choices: tuple[Chosen, ...] = ("first", "best") if several else ("first",)
    for score in scores:
        wanted += [(score, floor, which) for floor in (-2.0, 0.0) for which in choices]
    if shown is not None:
        first = (next(iter(shown.settings.weights)), 0.0, shown.settings.models)
        first = (first[0], shown.settings.floor_of(first[0]), first[2])
        wanted = [first, *(one for one in wanted if one != first)]
    if rank_by_default(results) is None:
        return {}
    return {
        (score, floor, which): [
            RankedGroup(
                place[one.group], one.rank, one.score, *found.intervals[one.group], one.units, one.missing
            )
            for one in found.ranking.groups
        ]
        for score, floor, which in wanted
        if (found := standing(results, score, floor=floor, models=which, groups=names))
    }


def _duels(results: Sequence[TargetResult], score: str, names: Sequence[str]) -> dict[tuple[int, int], Duel]:
    """Every pair of the first groups, both ways round."""
    values = [unit_values(results, name, score) for name in names[:_MOST_GROUPS_COMPARED]]
    found: dict[tuple[int, int], Duel] = {}
    for one, two in combinations(range(len(values)), 2):
        if not any(math.isfinite(values[one][unit] - values[two][unit]) for unit in values[one]):
            continue
        made = compare(score, values[one], values[two], lower_is_better=score in LOWER_IS_BETTER)
        found[one, two] = _duel(made, 1)
        found[two, one] = _duel(made, -1)
    return found


def _duel(made: Comparison, sign: int) -> Duel:
    wins, losses = (made.wins, made.losses)[::sign]
    low, high = sorted((sign * made.difference.low, sign * made.difference.high))
    return Duel(
        made.targets, wins, made.ties, losses, made.tie_width, sign * made.difference.mean, low, high,
        made.wilcoxon_p,
    )  # fmt: skip


def _reliability(
    results: Sequence[TargetResult], place: Mapping[str, int]
) -> dict[int | None, ReliabilityCurve]:
    """pLDDT against lDDT-Cα over the residues of all groups, and of each."""
    pairs: dict[int | None, list[tuple[NDArray, NDArray]]] = {}
    for result in results:
        for one in result.details:
            if one.plddt is not None and one.lddt is not None:
                for key in (None, place[one.group]):
                    pairs.setdefault(key, []).append((one.plddt, one.lddt))
    curves = {}
    for key, parts in pairs.items():
        predicted = np.concatenate([plddt for plddt, _ in parts]).astype(np.float64)
        true = np.concatenate([lddt for _, lddt in parts]).astype(np.float64)
        found = plddt_agreement(predicted.clip(0, 1), true.clip(0, 1), _BINS).reliability
        if not found.groups:
            continue
        bins = [(0, math.nan, math.nan)] * _BINS
        for group in found.groups:
            place_of = round(group["low"] * _BINS)
            bins[place_of] = (int(group["residues"]), group["predicted"], group["true"])
        curves[key] = ReliabilityCurve(tuple(bins), found.expected_error, found.bias, found.correlation)
    return curves


def _gaps(results: Sequence[TargetResult], missing: Sequence[tuple[str, str]]) -> list[Gap]:
    gaps = [Gap(result.target, "", 0, "", result.reason) for result in results if result.reason]
    gaps += [Gap(unit, "", 0, "", reason) for unit, reason in refused_domains(results)]
    gaps += [Gap(target, group, 0, "", "no model") for target, group in missing]
    gaps += [
        Gap(record.unit, record.group, record.model, record.file, record.reason)
        for record in failed_records(results)
    ]
    return gaps


def _gaps_of_estimates(estimates: Sequence[EstimateScores], missing: Sequence[tuple[str, str]]) -> list[Gap]:
    return [
        Gap(row["target"], row["group"], 0, row["file"] or "", row["reason"])
        for row in estimate_gaps(estimates, missing)
    ]


def _estimate_entry(one: EstimateScores) -> EstimateEntry:
    counts = one.counts
    return EstimateEntry(
        one.target,
        one.group,
        one.number,
        one.values,
        f"{counts['compared']} of {counts['models']}",
        (one.reason,) if one.status == "failed" else one.notes,
    )


def _mean_entry(row: Mapping[str, Any]) -> EstimateEntry:
    return EstimateEntry("", row["group"], row["number"], row, f"{row['targets']} targets", ())

"""What an evaluation says as a whole: rows for the ranking, means of groups, comparison of two sets.

The units that count are the domains of a target where it has any, else the whole target. A missing or failed
model counts as 0 in means of scores for which CASP counts it so (`Score.missing_is_zero`), is left out of
means in Å and counts, and gets the floor in z-scores.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sciml.structure.evaluate.catalogue import SCORES
from sciml.structure.evaluate.intervals import Comparison, Summary, cluster_mean, compare
from sciml.structure.evaluate.ranking import (
    LOWER_IS_BETTER,
    Chosen,
    Ranking,
    RankSettings,
    ScoreRow,
    rank_groups,
    rank_intervals,
)
from sciml.structure.evaluate.records import ModelScores, TargetResult

HEADLINE = ("gdt_ts", "gdt_ha", "tm_score", "lddt", "cad", "rmsd_ca")
"""Scores that stand beside every ranking, as far as they were computed."""
_RANK_BY = ("gdt_ts", "lddt", "tm_score", "lddt_ca", "gdt_ha", "cad", "tm_align", "precision_long_l5")


@dataclass(frozen=True, eq=False)
class Standing:
    """A ranking and how sure it is."""

    ranking: Ranking
    """Groups, best first."""
    settings: RankSettings
    """How it was made."""
    intervals: Mapping[str, tuple[float, float, int, int]]
    """For each group the 95 % interval of its figure and of its rank."""


def counted_units(results: Iterable[TargetResult]) -> tuple[str, ...]:
    """Names of the units that rankings and means count: not those of a target that could not be read, which
    is nobody's failure."""
    names: list[str] = []
    for result in results:
        if not len(result.numbers):
            continue
        names += [f"{result.target}-{domain}" for domain, _ in result.domains] or [result.target]
    return tuple(names)


def counted_rows(results: Sequence[TargetResult]) -> list[ScoreRow]:
    """Scored models on the units that count."""
    units = set(counted_units(results))
    return [
        ScoreRow(record.unit, record.group, record.model, record.values)
        for result in results
        for record in result.records
        if record.unit in units and record.status == "done"
    ]


def present_scores(results: Sequence[TargetResult]) -> list[str]:
    """Names of the figures that any model has, in the order of the catalogue."""
    found = {
        name
        for result in results
        for record in result.records
        for name, value in record.values.items()
        if math.isfinite(value)
    }
    return [name for name in SCORES if name in found]


def rank_by_default(results: Sequence[TargetResult]) -> str | None:
    """The score that groups are ranked by unless somebody says otherwise: GDT_TS where it was computed."""
    present = present_scores(results)
    return next((name for name in _RANK_BY if name in present), None)


def standing(
    results: Sequence[TargetResult],
    score: str,
    *,
    floor: float = -2.0,
    models: Chosen = "first",
    groups: Sequence[str] = (),
    seed: int = 0,
) -> Standing:
    """Rank all groups by one score, with intervals over units.

    Raises:
        SettingsError: as `rank_groups`.
    """
    settings = RankSettings({score: 1.0}, floor=floor, models=models)
    ranking = rank_groups(counted_rows(results), settings, groups=groups, units=counted_units(results))
    return Standing(ranking, settings, rank_intervals(ranking, seed=seed))


def unit_values(
    results: Sequence[TargetResult], group: str, score: str, models: Chosen = "first"
) -> dict[str, float]:
    """For each unit that counts the value of the group's competing model; 0 or NaN where it has none."""
    counts_as_zero = score in SCORES and SCORES[score].missing_is_zero
    sign = -1.0 if score in LOWER_IS_BETTER else 1.0
    found: dict[str, float] = {}
    defined: set[str] = set()  # units on which somebody has a value
    without: set[str] = set()  # units on which the group's model has none
    for row in counted_rows(results):
        value = row.values.get(score, math.nan)
        defined |= set() if math.isnan(value) else {row.target}
        if row.group != group or (models == "first" and row.model != 1):
            continue
        if math.isnan(value):  # a list of contacts has no GDT, a short chain no contacts of long range
            without.add(row.target)
        elif row.target not in found or sign * value > sign * found[row.target]:
            found[row.target] = value
    return {
        unit: found.get(unit, 0.0 if counts_as_zero and unit in defined and unit not in without else math.nan)
        for unit in counted_units(results)
    }


def group_table(
    results: Sequence[TargetResult],
    found: Standing,
    scores: Sequence[str] = HEADLINE,
    clusters: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """One row for each group: place, z-scores with interval, means with intervals, gaps."""
    present = [name for name in scores if name in present_scores(results)]
    rows = []
    for one in found.ranking.groups:
        low, high, top, bottom = found.intervals[one.group]
        row: dict[str, Any] = {
            "rank": one.rank,
            "rank_low": top,
            "rank_high": bottom,
            "group": one.group,
            "sum_z": one.score,
            "sum_z_low": low,
            "sum_z_high": high,
            "units": one.units,
            "missing": one.missing,
        }
        for name in present:
            summary = mean_of(unit_values(results, one.group, name, found.settings.models), clusters)
            row |= {name: summary.mean, f"{name}_low": summary.low, f"{name}_high": summary.high}
        rows.append(row)
    return rows


def mean_of(values: Mapping[str, float], clusters: Mapping[str, str] | None = None) -> Summary:
    """Mean over units with its interval; units whose targets are of one cluster count as one.

    Args:
        values: by unit.
        clusters: by target; each unit is its own where its target is not named.
    """
    names = list(values)
    groups = [(clusters or {}).get(target_of(name), name) for name in names]
    return cluster_mean([values[name] for name in names], groups)


def target_of(unit: str) -> str:
    """The target of an evaluation unit: `T1024` of `T1024-D1`."""
    head, _, tail = unit.rpartition("-D")
    return head if head and tail.isdecimal() else unit


def compare_groups(
    results: Sequence[TargetResult],
    first: str,
    second: str,
    scores: Sequence[str],
    clusters: Mapping[str, str] | None = None,
    *,
    seed: int = 0,
) -> list[Comparison]:
    """Two groups of one evaluation on every score that both have values of."""
    made = []
    for score in scores:
        one, two = (unit_values(results, group, score) for group in (first, second))
        made += _comparison(score, one, two, clusters, seed)
    return made


def compare_sets(
    results: Sequence[TargetResult],
    baseline: Sequence[TargetResult],
    scores: Sequence[str],
    clusters: Mapping[str, str] | None = None,
    *,
    seed: int = 0,
) -> list[Comparison]:
    """Two sets of models of the same targets, each taken as one method: the mean of its groups on a unit."""
    made = []
    for score in scores:
        one, two = (_mean_over_groups(part, score) for part in (results, baseline))
        made += _comparison(score, one, two, clusters, seed)
    return made


def _comparison(
    score: str,
    one: Mapping[str, float],
    two: Mapping[str, float],
    clusters: Mapping[str, str] | None,
    seed: int,
) -> list[Comparison]:
    shared = [unit for unit in one if unit in two and math.isfinite(one[unit] - two[unit])]
    if not shared:
        return []
    own = {unit: (clusters or {}).get(target_of(unit), unit) for unit in shared}
    is_lower = score in LOWER_IS_BETTER
    return [compare(score, one, two, clusters=own, lower_is_better=is_lower, seed=seed)]


def _mean_over_groups(results: Sequence[TargetResult], score: str) -> dict[str, float]:
    groups = sorted({record.group for result in results for record in result.records})
    by_group = [unit_values(results, group, score) for group in groups]
    found = {}
    for unit in counted_units(results):
        known = [values[unit] for values in by_group if math.isfinite(values[unit])]
        found[unit] = sum(known) / len(known) if known else math.nan
    return found


def failed_records(results: Sequence[TargetResult]) -> list[ModelScores]:
    """One record for each model that failed on a whole target, and each that failed on a domain only."""
    failed: dict[tuple[str, str, int, str], ModelScores] = {}
    for result in results:
        for record in result.records:
            if record.status == "failed":
                failed.setdefault((record.target, record.group, record.model, record.file), record)
    return list(failed.values())


def refused_domains(results: Sequence[TargetResult]) -> list[tuple[str, str]]:
    """(unit, reason) of the domains that could not be scored."""
    return [(f"{result.target}-{name}", reason) for result in results for name, reason in result.refused]

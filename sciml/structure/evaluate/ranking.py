"""Ranking of groups by z-scores as in CASP.

For each score and each evaluation unit (a target, or a domain of it), over the models that compete (the first
model of each group, or each group's best):

1. z of every model from the mean and standard deviation of all;
2. models with z below the outlier threshold (-2) are left out;
3. mean and standard deviation of the rest, and z of every model from these;
4. z below the penalty threshold (-2 or 0) is set to it; a group without a model gets the threshold too.

A group's figure is the weighted sum over scores, summed or averaged over units.

Source: the steps are those of the z-score tables of the Prediction Center and of the assessments of Kinch et
al., Proteins 84 Suppl 1:51 (2016), Croll et al., Proteins 87:1113 (2019) and Pereira et al., Proteins
89:1687 (2021). The standard deviation divides by the number of models (ddof 0): with it the plain z-scores
of GDT_TS in the CASP15 tables of first models come out to their last printed digit, with ddof 1 they do not.
Not computed: weights that depend on a target's difficulty or templates, and the head-to-head t-tests.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.structure.evaluate.catalogue import SCORES

Array = NDArray[np.float64]
Chosen = Literal["first", "best"]

LOWER_IS_BETTER = frozenset(name for name, entry in SCORES.items() if entry.higher_is_better is False) | {
    *("RMS_CA", "RMS_ALL", "MolPrb_Score", "MP_clash", "MP_rotout", "MP_ramout"),
}
"""Columns of ours and of the official tables whose small values are good; their z-scores change sign."""


@dataclass(frozen=True)
class ScoreRow:
    """One model on one evaluation unit."""

    target: str
    """Name of the evaluation unit: a target, or a domain of it."""
    group: str
    """Who predicted."""
    model: int
    """Number of the model within the group, from 1."""
    values: Mapping[str, float]
    """Scores by name; NaN or absent where there is none."""


@dataclass(frozen=True)
class RankSettings:
    """How groups are ranked."""

    weights: Mapping[str, float] = field(default_factory=lambda: {"gdt_ts": 1.0})
    """Scores and their weights in the sum."""
    floor: float | Mapping[str, float] = -2.0
    """Penalty threshold, for all scores or for each: z below it, and the z of a missing model, become it."""
    outlier: float = -2.0
    """z below which a model is left out of the second mean and deviation."""
    models: Chosen = "first"
    """`first`: model 1 of each group; `best`: the model of the group with the best value, score by score."""
    average: bool = False
    """Average over units rather than sum. A missing model counts as the floor in both."""
    lower_is_better: Collection[str] = LOWER_IS_BETTER
    """Scores whose z changes sign."""

    def __post_init__(self) -> None:
        if not self.weights:
            raise SettingsError("a ranking needs at least one score")
        if self.models not in ("first", "best"):
            raise SettingsError(f"the models that compete are first or best, not {self.models!r}")

    def floor_of(self, score: str) -> float:
        """Penalty threshold of a score; -2 for one that a mapping does not name."""
        return float(self.floor.get(score, -2.0) if isinstance(self.floor, Mapping) else self.floor)


@dataclass(frozen=True)
class GroupRank:
    """A group's place."""

    rank: int
    """From 1; groups with equal figures share it."""
    group: str
    """Who predicted."""
    score: float
    """Weighted sum, or average, of z over units."""
    units: int
    """Units on which the group has a model."""
    missing: int
    """Units on which it has none."""
    z: Mapping[str, float]
    """For each score the sum, or average, of its unweighted z."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Groups, best first, with the z-scores that they were ranked by."""

    groups: tuple[GroupRank, ...]
    """Best first."""
    names: tuple[str, ...]
    """Rows of `table`."""
    units: tuple[str, ...]
    """Columns of `table`."""
    table: Array
    """(group, unit), weighted z after the floor; NaN where no score of the unit has a meaning."""


def z_scores(values: Array, *, outlier: float = -2.0, floor: float = -2.0, invert: bool = False) -> Array:
    """z-scores of the models of one unit by the four steps of this module.

    Args:
        values: (model,), NaN where a model has no value.
        outlier: z below which a model is left out of the second mean.
        floor: smallest z that is returned, also for NaN.
        invert: True if small values are good.

    Returns:
        (model,). All 0 (NaN ones the floor) if the values that are left are equal; models below them, which
        were left out, then get the floor. All NaN if there is no value.
    """
    values = np.asarray(values, np.float64) * (-1.0 if invert else 1.0)
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(values), np.nan)
    first = _standardised(values, values[known])
    rest = values[known & (first >= outlier)]
    z = _standardised(values, rest)
    return np.where(known, np.maximum(z, floor), floor)


def _standardised(values: Array, reference: Array) -> Array:
    """z of `values` by mean and population deviation of `reference`; equal references give 0 or ±infinity."""
    mean, deviation = reference.mean(), reference.std()
    difference = values - mean
    noise = 1e-12 * max(1.0, float(np.abs(reference).max()))
    if deviation <= noise:
        return np.where(np.abs(difference) <= noise, 0.0, np.copysign(np.inf, difference))
    return difference / deviation


def competing_values(
    rows: Sequence[ScoreRow], score: str, settings: RankSettings
) -> dict[str, dict[str, float]]:
    """For each unit the value of each group's competing model, NaN where that model has none.

    Raises:
        SettingsError: two rows for one model of a unit.
    """
    found: dict[str, dict[str, float]] = {}
    seen: set[tuple[str, str, int]] = set()
    sign = -1.0 if score in settings.lower_is_better else 1.0
    for row in rows:
        if (row.target, row.group, row.model) in seen:
            raise SettingsError(f"group {row.group} has two rows for model {row.model} of {row.target}")
        seen.add((row.target, row.group, row.model))
        unit = found.setdefault(row.target, {})
        value = float(row.values.get(score, np.nan))
        if settings.models == "first":
            if row.model == 1:
                unit[row.group] = value
        else:
            before = unit.get(row.group, np.nan)
            unit[row.group] = value if not sign * before >= sign * value else before
            if np.isnan(value):
                unit[row.group] = before
    return found


def rank_groups(
    rows: Sequence[ScoreRow],
    settings: RankSettings | None = None,
    *,
    groups: Collection[str] = (),
    units: Sequence[str] = (),
) -> Ranking:
    """Rank groups by the z-scores of their models.

    Args:
        rows: models on units, in any order.
        settings: scores, thresholds, which models compete.
        groups: further groups that count as missing everywhere.
        units: further units; one that nobody has a model of does not count.

    Returns:
        Best first; equal figures in the order of the names. A unit on which a score has no value for
        anybody does not count for that score.

    Raises:
        SettingsError: two rows for one model of a unit, or a score that no row has.
    """
    settings = settings or RankSettings()
    units = tuple(dict.fromkeys([*units, *(row.target for row in rows)]))
    names = tuple(sorted({row.group for row in rows} | set(groups)))
    z = {score: _z_table(rows, score, names, units, settings) for score in settings.weights}
    weighted = np.stack([weight * z[score] for score, weight in settings.weights.items()])
    counted = np.isfinite(weighted).any(axis=0)
    table = np.where(counted, np.nansum(weighted, axis=0), np.nan)  # (group, unit)
    total = np.nanmean if settings.average else np.nansum
    figures = [float(total(line)) if np.isfinite(line).any() else float("nan") for line in table]
    present = {(row.target, row.group) for row in rows if settings.models == "best" or row.model == 1}
    entries = []
    for index, group in enumerate(names):
        has = sum((unit, group) in present for unit in units)
        by_score = {score: float(total(array[index])) for score, array in z.items()}
        place = 1 + sum(other > figures[index] + 1e-12 for other in figures)
        entries.append(GroupRank(place, group, figures[index], has, len(units) - has, by_score))
    order = sorted(range(len(names)), key=lambda index: (entries[index].rank, names[index]))
    return Ranking(
        tuple(entries[index] for index in order), tuple(names[index] for index in order), units, table[order]
    )


def _z_table(
    rows: Sequence[ScoreRow],
    score: str,
    names: Sequence[str],
    units: Sequence[str],
    settings: RankSettings,
) -> Array:
    """(group, unit) z-scores of one score."""
    if not any(score in row.values for row in rows):
        known = ", ".join(dict.fromkeys(name for row in rows for name in row.values)) or "none"
        raise SettingsError(f"no row has the score {score!r}; there are: {known}")
    competing = competing_values(rows, score, settings)
    table = np.full((len(names), len(units)), np.nan)
    for column, unit in enumerate(units):
        values = np.array([competing.get(unit, {}).get(name, np.nan) for name in names])
        table[:, column] = z_scores(
            values,
            outlier=settings.outlier,
            floor=settings.floor_of(score),
            invert=score in settings.lower_is_better,
        )
    return table


def rank_intervals(
    ranking: Ranking, *, average: bool = False, seed: int = 0, draws: int = 2000
) -> dict[str, tuple[float, float, int, int]]:
    """What the choice of targets does to a ranking: units are drawn with replacement.

    Args:
        ranking: of `rank_groups`.
        average: as the ranking was made.
        seed: of the drawing.
        draws: resampled sets of units.

    Returns:
        For each group the 2.5 % and 97.5 % points of its figure and of its rank.
    """
    usable = np.isfinite(ranking.table).any(axis=0)
    table = np.nan_to_num(ranking.table[:, usable])
    if not table.size:
        return {name: (float("nan"), float("nan"), 1, len(ranking.names)) for name in ranking.names}
    units = table.shape[1]
    weights = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=draws)
    figures = table @ weights.T / (units if average else 1)  # (group, draw)
    ranks = 1 + (figures[None, :, :] > figures[:, None, :] + 1e-12).sum(axis=1)
    low, high = np.quantile(figures, [0.025, 0.975], axis=1)
    best, worst = np.quantile(ranks, [0.025, 0.975], axis=1, method="nearest")
    return {
        name: (float(low[i]), float(high[i]), int(best[i]), int(worst[i]))
        for i, name in enumerate(ranking.names)
    }

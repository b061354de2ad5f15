"""How sure a mean is, and whether one method is better than another on the same targets.

Means and differences are resampled over clusters of similar targets, so that ten relatives do not count as
ten observations; each target is its own cluster where none is given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError

TIE_WIDTHS: Mapping[str, float] = {
    "gdt_ts": 0.01,
    "gdt_ha": 0.01,
    "gdc_sc": 0.01,
    "rmsd_ca": 0.1,
    "rmsd_backbone": 0.1,
    "rmsd_all": 0.1,
}
"""Differences that count as a tie, in the unit of the score; `DEFAULT_TIE_WIDTH` for all others."""
DEFAULT_TIE_WIDTH = 0.005


@dataclass(frozen=True)
class Summary:
    """Mean of one figure over clusters, with its uncertainty."""

    mean: float
    """Mean over clusters of the means within them; NaN without any value."""
    low: float
    """2.5 % point of the bootstrap."""
    high: float
    """97.5 % point of the bootstrap."""
    chains: int
    """Chains that have the figure."""
    clusters: int
    """Clusters that have it."""


def cluster_mean(
    values: Sequence[float], clusters: Sequence[str], *, seed: int = 0, draws: int = 2000
) -> Summary:
    """Average a figure so that every cluster counts once, and resample clusters for its 95 % interval.

    Args:
        values: one for each chain; NaN ones are left out.
        clusters: the chains' clusters.
        seed: of the resampling.
        draws: resampled sets of clusters.
    """
    means, count = _means_of_clusters(values, clusters)
    if not len(means):
        return Summary(float("nan"), float("nan"), float("nan"), 0, 0)
    drawn = np.random.default_rng(seed).integers(len(means), size=(draws, len(means)))
    low, high = np.quantile(means[drawn].mean(1), [0.025, 0.975])
    return Summary(float(means.mean()), float(low), float(high), count, len(means))


def _means_of_clusters(values: Sequence[float], clusters: Sequence[str]) -> tuple[NDArray[np.float64], int]:
    """The mean of each cluster that has a value, in order of first appearance, and the number of values."""
    members: dict[str, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        if not np.isnan(value):
            members.setdefault(cluster, []).append(value)
    means = np.array([np.mean(group) for group in members.values()], np.float64)
    return means, sum(map(len, members.values()))


@dataclass(frozen=True)
class Comparison:
    """Two methods on the targets that both were scored on."""

    score: str
    """Name of the score."""
    targets: int
    """Targets compared."""
    wins: int
    """Targets on which the first is better by more than the tie width."""
    ties: int
    """Targets that differ by no more than it."""
    losses: int
    """Targets on which the second is better by more."""
    tie_width: float
    """In the unit of the score."""
    first: Summary
    """Mean of the first method."""
    second: Summary
    """Mean of the second method."""
    difference: Summary
    """Mean of first minus second."""
    median_difference: float
    """Median of first minus second over clusters."""
    wilcoxon_p: float
    """Two-sided p of the signed-rank test on the differences of clusters; NaN without a difference."""


def compare(
    score: str,
    first: Mapping[str, float],
    second: Mapping[str, float],
    *,
    clusters: Mapping[str, str] | None = None,
    lower_is_better: bool = False,
    tie_width: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare two methods target by target.

    Args:
        score: name of the score.
        first: value of each target; NaN ones and targets of one method only are left out.
        second: the same of the other method.
        clusters: cluster of each target; each target is its own where absent.
        lower_is_better: whether small values win.
        tie_width: largest difference that is a tie; by default as `TIE_WIDTHS` says.
        seed: of the resampling.

    Returns:
        Counts over targets; means, intervals and the test over clusters. The signed-rank test leaves out
        differences of exactly 0 and is exact for up to 50 clusters without equal absolute differences.

    Raises:
        SettingsError: no target in common, or a negative tie width.

    Source: Wilcoxon, Biometrics Bulletin 1:80 (1945).
    """
    from scipy.stats import wilcoxon

    width = TIE_WIDTHS.get(score, DEFAULT_TIE_WIDTH) if tie_width is None else tie_width
    if width < 0:
        raise SettingsError(f"the tie width is a number of at least 0: {width}")
    names = [name for name in first if name in second and np.isfinite(first[name] - second[name])]
    if not names:
        raise SettingsError(f"the two methods have no target with {score} in common")
    groups = [(clusters or {}).get(name, name) for name in names]
    one, two = [first[name] for name in names], [second[name] for name in names]
    differences = np.array(one) - np.array(two)
    better = -differences if lower_is_better else differences
    is_tie = np.abs(better) <= width * (1 + 1e-9)  # a difference of just the width, whatever its rounding
    by_cluster, _ = _means_of_clusters(differences.tolist(), groups)
    p = float(wilcoxon(by_cluster, zero_method="wilcox").pvalue) if by_cluster.any() else float("nan")
    return Comparison(
        score=score,
        targets=len(names),
        wins=int((~is_tie & (better > 0)).sum()),
        ties=int(is_tie.sum()),
        losses=int((~is_tie & (better < 0)).sum()),
        tie_width=width,
        first=cluster_mean(one, groups, seed=seed),
        second=cluster_mean(two, groups, seed=seed),
        difference=cluster_mean(differences.tolist(), groups, seed=seed),
        median_difference=float(np.median(by_cluster)),
        wilcoxon_p=p,
    )

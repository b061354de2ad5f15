"""How good estimates of model accuracy are: scores of whole models, and errors of their residues.

Of the models of one target, estimated scores are compared with true ones (GDT_TS, lDDT, TM-score, 0 to 1):

- correlations of Pearson, Spearman (ranks, equal values share their mean rank) and Kendall (tau-b);
- loss: the best true score minus that of the model ranked first, among the models that were estimated; the
  mean over the models that share the first place;
- ROC AUC of telling good models from the others, once by a fixed threshold of the true score and once with
  the best quarter of the models as the good ones (at or above the 75 % quantile, linear between values).

Of the residues of one model, estimated errors are compared with the true distances of Cα atoms, both in Å:

- ASE, 100 (1 - mean |S(estimate) - S(distance)|) with S(d) = 1 / (1 + (d / 5 Å)²); kept as a fraction;
- ROC AUC of telling residues within 3.8 Å from the others by their estimated error;
- unreliable local regions: at least three residues in a row beyond 3.8 Å, two of them joined where a single
  residue stands between. A region is found where the estimate has one whose two ends are each at most two
  residues off; precision is over estimated regions, recall over true ones.

Sources: Kryshtafovych et al., Proteins 82 S2:112 (2014) for correlations, loss, AUC and S; Kryshtafovych et
al., Proteins 86 S1:345 (2018) for ASE; Won et al., Proteins 87:1351 (2019) and Kwon et al., Proteins 89:1940
(2021) for the regions, which are told there in words only: the above is our reading. Best quarter: Studer et
al., Proteins 91:1903 (2023).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

from sciml.errors import InputError
from sciml.structure.scores.confidence import correlation

Array = NDArray[np.float64]
Region = tuple[int, int]
"""First residue and one past the last, from 0."""

HALF_ANGSTROM = 5.0
"""Distance of which S is a half."""
RELIABLE_ANGSTROM = 3.8
"""Residues within it count as modelled accurately."""
SHORTEST_REGION = 3
"""Residues of the smallest unreliable region."""
END_TOLERANCE = 2
"""Residues that an end of an estimated region may be off."""
_BEST_SHARE = 0.75


@dataclass(frozen=True)
class GlobalAgreement:
    """Estimated against true scores of the models of one target; NaN where a figure has no meaning."""

    models: int
    """That have both."""
    pearson: float
    """NaN where either is constant, as the next two."""
    spearman: float
    """Between ranks."""
    kendall: float
    """tau-b."""
    difference: float
    """Mean absolute difference."""
    loss: float
    """True score that the choice of the best costs."""
    auc: float
    """Of good models, by the threshold; NaN where all are good or none is."""
    auc_quarter: float
    """Of the best quarter; NaN where all models are equal."""


@dataclass(frozen=True)
class LocalAgreement:
    """Estimated errors against true distances of the residues of one model; NaN as above."""

    residues: int
    """That have both."""
    ase: float
    """0-1, 1 for perfect."""
    auc: float
    """NaN where all residues are within 3.8 Å, or none is."""
    pearson: float
    """Of S of the two."""
    regions: int
    """Unreliable regions that there are."""
    estimated_regions: int
    """Those of the estimate."""
    region_precision: float
    """Share of the estimated that are there; NaN without any."""
    region_recall: float
    """Share of those there that were found; NaN without any."""
    region_f1: float
    """Harmonic mean of the two; 0 where only one side has regions, NaN where neither has."""


def global_agreement(predicted: NDArray, true: NDArray, good: float) -> GlobalAgreement:
    """Compare the estimated scores of models with their true ones.

    Args:
        predicted: (model,), any scale; NaN ones are left out.
        true: (model,), 0-1; NaN ones are left out.
        good: models of at least that true score are good.

    Raises:
        InputError: lengths differ.
    """
    predicted, true = _pairs(predicted, true, "scores")
    if not len(true):
        nan = math.nan
        return GlobalAgreement(0, nan, nan, nan, nan, nan, nan, nan)
    is_constant = np.ptp(predicted) == 0 or np.ptp(true) == 0
    first = true[predicted == predicted.max()]
    best = true >= np.quantile(true, _BEST_SHARE)
    return GlobalAgreement(
        models=len(true),
        pearson=correlation(predicted, true),
        spearman=correlation(rankdata(predicted), rankdata(true)),
        kendall=math.nan if is_constant else float(kendalltau(predicted, true).statistic),
        difference=float(np.abs(predicted - true).mean()),
        loss=float(true.max() - first.mean()),
        auc=roc_auc(predicted, true >= good),
        auc_quarter=roc_auc(predicted, best),
    )


def local_agreement(errors: NDArray, distances: NDArray) -> LocalAgreement:
    """Compare the estimated errors of residues with their distances to the target.

    Args:
        errors: (res,), Å, in the order of the chain; NaN where there is no estimate.
        distances: (res,), Å, of the same residues; NaN where the model or the target has no Cα.

    Returns:
        Figures over the residues that have both; a residue without either ends an unreliable region.

    Raises:
        InputError: lengths differ, or a value is negative.
    """
    errors, distances = np.asarray(errors, np.float64), np.asarray(distances, np.float64)
    predicted, true = _pairs(errors, distances, "errors of residues")
    if len(true) and min(predicted.min(), true.min()) < 0:
        raise InputError("errors of residues are distances of at least 0 Å")
    known = np.isfinite(errors) & np.isfinite(distances)
    found = unreliable_regions(np.where(known, errors, np.nan))
    there = unreliable_regions(np.where(known, distances, np.nan))
    precision, recall = _share_met(found, there), _share_met(there, found)
    closeness, truth = closeness_of(predicted), closeness_of(true)
    return LocalAgreement(
        residues=len(true),
        ase=float(1 - np.abs(closeness - truth).mean()) if len(true) else math.nan,
        auc=roc_auc(-predicted, true <= RELIABLE_ANGSTROM),
        pearson=correlation(closeness, truth),
        regions=len(there),
        estimated_regions=len(found),
        region_precision=precision,
        region_recall=recall,
        region_f1=_harmonic_mean(precision, recall),
    )


def closeness_of(distance: NDArray) -> Array:
    """CASP's S-function, 1 / (1 + (d / 5 Å)²), of distances in Å."""
    return 1 / (1 + (np.asarray(distance, np.float64) / HALF_ANGSTROM) ** 2)


def roc_auc(values: NDArray, is_positive: NDArray) -> float:
    """Chance that a positive case has a larger value than a negative one, equal values counting half.

    Args:
        values: (case,), finite.
        is_positive: (case,), booleans.

    Returns:
        0-1; NaN without a positive or without a negative case.

    Source: Hanley & McNeil, Radiology 143:29 (1982): the area under the ROC curve is the statistic of Mann
    and Whitney over the number of pairs.
    """
    positive = np.asarray(is_positive, bool)
    count = int(positive.sum())
    pairs = count * (len(positive) - count)
    if not pairs:
        return math.nan
    return float((rankdata(values)[positive].sum() - count * (count + 1) / 2) / pairs)


def unreliable_regions(distances: NDArray) -> list[Region]:
    """Stretches of at least three residues beyond 3.8 Å, joined across a single residue.

    Args:
        distances: (res,), Å, in the order of the chain; NaN is within no region.
    """
    beyond = np.asarray(distances, np.float64) > RELIABLE_ANGSTROM  # False for NaN
    changes = np.flatnonzero(np.diff(np.concatenate([[0], beyond.astype(np.int8), [0]])))
    runs = [(int(start), int(stop)) for start, stop in changes.reshape(-1, 2)]
    joined: list[Region] = []
    for start, stop in runs:
        if stop - start < SHORTEST_REGION:
            continue
        if joined and start - joined[-1][1] == 1:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined


def _share_met(regions: list[Region], others: list[Region]) -> float:
    """Share of the regions that have one of the others at the same place; NaN without a region."""
    if not regions:
        return math.nan
    met = [
        any(max(abs(start - first), abs(stop - last)) <= END_TOLERANCE for first, last in others)
        for start, stop in regions
    ]
    return sum(met) / len(met)


def _harmonic_mean(precision: float, recall: float) -> float:
    """0 where one of them is NaN or both are 0, NaN where both are NaN."""
    if math.isnan(precision) and math.isnan(recall):
        return math.nan
    if not precision > 0 or not recall > 0:
        return 0.0
    return 2 * precision * recall / (precision + recall)


def _pairs(predicted: NDArray, true: NDArray, what: str) -> tuple[Array, Array]:
    """The values that both have."""
    predicted, true = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    if predicted.shape != true.shape or predicted.ndim != 1:
        raise InputError(f"{what} come in pairs: {predicted.shape} and {true.shape} given")
    known = np.isfinite(predicted) & np.isfinite(true)
    return predicted[known], true[known]

"""GDT_TS, GDT_HA, MaxSub and TM-score of models whose residues are matched to the target's.

Each score is the largest over rigid motions, searched as the TM-score program does (`fragment_search.py`):
its numbers, not those of LGA, whose other search finds GDT up to a point higher. All are divided by the
target's residues, so what a model lacks counts as zero, as in CASP.

Source: Zhang & Skolnick, Proteins 57:702 (2004) for TM-score and the search; Zemla, Nucleic Acids Res.
31:3370 (2003) for GDT_TS; Kopp et al., Proteins 69 S8:38 (2007) for GDT_HA; Siew et al., Bioinformatics
16:776 (2000) for MaxSub.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.structure.scores.fragment_search import count_true, visit_superpositions
from sciml.structure.scores.superposition import Array, superposed_rmsd, transformed

GDT_CUTOFFS_ANGSTROM = (0.5, 1.0, 2.0, 4.0, 8.0)
MAXSUB_ANGSTROM = 3.5
_SEARCH_RANGE_ANGSTROM = (4.5, 8.0)
_FEWEST_FOR_RMSD = 3


@dataclass(frozen=True)
class SuperpositionScores:
    """Scores of the models of one target, fractions from 0 to 1; 0 for a model without a matched residue."""

    rmsd_ca: Array
    """(model,), Å, over all matched residues, superposed on all of them; NaN with fewer than three."""
    tm_score: Array
    """(model,)."""
    gdt_ts: Array
    """(model,), mean of the fractions within 1, 2, 4 and 8 Å."""
    gdt_ha: Array
    """(model,), mean of the fractions within 0.5, 1, 2 and 4 Å."""
    maxsub: Array
    """(model,), Σ 1 / (1 + (d / 3.5 Å)²) over the residues within 3.5 Å."""
    gdt: Array
    """(model, cut-off), largest fraction within each of `GDT_CUTOFFS_ANGSTROM`, each in its own
    superposition."""
    rotation: Array
    """(model, 3, 3), of the superposition with the best TM-score; the identity without a matched residue."""
    translation: Array
    """(model, 3), Å: `model @ rotation.T + translation` lies on the target."""
    matched: NDArray[np.int64]
    """(model,), residues that were compared."""


def tm_d0(residues: int) -> float:
    """Distance in Å that counts half, for a target of that many residues; at least 0.5 Å."""
    return max(0.5, 1.24 * (residues - 15) ** (1 / 3) - 1.8) if residues > 15 else 0.5


def search_distance(d0: float) -> float:
    """Å, d0 kept within 4.5 and 8: what the search pulls in."""
    return float(np.clip(d0, *_SEARCH_RANGE_ANGSTROM))


def superposition_scores(
    models: Array, masks: Array | NDArray[np.bool_], target: Array, *, target_residues: int | None = None
) -> SuperpositionScores:
    """Scores of several models of one target.

    Args:
        models: (model, res, 3), Cα in Å; anything where the mask is 0.
        masks: (model, res), above 0.5 where the residue is known in the model and in the target.
        target: (res, 3), Cα in Å; anything where no mask is set.
        target_residues: what the scores are divided by and d0 is made from; `res` where absent.

    Raises:
        ValueError: shapes differ, a matched coordinate is not finite, or more residues are matched than
            the target has.
    """
    models, target = np.asarray(models, np.float64), np.asarray(target, np.float64)
    known = np.asarray(masks, np.float64) > 0.5
    residues = len(target) if target_residues is None else target_residues
    if models.ndim != 3 or models.shape[1:] != target.shape or known.shape != models.shape[:2]:
        shapes = f"models {models.shape}, masks {known.shape}, target {target.shape}"
        raise ValueError(f"models are (model, res, 3), masks (model, res), target (res, 3): {shapes}")
    if residues < max(1, int(known.sum(1).max(initial=0))):
        raise ValueError(f"target_residues must be at least the number of matched residues: {residues}")
    pairs = [(model[mask], target[mask]) for model, mask in zip(models, known, strict=True)]
    found = [_searched(model, native, residues) for model, native in pairs]
    count = len(found)
    gdt = np.array([best.within for best in found], np.float64).reshape(count, -1) / residues
    return SuperpositionScores(
        rmsd_ca=np.array([_rmsd(model, native) for model, native in pairs]),
        tm_score=np.array([best.closeness for best in found]) / residues,
        gdt_ts=gdt[:, 1:].mean(1),
        gdt_ha=gdt[:, :-1].mean(1),
        maxsub=np.array([best.maxsub for best in found]) / residues,
        gdt=gdt,
        rotation=np.array([best.rotation for best in found]).reshape(count, 3, 3),
        translation=np.array([best.translation for best in found]).reshape(count, 3),
        matched=known.sum(1),
    )


def tm_score(predicted: Array, target: Array, target_residues: int | None = None) -> float:
    """TM-score of one prediction whose residues are matched to the target's by their number.

    Args:
        predicted: (res, 3), Cα in Å.
        target: (res, 3), the same residues.
        target_residues: length that the score is normalised by; the number of matched residues where absent.

    Returns:
        A number in (0, 1], from the search of `superposition_scores`.

    Raises:
        ValueError: shapes differ, or fewer than three residues.
    """
    if predicted.shape != target.shape or predicted.ndim != 2 or len(predicted) < 3:
        raise ValueError(
            "tm_score compares at least three matched residues: "
            f"predicted {predicted.shape}, target {target.shape}"
        )
    mask = np.ones((1, len(target)))
    scores = superposition_scores(predicted[None], mask, target, target_residues=target_residues)
    return float(scores.tm_score[0])


class _Best:
    """The best of each score over the superpositions shown to it."""

    def __init__(self, d0: float) -> None:
        self.scale = d0**-2
        self.closeness = self.maxsub = 0.0
        self.within = np.zeros(len(GDT_CUTOFFS_ANGSTROM), np.int64)
        self.rotation, self.translation = np.eye(3), np.zeros(3)

    def observe(self, squared: Array, rotation: Array, translation: Array) -> None:
        """An `Observer` of the fragment search."""
        for index, cutoff in enumerate(GDT_CUTOFFS_ANGSTROM):
            self.within[index] = max(self.within[index], count_true(squared <= cutoff * cutoff).max())
        closeness = (1 / (1 + squared * self.scale)).sum(1)
        best = closeness.argmax()
        if closeness[best] > self.closeness:
            self.closeness = float(closeness[best])
            self.rotation, self.translation = rotation[best].copy(), translation[best].copy()
        near = squared < MAXSUB_ANGSTROM**2
        maxsub = np.where(near, 1 / (1 + squared * MAXSUB_ANGSTROM**-2), 0).sum(1)
        self.maxsub = max(self.maxsub, float(maxsub.max()))


def _searched(model: Array, target: Array, residues: int) -> _Best:
    d0 = tm_d0(residues)
    best = _Best(d0)
    if not (np.isfinite(model).all() and np.isfinite(target).all()):
        raise ValueError("a matched Cα has a coordinate that is not finite: mask it out")
    if len(model):
        visit_superpositions(model, target, search_distance(d0), best.observe)
        # Once more from differences of positions: the search's distances lose digits far from the centre.
        deviation = transformed(model, best.rotation, best.translation) - target
        best.closeness = float((1 / (1 + (deviation**2).sum(1) * best.scale)).sum())
    return best


def _rmsd(model: Array, target: Array) -> float:
    return float(superposed_rmsd(model, target)) if len(model) >= _FEWEST_FOR_RMSD else float("nan")

"""The figures by which estimates of model accuracy (CASP's QA files) are judged, as `catalogue.py` has those
of models; their definitions are in `scores/accuracy_estimates.py`.
"""

from collections.abc import Mapping
from dataclasses import replace

from sciml.structure.evaluate.catalogue import SCORES, Score

GOOD_MODELS: Mapping[str, float] = {"gdt_ts": 0.5, "lddt": 0.6, "tm_score": 0.5}
"""True scores that estimates are compared with, and from which value on a model counts as good.

GDT_TS 50: Kryshtafovych et al., Proteins 82 S2:112 (2014). TM 0.5: one fold, Xu & Zhang, Bioinformatics
26:889 (2010). lDDT 0.6: CAMEO's limit for residues, Haas et al., Proteins 86 S1:387 (2018), here of models.
"""

_CASP10 = "Kryshtafovych et al., Proteins 82 S2:112 (2014)"
_CASP12 = "Kryshtafovych et al., Proteins 86 S1:345 (2018)"
_CASP13 = "after Won et al., Proteins 87:1351 (2019)"
_CASP15 = "Studer et al., Proteins 91:1903 (2023)"
_GOOD_SOURCES = {
    "gdt_ts": _CASP10,
    "lddt": "limit of Haas et al., Proteins 86 S1:387 (2018)",
    "tm_score": "limit of Xu & Zhang, Bioinformatics 26:889 (2010)",
}


def _entry(
    name: str,
    title: str,
    definition: str,
    source: str,
    *,
    better: bool = True,
    in_short: bool = True,
    like: Score | None = None,
) -> Score:
    """A figure; `like` is the score in whose unit it is shown."""
    entry = Score(name, title, "estimates", definition, source, better, "", 1.0, 3, False, in_short)
    return entry if like is None else replace(entry, unit=like.unit, factor=like.factor, digits=like.digits)


def _against(truth: str, good: float) -> tuple[Score, ...]:
    """Figures of estimated against true scores of one kind."""
    score = SCORES[truth]
    title, limit, is_first = score.title, f"{good * score.factor:g}", truth == "gdt_ts"
    pearson = f"correlation over models of the estimated score with the true {title}"
    loss = f"{title} of the best of the estimated models minus that of the model estimated best"
    auc = f"area under the ROC curve of telling models of {title} {limit} and more from the others"
    return (
        _entry(f"pearson_{truth}", f"r {title}", pearson, _CASP10),
        _entry(f"spearman_{truth}", f"ρ {title}", "the same between ranks", _CASP10, in_short=is_first),
        _entry(f"kendall_{truth}", f"τ {title}", "Kendall's tau-b of the two", _CASP10, in_short=False),
        _entry(
            f"difference_{truth}",
            f"difference {title}",
            "mean absolute difference of the two",
            _CASP10,
            better=False,
            in_short=False,
            like=score,
        ),
        _entry(f"loss_{truth}", f"loss {title}", loss, _CASP10, better=False, like=score),
        _entry(f"auc_{truth}", f"AUC {title}", auc, _GOOD_SOURCES[truth], in_short=False),
        _entry(
            f"auc_quarter_{truth}",
            f"AUC¼ {title}",
            "the same of the best quarter of the models",
            _CASP15,
            in_short=is_first,
        ),
    )


_ASE = (
    "1 minus the mean difference of S(estimated error) and S(true distance of Cα), S = 1 / (1 + (d / 5 Å)²), "
    "in the superposition with the most Cα within 4 Å; mean of models"
)
_AUC = (
    "area under the ROC curve of telling residues within 3.8 Å of the target from the others by their "
    "estimated error; mean of models"
)
_REGIONS = (
    "harmonic mean of precision and recall of unreliable regions (three residues and more in a row beyond "
    "3.8 Å; found where both ends are at most two residues off); mean of models"
)
_PERCENT = SCORES["gdt_ts"]
_LOCAL = (
    _entry("ase", "ASE", _ASE, _CASP12, like=_PERCENT),
    _entry("auc_residues", "AUC 3.8 Å", _AUC, _CASP10),
    _entry("pearson_residues", "r residues", "correlation of S of the two", _CASP10, in_short=False),
    _entry("region_f1", "ULR F1", _REGIONS, _CASP13),
    _entry("region_precision", "ULR P", "share of the estimated regions there", _CASP13, in_short=False),
    _entry(
        "region_recall", "ULR R", "share of the regions there that are estimated", _CASP13, in_short=False
    ),
)

ESTIMATE_SCORES: Mapping[str, Score] = {
    entry.name: entry
    for entry in (
        *(one for truth, threshold in GOOD_MODELS.items() for one in _against(truth, threshold)),
        *_LOCAL,
    )
}
"""Every figure by its name, in the order of the columns."""

LOCAL_SCORES: tuple[str, ...] = tuple(entry.name for entry in _LOCAL)
"""Those that single models have too."""

"""Judges QA files: estimates of the accuracy of a target's models against what the models are worth.

- A model is found by its name: that of its file, with or without ending, or of CASP (`T0999TS001_1`, from the
  file's group and number); `T0999TS_2`, without a group, is model 2 of the file's own group or folder. Models
  that are not there or could not be scored are rows of their own; a file of which none is there has failed.
- Estimated scores are compared with GDT_TS, lDDT and TM-score of the whole target, as far as these were
  computed. A model whose score is X is left out and counted.
- Errors of residues are by their place in the target's sequence, which is the residue's number in the model's
  file. They are compared with the distances of Cα after the superposition with the most Cα within 4 Å (as
  LGA's, by the search of `scores/gdc.py`). Residues given as X and those without Cα are left out and counted.

Source: `scores/accuracy_estimates.py` names those of the figures.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sciml.data.casp_qa import QualityEstimate, QualityEstimates, read_qa
from sciml.errors import InputError
from sciml.structure.evaluate.estimate_catalogue import GOOD_MODELS, LOCAL_SCORES
from sciml.structure.evaluate.estimate_records import EstimatedModel, EstimateScores
from sciml.structure.evaluate.identifiers import stem
from sciml.structure.evaluate.plan import ModelFile
from sciml.structure.evaluate.records import ModelDetails, ModelScores, TargetResult
from sciml.structure.scores.accuracy_estimates import global_agreement, local_agreement
from sciml.structure.scores.gdc import superposition_of_most
from sciml.structure.scores.superposition import transformed

Array = NDArray[np.float64]
_SHOWN = 5
_WITHOUT_GROUP = re.compile(r"(?P<target>.+?)[_.-]?TS_(?P<model>\d{1,2})", re.IGNORECASE)


def score_estimates(
    files: Sequence[ModelFile], result: TargetResult, references: int = 1
) -> tuple[EstimateScores, ...]:
    """Judge all QA files of a target.

    Args:
        files: of the target; what cannot be read has failed.
        result: of the target's models on the whole target, with their details.
        references: native models that the scores in `result` chose from; its details are of the first.
    """
    found: list[EstimateScores] = []
    for file in files:
        try:
            read = read_qa(file.path)
        except InputError as error:
            number = file.number or 1
            found.append(EstimateScores(result.target, file.group, number, file.path, "failed", str(error)))
        else:
            judged = judge_estimates(read, result, group=file.group, file=file.path)
            notes = (*judged.notes, *_references(judged, result, references))
            found.append(replace(judged, notes=notes))
    return tuple(found)


def _references(judged: EstimateScores, result: TargetResult, references: int) -> list[str]:
    """What the estimates were compared with, where that is not plain."""
    if judged.status == "failed":
        return []
    notes = []
    if result.domains:
        notes.append("judged on the whole target, as CASP does; its domains are not judged")
    if references > 1 and judged.mode == 2:
        notes.append(
            f"scores are those against the one of {references} native models that each model fits best, "
            "errors of residues are compared with distances from the first"
        )
    return notes


def judge_estimates(
    estimates: QualityEstimates, result: TargetResult, *, group: str = "", file: str = ""
) -> EstimateScores:
    """Judge one QA file.

    Args:
        estimates: what it says.
        result: of the models.
        group: who estimated.
        file: where it was read from.
    """
    candidates = [record for record in result.records if not record.domain]
    named = _named(candidates, result.target, group, file)
    details = {(one.group, one.model): one for one in result.details}
    models, records = [], []
    for estimate in estimates.estimates:
        record = _found(estimate.model, named)
        if record is not None:
            records.append(record)
        models.append(_model(estimate, record, details, result))
    judged = EstimateScores(
        target=result.target,
        group=group,
        number=estimates.model_number,
        file=file,
        mode=estimates.mode,
        models=tuple(models),
        not_estimated=tuple(
            f"{one.group} {one.model}" for one in candidates if one.status == "done" and one not in records
        ),
    )
    if not any(one.status == "done" for one in models):
        reason = f"no model that it estimates ({len(models)}) is there and scored: {_shown(models)}"
        return replace(judged, status="failed", reason=reason)
    return replace(judged, values=_figures(models), notes=tuple(_notes(models)))


def _named(
    records: Iterable[ModelScores], target: str, own_group: str, own_file: str
) -> dict[str, list[ModelScores]]:
    """Models by all names that they may be called, in small letters; a structure comes before a list of
    contacts of the same name."""
    named: dict[str, list[ModelScores]] = {}
    folder = own_file.replace("\\", "/").rpartition("/")[0]
    for record in records:
        base = record.file.replace("\\", "/")
        name = base.rpartition("/")[2]
        called = {name, stem(name), f"{target}{record.group}_{record.model}"}
        called.add(f"{target}_{record.group}_{record.model}")
        if record.group == own_group or base.rpartition("/")[0] == folder:
            called.add(f"{target}TS_{record.model}")
        for one in called:
            named.setdefault(one.casefold(), []).append(record)
    return named


def _found(name: str, named: Mapping[str, list[ModelScores]]) -> ModelScores | None:
    """The model of a name; None if there is none, or if several are called so."""
    base = name.replace("\\", "/").rpartition("/")[2]
    for one in (base, stem(base)):
        found = named.get(one.casefold(), [])
        if len(found) == 1:
            return found[0]
    without = _WITHOUT_GROUP.fullmatch(stem(base))
    if without:
        found = named.get(f"{without['target']}TS_{without['model']}".casefold(), [])
        if len(found) == 1:
            return found[0]
    return None


def _model(
    estimate: QualityEstimate,
    record: ModelScores | None,
    details: Mapping[tuple[str, int], ModelDetails],
    result: TargetResult,
) -> EstimatedModel:
    """One line of the file."""
    if record is None:
        return EstimatedModel(estimate.model, "missing", "there is no model of this name")
    known = EstimatedModel(estimate.model, "done", group=record.group, model=record.model)
    if record.status == "failed":
        return replace(known, status="failed", reason=record.reason)
    values = {truth: record.values[truth] for truth in GOOD_MODELS if truth in record.values}
    if not values:
        return replace(known, status="failed", reason="it has no GDT_TS, lDDT or TM-score")
    if not math.isnan(estimate.score):
        values = {"estimate": estimate.score, **values}
    detail = details.get((record.group, record.model))
    if not estimate.errors or detail is None or detail.ca is None or detail.numbers is None:
        return replace(known, values=values)
    errors = _laid(estimate.errors, np.asarray(detail.numbers, np.float64))
    distances = residue_distances(np.asarray(detail.ca, np.float64), np.asarray(result.ca, np.float64))
    in_order = _places(result.numbers)
    found = local_agreement(_spread(errors, in_order), _spread(distances, in_order))
    figures = (found.ase, found.auc, found.pearson, found.region_f1, found.region_precision,
               found.region_recall)  # fmt: skip
    return replace(
        known,
        values={**values, **dict(zip(LOCAL_SCORES, figures, strict=True))},
        residues=found.residues,
        without_estimate=int((np.isnan(errors) & np.isfinite(distances)).sum()),
        without_atom=int((np.isfinite(errors) & np.isnan(distances)).sum()),
    )


def residue_distances(model_ca: Array, target_ca: Array) -> Array:
    """(res,), Å, distances of Cα in the superposition with the most of them within 4 Å.

    Args:
        model_ca: (res, 3), Å; NaN where the model has no Cα.
        target_ca: (res, 3), Å; NaN where the target has none.

    Returns:
        NaN where either has none, and everywhere if none is shared.
    """
    target_known = np.isfinite(target_ca).all(axis=-1)
    known = np.asarray(np.isfinite(model_ca).all(axis=-1) & target_known, bool)
    distances = np.full(len(known), np.nan)
    if known.any():
        motion = superposition_of_most(model_ca[known], target_ca[known], int(target_known.sum()))
        distances[known] = np.linalg.norm(transformed(model_ca[known], *motion) - target_ca[known], axis=-1)
    return distances


def _laid(errors: Sequence[float], numbers: Array) -> Array:
    """Errors, of residue 1 and on, over residues of these numbers; NaN beyond the list."""
    inside = (numbers >= 1) & (numbers <= len(errors))  # False for NaN
    laid = np.full(len(numbers), np.nan)
    laid[inside] = np.asarray(errors, np.float64)[numbers[inside].astype(np.int64) - 1]
    return laid


def _places(numbers: Sequence[int]) -> NDArray[np.int64]:
    """Places along the chain that leave one free for one missing residue, and two for more or a new chain."""
    first = np.asarray(numbers, np.int64)
    steps = np.array([1, *np.subtract(first[1:], first[:-1]).tolist()][: len(first)], np.int64)
    return np.cumsum(np.where((steps < 0) | (steps > 3), 3, np.maximum(steps, 1))) - 1


def _spread(values: Array, places: NDArray[np.int64]) -> Array:
    """Values at their places, NaN between them."""
    spread = np.full(int(places.max(initial=-1)) + 1, np.nan)
    spread[places] = values
    return spread


def _figures(models: Sequence[EstimatedModel]) -> dict[str, float]:
    """Those of the file: agreement over models, means over models of the figures of residues."""
    done = [one for one in models if one.status == "done"]
    predicted = np.array([one.values.get("estimate", np.nan) for one in done])
    figures: dict[str, float] = {}
    for truth, good in GOOD_MODELS.items():
        true = np.array([one.values.get(truth, np.nan) for one in done])
        if np.isnan(true).all():
            continue
        found = global_agreement(predicted, true, good)
        values = (found.pearson, found.spearman, found.kendall, found.difference, found.loss, found.auc,
                  found.auc_quarter)  # fmt: skip
        kinds = ("pearson", "spearman", "kendall", "difference", "loss", "auc", "auc_quarter")
        figures |= {f"{kind}_{truth}": value for kind, value in zip(kinds, values, strict=True)}
    for name in LOCAL_SCORES:
        known = [one.values[name] for one in done if math.isfinite(one.values.get(name, math.nan))]
        if known or any(name in one.values for one in done):
            figures[name] = sum(known) / len(known) if known else math.nan
    return figures


def _notes(models: Sequence[EstimatedModel]) -> list[str]:
    absent = [one for one in models if one.status != "done"]
    notes = []
    if absent:
        notes.append(
            f"{len(absent)} of the {len(models)} models are not there or not scored: {_shown(absent)}"
        )
    beyond = sum(one.without_estimate for one in models)
    if beyond:
        notes.append(f"{beyond} residues are given as X or lie beyond the list: left out")
    without = sum(one.without_atom for one in models)
    if without:
        notes.append(f"{without} residues with an estimate have no Cα in the model or the target: left out")
    return notes


def _shown(models: Sequence[EstimatedModel]) -> str:
    """The first names."""
    return ", ".join(one.name for one in models[:_SHOWN]) + (", …" if len(models) > _SHOWN else "")

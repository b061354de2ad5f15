"""Finds the models of AlphaFold 3 and of its server by their names.

    fold_NAME_model_0.cif                 of the server, numbered by rank from 0; beside it
                                          fold_NAME_full_data_0.json, fold_NAME_summary_confidences_0.json
    NAME_model.cif                        the best of the code, in a folder NAME; beside it
                                          NAME_confidences.json, NAME_summary_confidences.json
    seed-1_sample-0/NAME_seed-1_sample-0_model.cif
                                          each sample, formerly model.cif; beside it likewise

Samples are ranked by `NAME_ranking_scores.csv` (formerly `ranking_scores.csv`), else by `ranking_score` of
their summaries. The best sample is the same model as the one beside the samples, and is taken once.

Source: `docs/output.md` of AlphaFold 3; files of alphafoldserver.com.
"""

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sciml.data.predicted_file import PredictedFile, file_beside
from sciml.data.prediction_evidence import read_json
from sciml.data.textfile import read_lines
from sciml.errors import InputError

_SERVER = re.compile(r"fold_(?P<id>.+)_model_(?P<rank>\d{1,3})")
_SAMPLE = re.compile(r"seed-(?P<seed>\d+)_sample-(?P<sample>\d+)")
_CODE = re.compile(r"(?:(?P<id>.+?)_)?(?:seed-\d+_sample-\d+_)?model")
_NO_SCORE = -math.inf


def describe_alphafold3(path: Path, stem: str, present: frozenset[str]) -> PredictedFile | None:
    """What the name of an mmCIF file says; None if it is no model of AlphaFold 3.

    Args:
        path: the file.
        stem: its name without endings.
        present: names of all files in its folder.
    """
    server = _SERVER.fullmatch(stem)
    if server:
        start, number = f"fold_{server['id']}", server["rank"]
        names = (f"{start}_full_data_{number}.json", f"{start}_summary_confidences_{number}.json")
        return _with_files(path, present, names, server["id"], int(number) + 1)
    code = _CODE.fullmatch(stem)
    if not code:
        return None
    start = stem.removesuffix("model")
    names = (f"{start}confidences.json", f"{start}summary_confidences.json")
    is_sample = _SAMPLE.fullmatch(path.parent.name) is not None
    if not is_sample and file_beside(path, present, *names) is None:
        return None  # any other program's NAME_model.cif
    job = path.resolve().parent.parent if is_sample else path.resolve().parent
    return _with_files(path, present, names, code["id"] or job.name, None if is_sample else 1)


def is_sample_folder(name: str) -> bool:
    """Whether a folder is called as one of AlphaFold 3's samples."""
    return _SAMPLE.fullmatch(name) is not None


def _with_files(
    path: Path, present: frozenset[str], names: Sequence[str], target: str, rank: int | None
) -> PredictedFile:
    scores, summary = (file_beside(path, present, name) for name in names)
    found = zip(names, (scores, summary), ("aligned errors", "pTM"), strict=True)
    notes = tuple(
        f"{name}.zst is not read, unpack it first: no {what}"
        if f"{name}.zst" in present
        else f"{name} is not there: no {what}"
        for name, own, what in found
        if own is None
    )
    return PredictedFile(
        path,
        source="alphafold3",
        target_id=target,
        rank=rank,
        scores_path=scores,
        summary_path=summary,
        notes=notes,
    )


def rank_samples(predictions: Sequence[PredictedFile]) -> list[PredictedFile]:
    """Predictions with the samples of each job ranked, and the best sample left out where it is there twice.

    Args:
        predictions: of all folders.

    Raises:
        InputError: a table of ranking scores that cannot be read.
    """
    jobs: dict[Path, list[PredictedFile]] = {}
    best: dict[Path, PredictedFile] = {}
    for one in predictions:
        if one.source != "alphafold3":
            continue
        if one.rank is None:
            jobs.setdefault(one.path.parent.parent, []).append(one)
        elif one.path.name.endswith(("_model.cif", "_model.cif.gz")):
            best[one.path.parent] = one
    changed: dict[Path, PredictedFile | None] = {}
    for job, samples in jobs.items():
        scores = _ranking_scores(job, samples)
        order = sorted(samples, key=lambda one: -scores[one.path])
        notes = (
            () if max(scores.values()) > _NO_SCORE else ("no ranking score: samples in the order of names",)
        )
        for rank, one in enumerate(order, start=1):
            changed[one.path] = replace(one, rank=rank, notes=(*one.notes, *notes))
        if job in best:
            top = best[job]
            changed[order[0].path] = None
            note = f"taken for {order[0].path.parent.name} too"
            changed[top.path] = replace(top, notes=(*top.notes, note))
    kept = (changed.get(one.path, one) for one in predictions)
    return [one for one in kept if one is not None]


def _ranking_scores(job: Path, samples: Sequence[PredictedFile]) -> dict[Path, float]:
    """By the path of each sample; -inf where there is none."""
    tables = sorted(job.glob("*ranking_scores.csv"))
    by_folder = _read_scores(tables[0]) if tables else {}
    return {one.path: by_folder.get(one.path.parent.name, _own_score(one)) for one in samples}


def _read_scores(path: Path) -> dict[str, float]:
    """Ranking scores by the names of the samples' folders."""
    rows = csv.DictReader(io.StringIO("\n".join(read_lines(path))))
    try:
        return {f"seed-{row['seed']}_sample-{row['sample']}": float(row["ranking_score"]) for row in rows}
    except (KeyError, TypeError, ValueError) as error:
        rule = f"ranking scores have columns seed, sample, ranking_score: {error}"
        raise InputError(rule, file=str(path)) from None


def _own_score(one: PredictedFile) -> float:
    """What the sample's own summary says."""
    if one.summary_path is None:
        return _NO_SCORE
    try:
        value = read_json(one.summary_path).get("ranking_score")
    except InputError:  # it is reported when the sample is scored
        return _NO_SCORE
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if is_number and value is not None else _NO_SCORE

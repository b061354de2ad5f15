"""One unit of work of an evaluation: a target and the files of its models, from paths to scores.

Everything in a task is plain data, so that it can be sent to another process or machine, and its digest is
that of the files' contents and of the settings: equal digests, equal scores.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from sciml.errors import InputError, ScimlError
from sciml.runs.cache import content_key
from sciml.structure.evaluate.estimates import score_estimates
from sciml.structure.evaluate.loading import load_models
from sciml.structure.evaluate.model_evidence import BFactors
from sciml.structure.evaluate.natives import read_natives, usable_domains
from sciml.structure.evaluate.plan import Domains, ModelFile
from sciml.structure.evaluate.records import ModelScores, TargetResult
from sciml.structure.evaluate.scoring import ScoreSettings, score_target

_SCORES_VERSION = 7  # raised whenever a definition changes, so that kept scores are computed again
_FIT = ("gdt_ts", "tm_score", "lddt_ca")  # which of several references fits best: the first, then the others


@dataclass(frozen=True)
class TargetTask:
    """A target and its models."""

    name: str
    """Of the target."""
    file: str
    """Of the native structure."""
    models: tuple[ModelFile, ...]
    """Files of models."""
    domains: Domains = ()
    """Of the target."""
    native_model: str = "1"
    """Which model of the native file is the reference: a place from 1, or `best` for the one that each
    prediction fits best (by GDT_TS)."""
    b_factors: BFactors = "auto"
    """Whether B-factors of models are pLDDT."""
    settings: ScoreSettings = field(default_factory=ScoreSettings)
    """What is computed."""
    estimates: tuple[ModelFile, ...] = ()
    """Files that estimate the accuracy of these models."""
    notes: tuple[str, ...] = ()
    """What finding the native structure chose."""

    def digest(self) -> str:
        """Of everything that decides the scores.

        Raises:
            InputError: a file cannot be read.
        """
        files = (*self.models, *self.estimates)
        content = {path: _file_digest(path) for path in {path for one in files for path in one.files}}
        return content_key(
            {
                "version": _SCORES_VERSION,
                "name": self.name,
                "native": _file_digest(self.file),
                "notes": list(self.notes),
                "native_model": self.native_model,
                "b_factors": self.b_factors,
                "models": [_identity(model, content) for model in self.models],
                "estimates": [_identity(file, content) for file in self.estimates],
                "domains": [[name, ranges, list(numbers)] for name, ranges, numbers in self.domains],
                "settings": asdict(self.settings),
            }
        )


def _identity(model: ModelFile, content: Mapping[str, str]) -> list[Any]:
    """Everything about a file that decides scores; `content` has the digest of each path."""
    return [
        *(model.path, model.group, model.number, list(model.notes)),
        [asdict(section) for section in model.sections],
        [content[file] for file in model.files],
    ]


def _file_digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=path) from error


def run_task(task: TargetTask) -> TargetResult:
    """Read the target and its models and score them.

    Returns:
        Scores; models that could not be read or matched are failed records.

    Raises:
        ScimlError: the target cannot be used.
    """
    natives = read_natives(task.file, task.native_model, task.name)
    models = load_models(task.models, task.b_factors)
    usable, refused = usable_domains(task.domains, natives.atoms)
    domains = {name: frozenset(numbers) for name, _, numbers in usable}
    ranges = {name: text for name, text, _ in usable}
    results = [
        score_target(task.name, native, models, domains=domains, ranges=ranges, settings=task.settings)
        for native in natives.atoms
    ]
    result = results[0] if len(results) == 1 else _best_of(results)
    notes = (*task.notes, *natives.notes)
    estimates = score_estimates(task.estimates, result, len(results))
    return replace(result, notes=notes, refused=refused, estimates=estimates)


def _best_of(results: Sequence[TargetResult]) -> TargetResult:
    """For each record the scores against the reference that the model fits best; pictures show the first.

    Best is the highest GDT_TS; equal ones are told apart by TM-score, then by lDDT of Cα.
    """
    records = []
    for rivals in zip(*(result.records for result in results), strict=True):
        values = np.array([[one.values.get(name, np.nan) for name in _FIT] for one in rivals])
        if np.isnan(values).all():
            records.append(rivals[0])
            continue
        best = max(range(len(rivals)), key=lambda place: tuple(np.nan_to_num(values[place], nan=-1.0)))
        note = f"scored against model {best + 1} of the target's {len(results)}, which it fits best"
        records.append(replace(rivals[best], notes=(*rivals[best].notes, note)))
    return replace(results[0], records=tuple(records))


def failed_result(task: TargetTask, error: ScimlError) -> TargetResult:
    """The result of a target that could not be used: every model failed for its reason."""
    units = ("", *(name for name, _, _ in task.domains))
    records = tuple(
        ModelScores(task.name, unit, model.group, model.number or 1, model.path, "failed", str(error))
        for unit in units
        for model in task.models
    )
    ranges = tuple((name, text) for name, text, _ in task.domains)
    result = TargetResult(task.name, "", (), np.zeros((0, 3)), ranges, records, reason=str(error))
    return replace(result, estimates=score_estimates(task.estimates, result))

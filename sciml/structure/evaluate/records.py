"""What scoring a target gives: a record for each model and unit, and arrays for pictures, in two files.

NAME.scores.json    records and the target's residues
NAME.details.npz    Cα positions, residue numbers, per-residue lDDT and pLDDT (float32, no pickle)
"""

import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.runs.files import atomic_write_bytes, atomic_write_text
from sciml.runs.folder import format_json
from sciml.structure.evaluate.estimate_records import EstimateScores
from sciml.structure.evaluate.figure_values import figure_to_json, figures_from_json, figures_to_json

Array = NDArray[np.floating]
_ARRAYS = ("ca", "lddt", "plddt", "lddt_all", "numbers")


@dataclass(frozen=True)
class ModelScores:
    """One model on one evaluation unit."""

    target: str
    """Target's name."""
    domain: str
    """Such as `D1`; empty for the whole target."""
    group: str
    """Who predicted."""
    model: int
    """Number of the model within the group, from 1."""
    file: str
    """Where it was read from."""
    status: Literal["done", "failed"] = "done"
    """`failed`: it could not be read, matched or scored."""
    reason: str = ""
    """Why it failed."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Figures by name (`catalogue.py`): fractions, Å, counts; NaN where one has no meaning."""
    matched_by: str = ""
    """`number` or `alignment`."""
    model_chain: str = ""
    """Chains of the model that were scored."""
    identity: float = math.nan
    """Share of equal types among matched residues."""
    notes: tuple[str, ...] = ()
    """What was chosen, changed or left out on the way."""

    @property
    def unit(self) -> str:
        """Name of the evaluation unit, as `T1024` or `T1024-D1`."""
        return f"{self.target}-{self.domain}" if self.domain else self.target

    def to_dict(self) -> dict[str, Any]:
        """JSON values; what is not finite is null."""
        return {
            **asdict(self),
            "values": figures_to_json(self.values),
            "identity": figure_to_json(self.identity),
            "notes": list(self.notes),
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "ModelScores":
        """The inverse of `to_dict`."""
        scores = figures_from_json(values["values"])
        identity = math.nan if values["identity"] is None else values["identity"]
        return ModelScores(
            **{**values, "values": scores, "identity": identity, "notes": tuple(values["notes"])}
        )

    def flat(self) -> dict[str, Any]:
        """One row of a table."""
        return {
            "target": self.target,
            "domain": self.domain,
            "group": self.group,
            "model": self.model,
            **self.values,
            "matched_by": self.matched_by,
            "model_chain": self.model_chain,
            "identity": self.identity,
            "status": self.status,
            "reason": self.reason,
            "notes": "; ".join(self.notes),
            "file": self.file,
        }


@dataclass(frozen=True, eq=False)
class ModelDetails:
    """Arrays of one model over the target's residues."""

    group: str
    """Who predicted."""
    model: int
    """Number within the group."""
    ca: Array | None = None
    """(res, 3), Å, superposed on the target; NaN where there is no Cα."""
    lddt: Array | None = None
    """(res,), lDDT-Cα, 0-1; NaN where there is none."""
    plddt: Array | None = None
    """(res,), 0-1; None where the file says nothing of confidence."""
    lddt_all: Array | None = None
    """(res,), all-atom lDDT with its checks, 0-1; None where that score was not asked for."""
    numbers: Array | None = None
    """(res,), residue number in the model's file of what lies over each residue; NaN where nothing does."""


@dataclass(frozen=True, eq=False)
class TargetResult:
    """Everything about one target."""

    target: str
    """Its name."""
    sequence: str
    """One letter for each residue."""
    numbers: tuple[int, ...]
    """(res,), residue numbers."""
    ca: Array
    """(res, 3), Å, NaN where there is no Cα."""
    domains: tuple[tuple[str, str], ...]
    """(name, residue numbers such as `1-193`) of each domain that was scored."""
    records: tuple[ModelScores, ...]
    """Each model on the whole target, then on each domain."""
    details: tuple[ModelDetails, ...] = ()
    """Of the models that were scored."""
    estimates: tuple[EstimateScores, ...] = ()
    """How good the estimates of these models' accuracy are, for each QA file."""
    notes: tuple[str, ...] = ()
    """What was chosen, changed or left out when the target was read, a sentence each."""
    refused: tuple[tuple[str, str], ...] = ()
    """(name, reason) of each domain that could not be scored, which is nobody's failure."""
    reason: str = ""
    """Why the target could not be used; empty for one that was scored."""


def write_result(result: TargetResult, folder: Path, name: str) -> list[Path]:
    """Write a result; the files' names begin with `name`.

    Returns:
        The two files.
    """
    arrays: dict[str, Array] = {"target_ca": result.ca.astype(np.float32)}
    models = []
    for number, details in enumerate(result.details):
        models.append({"group": details.group, "model": details.model})
        for key in _ARRAYS:
            array = getattr(details, key)
            if array is not None:
                arrays[f"{number}_{key}"] = array.astype(np.float32)
    values = {
        "target": result.target,
        "sequence": result.sequence,
        "numbers": list(result.numbers),
        "domains": [list(domain) for domain in result.domains],
        "notes": list(result.notes),
        "refused": [list(domain) for domain in result.refused],
        "reason": result.reason,
        "records": [record.to_dict() for record in result.records],
        "estimates": [one.to_dict() for one in result.estimates],
        "models": models,
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return [
        atomic_write_text(folder / f"{name}.scores.json", format_json(values)),
        atomic_write_bytes(folder / f"{name}.details.npz", buffer.getvalue()),
    ]


def read_result(folder: Path, name: str) -> TargetResult:
    """The inverse of `write_result`; arrays are float32.

    Raises:
        InputError: a file is missing or is not what `write_result` makes.
    """
    path = folder / f"{name}.scores.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        with np.load(folder / f"{name}.details.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        details = tuple(
            ModelDetails(model["group"], model["model"], *(arrays.get(f"{number}_{key}") for key in _ARRAYS))
            for number, model in enumerate(values["models"])
        )
        return TargetResult(
            target=values["target"],
            sequence=values["sequence"],
            numbers=tuple(values["numbers"]),
            ca=arrays["target_ca"],
            domains=tuple((name, ranges) for name, ranges in values["domains"]),
            records=tuple(ModelScores.from_dict(record) for record in values["records"]),
            details=details,
            estimates=tuple(EstimateScores.from_dict(one) for one in values["estimates"]),
            notes=tuple(values["notes"]),
            refused=tuple((name, reason) for name, reason in values["refused"]),
            reason=values["reason"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"not the scores of a target: {error or type(error).__name__}", file=str(path)
        ) from error

"""What judging a QA file gives: its figures, and a row for each model that it names."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sciml.structure.evaluate.figure_values import figures_from_json, figures_to_json


@dataclass(frozen=True)
class EstimatedModel:
    """One model that a QA file names."""

    name: str
    """As the file names it."""
    status: Literal["done", "missing", "failed"]
    """`missing`: there is no such model; `failed`: it could not be scored."""
    reason: str = ""
    """Why it is missing or failed."""
    group: str = ""
    """Who predicted it."""
    model: int | None = None
    """Its number within the group."""
    values: Mapping[str, float] = field(default_factory=dict)
    """`estimate`, 0-1; the true scores; figures of its residues (`estimate_catalogue.LOCAL_SCORES`)."""
    residues: int = 0
    """Whose estimated error was compared."""
    without_estimate: int = 0
    """Residues that could be compared but are given as X, or lie beyond the list."""
    without_atom: int = 0
    """Residues with an estimate that have no Cα in the model or in the target."""


@dataclass(frozen=True)
class EstimateScores:
    """One QA file on one target."""

    target: str
    """Target's name."""
    group: str
    """Who estimated."""
    number: int
    """Of the MODEL record: the group's first or second set of estimates."""
    file: str
    """Where it was read from."""
    status: Literal["done", "failed"] = "done"
    """`failed`: it could not be read, or names no model that is there."""
    reason: str = ""
    """Why it failed."""
    mode: int | None = None
    """1 for scores, 2 for scores and errors of residues; None where it could not be read."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Figures by name (`estimate_catalogue.ESTIMATE_SCORES`); NaN where one has no meaning."""
    models: tuple[EstimatedModel, ...] = ()
    """In the order of the file."""
    not_estimated: tuple[str, ...] = ()
    """Models of the target that the file does not name."""
    notes: tuple[str, ...] = ()
    """What the reader should know."""

    @property
    def absent(self) -> tuple[EstimatedModel, ...]:
        """Models that the file names and that are missing or failed."""
        return tuple(one for one in self.models if one.status != "done")

    @property
    def counts(self) -> dict[str, int]:
        """Models named, scored, given as X, missing; models that are not named; residues."""
        done = [one for one in self.models if one.status == "done"]
        return {
            "models": len(self.models),
            "compared": sum("estimate" in one.values for one in done),
            "given_as_x": sum("estimate" not in one.values for one in done),
            "missing": len(self.absent),
            "not_estimated": len(self.not_estimated),
            "residues": sum(one.residues for one in done),
            "without_estimate": sum(one.without_estimate for one in done),
            "without_atom": sum(one.without_atom for one in done),
        }

    def flat(self) -> dict[str, Any]:
        """One row of a table."""
        return {
            "target": self.target,
            "group": self.group,
            "number": self.number,
            "mode": self.mode,
            **self.counts,
            **self.values,
            "status": self.status,
            "reason": self.reason,
            "notes": "; ".join(self.notes),
            "file": self.file,
        }

    def model_rows(self) -> list[dict[str, Any]]:
        """One row for each model."""
        return [
            {
                "target": self.target,
                "method": self.group,
                "number": self.number,
                "name": one.name,
                "group": one.group,
                "model": one.model,
                **one.values,
                "residues": one.residues,
                "without_estimate": one.without_estimate,
                "without_atom": one.without_atom,
                "status": one.status,
                "reason": one.reason,
            }
            for one in self.models
        ]

    def to_dict(self) -> dict[str, Any]:
        """JSON values; what is not finite is null."""
        models = [{**asdict(one), "values": figures_to_json(one.values)} for one in self.models]
        return {
            **asdict(self),
            "values": figures_to_json(self.values),
            "models": models,
            "not_estimated": list(self.not_estimated),
            "notes": list(self.notes),
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "EstimateScores":
        """The inverse of `to_dict`."""
        models = tuple(
            EstimatedModel(**{**one, "values": figures_from_json(one["values"])}) for one in values["models"]
        )
        return EstimateScores(
            **{
                **values,
                "values": figures_from_json(values["values"]),
                "models": models,
                "not_estimated": tuple(values["not_estimated"]),
                "notes": tuple(values["notes"]),
            }
        )

"""Which model belongs to which target, who is missing, and what cannot be used: decided before any scoring.

- Targets are the structure files of a folder (not of its sub-folders), or one file; a target is named after
  its file without endings. Of several files of one name one is taken, which its notes say: PDB before mmCIF,
  plain before gzip, and before both what zstd has not compressed.
- Models are whatever `data/prediction_folders.py` finds; `assignment.py` decides their targets and groups.
- Where nothing says who predicted, the group is called as the folder of models; where a target has several
  such files without a rank, each is a method of its own that is named after what its name has besides the
  target's.
- Estimates of models' accuracy are no models: who makes them is no group of the ranking.
- Of a target whose domains are natives of their own a model counts for each, unless its group has a file for
  the domain.
- A model of no target, or of one of several, is listed as unused, a group without a model of a target as
  missing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sciml.data.casp_domains import Domain, read_domains
from sciml.data.casp_sections import CaspSection
from sciml.data.prediction_folders import PredictedFile, find_predictions
from sciml.errors import InputError
from sciml.structure.evaluate.assignment import Assigned, assign
from sciml.structure.evaluate.identifiers import find_target, stem

STRUCTURE_ENDINGS = (".pdb", ".ent", ".cif", ".mmcif", ".pdb1")
Domains = tuple[tuple[str, str, tuple[int, ...]], ...]
"""(name, ranges as printed, residue numbers) of each domain."""


@dataclass(frozen=True)
class TargetFile:
    """One native structure."""

    name: str
    """Of the target."""
    path: str
    """Of its file."""
    notes: tuple[str, ...] = ()
    """Other files of the same name."""


@dataclass(frozen=True)
class ModelFile:
    """One file with models of one target by one group, or the part of a joined file that is of them."""

    prediction: PredictedFile
    """What was found."""
    group: str
    """Who predicted."""
    number: int | None
    """Number of the model within the group; None where only the file knows."""
    sections: tuple[CaspSection, ...] = ()
    """The submissions of a joined file that are meant; none for the whole file."""
    notes: tuple[str, ...] = ()
    """What its name and records disagree about."""

    @property
    def path(self) -> str:
        """The file with the coordinates or contacts."""
        return str(self.prediction.path)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that decides the scores."""
        return (self.path, *(str(path) for path in self.prediction.beside))


@dataclass(frozen=True)
class TargetPlan:
    """A target and its models."""

    target: TargetFile
    """The native structure."""
    models: tuple[ModelFile, ...]
    """Files of models; there may be none."""
    domains: Domains = ()
    """Of the target."""
    domain_lines: Mapping[str, int] = field(default_factory=dict)
    """By the name of the domain, where in the file of definitions it stands."""
    estimates: tuple[ModelFile, ...] = ()
    """Files that estimate the accuracy of these models (CASP's QA)."""


@dataclass(frozen=True)
class Unused:
    """A file that takes no part."""

    path: str
    """The file."""
    reason: str
    """Why."""


@dataclass(frozen=True)
class EvaluationPlan:
    """Everything that will be done."""

    targets: tuple[TargetPlan, ...]
    """All targets, in the order of their names."""
    groups: tuple[str, ...]
    """All groups, in the order of their names."""
    unused: tuple[Unused, ...] = ()
    """Models of no target, and domain definitions without target."""
    domain_file: str | None = None
    """Where the domains are defined."""

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """(target, group) of every group without a file for a target."""
        return tuple(
            (plan.target.name, group)
            for plan in self.targets
            for group in self.groups
            if all(model.group != group for model in plan.models)
        )

    @property
    def missing_estimates(self) -> tuple[tuple[str, str], ...]:
        """(target, group) of every group that estimates models of other targets but none of this."""
        groups = sorted({file.group for plan in self.targets for file in plan.estimates})
        return tuple(
            (plan.target.name, group)
            for plan in self.targets
            for group in groups
            if plan.models and all(file.group != group for file in plan.estimates)
        )


def find_targets(path: Path) -> tuple[TargetFile, ...]:
    """The native structures of a folder, or the one of a file.

    Raises:
        InputError: nothing is there.
    """
    if not path.exists():
        raise InputError("no such file or folder of native structures", file=str(path))
    if path.is_file():
        return (TargetFile(stem(path.name), str(path)),)
    found: dict[str, list[str]] = {}
    for file in sorted(path.iterdir()):
        if file.is_file() and _is_structure(file.name):
            found.setdefault(stem(file.name), []).append(file.name)
    if not found:
        raise InputError(
            f"the folder has no native structure ({', '.join(STRUCTURE_ENDINGS)}, plain or gzip)",
            file=str(path),
        )
    targets = []
    for name, files in sorted(found.items()):
        taken, *others = sorted(files, key=lambda file: (_preference(file), file))
        notes = (f"{taken} was taken, not {', '.join(others)}",) if others else ()
        targets.append(TargetFile(name, str(path / taken), notes))
    return tuple(targets)


def _preference(name: str) -> int:
    """Smaller is taken."""
    lower = name.lower()
    is_mmcif = lower.removesuffix(".zst").removesuffix(".gz").endswith((".cif", ".mmcif"))
    return 4 * lower.endswith(".zst") + 2 * is_mmcif + lower.endswith(".gz")


def _is_structure(name: str) -> bool:
    lower = name.lower().removesuffix(".zst")  # reading it will say that it must be unpacked
    return not lower.startswith(".") and lower.removesuffix(".gz").endswith(STRUCTURE_ENDINGS)


def plan_evaluation(
    models: Path, targets: Path, domains: Path | None = None, *, only: Collection[str] | None = None
) -> EvaluationPlan:
    """Decide which model belongs to which target.

    Args:
        models: file or folder of predictions.
        targets: file or folder of native structures.
        domains: file of domain definitions.
        only: names of the targets that are scored; models of the others are passed by. All when None.

    Raises:
        InputError: nothing is at a path, or definitions cannot be read.
    """
    natives = find_targets(targets)
    names = [native.name for native in natives]
    by_target: dict[str, list[Assigned]] = {name: [] for name in names}
    unused: list[Unused] = []
    for prediction in find_predictions(models):
        for one in assign(prediction, names, models):
            if one.target is None:
                unused.append(Unused(str(prediction.path), one.reason))
            else:
                by_target[one.target].append(one)
    named, estimates = (
        _with_groups(
            {
                target: _own_before_whole(
                    [one for one in files if (one.prediction.kind == "estimates") is are_estimates]
                )
                for target, files in by_target.items()
            },
            models,
        )
        for are_estimates in (False, True)
    )
    given, without = _domains(domains, names)
    plans = tuple(
        TargetPlan(native, named[native.name], *_printed(given.get(native.name, {})), estimates[native.name])
        for native in natives
        if only is None or native.name in only
    )
    everybody = sorted({model.group for plan in plans for model in plan.models})
    file = None if domains is None else str(domains)
    return EvaluationPlan(plans, tuple(everybody), (*unused, *without), file)


def _own_before_whole(files: Sequence[Assigned]) -> list[Assigned]:
    """Without models of a whole target where their group has a file of its own for the domain."""
    own = {
        (one.prediction.kind, one.group, one.prediction.rank)
        for one in files
        if one.family == one.target and one.group is not None
    }
    return [
        one
        for one in files
        if one.family == one.target or (one.prediction.kind, one.group, one.prediction.rank) not in own
    ]


def _with_groups(by_target: Mapping[str, Sequence[Assigned]], root: Path) -> dict[str, tuple[ModelFile, ...]]:
    """Models with the names of their groups, by the rule of the module."""
    plain = root.resolve().name if root.is_dir() else stem(root.name)
    nameless = [
        sum(one.group is None and one.prediction.rank is None for one in models)
        for models in by_target.values()
    ]
    are_methods = max(nameless, default=0) > 1

    def group(one: Assigned, target: str) -> str:
        if one.group is not None:
            return one.group
        if one.prediction.rank is not None or not are_methods:
            return plain
        name = stem(one.prediction.path.name)
        called = one.family or target
        rest = name[len(called) :] if name.casefold().startswith(called.casefold()) else name
        return rest.strip("_-. ") or name

    def number(one: Assigned) -> int | None:
        return None if one.sections else one.prediction.rank

    return {
        target: tuple(
            ModelFile(one.prediction, group(one, target), number(one), one.sections, one.notes)
            for one in models
        )
        for target, models in by_target.items()
    }


def _domains(
    path: Path | None, names: Sequence[str]
) -> tuple[Mapping[str, Mapping[str, Domain]], list[Unused]]:
    """Definitions by the names of our targets, and those of targets that are not here."""
    if path is None:
        return {}, []
    found: dict[str, dict[str, Domain]] = {}
    unused = []
    for target, domains in read_domains(path, names[0] if len(names) == 1 else None).items():
        try:
            name = find_target([target], names)
        except InputError as several:
            unused.append(Unused(str(path), f"domains of {target}: {several.rule}"))
            continue
        if name is None:
            unused.append(Unused(str(path), f"domains of {target}, which is no target"))
            continue
        own = found.setdefault(name, {})
        twice = [f"{target}-{one}" for one in domains if one in own]
        own.update({one: domain for one, domain in domains.items() if one not in own})
        unused += [Unused(str(path), f"{one}: {name} has this domain already") for one in twice]
    return found, unused


def _printed(domains: Mapping[str, Domain]) -> tuple[Domains, dict[str, int]]:
    """Domains and their lines. D0, the whole chain by custom, is left out: the whole target is scored."""
    kept = {name: domain for name, domain in domains.items() if name != "D0"}
    printed = tuple(
        (name, str(domain).split(": ", 1)[1], tuple(sorted(domain.residues))) for name, domain in kept.items()
    )
    return printed, {name: domain.line for name, domain in kept.items() if domain.line is not None}

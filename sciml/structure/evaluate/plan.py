"""Which model belongs to which target, who is missing, and what cannot be used: decided before any scoring.

- Targets are the structure files of a folder (not of its sub-folders), or one file; a target is named after
  its file without endings. Two files of one name are refused.
- Models are whatever `data/prediction_folders.py` finds. A model belongs to the target that its name points
  to, else the TARGET record of its file, else the folders that it lies in (`identifiers.py`); to the only
  target where there is one and nothing says otherwise. A name that fits several targets is refused with the
  choices.
- The group is the one of a CASP name or AUTHOR record, else the sub-folders that the file lies in but for
  one that is called as the target, else the name of the folder of models; where a target has several files
  without a group and rank, each is a method of its own that is named after what its name has besides the
  target's.
- A model of no target is listed as unused, a group without a model of a target as missing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sciml.data.casp_domains import Domain, read_domains
from sciml.data.prediction_folders import PredictedFile, find_predictions
from sciml.data.textfile import read_lines
from sciml.errors import InputError
from sciml.structure.evaluate.identifiers import find_target, stem

STRUCTURE_ENDINGS = (".pdb", ".ent", ".cif", ".mmcif", ".pdb1")
_SHOWN = 8
_HEADER_LINES = 40  # of a CASP file, within which TARGET and AUTHOR stand
Domains = tuple[tuple[str, str, tuple[int, ...]], ...]
"""(name, ranges as printed, residue numbers) of each domain."""


@dataclass(frozen=True)
class TargetFile:
    """One native structure."""

    name: str
    """Of the target."""
    path: str
    """Of its file."""


@dataclass(frozen=True)
class ModelFile:
    """One file with models of one target by one group."""

    prediction: PredictedFile
    """What was found."""
    group: str
    """Who predicted."""
    number: int | None
    """Number of the model within the group; None where only the file knows."""

    @property
    def path(self) -> str:
        """The file with the coordinates or contacts."""
        return str(self.prediction.path)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that decides the scores."""
        found = self.prediction
        beside = (found.scores_path, found.pae_path, found.distogram_path)
        return (self.path, *(str(path) for path in beside if path is not None))


@dataclass(frozen=True)
class TargetPlan:
    """A target and its models."""

    target: TargetFile
    """The native structure."""
    models: tuple[ModelFile, ...]
    """Files of models; there may be none."""
    domains: Domains = ()
    """Of the target."""


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

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """(target, group) of every group without a file for a target."""
        return tuple(
            (plan.target.name, group)
            for plan in self.targets
            for group in self.groups
            if all(model.group != group for model in plan.models)
        )


def find_targets(path: Path) -> tuple[TargetFile, ...]:
    """The native structures of a folder, or the one of a file.

    Raises:
        InputError: nothing is there, or two files have one name.
    """
    if not path.exists():
        raise InputError("no such file or folder of native structures", file=str(path))
    if path.is_file():
        return (TargetFile(stem(path.name), str(path)),)
    found: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        if not file.is_file() or not _is_structure(file.name):
            continue
        name = stem(file.name)
        if name in found:
            raise InputError(f"two native structures are called {name}: {found[name].name}", file=str(file))
        found[name] = file
    if not found:
        raise InputError(
            f"the folder has no native structure ({', '.join(STRUCTURE_ENDINGS)}, plain or gzip)",
            file=str(path),
        )
    return tuple(TargetFile(name, str(file)) for name, file in found.items())


def _is_structure(name: str) -> bool:
    lower = name.lower()
    return not lower.startswith(".") and lower.removesuffix(".gz").endswith(STRUCTURE_ENDINGS)


def plan_evaluation(models: Path, targets: Path, domains: Path | None = None) -> EvaluationPlan:
    """Decide which model belongs to which target.

    Args:
        models: file or folder of predictions.
        targets: file or folder of native structures.
        domains: file of domain definitions.

    Raises:
        InputError: nothing is at a path, a name fits several targets, or definitions cannot be read.
    """
    natives = find_targets(targets)
    names = [native.name for native in natives]
    by_target: dict[str, list[PredictedFile]] = {name: [] for name in names}
    groups: dict[Path, str | None] = {}
    unused: list[Unused] = []
    for prediction in find_predictions(models):
        target, author = _target_of(prediction, names, models)
        groups[prediction.path] = _group_of(prediction, author, target)
        if target is None:
            shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
            reason = f"no target fits its name; there are: {shown}"
            unused.append(Unused(str(prediction.path), reason))
        else:
            by_target[target].append(prediction)
    named = _with_groups(by_target, groups, models)
    given, without = _domains(domains, names)
    plans = tuple(TargetPlan(native, named[native.name], given.get(native.name, ())) for native in natives)
    everybody = sorted({model.group for plan in plans for model in plan.models})
    return EvaluationPlan(plans, tuple(everybody), (*unused, *without))


def _target_of(prediction: PredictedFile, names: Sequence[str], root: Path) -> tuple[str | None, str | None]:
    """The target's name, None if the model belongs to none; and the AUTHOR where the file had to be asked."""
    path = prediction.path
    file = str(path)
    own = [prediction.target_id] if prediction.target_id else []
    found = find_target([*own, stem(path.name)], names, file=file)
    author = None
    if prediction.source == "file" or (prediction.source == "casp" and not _has_casp_name(prediction)):
        record, author = _casp_records(path)
        found = found or find_target([record] if record else [], names, file=file)
    if found is None and root.is_dir():
        folders = path.parent.relative_to(root).parts
        found = find_target(reversed(folders), names, file=file)
    return (names[0] if found is None and len(names) == 1 else found), author


def _has_casp_name(prediction: PredictedFile) -> bool:
    """Whether the name gives target, group and number, as `T1049TS427_1` does."""
    return prediction.source == "casp" and prediction.rank is not None


def _group_of(prediction: PredictedFile, author: str | None, target: str | None) -> str | None:
    """The group that the file or its folders name; None if nothing does."""
    if prediction.group is None or _has_casp_name(prediction):
        return prediction.group or author
    folders = [one for one in prediction.group.split("/") if one.casefold() != (target or "").casefold()]
    return author or "/".join(folders) or None


def _casp_records(path: Path) -> tuple[str | None, str | None]:
    """TARGET and AUTHOR of a CASP file; None where there is none or the file cannot be read (yet)."""
    records: dict[str, str] = {}
    try:
        for line in islice(read_lines(str(path)), _HEADER_LINES):
            words = line.split(None, 1)
            if words and words[0] in ("ATOM", "HETATM", "MODEL"):
                break
            if len(words) == 2 and words[0] in ("PFRMAT", "TARGET", "AUTHOR"):
                records.setdefault(words[0], words[1].strip())
    except InputError:  # it is reported when it is scored
        return None, None
    if "PFRMAT" not in records and "TARGET" not in records:
        return None, None
    return records.get("TARGET"), records.get("AUTHOR")


def _with_groups(
    by_target: Mapping[str, Sequence[PredictedFile]], groups: Mapping[Path, str | None], root: Path
) -> dict[str, tuple[ModelFile, ...]]:
    """Models with the names of their groups, by the rule of the module."""
    plain = root.resolve().name if root.is_dir() else stem(root.name)
    nameless = [
        Counter(groups[one.path] is None and one.rank is None for one in models)[True]
        for models in by_target.values()
    ]
    are_methods = max(nameless, default=0) > 1

    def group(one: PredictedFile, target: str) -> str:
        known = groups[one.path]
        if known is not None:
            return known
        name = stem(one.path.name)
        if one.rank is not None or not are_methods:
            return plain
        rest = name[len(target) :] if name.casefold().startswith(target.casefold()) else name
        return rest.strip("_-. ") or name

    return {
        target: tuple(ModelFile(one, group(one, target), one.rank) for one in models)
        for target, models in by_target.items()
    }


def _domains(path: Path | None, names: Sequence[str]) -> tuple[dict[str, Domains], list[Unused]]:
    """Definitions by the names of our targets, and those of targets that are not here."""
    if path is None:
        return {}, []
    found: dict[str, Domains] = {}
    unused = []
    for target, domains in read_domains(path, names[0] if len(names) == 1 else None).items():
        name = find_target([target], names, file=str(path))
        if name is None:
            unused.append(Unused(str(path), f"domains of {target}, which is no target"))
        else:
            found[name] = _printed(domains)
    return found, unused


def _printed(domains: Mapping[str, Domain]) -> Domains:
    """D0, the whole chain by custom, is left out: the whole target is scored anyway."""
    return tuple(
        (name, str(domain).split(": ", 1)[1], tuple(sorted(domain.residues)))
        for name, domain in domains.items()
        if name != "D0"
    )

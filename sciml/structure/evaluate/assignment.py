"""Decides which target and group each predicted file belongs to, from names, folders and CASP records.

- What a file is called says its target first, then its TARGET record, then the folders that it lies in, the
  nearest first (`identifiers.py`). What fits several targets is settled by the next of these that fits one
  of them; if none does, the file is left out with the choices. Where there is one target and nothing says
  otherwise, it takes every model.
- A file of several submissions (`casp_sections.py`) is taken apart by its TARGET records, which there count
  before its name; and by its AUTHOR records if there are several.
- A TARGET record that contradicts the name of its file is said in the notes of the model.
- Where natives are domains of one target, as T1024-D1 and T1024-D2, a model of T1024 belongs to each.
- The group is the one of a CASP name or AUTHOR record, else the sub-folders that the file lies in but for
  one that is called as the target.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sciml.data.casp_sections import CaspSection, casp_header, casp_sections
from sciml.data.prediction_folders import PredictedFile
from sciml.structure.evaluate.identifiers import pointed_targets, stem, target_families

_SHOWN = 8


@dataclass(frozen=True)
class Assigned:
    """A file, or the part of it that is of one target and group."""

    prediction: PredictedFile
    """What was found."""
    target: str | None
    """Name of its target; None if it belongs to none."""
    group: str | None
    """Who predicted; None if nothing says it."""
    sections: tuple[CaspSection, ...] = ()
    """The submissions that are meant; none for the whole file."""
    notes: tuple[str, ...] = ()
    """What the records and the name disagree about."""
    reason: str = ""
    """Why there is no target."""
    family: str = ""
    """What it is called after: its target, or the one that this is a domain of; empty if after neither."""


def assign(prediction: PredictedFile, targets: Sequence[str], root: Path) -> list[Assigned]:
    """The parts of a predicted file, each with its target or with the reason why it has none.

    Args:
        prediction: one file.
        targets: names of all targets.
        root: the folder that was searched, whose own name says nothing, or the file itself.
    """
    path = prediction.path
    sections = casp_sections(path) if prediction.kind == "structure" else ()
    own = [prediction.target_id] if prediction.target_id else []
    names = [*own, stem(path.name)]
    folders = [*reversed(path.parent.relative_to(root).parts)] if root.is_dir() else []
    if len({(section.target, section.author) for section in sections}) > 1:
        return _parts(prediction, sections, targets, (names, folders))
    header = casp_header(path)
    record = None if header is None else header.target
    author = None if header is None or has_casp_name(prediction) else header.author
    found = _settled([*names, *([record] if record else []), *folders], targets)
    group = _group_of(prediction, author, {found.family, *found.targets})
    if not found.targets:
        return [Assigned(prediction, None, group, reason=_no_target(names[0], found, targets))]
    return [
        Assigned(prediction, one, group, (), _contradiction(record, one, names, targets), "", found.family)
        for one in found.targets
    ]


@dataclass(frozen=True)
class _Found:
    """Where hints point to."""

    targets: tuple[str, ...] = ()
    """All of them are meant."""
    choices: tuple[str, ...] = ()
    """One of them is meant, and nothing says which."""
    family: str = ""
    """The name that was pointed to: of the only target, or of the one that the targets are domains of."""


def _parts(
    prediction: PredictedFile,
    sections: Sequence[CaspSection],
    targets: Sequence[str],
    hints: tuple[list[str], list[str]],
) -> list[Assigned]:
    """The submissions of a joined file by target and author, in the order of the file."""
    names, folders = hints
    has_authors = len({section.author for section in sections}) > 1
    own_names = [[section.target] if section.target else [*names, *folders] for section in sections]
    found = [_settled(own, targets, takes_all=False) for own in own_names]
    if len(targets) == 1 and not any(one.targets for one in found):
        found = [_Found(tuple(targets))] * len(sections)
    parts: dict[tuple[str | None, str | None, str, str], list[CaspSection]] = {}
    for section, fits in zip(sections, found, strict=True):
        author = section.author if has_authors or not has_casp_name(prediction) else None
        reason = ""
        if not fits.targets:
            lines = f"lines {section.first_line} to {section.last_line}"
            what = f"TARGET {section.target}" if section.target else "no TARGET record"
            reason = f"{lines}, {what}: {_no_target(section.target or names[0], fits, targets)}"
        for target in fits.targets or (None,):
            parts.setdefault((target, author, reason, fits.family), []).append(section)
    return [
        Assigned(
            prediction,
            target,
            (has_authors and author) or _group_of(prediction, author, {family, target or ""}),
            tuple(own),
            _against_name(own[0].target, target, names, targets),
            reason,
            family,
        )
        for (target, author, reason, family), own in parts.items()
    ]


def has_casp_name(prediction: PredictedFile) -> bool:
    """Whether the name gives target, group and number, as `T1049TS427_1` does."""
    return prediction.source == "casp" and prediction.rank is not None


def _settled(hints: Iterable[str], targets: Sequence[str], *, takes_all: bool = True) -> _Found:
    """The targets that the first telling hint points to; choices if no later hint chooses among them.

    Args:
        hints: names, the surest first.
        targets: all of them.
        takes_all: whether a single target takes what no hint speaks of.
    """
    families = target_families(targets)
    choices: list[str] = []
    for hint in hints:
        found = _widest(pointed_targets(hint, list(families)), families)
        if choices:
            found = [name for name in found if name in choices]
        if len(found) == 1:
            return _Found(families[found[0]], family=found[0])
        choices = found or choices
    if not choices and takes_all and len(targets) == 1:
        return _Found(tuple(targets))
    return _Found(choices=tuple(sorted({target for name in choices for target in families[name]})))


def _widest(names: Sequence[str], families: Mapping[str, Sequence[str]]) -> list[str]:
    """Without names whose targets another one of them has too."""
    return [name for name in names if not any(set(families[name]) < set(families[other]) for other in names)]


def _no_target(name: str, found: _Found, targets: Sequence[str]) -> str:
    if found.choices:
        rule = f"the name {name!r} fits {len(found.choices)} targets: {_listed(found.choices)}"
        return f"{rule}. Name the file after one of them"
    return f"no target fits its name; there are: {_listed(targets)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _contradiction(
    record: str | None, target: str, names: Sequence[str], targets: Sequence[str]
) -> tuple[str, ...]:
    """What to say where the TARGET record does not point to the target that was taken."""
    families = target_families(targets)

    def pointed(name: str) -> set[str]:
        return {one for family in pointed_targets(name, list(families)) for one in families[family]}

    if record is None or target in pointed(record):
        return ()
    is_named = any(target in pointed(name) for name in names)
    why = "the name of the file counts" if is_named else "its folder counts"
    if not is_named and len(targets) == 1:
        why = "it is the only one"
    elsewhere = "" if pointed(record) else ", which is no target here"
    return (f"its TARGET record says {record}{elsewhere}; it was scored on {target}: {why}",)


def _against_name(
    record: str | None, target: str | None, names: Sequence[str], targets: Sequence[str]
) -> tuple[str, ...]:
    """What to say where the name of a joined file points to another target than the record that counts."""
    named = _settled(names, targets, takes_all=False).targets
    if record is None or target is None or not named or target in named:
        return ()
    rule = "of several submissions in a file each TARGET record counts"
    return (f"its file is named after {named[0]}, its TARGET record says {record}: {rule}",)


def _group_of(prediction: PredictedFile, author: str | None, targets: Collection[str]) -> str | None:
    """The group that the file or its folders name; None if nothing does."""
    if prediction.group is None or has_casp_name(prediction):
        return prediction.group or author
    own = {target.casefold() for target in targets}
    folders = [one for one in prediction.group.split("/") if one.casefold() not in own]
    return author or "/".join(folders) or None

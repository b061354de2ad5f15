"""Decides which target and group each predicted file belongs to, from names, folders and CASP records.

- What a file is called says its target first, then its TARGET record, then the folders that it lies in, the
  nearest first (`identifiers.py`). What fits several targets is settled by the next of these that fits one
  of them; if none does, the file is left out with the choices. Where there is one target and nothing says
  otherwise, it takes every model.
- A file of several submissions (`casp_sections.py`) is taken apart by its TARGET records, which there count
  before its name; and by its AUTHOR records if there are several.
- A TARGET record that contradicts the name of its file is said in the notes of the model.
- The group is the one of a CASP name or AUTHOR record, else the sub-folders that the file lies in but for
  one that is called as the target.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sciml.data.casp_sections import CaspSection, casp_header, casp_sections
from sciml.data.prediction_folders import PredictedFile
from sciml.structure.evaluate.identifiers import pointed_targets, stem

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
    target = found[0] if len(found) == 1 else None
    if not found and len(targets) == 1:
        target = targets[0]
    group = _group_of(prediction, author, target)
    notes = () if target is None else _contradiction(record, target, names, targets)
    reason = "" if target else _no_target(names[0], found, targets)
    return [Assigned(prediction, target, group, (), notes, reason)]


def _parts(
    prediction: PredictedFile,
    sections: Sequence[CaspSection],
    targets: Sequence[str],
    hints: tuple[list[str], list[str]],
) -> list[Assigned]:
    """The submissions of a joined file by target and author, in the order of the file."""
    names, folders = hints
    found = [
        _settled([section.target] if section.target else [*names, *folders], targets) for section in sections
    ]
    if len(targets) == 1 and not any(found):
        found = [list(targets)] * len(sections)
    has_authors = len({section.author for section in sections}) > 1
    parts: dict[tuple[str | None, str | None, str], list[CaspSection]] = {}
    for section, fits in zip(sections, found, strict=True):
        target = fits[0] if len(fits) == 1 else None
        author = section.author if has_authors or not has_casp_name(prediction) else None
        reason = ""
        if target is None:
            lines = f"lines {section.first_line} to {section.last_line}"
            what = f"TARGET {section.target}" if section.target else "no TARGET record"
            reason = f"{lines}, {what}: {_no_target(section.target or names[0], fits, targets)}"
        parts.setdefault((target, author, reason), []).append(section)
    return [
        Assigned(
            prediction,
            target,
            (has_authors and author) or _group_of(prediction, author, target),
            tuple(own),
            _against_name(own[0].target, target, names, targets),
            reason,
        )
        for (target, author, reason), own in parts.items()
    ]


def has_casp_name(prediction: PredictedFile) -> bool:
    """Whether the name gives target, group and number, as `T1049TS427_1` does."""
    return prediction.source == "casp" and prediction.rank is not None


def _settled(hints: Iterable[str], targets: Sequence[str]) -> list[str]:
    """The target that the first telling hint points to; several if no later hint chooses among them."""
    open_choice: list[str] = []
    for hint in hints:
        found = pointed_targets(hint, targets)
        if open_choice:
            found = [target for target in found if target in open_choice]
        if len(found) == 1:
            return found
        open_choice = found or open_choice
    return open_choice


def _no_target(name: str, found: Sequence[str], targets: Sequence[str]) -> str:
    if found:
        rule = f"the name {name!r} fits {len(found)} targets: {_listed(sorted(found))}"
        return f"{rule}. Name the file after one of them"
    return f"no target fits its name; there are: {_listed(targets)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _contradiction(
    record: str | None, target: str, names: Sequence[str], targets: Sequence[str]
) -> tuple[str, ...]:
    """What to say where the TARGET record does not point to the target that was taken."""
    if record is None or target in pointed_targets(record, targets):
        return ()
    is_named = any(target in pointed_targets(name, targets) for name in names)
    why = "the name of the file counts" if is_named else "its folder counts"
    if not is_named and len(targets) == 1:
        why = "it is the only one"
    elsewhere = "" if pointed_targets(record, targets) else ", which is no target here"
    return (f"its TARGET record says {record}{elsewhere}; it was scored on {target}: {why}",)


def _against_name(
    record: str | None, target: str | None, names: Sequence[str], targets: Sequence[str]
) -> tuple[str, ...]:
    """What to say where the name of a joined file points to another target than the record that counts."""
    named = _settled(names, targets)
    if record is None or target is None or len(named) != 1 or named[0] == target:
        return ()
    rule = "of several submissions in a file each TARGET record counts"
    return (f"its file is named after {named[0]}, its TARGET record says {record}: {rule}",)


def _group_of(prediction: PredictedFile, author: str | None, target: str | None) -> str | None:
    """The group that the file or its folders name; None if nothing does."""
    if prediction.group is None or has_casp_name(prediction):
        return prediction.group or author
    folders = [one for one in prediction.group.split("/") if one.casefold() != (target or "").casefold()]
    return author or "/".join(folders) or None

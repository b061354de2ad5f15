"""Finds the predictions that one CASP file holds: several submissions are often joined, one after the other.

A section begins at PFRMAT, and at a TARGET record that comes after coordinates. It ends where the next one
begins. Only the records that tell the sections apart are looked at; the readers check the rest.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from sciml.data.textfile import ReadLimits, open_content, read_lines
from sciml.errors import InputError

_LIMITS = ReadLimits(max_bytes=500_000_000, max_ratio=100)
_HEADER_LINES = 40  # within which PFRMAT or TARGET stand
_RECORDS = ("PFRMAT", "TARGET", "AUTHOR")
_COORDINATES = ("ATOM", "HETATM", "MODEL")


@dataclass(frozen=True)
class CaspHead:
    """Who predicted what; None where there is no such record."""

    target: str | None = None
    """TARGET record."""
    author: str | None = None
    """AUTHOR record."""


@dataclass(frozen=True, kw_only=True)
class CaspSection(CaspHead):
    """One submission within a file."""

    first_line: int
    """From 1."""
    last_line: int
    """The last one of it."""
    model_number: int | None = None
    """Number of the first MODEL record."""

    @property
    def lines(self) -> range:
        """Numbers of its lines, from 1."""
        return range(self.first_line, self.last_line + 1)


def casp_header(path: str | os.PathLike[str]) -> CaspHead | None:
    """TARGET and AUTHOR of the first submission of a file.

    Returns:
        None for a file without PFRMAT and TARGET before its coordinates, and for one that cannot be read (its
        reader will say why).
    """
    records: dict[str, str] = {}
    try:
        for line in islice(read_lines(os.fspath(path), _LIMITS), _HEADER_LINES):
            words = line.split(None, 1)
            if words and words[0] in _COORDINATES:
                break
            if len(words) == 2 and words[0] in _RECORDS:
                records.setdefault(words[0], _value(*words))
    except InputError:
        return None
    if "PFRMAT" not in records and "TARGET" not in records:
        return None
    return CaspHead(records.get("TARGET"), records.get("AUTHOR"))


def casp_sections(path: str | os.PathLike[str]) -> tuple[CaspSection, ...]:
    """The submissions of a CASP file with coordinates, plain or gzip, in its order.

    Returns:
        At least two; nothing for a file of one submission, and for one that is not of CASP.
    """
    if casp_header(path) is None:
        return ()
    try:
        with open_content(os.fspath(path), _LIMITS) as content:
            data = content.read()
        if data.count(b"PFRMAT") == 1 and data.count(b"TARGET") <= 1:  # most files; it saves reading lines
            return ()
        found = find_sections(read_lines(os.fspath(path), _LIMITS))
    except InputError:  # its reader will say why
        return ()
    return found if len(found) > 1 else ()


def find_sections(lines: Iterable[str]) -> tuple[CaspSection, ...]:
    """The submissions among the lines of a file; records before the first PFRMAT belong to the first."""
    found: list[CaspSection] = []
    records: dict[str, str] = {}
    first, has_atoms, number = 1, False, 0

    def close(last: int) -> None:
        model = records.get("MODEL", "")
        is_number = model.isascii() and model.isdigit() and len(model) < 10
        if has_atoms or "PFRMAT" in records or "TARGET" in records:
            section = CaspSection(
                target=records.get("TARGET"),
                author=records.get("AUTHOR"),
                first_line=first,
                last_line=last,
                model_number=int(model) if is_number else None,
            )
            found.append(section)

    for number, line in enumerate(lines, start=1):
        if line.startswith(("ATOM", "HETATM")):
            has_atoms = True
            continue
        words = line.split(None, 1)
        if not words or words[0] not in (*_RECORDS, "MODEL"):
            continue
        record = words[0]
        if (has_atoms and record in ("PFRMAT", "TARGET")) or (record == "PFRMAT" and records):
            close(number - 1)
            first, has_atoms = number, False
            records.clear()
        if len(words) == 2:
            records.setdefault(record, _value(*words))
    close(number)
    return tuple(found)


def _value(record: str, text: str) -> str:
    """AUTHOR may be several words; of the others the first counts."""
    return text.strip() if record == "AUTHOR" else text.split(None, 1)[0]

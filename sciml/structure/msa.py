"""An alignment that the user brings instead of a search."""

import os
from pathlib import Path

from sciml.data.a3m import read_a3m
from sciml.data.alignment import Alignment
from sciml.data.alphabet import SUBSTITUTIONS
from sciml.data.stockholm import STOCKHOLM_SUFFIXES, read_stockholm
from sciml.data.textfile import DEFAULT_LIMITS, ReadLimits, read_lines
from sciml.errors import InputError

_ENDINGS = (".a3m", ".a3m.gz", ".sto", ".stockholm", ".fasta", ".fa")
_SUBSTITUTED = str.maketrans("".join(SUBSTITUTIONS), "".join(SUBSTITUTIONS.values()))


def load_msa(path: str | Path, query: str, limits: ReadLimits = DEFAULT_LIMITS) -> Alignment:
    """Read an alignment of `query`: Stockholm, A3M, A2M or aligned FASTA, told apart by its first line.

    Letters of the file's query are read as those of a sequence (U as C and so on) before they are compared.

    Args:
        path: plain or gzip file.
        query: residues of the twenty and X.
        limits: sizes beyond which the file is refused.

    Returns:
        The alignment with `query` as row 0.

    Raises:
        InputError: the file is no alignment, or its first row is not the query; the message names the first
            position that differs.
    """
    alignment = read_stockholm(path, limits) if _is_stockholm(path, limits) else read_a3m(path, limits)
    first = alignment.query.translate(_SUBSTITUTED)
    if first != query:
        raise _other_query(alignment, first, query, str(path))
    rows = (query, *alignment.a3m_rows()[1:])
    return Alignment.from_rows(rows, alignment.descriptions)


def find_msa(path: Path, name: str, identifier: str) -> Path:
    """The alignment of a record: the file itself, or the one of its name in a folder.

    Args:
        path: alignment file, or folder of them.
        name: file name of the record; it goes before the identifier.
        identifier: of the record, as the user wrote it.

    Raises:
        InputError: the folder has none for this record.
    """
    if not path.is_dir():
        return path
    for stem in dict.fromkeys((name, identifier)):
        for ending in _ENDINGS:
            candidate = path / f"{stem}{ending}"
            if candidate.parent == path and os.path.isfile(candidate):  # also of a name that is too long
                return candidate
    raise InputError(f"no alignment {name}.a3m for this record", file=str(path), record=identifier)


def _is_stockholm(path: str | Path, limits: ReadLimits) -> bool:
    if str(path).lower().endswith(STOCKHOLM_SUFFIXES):
        return True
    first = next((line for line in read_lines(path, limits) if line.strip()), "")
    return first.startswith("# STOCKHOLM")


def _other_query(alignment: Alignment, first: str, query: str, file: str) -> InputError:
    """The error for a first row that is not the query: where it differs, and which row would fit."""
    row = alignment.descriptions[0].split(" ")[0]
    pairs = enumerate(zip(first, query, strict=False), start=1)
    position = next((place for place, (one, other) in pairs if one != other), min(len(first), len(query)) + 1)
    if position <= min(len(first), len(query)):
        rule = f"the alignment has {first[position - 1]!r} where the query has {query[position - 1]!r}"
    else:
        rule = f"the alignment's first row has {len(first)} residues, the query has {len(query)}"
    rows = [sequence.replace("-", "") for sequence in alignment.sequences]
    hint = "the first row of an alignment is its query"
    if query in rows:
        hint = f"row {rows.index(query) + 1} holds the query: move it to the front"
    elif query in first:
        hint = f"the query is a part of that row, from position {first.index(query) + 1}"
    return InputError(f"{rule} ({hint})", file=file, record=row, position=position)

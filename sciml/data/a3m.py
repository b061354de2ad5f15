"""A3M alignments: FASTA with capitals and `-` for columns, lower case for the residues between columns.

Aligned FASTA and A2M (`.` where others have insertions) are read by the same rules. Of what programs add to
the format, the secondary-structure rows of HH-suite (`>ss_pred` and so on) and the first comment line of
ColabFold are understood.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from sciml.data.alignment import Alignment, on_query_columns
from sciml.data.alphabet import GAP, HHBLITS_LETTER_TO_INDEX
from sciml.data.fasta import CHAINS_RULE, FastaRecord, format_fasta, one_line, read_fasta, write_text
from sciml.data.textfile import DEFAULT_LIMITS, ReadLimits, display_name
from sciml.errors import InputError

A3M_SUFFIXES = (".a3m", ".a3m.gz")
_ANNOTATION_ROWS = {"ss_pred", "ss_conf", "ss_dssp", "sa_pred", "sa_conf", "sa_dssp"}
_LETTERS = "".join(sorted(HHBLITS_LETTER_TO_INDEX.keys() - {GAP}))
_ROW = re.compile(f"[{_LETTERS}{_LETTERS.lower()}-]*")
_LOWER = re.compile("[a-z]+")


def read_a3m(path: str | Path, limits: ReadLimits = DEFAULT_LIMITS) -> Alignment:
    """Read an A3M, A2M or aligned FASTA file; its first row is the query.

    Columns where the query has a gap become deleted residues of the other rows, as for Stockholm.

    Raises:
        InputError: the file cannot be read, holds no row, several chains, a letter that is no residue, a
            query with insertions or without residues, or rows of different lengths; with the record and, for
            letters, the position.
    """
    return alignment_of_records(read_fasta(path, limits), display_name(path))


def alignment_of_records(records: Sequence[FastaRecord], file: str) -> Alignment:
    """The alignment that the records of an A3M file are; errors as `read_a3m`."""
    records = [record for record in records if record.id not in _ANNOTATION_ROWS]
    if not records:
        raise InputError("holds annotation rows only, no sequence", file=file)
    rows = [_checked_row(record, file) for record in records]
    query = records[0]
    if found := _LOWER.search(rows[0]):
        rule = "the first row is the query and cannot have insertions (lower-case letters)"
        raise InputError(rule, file=file, record=query.id, position=found.start() + 1, line=query.line)
    if not rows[0].replace(GAP, ""):
        raise InputError(
            "the first row is the query and holds no residue", file=file, record=query.id, line=query.line
        )
    for record, row in zip(records, rows, strict=True):
        columns = len(_LOWER.sub("", row))
        if columns != len(rows[0]):
            rule = f"has {columns} columns (capitals and '-'), but the query's row has {len(rows[0])}"
            raise InputError(rule, file=file, record=record.id, line=record.line)
    return Alignment.from_rows(_on_query_columns(rows), [record.header for record in records])


def _checked_row(record: FastaRecord, file: str) -> str:
    """The row without the marks that mean nothing in A3M: `.` and a final `*`."""
    row = record.sequence.removesuffix("*").replace(".", "")
    if ":" in row:
        raise InputError(CHAINS_RULE, file=file, record=record.id, line=record.line)
    end = _ROW.match(row).end()  # type: ignore[union-attr]  # matches at least the empty string
    if end != len(row):
        rule = f"{row[end]!r} is no residue letter and no gap"
        raise InputError(rule, file=file, record=record.id, position=end + 1, line=record.line)
    return row


def _on_query_columns(rows: list[str]) -> list[str]:
    """The rows with columns that the query lacks turned into insertions; rows may have insertions already."""
    query = rows[0]
    if GAP not in query:
        return rows
    if not any(_LOWER.search(row) for row in rows):
        return on_query_columns(rows)
    kept = []
    for row in rows:
        letters, column = [], 0
        for letter in row:
            if letter.islower():
                letters.append(letter)
                continue
            if query[column] != GAP:
                letters.append(letter)
            elif letter != GAP:
                letters.append(letter.lower())
            column += 1
        kept.append("".join(letters))
    return kept


def looks_like_a3m(records: Sequence[FastaRecord]) -> bool:
    """Whether the records are the rows of one alignment rather than separate sequences.

    True if there are at least two, all of letters that an alignment may hold and with the same number of
    columns (capitals and `-`), the first without lower case, and gaps or lower case show that they were
    aligned.
    """
    rows = [
        record.sequence.removesuffix("*").replace(".", "")
        for record in records
        if record.id not in _ANNOTATION_ROWS
    ]
    if len(rows) < 2 or not all(_ROW.fullmatch(row) for row in rows):
        return False
    columns = {len(_LOWER.sub("", row)) for row in rows}
    if len(columns) != 1 or columns == {0} or _LOWER.search(rows[0]):
        return False
    return any(GAP in row or _LOWER.search(row) for row in rows)


def format_a3m(alignment: Alignment) -> str:
    """A3M text, one line a row; deleted residues whose letters are not known are written as `x`."""
    descriptions = [one_line(description) for description in alignment.descriptions]
    return format_fasta(zip(descriptions, alignment.a3m_rows(), strict=True), width=None)


def write_a3m(path: str | Path, alignment: Alignment) -> None:
    """Write an alignment as A3M, atomically; gzip if the name ends in `.gz`. See `format_a3m`."""
    write_text(path, format_a3m(alignment))

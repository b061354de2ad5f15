"""FASTA: records of a header line after `>` and a sequence over any number of lines.

This module splits and joins; which letters a sequence may hold is for its readers (`sequences` for queries,
`a3m` for alignments, `sequence_database` for databases).
"""

import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sciml.data.textfile import DEFAULT_LIMITS, ReadLimits, display_name, read_lines
from sciml.errors import InputError
from sciml.runs.files import atomic_write_bytes

CHAINS_RULE = (
    "several chains in one record ('A:B') are recognised but not supported yet; predict one chain at a time, "
    "each in its own record"
)
_COLABFOLD_CHAINS = re.compile(r"#\d+(?:,\d+)+(?:\s.*)?")  # first line of its A3M files of several chains
_WITHOUT_SPACE = str.maketrans("", "", " \t\v\f")


@dataclass(frozen=True)
class FastaRecord:
    """One record as it stands in the file."""

    header: str
    """The line after `>`, outer blanks removed."""
    sequence: str
    """The letters of its lines, joined; blanks removed, nothing else changed."""
    line: int = 1
    """1-based line of the header."""

    @property
    def id(self) -> str:
        """The header up to the first blank or tab; may be empty."""
        return split_header(self.header)[0]

    @property
    def description(self) -> str:
        """The header after the id."""
        return split_header(self.header)[1]


def split_header(header: str) -> tuple[str, str]:
    """Id and description of a header: it is cut at the first blank or tab, at no other kind of space."""
    words = header.replace("\t", " ").strip(" ").split(" ", 1)
    return words[0], words[1].strip(" ") if len(words) == 2 else ""


def iterate_fasta(path: str | Path, limits: ReadLimits = DEFAULT_LIMITS) -> Iterator[FastaRecord]:
    """The records of a FASTA file (plain, gzip, or `-` for standard input), read as they are asked for.

    Blank lines, and lines that start with `;` (comments of the oldest form) or with `#` before the first
    record, are skipped. Line ends, encodings and sizes: see `sciml.data.textfile`.

    Raises:
        InputError: the file cannot be read, a sequence comes before any header, or the first line is
            ColabFold's list of the lengths of several chains.
    """
    file = display_name(path)
    header: str | None = None
    start = 0
    pieces: list[str] = []
    for number, line in enumerate(read_lines(path, limits), start=1):
        if line.startswith(">"):
            if header is not None:
                yield FastaRecord(header, "".join(pieces), start)
            header, start, pieces = line[1:].strip(" \t"), number, []
            continue
        text = line.translate(_WITHOUT_SPACE)
        if not text or text.startswith(";"):
            continue
        if header is not None:
            pieces.append(text)
        elif _COLABFOLD_CHAINS.fullmatch(line):
            raise InputError(CHAINS_RULE, file=file, line=number)
        elif not text.startswith("#"):
            rule = f"a FASTA record starts with '>' and a name, but here stands {_shown(text)}"
            raise InputError(f"{rule}. Put a line '>name' before the sequence.", file=file, line=number)
    if header is not None:
        yield FastaRecord(header, "".join(pieces), start)


def read_fasta(path: str | Path, limits: ReadLimits = DEFAULT_LIMITS) -> tuple[FastaRecord, ...]:
    """All records of a FASTA file; see `iterate_fasta`.

    Raises:
        InputError: as `iterate_fasta`, and a file without a record.
    """
    records = tuple(iterate_fasta(path, limits))
    if not records:
        raise InputError("holds no FASTA record (a line that starts with '>')", file=display_name(path))
    return records


def format_fasta(records: Iterable[tuple[str, str]], width: int | None = 80) -> str:
    """FASTA text of (header, sequence) pairs.

    Args:
        records: headers without `>`; line breaks inside a header become blanks, so that it stays one line.
        width: letters a line; None for one line a sequence.
    """
    lines: list[str] = []
    for header, sequence in records:
        lines.append(">" + one_line(header))
        if width is None or not sequence:
            lines.append(sequence)
        else:
            lines += [sequence[start : start + width] for start in range(0, len(sequence), width)]
    return "".join(line + "\n" for line in lines)


def write_fasta(path: str | Path, records: Iterable[tuple[str, str]], width: int | None = 80) -> None:
    """Write (header, sequence) pairs atomically; gzip if the name ends in `.gz`. See `format_fasta`."""
    write_text(path, format_fasta(records, width))


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text atomically; gzip, with no time stamp inside, if the name ends in `.gz`."""
    data = text.encode("utf-8", "backslashreplace")
    atomic_write_bytes(path, gzip.compress(data, 6, mtime=0) if str(path).endswith(".gz") else data)


def one_line(text: str) -> str:
    """`text` with its line breaks as blanks."""
    return text.replace("\r", " ").replace("\n", " ")


def _shown(text: str) -> str:
    """The start of a line for a message, control characters escaped."""
    return repr(text if len(text) <= 20 else text[:20] + "…")

"""Stockholm alignments, as HMMER and Pfam write them: read on the query's columns, written with insertions.

Source of the reading rules: Jumper et al. 2021, data pipeline: the first row is the query, columns where it
has a gap are dropped and counted as deletions of the rows that have a residue there.
"""

import re
from pathlib import Path

from sciml.data.a3m import alignment_of_records
from sciml.data.alignment import Alignment
from sciml.data.fasta import FastaRecord, one_line, write_text
from sciml.data.names import stockholm_names
from sciml.data.textfile import DEFAULT_LIMITS, ReadLimits, display_name, read_lines
from sciml.errors import InputError

STOCKHOLM_SUFFIXES = (".sto", ".stk", ".stockholm", ".sto.gz", ".stk.gz", ".stockholm.gz")
HEADER = "# STOCKHOLM 1.0"
_BLANKS = re.compile("[ \t]+")
_GAPS = str.maketrans("._~", "---")


def read_stockholm(path: str | Path, limits: ReadLimits = DEFAULT_LIMITS) -> Alignment:
    """Read a Stockholm file in one or several blocks; its first row is the query.

    Row descriptions come from `#=GS NAME DE` lines; other annotation is skipped. `.`, `_` and `~` are gaps,
    and capitals and lower case mean the same: the query's row alone says what is a column.

    Raises:
        InputError: the file cannot be read, lacks the Stockholm header, holds no row or a second alignment, a
            line that is not a name and a sequence, rows of different lengths, or letters that are no
            residues.
    """
    file = display_name(path)
    pieces: dict[str, list[str]] = {}
    first_lines: dict[str, int] = {}
    described: dict[str, str] = {}
    started = ended = False
    for number, line in enumerate(read_lines(path, limits), start=1):
        text = line.strip(" \t\v\f")
        if not text:
            continue
        if not started:
            if not text.startswith("# STOCKHOLM"):
                raise InputError(f"a Stockholm file begins with {HEADER!r}", file=file, line=number)
            started = True
        elif text == "//":
            ended = True
        elif ended:
            raise InputError(
                "holds a second alignment; give each alignment its own file", file=file, line=number
            )
        elif text.startswith("#"):
            _note_description(text, described)
        else:
            name, row = _name_and_row(text, file, number)
            pieces.setdefault(name, []).append(row)
            first_lines.setdefault(name, number)
    if not pieces:
        raise InputError("holds no Stockholm row", file=file)
    rows = {name: "".join(parts).translate(_GAPS).upper() for name, parts in pieces.items()}
    _check_lengths(rows, first_lines, file)
    headers = {name: f"{name} {described[name]}" if name in described else name for name in rows}
    records = [FastaRecord(headers[name], row, first_lines[name]) for name, row in rows.items()]
    return alignment_of_records(records, file)


def _name_and_row(text: str, file: str, number: int) -> tuple[str, str]:
    """The two words of a row's line."""
    words = _BLANKS.split(text)
    if len(words) != 2:
        rule = f"a row is a name and its aligned residues, two words; this line has {len(words)}"
        raise InputError(rule, file=file, line=number)
    return words[0], words[1]


def _note_description(text: str, described: dict[str, str]) -> None:
    """Keep the text of a `#=GS NAME DE TEXT` line."""
    words = _BLANKS.split(text, maxsplit=3)
    if len(words) == 4 and words[0] == "#=GS" and words[2] == "DE":
        name, description = words[1], words[3]
        described[name] = f"{described[name]} {description}" if name in described else description


def _check_lengths(rows: dict[str, str], first_lines: dict[str, int], file: str) -> None:
    """Every row as long as the first, and no stray mark; `alignment_of_records` checks the letters."""
    columns = len(next(iter(rows.values())))
    for name, row in rows.items():
        if len(row) != columns:
            rule = f"has {len(row)} columns, but the first row has {columns}"
            raise InputError(rule, file=file, record=name, line=first_lines[name])
        if "*" in row:
            raise InputError(
                "'*' is no residue letter and no gap",
                file=file,
                record=name,
                position=row.index("*") + 1,
                line=first_lines[name],
            )


def format_stockholm(alignment: Alignment) -> str:
    """Stockholm text in one block, insertions in columns of their own (filled up with `.`).

    Row names are made unique and free of blanks; what follows the name in a description is written as `#=GS …
    DE`. The line `#=GC RF` has an `x` in every column of the query.
    """
    split = [_insertions_and_columns(row) for row in alignment.a3m_rows()]
    slots = len(alignment.query) + 1
    widths = [0] * slots
    for inserted, _ in split:
        for slot, letters in inserted.items():
            widths[slot] = max(widths[slot], len(letters))
    names, texts = stockholm_names(alignment.descriptions)
    margin = max(len("#=GC RF"), *map(len, names)) + 1
    lines = [HEADER, ""]
    lines += [f"#=GS {name} DE {one_line(text)}" for name, text in zip(names, texts, strict=True) if text]
    open_slots = [slot for slot in range(slots) if widths[slot]]
    for name, (inserted, columns) in zip(names, split, strict=True):
        lines.append(name.ljust(margin) + _joined(columns, inserted, open_slots, widths))
    lines += ["#=GC RF".ljust(margin) + _joined("x" * (slots - 1), {}, open_slots, widths), "//"]
    return "".join(line + "\n" for line in lines)


def write_stockholm(path: str | Path, alignment: Alignment) -> None:
    """Write an alignment as Stockholm, atomically; gzip if the name ends in `.gz`. See `format_stockholm`."""
    write_text(path, format_stockholm(alignment))


def _insertions_and_columns(row: str) -> tuple[dict[int, str], str]:
    """Inserted letters by the number of columns before them, and the row's columns, of one A3M row."""
    inserted: dict[int, str] = {}
    columns, removed = [], 0
    end = 0
    for found in re.finditer("[a-z]+", row):
        columns.append(row[end : found.start()])
        inserted[found.start() - removed] = found[0]
        removed += len(found[0])
        end = found.end()
    columns.append(row[end:])
    return inserted, "".join(columns)


def _joined(columns: str, inserted: dict[int, str], open_slots: list[int], widths: list[int]) -> str:
    """One row on all columns: the query's, and before each the insertion columns of that place."""
    parts, end = [], 0
    for slot in open_slots:
        parts += [columns[end:slot], inserted.get(slot, "").ljust(widths[slot], ".")]
        end = slot
    parts.append(columns[end:])
    return "".join(parts)

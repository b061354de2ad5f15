"""Tables of scores as CSV, JSON and Markdown, written and read back without losing a digit.

A cell is a text, an integer, a number or nothing. Numbers are written in the shortest form that reads back
as the same double; NaN becomes an empty cell, or null, and reads back as None. The columns of
`TEXT_COLUMNS` hold texts, so that a group named `007` stays one.
"""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sciml.errors import InputError

Cell = str | int | float | None

TEXT_COLUMNS = frozenset(
    {"target", "domain", "unit", "group", "file", "status", "reason", "matched_by", "model_chain", "notes",
     "score", "score_name", "cluster", "method", "first", "second", "name", "domains"}
)  # fmt: skip
"""Columns whose cells are never numbers."""
_INTEGER = re.compile(r"-?\d{1,18}")
_FORMULA = re.compile(r"\s*['=+\-@]")
_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Table:
    """Columns and rows.

    Raises:
        ValueError: a row of another length, or two columns of one name.
    """

    columns: tuple[str, ...]
    """Names, in order."""
    rows: tuple[tuple[Cell, ...], ...]
    """Cells; NaN has become None."""

    def __post_init__(self) -> None:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"columns must have different names: {', '.join(self.columns)}")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells under {len(self.columns)} columns")

    @staticmethod
    def of(records: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> "Table":
        """From dictionaries; the columns are those of any record, in order of first appearance."""
        names = tuple(columns or dict.fromkeys(name for record in records for name in record))
        return Table(names, tuple(tuple(_cell(record.get(name)) for name in names) for record in records))

    def records(self) -> list[dict[str, Cell]]:
        """One dictionary for each row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_csv(self) -> str:
        """CSV text. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_csv_cell(cell) for cell in row] for row in self.rows)
        return text.getvalue()

    def to_json(self) -> str:
        """A JSON list with one object a line."""
        lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in self.records()]
        return "[" + ",\n ".join(lines) + "]\n"

    def to_markdown(self, shown: Callable[[str, Cell], str] | None = None) -> str:
        """A Markdown table, numbers to the right.

        Args:
            shown: how a cell of a column is printed, for readers; exact and readable back where absent.
        """
        cells = [
            [_escape((shown or _exact)(name, cell)) for name, cell in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]
        rule = ["---" if name in TEXT_COLUMNS else "---:" for name in self.columns]
        lines = [[_escape(name) for name in self.columns], rule, *cells]
        return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def read_csv(text: str, file: str | None = None) -> Table:
    """The inverse of `Table.to_csv`.

    Raises:
        InputError: no head, a row of another length, or a cell that is no number in a column of numbers.
    """
    lines = list(csv.reader(io.StringIO(text)))
    return _table(lines, file, _csv_text)


def read_json(text: str, file: str | None = None) -> Table:
    """The inverse of `Table.to_json`; a table without rows comes back without columns.

    Raises:
        InputError: not a JSON list of flat objects.
    """
    try:
        records = json.loads(text)
    except ValueError as error:
        raise InputError(f"not JSON: {error}", file=file) from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InputError("a table in JSON is a list of objects", file=file)
    for number, record in enumerate(records, start=1):
        for name, value in record.items():
            if isinstance(value, dict | list | bool):
                raise InputError(f"{name} is neither text nor number", file=file, position=number)
    return Table.of(records)


def read_markdown(text: str, file: str | None = None) -> Table:
    """The inverse of `Table.to_markdown()` without `shown`.

    Raises:
        InputError: as `read_csv`.
    """
    lines = [_split(line) for line in text.split("\n") if line.startswith("|")]
    if len(lines) < 2:
        raise InputError("a Markdown table has a head and a rule", file=file)
    return _table([lines[0], *lines[2:]], file, lambda cell: cell)


def _table(lines: list[list[str]], file: str | None, as_text: Callable[[str], str]) -> Table:
    if not lines or not lines[0]:
        raise InputError("a table begins with the names of its columns", file=file)
    columns = lines[0]
    rows: list[tuple[Cell, ...]] = []
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(columns):
            raise InputError(f"{len(line)} cells under {len(columns)} columns", file=file, line=number)
        try:
            rows.append(
                tuple(
                    (as_text(cell) if name in TEXT_COLUMNS else _number(cell)) if cell else None
                    for name, cell in zip(columns, line, strict=True)
                )
            )
        except ValueError as error:
            raise InputError(f"not a number: {error}", file=file, line=number) from error
    return Table(tuple(columns), tuple(rows))


def _cell(value: Any) -> Cell:  # noqa: ANN401  # whatever a record holds
    """NaN and infinity become None, an empty text too: a file cannot tell it from nothing."""
    if value is None or isinstance(value, str):
        return _BREAKS.sub(" ", value).strip() or None if value else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def _number(cell: str) -> int | float:
    if _INTEGER.fullmatch(cell):
        return int(cell)
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(repr(cell))
    return value


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"'{cell}" if _FORMULA.match(cell) else cell
    return "" if cell is None else repr(cell)


def _csv_text(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _exact(name: str, cell: Cell) -> str:
    return "" if cell is None else cell if isinstance(cell, str) else repr(cell)


def _escape(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|")


def _split(line: str) -> list[str]:
    """Cells of a Markdown row; a backslash makes the sign after it a plain one."""
    parts = re.findall(r"((?:[^|\\]|\\.)*)\|", line.strip()[1:])
    return [re.sub(r"\\(.)", r"\1", part.strip()) for part in parts]

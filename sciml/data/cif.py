"""Writes the categories of a CIF file: pairs and loops, with the quoting that CIF 1.1 asks for.

Source: Hall, Allen & Brown, Acta Cryst. A47:655 (1991); CIF 1.1 syntax of the IUCr.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

CifValue = str | int | float | None
"""What a cell holds; None is written as `.`; a float is best formatted by the caller."""

_PLAIN = re.compile(r"[A-Za-z0-9+\-./:()=*<>@%&|~^{}!][^\s]*")
_RESERVED = re.compile(r"(data_|save_|loop_|stop_|global_)", re.IGNORECASE)
_MAX_LINE = 2000  # CIF 1.1 allows 2048


def cif_value(value: CifValue) -> str:
    """A cell of a CIF file: plain, quoted, or a text field between semicolons when it must be.

    Letters beyond ASCII and control characters become `?`; other white space than a line end becomes a blank.
    """
    if value is None:
        return "."
    text = str(value).replace("Å", "A").replace("\r\n", "\n").replace("\t", " ")
    text = "".join(letter if letter == "\n" or " " <= letter <= "~" else "?" for letter in text)
    is_short = len(text) < _MAX_LINE
    is_reserved = _RESERVED.match(text) or text in (".", "?")
    if is_short and _PLAIN.fullmatch(text) and not is_reserved:
        return text
    if is_short and "\n" not in text:
        for quote in ("'", '"'):
            if quote not in text:
                return f"{quote}{text}{quote}"
    return _text_field(text)


def _text_field(text: str) -> str:
    """A value over several lines; a semicolon at the start of a line would end it: a blank precedes it."""
    lines = [piece for line in text.split("\n") for piece in _chunks(line)]
    return "\n;" + "\n".join(f" {line}" if line.startswith(";") else line for line in lines) + "\n;\n"


def _chunks(line: str) -> list[str]:
    return [line[start : start + _MAX_LINE] for start in range(0, len(line), _MAX_LINE)] or [""]


def cif_pairs(category: str, items: Mapping[str, CifValue]) -> str:
    """A category with one row, one `_category.item value` pair a line."""
    return "".join(f"_{category}.{item} {cif_value(value)}\n" for item, value in items.items()) + "#\n"


def cif_loop(category: str, items: Sequence[str], rows: Iterable[Sequence[CifValue]]) -> str:
    """A category with any number of rows; nothing at all when there is none.

    Raises:
        ValueError: a row has another number of cells than there are items.
    """
    body = []
    for row in rows:
        if len(row) != len(items):
            raise ValueError(f"_{category} has {len(items)} items, a row has {len(row)} cells")
        body.append(" ".join(map(cif_value, row)))
    if not body:
        return ""
    head = "".join(f"_{category}.{item}\n" for item in items)
    return f"loop_\n{head}" + "\n".join(body) + "\n#\n"


def cif_block_name(name: str) -> str:
    """A name for a data block: letters, digits, `_`, `.` and `-` only."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:80] or "model"

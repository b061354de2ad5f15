"""What the HTML pages of the package share: style, scripts, the block of data, plain tables.

A page is one file that needs no network: style and scripts stand in it, numbers are one JSON block, and its
own policy forbids it every request. `page/` holds what every page uses, a folder of its own what one uses.
"""

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

SHARED = "page"
"""Folder of the shared pieces."""
_SIGNIFICANT = 6
Cell = tuple[str, str]
"""Classes of a cell of a table, and its text."""


def page_file(folder: str, name: str) -> str:
    """Text of a file of one page's folder, or of the shared one."""
    return files("sciml.report").joinpath(folder, name).read_text(encoding="utf-8")


def page_style(folder: str) -> str:
    """The shared style, then the page's own."""
    return page_file(SHARED, "style.css") + page_file(folder, "style.css")


def page_script(folder: str, shared: Sequence[str], own: Sequence[str]) -> str:
    """One script that leaves no name behind: shared files, then the page's own, in the order given."""
    parts = [page_file(SHARED, name) for name in shared] + [page_file(folder, name) for name in own]
    return "(() => {\n'use strict';\n" + "".join(parts) + "})();"


def json_block(values: Mapping[str, Any]) -> str:
    """JSON that may stand inside an HTML element: `<` is written as its escape.

    Raises:
        ValueError: a number that is not finite.
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8", "replace").decode("utf-8")  # names may hold lone surrogates


def short_number(value: float | None, significant: int = _SIGNIFICANT) -> float | int | None:
    """A number of few digits; None for what is not finite."""
    if value is None or isinstance(value, int):
        return value
    return float(f"{value:.{significant}g}") if math.isfinite(value) else None


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text that needs no script."""
    return classed_table(
        [("t", text) for text in heads], [[("wrapping", text) for text in row] for row in rows]
    )


def classed_table(heads: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> str:
    """A table of cells with classes of the style: `t` for text, `wrapping` for long text, none else."""
    head = "".join(f'<th scope="col" class="{kind}">{escape(text)}</th>' for kind, text in heads)
    body = "".join(
        "<tr>" + "".join(f'<td class="{kind}">{escape(text)}</td>' for kind, text in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def tile_row(tiles: Sequence[tuple[str, str]]) -> str:
    """The few figures at the top of a page: each a value and what it is."""
    return "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(what)}</span></div>' for value, what in tiles
    )

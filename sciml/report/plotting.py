"""What the PNG figures share: size, inks, title, note, and the bytes of the file.

Figures are drawn without `pyplot`, so they neither need a display nor change a caller's matplotlib settings.
"""

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 150
_LETTERS_OF_NOTE_PER_INCH = 14.5
INK, FAINT = "#222222", "#B8BCC4"
"""Colours of text and of frames and ticks."""


def new_figure(width: float, height: float) -> "Figure":
    """A white figure of that many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=_DPI, facecolor="white")


def finish(figure: "Figure", panels: Sequence["Axes"], title: str, note: str, note_at: float = 0.012) -> None:
    """Title above, note below, light frames."""
    letters = int(_LETTERS_OF_NOTE_PER_INCH * figure.get_figwidth())
    figure.text(0.5, 0.965, _short(title, letters * 2 // 3), ha="center", va="top", fontsize=11, color=INK)
    figure.text(0.5, note_at, _short(note, letters), ha="center", va="bottom", fontsize=7, color="#4B5563")
    for axes in panels:
        axes.tick_params(labelsize=8, color=FAINT)
        for spine in axes.spines.values():
            spine.set_color(FAINT)


def _short(text: str, length: int) -> str:
    """One line of at most that many characters, with no sign that matplotlib would read as a formula."""
    line = " ".join(text.split()).replace("$", r"\$")
    return line if len(line) <= length else f"{line[: length - 1]}…"


def png_bytes(figure: "Figure") -> bytes:
    """The PNG file of a figure; letters that its font lacks are drawn as boxes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from", category=UserWarning)
        figure.savefig(buffer, format="png", metadata={"Software": "sciml"})
    return buffer.getvalue()

"""Netlist templates filled with numbers: the decks that ngspice is given."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sciml.errors import InputError
from sciml.surrogates.ngspice.analysis import PLACEHOLDER


@dataclass(frozen=True)
class Run:
    """One analysis of a deck: its command without placeholders, and the vectors wanted of it."""

    command: str
    vectors: tuple[str, ...]

    @property
    def kind(self) -> str:
        """`op`, `dc`, `ac`, `tran` or `noise`."""
        return self.command.partition(" ")[0].lower()


@dataclass(frozen=True)
class Deck:
    """Everything that one start of ngspice needs: a netlist without title and `.end`, and analyses."""

    title: str
    lines: tuple[str, ...]
    runs: tuple[Run, ...]

    @property
    def netlist(self) -> tuple[str, ...]:
        """The whole netlist, with title and end."""
        return (f"* {self.title}", *self.lines, ".end")

    @property
    def text(self) -> str:
        """The deck as a file that a user can run: `ngspice -b -r out.raw FILE` repeats the analyses."""
        commands = "\n".join(f".{run.command}" for run in self.runs)
        return "\n".join((*self.netlist[:-1], commands, ".end", ""))

    @property
    def file_name(self) -> str:
        """A name that this deck and no other has."""
        return f"{self.title.replace(' ', '-')}-{digest([self.text])}"


class Template:
    """Text with placeholders, split once and filled often."""

    def __init__(self, text: str) -> None:
        pieces = PLACEHOLDER.split(text)
        self._fixed, self.names = pieces[::2], tuple(pieces[1::2])
        stray = re.search(r"[{}]", "".join(self._fixed))
        if stray is not None:
            broken = next(part for part in self._fixed if re.search(r"[{}]", part))
            place = re.search(r"[{}].{0,20}", broken)
            rule = "braces hold the name of an input, condition or constant; expressions stand in '…'"
            raise InputError(f"{rule}: {place[0] if place else broken!r}")

    def fill(self, texts: Mapping[str, str]) -> str:
        """The text with every placeholder replaced."""
        parts = [self._fixed[0]]
        for name, fixed in zip(self.names, self._fixed[1:], strict=True):
            parts += (texts[name], fixed)
        return "".join(parts)


def lines_of(text: str) -> tuple[str, ...]:
    """Lines of a filled template; ngspice has no use for blank ones and comments."""
    stripped = (line.strip() for line in text.splitlines())
    return tuple(line for line in stripped if line and not line.startswith("*"))


def digest(parts: Sequence[object]) -> str:
    """Sixteen hex digits that change whenever one of the parts does; parts are JSON values."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

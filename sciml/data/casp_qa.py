"""Reader and writer of quality estimates in CASP's QA format.

    PFRMAT QA · TARGET · AUTHOR · REMARK · METHOD
    MODEL 1
    QMODE 1                        one score for each model
    T0999TS001_1 0.82
    QMODE 2                        the same, then the error in Å of each residue, X where there is none
    T0999TS001_1 0.82 1.1 0.9 X 2.4
    END

A score is 0 to 1, the estimate of GDT_TS (as a fraction) or of another score of that range. A line that
begins with a number or X goes on with the errors of the line before. What CASP15 introduced for multimers is
refused by name: fold and interface scores (QMODE 1 with three columns), residues as A12:0.9, QMODE 3.

Source: Protein Structure Prediction Center, "QA format" of CASP12 to CASP14.
"""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sciml.data.casp_header import (
    WIDTH,
    CaspHeader,
    HeaderReader,
    header_lines,
    integer_of,
    number_of,
    numbered_words,
)
from sciml.data.textfile import ReadLimits, display_name, read_lines
from sciml.errors import InputError
from sciml.runs.files import atomic_write_text

MISSING = "X"
"""What stands for a score or an error that was not estimated."""
_LIMITS = ReadLimits(max_bytes=500_000_000)


@dataclass(frozen=True)
class QualityEstimate:
    """What one model of the target is worth, as estimated."""

    model: str
    """Name of the model, such as T0999TS001_1."""
    score: float
    """0-1; NaN where it was not estimated."""
    errors: tuple[float, ...] = ()
    """Å, of residue 1 and on; NaN where it was not estimated; empty for QMODE 1."""


@dataclass(frozen=True)
class QualityEstimates:
    """A QA file."""

    header: CaspHeader
    """Target, author and method."""
    mode: int
    """1: scores; 2: scores and errors of residues."""
    estimates: tuple[QualityEstimate, ...]
    """In the order of the file, one for each model."""
    model_number: int = 1
    """Number of the MODEL record."""


def read_qa(path: str | os.PathLike[str], residues: int | None = None) -> QualityEstimates:
    """Read a QA file, plain or gzip; see `parse_qa`."""
    name = os.fspath(path)
    return parse_qa(read_lines(name, _LIMITS), display_name(name), residues)


def parse_qa(lines: Iterable[str], file: str | None = None, residues: int | None = None) -> QualityEstimates:
    """The estimates of a QA file.

    Args:
        lines: of the file.
        file: its name, for messages.
        residues: of the target; then QMODE 2 must have an error or X for each, else as many for each model.

    Raises:
        InputError: a record out of place, a score outside 0 to 1, a negative error, a model twice, or an
            unequal number of errors; with the line.
    """
    header = HeaderReader("QA", file)
    reader = _EstimateReader(file, residues)
    for number, words in numbered_words(lines):
        if reader.ended:
            raise InputError("text after END", file=file, line=number)
        if reader.model_number is None and header.take(number, words):
            continue
        if words[0] == "MODEL":
            header.header(number)
        reader.take(number, words)
    whole = header.header()
    estimates = reader.finished()
    if reader.mode is None or reader.model_number is None:
        raise InputError("MODEL or QMODE is missing", file=file)
    return QualityEstimates(whole, reader.mode, estimates, reader.model_number)


class _EstimateReader:
    """The records from MODEL to END."""

    def __init__(self, file: str | None, residues: int | None) -> None:
        self.file, self.residues = file, residues
        self.mode: int | None = None
        self.model_number: int | None = None
        self.ended = False
        self._found: dict[str, tuple[float, list[float], int]] = {}
        self._last: list[float] | None = None

    def take(self, number: int, words: list[str]) -> None:
        record = words[0]
        if record == "MODEL" and self.model_number is None:
            self.model_number = integer_of(
                words[1] if len(words) == 2 else "", "the number of MODEL", self.file, number
            )
        elif self.model_number is None:
            raise InputError(f"{record[:20]!r} before MODEL", file=self.file, line=number)
        elif record == "QMODE" and self.mode is None:
            self.mode = integer_of(words[1] if len(words) == 2 else "", "QMODE", self.file, number)
            if self.mode not in (1, 2):
                rule = f"QMODE is 1 or 2; {self.mode} is not read (3: interfaces of multimers)"
                raise InputError(rule, file=self.file, line=number)
        elif record in ("END", "ENDMDL"):
            self.ended = record == "END"
        elif record == "REMARK":
            pass
        elif self.mode is None:
            raise InputError(f"QMODE must come before {record[:20]!r}", file=self.file, line=number)
        elif record == MISSING or record[0] in "0123456789.+-":
            self._extend(number, words)
        else:
            self._begin(number, words)

    def _begin(self, number: int, words: list[str]) -> None:
        name, values = words[0], words[1:]
        if name in ("MODEL", "QMODE", "PFRMAT", "TARGET", "AUTHOR"):
            raise InputError(f"{name} is there twice", file=self.file, line=number)
        if name in self._found:
            raise InputError(f"{name} is there twice", file=self.file, line=number)
        if not values or (self.mode == 1 and len(values) != 1):
            rule = f"{name[:30]}: a line of QMODE 1 is a name and a score, of QMODE 2 errors follow"
            if self.mode == 1 and len(values) > 1:
                rule += f", not {len(values)} words (scores of multimers' interfaces are not read)"
            raise InputError(rule, file=self.file, line=number)
        if any(":" in word for word in values):
            rule = f"{name[:30]}: errors named by residue (CASP15's QMODE 2) are not read, only a plain list"
            raise InputError(rule, file=self.file, line=number)
        score = self._value(values[0], "a score", number)
        if score < 0 or score > 1:
            raise InputError(f"a score is 0 to 1: {values[0]}", file=self.file, line=number)
        self._last = []
        self._found[name] = (score, self._last, number)
        self._errors(number, values[1:])

    def _extend(self, number: int, words: list[str]) -> None:
        if self.mode != 2 or self._last is None:
            raise InputError(f"errors without a model: {words[0][:20]!r}", file=self.file, line=number)
        self._errors(number, words)

    def _errors(self, number: int, words: list[str]) -> None:
        if self._last is None:
            return
        for word in words:
            error = self._value(word, "an error", number)
            if error < 0:
                raise InputError(f"an error is a distance in Å: {word}", file=self.file, line=number)
            self._last.append(error)

    def _value(self, word: str, what: str, number: int) -> float:
        return math.nan if word == MISSING else number_of(word, what, self.file, number)

    def finished(self) -> tuple[QualityEstimate, ...]:
        if not self.ended:
            raise InputError("cut short: END is missing", file=self.file)
        if not self._found:
            raise InputError("no estimate", file=self.file)
        if self.mode == 2:
            expected = self.residues or len(next(iter(self._found.values()))[1])
            for name, (_, errors, line) in self._found.items():
                if len(errors) != expected or not errors:
                    rule = f"{name} has errors of {len(errors)} residues, expected {expected}"
                    raise InputError(rule, file=self.file, line=line)
        return tuple(
            QualityEstimate(name, score, tuple(errors)) for name, (score, errors, _) in self._found.items()
        )


def format_qa(header: CaspHeader, estimates: Sequence[QualityEstimate], model_number: int = 1) -> str:
    """The text of a QA file; QMODE 2 if the estimates have errors of residues, lines within 80 columns.

    Args:
        header: target, author and method.
        estimates: one for each model.
        model_number: 1, or 2 for a second set of estimates.

    Raises:
        InputError: what `parse_qa` would refuse, or an empty METHOD.
    """
    mode = 2 if any(estimate.errors for estimate in estimates) else 1
    lines = [*header_lines("QA", header), f"MODEL {model_number}", f"QMODE {mode}"]
    for estimate in estimates:
        words = [
            estimate.model,
            _written(estimate.score, 3),
            *(_written(error, 1) for error in estimate.errors),
        ]
        lines.append(words[0])
        for word in words[1:]:
            if len(lines[-1]) + 1 + len(word) > WIDTH:
                lines.append(word)
            else:
                lines[-1] += f" {word}"
    text = "".join(f"{line}\n" for line in [*lines, "END"])
    parse_qa(text.splitlines())
    return text


def write_qa(
    path: str | os.PathLike[str],
    header: CaspHeader,
    estimates: Sequence[QualityEstimate],
    model_number: int = 1,
) -> Path:
    """Write a QA file, as a whole or not at all; errors as `format_qa` and those of the disk."""
    return atomic_write_text(path, format_qa(header, estimates, model_number))


def _written(value: float, digits: int) -> str:
    return MISSING if math.isnan(value) else f"{value:.{digits}f}"

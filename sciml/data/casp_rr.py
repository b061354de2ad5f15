"""Reader and writer of contact and distance predictions in CASP's RR format.

    PFRMAT RR · TARGET · AUTHOR · REMARK · METHOD
    RMODE 2                        optional: 1 contacts, 2 contacts and distances
    MODEL 1
    HLEGSIGILLKKHEIVFDGC           optional: the sequence, any number of lines
    1 8 0 8 0.720                  up to CASP13: i j, range of distances d1 d2 in Å, probability
    1 8 0.720                      since CASP14, RMODE 1: i j, probability of a distance below 8 Å
    1 8 0.72 0.0 0.4 0.3 …         RMODE 2: the same, then ten probabilities: up to 4 Å, 4 to 6, … above 20 Å
    END

Distances are between Cβ atoms (Cα of glycine). Contacts between chains (residues like A12) are not read.
Many programs write the sequence and the pairs alone. A file without PFRMAT that begins with one of these, or
with another record above, is read as such a bare list, which its notes say: TARGET, MODEL and END may be
missing; all other rules hold.

Source: Protein Structure Prediction Center, "RR format" of CASP10 to CASP14.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciml.data.casp_header import (
    CaspHeader,
    HeaderReader,
    header_lines,
    integer_of,
    number_of,
    numbered_words,
)
from sciml.data.residue_constants import RESTYPES_WITH_X
from sciml.data.textfile import ReadLimits, display_name, read_lines
from sciml.errors import InputError
from sciml.runs.files import atomic_write_text

CONTACT_ANGSTROM = 8.0
BIN_EDGES_ANGSTROM = tuple(float(edge) for edge in range(4, 21, 2))
"""Between the ten bins of RMODE 2, Å."""
LARGEST_RESIDUE = 100_000
SUM_TOLERANCE = 0.05
"""How far the sum of a pair's ten probabilities may be from 1; files hold two or three decimals."""
_BINS = len(BIN_EDGES_ANGSTROM) + 1
_LIMITS = ReadLimits(max_bytes=1_000_000_000)
_LETTERS_A_LINE = 50
SEQUENCE_LETTERS = frozenset(RESTYPES_WITH_X)
"""Of a line of the sequence."""
PAIR_WORDS = (3, 5, 3 + _BINS)
"""Words that the line of a pair may have."""
FIRST_RECORDS = ("TARGET", "AUTHOR", "REMARK", "METHOD", "RMODE", "MODEL")
"""Records that a list without PFRMAT may begin with."""


@dataclass(frozen=True, eq=False)
class ContactPrediction:
    """Pairs of residues with the probability that they touch."""

    header: CaspHeader | None
    """Target, author and method; None for a bare list that names no target."""
    pairs: NDArray[np.int64]
    """(pair, 2), residue numbers i < j, from 1; no pair twice."""
    probabilities: NDArray[np.float64]
    """(pair,), of a distance of at most `contact_angstrom`, 0-1."""
    contact_angstrom: float = CONTACT_ANGSTROM
    """Largest distance of a contact, Å."""
    bin_probabilities: NDArray[np.float64] | None = None
    """(pair, bin), of RMODE 2; None for contacts."""
    bin_edges: NDArray[np.float64] | None = None
    """(bin - 1,), Å, between the bins."""
    sequence: str | None = None
    """One-letter codes, where the file gives them."""
    model_number: int = 1
    """Number of the MODEL record."""
    notes: tuple[str, ...] = ()
    """What the file lacks of the format, a sentence each."""

    def matrix(self, residues: int) -> NDArray[np.float64]:
        """(res, res), symmetric: the probability of each pair of residues from 1 on, 0 where none is given.

        Raises:
            InputError: a pair lies beyond.
        """
        if len(self.pairs) and self.pairs.max() > residues:
            raise InputError(f"residue {self.pairs.max()} of a target of {residues} residues")
        scores = np.zeros((residues, residues))
        first, second = self.pairs.T - 1
        scores[first, second] = scores[second, first] = self.probabilities
        return scores


def read_rr(path: str | os.PathLike[str], residues: int | None = None) -> ContactPrediction:
    """Read an RR file, plain or gzip; see `parse_rr`."""
    name = os.fspath(path)
    return parse_rr(read_lines(name, _LIMITS), display_name(name), residues)


def parse_rr(lines: Iterable[str], file: str | None = None, residues: int | None = None) -> ContactPrediction:
    """The pairs of an RR file.

    Args:
        lines: of the file.
        file: its name, for messages.
        residues: of the target; numbers beyond are refused (without it, those beyond the file's sequence).

    Raises:
        InputError: a record out of place, i not before j, a pair twice, a probability outside 0 to 1, rows of
            different forms, bins that do not sum to 1, a residue out of range (with the line), or no END.
    """
    numbered = numbered_words(lines)
    first = next(numbered, None)
    if first is None:
        raise InputError("the file is empty", file=file)
    is_bare = _begins_bare(first[1])
    header = HeaderReader("RR", file, needs_format=not is_bare)
    reader = _PairReader(file, residues, is_bare=is_bare)
    for number, words in chain([first], numbered):
        if reader.ended:
            raise InputError("text after END", file=file, line=number)
        if not reader.in_model and header.take(number, words):
            continue
        if words[0] == "MODEL" and not is_bare:
            header.header(number)
        reader.take(number, words)
    return reader.finished(header.header() if header.has_target or not is_bare else None)


def _begins_bare(words: list[str]) -> bool:
    """Whether the first words of a file without PFRMAT can only be those of a list of contacts."""
    is_pair = len(words) in PAIR_WORDS and all(word.isascii() and word.isdigit() for word in words[:2])
    is_sequence = len(words) == 1 and SEQUENCE_LETTERS.issuperset(words[0].upper())
    return is_pair or is_sequence or words[0] in FIRST_RECORDS


class _PairReader:
    """The records after the header."""

    def __init__(self, file: str | None, residues: int | None, *, is_bare: bool) -> None:
        self.file, self.residues, self.is_bare = file, residues, is_bare
        self.has_model = False
        self.mode: int | None = None
        self.in_model = self.ended = False
        self.last_line = 0
        self.model_number = 1
        self.form: int | None = None  # words of a row
        self.sequence: list[str] = []
        self.places: dict[tuple[int, int], int] = {}
        self.rows: list[list[float]] = []
        self.contact_angstrom: float | None = None

    def take(self, number: int, words: list[str]) -> None:
        record, self.last_line = words[0], number
        if record == "RMODE":
            self.mode = integer_of(words[1] if len(words) == 2 else "", "RMODE", self.file, number)
            if self.mode not in (1, 2) or self.rows:
                self._refuse("RMODE is 1 or 2, before the pairs", number)
        elif record == "MODEL":
            if self.in_model:
                self._refuse("a second MODEL: one prediction a file", number)
            self.model_number = integer_of(
                words[1] if len(words) == 2 else "", "the number of MODEL", self.file, number
            )
            self.in_model = self.has_model = True
        elif record == "END":
            self.ended = True
        elif record in ("ENDMDL", "REMARK"):
            pass
        elif not self.in_model and not self.is_bare:
            self._refuse(f"{record[:20]!r} before MODEL", number)
        elif len(words) == 1 and not self.rows and record.isalpha():
            if not SEQUENCE_LETTERS.issuperset(record.upper()):
                self._refuse(f"a letter of the sequence is no residue: {record[:20]!r}", number)
            self.in_model = True
            self.sequence.append(record.upper())
        else:
            self.in_model = True
            self._add(number, words)

    def _add(self, number: int, words: list[str]) -> None:
        if self.form is None:
            if len(words) not in PAIR_WORDS or (self.mode == 2 and len(words) != 3 + _BINS):
                self._refuse(f"a pair has 3, 5 or {3 + _BINS} words (RMODE 2): {len(words)}", number)
            self.form = len(words)
        if len(words) != self.form:
            self._refuse(f"a pair of {len(words)} words among pairs of {self.form}", number)
        i, j = (integer_of(word, "a residue number", self.file, number) for word in words[:2])
        last = self.residues or sum(map(len, self.sequence)) or LARGEST_RESIDUE
        if not 1 <= i <= last or not 1 <= j <= last:
            self._refuse(f"residues {i} and {j} of a target of {last} residues", number)
        if i >= j:
            self._refuse(f"a pair is written with the smaller number first: {i} {j}", number)
        if (i, j) in self.places:
            self._refuse(f"the pair {i} {j} is there twice, first in line {self.places[i, j]}", number)
        self.places[i, j] = number
        self.rows.append(self._probabilities(number, words))

    def _probabilities(self, number: int, words: list[str]) -> list[float]:
        """The probability of a contact, then those of the bins."""
        values = [number_of(word, "a probability", self.file, number) for word in words[2:]]
        if self.form == 5:
            near, far, *values = values
            if near != 0 or not 0 < far <= 50 or self.contact_angstrom not in (None, far):
                rule = (
                    f"the range of a contact is the same for all pairs and begins at 0 Å: {near:g} to {far:g}"
                )
                self._refuse(rule, number)
            self.contact_angstrom = far
        if not all(0 <= value <= 1 for value in values):
            self._refuse("a probability is 0 to 1", number)
        if len(values) > 1 and abs(sum(values[1:]) - 1) > SUM_TOLERANCE:
            self._refuse(f"the {_BINS} probabilities of a pair sum to 1: {sum(values[1:]):.3f}", number)
        return values

    def finished(self, header: CaspHeader | None) -> ContactPrediction:
        if not self.in_model and not self.is_bare:
            raise InputError("MODEL is missing", file=self.file)
        if not self.ended and (self.has_model or not self.is_bare):
            raise InputError("cut short: END is missing", file=self.file, line=self.last_line)
        if not self.rows:
            raise InputError("no pair of residues", file=self.file)
        table = np.array(self.rows, np.float64)
        has_bins = table.shape[1] > 1
        return ContactPrediction(
            header=header,
            pairs=np.array(list(self.places), np.int64),
            probabilities=table[:, 0],
            contact_angstrom=self.contact_angstrom or CONTACT_ANGSTROM,
            bin_probabilities=table[:, 1:] if has_bins else None,
            bin_edges=np.array(BIN_EDGES_ANGSTROM) if has_bins else None,
            sequence="".join(self.sequence) or None,
            model_number=self.model_number,
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        if self.is_bare:
            yield "no PFRMAT RR: read as a list of contacts"
            if not self.ended:
                yield "no END: nothing says whether the list is complete"

    def _refuse(self, rule: str, line: int) -> None:
        raise InputError(rule, file=self.file, line=line)


def format_rr(prediction: ContactPrediction) -> str:
    """The text of an RR file: RMODE 2 if there are bins, else RMODE 1; most probable contacts first.

    Args:
        prediction: contacts below 8 Å; bins, if any, as `BIN_EDGES_ANGSTROM`.

    Raises:
        InputError: no header, another distance or other bins, what `parse_rr` would refuse, or an empty
            METHOD.
    """
    if prediction.header is None:
        raise InputError("an RR file names its target: the list of contacts has no header")
    if prediction.contact_angstrom != CONTACT_ANGSTROM:
        raise InputError(f"RR contacts are below 8 Å: {prediction.contact_angstrom:g} Å")
    bins = prediction.bin_probabilities
    edges = prediction.bin_edges
    if bins is not None and (edges is None or tuple(edges) != BIN_EDGES_ANGSTROM):
        raise InputError("the bins of RMODE 2 end at 4, 6, … 20 Å")
    lines = [*header_lines("RR", prediction.header), f"RMODE {1 if bins is None else 2}"]
    lines.append(f"MODEL {prediction.model_number}")
    sequence = prediction.sequence or ""
    lines += [sequence[at : at + _LETTERS_A_LINE] for at in range(0, len(sequence), _LETTERS_A_LINE)]
    for row in np.argsort(-prediction.probabilities, kind="stable"):
        i, j = prediction.pairs[row]
        values = [prediction.probabilities[row], *([] if bins is None else bins[row])]
        lines.append(f"{i} {j} " + " ".join(f"{value:.4f}" for value in values))
    text = "".join(f"{line}\n" for line in [*lines, "END"])
    parse_rr(text.splitlines())
    return text


def write_rr(path: str | os.PathLike[str], prediction: ContactPrediction) -> Path:
    """Write an RR file, as a whole or not at all; errors as `format_rr` and those of the disk."""
    return atomic_write_text(path, format_rr(prediction))

"""FASTA to digital sequences as HMMER compares them, at the speed of the disk.

Binary on purpose: decoding and splitting into lines would take most of the time of a search in a small
database. Letters may be of either case; gaps (`-`, `.`) and a stop at the end are dropped, a stop inside is
X.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyhmmer.easel import Alphabet, DigitalSequence

from sciml.data.fasta import split_header
from sciml.data.textfile import NO_LIMITS, open_content
from sciml.errors import InputError

ALPHABET: Alphabet = Alphabet.amino()
LONGEST_TARGET = 100_000
"""Residues of the longest sequence that HMMER compares; longer ones are left out and counted."""
_READ_BYTES = 1 << 22
_IGNORED = b"\n\r \t\v\f-."
_ILLEGAL = 255
_UTF8_MARK = b"\xef\xbb\xbf"


def _letter_table() -> bytes:
    """ASCII code to Easel's digital code; stops inside a sequence become X, what is no residue is illegal."""
    table = bytearray([_ILLEGAL] * 256)
    for code, letter in enumerate(ALPHABET.symbols):
        if letter.isalpha():
            table[ord(letter)] = table[ord(letter.lower())] = code
    table[ord("*")] = ALPHABET.symbols.index("X")
    return bytes(table)


_CODES = _letter_table()


@dataclass(frozen=True)
class FileSummary:
    """What one pass over a file tells."""

    sha256: str
    """Hexadecimal digest of the decompressed content."""
    sequences: int
    """Sequences that are searched."""
    residues: int
    """Their residues."""
    left_out: int
    """Sequences without residues or longer than `LONGEST_TARGET`."""


class DigitalFasta:
    """Digital sequences of one FASTA file, in order, and its summary once they were all read.

    Iterating raises InputError if the file is missing, damaged or no FASTA, or holds a letter that is no
    residue.

    Args:
        file: plain or gzip.
        first_number: the sequences are named by running numbers of ten digits from here.
    """

    def __init__(self, file: Path, first_number: int) -> None:
        self.file, self.number = file, first_number
        self.first_number, self.residues, self.left_out = first_number, 0, 0
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[DigitalSequence]:
        for record in self._raw_records():
            sequence = self._digital(record)
            if sequence is None:
                self.left_out += 1
                continue
            self.number += 1
            self.residues += len(sequence)
            yield sequence

    def summary(self) -> FileSummary:
        """Only valid after the last sequence."""
        return FileSummary(
            self._hash.hexdigest(), self.number - self.first_number, self.residues, self.left_out
        )

    def _raw_records(self) -> Iterator[bytes]:
        """Header line and sequence lines of each record, without the `>`."""
        rest, started = b"\n", False
        with open_content(self.file, NO_LIMITS) as content:
            while data := content.read(_READ_BYTES):
                self._hash.update(data)
                data = rest + (data if started else data.removeprefix(_UTF8_MARK))
                data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
                *records, rest = data.split(b"\n>")
                if records and not started:
                    self._check_preamble(records.pop(0))
                    started = True
                yield from records
        if started:
            yield rest
        else:
            self._check_preamble(rest)

    def _check_preamble(self, text: bytes) -> None:
        """What stands before the first `>` must be blank or comments."""
        for line in text.split(b"\n"):
            if line.strip() and not line.startswith((b"#", b";")):
                raise InputError("a FASTA database starts with '>'; this file does not", file=str(self.file))

    def _digital(self, record: bytes) -> DigitalSequence | None:
        header, _, letters = record.partition(b"\n")
        codes = letters.rstrip(_IGNORED + b"*").translate(_CODES, _IGNORED)
        if _ILLEGAL in codes:
            self._refuse(header, letters.translate(None, _IGNORED), codes)
        if not codes or len(codes) > LONGEST_TARGET:
            return None
        text = _header_text(header)
        return DigitalSequence(ALPHABET, name=f"{self.number:010d}", description=text, sequence=codes)

    def _refuse(self, header: bytes, letters: bytes, codes: bytes) -> None:
        position = codes.index(_ILLEGAL)
        letter = letters[position : position + 1].decode("latin-1")
        record = split_header(_header_text(header))[0]
        rule = f"{letter!r} is not a residue letter"
        raise InputError(rule, file=str(self.file), record=record, position=position + 1)


def _header_text(header: bytes) -> str:
    """A header as C strings can hold it: UTF-8 or Latin-1, no NUL."""
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError:
        text = header.decode("latin-1")
    return text.replace("\0", " ").strip(" \t")

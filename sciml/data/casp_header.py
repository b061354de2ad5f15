"""The records that every CASP prediction begins with, and the rules that they keep.

    PFRMAT TS                      format, always the first line
    TARGET T1049                   identifier of the target
    AUTHOR 1234-5678-9012          registration code of the group, or its name or number
    METHOD free text               one line at least
    REMARK free text               anywhere

Source: Protein Structure Prediction Center, format descriptions of CASP13 to CASP16.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sciml.errors import InputError

Format = Literal["TS", "RR", "QA"]

WIDTH = 80
"""Columns of a line that a program writes; readers take longer ones."""
MODEL_NUMBERS = range(1, 6)
"""Numbers that a group may give to its models of one target."""

_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REGISTRATION_CODE = re.compile(r"\d{4}-\d{4}-\d{4}")
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,31}")
_LIKE_A_CODE = re.compile(r"[\d-]{6,}")


@dataclass(frozen=True)
class CaspHeader:
    """Who predicted what, and how."""

    target: str
    """Identifier of the target, such as T1049, T1046s1 or H1036."""
    author: str
    """Registration code 1234-5678-9012, or the name or number of the group; empty where a file that was read
    gives none."""
    method: tuple[str, ...] = ()
    """Lines of METHOD."""
    remarks: tuple[str, ...] = ()
    """Lines of REMARK."""

    def __post_init__(self) -> None:
        check_target(self.target)
        if self.author:
            check_author(self.author)


def check_target(target: str, file: str | None = None, line: int | None = None) -> None:
    """Refuse what cannot be the identifier of a target: up to 64 letters, digits, dots, dashes, underscores.

    Raises:
        InputError: it is something else.
    """
    if not _TARGET.fullmatch(target):
        rule = f"TARGET is one word of letters, digits, dots and dashes, such as T1049: {target!r}"
        raise InputError(rule, file=file, line=line)


def check_author(author: str, file: str | None = None, line: int | None = None) -> None:
    """Refuse what is neither a registration code nor the name or number of a group.

    Raises:
        InputError: it is something else, for example a code with a digit too few.
    """
    is_code = _REGISTRATION_CODE.fullmatch(author) is not None
    if not is_code and (_LIKE_A_CODE.fullmatch(author) or not _GROUP.fullmatch(author)):
        rule = f"AUTHOR is a registration code like 1234-5678-9012 or the name of a group: {author!r}"
        raise InputError(rule, file=file, line=line)


def check_model_number(number: int, file: str | None = None, line: int | None = None) -> None:
    """Refuse a number that CASP does not take.

    Raises:
        InputError: it is not 1 to 5.
    """
    if number not in MODEL_NUMBERS:
        raise InputError(f"MODEL is a number from 1 to 5: {number}", file=file, line=line)


def header_lines(form: Format, header: CaspHeader) -> list[str]:
    """The records of a header; free text is wrapped to the width, letters beyond ASCII become `?`.

    Raises:
        InputError: there is no AUTHOR or no METHOD text.
    """
    check_author(header.author)
    method = [line for text in header.method for line in _wrapped("METHOD", text)]
    if not method:
        raise InputError("a CASP prediction says in METHOD how it was made: the text is empty")
    remarks = [line for text in header.remarks for line in _wrapped("REMARK", text)]
    return [f"PFRMAT {form}", f"TARGET {header.target}", f"AUTHOR {header.author}", *remarks, *method]


def _wrapped(record: str, text: str) -> Iterator[str]:
    plain = " ".join(text.replace("Å", "A").split()).encode("ascii", "replace").decode("ascii")
    yield from (f"{record} {line}" for line in textwrap.wrap(plain, WIDTH - len(record) - 1))


class HeaderReader:
    """Takes the header records of one file and refuses what is out of place.

    Args:
        form: the format that PFRMAT must name.
        file: name of the file, for messages.
        needs_format: False for a file that was recognised without PFRMAT.
    """

    def __init__(self, form: Format, file: str | None, *, needs_format: bool = True) -> None:
        self.form, self.file = form, file
        self._seen_format = not needs_format
        self._target: str | None = None
        self._author: str | None = None
        self._method: list[str] = []
        self._remarks: list[str] = []

    def take(self, number: int, words: list[str]) -> bool:
        """Read one line if it is of the header.

        Args:
            number: of the line, from 1.
            words: of the line, at least one.

        Returns:
            False if the line is something else.

        Raises:
            InputError: PFRMAT is not first or names another format, a record is there twice or malformed.
        """
        record, rest = words[0], words[1:]
        if not self._seen_format:
            if record != "PFRMAT" or rest != [self.form]:
                found = " ".join(words)[:40]
                rule = f"the first line of this file must be PFRMAT {self.form}: {found!r}"
                raise InputError(rule, file=self.file, line=number)
            self._seen_format = True
        elif record == "TARGET":
            self._target = self._once(number, record, rest, self._target)
            check_target(self._target, self.file, number)
        elif record == "AUTHOR":
            self._author = self._once(number, record, rest, self._author)
            check_author(self._author, self.file, number)
        elif record in ("METHOD", "REMARK"):
            (self._method if record == "METHOD" else self._remarks).append(" ".join(rest))
        elif record == "PFRMAT":
            raise InputError("PFRMAT is there twice: one prediction a file", file=self.file, line=number)
        else:
            return False
        return True

    def _once(self, number: int, record: str, rest: list[str], before: str | None) -> str:
        if before is not None:
            raise InputError(f"{record} is there twice", file=self.file, line=number)
        if len(rest) != 1:
            raise InputError(f"{record} needs one word: {' '.join(rest)!r}", file=self.file, line=number)
        return rest[0]

    @property
    def has_target(self) -> bool:
        """Whether there was a TARGET record."""
        return self._target is not None

    def header(self, line: int | None = None, *, is_complete: bool = False) -> CaspHeader:
        """What was read.

        Args:
            line: where the header ended, for messages.
            is_complete: whether AUTHOR and METHOD must be there as CASP asks; TARGET must be anyhow.

        Raises:
            InputError: a record is missing.
        """
        if not self._seen_format:
            raise InputError("the file is empty", file=self.file)
        missing = ["TARGET"] if self._target is None else []
        if is_complete:
            missing += ["AUTHOR"] if self._author is None else []
            missing += [] if any(self._method) else ["METHOD"]
        if self._target is None or missing:
            rule = f"{' and '.join(missing)} must come before the prediction"
            raise InputError(rule, file=self.file, line=line)
        return CaspHeader(self._target, self._author or "", tuple(self._method), tuple(self._remarks))


def numbered_words(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Number (from 1) and words of each line that has any."""
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if words:
            yield number, words


def number_of(word: str, what: str, file: str | None, line: int) -> float:
    """A finite decimal number.

    Raises:
        InputError: the word is something else.
    """
    try:
        value = float(word) if word.isascii() and "_" not in word else float("nan")
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e9:  # also NaN
        raise InputError(f"{what} is not a number: {word[:30]!r}", file=file, line=line)
    return value


def integer_of(word: str, what: str, file: str | None, line: int) -> int:
    """An integer of up to nine digits.

    Raises:
        InputError: the word is something else.
    """
    if not (word.isascii() and word.removeprefix("-").isdigit() and len(word) < 10):
        raise InputError(f"{what} is not a whole number: {word[:30]!r}", file=file, line=line)
    return int(word)

"""ngspice's raw files, binary or text: what `write` leaves behind.

A file holds one or more plots, each a header and its values, point after point. Values of a plot flagged
`complex` are pairs, also those of the frequency. In an `unpadded` plot a vector shorter than the others has
no values after its end; in a padded one zeros stand for them. Either way a vector comes back with its own
length.

Source: ngspice user's manual, "Raw file format"; `raw_write` of ngspice 39.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.surrogates.ngspice.plot import Vector

MOST_VALUES = 100_000_000


@dataclass(frozen=True)
class RawPlot:
    """One plot of a raw file: its name (`AC Analysis`) and its vectors by ngspice's names, (point,) each."""

    name: str
    vectors: dict[str, Vector]


@dataclass(frozen=True)
class _Header:
    name: str
    is_complex: bool
    is_padded: bool
    points: int
    names: tuple[str, ...]
    lengths: tuple[int, ...]

    @property
    def counts(self) -> list[int]:
        """How many vectors have a value at each point."""
        if self.is_padded or min(self.lengths) == self.points:
            return [len(self.names)] * self.points
        return [sum(length > point for length in self.lengths) for point in range(self.points)]


def read_raw(content: bytes, file: str = "<raw>") -> list[RawPlot]:
    """The plots of a raw file's content.

    Raises:
        InputError: the file is cut short or is no raw file.
    """
    plots = []
    position = 0
    while content[position:].strip():
        header, is_binary, position = _read_header(content, position, file)
        if is_binary:
            flat, position = _read_binary(content, position, header, file)
        else:
            flat, position = _read_text(content, position, header, file)
        plots.append(RawPlot(header.name, _by_vector(flat, header)))
    if not plots:
        raise InputError("the raw file is empty", file=file)
    return plots


def _read_header(content: bytes, position: int, file: str) -> tuple[_Header, bool, int]:
    """The header, whether binary values follow, and where they begin."""
    fields: dict[str, str] = {}
    names: list[str] = []
    lengths: list[int] = []
    is_in_variables = False
    while True:
        end = content.find(b"\n", position)
        if end < 0:
            raise InputError("the raw file ends inside a header", file=file)
        line = content[position:end].decode("utf-8", "backslashreplace").rstrip("\r")
        position = end + 1
        key, _, value = line.partition(":")
        if key in ("Binary", "Values") and not value.strip():
            return _header(fields, names, lengths, file), key == "Binary", position
        if is_in_variables and line[:1].isspace():
            words = line.split()
            if len(words) < 3:
                raise InputError(f"a line of variables reads {line!r}", file=file)
            names.append(words[1])
            length = re.search(r"dims=(\d+)$", line)
            lengths.append(int(length[1]) if length else -1)
            continue
        fields[key] = value.strip()
        is_in_variables = key == "Variables"


def _header(fields: dict[str, str], names: list[str], lengths: list[int], file: str) -> _Header:
    try:
        points, count = int(fields["No. Points"].split()[0]), int(fields["No. Variables"])
        flags = fields["Flags"].lower().split()
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(f"the raw file's header is incomplete: {error}", file=file) from error
    if count != len(names) or count < 1 or points < 0 or points * count > MOST_VALUES:
        raise InputError(f"{count} variables announced, {len(names)} named, {points} points", file=file)
    known = tuple(points if length < 0 else min(length, points) for length in lengths)
    name = fields.get("Plotname", "")
    return _Header(name, "complex" in flags, "unpadded" not in flags, points, tuple(names), known)


def _read_binary(
    content: bytes, position: int, header: _Header, file: str
) -> tuple[NDArray[np.float64], int]:
    count = sum(header.counts) * (2 if header.is_complex else 1)
    end = position + 8 * count
    if end > len(content):
        raise InputError(f"the raw file is cut short: {len(content)} bytes of {end}", file=file)
    return np.frombuffer(content, dtype="<f8", count=count, offset=position).astype(np.float64), end


def _read_text(content: bytes, position: int, header: _Header, file: str) -> tuple[NDArray[np.float64], int]:
    """Each point is its number and its values, a complex one as `real,imaginary`, parted by white space."""
    words = re.compile(rb"\S+").finditer(content, position)
    numbers: list[float] = []
    end = position
    try:
        for point, count in enumerate(header.counts):
            number = int(next(words)[0])
            if number != point:
                raise InputError(f"point {number} stands where point {point} is due", file=file)
            for match in _take(words, count):
                parts = [float(part) for part in match[0].split(b",")]
                if len(parts) != (2 if header.is_complex else 1):
                    raise InputError(f"{match[0]!r} is not a value", file=file)
                numbers += parts
                end = match.end()
    except (StopIteration, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the raw file is cut short or damaged: {error}", file=file) from error
    return np.array(numbers, dtype=np.float64), end


def _take(words: Iterator["re.Match[bytes]"], count: int) -> list["re.Match[bytes]"]:
    return [next(words) for _ in range(count)]


def _by_vector(flat: NDArray[np.float64], header: _Header) -> dict[str, Vector]:
    values: Vector = flat
    if header.is_complex:
        values = flat.view(np.complex128)
    counts = header.counts
    vectors: dict[str, Vector] = {}
    if len(set(counts)) <= 1:
        table = values.reshape(header.points, len(header.names))
        for i, (name, length) in enumerate(zip(header.names, header.lengths, strict=True)):
            vectors[name] = table[:length, i].copy()
        return vectors
    columns: list[list[complex]] = [[] for _ in header.names]
    place = 0
    for point in range(header.points):
        for i, length in enumerate(header.lengths):
            if length > point:
                columns[i].append(values[place])
                place += 1
    for name, column in zip(header.names, columns, strict=True):
        vectors[name] = np.array(column, dtype=np.complex128) if header.is_complex else np.array(column)
    return vectors

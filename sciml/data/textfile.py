"""Lines of a text file that nobody vouches for: plain or gzip, any line ends, any encoding, bounded in size.

What is read: UTF-8 with or without a byte-order mark, UTF-16 with one; a line that is not UTF-8 is read as
Latin-1 (old headers hold such letters). Lines end at LF, CR LF or CR and nowhere else: U+2028 and its like
stay inside their line. gzip is recognised by its first bytes, not by the name, so that it works from standard
input too; other compressed files are refused by name.
"""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from sciml.errors import InputError

STDIN = "-"
_GZIP_MAGIC = b"\x1f\x8b"
_NOT_READ = {b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zX": "xz", b"BZh9": "bzip2", b"PK\x03\x04": "zip"}
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class ReadLimits:
    """How much a file may hold before it is refused."""

    max_bytes: int | None = 2_000_000_000
    """Bytes after decompression; None for no limit (databases)."""
    max_ratio: int | None = 1000
    """Decompressed over compressed bytes, once `ratio_grace_bytes` are out; None for no limit."""
    ratio_grace_bytes: int = 1_000_000
    """Decompressed bytes that are always allowed."""


DEFAULT_LIMITS = ReadLimits()
NO_LIMITS = ReadLimits(max_bytes=None, max_ratio=None)


class _Counted(io.RawIOBase):
    """A byte stream that counts what was read from it."""

    def __init__(self, stream: BinaryIO, start: bytes) -> None:
        self.stream, self.start, self.count = stream, start, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        data, self.start = self.start[: len(buffer)], self.start[len(buffer) :]
        data += self.stream.read(len(buffer) - len(data))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


class _Limited(io.RawIOBase):
    """The decompressed bytes of a stream, refused when they exceed the limits or are damaged."""

    def __init__(self, content: BinaryIO, source: _Counted, limits: ReadLimits, file: str) -> None:
        self.content, self.source, self.limits, self.file, self.count = content, source, limits, file, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as above
        try:
            data = self.content.read(len(buffer))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(f"the gzip data is damaged or cut off ({error})", file=self.file) from None
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror or error})", file=self.file) from None
        self.count += len(data)
        self._check()
        buffer[: len(data)] = data
        return len(data)

    def _check(self) -> None:
        limits = self.limits
        if limits.max_bytes is not None and self.count > limits.max_bytes:
            raise InputError(
                f"holds more than {limits.max_bytes:,} bytes, the limit of this input", file=self.file
            )
        if limits.max_ratio is None or self.count <= limits.ratio_grace_bytes:
            return
        if self.count > limits.max_ratio * self.source.count:
            rule = f"unpacks to more than {limits.max_ratio:,} times its size, as a decompression bomb does"
            raise InputError(rule, file=self.file)


def display_name(path: str | Path) -> str:
    """How a file is called in messages: its path, or `<stdin>`."""
    return "<stdin>" if str(path) == STDIN else str(path)


@contextmanager
def open_content(path: str | Path, limits: ReadLimits = DEFAULT_LIMITS) -> Iterator[io.BufferedReader]:
    """Open a plain or gzip file, or standard input for `-`, as a stream of its decompressed bytes.

    Raises:
        InputError: the file is missing, is a folder, cannot be read, is compressed otherwise, is damaged or
            exceeds the limits (the last two also while the stream is read).
    """
    file = display_name(path)
    try:
        stream = sys.stdin.buffer if str(path) == STDIN else open(path, "rb")  # noqa: SIM115 (closed below)
    except FileNotFoundError:
        raise InputError("no such file", file=file) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL inside the path
        raise InputError(
            f"cannot be opened ({getattr(error, 'strerror', None) or error})", file=file
        ) from None
    try:
        start = stream.read(4)
        if start in _NOT_READ:
            rule = f"compressed by {_NOT_READ[start]}, which is not read: unpack it first"
            raise InputError(rule, file=file)
        source = _Counted(cast(BinaryIO, stream), start)
        plain = cast(BinaryIO, source)
        content = cast(BinaryIO, gzip.GzipFile(fileobj=source)) if start[:2] == _GZIP_MAGIC else plain
        yield io.BufferedReader(_Limited(content, source, limits, file), 1 << 20)
    finally:
        if stream is not sys.stdin.buffer:
            stream.close()


def read_lines(path: str | Path, limits: ReadLimits = DEFAULT_LIMITS) -> Iterator[str]:
    """The lines of a text file without their ends, one after the other; see the module for what is accepted.

    Raises:
        InputError: as `open_content`.
    """
    with open_content(path, limits) as content:
        mark = content.peek(3)[:3]
        if mark[:2] in _UTF16_MARKS:
            yield from _utf16_lines(content.read(), display_name(path))
            return
        if mark == _UTF8_MARK:
            content.read(3)
        for line in content:
            text = line.rstrip(b"\n").removesuffix(b"\r")
            for part in text.split(b"\r"):
                yield _decoded(part)


def _utf16_lines(data: bytes, file: str) -> list[str]:
    """Lines of a UTF-16 file, which comes from a text editor and is small."""
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise InputError(f"begins as UTF-16 but is not ({error.reason})", file=file) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")

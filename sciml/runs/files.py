"""Atomic writes: a reader sees the old file or the new one, never a part of either.

The new content goes to a temporary file in the same folder (a rename across file systems is a copy), is
flushed to the disk and then renamed over the target. Whatever fails on the way, the target stays as it was
and the temporary file is removed.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

TEMPORARY_SUFFIX = ".part"
"""Ending of an unfinished file. One that stays was left by a process that was killed and may be deleted."""

_LONGEST_NAME_BYTES = 255  # of one path component, on every common file system


def temporary_sibling(path: Path) -> Path:
    """A fresh hidden name in the folder of `path`; no file is made.

    The name keeps the start of the target's, so that a stray file can be traced, and is cut so that a target
    name of the full 255 bytes still has a sibling.
    """
    ending = f".{os.getpid()}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}"
    stem = path.name.encode("utf-8", "surrogateescape")[: _LONGEST_NAME_BYTES - 1 - len(ending)]
    return path.with_name(f".{stem.decode('utf-8', 'ignore')}{ending}")


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path to write to; rename it to `path` when the block ends well.

    For libraries that write files themselves. Missing parent folders are made. If the block raises, or
    flushing or renaming fails, the temporary file is removed, `path` is untouched and the error goes on.

    Args:
        path: the file to be written.

    Yields:
        A path in the same folder that does not exist yet; the block must create a file there.

    Raises:
        FileNotFoundError: the block ended without writing the file.
        OSError: the disk is full, the folder cannot be written, …
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(target)
    try:
        yield temporary
        _flush_to_disk(temporary)
        os.replace(temporary, target)
    except BaseException as error:  # also on Ctrl-C: nothing half-written stays
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = str(target)  # a full disk says of itself neither which nor where
        raise
    _flush_folder(target.parent)


def atomic_write_bytes(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write `data` to `path` as a whole or not at all; see `atomic_path` for the errors.

    Returns:
        `path` as a `Path`.
    """
    with atomic_path(path) as temporary, open(temporary, "xb") as file:
        file.write(data)
    return Path(path)


def atomic_write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write `text` as UTF-8, its line ends unchanged, as a whole or not at all; errors as in `atomic_path`.

    Returns:
        `path` as a `Path`.
    """
    return atomic_write_bytes(path, text.encode("utf-8"))


def _flush_to_disk(path: Path) -> None:
    """Force the content of a closed file to the disk, so that the rename cannot overtake it."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can do it (a folder cannot be opened on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

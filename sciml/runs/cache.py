"""A content-addressed cache: an answer is kept under the hash of everything that decides it.

Folder: `$SCIML_CACHE`, else `$XDG_CACHE_HOME/sciml`, else `~/.cache/sciml`. Every entry begins with the
SHA-256 of its content; an entry that does not match is deleted and counts as absent, so damage costs time and
never a wrong answer. A cache that cannot be written (read-only home, full disk) is no error either: `put`
says so and the caller goes on.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sciml.runs.files import atomic_write_bytes

_MARK = b"sciml-cache-1 "
_DIGEST_LENGTH = 64


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of all caches; see the module for the order of the variables. The folder need not exist."""
    if environment.get("SCIML_CACHE"):
        return Path(environment["SCIML_CACHE"])
    if environment.get("XDG_CACHE_HOME"):
        return Path(environment["XDG_CACHE_HOME"]) / "sciml"
    return Path(environment.get("HOME") or Path.home()) / ".cache" / "sciml"


def content_key(parts: Mapping[str, object]) -> str:
    """SHA-256 (hexadecimal) of named values that JSON can write; the order of the names does not matter.

    Raises:
        TypeError, ValueError: a value that JSON cannot write, NaN and infinity among them.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Cache:
    """Entries of one kind."""

    kind: str
    """Name of the sub-folder, such as `search`."""
    folder: Path | None = None
    """Where all kinds are; None for `cache_folder()` at each use."""

    def path(self, key: str) -> Path:
        """File of an entry, existing or not.

        Args:
            key: as `content_key` returns it.
        """
        return (self.folder or cache_folder()) / self.kind / key[:2] / key

    def get(self, key: str) -> bytes | None:
        """Content of an entry; None if it is absent, unreadable or damaged (then it is deleted)."""
        path = self.path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        start = len(_MARK) + _DIGEST_LENGTH + 1
        content = data[start:]
        if data[:start] == _header(content):
            return content
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def put(self, key: str, content: bytes) -> bool:
        """Keep an entry, atomically; False if the folder cannot be written."""
        try:
            atomic_write_bytes(self.path(key), _header(content) + content)
        except OSError:
            return False
        return True


def _header(content: bytes) -> bytes:
    return _MARK + hashlib.sha256(content).hexdigest().encode() + b"\n"

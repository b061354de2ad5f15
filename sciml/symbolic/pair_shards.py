"""Generated pairs kept on disk: a file for the beginning of each stream, beside the settings that made them.

A file has the token ids of all pairs behind one another as bytes, their lengths and tasks, and a digest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sciml.errors import InputError, SettingsError
from sciml.runs.files import atomic_path, atomic_write_text
from sciml.symbolic.batches import Pair
from sciml.symbolic.generators.mixture import VERSION
from sciml.symbolic.vocabulary import TASK_ID, TOKENS

_TASK_OF = {number: task for task, number in TASK_ID.items()}
_ARRAYS = ("tasks", "source_lengths", "target_lengths", "tokens")


@dataclass(frozen=True)
class KeptPair:
    """A pair as it was read."""

    task: str
    """integrate, ode1 or ode2."""
    source: bytes
    """Token ids of the problem."""
    target: bytes
    """Token ids of the answer."""


class PairShards:
    """A folder of pairs that were made with one set of settings.

    Args:
        folder: made where missing.
        settings: JSON values of all that decides the pairs but the seed and the stream's number.

    Raises:
        SettingsError: the folder holds pairs of other settings, generators or another vocabulary.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        made_by = {"settings": dict(settings), "tokens": TOKENS, "generators": VERSION}
        text = json.dumps(made_by, indent=1, sort_keys=True) + "\n"
        index = folder / "settings.json"
        if not index.exists():
            atomic_write_text(index, text)
        elif index.read_text(encoding="utf-8") != text:
            raise SettingsError(
                f"{folder} holds pairs of other settings or generators: name another folder or empty it"
            )

    def path(self, seed: int, number: int) -> Path:
        """The file of one stream."""
        return self.folder / f"{seed:016x}-{number:06d}.npz"

    def write(self, seed: int, number: int, pairs: Sequence[Pair]) -> None:
        """Keep the first pairs of a stream; a reader sees all of them or none."""
        arrays: dict[str, np.ndarray] = {
            "tasks": np.array([TASK_ID[one.task] for one in pairs], np.uint8),
            "source_lengths": np.array([len(one.source) for one in pairs], np.uint16),
            "target_lengths": np.array([len(one.target) for one in pairs], np.uint16),
            "tokens": np.frombuffer(b"".join(one.source + one.target for one in pairs), np.uint8),
        }
        with atomic_path(self.path(seed, number)) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays, digest=_digest(arrays))

    def read(self, seed: int, number: int, count: int) -> list[KeptPair] | None:
        """The first `count` pairs of a stream; None where fewer are kept.

        Raises:
            InputError: a damaged file.
        """
        path = self.path(seed, number)
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in _ARRAYS}
                is_whole = np.array_equal(file["digest"], _digest(arrays))
        except Exception as error:  # numpy and zipfile raise whatever the broken file makes them raise
            raise InputError(f"not a readable file of pairs ({error}): delete it", file=str(path)) from error
        if not is_whole:
            raise InputError("damaged: its contents do not match its checksum: delete it", file=str(path))
        if len(arrays["tasks"]) < count:
            return None
        tokens, start, pairs = arrays["tokens"].tobytes(), 0, []
        lengths = zip(*(arrays[name].tolist() for name in _ARRAYS[:3]), strict=True)
        for task, source, target in list(lengths)[:count]:
            middle, end = start + source, start + source + target
            pairs.append(KeptPair(_TASK_OF[task], tokens[start:middle], tokens[middle:end]))
            start = end
        return pairs


def _digest(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """SHA-256 of all arrays, (32,) bytes."""
    digest = hashlib.sha256()
    for name in _ARRAYS:
        digest.update(f"{name}{arrays[name].shape}{arrays[name].dtype}".encode() + arrays[name].tobytes())
    return np.frombuffer(digest.digest(), np.uint8)

"""Parameter files of this package: safetensors with a header that says what they are and a checksum."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from sciml.errors import InputError, SettingsError
from sciml.runs.files import atomic_write_bytes

_RESERVED_METADATA = ("format", "config", "digest")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_tensors(
    path: Path,
    state: Mapping[str, Tensor],
    file_format: str,
    config: str,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write arrays atomically.

    Args:
        path: ends in `.safetensors`.
        state: the arrays, contiguous and on the CPU.
        file_format: name and version of what the arrays are.
        config: sizes of the network as JSON.
        metadata: more strings for the header.

    Raises:
        SettingsError: another ending, or metadata under a name that the format uses.
    """
    if path.suffix != ".safetensors":
        raise SettingsError(f"parameters are written as .safetensors, not {path.suffix!r}")
    reserved = sorted(set(metadata or {}) & set(_RESERVED_METADATA))
    if reserved:
        raise SettingsError(f"metadata cannot be called {reserved[0]!r}: the file format uses that name")
    header = {**(metadata or {}), "format": file_format, "config": config}
    header["digest"] = _digest(state, header)
    atomic_write_bytes(path, safetensors.torch.save(dict(state), metadata=header))


def read_tensors(path: Path, file_format: str) -> tuple[dict[str, Tensor], str, dict[str, str]]:
    """What `write_tensors` wrote.

    Returns:
        The arrays, the sizes as JSON, and the other metadata.

    Raises:
        InputError: not such a file, one of another format, or a damaged one; a number that is not finite.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        if metadata.get("format") != file_format:
            raise InputError(f"its metadata must say format {file_format!r}", file=str(path))
        if metadata.pop("digest", None) != _digest(state, metadata):
            raise InputError("damaged: its contents do not match its checksum", file=str(path))
        del metadata["format"]
        config = metadata.pop("config")
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, UnicodeDecodeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"not a parameter file of this package ({error})", file=str(path)) from error
    for name, array in state.items():
        if not bool(array.isfinite().all()):
            raise InputError("parameters must be finite numbers", file=str(path), record=name)
    return state, config, metadata


def _digest(state: Mapping[str, Tensor], header: Mapping[str, str]) -> str:
    """SHA-256 over metadata, names, shapes and values, so that a flipped byte is noticed: also one in a
    setting, such as the length unit, that no shape depends on."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(state):
        array = state[name].contiguous()
        digest.update(f"{name}{tuple(array.shape)}{array.dtype}".encode())
        digest.update(array.view(torch.uint8).numpy().tobytes() if array.numel() else b"")
    return digest.hexdigest()

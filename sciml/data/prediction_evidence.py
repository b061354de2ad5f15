"""Reads what programs say of their predictions beside coordinates: pLDDT, aligned errors, pTM, distograms.

JSON of ColabFold, AlphaFold, the AlphaFold database and `sciml predict`, npz of `sciml predict`; nothing that
needs pickle. Arrays run over the residues of the predicted sequence.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.data.textfile import ReadLimits, open_content
from sciml.errors import InputError

Array = NDArray[np.float64]

MAX_RESIDUES = 20_000
"""Of a sequence whose arrays are read."""
_JSON_LIMITS = ReadLimits(max_bytes=2_000_000_000, max_ratio=1000)
_MAX_NPZ_BYTES = 4_000_000_000


def read_json(path: Path) -> dict[str, Any]:
    """The object of a JSON file, plain or gzip; of a list its first entry, as the AlphaFold database has it.

    Raises:
        InputError: the file cannot be read or holds no object.
    """
    with open_content(path, _JSON_LIMITS) as content:
        data = content.read()
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"not JSON: {error}", file=str(path), line=line) from None
    if isinstance(values, list) and values:
        values = values[0]
    if not isinstance(values, dict):
        raise InputError("a JSON object with scores was expected", file=str(path))
    return values


def plddt_of(values: dict[str, Any], file: Path) -> Array | None:
    """(res,), 0-100: `plddt` or the database's `confidenceScore`; None if there is neither.

    Raises:
        InputError: it is no list of numbers from 0 to 100.
    """
    for name in ("plddt", "confidenceScore"):
        if values.get(name) is not None:
            plddt = numbers_of(values[name], 1, name, file)
            if plddt.size and not (plddt.min() >= 0 and plddt.max() <= 100):
                raise InputError(f"{name} is 0 to 100: {plddt.min():g} to {plddt.max():g}", file=str(file))
            return plddt
    return None


def pae_of(values: dict[str, Any], file: Path) -> Array | None:
    """(res i, res j), Å, error of j when superposed on i: `pae` or `predicted_aligned_error`, or the three
    lists of the database's first version; None if there is none.

    Raises:
        InputError: it is no square table of distances.
    """
    for name in ("pae", "predicted_aligned_error"):
        if values.get(name) is not None:
            pae = numbers_of(values[name], 2, name, file)
            break
    else:
        if values.get("distance") is None:
            return None
        pae = numbers_of(values["distance"], 1, "distance", file)
        side = round(len(pae) ** 0.5)
        if side * side != len(pae):
            raise InputError(f"{len(pae)} distances are no square table", file=str(file))
        pae = pae.reshape(side, side)
    if pae.shape[0] != pae.shape[1] or not pae.size or pae.min() < 0:
        raise InputError(f"aligned errors are a square table of Å: {pae.shape}", file=str(file))
    return pae


def ptm_of(values: dict[str, Any], file: Path) -> float | None:
    """0-1; None if there is none.

    Raises:
        InputError: it is something else.
    """
    ptm = values.get("ptm")
    if ptm is None:
        return None
    if isinstance(ptm, bool) or not isinstance(ptm, int | float) or not 0 <= ptm <= 1:
        raise InputError(f"ptm is 0 to 1: {str(ptm)[:30]}", file=str(file))
    return float(ptm)


def read_distogram(path: Path) -> tuple[Array, Array]:
    """A distogram as `sciml predict` writes it.

    Returns:
        Logits (res, res, bin) and the edges (bin - 1,) between the bins in Å.

    Raises:
        InputError: the file cannot be read, needs pickle, or holds arrays that do not fit.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _MAX_NPZ_BYTES:
            raise InputError(f"unpacks to {size:,} bytes", file=str(path))
        with np.load(path, allow_pickle=False) as arrays:
            logits, edges = np.asarray(arrays["logits"]), np.asarray(arrays["bin_edges"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"not a distogram of logits and bin_edges: {error}", file=str(path)) from None
    fits = logits.ndim == 3 and edges.ndim == 1 and logits.shape == (*logits.shape[:1] * 2, len(edges) + 1)
    are_numbers = all(np.issubdtype(array.dtype, np.floating) for array in (logits, edges))
    if not fits or not are_numbers or not (np.isfinite(logits).all() and (np.diff(edges) > 0).all()):
        rule = f"logits {logits.shape} and bin_edges {edges.shape} are no distogram"
        raise InputError(rule, file=str(path))
    return logits.astype(np.float64), edges.astype(np.float64)


def numbers_of(values: Any, axes: int, name: str, file: Path) -> Array:  # noqa: ANN401  # a JSON value
    """An array of finite numbers with that many axes.

    Raises:
        InputError: it is something else; `name` says what.
    """
    try:
        array = np.array(values, np.float64)
    except (TypeError, ValueError):
        array = np.full((), np.nan)
    if array.ndim != axes or not np.isfinite(array).all():
        raise InputError(f"{name} is no array of numbers with {axes} axes", file=str(file))
    return array

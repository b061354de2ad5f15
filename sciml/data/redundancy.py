"""How many rows of an alignment say something of their own.

All pairs of rows are compared exactly. A residue's index is spread over five bit planes with 64 columns in a
machine word, so that one XOR compares 64 columns of a plane: 10,000 rows of 300 columns take seconds on one
core.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from einops import rearrange, reduce
from numpy.typing import NDArray

_PLANES = 5  # 20 residues
_BLOCK_CELLS = 1 << 16  # pairs compared at a time: their words fit into the cache of a core


def effective_count(residues: NDArray[Any], identity: float, threads: int = 2) -> float:
    """Sum over rows of 1 / (number of rows, itself included, with at least this identity to it).

    The identity of two rows is the number of columns where both have the same residue, divided by the smaller
    of their numbers of residues. A row without residues is like no other.

    Args:
        residues: (seq, res), 0-19 for a residue, negative for none.
        identity: threshold in (0, 1].
        threads: rows are compared by this many threads; the result does not depend on it.

    Raises:
        ValueError: an identity outside (0, 1].
    """
    if not 0 < identity <= 1:
        raise ValueError(f"the identity of two rows lies in (0, 1], got {identity}")
    rows = len(residues)
    planes, filled = _bit_planes(residues)
    lengths = (residues >= 0).sum(axis=1)
    step = max(1, _BLOCK_CELLS // max(1, rows))

    def compare(start: int) -> NDArray[np.int64]:
        """How often each row is alike to a row of one block, for pairs that no earlier block has seen."""
        stop = min(start + step, rows)
        equal = _equal_columns(
            planes[:, :, start:stop], planes[:, :, start:], filled[:, start:stop], filled[:, start:]
        )
        shorter = np.minimum(lengths[start:stop, None], lengths[None, start:])
        # The tolerance lets 0.8 of 5 residues be 4 although 0.8 is not exact in binary.
        alike = (equal >= identity * shorter - 1e-9) & (shorter > 0)  # (block, seq from start)
        counts = np.zeros(rows, dtype=np.int64)
        counts[start:stop] = alike.sum(axis=1)
        counts[stop:] = alike[:, stop - start :].sum(axis=0)
        return counts

    alike = np.zeros(rows, dtype=np.int64)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for counts in pool.map(compare, range(0, rows, step)):
            alike += counts
    return float((1.0 / np.maximum(alike, 1)).sum())


def _equal_columns(
    planes: NDArray[np.uint64],
    other: NDArray[np.uint64],
    filled: NDArray[np.uint64],
    other_filled: NDArray[np.uint64],
) -> NDArray[np.int32]:
    """(row, other row): columns where both have the same residue.

    Planes are (plane, word, row), filled is (word, row).
    """
    equal = np.zeros((planes.shape[2], other.shape[2]), dtype=np.int32)
    for word in range(planes.shape[1]):
        same = filled[word, :, None] & other_filled[word, None]
        for plane in range(_PLANES):
            same &= ~planes[plane, word, :, None] ^ other[plane, word, None]
        equal += _bit_count(same)
    return equal


def _bit_planes(residues: NDArray[Any]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """(plane, word, seq) bits of the residues' indices, and (word, seq) bits of where there is a residue."""
    values = np.where(residues >= 0, residues, 0).astype(np.uint8)
    planes = [_packed((values >> plane) & 1) for plane in range(_PLANES)]
    return np.stack(planes), _packed(residues >= 0)


def _packed(bits: NDArray[Any]) -> NDArray[np.uint64]:
    """(seq, res) of 0 and 1 to (word, seq), columns filled up with 0."""
    rows, columns = bits.shape
    padded = np.zeros((rows, max(64, -(-columns // 64) * 64)), dtype=np.uint8)
    padded[:, :columns] = bits
    return np.ascontiguousarray(rearrange(np.packbits(padded, axis=1).view(np.uint64), "s w -> w s"))


if hasattr(np, "bitwise_count"):

    def _bit_count(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """Bits set in each word."""
        return np.bitwise_count(words)

else:  # NumPy 1: a table of 16-bit words
    _COUNTS = np.array([bin(value).count("1") for value in range(1 << 16)], dtype=np.uint8)

    def _bit_count(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """Bits set in each word."""
        quarters = _COUNTS[words.view(np.uint16)]
        return reduce(quarters, "r (s quarter) -> r s", "sum", quarter=4)

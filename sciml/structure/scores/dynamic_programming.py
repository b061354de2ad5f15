"""Alignments with the largest sum of pair scores, many at once, all cells of an anti-diagonal together.

As in TM-align there is one table, not three: opening a gap costs, lengthening it does not, and whether a step
opens one is read from the best path into the cell it leaves. A gap before the first pair is free, one after
the last is not.

Source: Needleman & Wunsch, J. Mol. Biol. 48:443 (1970); Zhang & Skolnick, Nucleic Acids Res. 33:2302 (2005).
"""

import numpy as np
from numpy.typing import NDArray

from sciml.structure.scores.superposition import Array

Partners = NDArray[np.int64]
"""(..., target res): the mobile residue that each target residue is aligned with, or -1."""

_PAIR, _BACK_IN_TARGET = 2, 1  # flags of a cell: ends with a pair; else the gap's side


def align(scores: Array, gap_open: float) -> Partners:
    """Best alignment of each table of scores.

    Args:
        scores: (table, mobile res, target res), finite.
        gap_open: added where a gap opens; not positive.

    Returns:
        (table, target res); aligned pairs rise together. Of equal paths a pair is taken before a gap, and a
        gap that skips a target residue before one that skips a mobile residue.
    """
    tables, mobile, target = scores.shape
    diagonals = _diagonals(scores)
    # Column i of a row of cells is mobile residue i (0: before the first); the row number is i + j.
    flags = np.zeros((mobile + target + 1, tables, mobile + 1), np.uint8)
    before = np.zeros((tables, mobile + 1))  # best sums two rows ago
    last = np.zeros((tables, mobile + 1))  # one row ago
    left = last  # the same, less the price of a gap that opens there
    for row in range(2, mobile + target + 1):
        low, high = max(1, row - target), min(mobile, row - 1)
        skip_mobile, skip_target = left[:, low - 1 : high], left[:, low : high + 1]
        gap = np.maximum(skip_mobile, skip_target)
        pair = before[:, low - 1 : high] + diagonals[row - 2, :, low - 1 : high]
        is_pair = pair >= gap
        value, after = np.zeros_like(last), np.zeros_like(last)
        np.maximum(pair, gap, out=value[:, low : high + 1])
        np.multiply(is_pair, gap_open, out=after[:, low : high + 1])
        after += value
        flags[row, :, low : high + 1] = is_pair * np.uint8(_PAIR) + (skip_target >= skip_mobile)
        before, last, left = last, value, after
    return np.stack([_trace(flags[:, table], mobile, target) for table in range(tables)])


def _diagonals(scores: Array) -> Array:
    """(diagonal, table, mobile res): scores[table, i, diagonal - i], 0 beyond the table."""
    tables, mobile, target = scores.shape
    width = mobile + target
    skewed = np.zeros((tables, mobile * width + mobile))
    for table in range(tables):
        # Rows one element longer than they are apart, so that each starts one further to the right.
        rows = np.lib.stride_tricks.as_strided(
            skewed[table], (mobile, target), ((width + 1) * skewed.itemsize, skewed.itemsize)
        )
        rows[:] = scores[table]
    square = skewed[:, : mobile * width].reshape(tables, mobile, width)
    return np.ascontiguousarray(square.transpose(2, 0, 1))


def _trace(flags: NDArray[np.uint8], mobile: int, target: int) -> Partners:
    """The path back from the last cell: flags (row, mobile res + 1) -> (target res,)."""
    partners = [-1] * target
    steps, width = np.ascontiguousarray(flags).tobytes(), mobile + 1
    i, j = mobile, target
    while i > 0 and j > 0:
        flag = steps[(i + j) * width + i]
        if flag & _PAIR:
            i, j = i - 1, j - 1
            partners[j] = i
        elif flag & _BACK_IN_TARGET:
            j -= 1
        else:
            i -= 1
    return np.array(partners)

"""The vectorised alignment against a cell-by-cell one, and by hand."""

import numpy as np
import pytest

from sciml.structure.scores.dynamic_programming import align


def plain_align(scores, gap_open):
    """The same recursion written cell by cell."""
    mobile, target = scores.shape
    best = np.zeros((mobile + 1, target + 1))
    paired = np.zeros((mobile + 1, target + 1), bool)
    for i in range(1, mobile + 1):
        for j in range(1, target + 1):
            up = best[i - 1, j] + gap_open * paired[i - 1, j]
            left = best[i, j - 1] + gap_open * paired[i, j - 1]
            pair = best[i - 1, j - 1] + scores[i - 1, j - 1]
            paired[i, j] = pair >= max(up, left)
            best[i, j] = max(up, left, pair)
    partners, i, j = np.full(target, -1), mobile, target
    while i and j:
        if paired[i, j]:
            i, j = i - 1, j - 1
            partners[j] = i
        elif best[i, j - 1] + gap_open * paired[i, j - 1] >= best[i - 1, j] + gap_open * paired[i - 1, j]:
            j -= 1
        else:
            i -= 1
    return partners


@pytest.mark.parametrize(("mobile", "target"), [(1, 1), (1, 7), (7, 1), (12, 9), (9, 31), (40, 40)])
@pytest.mark.parametrize("gap_open", [0.0, -0.6, -1.0])
def test_anti_diagonals_find_what_cells_find(mobile, target, gap_open):
    rng = np.random.default_rng(mobile * target)
    # Ones and zeros have many equal paths, of which the same must be taken.
    scores = np.concatenate([rng.random((3, mobile, target)), rng.integers(0, 2, (3, mobile, target))])
    found = align(scores, gap_open)
    for table, partners in zip(scores, found, strict=True):
        np.testing.assert_array_equal(partners, plain_align(table, gap_open))


def test_a_gap_is_opened_where_it_pays():
    # Pairs 0-0, 1-1 and 2-3, 3-4 are worth 1 each, the pairs along the diagonal 2-2, 3-3 are worth 0.8.
    scores = np.zeros((1, 4, 5))
    scores[0, [0, 1, 2, 3], [0, 1, 3, 4]] = 1
    scores[0, [2, 3], [2, 3]] = 0.8
    np.testing.assert_array_equal(align(scores, -0.3)[0], [0, 1, -1, 2, 3])  # 4 - 0.3 against 3.6 - 0.3
    scores[0, [0, 1, 2, 3], [1, 2, 3, 4]] = 1  # without a gap inside; the one before it is free
    np.testing.assert_array_equal(align(scores, -0.3)[0], [-1, 0, 1, 2, 3])

"""Superpositions worth scoring: each fragment of the chain, then what it pulls in, as the TM-score program
searches.

Fragments of L, L/2, L/4, L/8, L/16 and 4 matched residues start at every residue. A fragment is superposed;
the residues that come close are superposed instead, again and again until they are the same ones. Every
superposition on the way is shown to the caller, who keeps the best by the scores it wants.

Fragments that pull in the same residues continue alike, so each set of residues is superposed once; what is
visited stays the same. Sums over sets and distances under many motions are matrix products: the covariance of
a set is linear in its residues' products xᵢ yⱼ, and so is each squared distance after a motion.

Source: Zhang & Skolnick, Proteins 57:702 (2004), "TM-score rotation matrix".
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sciml.structure.scores.superposition import Array, best_rotation

Observer = Callable[[Array, Array, Array], None]
"""Takes squared distances (motion, res) in Å², rotations (motion, 3, 3), translations (motion, 3). The
distances are a scratch array: columns beyond the residues hold a huge number, and the next call overwrites
them."""

SHORTEST_FRAGMENT = 4
_FRAGMENT_LEVELS = 6
_EXTENSIONS = 20
_FEWEST = 3  # residues that fix a superposition
_WIDEN_ANGSTROM = 0.5
_NUMBERS_AT_ONCE = 1 << 18  # of a block of motions x residues, so that it stays in the processor's cache
_LANES = 8  # bytes that one 64-bit sum counts at once; residues are padded to a multiple
_FAR = 1e30
_KEY_BITS = 52


def fragment_lengths(residues: int) -> tuple[int, ...]:
    """L, L/2, L/4, L/8, L/16, stopped at 4 (at L for shorter chains), then 4."""
    shortest = min(SHORTEST_FRAGMENT, residues)
    lengths = [max(residues >> level, shortest) for level in range(_FRAGMENT_LEVELS - 1)]
    return tuple(dict.fromkeys([*lengths, shortest]))


def visit_superpositions(
    mobile: Array, target: Array, search_distance: float, observe: Observer, *, step: int = 1
) -> None:
    """Show `observe` every superposition that the search visits, in blocks.

    Args:
        mobile: (res, 3), Å, at least one residue.
        target: (res, 3), Å, the same residues.
        search_distance: Å; residues within 1 Å less are pulled in by a fragment, within 1 Å more by every
            later set. Where fewer than three are, the distance grows in steps of 0.5 Å, unless there are
            only three residues or fewer.
        observe: called with blocks of motions.
        step: residues between the starts of fragments; the last possible start is always tried.
    """
    table = _PairTable(mobile, target)
    frontier, seen = [], np.empty(0)
    for sums in _fragment_sums(table, step):
        squared = table.show(sums, observe)
        frontier.append(_unseen(table.sums_within(squared, search_distance - 1), seen))
    for _ in range(_EXTENSIONS):
        sums = _unseen(np.concatenate(frontier), seen)
        if not len(sums):
            return
        seen = np.concatenate([seen, sums[:, -1]])
        frontier = []
        for block in _blocks(sums, table.block):
            squared = table.show(block, observe)
            frontier.append(_unseen(table.sums_within(squared, search_distance + 1), seen))


class _PairTable:
    """Matched residues as rows whose sums give covariances and whose products with motions give distances."""

    def __init__(self, mobile: Array, target: Array) -> None:
        self.residues = len(mobile)
        self.centre_mobile, self.centre_target = mobile.mean(0), target.mean(0)
        x, y = mobile - self.centre_mobile, target - self.centre_target
        padded = -(-self.residues // _LANES) * _LANES
        self.block = max(64, _NUMBERS_AT_ONCE // padded)
        products = (x[:, :, None] * y[:, None, :]).reshape(-1, 9)
        # Whole numbers, so that sums are exact and the same set has the same key whatever the order.
        largest = 2 ** (_KEY_BITS - int(self.residues).bit_length())
        keys = np.random.default_rng(0).integers(1, largest, size=(self.residues, 1))
        self.terms = np.zeros((padded, 17))  # of each residue: x, y, products, count, key
        self.terms[: self.residues] = np.hstack([x, y, products, np.ones_like(keys), keys])
        norms = np.full((1, padded), _FAR)
        norms[0, : self.residues] = (x * x).sum(1) + (y * y).sum(1)
        self.distance_terms = np.vstack([self.terms[:, :16].T, norms])
        self.scratch = np.empty((self.block, padded))

    def show(self, sums: Array, observe: Observer) -> Array:
        """Superpose the sets with these sums (set, 17), show the motions; squared distances (set, res)."""
        count = sums[:, 15:16]
        mean_x, mean_y = sums[:, 0:3] / count, sums[:, 3:6] / count
        covariance = sums[:, 6:15].reshape(-1, 3, 3) / count[:, :, None]
        rotation = best_rotation(covariance - mean_x[:, :, None] * mean_y[:, None, :])
        shift = mean_y - (rotation @ mean_x[:, :, None])[:, :, 0]
        # |R x + t - y|² = |x|² + |y|² + |t|² + 2 (Rᵀt)·x - 2 t·y - 2 Σ xᵢ yⱼ Rⱼᵢ
        motion = np.empty((len(sums), 17))
        motion[:, 0:3] = 2 * (shift[:, None, :] @ rotation)[:, 0]
        motion[:, 3:6] = -2 * shift
        motion[:, 6:15] = -2 * np.swapaxes(rotation, 1, 2).reshape(-1, 9)
        motion[:, 15] = (shift * shift).sum(1)
        motion[:, 16] = 1
        squared = np.matmul(motion, self.distance_terms, out=self.scratch[: len(sums)])
        np.maximum(squared, 0, out=squared)
        translation = shift + self.centre_target - self.centre_mobile @ np.swapaxes(rotation, 1, 2)
        observe(squared, rotation, translation)
        return squared

    def sums_within(self, squared: Array, distance: float) -> Array:
        """(set, 17): sums over the residues closer than that, widened until there are three."""
        close = squared < distance * distance
        count = count_true(close)
        if self.residues <= _FEWEST:  # the program does not widen here; an empty set leads nowhere
            return close[count > 0].astype(np.float64) @ self.terms
        for row in np.flatnonzero(count < _FEWEST):
            third = np.sqrt(np.partition(squared[row], _FEWEST - 1)[_FEWEST - 1])
            steps = np.floor((third - distance) / _WIDEN_ANGSTROM) + 1
            close[row] = squared[row] < (distance + steps * _WIDEN_ANGSTROM) ** 2
        return close.astype(np.float64) @ self.terms


def count_true(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(row, column) -> (row,); columns a multiple of eight, memory without gaps."""
    lanes = flags.view(np.uint64)
    total = np.zeros(len(flags), np.int64)
    for first in range(0, lanes.shape[1], 255):  # more ones would overflow a byte
        bytewise = lanes[:, first : first + 255].sum(1).view(np.uint8).reshape(-1, _LANES)
        total += bytewise.sum(1, dtype=np.int64)
    return total


def _fragment_sums(table: _PairTable, step: int) -> Iterator[Array]:
    """Sums (start, 17) over the fragments, in blocks."""
    running = np.vstack([np.zeros((1, 17)), np.cumsum(table.terms[: table.residues], axis=0)])
    firsts, stops = [], []
    for length in fragment_lengths(table.residues):
        last = table.residues - length
        starts = np.unique(np.append(np.arange(0, last + 1, step), last))
        firsts.append(starts)
        stops.append(starts + length)
    first, stop = np.concatenate(firsts), np.concatenate(stops)
    yield from _blocks(running[stop] - running[first], table.block)


def _blocks(rows: Array, size: int) -> Iterator[Array]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _unseen(sums: Array, seen: Array) -> Array:
    """The sets whose key, the last column, is new, each once."""
    keys, first = np.unique(sums[:, -1], return_index=True)
    return sums[first[~np.isin(keys, seen)]]

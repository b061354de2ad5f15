"""Pairs of a target's atoms that lDDT compares, found once, and how many of them models preserve.

Pairs are sorted so that those of the same two residues follow one another: all later sums are over such runs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

_SLOT_BITS = 6  # an atom37 slot fits into six bits
_NUMBERS_AT_ONCE = 60_000  # coordinates of one block of pairs: what fits in the second-level cache


class DistancePairs(NamedTuple):
    """Distances of the target in runs that are counted together."""

    first: Integers  # (pair,), atom
    second: Integers  # (pair,), atom
    distance: Array  # (pair,), Å
    start: Integers  # (run,), the first pair of each run
    residues: Integers  # (run, 2), residues of the two atoms


def target_pairs(
    points: Array,
    residue: Integers,
    slot: Integers,
    radius: float,
    residue_index: NDArray,
    chain_index: NDArray | None = None,
    sequence_separation: int = 0,
) -> DistancePairs:
    """Pairs of atoms in different residues that are at most `radius` apart.

    Args:
        points: (atom, 3), Å, in the order of residue and slot.
        residue: (atom,), row of the residue of each atom.
        slot: (atom,), atom37 slot; no two atoms share both.
        radius: Å.
        residue_index: (res,), residue numbers.
        chain_index: (res,), needed for a sequence separation only.
        sequence_separation: residues of a chain whose numbers differ by no more than this are not paired.

    Returns:
        Pairs whose first atom stands before the second, in runs of one pair of residues.
    """
    close = np.zeros((0, 2), np.int64)
    if len(points) > 1:
        close = cKDTree(points).query_pairs(radius, output_type="ndarray")
    first, second = np.ascontiguousarray(close.T, np.int64)  # first < second
    i, j = residue[first], residue[second]
    counts = i != j
    if sequence_separation > 0:
        near = np.abs(residue_index[i] - residue_index[j]) <= sequence_separation
        counts &= ~(near if chain_index is None else near & (chain_index[i] == chain_index[j]))
    # One sort of integers that hold (residue, residue, slot, slot) is faster than a sort by several keys.
    residues = len(residue_index)
    key = i * residues
    key += j
    for atom in (first, second):
        key <<= _SLOT_BITS
        key += slot[atom]
    key = key[counts]
    key.sort()
    run, slots = key >> (2 * _SLOT_BITS), (1 << _SLOT_BITS) - 1
    start = np.flatnonzero(np.diff(run, prepend=-1))
    i, j = np.divmod(run[start], residues)
    length = np.diff(start, append=len(run))
    number = np.full((residues, 1 << _SLOT_BITS), -1)
    number[residue, slot] = np.arange(len(residue))
    first = number[np.repeat(i, length), (key >> _SLOT_BITS) & slots]
    second = number[np.repeat(j, length), key & slots]
    step = points.take(first, axis=0)
    step -= points.take(second, axis=0)
    step *= step
    distance = np.sqrt(step[:, 0] + step[:, 1] + step[:, 2])  # several times faster than a norm over an axis
    return DistancePairs(first, second, distance, start, np.stack([i, j], axis=-1))


def count_preserved(first: Array, second: Array, pairs: DistancePairs, thresholds: Sequence[float]) -> Array:
    """Preserved distances of each run, summed over thresholds.

    Args:
        first: (atom, 3, model), where the first atoms of the pairs are.
        second: (atom, 3, model), where the second ones are; NaN is never preserved.
        pairs: (pair,), in runs.
        thresholds: Å; a difference of exactly a threshold is preserved.

    Returns:
        (run, model).
    """
    models = first.shape[-1]
    result = np.zeros((len(pairs.start), models))
    block = max(1, _NUMBERS_AT_ONCE // max(1, 3 * models))
    ends = np.append(pairs.start, len(pairs.first))
    run = 0
    while run < len(pairs.start):
        stop = max(run + 1, int(np.searchsorted(ends, ends[run] + block, side="right")) - 1)
        here = slice(ends[run], ends[stop])
        step = first.take(pairs.first[here], axis=0)
        step -= second.take(pairs.second[here], axis=0)
        step *= step
        error = np.sqrt(step[:, 0] + step[:, 1] + step[:, 2])  # (pair, model)
        error -= pairs.distance[here, None]
        np.abs(error, out=error)
        kept = np.zeros(error.shape, np.uint8)
        for threshold in thresholds:
            kept += error <= threshold
        result[run:stop] = np.add.reduceat(kept, ends[run:stop] - ends[run], axis=0, dtype=np.int64)
        run = stop
    return result


def preserved_shares(
    preserved: Array, pairs: DistancePairs, residues: int, thresholds: int
) -> tuple[Array, Array, Booleans]:
    """Share of preserved distances of the models, of their residues, and residues that have distances."""
    ends = np.append(pairs.start, len(pairs.first))
    of_residue = np.zeros((residues, preserved.shape[-1] + 1))
    both = np.concatenate([preserved, np.diff(ends)[:, None].astype(np.float64)], axis=-1)
    for side in (0, 1):
        np.add.at(of_residue, pairs.residues[:, side], both)
    counted = of_residue[:, -1]
    with np.errstate(invalid="ignore"):
        model = preserved.sum(0) / (np.float64(len(pairs.first)) * thresholds)
        by_residue = of_residue[:, :-1] / (counted[:, None] * thresholds)
    return model, np.ascontiguousarray(by_residue.T), counted > 0

"""The alignments that TM-align starts from: threading without gaps, secondary structure, both, fragments.

Source: Zhang & Skolnick, Nucleic Acids Res. 33:2302 (2005) for the first three; the local fragments and the
threading of the longest unbroken stretch are in the program since 2009.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.structure.scores.dynamic_programming import Partners, align
from sciml.structure.scores.superposition import Array, superpose, transformed

COIL, HELIX, TURN, STRAND = range(4)

# Distances in Å between Cα of residues i-2 … i+2, by how far apart they are along the chain.
_HELIX_ANGSTROM, _HELIX_TOLERANCE = {2: 5.45, 3: 5.18, 4: 6.37}, 2.1
_STRAND_ANGSTROM, _STRAND_TOLERANCE = {2: 6.1, 3: 10.4, 4: 13.0}, 1.42
_TURN_ANGSTROM = 8.0

_SECONDARY_GAP = -1.0
_SAME_STRUCTURE = 0.5  # added to closeness where secondary structures agree
_WIDER_ANGSTROM = 1.5  # added to d0 where superpositions are still rough
_FRAGMENTS = ((20, 3), (100, 2))  # residues of a local fragment, and the share of the shorter chain it may be
_STRIDES = ((250, 45), (200, 35), (150, 25), (0, 15))  # longer than, residues between fragments
_BOND_ANGSTROM, _BOND_GROWTH = 4.25, 1.1  # Cα further apart than this are a break
_SHORTEST_STRETCH = 4
_NUMBERS_AT_ONCE = 1 << 22  # of tables of scores held together


@dataclass(frozen=True)
class Scales:
    """Distances of one comparison, in Å."""

    d0: float
    """Distance that counts half."""
    search: float
    """What a superposition pulls in."""
    d8: float
    """Pairs further apart do not count."""


def closeness(mobile: Array, target: Array, d0: float) -> Array:
    """(..., mobile res, target res): 1 / (1 + (d/d0)²) of every pair as the chains lie."""
    square = (mobile**2).sum(-1)[..., :, None] + (target**2).sum(-1)[..., None, :]
    square = square - 2 * mobile @ np.swapaxes(target, -1, -2)
    return 1 / (1 + np.maximum(square, 0) / d0**2)


def secondary_structure(positions: Array) -> NDArray[np.int64]:
    """(res,): helix, strand, turn or coil from the distances of five successive Cα; coil at the ends.

    Args:
        positions: (res, 3), Å.
    """
    found = np.full(len(positions), COIL)
    if len(positions) < 5:
        return found
    window = np.lib.stride_tricks.sliding_window_view(positions, 5, axis=0).transpose(0, 2, 1)

    def fits(ideal: dict[int, float], tolerance: float) -> NDArray[np.bool_]:
        errors = [
            np.abs(np.linalg.norm(window[:, i + apart] - window[:, i], axis=1) - ideal[apart])
            for apart in ideal
            for i in range(5 - apart)
        ]
        return np.max(errors, axis=0) < tolerance

    turn = np.linalg.norm(window[:, 4] - window[:, 0], axis=1) < _TURN_ANGSTROM
    middle = np.where(turn, TURN, COIL)
    middle[fits(_STRAND_ANGSTROM, _STRAND_TOLERANCE)] = STRAND
    middle[fits(_HELIX_ANGSTROM, _HELIX_TOLERANCE)] = HELIX
    found[2:-2] = middle
    return found


def quick_scores(mobile: Array, target: Array, partners: Partners, scales: Scales) -> Array:
    """(alignment,): TM-scores, not normalised, after three superpositions each.

    All pairs are superposed, then those within the search distance, then those within slightly more. Squared
    distances grow in steps of 0.5 Å² where fewer than three pairs are within.

    Args:
        mobile, target: (res, 3), Å.
        partners: (alignment, target res).
        scales: of the comparison.
    """
    known = partners >= 0
    paired = mobile[np.maximum(partners, 0)]  # (alignment, target res, 3)
    chosen = known.astype(np.float64)
    total = np.zeros(len(partners))
    for wider in (0.0, 1.0, None):
        usable = chosen.sum(1) > 0
        chosen[~usable] = 1  # nothing to superpose: the sum below is 0 whatever the motion
        rotation, translation = superpose(paired, target, chosen)
        square = ((transformed(paired, rotation, translation) - target) ** 2).sum(-1)
        square = np.where(known, square, np.inf)
        total = np.maximum(total, (1 / (1 + square / scales.d0**2)).sum(1))
        if wider is None:
            break
        reach = np.full(len(square), scales.search**2 + wider)
        third = np.partition(square, 2, axis=1)[:, 2]
        grows = (third > reach) & (known.sum(1) > 3)
        reach[grows] += np.ceil((third[grows] - reach[grows]) / 0.5) * 0.5
        chosen = (square <= reach[:, None]).astype(np.float64)
    return total


def threading_start(mobile: Array, target: Array, scales: Scales) -> Partners:
    """(target res,): the shift of one chain along the other with the largest quick score."""
    shortest = max(min(len(mobile), len(target)) // 2, 5)
    return _best_threading(mobile, target, np.arange(len(mobile)), shortest, scales)[0]


def secondary_start(mobile: NDArray[np.int64], target: NDArray[np.int64]) -> Partners:
    """(target res,): the alignment of equal secondary structures (res,)."""
    equal = (mobile[:, None] == target[None, :]).astype(np.float64)
    return align(equal[None], _SECONDARY_GAP)[0]


def hybrid_start(
    mobile: Array,
    target: Array,
    structures: tuple[NDArray[np.int64], NDArray[np.int64]],
    partners: Partners,
    scales: Scales,
) -> Partners:
    """(target res,): alignment by secondary structure and by closeness once `partners` are superposed."""
    paired = partners >= 0
    motion = superpose(mobile[partners[paired]], target[paired])
    scores = closeness(transformed(mobile, *motion), target, scales.d0 + _WIDER_ANGSTROM)
    scores += _SAME_STRUCTURE * (structures[0][:, None] == structures[1][None, :])
    return align(scores[None], _SECONDARY_GAP)[0]


def local_start(mobile: Array, target: Array, scales: Scales) -> Partners:
    """(target res,): fragments of one chain are superposed on fragments of the other, the chains aligned by
    closeness without a price for gaps; the alignment with the largest quick score."""
    best, chosen = -1.0, np.full(len(target), -1)
    shorter = min(len(mobile), len(target))
    at_once = max(1, _NUMBERS_AT_ONCE // (len(mobile) * len(target)))
    for length, share in _FRAGMENTS:
        size = min(length, shorter // share)
        first = np.arange(0, len(mobile) - size + 1, _stride(len(mobile)))
        second = np.arange(0, len(target) - size + 1, _stride(len(target)))
        starts = np.stack(np.meshgrid(first, second, indexing="ij"), -1).reshape(-1, 2)
        for block in range(0, len(starts), at_once):
            window = starts[block : block + at_once, :, None] + np.arange(size)
            motion = superpose(mobile[window[:, 0]], target[window[:, 1]])
            moved = transformed(mobile, *motion)
            partners = align(closeness(moved, target, scales.d0 + _WIDER_ANGSTROM), 0.0)
            scores = quick_scores(mobile, target, partners, scales)
            top = int(scores.argmax())
            if scores[top] > best:
                best, chosen = float(scores[top]), partners[top]
    return chosen


def stretch_start(mobile: Array, target: Array, scales: Scales) -> Partners:
    """(target res,): the longest unbroken stretch, the shorter of the two chains' ones, threaded along the
    other chain."""
    stretches = _longest_stretch(mobile), _longest_stretch(target)
    lengths = len(stretches[0]), len(stretches[1])
    candidates = []
    if (lengths[0], len(mobile)) <= (lengths[1], len(target)):
        candidates.append(_threaded_stretch(mobile, target, stretches[0], scales))
    if (lengths[1], len(target)) <= (lengths[0], len(mobile)):
        reverse, score = _threaded_stretch(target, mobile, stretches[1], scales)
        partners = np.full(len(target), -1)
        partners[reverse[reverse >= 0]] = np.flatnonzero(reverse >= 0)
        candidates.append((partners, score))
    return max(candidates, key=lambda candidate: candidate[1])[0]


def _threaded_stretch(
    mobile: Array, target: Array, stretch: NDArray[np.int64], scales: Scales
) -> tuple[Partners, float]:
    if len(stretch) == min(len(mobile), len(target)):  # the whole chain: threaded before, so cut its ends
        stretch = stretch[int(len(stretch) * 0.1) : int(len(stretch) * 0.89) + 1]
    shortest = max(int(min(len(stretch), len(target)) / 2.5), _SHORTEST_STRETCH - 1)
    return _best_threading(mobile, target, stretch, shortest, scales)


def _best_threading(
    mobile: Array, target: Array, residues: NDArray[np.int64], shortest: int, scales: Scales
) -> tuple[Partners, float]:
    """Some of the mobile residues, shifted along the target with at least `shortest` pairs; the last best."""
    best, chosen = -1.0, np.full(len(target), -1)
    for partners in _shifts(residues, len(target), shortest):
        scores = quick_scores(mobile, target, partners, scales)
        top = len(scores) - 1 - int(scores[::-1].argmax())
        if scores[top] >= best:
            best, chosen = float(scores[top]), partners[top]
    return chosen, best


def _shifts(residues: NDArray[np.int64], target: int, shortest: int) -> Iterator[Partners]:
    shifts = np.arange(-target + shortest, len(residues) - shortest + 1)
    for first in range(0, len(shifts), 256):
        place = np.arange(target) + shifts[first : first + 256, None]
        inside = (place >= 0) & (place < len(residues))
        yield np.where(inside, residues[np.clip(place, 0, len(residues) - 1)], -1)


def _stride(residues: int) -> int:
    stride = next(stride for longer, stride in _STRIDES if residues > longer)
    return max(1, min(stride, residues // 3))


def _longest_stretch(positions: Array) -> NDArray[np.int64]:
    """Residues of the longest stretch (the first of equals) without a break between neighbours."""
    step = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    needed, bond = min(_SHORTEST_STRETCH, len(positions) // 3), _BOND_ANGSTROM
    while True:
        stretches = np.split(np.arange(len(positions)), np.flatnonzero(step >= bond) + 1)
        longest = max(stretches, key=len)
        if len(longest) >= needed:
            return longest
        bond *= _BOND_GROWTH

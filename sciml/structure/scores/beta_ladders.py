"""Bridges, ladders and sheets of the β structure, from hydrogen bonds.

Residues i and j are a parallel bridge when (i+1 → j and j → i-1) or (j+1 → i and i → j-1), an antiparallel
one when (i+1 → j-1 and j+1 → i-1) or (j → i and i → j), with a → b for the N-H of a bonded to the C=O of b,
and no chain break within i-1..i+1 or j-1..j+1. Bridges that follow each other make a ladder; two ladders of
one kind join over a bulge of at most four extra residues on one strand and one on the other. Ladders that
share a residue make a sheet.

Source: Kabsch & Sander, Biopolymers 22:2577 (1983), with the bulges of the program mkdssp 4.2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_CLOSEST_RESIDUES = 3  # of a bridge, along the chain
_BULGE_LONG, _BULGE_SHORT = 6, 3  # a step of fewer residues, on the one strand and on the other
_BRIDGES_TO_A_STRAND = 2


@dataclass
class Ladder:
    """Bridges that follow each other; `first[k]` and `second[k]` are the residues of bridge k."""

    is_parallel: bool
    first: list[int]
    """Residues of the earlier strand, ascending."""
    second: list[int]
    """Their partners: ascending if parallel, descending if antiparallel."""

    def strands(self) -> tuple[range, range]:
        """Both strands from end to end, the residues of bulges among them."""
        low, high = sorted((self.second[0], self.second[-1]))
        return range(self.first[0], self.first[-1] + 1), range(low, high + 1)

    @property
    def is_strand(self) -> bool:
        """Two bridges or more make strands (E), one is a lone bridge (B)."""
        return len(self.first) >= _BRIDGES_TO_A_STRAND


def find_ladders(bonds: Integers, stretch: Integers) -> list[Ladder]:
    """The ladders of a structure, by the first residue.

    Args:
        bonds: (bond, 2), donor and acceptor of each hydrogen bond.
        stretch: (res,), number of the unbroken stretch of chain that each residue belongs to, ascending.

    Returns:
        Ladders, bulges joined.
    """
    ladders: list[Ladder] = []
    open_ladders: dict[tuple[bool, int, int], Ladder] = {}  # by the bridge that would prolong them
    for i, j, is_parallel in _bridges(bonds, stretch):
        ladder = open_ladders.pop((is_parallel, i, j), None)
        if ladder is None:
            ladder = Ladder(is_parallel, [], [])
            ladders.append(ladder)
        ladder.first.append(i)
        ladder.second.append(j)
        open_ladders[is_parallel, i + 1, j + 1 if is_parallel else j - 1] = ladder
    return _join_bulges(ladders, stretch)


def number_sheets(ladders: list[Ladder], residues: int) -> Integers:
    """(res,), number of the sheet of each residue, from 0 by the first ladder; -1 outside of sheets.

    Lone bridges count as sheets of their own, as in DSSP.
    """
    members = [{*ladder.first, *ladder.second} for ladder in ladders]
    sheets: list[set[int]] = []
    for residues_of_ladder in members:
        joined = set(residues_of_ladder)
        apart = []
        for sheet in sheets:
            if sheet & joined:
                joined |= sheet
            else:
                apart.append(sheet)
        sheets = [*apart, joined]
    number = np.full(residues, -1)
    for index, sheet in enumerate(sorted(sheets, key=min)):
        number[list(sheet)] = index
    for ladder in ladders:
        for strand in ladder.strands():
            number[strand.start : strand.stop] = number[ladder.first[0]]
    return number


def _bridges(bonds: Integers, stretch: Integers) -> list[tuple[int, int, bool]]:
    """(i, j, is parallel) with i < j, in ascending order; what is both is parallel."""
    residues = len(stretch)
    donor, acceptor = bonds.T
    codes = donor * residues + acceptor

    def bonded(d: Integers, a: Integers) -> NDArray[np.bool_]:
        """Whether there are bonds d → a; residues beyond the ends have none."""
        is_residue = (d >= 0) & (d < residues) & (a >= 0) & (a < residues)
        return is_residue & np.isin(d * residues + a, codes)

    # Every bond may be the first of each pattern, i+1 → j (or j+1 → i), i+1 → j-1 and i → j.
    found: dict[tuple[int, int], bool] = {}
    for first, second, has_other, is_parallel in (
        (donor, acceptor, bonded(acceptor, donor), False),
        (donor - 1, acceptor + 1, bonded(acceptor + 2, donor - 2), False),
        (donor - 1, acceptor, bonded(acceptor, donor - 2), True),
    ):
        low, high = np.minimum(first, second), np.maximum(first, second)
        has_neighbours = (low >= 1) & (high <= residues - 2) & (high - low >= _CLOSEST_RESIDUES)
        keep = np.flatnonzero(has_other & has_neighbours)
        low, high = low[keep], high[keep]
        unbroken = (stretch[low - 1] == stretch[low + 1]) & (stretch[high - 1] == stretch[high + 1])
        pairs = zip(low[unbroken].tolist(), high[unbroken].tolist(), strict=True)
        found.update(dict.fromkeys(pairs, is_parallel))
    return [(i, j, found[i, j]) for i, j in sorted(found)]


def _join_bulges(ladders: list[Ladder], stretch: Integers) -> list[Ladder]:
    """Each ladder, from the first, takes up those that follow it over a bulge; changes the list."""
    index = 0
    while index < len(ladders):
        ladder, other = ladders[index], index + 1
        while other < len(ladders):
            if _is_bulge(ladder, ladders[other], stretch):
                follower = ladders.pop(other)
                ladder.first += follower.first
                ladder.second += follower.second
            else:
                other += 1
        index += 1
    return ladders


def _is_bulge(ladder: Ladder, follower: Ladder, stretch: Integers) -> bool:
    """Whether the follower goes on where the ladder ends, after a bulge."""
    if ladder.is_parallel != follower.is_parallel:
        return False
    step = follower.first[0] - ladder.first[-1]
    if ladder.is_parallel:
        other_step = follower.second[0] - ladder.second[-1]
    else:
        other_step = ladder.second[-1] - follower.second[0]
    ends = (*ladder.first, *follower.first), (*ladder.second, *follower.second)
    if any(stretch[min(strand)] != stretch[max(strand)] for strand in ends):
        return False
    if not (0 < step < _BULGE_LONG and other_step >= 0):
        return False
    return (other_step < _BULGE_LONG and step < _BULGE_SHORT) or other_step < _BULGE_SHORT

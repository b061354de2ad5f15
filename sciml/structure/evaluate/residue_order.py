"""Residues whose place in the file contradicts their number.

Some programs write modified residues after the rest of a chain: the number is right, the place is not. A
residue with a wrong number looks the same. What tells them apart is where the residue lies: beside the
residues with the next lower and higher numbers, or not. Of a file whose lines were mixed or reversed many
residues are out of order, and their types tell more surely (`chain_pairs.py`).
"""

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX

NEIGHBOUR_ANGSTROM = 4.5
"""Largest distance of Cα atoms of neighbours in a chain: 3.8 Å over a trans peptide, with room for errors."""
_CA = ATOM_INDEX["CA"]


def out_of_order(chain: ProteinAtoms) -> NDArray[np.bool_]:
    """(res,), residues that do not belong to the longest run, in the order of the file, of numbers that never
    fall.

    Args:
        chain: one chain.
    """
    numbers = chain.residue_index
    if (np.diff(numbers) >= 0).all():
        return np.zeros(len(numbers), bool)
    return ~_longest_rising(numbers)


def doubtful_residues(chain: ProteinAtoms) -> NDArray[np.bool_]:
    """(res,), residues out of order whose Cα is near no residue of the next lower or higher number.

    Args:
        chain: one chain.
    """
    is_doubtful = out_of_order(chain)
    numbers = chain.residue_index
    place_of = {number: place for place, number in enumerate(numbers.tolist())}
    has_ca = chain.mask[:, _CA] >= 0.5
    for place in np.flatnonzero(is_doubtful):
        beside = [place_of.get(int(numbers[place]) + step, -1) for step in (-1, 1)]
        near = [
            other
            for other in beside
            if other >= 0
            and has_ca[other]
            and has_ca[place]
            and np.linalg.norm(chain.positions[other, _CA] - chain.positions[place, _CA])
            <= NEIGHBOUR_ANGSTROM
        ]
        is_doubtful[place] = not near
    return is_doubtful


def _longest_rising(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Members of a longest subsequence that never falls (Fredman, Discrete Math. 11:29, 1975)."""
    ends: list[int] = []  # the smallest last number of a subsequence of each length
    places: list[int] = []  # where it stands
    before = np.full(len(numbers), -1, np.int64)
    for place, number in enumerate(numbers.tolist()):
        length = bisect_right(ends, number)
        before[place] = places[length - 1] if length else -1
        ends[length : length + 1] = [number]
        places[length : length + 1] = [place]
    members = np.zeros(len(numbers), bool)
    place = places[-1]
    while place >= 0:
        members[place] = True
        place = int(before[place])
    return members

"""Global alignment of the sequences of two chains of which one is a model of the other.

Both sequences hold the observed residues only, so a gap in one of them is usually a stretch that was not
modelled or not seen. Where such a gap lies is often a tie between equal letters at its two ends; the residue
numbers break it: if the numbers of both chains differ by one constant wherever the sequences agree, residues
with that difference belong together.

Source: Needleman & Wunsch, J. Mol. Biol. 48:443 (1970) with affine gaps (Gotoh 1982), through Biopython;
BLOSUM62 (Henikoff & Henikoff, PNAS 89:10915, 1992).
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import UNKNOWN_INDEX
from sciml.errors import InputError

Integers = NDArray[np.int64]

GAP_OPEN, GAP_EXTEND = -11.0, -1.0
"""Scores of the first and of each further residue of a gap inside; gaps at the ends are free."""
MAX_CELLS = 60_000_000
"""Cells of the table of an alignment: two chains of 7,700 residues. A larger one is refused."""


@cache
def _aligner() -> Any:  # noqa: ANN401  # Biopython has no annotations
    from Bio.Align import PairwiseAligner, substitution_matrices

    aligner = PairwiseAligner(mode="global")
    aligner.substitution_matrix = substitution_matrices.load("BLOSUM62")
    aligner.open_internal_gap_score, aligner.extend_internal_gap_score = GAP_OPEN, GAP_EXTEND
    aligner.open_end_gap_score = aligner.extend_end_gap_score = 0.0
    return aligner


def align_sequences(first: str, second: str) -> tuple[Integers, Integers]:
    """The columns of the best global alignment that hold a residue of both sequences.

    Args:
        first: one letter for each residue, of the 20 and X; not empty.
        second: likewise.

    Returns:
        Indices into `first` and into `second`, both (column,) and rising.

    Raises:
        InputError: the two are too long to be aligned.
    """
    if len(first) * len(second) > MAX_CELLS:
        raise InputError(
            f"{len(first)} and {len(second)} residues are too many to be aligned; number the residues alike"
        )
    blocks = _aligner().align(first, second)[0].aligned
    left = [np.arange(start, stop) for start, stop in blocks[0]]
    right = [np.arange(start, stop) for start, stop in blocks[1]]
    if not left:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(left).astype(np.int64), np.concatenate(right).astype(np.int64)


def identical(first: Integers, second: Integers) -> NDArray[np.bool_]:
    """Where two arrays of residue types agree; X agrees with nothing."""
    return (first == second) & (first != UNKNOWN_INDEX)


def constant_offset(
    model_types: Integers, model_numbers: Integers, target_types: Integers, target_numbers: Integers
) -> int | None:
    """The difference of the residue numbers (model less target) that most identical aligned pairs have.

    Args:
        model_types: (pair,), residue types of aligned pairs.
        model_numbers: (pair,), their residue numbers.
        target_types: (pair,).
        target_numbers: (pair,).

    Returns:
        None if fewer than nine in ten identical pairs have one difference.
    """
    same = identical(model_types, target_types)
    differences = (model_numbers - target_numbers)[same]
    if not len(differences):
        return None
    values, counts = np.unique(differences, return_counts=True)
    return int(values[counts.argmax()]) if counts.max() >= 0.9 * len(differences) else None

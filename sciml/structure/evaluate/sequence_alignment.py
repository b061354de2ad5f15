"""Global alignment of the sequences of two chains of which one is a model of the other.

Both sequences hold the observed residues only, so a gap in one of them is usually a stretch that was not
modelled or not seen. Where such a gap lies is often a tie between equal letters at its two ends; the residue
numbers break it: if the numbers of both chains differ by one constant wherever the sequences agree, residues
with that difference belong together. Where the difference changes from one unbroken stretch of the target's
numbers to the next, the same is done for each stretch.

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
_WORD = 3
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


def follow_numbers(
    model_types: Integers,
    model_numbers: Integers,
    target_types: Integers,
    target_numbers: Integers,
    aligned: tuple[Integers, Integers],
) -> tuple[Integers, Integers]:
    """The aligned columns, moved where the numbers of a stretch of the target say otherwise.

    A stretch is a run of target residues whose numbers rise by one. The difference of the numbers that most
    of its identical columns have is kept for all of it if that loses no identical column.

    Args:
        model_types: (res of the model,).
        model_numbers: (res of the model,).
        target_types: (res of the target,).
        target_numbers: (res of the target,).
        aligned: indices into model and target, as `align_sequences` returns them.

    Returns:
        Indices into model and target; `aligned` itself if the stretches do not keep their order.
    """
    partner = np.full(len(target_types), -1, np.int64)
    partner[aligned[1]] = aligned[0]
    place_of = {number: place for place, number in enumerate(model_numbers.tolist())}
    breaks = np.flatnonzero(np.diff(target_numbers) != 1) + 1
    for stretch in np.split(np.arange(len(target_types)), breaks):
        own = stretch[partner[stretch] >= 0]
        own = own[identical(model_types[partner[own]], target_types[own])]
        if not len(own):
            continue
        values, counts = np.unique(model_numbers[partner[own]] - target_numbers[own], return_counts=True)
        wanted = (target_numbers[stretch] + values[counts.argmax()]).tolist()
        moved = np.array([place_of.get(number, -1) for number in wanted], np.int64)
        there = moved >= 0
        if identical(model_types[moved[there]], target_types[stretch[there]]).sum() >= len(own):
            partner[stretch] = moved
    right = np.flatnonzero(partner >= 0)
    left = partner[right]
    return (left, right) if (np.diff(left) > 0).all() else aligned


def share_words(first: str, second: str) -> bool:
    """Whether one in twenty of the shorter sequence's words of three letters occurs in the other.

    Two sequences that are 70 % identical share one in ten even if their differences are spread evenly.
    """
    shorter, longer = sorted((first, second), key=len)
    words = {shorter[at : at + _WORD] for at in range(len(shorter) - _WORD + 1)}
    others = {longer[at : at + _WORD] for at in range(len(longer) - _WORD + 1)}
    return len(words & others) >= len(words) / 20

"""Which residue of a model's chain is which residue of a target's chain.

By number (and insertion code) where the sequences agree there, otherwise by alignment of the sequences. What
"agree" means is written in the constants; a pair of chains that is neither is refused with its numbers.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import RESTYPES_WITH_X, UNKNOWN_INDEX
from sciml.structure.evaluate.residue_order import doubtful_residues, out_of_order
from sciml.structure.evaluate.sequence_alignment import (
    align_sequences,
    constant_offset,
    follow_numbers,
    identical,
    share_words,
)

Integers = NDArray[np.int64]
By = Literal["auto", "number", "alignment"]

MIN_NUMBER_IDENTITY = 0.9
"""Share of equal residue types, among residues of one number, at which the numbers are believed."""
MIN_NUMBER_SHARE = 0.5
"""Residues of one number over the residues of the shorter chain, at which the numbers are believed."""
MIN_IDENTITY = 0.7
"""Share of equal residue types among aligned residues, below which two chains are different proteins."""
MIN_ASKED_IDENTITY = 0.3
"""The same where alignment was asked for: homologues may be compared, chance (about 0.2) may not."""
MIN_SHARE = 0.5
"""Aligned residues over the residues of the shorter chain, below which two chains are different proteins."""
MIN_MIXED_RESIDUES = 5
"""Residues out of order from which on their types decide: that so many agree by chance is one case in a
million."""
MIN_SHORT_RESIDUES = 3
"""Fewest residues that two chains must have in common."""


@dataclass(frozen=True)
class ChainPair:
    """The residues that two chains have in common."""

    model: Integers
    """(pair,), indices of residues of the model's chain."""
    target: Integers
    """(pair,), indices of the residues of the target's chain that they stand for."""
    by: Literal["number", "alignment"]
    """How they were found."""
    identity: float
    """Share of equal types among pairs of known type; NaN if there is none."""
    identical: int
    """Pairs of equal type."""
    share: float
    """Pairs over the residues of the shorter chain."""
    offset: int = 0
    """Residue number of the model less that of the target, where it is one constant."""
    is_shifted: bool = False
    """Whether the numbers were dropped because an alignment shows one protein under other numbers."""
    doubtful: int = 0
    """Residues of both chains left out because their place contradicts their number (`residue_order.py`)."""

    def numbers(self) -> str:
        """What the pair is worth, in words."""
        if self.is_shifted:
            return (
                f"a sequence but not its numbers: residues of one number are {self.identity:.0%} identical, "
                "so they must be matched by alignment"
            )
        identity = "of unknown types" if np.isnan(self.identity) else f"{self.identity:.0%} identical"
        return f"{len(self.model)} residues by {self.by}, {identity}, {self.share:.0%} of the shorter chain"

    def is_believed(self, by: By) -> bool:
        """Whether the numbers above are high enough for the way that was asked for."""
        if len(self.model) < MIN_SHORT_RESIDUES:
            return False
        if self.by == "number":
            least, share = (0.0, 0.0) if by == "number" else (MIN_NUMBER_IDENTITY, MIN_NUMBER_SHARE)
        else:
            least, share = MIN_ASKED_IDENTITY if by == "alignment" else MIN_IDENTITY, MIN_SHARE
        is_unknown = np.isnan(self.identity) and self.by == "number"
        return bool(self.share >= share and (is_unknown or self.identity >= least))


def pair_by_number(model: ProteinAtoms, target: ProteinAtoms, offset: int = 0) -> ChainPair:
    """Residues whose number, less the offset, and insertion code are those of a residue of the target.

    Residues whose place in the file contradicts their number are left out, unless there are many and their
    types are those of the residues of their number: then the lines of a file were mixed, and that is all.

    Args:
        model: one chain.
        target: one chain.
        offset: what the model's numbers have more than the target's.
    """
    places = {key: index for index, key in enumerate(_keys(target, 0))}
    pairs = [
        (index, places[key]) for index, key in enumerate(_keys(model, offset)) if key in places
    ]  # a number occurs once in a chain: readers see to that
    table = np.array(pairs, np.int64).reshape(-1, 2)
    moved = table[out_of_order(model)[table[:, 0]] | out_of_order(target)[table[:, 1]]]
    is_mixed = len(moved) >= MIN_MIXED_RESIDUES and (
        identical(model.aatype[moved[:, 0]], target.aatype[moved[:, 1]]).mean() >= MIN_NUMBER_IDENTITY
    )
    is_doubtful = doubtful_residues(model)[table[:, 0]] | doubtful_residues(target)[table[:, 1]]
    is_doubtful &= not is_mixed
    kept = table[~is_doubtful]
    pair = _pair(model, target, kept[:, 0], kept[:, 1], "number", offset)
    return replace(pair, doubtful=int(is_doubtful.sum()))


def pair_by_alignment(model: ProteinAtoms, target: ProteinAtoms) -> ChainPair:
    """Residues that the alignment of the sequences puts into one column; numbers settle where gaps lie.

    Args:
        model: one chain.
        target: one chain.

    Raises:
        InputError: the chains are too long to be aligned.
    """
    left, right = align_sequences(model.sequence, target.sequence)
    aligned = _pair(model, target, left, right, "alignment", 0)
    offset = constant_offset(
        model.aatype[left], model.residue_index[left], target.aatype[right], target.residue_index[right]
    )
    if offset is not None:
        shifted = pair_by_number(model, target, offset)
        if shifted.identical >= aligned.identical:
            return replace(shifted, by="alignment")
    left, right = follow_numbers(
        model.aatype, model.residue_index, target.aatype, target.residue_index, (left, right)
    )
    return _pair(model, target, left, right, "alignment", 0)


def pair_chains(model: ProteinAtoms, target: ProteinAtoms, by: By, *, skip_unlike: bool = False) -> ChainPair:
    """The better of both ways, or the one that was asked for; the caller looks whether it is believed.

    `auto` takes the numbers if they are believed and if an alignment finds no more equal residues (it is made
    only where a residue of equal number has another type). `number` takes them at the user's word, other
    sequences too (a design on a given backbone), unless an alignment shows that the numbers are shifted: then
    the pair has no residues.

    Args:
        model: one chain.
        target: one chain.
        by: the way to take.
        skip_unlike: whether `auto` goes without an alignment of chains that share too few words of three
            letters to be one protein: for complexes, in which most pairs of chains are not.

    Raises:
        InputError: the chains are too long to be aligned.
    """
    if by == "alignment":
        return pair_by_alignment(model, target)
    numbered = pair_by_number(model, target)
    if by == "number":
        return _unless_shifted(model, target, numbered)
    is_sound = numbered.is_believed(by)
    known = known_pairs(model, target, numbered.model, numbered.target)
    if is_sound and numbered.identical == known:
        return numbered
    if skip_unlike and not is_sound and not share_words(model.sequence, target.sequence):
        return numbered
    aligned = pair_by_alignment(model, target)
    if is_sound and aligned.identical <= numbered.identical:
        return numbered
    return aligned


def _unless_shifted(model: ProteinAtoms, target: ProteinAtoms, numbered: ChainPair) -> ChainPair:
    """The pair, or an empty one if its sequences disagree and an alignment shows one protein."""
    if numbered.is_believed("auto") or numbered.identity >= MIN_NUMBER_IDENTITY or not len(numbered.model):
        return numbered
    aligned = pair_by_alignment(model, target)
    if not aligned.is_believed("auto") or aligned.identical <= numbered.identical:
        return numbered
    nothing = np.zeros(0, np.int64)
    return replace(
        _pair(model, target, nothing, nothing, "number", 0), identity=numbered.identity, is_shifted=True
    )


def known_pairs(model: ProteinAtoms, target: ProteinAtoms, left: Integers, right: Integers) -> int:
    """Pairs in which both types are known."""
    return int(((model.aatype[left] != UNKNOWN_INDEX) & (target.aatype[right] != UNKNOWN_INDEX)).sum())


def differing(model: ProteinAtoms, target: ProteinAtoms, pair: ChainPair) -> list[str]:
    """Pairs of known but different types, as `S12A`: target's letter and number, model's letter."""
    left, right = model.aatype[pair.model], target.aatype[pair.target]
    other = (left != right) & (left != UNKNOWN_INDEX) & (right != UNKNOWN_INDEX)
    return [
        f"{RESTYPES_WITH_X[right[place]]}{target.residue_index[pair.target[place]]}{RESTYPES_WITH_X[left[place]]}"
        for place in np.flatnonzero(other)
    ]


def _keys(chain: ProteinAtoms, offset: int) -> list[tuple[int, str]]:
    numbers = (chain.residue_index - offset).tolist()
    return list(zip(numbers, chain.insertion_codes, strict=True))


def _pair(
    model: ProteinAtoms,
    target: ProteinAtoms,
    left: Integers,
    right: Integers,
    by: Literal["number", "alignment"],
    offset: int,
) -> ChainPair:
    same = int(identical(model.aatype[left], target.aatype[right]).sum())
    known = known_pairs(model, target, left, right)
    return ChainPair(
        left,
        right,
        by,
        identity=same / known if known else float("nan"),
        identical=same,
        share=len(left) / min(len(model.aatype), len(target.aatype)),
        offset=offset,
    )

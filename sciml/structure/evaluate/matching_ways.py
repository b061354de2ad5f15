"""Which way of matching a model's residues is taken, and what is said where nothing supports it.

`auto`: by number where the sequences agree, else by alignment (`matching.py`), else, for chains of one fold,
by structure (`structural_matching.py`).

A model may have no sequence: residues of unknown type (UNK), or of one type throughout, as backbones of
design programs have. Then the numbers count, as they do for the TM-score program, and the notes warn. They
warn more where the shapes agree (TM-score of at least 0.5 by TM-align) but the numbers give less than half of
that: the numbers are probably shifted. The scores stay by number even so: a pairing by shape forgives every
error of register, so its scores would not compare with those of other models; who wants it asks for it.
"""

from dataclasses import replace
from typing import Literal

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX, RESIDUE_NAMES, UNKNOWN_INDEX
from sciml.structure.evaluate.matching import Matched, MatchError, match_residues
from sciml.structure.evaluate.structural_matching import (
    FEWEST_RESIDUES,
    ONE_FOLD_TM,
    match_by_structure,
    match_homologue,
)
from sciml.structure.scores.gdt import superposition_scores

MatchBy = Literal["auto", "number", "alignment", "structure"]
"""Ways of matching."""

WARNING = "warning: "
"""How a note begins that the user should not miss."""
MIN_SUPPORT = 0.1
"""Share of matched residues of known type in both, below which no sequence supports the numbers."""
MIN_SUPPORTING = 3
"""Fewest such residues."""
SHIFTED_SHARE = 0.5
"""Of the TM-score by structure: below it the numbers are probably shifted."""
_LEAST_OFFSET_SHARE = 0.5  # of the pairs by structure that must have one offset for it to be named
_CA = ATOM_INDEX["CA"]


def match_model(model: ProteinAtoms, target: ProteinAtoms, by: MatchBy = "auto") -> Matched:
    """Match the residues of a model with those of its target, by the rules of the module.

    Args:
        model: one or more chains.
        target: one or more chains.
        by: the way that was asked for.

    Raises:
        MatchError: the model is not of this target, in the way that was asked for.
    """
    if by == "structure":
        return match_by_structure(model, target)
    if by != "auto":
        return match_residues(model, target, by=by)
    try:
        matched = match_residues(model, target)
    except MatchError as sequences_differ:
        nameless = _match_one_type(model, target)
        if nameless is not None:
            return _warned(nameless, model, target)
        homologue = match_homologue(model, target)
        if homologue is None:
            raise
        return replace(homologue, notes=(f"{sequences_differ.rule}", *homologue.notes))
    return _warned(matched, model, target)


def _match_one_type(model: ProteinAtoms, target: ProteinAtoms) -> Matched | None:
    """A model of one residue type by number, as if the type were unknown; None if it is no such model."""
    types = set(model.aatype.tolist()) - {UNKNOWN_INDEX}
    if len(types) != 1:
        return None
    try:
        matched = match_residues(replace(model, aatype=np.full_like(model.aatype, UNKNOWN_INDEX)), target)
    except MatchError:
        return None
    name = RESIDUE_NAMES[types.pop()]
    return replace(matched, notes=(f"all residues are {name}, taken as of unknown type", *matched.notes))


def _warned(matched: Matched, model: ProteinAtoms, target: ProteinAtoms) -> Matched:
    """With a warning in front of the notes if no sequence supports a match by number."""
    there = matched.model_index >= 0
    known = there & (matched.aatype != UNKNOWN_INDEX) & (matched.target.aatype != UNKNOWN_INDEX)
    if matched.matched_by != "number" or known.sum() >= max(MIN_SUPPORTING, MIN_SUPPORT * there.sum()):
        return matched
    rule = f"{known.sum()} of {there.sum()} matched residues have a known type: nothing but the numbers says "
    shift = _shift(matched, model, target)
    return replace(matched, notes=(f"{WARNING}{rule}which is which{shift}", *matched.notes))


def _shift(matched: Matched, model: ProteinAtoms, target: ProteinAtoms) -> str:
    """What the shapes say against the numbers; empty where they say nothing."""
    known = (matched.mask[:, _CA] >= 0.5) & (matched.target.mask[:, _CA] >= 0.5)
    if known.sum() < FEWEST_RESIDUES or len(set(matched.target.chain_ids)) > 1:
        return ""
    try:
        shaped = match_by_structure(model, target)
    except MatchError:
        return ""
    by_shape = _tm_score(shaped)
    by_number = _tm_score(matched)
    if by_shape < ONE_FOLD_TM or by_number >= SHIFTED_SHARE * by_shape:
        return ""
    there = shaped.model_index >= 0
    steps = model.residue_index[shaped.model_index[there]] - shaped.target.residue_index[there]
    offsets, counts = np.unique(steps, return_counts=True)
    step = offsets[counts.argmax()]
    is_one = counts.max() >= _LEAST_OFFSET_SHARE * len(steps) and step != 0
    numbers = f" (numbers differ by {step:+d})" if is_one else ""
    return (
        f"; the shapes pair other residues{numbers}: TM {by_shape:.3f} so, {by_number:.3f} by number; "
        "scored by number, --match structure pairs by shape"
    )


def _tm_score(matched: Matched) -> float:
    """TM-score of the pairs, by the length of the target's chains."""
    known = (matched.mask[:, _CA] >= 0.5) & (matched.target.mask[:, _CA] >= 0.5)
    own = matched.target.positions[:, _CA].astype(np.float64)
    return float(superposition_scores(matched.positions[None, :, _CA], known[None], own).tm_score[0])

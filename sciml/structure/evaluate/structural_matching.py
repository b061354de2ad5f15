"""Lays a model over a target by their shapes alone, for chains whose sequences have too little in common.

One chain of the model and one of the target: the pair with the best TM-score by the target's length, as
`scores/tm_align.py` aligns them; of equals the earliest. A residue stands for the one that it is paired
with, so order along the chains is kept. As in `matching.py` a residue of another type than the target's
keeps N, CA, C, O and CB only. Any two proteins can be laid over each other in this way, so that without
being asked for it is used for homologues only: chains of one fold.
"""

from dataclasses import dataclass

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, UNKNOWN_INDEX
from sciml.structure.evaluate.matching import Matched, MatchError
from sciml.structure.scores.tm_align import FEWEST_RESIDUES, StructuralAlignment, align_structures

_CA = ATOM_INDEX["CA"]
_SHARED_ATOMS = [ATOM_INDEX[name] for name in ("N", "CA", "C", "O", "CB")]
_MOST_PAIRS = 36
ONE_FOLD_TM = 0.5
"""TM-score by the shorter chain above which two chains have one fold (Xu & Zhang, Bioinformatics 26:889,
2010)."""
ONE_FOLD_SHARE = 0.5
"""Residues of the shorter chain over those of the longer: a small part fits into many proteins."""


def match_by_structure(model: ProteinAtoms, target: ProteinAtoms) -> Matched:
    """Match residues by structural alignment; the module says how.

    Args:
        model: one or more chains.
        target: one or more chains.

    Raises:
        MatchError: no chain of six residues with Cα in one of the two, or more than 36 pairs of chains.
    """
    return _laid_over(model, target, _best_pair(model, target))


def match_homologue(model: ProteinAtoms, target: ProteinAtoms) -> Matched | None:
    """`match_by_structure` for chains of one fold: TM-score by the shorter chain of at least 0.5, and neither
    chain more than twice as long as the other.

    Args:
        model: one or more chains.
        target: one or more chains.

    Returns:
        None where the chains have no common fold, or where they are too short or too many to be aligned.
    """
    try:
        best = _best_pair(model, target)
    except MatchError:
        return None
    lengths = len(best.rows), len(best.places)
    tm = max(best.found.tm_mobile, best.found.tm_target)
    if tm < ONE_FOLD_TM or min(lengths) < ONE_FOLD_SHARE * max(lengths):
        return None
    return _laid_over(model, target, best)


@dataclass(frozen=True, eq=False)
class _Pair:
    found: StructuralAlignment
    rows: np.ndarray  # residues of the model's chain that were aligned
    places: np.ndarray  # those of the target's
    pairs: int  # pairs of chains that were tried


def _best_pair(model: ProteinAtoms, target: ProteinAtoms) -> _Pair:
    ours, theirs = _chains(model), _chains(target)
    if not ours or not theirs:
        whose = "target" if ours else "model"
        raise MatchError(f"the {whose} has no chain of {FEWEST_RESIDUES} residues with a Cα to be aligned")
    if len(ours) * len(theirs) > _MOST_PAIRS:
        raise MatchError(
            f"{len(ours)} and {len(theirs)} chains are too many to align every pair: cut one out"
        )
    found = [
        _Pair(align_structures(_ca(model, rows), _ca(target, places)), rows, places, len(ours) * len(theirs))
        for rows in ours
        for places in theirs
    ]
    return max(found, key=lambda pair: pair.found.tm_target)


def _laid_over(model: ProteinAtoms, target: ProteinAtoms, best: _Pair) -> Matched:
    chain = target.chain_ids[best.places[0]]
    whole = np.array([row for row, name in enumerate(target.chain_ids) if name == chain], np.int64)
    model_index = np.full(len(whole), -1, np.int64)
    paired = best.places[best.found.target_index]
    model_index[np.searchsorted(whole, paired)] = best.rows[best.found.mobile_index]
    return _matched(model, target.select(whole), model_index, best.found.tm_target, best.pairs)


def _chains(atoms: ProteinAtoms) -> list[np.ndarray]:
    """Rows of the residues with a Cα of each chain that is long enough."""
    known = atoms.mask[:, _CA] >= 0.5
    rows = [
        np.array([row for row, name in enumerate(atoms.chain_ids) if name == chain and known[row]], np.int64)
        for chain in dict.fromkeys(atoms.chain_ids)
    ]
    return [own for own in rows if len(own) >= FEWEST_RESIDUES]


def _ca(atoms: ProteinAtoms, rows: np.ndarray) -> np.ndarray:
    return atoms.positions[rows, _CA].astype(np.float64)


def _matched(
    model: ProteinAtoms, target: ProteinAtoms, model_index: np.ndarray, tm: float, chain_pairs: int
) -> Matched:
    residues = len(model_index)
    there = model_index >= 0
    rows = model_index[there]
    positions, mask = np.zeros((residues, len(ATOM_TYPES), 3)), np.zeros((residues, len(ATOM_TYPES)))
    positions[there], mask[there] = model.positions[rows], model.mask[rows] >= 0.5
    aatype = np.full(residues, UNKNOWN_INDEX, np.int64)
    aatype[there] = model.aatype[rows]
    differs = (aatype != target.aatype) | (aatype == UNKNOWN_INDEX)
    others = np.ones(len(ATOM_TYPES), bool)
    others[_SHARED_ATOMS] = False
    mask[np.ix_(differs, others)] = 0
    b_factors = np.full(residues, np.nan)
    b_factors[there] = model.b_factors[rows, _CA]
    notes = [
        f"residues are paired by shape: {len(rows)} of {residues}, TM-align {tm:.3f} by the target's length"
    ]
    if chain_pairs > 1:
        notes.append(f"the best of {chain_pairs} pairs of chains")
    return Matched(
        target=target,
        positions=positions * (mask[..., None] > 0),
        mask=mask,
        aatype=aatype,
        b_factors=b_factors,
        model_index=model_index,
        matched_by="structure",
        model_chain=model.chain_ids[rows[0]] if len(rows) else "",
        target_chain=target.chain_ids[0],
        identity=float((aatype == target.aatype)[there].mean()) if len(rows) else float("nan"),
        coverage=float(there.mean()),
        notes=tuple(notes),
    )

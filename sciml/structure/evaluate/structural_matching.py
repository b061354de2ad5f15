"""Lays a model over a target by their shapes alone, for chains whose sequences have too little in common.

One chain of the model and one of the target: the pair with the best TM-score by the target's length, as
`scores/tm_align.py` aligns them; of equals the earliest. A residue stands for the one that it is paired
with, so order along the chains is kept. As in `matching.py` a residue of another type than the target's
keeps N, CA, C, O and CB only. Used only when it is asked for: any two proteins can be laid over each other
in this way.
"""

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, UNKNOWN_INDEX
from sciml.structure.evaluate.matching import Matched, MatchError
from sciml.structure.scores.tm_align import FEWEST_RESIDUES, StructuralAlignment, align_structures

_CA = ATOM_INDEX["CA"]
_SHARED_ATOMS = [ATOM_INDEX[name] for name in ("N", "CA", "C", "O", "CB")]
_MOST_PAIRS = 36


def match_by_structure(model: ProteinAtoms, target: ProteinAtoms) -> Matched:
    """Match residues by structural alignment; the module says how.

    Args:
        model: one or more chains.
        target: one or more chains.

    Raises:
        MatchError: no chain of six residues with Cα in one of the two, or more than 36 pairs of chains.
    """
    ours, theirs = _chains(model), _chains(target)
    if not ours or not theirs:
        whose = "target" if ours else "model"
        raise MatchError(f"the {whose} has no chain of {FEWEST_RESIDUES} residues with a Cα to be aligned")
    if len(ours) * len(theirs) > _MOST_PAIRS:
        raise MatchError(
            f"{len(ours)} and {len(theirs)} chains are too many to align every pair: cut one out"
        )
    best: tuple[StructuralAlignment, np.ndarray, np.ndarray] | None = None
    for rows in ours:
        for places in theirs:
            found = align_structures(_ca(model, rows), _ca(target, places))
            if best is None or found.tm_target > best[0].tm_target:
                best = found, rows, places
    assert best is not None
    found, rows, places = best
    chain = target.chain_ids[places[0]]
    whole = np.array([row for row, name in enumerate(target.chain_ids) if name == chain], np.int64)
    model_index = np.full(len(whole), -1, np.int64)
    model_index[np.searchsorted(whole, places[found.target_index])] = rows[found.mobile_index]
    return _matched(model, target.select(whole), model_index, found.tm_target, len(ours), len(theirs))


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
    model: ProteinAtoms, target: ProteinAtoms, model_index: np.ndarray, tm: float, ours: int, theirs: int
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
    if ours > 1 or theirs > 1:
        notes.append(f"the best of {ours * theirs} pairs of chains")
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

"""GDC_SC: how many side chains end where the target's do.

One characteristic atom near the end of each side chain is compared at ten cut-offs, 0.5 Å to 5 Å, the
strict ones weighing most: 2 / (k (k + 1)) Σ (k + 1 - n) Pₙ with k = 10, Pₙ the fraction within n · 0.5 Å.
Glycine and alanine have no side chain that could turn, and are left out.

LGA takes P over its own superposition of Cα atoms at 4 Å. Here it is, among those that the TM-score search
visits (`fragment_search.py`), the one with the most Cα within 4 Å, of equals the one with the best TM-score;
all Pₙ are read in it. The numbers may differ from LGA's by its other search.

Source: Keedy et al., Proteins 77 S9:29 (2009); Zemla, Nucleic Acids Res. 31:3370 (2003).
"""

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import ATOM_INDEX, RESTYPE_INDEX, RESTYPES_WITH_X
from sciml.structure.scores.fragment_search import count_true, visit_superpositions
from sciml.structure.scores.gdt import search_distance, tm_d0
from sciml.structure.scores.rmsd import renamed, shared_atoms, swapped_slots
from sciml.structure.scores.superposition import Array, transformed

GDC_CUTOFFS_ANGSTROM = tuple(0.5 * n for n in range(1, 11))
SUPERPOSED_WITHIN_ANGSTROM = 4.0
CHARACTERISTIC_ATOMS = {
    "V": "CG1", "L": "CD1", "I": "CD1", "P": "CG", "M": "CE", "F": "CZ", "W": "CH2", "S": "OG", "T": "OG1",
    "C": "SG", "Y": "OH", "N": "OD1", "Q": "OE1", "D": "OD2", "E": "OE2", "K": "NZ", "R": "NH2", "H": "NE2",
}  # fmt: skip
"""The atom that stands for each side chain, by the residue's letter."""


def gdc_sc(
    positions: Array, mask: Array, target_positions: Array, target_mask: Array, aatype: NDArray[np.int64]
) -> Array:
    """GDC_SC of the models of one target.

    Args:
        positions: (model, res, 37, 3), Å; anything where the mask is 0.
        mask: (model, res, 37), above 0.5 where the model has the atom.
        target_positions: (res, 37, 3), Å.
        target_mask: (res, 37).
        aatype: (res,), the target's residue types.

    Returns:
        (model,), 0 to 1: over the target's residues with a characteristic atom; those that a model lacks
        count as misses. The oxygens of ASP and GLU and the nitrogens of ARG are named so that they lie
        closer, as in `rmsd_scores`; CG1 of VAL and CD1 of LEU keep their names.
        NaN for a target without any.

    Raises:
        ValueError: the shapes do not fit together.
    """
    target = np.asarray(target_positions, np.float64)
    shared = shared_atoms(positions, mask, target, target_mask, aatype)
    rows = np.arange(len(aatype))
    slots = _characteristic_slots()[aatype]
    scored = (slots >= 0) & (np.asarray(target_mask)[rows, slots] > 0.5)
    known = (np.asarray(mask)[:, rows, slots] > 0.5) & scored
    swapped = swapped_slots(aatype)
    if not scored.any():
        return np.full(len(positions), np.nan)
    found = []
    for model, both, has in zip(np.asarray(positions, np.float64), shared, known, strict=True):
        ca = both[:, ATOM_INDEX["CA"]]
        if not ca.any():
            found.append(0.0)
            continue
        motion = superposition_of_most(model[ca, ATOM_INDEX["CA"]], target[ca, ATOM_INDEX["CA"]], len(aatype))
        laid = transformed(np.where(np.isfinite(model), model, 0).reshape(-1, 3), *motion).reshape(
            model.shape
        )
        laid = renamed(laid, target, both, swapped)
        distance = np.linalg.norm(laid[rows, slots] - target[rows, slots], axis=-1)[has]
        found.append(_weighted_share(distance, int(scored.sum())))
    return np.array(found)


def _weighted_share(distance: Array, residues: int) -> float:
    cutoffs = np.array(GDC_CUTOFFS_ANGSTROM)
    weights = np.arange(len(cutoffs), 0, -1)
    within = (distance[:, None] <= cutoffs).sum(0) / residues
    return float((weights * within).sum() / weights.sum())


def _characteristic_slots() -> NDArray[np.int64]:
    """(21,): atom37 slot of each residue type's characteristic atom; -1 for G, A and X."""
    slots = np.full(len(RESTYPES_WITH_X), -1)
    for letter, atom in CHARACTERISTIC_ATOMS.items():
        slots[RESTYPE_INDEX[letter]] = ATOM_INDEX[atom]
    return slots


def superposition_of_most(mobile: Array, target: Array, residues: int) -> tuple[Array, Array]:
    """The visited motion with the most Cα within 4 Å, of equals the one with the best TM-score.

    Args:
        mobile: (res, 3), Å, Cα atoms of a model.
        target: (res, 3), Å, those of the target.
        residues: of the whole target, from which the TM-score's d0 is made.

    Returns:
        Rotation (3, 3) and translation (3,) in Å: `mobile @ rotation.T + translation` lies on the target.
    """
    d0 = tm_d0(residues)
    best = (-1.0, np.eye(3), np.zeros(3))

    def observe(squared: Array, rotation: Array, translation: Array) -> None:
        nonlocal best
        # Closeness is a mean below 1, so it only decides between equal counts.
        value = count_true(squared <= SUPERPOSED_WITHIN_ANGSTROM**2) + (
            (1 / (1 + squared / d0**2)).sum(1) / (squared.shape[1] + 1)
        )
        top = int(value.argmax())
        if value[top] > best[0]:
            best = (float(value[top]), rotation[top].copy(), translation[top].copy())

    visit_superpositions(mobile, target, search_distance(d0), observe)
    return best[1], best[2]

"""Clashes of heavy atoms, in the manner of the clashscore.

MolProbity's clashscore is the number of pairs of atoms, hydrogens included, that overlap by 0.4 Å or more,
for each 1000 atoms. Predictions have no hydrogens, so here only heavy atoms count and the figures are lower;
compare them with one another, not with MolProbity's. Two atoms clash when

    distance <= r_i + r_j - 0.4 Å,   and for two polar atoms   distance <= r_i + r_j - 0.4 Å - 0.4 Å,

with Bondi's radii (C 1.70, N 1.55, O 1.52, S 1.80 Å), unless four bonds or fewer join them (as MolProbity
skips four bonds where a hydrogen is at an end). The second line allows a hydrogen bond: polar atoms are N
and O, and SG of cysteine. N and O then clash below 2.27 Å, two O below 2.24 Å. Two SG at 1.6 to 2.5 Å are a
disulphide, which counts as a bond. Bonds between residues are those of `bonded`. Left out: hydrogens, OXT,
residues of unknown type, ligands, crystal neighbours, alternative conformations.

Source: Word et al., J. Mol. Biol. 285:1711 (1999); Chen et al., Acta Cryst. D66:12 (2010); Bondi, J. Phys.
Chem. 68:441 (1964).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sciml.data.residue_constants import (
    ATOM14_NAMES,
    RESIDUE_NAMES,
    RESTYPE_INDEX,
    atom14_van_der_waals_radius,
    read_only,
)
from sciml.data.stereochemistry import residue_geometry

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

OVERLAP_ANGSTROM = 0.4
"""Overlap of two clashing atoms, as in MolProbity."""
HYDROGEN_BOND_ANGSTROM = 0.4
"""Further overlap that two polar atoms may have."""
DISULPHIDE_ANGSTROM = (1.6, 2.5)
"""Distance of two SG that are bonded."""
BONDS_APART = 4
"""Atoms joined by this many bonds or fewer do not clash."""

_N, _C = 0, 2
_SG = ATOM14_NAMES["CYS"].index("SG")
_FAR = 99
_REACH_ANGSTROM = 3.2  # the largest distance of a clash, that of two sulfurs
_MOST_NEIGHBOURS = 100  # on average, within reach; about ten in a protein


@cache
def bonds_between_atoms() -> Integers:
    """(21 restype, 14, 14), bonds on the shortest way between two atoms of a residue; 99 without a way."""
    between = np.full((21, 14, 14), _FAR)
    for restype, name in enumerate(RESIDUE_NAMES[:20]):
        slots = {atom: slot for slot, atom in enumerate(ATOM14_NAMES[name])}
        table = between[restype]
        for atom in slots.values():
            table[atom, atom] = 0
        for first, second in residue_geometry()[name].bonds:
            table[slots[first], slots[second]] = table[slots[second], slots[first]] = 1
        for middle in slots.values():  # Floyd and Warshall's shortest paths
            np.minimum(table, table[:, middle, None] + table[None, middle, :], out=table)
    return read_only(np.minimum(between, _FAR))


@cache
def _polar() -> Flags:
    """(21 restype, 14), N and O of any kind, and SG of cysteine."""
    polar = np.zeros((21, 14), bool)
    for restype, name in enumerate(RESIDUE_NAMES[:20]):
        for slot, atom in enumerate(ATOM14_NAMES[name]):
            polar[restype, slot] = atom[0] in "NO" or atom == "SG"
    return read_only(polar)


def is_collapsed(positions: Array, exists: Flags) -> bool:
    """Whether far more atoms lie within reach of one another than in any protein, as all at one point.

    Such a model has a number of pairs that grows with the square of its size; they are not worth counting.

    Args:
        positions: (res, 14, 3), Å.
        exists: (res, 14).
    """
    points = positions[exists]
    if len(points) <= _MOST_NEIGHBOURS:
        return False
    tree = cKDTree(points)
    return bool(tree.count_neighbors(tree, _REACH_ANGSTROM) > _MOST_NEIGHBOURS * len(points))


def find_clashes(aatype: Integers, positions: Array, exists: Flags, bonded: Flags) -> tuple[Integers, Array]:
    """The pairs of atoms that clash.

    Args:
        aatype: (res,), restypes.
        positions: (res, 14, 3), Å, atom14 layout.
        exists: (res, 14), true where there is an atom.
        bonded: (res - 1,), true where the peptide bond to the next residue exists.

    Returns:
        Clashes (clash, 4): residue and atom14 slot of the one, then of the other; and their overlap (clash,)
        in Å, the sum of the radii less the distance.
    """
    residue, slot = np.nonzero(exists)
    if len(residue) < 2:
        return np.zeros((0, 4), np.int64), np.zeros(0)
    points = positions[residue, slot]
    radius = atom14_van_der_waals_radius()[aatype[residue], slot].astype(np.float64)
    pairs = cKDTree(points).query_pairs(2 * float(radius.max()) - OVERLAP_ANGSTROM, output_type="ndarray")
    first, second = pairs.min(-1), pairs.max(-1)  # atoms are in the order of the chain
    distance = np.linalg.norm(points[first] - points[second], axis=-1)
    overlap = radius[first] + radius[second] - distance
    polar = _polar()[aatype[residue], slot]
    allowed = np.where(polar[first] & polar[second], HYDROGEN_BOND_ANGSTROM, 0.0)
    close = np.flatnonzero(overlap >= OVERLAP_ANGSTROM + allowed)
    first, second, overlap = first[close], second[close], overlap[close]
    ends = np.stack([residue[first], slot[first], residue[second], slot[second]], axis=-1)
    clash = _bonds_apart(ends, aatype, positions, exists, bonded) > BONDS_APART
    order = np.lexsort(ends[clash].T[::-1])
    return ends[clash][order], overlap[clash][order]


def _bonds_apart(
    ends: Integers, aatype: Integers, positions: Array, exists: Flags, bonded: Flags
) -> Integers:
    """(pair,), bonds between two atoms: within a residue, over a peptide bond, over a disulphide."""
    i, a, j, b = ends.T
    within = bonds_between_atoms()
    apart = np.where(i == j, within[aatype[i], a, b], _FAR)
    linked = (j == i + 1) & np.append(bonded, False)[i]
    over_peptide = within[aatype[i], a, _C] + 1 + within[aatype[j], _N, b]
    apart = np.where(linked, np.minimum(apart, over_peptide), apart)
    # A whole residue between them: four bonds lie between its two neighbours' nearest atoms, C and N.
    linked_twice = (j == i + 2) & np.append(bonded[:-1] & bonded[1:], [False, False])[i]
    apart = np.where(linked_twice & (a == _C) & (b == _N), 4, apart)
    cysteines = (aatype == RESTYPE_INDEX["C"]) & exists[:, _SG]
    sulfurs = np.linalg.norm(positions[i, _SG] - positions[j, _SG], axis=-1)
    low, high = DISULPHIDE_ANGSTROM
    disulphide = (i != j) & cysteines[i] & cysteines[j] & (sulfurs >= low) & (sulfurs <= high)
    over_disulphide = within[aatype[i], a, _SG] + 1 + within[aatype[j], _SG, b]
    return np.where(disulphide, np.minimum(apart, over_disulphide), apart)

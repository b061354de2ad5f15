"""What is wrong with the geometry of a finished structure, counted as a chemist would.

Bonds and angles count when they are more than five standard deviations from their ideal values, the limit of
the wwPDB's reports (Read et al., Structure 19:1395, 2011). Atoms clash when they are closer than the sum of
their van der Waals radii less 1.5 Å, the limit of AlphaFold 2 and of lDDT's checks; hydrogens are not
considered. A hand is wrong when its atoms turn the other way; a peptide bond is cis when omega is nearer to 0
than to 180 degrees. Ideal values are those of `sciml.data.stereochemistry`.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sciml.data.residue_constants import (
    ATOM14_NAMES,
    RESIDUE_NAMES,
    RESTYPES,
    atom14_van_der_waals_radius,
)
from sciml.data.rigid_groups import CHI1, ideal_atoms, rigid_group_default_frames
from sciml.data.stereochemistry import atom14_distance_bounds
from sciml.structure.bond_geometry import Chain, angle_terms, bond_terms, chain_atoms, following_pairs

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

CLASH_OVERLAP_ANGSTROM = 1.5

_N, _CA, _C = 0, 1, 2
_SULFUR = ATOM14_NAMES["CYS"].index("SG")
_CHIRAL_CENTRES = {"CB": {"THR": ("CA", "OG1", "CG2"), "ILE": ("CA", "CG1", "CG2")}}


@dataclass(frozen=True)
class ViolationReport:
    """Counts of violations of one chain."""

    residues: int
    """Residues of a known type with at least one atom."""
    clashes: int
    """Pairs of unbonded atoms that overlap by more than 1.5 Å."""
    bond_outliers: int
    """Bonds, between and within residues, more than five standard deviations off."""
    angle_outliers: int
    """Bond angles, between and within residues, more than five standard deviations off."""
    chirality_errors: int
    """Wrong hands at Cα, and at Cβ of threonine and isoleucine."""
    cis_peptides: int
    """Peptide bonds before a residue other than proline with omega within 90 degrees of 0."""
    cis_prolines: int
    """The same before proline, where about one in twenty is real; not a violation."""
    total: int
    """Violations: all of the above but `residues` and `cis_prolines`."""
    residues_with_violations: int
    """Residues that take part in at least one."""
    worst_residue: str | None
    """The residue that takes part in most, as `LYS 45`; None if there is no violation."""
    worst_residue_violations: int
    """How many those are."""

    def to_dict(self) -> dict[str, Any]:
        """The counts by name, ready for JSON."""
        return asdict(self)


def count_violations(
    aatype: NDArray, positions: NDArray, mask: NDArray, residue_index: NDArray
) -> ViolationReport:
    """Count what is wrong in a chain.

    Args:
        aatype: (res,), residue types; X has no geometry and is skipped.
        positions: (res, 37, 3), Å.
        mask: (res, 37), 1 for atoms that are there.
        residue_index: (res,), residue numbers; numbers that differ by one are bonded.

    Returns:
        The counts; `worst_residue` is named by the given number.

    Raises:
        InputError: shapes disagree, or the position of an atom is not finite.
    """
    chain = chain_atoms(aatype, positions, mask, residue_index)
    at_residue = np.zeros(len(chain.aatype), np.int64)
    counts = {}
    for name, find in _FINDERS.items():
        residues = find(chain)  # (violation, 2): residues that take part, twice the same if there is one
        counts[name] = len(residues)
        if name != "cis_prolines":
            others = residues[residues[:, 0] != residues[:, 1], 1]
            at_residue += np.bincount(np.append(residues[:, 0], others), minlength=len(at_residue))
    worst = int(at_residue.argmax()) if at_residue.any() else None
    return ViolationReport(
        residues=int(chain.exists.any(-1).sum()),
        **counts,
        total=sum(count for name, count in counts.items() if name != "cis_prolines"),
        residues_with_violations=int((at_residue > 0).sum()),
        worst_residue=None
        if worst is None
        else f"{RESIDUE_NAMES[chain.aatype[worst]]} {int(residue_index[worst])}",
        worst_residue_violations=0 if worst is None else int(at_residue[worst]),
    )


def severe_clashes(chain: Chain) -> Integers:
    """(clash, 2), the residues of pairs of unbonded atoms that overlap by more than 1.5 Å."""
    residue, slot = np.nonzero(chain.exists)
    if len(residue) == 0:
        return np.zeros((0, 2), np.int64)
    points, radius = (
        chain.positions[residue, slot],
        atom14_van_der_waals_radius()[chain.aatype[residue], slot],
    )
    tree = cKDTree(points)
    pairs = tree.query_pairs(2 * float(radius.max()) - CLASH_OVERLAP_ANGSTROM, output_type="ndarray")
    first, second = pairs.min(-1), pairs.max(-1)  # rows are in the order of the chain
    distance = np.linalg.norm(points[first] - points[second], axis=-1)
    close = distance < radius[first] + radius[second] - CLASH_OVERLAP_ANGSTROM
    i, j, a, b = residue[first], residue[second], slot[first], slot[second]
    in_residue = atom14_distance_bounds().stddev[chain.aatype[i], a, b] > 0
    peptide = (a == _C) & (b == _N) & (j == i + 1) & np.append(chain.bonded, False)[i]
    sulfur = (chain.aatype == RESTYPES.index("C"))[:, None] & (np.arange(14) == _SULFUR)
    disulfide = sulfur[i, a] & sulfur[j, b]
    clash = close & ~((i == j) & in_residue) & ~peptide & ~disulfide
    return np.stack([i[clash], j[clash]], axis=-1)


@cache
def chiral_centres() -> tuple[Integers, Integers, Array]:
    """Chiral centres of the residue types: restype (centre,), atom14 slots (centre, 4), volume (centre,)
    in Å³.

    The slots are the centre and three neighbours; the volume is the triple product of the bonds to these,
    whose sign is the hand. It is that of the ideal residue.
    """
    restypes, atoms, volumes = [], [], []
    for restype, name in enumerate(RESIDUE_NAMES[:20]):
        centres = [("CA", ("N", "C", "CB"))] if name != "GLY" else []
        centres += [(c, by_name[name]) for c, by_name in _CHIRAL_CENTRES.items() if name in by_name]
        ideal = ideal_atoms()[name]
        turned = rigid_group_default_frames()[restype, CHI1].astype(np.float64)

        def place(atom: str, ideal: dict = ideal, turned: Array = turned) -> Array:
            """In the backbone frame at chi1 = 0."""
            group, xyz = ideal[atom]
            return turned[:3, :3] @ xyz + turned[:3, 3] if group == CHI1 else xyz

        for centre, neighbours in centres:
            bonds = [place(atom) - place(centre) for atom in neighbours]
            restypes.append(restype)
            atoms.append([ATOM14_NAMES[name].index(atom) for atom in (centre, *neighbours)])
            volumes.append(float(np.linalg.det(bonds)))
    return np.array(restypes), np.array(atoms), np.array(volumes)


def chirality_errors(chain: Chain) -> Integers:
    """(error, 2), twice the residue of each centre of the wrong hand."""
    found = []
    for restype, atoms, volume in zip(*chiral_centres(), strict=True):
        rows = np.nonzero((chain.aatype == restype) & chain.exists[:, atoms].all(-1))[0]
        points = chain.positions[rows][:, atoms]
        hand = np.linalg.det(points[:, 1:] - points[:, :1])
        found.append(rows[hand * volume < 0])
    residues = np.concatenate(found)
    return np.stack([residues, residues], axis=-1)


def cis_peptides(chain: Chain, proline: bool) -> Integers:
    """(bond, 2), the residues of each cis peptide bond, of those before proline or of the others."""
    ca, c = chain.positions[:-1, _CA], chain.positions[:-1, _C]
    n, next_ca = chain.positions[1:, _N], chain.positions[1:, _CA]
    left, right = np.cross(c - ca, n - c), np.cross(n - c, next_ca - n)
    known = chain.bonded & chain.exists[:-1, _CA] & chain.exists[1:, _CA]
    # The planes' normals point the same way when omega is within 90 degrees of 0.
    cis = known & ((left * right).sum(-1) > 0)
    return following_pairs(cis & ((chain.aatype[1:] == RESTYPES.index("P")) == proline))


_FINDERS: dict[str, Callable[[Chain], Integers]] = {
    "clashes": severe_clashes,
    "bond_outliers": lambda chain: bond_terms(chain).outliers(),
    "angle_outliers": lambda chain: angle_terms(chain).outliers(),
    "chirality_errors": chirality_errors,
    "cis_peptides": lambda chain: cis_peptides(chain, proline=False),
    "cis_prolines": lambda chain: cis_peptides(chain, proline=True),
}

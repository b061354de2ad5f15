"""Residues of a model with impossible bonds, angles, clashes or hands: the checks that lDDT makes first.

Source: Mariani et al., Bioinformatics 29:2722 (2013), with the values that were published with the program:
bonds and angles within a residue of Engh & Huber (`sciml.data.stereochemistry`), 12 standard deviations;
clashes of atoms that are not bonded, closer than the sum of their van der Waals radii less 1.5 Å. Two sulfurs
of cysteines may be as close as 1.03 Å (2.03 Å less 1 Å), so that a disulfide is not a clash. An addition of
this package, which can be left out: wrong hands at Cα, and at Cβ of threonine and isoleucine.

Not checked, as in the program: bonds and angles between residues, hydrogens, OXT, residues of unknown type.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sciml.data.residue_constants import (
    ATOM_INDEX,
    RESIDUE_NAMES,
    RESTYPE_INDEX,
    atom14_to_atom37,
    atom37_mask,
    atom37_van_der_waals_radius,
    read_only,
)
from sciml.data.stereochemistry import residue_geometry
from sciml.structure.violations import CLASH_OVERLAP_ANGSTROM, chiral_centres

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

TOLERANCE_DEVIATIONS = 12.0
CLOSEST_SULFURS_ANGSTROM = 2.03 - 1.0
BACKBONE_SLOTS = tuple(ATOM_INDEX[name] for name in ("N", "CA", "C", "O"))

_N, _C, _SG = ATOM_INDEX["N"], ATOM_INDEX["C"], ATOM_INDEX["SG"]
_CYS = RESTYPE_INDEX["C"]


class StereochemistryFailures(NamedTuple):
    """Residues that failed a check, each (model, res); a residue may be in both."""

    backbone: Booleans
    """A failed check involves N, CA, C or O: no atom of the residue is trusted."""
    side_chain: Booleans
    """A failed check involves a side-chain atom: no atom of the side chain is trusted."""

    def trusted(self, mask: NDArray) -> Booleans:
        """Atoms (model, res, 37) of `mask` that remain."""
        kept = np.asarray(mask) >= 0.5
        kept &= ~self.backbone[..., None]
        on_side_chain = ~np.isin(np.arange(kept.shape[-1]), BACKBONE_SLOTS)
        return kept & ~(self.side_chain[..., None] & on_side_chain)


def stereochemistry_failures(
    positions: NDArray,
    mask: NDArray,
    aatype: NDArray,
    chain_index: NDArray | None = None,
    *,
    deviations: float = TOLERANCE_DEVIATIONS,
    chirality: bool = True,
) -> StereochemistryFailures:
    """Check the stereochemistry of models.

    Args:
        positions: (model, res, 37, 3), Å.
        mask: (model, res, 37), 1 where the model has an atom; terms with a missing atom are not checked.
        aatype: (res,) or (model, res), residue types.
        chain_index: (res,), number of each residue's chain; one chain when None. Residues of one chain that
            follow one another are taken as bonded.
        deviations: standard deviations that a bond or angle may be off.
        chirality: whether wrong hands fail too, which the published checks do not see: without it, the
            mirror image of a structure passes.

    Returns:
        The residues that failed; never one of unknown type.
    """
    models, residues = positions.shape[:2]
    types = np.broadcast_to(np.asarray(aatype, np.int64), (models, residues)).reshape(-1)
    exists = (np.asarray(mask) >= 0.5).reshape(-1, 37) & (atom37_mask()[types] > 0)
    points = np.where(exists[..., None], np.asarray(positions, np.float64).reshape(-1, 37, 3), 0.0)
    involved = np.zeros(exists.shape, bool)  # atoms that take part in a failed check
    for restype in np.unique(types):
        if restype < 20:
            rows = np.flatnonzero(types == restype)
            _mark_terms(rows, points, exists, involved, _terms(int(restype)), deviations)
            if chirality:
                _mark_hands(rows, points, exists, involved, int(restype))
    chain = np.zeros(residues, np.int64) if chain_index is None else np.asarray(chain_index)
    follows = np.append(chain[1:] == chain[:-1], False)
    for model in range(models):
        here = slice(model * residues, (model + 1) * residues)
        _mark_clashes(points[here], exists[here], types[here], follows, involved[here])
    by_atom = involved.reshape(models, residues, 37)
    on_backbone = np.isin(np.arange(37), BACKBONE_SLOTS)
    return StereochemistryFailures(
        np.any(by_atom[..., on_backbone], axis=-1), np.any(by_atom[..., ~on_backbone], axis=-1)
    )


class _Terms(NamedTuple):
    bonds: Integers  # (bond, 2), atom37 slots
    bond_values: Array  # (bond, 2), mean and standard deviation in Å
    angles: Integers  # (angle, 3)
    angle_values: Array  # (angle, 2), degrees


@cache
def _terms(restype: int) -> _Terms:
    geometry = residue_geometry()[RESIDUE_NAMES[restype]]
    slots = [
        np.array([[ATOM_INDEX[atom] for atom in atoms] for atoms in table])
        for table in (geometry.bonds, geometry.angles)
    ]
    values = [np.array(list(table.values())) for table in (geometry.bonds, geometry.angles)]
    return _Terms(slots[0], values[0], slots[1], values[1])


def _mark_terms(
    rows: Integers, points: Array, exists: Booleans, involved: Booleans, terms: _Terms, deviations: float
) -> None:
    """Mark the atoms of bonds and angles that are too far from their ideals, in residues of one type."""
    points = points[rows]
    bonds = points[:, terms.bonds]  # (row, bond, 2, 3)
    lengths = np.linalg.norm(bonds[:, :, 0] - bonds[:, :, 1], axis=-1)
    angles = points[:, terms.angles]  # (row, angle, 3, 3)
    left, right = angles[:, :, 0] - angles[:, :, 1], angles[:, :, 2] - angles[:, :, 1]
    # The arc tangent is exact near 0 and 180 degrees, and defined where atoms coincide.
    widths = np.degrees(np.arctan2(np.linalg.norm(np.cross(left, right), axis=-1), (left * right).sum(-1)))
    for slots, values, found in (
        (terms.bonds, terms.bond_values, lengths),
        (terms.angles, terms.angle_values, widths),
    ):
        known = exists[rows[:, None, None], slots[None]].all(-1)
        row, term = np.nonzero(known & (np.abs(found - values[:, 0]) > deviations * values[:, 1]))
        involved[rows[row][:, None], slots[term]] = True


def _mark_hands(rows: Integers, points: Array, exists: Booleans, involved: Booleans, restype: int) -> None:
    """Mark the chiral centres whose neighbours turn the other way."""
    restypes, atoms14, volumes = chiral_centres()
    for atoms, volume in zip(atoms14[restypes == restype], volumes[restypes == restype], strict=True):
        slots = atom14_to_atom37()[restype, atoms]
        corners = points[rows][:, slots]
        wrong = np.linalg.det(corners[:, 1:] - corners[:, :1]) * volume < 0
        involved[rows[wrong & exists[rows][:, slots].all(-1)], slots[0]] = True


@cache
def _bonded() -> Booleans:
    """(21 restype, 37, 37), pairs of atoms of a residue that are bonded."""
    table = np.zeros((21, 37, 37), bool)
    for restype in range(20):
        first, second = _terms(restype).bonds.T
        table[restype, first, second] = table[restype, second, first] = True
    return read_only(table)


def _mark_clashes(
    points: Array, exists: Booleans, aatype: Integers, follows: Booleans, involved: Booleans
) -> None:
    """Mark atoms of one model, (res, 37, 3), that are too close to one another."""
    residue, slot = np.nonzero(exists)
    if len(residue) < 2:
        return
    atoms, radius = points[residue, slot], atom37_van_der_waals_radius().astype(np.float64)[slot]
    pairs = cKDTree(atoms).query_pairs(
        2 * float(radius.max()) - CLASH_OVERLAP_ANGSTROM, output_type="ndarray"
    )
    first, second = pairs.T  # first < second, in the order of the chain
    i, j, a, b = residue[first], residue[second], slot[first], slot[second]
    limit = radius[first] + radius[second] - CLASH_OVERLAP_ANGSTROM
    sulfurs = (a == _SG) & (b == _SG) & (aatype[i] == _CYS) & (aatype[j] == _CYS)
    limit = np.where(sulfurs, CLOSEST_SULFURS_ANGSTROM, limit)
    bonded = (i == j) & _bonded()[aatype[i], a, b]
    bonded |= (j == i + 1) & follows[i] & (a == _C) & (b == _N)
    clash = ~bonded & (np.linalg.norm(atoms[first] - atoms[second], axis=-1) < limit)
    involved[i[clash], a[clash]] = True
    involved[j[clash], b[clash]] = True

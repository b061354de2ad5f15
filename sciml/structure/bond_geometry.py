"""Atoms of a chain as the checks of its geometry read them, and how far its bonds and angles are from ideal.

Source: ideal values and deviations are those of `sciml.data.stereochemistry` (Engh & Huber).
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import (
    ATOM14_NAMES,
    RESIDUE_NAMES,
    RESTYPES,
    UNKNOWN_INDEX,
    atom14_mask,
    atom14_to_atom37,
)
from sciml.data.stereochemistry import (
    COS_C_N_CA,
    COS_CA_C_N,
    PEPTIDE_BOND,
    PEPTIDE_BOND_PROLINE,
    residue_geometry,
)
from sciml.errors import InputError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

OUTLIER_DEVIATIONS = 5.0
"""Standard deviations beyond which a bond or an angle is an outlier, unless another limit is given."""

_N, _CA, _C = 0, 1, 2


class Chain(NamedTuple):
    """Atoms in the atom14 layout, as the checks read them."""

    aatype: Integers
    """(res,), restypes; X is `UNKNOWN_INDEX`."""
    positions: Array
    """(res, 14, 3), Å; 0 where there is no atom."""
    exists: NDArray[np.bool_]
    """(res, 14)."""
    bonded: NDArray[np.bool_]
    """(res - 1,), neighbours in the numbering with C and N."""


def chain_atoms(aatype: NDArray, positions: NDArray, mask: NDArray, residue_index: NDArray) -> Chain:
    """What the checks read of a structure; arguments and errors as `violations.count_violations`."""
    residues = len(aatype)
    shapes = (np.shape(positions), np.shape(mask), np.shape(residue_index))
    if shapes != ((residues, 37, 3), (residues, 37), (residues,)):
        raise InputError(
            f"{residues} residues need atoms (res, 37, 3), a mask (res, 37) and numbers (res,): {shapes}"
        )
    aatype = np.minimum(np.asarray(aatype, np.int64), UNKNOWN_INDEX)
    slots = atom14_to_atom37()[aatype]
    rows = np.arange(residues)[:, None]
    exists = (np.asarray(mask)[rows, slots] >= 0.5) & (atom14_mask()[aatype] > 0)
    atoms = np.asarray(positions, np.float64)[rows, slots]
    broken = ~np.isfinite(atoms).all(-1) & exists
    if broken.any():
        residue = int(broken.any(-1).argmax())
        raise InputError(f"atom positions of residue {int(residue_index[residue])} are not finite")
    atoms = np.where(exists[..., None], atoms, 0.0)
    bonded = (np.diff(residue_index) == 1) & exists[:-1, _C] & exists[1:, _N]
    return Chain(aatype, atoms, exists, bonded)


class Terms(NamedTuple):
    """Bonds or angles that were measured."""

    residues: Integers
    """(term, 2), the residues that take part, twice the same if there is one."""
    deviations: Array
    """(term,), distance from the ideal value in standard deviations, without sign."""

    def outliers(self, limit: float = OUTLIER_DEVIATIONS) -> Integers:
        """(outlier, 2), residues of the terms that are more than `limit` deviations off."""
        return self.residues[self.deviations > limit]


def bond_terms(chain: Chain) -> Terms:
    """Every bond within residues, and C-N between residues that are bonded."""
    proline = chain.aatype[1:] == RESTYPES.index("P")
    mean = np.where(proline, PEPTIDE_BOND_PROLINE[0], PEPTIDE_BOND[0])
    deviation = np.where(proline, PEPTIDE_BOND_PROLINE[1], PEPTIDE_BOND[1])
    lengths = np.linalg.norm(chain.positions[1:, _N] - chain.positions[:-1, _C], axis=-1)
    between = np.abs(lengths - mean) / deviation
    return _joined([_within(chain, 0), Terms(following_pairs(chain.bonded), between[chain.bonded])])


def angle_terms(chain: Chain) -> Terms:
    """Every angle within residues, and CA-C-N and C-N-CA between residues that are bonded."""
    c, n = chain.positions[:-1, _C], chain.positions[1:, _N]
    ca, next_ca = chain.positions[:-1, _CA], chain.positions[1:, _CA]
    found = [_within(chain, 1)]
    for atoms, known, (mean, deviation) in (
        ((ca, c, n), chain.exists[:-1, _CA], COS_CA_C_N),
        ((c, n, next_ca), chain.exists[1:, _CA], COS_C_N_CA),
    ):
        off = np.abs(_cosines(np.stack(atoms, axis=-2)) - mean) / deviation
        known = chain.bonded & known
        found.append(Terms(following_pairs(known), off[known]))
    return _joined(found)


def _within(chain: Chain, which: int) -> Terms:
    """Bonds (which 0) or angles (which 1) of each residue."""
    found = []
    for restype in range(20):
        rows = np.nonzero(chain.aatype == restype)[0]
        atoms = _bond_table()[restype][which]
        bonds, _, values = _bond_table()[restype]
        mean, deviation = (values[: len(bonds)] if which == 0 else values[len(bonds) :]).T
        points = chain.positions[rows][:, atoms]  # (res, term, 2 or 3, 3)
        known = chain.exists[rows][:, atoms].all(-1)
        measured = _lengths(points) if which == 0 else np.rad2deg(np.arccos(_cosines(points)))
        residues = rows[np.nonzero(known)[0]]
        off = (np.abs(measured - mean) / deviation)[known]
        found.append(Terms(np.stack([residues, residues], axis=-1), off))
    return _joined(found)


def _joined(terms: list[Terms]) -> Terms:
    residues, deviations = zip(*terms, strict=True)
    return Terms(np.concatenate(residues), np.concatenate(deviations))


@cache
def _bond_table() -> list[tuple[Integers, Integers, Array]]:
    """For each restype bonds (bond, 2), angles (angle, 3), and (bond + angle, 2) mean and deviation."""
    table = []
    for name in RESIDUE_NAMES[:20]:
        slots = {atom: slot for slot, atom in enumerate(ATOM14_NAMES[name])}
        geometry = residue_geometry()[name]
        bonds = np.array([[slots[atom] for atom in atoms] for atoms in geometry.bonds])
        angles = np.array([[slots[atom] for atom in atoms] for atoms in geometry.angles])
        values = np.array([*geometry.bonds.values(), *geometry.angles.values()])
        table.append((bonds, angles, values))
    return table


def following_pairs(flag: NDArray[np.bool_]) -> Integers:
    """(row, 2), residues i and i + 1 for each true entry (res - 1,)."""
    first = np.nonzero(flag)[0]
    return np.stack([first, first + 1], axis=-1)


def _lengths(points: Array) -> Array:
    return np.linalg.norm(points[..., 0, :] - points[..., 1, :], axis=-1)


def _cosines(points: Array) -> Array:
    """Cosine of the angle at the middle of three points (..., 3, 3); 1 where points coincide."""
    left, right = points[..., 0, :] - points[..., 1, :], points[..., 2, :] - points[..., 1, :]
    norms = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    product = (left * right).sum(-1)
    return np.clip(np.divide(product, norms, out=np.ones_like(product), where=norms > 0), -1.0, 1.0)

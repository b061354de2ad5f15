"""Backbone torsions phi, psi and omega of chains with breaks."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PEPTIDE_BREAK_ANGSTROM = 2.5
"""C and N of neighbours that are further apart are not bonded: the limit of DSSP."""


def dihedral_degrees(a: Array, b: Array, c: Array, d: Array) -> Array:
    """Dihedral of four points about the line b-c.

    Args:
        a, b, c, d: (…, 3), Å.

    Returns:
        (…,), degrees in -180..180, clockwise positive; NaN where a position is NaN or three points
        are in a line.

    Source: IUPAC-IUB, Biochemistry 9:3471 (1970).
    """
    axis = c - b
    left, right = np.cross(b - a, axis), np.cross(axis, d - c)
    sine = (np.cross(left, right) * axis).sum(-1)
    cosine = (left * right).sum(-1) * np.linalg.norm(axis, axis=-1)
    is_plain = (sine == 0) & (cosine == 0)
    return np.where(is_plain, np.nan, np.rad2deg(np.arctan2(sine, cosine)))


def peptide_bonds(backbone: Array, chains: NDArray | None = None) -> NDArray[np.bool_]:
    """Which residues are bonded to the next: of the same chain, C and the next N at most 2.5 Å apart.

    Args:
        backbone: (res, atom, 3), N, CA, C first, in Å; NaN where an atom is missing.
        chains: (res,), any labels of chains; one chain when None.

    Returns:
        (res - 1,), false where C or N is missing; (0,) for no residue.
    """
    length = np.linalg.norm(backbone[1:, 0] - backbone[:-1, 2], axis=-1)
    bonded = length <= PEPTIDE_BREAK_ANGSTROM  # false for NaN
    return bonded if chains is None else bonded & (chains[1:] == chains[:-1])


def backbone_torsions(backbone: Array, bonded: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """phi (C before, N, CA, C), psi (N, CA, C, N after) and omega (CA, C before, N, CA).

    Args:
        backbone: (res, atom, 3), N, CA, C first, in Å; NaN where an atom is missing.
        bonded: (res - 1,), true where a residue is bonded to the next.

    Returns:
        (res,) each, degrees in -180..180, omega being that of the bond *before* the residue; NaN where an
        atom is missing or the neighbour is not bonded.
    """
    n, ca, c = backbone[:, 0], backbone[:, 1], backbone[:, 2]
    phi, psi, omega = (np.full(len(backbone), np.nan) for _ in range(3))
    phi[1:] = np.where(bonded, dihedral_degrees(c[:-1], n[1:], ca[1:], c[1:]), np.nan)
    psi[:-1] = np.where(bonded, dihedral_degrees(n[:-1], ca[:-1], c[:-1], n[1:]), np.nan)
    omega[1:] = np.where(bonded, dihedral_degrees(ca[:-1], c[:-1], n[1:], ca[1:]), np.nan)
    return phi, psi, omega

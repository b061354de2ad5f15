"""Backbone torsions phi, psi and omega of chains with breaks."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


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


def backbone_torsions(backbone: Array, stretch: Integers) -> tuple[Array, Array]:
    """phi (C before, N, CA, C) and psi (N, CA, C, N after).

    Args:
        backbone: (res, atom, 3), N, CA, C first, in Å; NaN where an atom is missing.
        stretch: (res,), neighbours with the same number are bonded.

    Returns:
        (res,) each, degrees in -180..180; NaN at the ends of stretches and where an atom is missing.
    """
    n, ca, c = backbone[:, 0], backbone[:, 1], backbone[:, 2]
    bonded = stretch[1:] == stretch[:-1]
    phi, psi = np.full(len(backbone), np.nan), np.full(len(backbone), np.nan)
    phi[1:] = np.where(bonded, dihedral_degrees(c[:-1], n[1:], ca[1:], c[1:]), np.nan)
    psi[:-1] = np.where(bonded, dihedral_degrees(n[:-1], ca[:-1], c[:-1], n[1:]), np.nan)
    return phi, psi


def omega_torsions(backbone: Array, stretch: Integers) -> Array:
    """omega of the bond *before* each residue (CA, C before; N, CA); arguments as `backbone_torsions`.

    Returns:
        (res,), degrees in -180..180; NaN for the first residue of a stretch and where an atom is missing.
    """
    ca, c, n = backbone[:, 1], backbone[:, 2], backbone[:, 0]
    omega = np.full(len(backbone), np.nan)
    bonded = stretch[1:] == stretch[:-1]
    omega[1:] = np.where(bonded, dihedral_degrees(ca[:-1], c[:-1], n[1:], ca[1:]), np.nan)
    return omega

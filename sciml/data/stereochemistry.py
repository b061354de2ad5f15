"""Ideal bond lengths and angles of residues, with their spread, and the distance bounds that they imply.

Values are means and standard deviations in Å and degrees, of small-molecule crystal structures.

Source: Engh & Huber, Acta Cryst. A47:392 (1991) and International Tables for Crystallography F, 18.3 (2001);
bounds as in Jumper et al. 2021, Supplementary section 1.9.11.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import (
    ATOM14_NAMES,
    RESIDUE_NAMES,
    atom14_mask,
    atom14_van_der_waals_radius,
    read_only,
)

PEPTIDE_BOND = (1.329, 0.014)
"""Length of C-N between residues and its standard deviation, Å."""
PEPTIDE_BOND_PROLINE = (1.341, 0.016)
"""The same before proline, Å."""
COS_CA_C_N = (-0.4473, 0.0311)
"""Cosine of the angle CA-C-N over the peptide bond and its standard deviation."""
COS_C_N_CA = (-0.5203, 0.0353)
"""Cosine of the angle C-N-CA over the peptide bond and its standard deviation."""
CA_CA_DISTANCE = 3.80209737096
"""Distance between neighbouring CA atoms over a trans peptide bond, Å."""

# Bonds and angles of the backbone, unless the residue's own lines say otherwise.
_BACKBONE = "N-CA 1.459 0.020, CA-C 1.525 0.026, C-O 1.229 0.019, N-CA-C 111.0 2.7, CA-C-O 120.1 2.1"

# Residue, then `atoms mean deviation`: two atoms are a bond in Å, three an angle in degrees.
_RESIDUES = """
ALA CA-CB 1.520 0.021, N-CA-CB 110.1 1.4, C-CA-CB 110.1 1.5
ARG CA-CB 1.535 0.022, CB-CG 1.521 0.027, CG-CD 1.515 0.025, CD-NE 1.460 0.017
ARG NE-CZ 1.326 0.013, CZ-NH1 1.326 0.013, CZ-NH2 1.326 0.013, N-CA-CB 110.6 1.8
ARG CA-CB-CG 113.4 2.2, C-CA-CB 110.4 2.0, CB-CG-CD 111.6 2.6, CG-CD-NE 111.8 2.1
ARG CD-NE-CZ 123.6 1.4, NE-CZ-NH1 120.3 0.5, NE-CZ-NH2 120.3 0.5, NH1-CZ-NH2 119.4 1.1
ASN CA-CB 1.527 0.026, CB-CG 1.506 0.023, CG-OD1 1.235 0.022, CG-ND2 1.324 0.025
ASN N-CA-CB 110.6 1.8, CA-CB-CG 113.4 2.2, C-CA-CB 110.4 2.0, CB-CG-OD1 121.6 2.0
ASN CB-CG-ND2 116.7 2.4, OD1-CG-ND2 121.9 2.3
ASP CA-CB 1.535 0.022, CB-CG 1.513 0.021, CG-OD1 1.249 0.023, CG-OD2 1.249 0.023
ASP N-CA-CB 110.6 1.8, CA-CB-CG 113.4 2.2, C-CA-CB 110.4 2.0, CB-CG-OD1 118.3 0.9
ASP CB-CG-OD2 118.3 0.9, OD1-CG-OD2 123.3 1.9
CYS CA-CB 1.526 0.013, CB-SG 1.812 0.016, N-CA-CB 110.8 1.5, CA-CB-SG 114.2 1.1
CYS C-CA-CB 111.5 1.2
GLN CA-CB 1.535 0.022, CB-CG 1.521 0.027, CG-CD 1.506 0.023, CD-OE1 1.235 0.022
GLN CD-NE2 1.324 0.025, N-CA-CB 110.6 1.8, CA-CB-CG 113.4 2.2, C-CA-CB 110.4 2.0
GLN CB-CG-CD 111.6 2.6, CG-CD-OE1 121.6 2.0, CG-CD-NE2 116.7 2.4, OE1-CD-NE2 121.9 2.3
GLU CA-CB 1.535 0.022, CB-CG 1.517 0.019, CG-CD 1.515 0.015, CD-OE1 1.252 0.011
GLU CD-OE2 1.252 0.011, N-CA-CB 110.6 1.8, CA-CB-CG 113.4 2.2, C-CA-CB 110.4 2.0
GLU CB-CG-CD 114.2 2.7, CG-CD-OE1 118.3 2.0, CG-CD-OE2 118.3 2.0, OE1-CD-OE2 123.3 1.2
GLY N-CA 1.456 0.015, CA-C 1.514 0.016, C-O 1.232 0.016, N-CA-C 113.1 2.5
GLY CA-C-O 120.6 1.8
HIS CA-CB 1.535 0.022, CB-CG 1.492 0.016, CG-ND1 1.369 0.015, CG-CD2 1.353 0.017
HIS ND1-CE1 1.343 0.025, CD2-NE2 1.415 0.021, CE1-NE2 1.322 0.023, N-CA-CB 110.6 1.8
HIS CA-CB-CG 113.6 1.7, C-CA-CB 110.4 2.0, CB-CG-ND1 123.2 2.5, CB-CG-CD2 130.8 3.1
HIS CG-ND1-CE1 108.2 1.4, CG-CD2-NE2 109.2 1.9, ND1-CG-CD2 106.0 1.4, ND1-CE1-NE2 109.9 2.2
HIS CD2-NE2-CE1 106.6 2.5
ILE CA-CB 1.544 0.023, CB-CG1 1.536 0.028, CB-CG2 1.524 0.031, CG1-CD1 1.500 0.069
ILE N-CA-CB 110.8 2.3, CA-CB-CG1 111.0 1.9, CA-CB-CG2 110.9 2.0, C-CA-CB 111.6 2.0
ILE CB-CG1-CD1 113.9 2.8, CG1-CB-CG2 111.4 2.2
LEU CA-CB 1.533 0.023, CB-CG 1.521 0.029, CG-CD1 1.514 0.037, CG-CD2 1.514 0.037
LEU N-CA-CB 110.4 2.0, CA-CB-CG 115.3 2.3, C-CA-CB 110.2 1.9, CB-CG-CD1 111.0 1.7
LEU CB-CG-CD2 111.0 1.7, CD1-CG-CD2 110.5 3.0
LYS CA-CB 1.535 0.022, CB-CG 1.521 0.027, CG-CD 1.520 0.034, CD-CE 1.508 0.025
LYS CE-NZ 1.486 0.025, N-CA-CB 110.6 1.8, CA-CB-CG 113.4 2.2, C-CA-CB 110.4 2.0
LYS CB-CG-CD 111.6 2.6, CG-CD-CE 111.9 3.0, CD-CE-NZ 111.7 2.3
MET CA-CB 1.535 0.022, CB-CG 1.509 0.032, CG-SD 1.807 0.026, SD-CE 1.774 0.056
MET N-CA-CB 110.6 1.8, CA-CB-CG 113.3 1.7, C-CA-CB 110.4 2.0, CB-CG-SD 112.4 3.0
MET CG-SD-CE 100.2 1.6
PHE CA-CB 1.535 0.022, CB-CG 1.509 0.017, CG-CD1 1.383 0.015, CG-CD2 1.383 0.015
PHE CD1-CE1 1.388 0.020, CD2-CE2 1.388 0.020, CE1-CZ 1.369 0.019, CE2-CZ 1.369 0.019
PHE N-CA-CB 110.6 1.8, CA-CB-CG 113.9 2.4, C-CA-CB 110.4 2.0, CB-CG-CD1 120.8 0.7
PHE CB-CG-CD2 120.8 0.7, CG-CD1-CE1 120.8 1.1, CG-CD2-CE2 120.8 1.1, CD1-CG-CD2 118.3 1.3
PHE CD1-CE1-CZ 120.1 1.2, CD2-CE2-CZ 120.1 1.2, CE1-CZ-CE2 120.0 1.8
PRO N-CA 1.468 0.017, N-CD 1.474 0.014, CA-C 1.524 0.020, CA-CB 1.531 0.020
PRO C-O 1.228 0.020, CB-CG 1.495 0.050, CG-CD 1.502 0.033, N-CA-C 112.1 2.6
PRO N-CA-CB 103.3 1.2, N-CD-CG 103.2 1.5, CA-C-O 120.2 2.4, CA-CB-CG 104.8 1.9
PRO CA-N-CD 111.7 1.4, C-CA-CB 111.7 2.1, CB-CG-CD 106.5 3.9
SER CA-CB 1.525 0.015, CB-OG 1.418 0.013, N-CA-CB 110.5 1.5, CA-CB-OG 111.2 2.7
SER C-CA-CB 110.1 1.9
THR CA-CB 1.529 0.026, CB-OG1 1.428 0.020, CB-CG2 1.519 0.033, N-CA-CB 110.3 1.9
THR CA-CB-OG1 109.0 2.1, CA-CB-CG2 112.4 1.4, C-CA-CB 111.6 2.7, OG1-CB-CG2 110.0 2.3
TRP CA-CB 1.535 0.022, CB-CG 1.498 0.018, CG-CD1 1.363 0.014, CG-CD2 1.432 0.017
TRP CD1-NE1 1.375 0.017, CD2-CE2 1.409 0.012, CD2-CE3 1.399 0.015, NE1-CE2 1.371 0.013
TRP CE2-CZ2 1.393 0.017, CE3-CZ3 1.380 0.017, CZ2-CH2 1.369 0.019, CZ3-CH2 1.396 0.016
TRP N-CA-CB 110.6 1.8, CA-CB-CG 113.7 1.9, C-CA-CB 110.4 2.0, CB-CG-CD1 127.0 1.3
TRP CB-CG-CD2 126.6 1.3, CG-CD1-NE1 110.1 1.0, CG-CD2-CE2 107.3 0.8, CG-CD2-CE3 133.9 0.9
TRP CD1-CG-CD2 106.3 0.8, CD1-NE1-CE2 109.0 0.9, CD2-CE2-NE1 107.3 1.0, CD2-CE2-CZ2 122.3 1.2
TRP CD2-CE3-CZ3 118.8 1.3, NE1-CE2-CZ2 130.4 1.1, CE2-CD2-CE3 118.7 1.2, CE2-CZ2-CH2 117.4 1.0
TRP CE3-CZ3-CH2 121.2 1.1, CZ2-CH2-CZ3 121.6 1.2
TYR CA-CB 1.535 0.022, CB-CG 1.512 0.015, CG-CD1 1.387 0.013, CG-CD2 1.387 0.013
TYR CD1-CE1 1.389 0.015, CD2-CE2 1.389 0.015, CE1-CZ 1.381 0.013, CE2-CZ 1.381 0.013
TYR CZ-OH 1.374 0.017, N-CA-CB 110.6 1.8, CA-CB-CG 113.4 1.9, C-CA-CB 110.4 2.0
TYR CB-CG-CD1 121.0 0.6, CB-CG-CD2 121.0 0.6, CG-CD1-CE1 121.3 0.8, CG-CD2-CE2 121.3 0.8
TYR CD1-CG-CD2 117.9 1.1, CD1-CE1-CZ 119.8 0.9, CD2-CE2-CZ 119.8 0.9, CE1-CZ-CE2 119.8 1.6
TYR CE1-CZ-OH 120.1 2.7, CE2-CZ-OH 120.1 2.7
VAL CA-CB 1.543 0.021, CB-CG1 1.524 0.021, CB-CG2 1.524 0.021, N-CA-CB 111.5 2.2
VAL CA-CB-CG1 110.9 1.5, CA-CB-CG2 110.9 1.5, C-CA-CB 111.4 1.9, CG1-CB-CG2 110.9 1.6
"""


class ResidueGeometry(NamedTuple):
    """Bonds (pairs of atom names, Å) and angles (triples, degrees) of a residue, as (mean, deviation)."""

    bonds: dict[tuple[str, ...], tuple[float, float]]
    angles: dict[tuple[str, ...], tuple[float, float]]


class DistanceBounds(NamedTuple):
    """Distances in Å that the atom pairs of a residue may have, each (21 restype, 14, 14).

    `stddev` is the spread of the distances over one or two bonds; other pairs have spread 0 and the upper
    bound 1e10. Absent atoms and the diagonal are 0.
    """

    lower: NDArray[np.float32]
    upper: NDArray[np.float32]
    stddev: NDArray[np.float32]


@cache
def residue_geometry() -> dict[str, ResidueGeometry]:
    """Bonds and angles of the 20 residues by three-letter name."""
    lines = [f"{name} {_BACKBONE}" for name in RESIDUE_NAMES[:20]] + _RESIDUES.strip().split("\n")
    residues = {name: ResidueGeometry({}, {}) for name in RESIDUE_NAMES[:20]}
    for line in lines:
        residue, entries = line.split(" ", 1)
        for entry in entries.split(", "):
            path, mean, deviation = entry.split()
            atoms = tuple(path.split("-"))
            table = residues[residue].bonds if len(atoms) == 2 else residues[residue].angles
            table[atoms] = (float(mean), float(deviation))
    return residues


def _across_angle(
    first: tuple[float, float], second: tuple[float, float], angle_deg: tuple[float, float]
) -> tuple[float, float]:
    """Distance between the ends of an angle (law of cosines) and its deviation (propagation of errors)."""
    angle, angle_deviation = np.deg2rad(angle_deg)
    length = np.sqrt(first[0] ** 2 + second[0] ** 2 - 2 * first[0] * second[0] * np.cos(angle))
    slopes = np.array(
        [
            first[0] - second[0] * np.cos(angle),
            second[0] - first[0] * np.cos(angle),
            first[0] * second[0] * np.sin(angle),
        ]
    )
    deviations = np.array([first[1], second[1], angle_deviation])
    return float(length), float(np.linalg.norm(slopes * deviations) / length)


def _bonded_distances(name: str) -> dict[tuple[str, str], tuple[float, float]]:
    """Pairs of atoms one or two bonds apart -> (distance, standard deviation), Å."""
    geometry = residue_geometry()[name]
    bonds = geometry.bonds | {atoms[::-1]: value for atoms, value in geometry.bonds.items()}
    distances = {(a, b): value for (a, b), value in geometry.bonds.items()}
    for (a, middle, c), angle in geometry.angles.items():
        distances[a, c] = _across_angle(bonds[a, middle], bonds[c, middle], angle)
    return distances


@cache
def atom14_distance_bounds(
    overlap_tolerance_angstrom: float = 1.5, bond_tolerance_deviations: float = 12.0
) -> DistanceBounds:
    """Bounds on the distances between the atoms of one residue, in the atom14 layout.

    Args:
        overlap_tolerance_angstrom: how far the van der Waals spheres of unbonded atoms may overlap.
        bond_tolerance_deviations: how many standard deviations a distance over one or two bonds may be off.

    Returns:
        Lower and upper bounds in Å and the standard deviation of the bonded distances.

    Source: Jumper et al. 2021, Supplementary section 1.9.11 (equations 44-46 use these bounds).
    """
    mask, radius = atom14_mask().astype(np.float64), atom14_van_der_waals_radius().astype(np.float64)
    both = mask[:, :, None] * mask[:, None, :] * (1 - np.eye(14))
    lower = (radius[:, :, None] + radius[:, None, :] - overlap_tolerance_angstrom) * both
    upper, stddev = 1e10 * both, np.zeros_like(both)
    for restype, name in enumerate(RESIDUE_NAMES[:20]):
        slots = {atom: slot for slot, atom in enumerate(ATOM14_NAMES[name])}
        for (a, b), (length, deviation) in _bonded_distances(name).items():
            margin = bond_tolerance_deviations * deviation
            for i, j in ((slots[a], slots[b]), (slots[b], slots[a])):
                lower[restype, i, j], upper[restype, i, j] = length - margin, length + margin
                stddev[restype, i, j] = deviation
    return DistanceBounds(*(read_only(table.astype(np.float32)) for table in (lower, upper, stddev)))

"""Radii of heavy atoms with their hydrogens, for contact areas.

Source: Li & Nussinov, Proteins 32:111 (1998), as CAD-score and Voronota use them.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, RESIDUE_NAMES, read_only

_ELEMENTS = {"C": 1.80, "N": 1.60, "O": 1.50, "S": 1.90}  # where nothing else is said
_MAIN_CHAIN = {"N": 1.70, "CA": 1.90, "C": 1.75, "O": 1.49}
# Residues, then `atom radius` in Å.
_SIDE_CHAINS = """
ALA CB 1.92
ARG CB 1.91 CG 1.92 CD 1.88 NE 1.62 CZ 1.80 NH1 1.62 NH2 1.67
ASN CB 1.91 CG 1.81 OD1 1.52 ND2 1.62
ASP CB 1.91 CG 1.76 OD1 1.49 OD2 1.49
CYS CB 1.91 SG 1.88
GLN CB 1.91 CG 1.80 CD 1.81 OE1 1.52 NE2 1.62
GLU CB 1.91 CG 1.88 CD 1.76 OE1 1.49 OE2 1.49
HIS CB 1.91 CG 1.80 ND1 1.60 CD2 1.74 CE1 1.74 NE2 1.60
ILE CB 2.01 CG1 1.92 CG2 1.92 CD1 1.92
LEU CB 1.91 CG 2.01 CD1 1.92 CD2 1.92
LYS CB 1.91 CG 1.92 CD 1.92 CE 1.88 NZ 1.67
MET CB 1.91 CG 1.92 SD 1.94 CE 1.80
PHE CB 1.91 CG 1.74 CD1 1.82 CD2 1.82 CE1 1.82 CE2 1.82 CZ 1.82
PRO CB 1.91 CG 1.92 CD 1.92
SER CB 1.91 OG 1.54
THR CB 2.01 OG1 1.54 CG2 1.92
TRP CB 1.91 CG 1.74 CD1 1.82 CD2 1.82 NE1 1.66 CE2 1.74 CE3 1.82 CZ2 1.82 CZ3 1.82 CH2 1.82
TYR CB 1.91 CG 1.74 CD1 1.82 CD2 1.82 CE1 1.82 CE2 1.82 CZ 1.80 OH 1.54
VAL CB 2.01 CG1 1.92 CG2 1.92
"""


@cache
def atom37_contact_radius() -> NDArray[np.float64]:
    """(21 restype, 37), Å; atoms that a residue does not have get the radius of their element."""
    elements = np.array([_ELEMENTS[atom[0]] for atom in ATOM_TYPES])
    table = np.tile(elements, (len(RESIDUE_NAMES), 1))
    for atom, radius in _MAIN_CHAIN.items():
        table[:, ATOM_INDEX[atom]] = radius
    for line in _SIDE_CHAINS.strip().split("\n"):
        residue, *entries = line.split()
        for atom, value in zip(entries[::2], entries[1::2], strict=True):
            table[RESIDUE_NAMES.index(residue), ATOM_INDEX[atom]] = float(value)
    return read_only(table)

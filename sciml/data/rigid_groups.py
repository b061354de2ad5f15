"""Rigid groups of each residue: ideal coordinates of its heavy atoms and the frames that carry them.

A residue is eight rigid groups: 0 backbone (N CA C CB), 1 pre-omega and 2 phi (no heavy atom), 3 psi (the
carbonyl O), 4-7 chi1 to chi4. The backbone frame has CA at the origin, C on the x axis and N in the xy plane.
The frame of a torsion has the end of the rotation axis at the origin, the axis along x, and at torsion zero
the atom before the axis in the xy plane.

Source: Jumper et al. 2021, Supplementary sections 1.8.1 and 1.8.4 and Table 2.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import (
    ATOM14_NAMES,
    ATOM_INDEX,
    CHI_ATOMS,
    RESIDUE_NAMES,
    atom14_mask,
    atom14_to_atom37,
    read_only,
)

BACKBONE, PRE_OMEGA, PHI, PSI, CHI1, CHI2, CHI3, CHI4 = range(8)

# Residue, group, then `atom x y z` in Å, separated by commas.
_IDEAL_ATOMS = """
ALA 0 N -0.525 1.363 0.000, CA 0.000 0.000 0.000, C 1.526 0.000 0.000
ALA 0 CB -0.529 -0.774 -1.205
ALA 3 O 0.627 1.062 0.000
ARG 0 N -0.524 1.362 0.000, CA 0.000 0.000 0.000, C 1.525 0.000 0.000
ARG 0 CB -0.524 -0.778 -1.209
ARG 3 O 0.626 1.062 0.000
ARG 4 CG 0.616 1.390 0.000
ARG 5 CD 0.564 1.414 0.000
ARG 6 NE 0.539 1.357 0.000
ARG 7 CZ 0.758 1.093 0.000, NH1 0.206 2.301 0.000, NH2 2.078 0.978 0.000
ASN 0 N -0.536 1.357 0.000, CA 0.000 0.000 0.000, C 1.526 0.000 0.000
ASN 0 CB -0.531 -0.787 -1.200
ASN 3 O 0.625 1.062 0.000
ASN 4 CG 0.584 1.399 0.000
ASN 5 OD1 0.633 1.059 0.000, ND2 0.593 -1.188 0.001
ASP 0 N -0.525 1.362 0.000, CA 0.000 0.000 0.000, C 1.527 0.000 0.000
ASP 0 CB -0.526 -0.778 -1.208
ASP 3 O 0.626 1.062 0.000
ASP 4 CG 0.593 1.398 0.000
ASP 5 OD1 0.610 1.091 0.000, OD2 0.592 -1.101 -0.003
CYS 0 N -0.522 1.362 0.000, CA 0.000 0.000 0.000, C 1.524 0.000 0.000
CYS 0 CB -0.519 -0.773 -1.212
CYS 3 O 0.625 1.062 0.000
CYS 4 SG 0.728 1.653 0.000
GLN 0 N -0.526 1.361 0.000, CA 0.000 0.000 0.000, C 1.526 0.000 0.000
GLN 0 CB -0.525 -0.779 -1.207
GLN 3 O 0.626 1.062 0.000
GLN 4 CG 0.615 1.393 0.000
GLN 5 CD 0.587 1.399 0.000
GLN 6 OE1 0.634 1.060 0.000, NE2 0.593 -1.189 -0.001
GLU 0 N -0.528 1.361 0.000, CA 0.000 0.000 0.000, C 1.526 0.000 0.000
GLU 0 CB -0.526 -0.781 -1.207
GLU 3 O 0.626 1.062 0.000
GLU 4 CG 0.615 1.392 0.000
GLU 5 CD 0.600 1.397 0.000
GLU 6 OE1 0.607 1.095 0.000, OE2 0.589 -1.104 -0.001
GLY 0 N -0.572 1.337 0.000, CA 0.000 0.000 0.000, C 1.517 0.000 0.000
GLY 3 O 0.626 1.062 0.000
HIS 0 N -0.527 1.360 0.000, CA 0.000 0.000 0.000, C 1.525 0.000 0.000
HIS 0 CB -0.525 -0.778 -1.208
HIS 3 O 0.625 1.063 0.000
HIS 4 CG 0.600 1.370 0.000
HIS 5 ND1 0.744 1.160 0.000, CD2 0.889 -1.021 0.003, CE1 2.030 0.851 0.002
HIS 5 NE2 2.145 -0.466 0.004
ILE 0 N -0.493 1.373 0.000, CA 0.000 0.000 0.000, C 1.527 0.000 0.000
ILE 0 CB -0.536 -0.793 -1.213
ILE 3 O 0.627 1.062 0.000
ILE 4 CG1 0.534 1.437 0.000, CG2 0.540 -0.785 -1.199
ILE 5 CD1 0.619 1.391 0.000
LEU 0 N -0.520 1.363 0.000, CA 0.000 0.000 0.000, C 1.525 0.000 0.000
LEU 0 CB -0.522 -0.773 -1.214
LEU 3 O 0.625 1.063 0.000
LEU 4 CG 0.678 1.371 0.000
LEU 5 CD1 0.530 1.430 0.000, CD2 0.535 -0.774 1.200
LYS 0 N -0.526 1.362 0.000, CA 0.000 0.000 0.000, C 1.526 0.000 0.000
LYS 0 CB -0.524 -0.778 -1.208
LYS 3 O 0.626 1.062 0.000
LYS 4 CG 0.619 1.390 0.000
LYS 5 CD 0.559 1.417 0.000
LYS 6 CE 0.560 1.416 0.000
LYS 7 NZ 0.554 1.387 0.000
MET 0 N -0.521 1.364 0.000, CA 0.000 0.000 0.000, C 1.525 0.000 0.000
MET 0 CB -0.523 -0.776 -1.210
MET 3 O 0.625 1.062 0.000
MET 4 CG 0.613 1.391 0.000
MET 5 SD 0.703 1.695 0.000
MET 6 CE 0.320 1.786 0.000
PHE 0 N -0.518 1.363 0.000, CA 0.000 0.000 0.000, C 1.524 0.000 0.000
PHE 0 CB -0.525 -0.776 -1.212
PHE 3 O 0.626 1.062 0.000
PHE 4 CG 0.607 1.377 0.000
PHE 5 CD1 0.709 1.195 0.000, CD2 0.706 -1.196 0.000, CE1 2.102 1.198 0.000
PHE 5 CE2 2.098 -1.201 0.000, CZ 2.794 -0.003 -0.001
PRO 0 N -0.566 1.351 0.000, CA 0.000 0.000 0.000, C 1.527 0.000 0.000
PRO 0 CB -0.546 -0.611 -1.293
PRO 3 O 0.621 1.066 0.000
PRO 4 CG 0.382 1.445 0.000
PRO 5 CD 0.477 1.424 0.000
SER 0 N -0.529 1.360 0.000, CA 0.000 0.000 0.000, C 1.525 0.000 0.000
SER 0 CB -0.518 -0.777 -1.211
SER 3 O 0.626 1.062 0.000
SER 4 OG 0.503 1.325 0.000
THR 0 N -0.517 1.364 0.000, CA 0.000 0.000 0.000, C 1.526 0.000 0.000
THR 0 CB -0.516 -0.793 -1.215
THR 3 O 0.626 1.062 0.000
THR 4 OG1 0.472 1.353 0.000, CG2 0.550 -0.718 -1.228
TRP 0 N -0.521 1.363 0.000, CA 0.000 0.000 0.000, C 1.525 0.000 0.000
TRP 0 CB -0.523 -0.776 -1.212
TRP 3 O 0.627 1.062 0.000
TRP 4 CG 0.609 1.370 0.000
TRP 5 CD1 0.824 1.091 0.000, CD2 0.854 -1.148 -0.005, NE1 2.140 0.690 -0.004
TRP 5 CE2 2.186 -0.678 -0.007, CE3 0.622 -2.530 -0.007, CZ2 3.283 -1.543 -0.011
TRP 5 CZ3 1.715 -3.389 -0.011, CH2 3.028 -2.890 -0.013
TYR 0 N -0.522 1.362 0.000, CA 0.000 0.000 0.000, C 1.524 0.000 0.000
TYR 0 CB -0.522 -0.776 -1.213
TYR 3 O 0.627 1.062 0.000
TYR 4 CG 0.607 1.382 0.000
TYR 5 CD1 0.716 1.195 0.000, CD2 0.713 -1.194 -0.001, CE1 2.107 1.200 -0.002
TYR 5 CE2 2.104 -1.201 -0.003, CZ 2.791 -0.001 -0.003, OH 4.168 -0.002 -0.005
VAL 0 N -0.494 1.373 0.000, CA 0.000 0.000 0.000, C 1.527 0.000 0.000
VAL 0 CB -0.533 -0.795 -1.213
VAL 3 O 0.627 1.062 0.000
VAL 4 CG1 0.540 1.429 0.000, CG2 0.533 -0.776 1.203
"""


@cache
def ideal_atoms() -> dict[str, dict[str, tuple[int, NDArray[np.float64]]]]:
    """Residue name -> atom name -> (rigid group, (3,) position in Å in the frame of that group)."""
    residues: dict[str, dict[str, tuple[int, NDArray[np.float64]]]] = {name: {} for name in RESIDUE_NAMES}
    for line in _IDEAL_ATOMS.split("\n"):
        if not line:
            continue
        residue, group, atoms = line.split(" ", 2)
        for entry in atoms.split(", "):
            atom, *xyz = entry.split()
            residues[residue][atom] = (int(group), np.array(xyz, np.float64))
    return residues


@cache
def atom14_rigid_group() -> NDArray[np.int64]:
    """(21 restype, 14), rigid group that carries each atom; 0 where there is no atom."""
    groups = np.zeros((21, 14), np.int64)
    for restype, name in enumerate(RESIDUE_NAMES):
        for slot, atom in enumerate(ATOM14_NAMES[name]):
            groups[restype, slot] = ideal_atoms()[name][atom][0]
    return read_only(groups)


@cache
def atom14_ideal_positions() -> NDArray[np.float32]:
    """(21 restype, 14, 3), Å, in the frame of the atom's rigid group; 0 where there is no atom."""
    positions = np.zeros((21, 14, 3), np.float32)
    for restype, name in enumerate(RESIDUE_NAMES):
        for slot, atom in enumerate(ATOM14_NAMES[name]):
            positions[restype, slot] = ideal_atoms()[name][atom][1]
    return read_only(positions)


def _atom14_to_atom37_table(values: NDArray) -> NDArray:
    table = np.zeros((21, 37, *values.shape[2:]), values.dtype)
    restype, slot = np.nonzero(atom14_mask())
    table[restype, atom14_to_atom37()[restype, slot]] = values[restype, slot]
    return read_only(table)


@cache
def atom37_rigid_group() -> NDArray[np.int64]:
    """(21 restype, 37), as `atom14_rigid_group`."""
    return _atom14_to_atom37_table(atom14_rigid_group())


@cache
def atom37_ideal_positions() -> NDArray[np.float32]:
    """(21 restype, 37, 3), as `atom14_ideal_positions`."""
    return _atom14_to_atom37_table(atom14_ideal_positions())


@cache
def rigid_group_mask() -> NDArray[np.float32]:
    """(21 restype, 8), 1 for the groups that atoms can define: backbone, psi and the residue's chi groups.

    X counts as having a backbone and a psi. The pre-omega and phi groups carry no heavy atom and are 0.
    """
    mask = np.zeros((21, 8), np.float32)
    mask[:, [BACKBONE, PSI]] = 1
    for restype, name in enumerate(RESIDUE_NAMES):
        mask[restype, CHI1 : CHI1 + len(CHI_ATOMS[name])] = 1
    return read_only(mask)


@cache
def rigid_group_atom37_index() -> NDArray[np.int64]:
    """(21 restype, 8, 3), atom37 slots of the atoms that define each group's frame; 0 where there is none.

    In this order: a point on the negative x axis, the origin, a point of the xy plane (backbone: C, CA, N).
    """
    index = np.zeros((21, 8, 3), np.int64)
    index[:, BACKBONE] = [ATOM_INDEX[atom] for atom in ("C", "CA", "N")]
    index[:, PSI] = [ATOM_INDEX[atom] for atom in ("CA", "C", "O")]
    for restype, name in enumerate(RESIDUE_NAMES):
        for chi, atoms in enumerate(CHI_ATOMS[name]):
            index[restype, CHI1 + chi] = [ATOM_INDEX[atom] for atom in atoms[1:]]
    return read_only(index)


def _frame(x_axis: NDArray, xy_plane: NDArray, origin: NDArray) -> NDArray[np.float64]:
    x = x_axis / np.linalg.norm(x_axis)
    y = xy_plane - np.dot(xy_plane, x) * x
    y /= np.linalg.norm(y)
    frame = np.eye(4)
    frame[:3] = np.stack([x, y, np.cross(x, y), origin], axis=1)
    return frame


@cache
def rigid_group_default_frames() -> NDArray[np.float32]:
    """(21 restype, 8, 4, 4), transform from each group to the one that it turns against, at torsion zero.

    Phi, psi and chi1 turn against the backbone, chi k+1 against chi k. The upper left 3x3 block is the
    rotation, the last column the translation in Å. The backbone and pre-omega frames are the identity; groups
    that do not exist are zero.
    """
    frames = np.zeros((21, 8, 4, 4))
    for restype, name in enumerate(RESIDUE_NAMES[:20]):
        position = {atom: xyz for atom, (_, xyz) in ideal_atoms()[name].items()}
        frames[restype, [BACKBONE, PRE_OMEGA]] = np.eye(4)
        n, ca, c = position["N"], position["CA"], position["C"]
        frames[restype, PHI] = _frame(n - ca, np.array([1.0, 0, 0]), n)
        frames[restype, PSI] = _frame(c - ca, ca - n, c)
        for chi, (before, start, end, _) in enumerate(CHI_ATOMS[name]):
            if chi == 0:
                axis, plane = position[end] - position[start], position[before] - position[start]
            else:
                # The previous group has its origin at the start of this axis and its x axis pointing there.
                axis, plane = position[end], np.array([-1.0, 0, 0])
            frames[restype, CHI1 + chi] = _frame(axis, plane, position[end])
    return read_only(frames.astype(np.float32))

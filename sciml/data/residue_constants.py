"""Names, orders and index maps of amino-acid residues and their heavy atoms.

Residue types are numbered in AlphaFold 2's order `ARNDCQEGHILKMFPSTWYV`, then X (20); alignments add the gap
(21) and the mask token (22). Atoms have two layouts: atom37 has one fixed slot per atom name, atom14 lists a
residue's own atoms (N CA C O CB, then the side chain). The tables of coordinates are in `rigid_groups.py`, of
bonds and angles in `stereochemistry.py`.

Source: Jumper et al., Nature 596:583 (2021), Supplementary section 1.8; names of IUPAC-IUB (1970).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

RESTYPES = "ARNDCQEGHILKMFPSTWYV"
"""One-letter codes in the order of `aatype`."""
RESTYPES_WITH_X = RESTYPES + "X"
MSA_ALPHABET = RESTYPES_WITH_X + "-"
"""Letters of an alignment in AlphaFold 2's order; index 22 is the mask token and has no letter."""
RESTYPE_INDEX = {letter: index for index, letter in enumerate(RESTYPES_WITH_X)}
UNKNOWN_INDEX = 20
GAP_INDEX = 21
MASK_INDEX = 22

HHBLITS_ALPHABET = "ACDEFGHIKLMNPQRSTVWYX-"
"""Letters in the order in which HH-suite numbers them (alphabetical, then X and the gap)."""

_RESIDUE_NAMES = "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL UNK"
RESIDUE_NAMES = tuple(_RESIDUE_NAMES.split())
"""Three-letter codes in the order of `aatype`; the last is X."""
ONE_TO_THREE = dict(zip(RESTYPES_WITH_X, RESIDUE_NAMES, strict=True))
THREE_TO_ONE = {three: one for one, three in ONE_TO_THREE.items()}

_ATOM_TYPES = (
    "N CA C CB O CG CG1 CG2 OG OG1 SG CD CD1 CD2 ND1 ND2 OD1 OD2 SD CE CE1 CE2 CE3 NE NE1 NE2 OE1 OE2"
    " CH2 NH1 NH2 OH CZ CZ2 CZ3 NZ OXT"
)
ATOM_TYPES = tuple(_ATOM_TYPES.split())
"""Atom names in the order of the atom37 layout."""
ATOM_INDEX = {name: index for index, name in enumerate(ATOM_TYPES)}

_SIDE_CHAIN_ATOMS = {
    "ALA": "CB",
    "ARG": "CB CG CD NE CZ NH1 NH2",
    "ASN": "CB CG OD1 ND2",
    "ASP": "CB CG OD1 OD2",
    "CYS": "CB SG",
    "GLN": "CB CG CD OE1 NE2",
    "GLU": "CB CG CD OE1 OE2",
    "GLY": "",
    "HIS": "CB CG ND1 CD2 CE1 NE2",
    "ILE": "CB CG1 CG2 CD1",
    "LEU": "CB CG CD1 CD2",
    "LYS": "CB CG CD CE NZ",
    "MET": "CB CG SD CE",
    "PHE": "CB CG CD1 CD2 CE1 CE2 CZ",
    "PRO": "CB CG CD",
    "SER": "CB OG",
    "THR": "CB OG1 CG2",
    "TRP": "CB CG CD1 CD2 NE1 CE2 CE3 CZ2 CZ3 CH2",
    "TYR": "CB CG CD1 CD2 CE1 CE2 CZ OH",
    "VAL": "CB CG1 CG2",
}
ATOM14_NAMES: dict[str, tuple[str, ...]] = {
    name: ("N", "CA", "C", "O", *atoms.split()) for name, atoms in _SIDE_CHAIN_ATOMS.items()
} | {"UNK": ()}
"""Heavy atoms of each residue in the order of the atom14 layout, without padding; X has none."""

# Every chi angle turns about one bond of this path, so chi k is the dihedral of atoms k .. k+3 of the path.
_CHI_PATHS = {
    "ARG": "N CA CB CG CD NE CZ",
    "ASN": "N CA CB CG OD1",
    "ASP": "N CA CB CG OD1",
    "CYS": "N CA CB SG",
    "GLN": "N CA CB CG CD OE1",
    "GLU": "N CA CB CG CD OE1",
    "HIS": "N CA CB CG ND1",
    "ILE": "N CA CB CG1 CD1",
    "LEU": "N CA CB CG CD1",
    "LYS": "N CA CB CG CD CE NZ",
    "MET": "N CA CB CG SD CE",
    "PHE": "N CA CB CG CD1",
    "PRO": "N CA CB CG CD",
    "SER": "N CA CB OG",
    "THR": "N CA CB OG1",
    "TRP": "N CA CB CG CD1",
    "TYR": "N CA CB CG CD1",
    "VAL": "N CA CB CG1",
}


def _chi_atoms(residue_name: str) -> tuple[tuple[str, ...], ...]:
    path = tuple(_CHI_PATHS.get(residue_name, "").split())
    return tuple(path[start : start + 4] for start in range(len(path) - 3))


CHI_ATOMS: dict[str, tuple[tuple[str, ...], ...]] = {name: _chi_atoms(name) for name in RESIDUE_NAMES}
"""The four atoms of each chi angle of each residue, up to four angles."""

SYMMETRIC_ATOM_SWAPS: dict[str, dict[str, str]] = {
    "ASP": {"OD1": "OD2"},
    "GLU": {"OE1": "OE2"},
    "PHE": {"CD1": "CD2", "CE1": "CE2"},
    "TYR": {"CD1": "CD2", "CE1": "CE2"},
}
"""Atoms that a half turn of the last chi angle exchanges: which is called first is a convention."""

_ELEMENT_RADII = {"C": 1.7, "N": 1.55, "O": 1.52, "S": 1.8}


def read_only(array: NDArray) -> NDArray:
    """The same array, locked, so that a cached table cannot be changed by a caller."""
    array.flags.writeable = False
    return array


@cache
def hhblits_to_restype() -> NDArray[np.int64]:
    """(22,), index into MSA_ALPHABET of each letter of HHBLITS_ALPHABET."""
    return read_only(np.array([MSA_ALPHABET.index(letter) for letter in HHBLITS_ALPHABET]))


@cache
def atom14_mask() -> NDArray[np.float32]:
    """(21 restype, 14), 1 where the residue has an atom in that slot."""
    mask = np.zeros((21, 14), np.float32)
    for restype, name in enumerate(RESIDUE_NAMES):
        mask[restype, : len(ATOM14_NAMES[name])] = 1
    return read_only(mask)


@cache
def atom14_to_atom37() -> NDArray[np.int64]:
    """(21 restype, 14), atom37 slot of each atom14 slot; 0 where there is no atom."""
    slots = np.zeros((21, 14), np.int64)
    for restype, name in enumerate(RESIDUE_NAMES):
        slots[restype, : len(ATOM14_NAMES[name])] = [ATOM_INDEX[atom] for atom in ATOM14_NAMES[name]]
    return read_only(slots)


@cache
def atom37_to_atom14() -> NDArray[np.int64]:
    """(21 restype, 37), atom14 slot of each atom37 slot; 0 where there is no atom."""
    slots = np.zeros((21, 37), np.int64)
    for restype, name in enumerate(RESIDUE_NAMES):
        for slot, atom in enumerate(ATOM14_NAMES[name]):
            slots[restype, ATOM_INDEX[atom]] = slot
    return read_only(slots)


@cache
def atom37_mask() -> NDArray[np.float32]:
    """(21 restype, 37), 1 for the heavy atoms that the residue has (OXT in none)."""
    mask = np.zeros((21, 37), np.float32)
    for restype, name in enumerate(RESIDUE_NAMES):
        mask[restype, [ATOM_INDEX[atom] for atom in ATOM14_NAMES[name]]] = 1
    return read_only(mask)


@cache
def chi_mask() -> NDArray[np.float32]:
    """(21 restype, 4), 1 where the residue has that chi angle."""
    mask = np.zeros((21, 4), np.float32)
    for restype, name in enumerate(RESIDUE_NAMES):
        mask[restype, : len(CHI_ATOMS[name])] = 1
    return read_only(mask)


@cache
def chi_atom37_index() -> NDArray[np.int64]:
    """(21 restype, 4 chi, 4), atom37 slots of the atoms of each chi angle; 0 where there is none."""
    index = np.zeros((21, 4, 4), np.int64)
    for restype, name in enumerate(RESIDUE_NAMES):
        for chi, atoms in enumerate(CHI_ATOMS[name]):
            index[restype, chi] = [ATOM_INDEX[atom] for atom in atoms]
    return read_only(index)


@cache
def chi_pi_periodic() -> NDArray[np.float32]:
    """(21 restype, 4), 1 for the chi angles whose half turn gives the same residue."""
    periodic = np.zeros((21, 4), np.float32)
    for name in SYMMETRIC_ATOM_SWAPS:
        periodic[RESIDUE_NAMES.index(name), len(CHI_ATOMS[name]) - 1] = 1
    return read_only(periodic)


@cache
def atom14_swap() -> NDArray[np.int64]:
    """(21 restype, 14), slot of each atom14 atom under the alternative naming (its own if not symmetric)."""
    swap = np.tile(np.arange(14), (21, 1))
    for name, pairs in SYMMETRIC_ATOM_SWAPS.items():
        for first, second in pairs.items():
            slots = [ATOM14_NAMES[name].index(atom) for atom in (first, second)]
            swap[RESIDUE_NAMES.index(name), slots] = slots[::-1]
    return read_only(swap)


@cache
def atom14_is_ambiguous() -> NDArray[np.float32]:
    """(21 restype, 14), 1 for the atoms of SYMMETRIC_ATOM_SWAPS."""
    return read_only((atom14_swap() != np.arange(14)).astype(np.float32))


@cache
def atom37_van_der_waals_radius() -> NDArray[np.float32]:
    """(37,), Å: C 1.7, N 1.55, O 1.52, S 1.8 (Bondi, J. Phys. Chem. 68:441, 1964)."""
    return read_only(np.array([_ELEMENT_RADII[atom[0]] for atom in ATOM_TYPES], np.float32))


@cache
def atom14_van_der_waals_radius() -> NDArray[np.float32]:
    """(21 restype, 14), Å; 0 where there is no atom."""
    return read_only(atom37_van_der_waals_radius()[atom14_to_atom37()] * atom14_mask())

"""Gathers the atom records of a structure file, in any format, into `ProteinAtoms`."""

import math
from dataclasses import dataclass, field

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, RESIDUE_NAMES, UNKNOWN_INDEX

_RESTYPE_OF_NAME = {name: index for index, name in enumerate(RESIDUE_NAMES)} | {
    "MSE": RESIDUE_NAMES.index("MET")
}


def is_polymer_record(group: str, residue_name: str) -> bool:
    """Whether a record belongs to a chain: ATOM, or the HETATM of selenomethionine (read as methionine)."""
    return group == "ATOM" or (group == "HETATM" and residue_name == "MSE")


@dataclass
class _Residue:
    chain: str
    number: int
    restype: int
    positions: np.ndarray = field(default_factory=lambda: np.zeros((len(ATOM_TYPES), 3), np.float32))
    b_factors: np.ndarray = field(default_factory=lambda: np.zeros(len(ATOM_TYPES), np.float32))
    occupancy: np.ndarray = field(default_factory=lambda: np.full(len(ATOM_TYPES), -1.0, np.float32))


class AtomCollector:
    """Takes atoms one by one and keeps those of the atom37 layout.

    Hydrogens and atoms that are not in `ATOM_TYPES` are left out. Of alternative locations the most occupied
    is kept, the first of equals; of alternative residue types the first. Residue names other than the 20
    become X. Residues keep the order of their first atoms.
    """

    def __init__(self) -> None:
        self._residues: dict[tuple[str, str], _Residue] = {}

    def add(
        self,
        chain: str,
        number: int,
        insertion_code: str,
        residue_name: str,
        atom: str,
        xyz: tuple[float, float, float],
        occupancy: float,
        b_factor: float,
    ) -> None:
        """Put one atom into its residue.

        Raises:
            ValueError: a number is not finite.
        """
        if not all(map(math.isfinite, (*xyz, occupancy, b_factor))):
            raise ValueError("a coordinate is not a finite number")
        restype = _RESTYPE_OF_NAME.get(residue_name, UNKNOWN_INDEX)
        key = (chain, f"{number}{insertion_code}")
        residue = self._residues.get(key)
        if residue is None:
            residue = self._residues[key] = _Residue(chain, number, restype)
        slot = ATOM_INDEX.get("SD" if (residue_name, atom) == ("MSE", "SE") else atom)
        if slot is None or restype != residue.restype or occupancy <= residue.occupancy[slot]:
            return
        residue.positions[slot], residue.b_factors[slot], residue.occupancy[slot] = xyz, b_factor, occupancy

    def atoms(self) -> ProteinAtoms:
        """What was gathered.

        Raises:
            ValueError: nothing was.
        """
        residues = list(self._residues.values())
        if not residues:
            raise ValueError("no atom of a protein chain")
        return ProteinAtoms(
            positions=np.stack([residue.positions for residue in residues]),
            mask=np.stack([residue.occupancy >= 0 for residue in residues]).astype(np.float32),
            aatype=np.array([residue.restype for residue in residues], np.int64),
            residue_index=np.array([residue.number for residue in residues], np.int64),
            chain_ids=tuple(residue.chain for residue in residues),
            b_factors=np.stack([residue.b_factors for residue in residues]),
        )

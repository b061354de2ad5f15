"""Gathers the atom records of a structure file, in any format, into `ProteinAtoms`."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, RESIDUE_NAMES, UNKNOWN_INDEX

LARGEST_COORDINATE_ANGSTROM = 1e6
LARGEST_RESIDUE_NUMBER = 1_000_000
_LARGEST_OTHER = 1e6  # occupancy, B-factor

# Names that force fields give to protonation states of the 20 residues.
_OTHER_NAMES = {
    "HIS": ("HID", "HIE", "HIP", "HSD", "HSE", "HSP"),
    "CYS": ("CYX", "CYM"),
    "ASP": ("ASH",),
    "GLU": ("GLH",),
    "LYS": ("LYN",),
    "MET": ("MSE",),
}
_RESTYPE_OF_NAME = {name: index for index, name in enumerate(RESIDUE_NAMES)} | {
    other: RESIDUE_NAMES.index(name) for name, others in _OTHER_NAMES.items() for other in others
}
_ATOM_OF_OTHER_NAME = {("MSE", "SE"): "SD", ("ILE", "CD"): "CD1"}
_CA = ATOM_INDEX["CA"]


def is_polymer_record(group: str, residue_name: str) -> bool:
    """Whether a record belongs to a chain: ATOM, or the HETATM of selenomethionine (read as methionine)."""
    return group == "ATOM" or (group == "HETATM" and residue_name == "MSE")


Conformer = str  # identifier of an alternative location; empty where there is none
Values = tuple[float, float, float, float, float]  # x, y, z (Å), occupancy, B-factor


@dataclass(slots=True)
class _Residue:
    """The atoms of one residue as they came: every alternative location, no choice made yet."""

    chain: str
    number: int
    insertion_code: str
    names: dict[Conformer, str] = field(default_factory=dict)
    atoms: dict[tuple[int, Conformer], Values] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"residue {self.chain} {self.number}{self.insertion_code}"

    def conformers(self) -> list[Conformer]:
        """Alternative locations, the most occupied first (mean over its atoms), the first of equals first."""
        occupancies: dict[Conformer, list[float]] = {name: [] for name in self.names if name}
        for (_, conformer), values in self.atoms.items():
            if conformer:
                occupancies[conformer].append(values[3])
        return sorted(occupancies, key=lambda name: -np.mean(occupancies[name] or [-1.0]))

    def chosen(self) -> tuple[int, dict[int, Values]]:
        """The residue type, and the atoms by slot."""
        ranking = self.conformers()
        first = ranking[0] if ranking else ""
        name = self.names[first]
        order = [first, "", *ranking[1:]]
        atoms: dict[int, Values] = {}
        for conformer in dict.fromkeys(order):
            if self.names.get(conformer) == name:
                own = {slot: value for (slot, letter), value in self.atoms.items() if letter == conformer}
                atoms = own | atoms
        return _RESTYPE_OF_NAME.get(name, UNKNOWN_INDEX), atoms


class AtomCollector:
    """Takes atoms one by one and keeps those of the atom37 layout.

    - Hydrogens and atoms that are not in `ATOM_TYPES` are left out, residues without any other atom too.
    - Of alternative locations the most occupied of each residue is kept as a whole (by the mean occupancy of
      its atoms, the first of equals); an atom that it lacks is taken from the next of the same residue type.
    - Selenomethionine is methionine, force fields' names of protonation states are those of their residues;
      other residue names than the 20 become X.
    - Residues keep the order of their first atoms; an insertion code makes a residue of its own.
    - Atoms of occupancy 0 are kept: the file gives their position.
    - An atom that is there twice is dropped when it stands at the same place and refused when it does not:
      one of the two belongs elsewhere. So is a residue of two types that are no alternatives.
    """

    def __init__(self) -> None:
        self._residues: dict[tuple[str, int, str], _Residue] = {}
        self._last: _Residue | None = None
        self._counts: Counter[str] = Counter()

    def has_residue(self, chain: str, number: int, insertion_code: str) -> bool:
        """Whether an atom of this residue was added."""
        return (chain, number, insertion_code) in self._residues

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
        alternative: str = "",
    ) -> None:
        """Put one atom into its residue.

        Raises:
            ValueError: a number is not finite or absurdly large, or the atom contradicts one before it.
        """
        x, y, z = xyz
        _check_numbers(number, x, y, z, occupancy, b_factor)
        residue = self._last
        if (
            residue is None
            or residue.number != number
            or residue.chain != chain
            or residue.insertion_code != insertion_code
        ):
            key = (chain, number, insertion_code)
            residue = self._residues.get(key)
            if residue is None:
                residue = self._residues[key] = _Residue(chain, number, insertion_code)
            self._last = residue
        if residue.names.get(alternative) != residue_name:
            _check_type(residue, residue_name, alternative)
            residue.names[alternative] = residue_name
        slot = ATOM_INDEX.get(_ATOM_OF_OTHER_NAME.get((residue_name, atom), atom))
        if slot is None:
            self._counts["hydrogens" if atom.lstrip("0123456789")[:1] in ("H", "D") else "others"] += 1
            return
        values = (x, y, z, occupancy, b_factor)
        before = residue.atoms.setdefault((slot, alternative), values)
        if before is not values:
            if before[:3] != xyz:
                raise ValueError(f"{residue} has its atom {atom} twice, at different places")
            self._counts["repeated"] += 1

    def atoms(self) -> ProteinAtoms:
        """What was gathered.

        Raises:
            ValueError: nothing was.
        """
        residues = [residue for residue in self._residues.values() if residue.atoms]
        if not residues:
            raise ValueError("no atom of a protein chain")
        chosen = [residue.chosen() for residue in residues]
        rows = [
            (row, slot, *values) for row, (_, atoms) in enumerate(chosen) for slot, values in atoms.items()
        ]
        table = np.array(rows, np.float64)
        place = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
        shape = (len(residues), len(ATOM_TYPES))
        positions, mask, b_factors = np.zeros((*shape, 3)), np.zeros(shape), np.zeros(shape)
        positions[place], mask[place], b_factors[place] = table[:, 2:5], 1.0, table[:, 6]
        return ProteinAtoms(
            positions=positions.astype(np.float32),
            mask=mask.astype(np.float32),
            aatype=np.array([restype for restype, _ in chosen], np.int64),
            residue_index=np.array([residue.number for residue in residues], np.int64),
            chain_ids=tuple(residue.chain for residue in residues),
            b_factors=b_factors.astype(np.float32),
            insertion_codes=tuple(residue.insertion_code for residue in residues),
        )

    def notes(self) -> tuple[str, ...]:
        """What was changed or left out on the way, a sentence each."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        residues = [residue for residue in self._residues.values() if residue.atoms]
        counts: Counter[str] = Counter()
        for residue in residues:
            names = residue.names
            counts["residues with alternative locations, the most occupied kept"] += len(names) > 1
            counts["selenomethionines (MSE) read as MET"] += "MSE" in names.values()
            counts["residues with an insertion code"] += bool(residue.insertion_code)
            counts["residues of an unknown type read as X"] += min(names.values()) not in _RESTYPE_OF_NAME
            is_empty = any(values[3] == 0 for values in residue.atoms.values())
            counts["residues with atoms of occupancy 0, which are kept"] += is_empty
        counts["hydrogens left out"] = self._counts["hydrogens"]
        counts["atoms of other names left out"] = self._counts["others"]
        counts["repeated atoms dropped"] = self._counts["repeated"]
        counts["residues without a known atom left out"] = len(self._residues) - len(residues)
        yield from (f"{what}: {count}" for what, count in counts.items() if count)
        if residues and all({slot for slot, _ in residue.atoms} == {_CA} for residue in residues):
            yield "Cα atoms only"


def _check_numbers(number: int, x: float, y: float, z: float, occupancy: float, b_factor: float) -> None:
    if not math.isfinite(x + y + z + occupancy + b_factor):
        raise ValueError("a coordinate is not a finite number")
    if max(x, y, z) > LARGEST_COORDINATE_ANGSTROM or min(x, y, z) < -LARGEST_COORDINATE_ANGSTROM:
        raise ValueError(f"a coordinate is beyond {LARGEST_COORDINATE_ANGSTROM:,.0f} Å")
    if abs(occupancy) > _LARGEST_OTHER or abs(b_factor) > _LARGEST_OTHER:
        raise ValueError(f"an occupancy or B-factor is beyond {_LARGEST_OTHER:,.0f}")
    if not -LARGEST_RESIDUE_NUMBER <= number <= LARGEST_RESIDUE_NUMBER:
        raise ValueError(f"a residue number is beyond {LARGEST_RESIDUE_NUMBER:,}: {number}")


def _check_type(residue: _Residue, residue_name: str, alternative: str) -> None:
    """Refuses a second type of a residue unless both belong to alternative locations."""
    for other, name in residue.names.items():
        if name != residue_name and (not other or not alternative or other == alternative):
            raise ValueError(f"{residue} is both {name} and {residue_name}")

"""Reader and writer of coordinates in the PDB format.

The columns of an ATOM record hold five digits of atom number, four of residue number and eight characters of
coordinate; what does not fit is refused, never wrapped: such a structure goes into mmCIF (`modelcif.py`).

Source: wwPDB, Atomic Coordinate Entry Format 3.30 (2012), sections 2 and 9.
"""

import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, RESIDUE_NAMES, UNKNOWN_INDEX
from sciml.errors import InputError

_WIDTH = 80  # of every record
_REMARK_NUMBER = 6  # the first number that the format leaves to free text
_LAST_SERIAL, _LAST_RESIDUE, _FIRST_RESIDUE = 99_999, 9_999, -999
_LAST_COORDINATE, _FIRST_COORDINATE = 9_999.9995, -999.9995  # Å; these would round to nine characters
_LAST_B_FACTOR, _FIRST_B_FACTOR = 999.995, -99.995
_USE_CIF = "use the mmCIF file for this structure"
_RESTYPE_OF_NAME = {name: index for index, name in enumerate(RESIDUE_NAMES)} | {
    "MSE": RESIDUE_NAMES.index("MET")
}


def format_pdb(atoms: ProteinAtoms, remarks: Iterable[str] = ()) -> str:
    """The text of a PDB file with one model; ATOM records only, TER after each chain, END at the end.

    Args:
        atoms: what to write; atoms whose mask is below 0.5 are left out.
        remarks: sentences for REMARK records, wrapped to the width; letters beyond ASCII become `?`.

    Raises:
        InputError: the structure does not fit into the format, or a coordinate is not finite.
    """
    _check_that_it_fits(atoms)
    lines = [*_remark_lines(remarks), "MODEL     1"]
    serial = 1
    for chain, start, stop in atoms.chain_spans():
        for residue in range(start, stop):
            name, number = RESIDUE_NAMES[atoms.aatype[residue]], atoms.residue_index[residue]
            for slot in np.flatnonzero(atoms.mask[residue] >= 0.5):
                atom = ATOM_TYPES[slot]
                x, y, z = (float(value) for value in atoms.positions[residue, slot])
                b_factor = float(atoms.b_factors[residue, slot])
                column = atom if len(atom) == 4 else f" {atom}"
                lines.append(
                    f"ATOM  {serial:>5} {column:<4} {name:>3} {chain}{number:>4}    "
                    f"{x:>8.3f}{y:>8.3f}{z:>8.3f}{1.0:>6.2f}{b_factor:>6.2f}          {atom[0]:>2}"
                )
                serial += 1
        lines.append(f"TER   {serial:>5}      {name:>3} {chain}{number:>4}")
        serial += 1
    lines += ["ENDMDL", "END"]
    return "".join(f"{line:<{_WIDTH}}\n" for line in lines)


def _remark_lines(remarks: Iterable[str]) -> Iterator[str]:
    """REMARK records, a first line of blanks before the text as the format asks."""
    head = f"REMARK {_REMARK_NUMBER:>3} "
    for index, remark in enumerate(remarks):
        if index == 0:
            yield head
        plain = " ".join(remark.replace("Å", "A").split()).encode("ascii", "replace").decode("ascii")
        yield from (head + line for line in textwrap.wrap(plain, _WIDTH - len(head)))


def _check_that_it_fits(atoms: ProteinAtoms) -> None:
    present = atoms.mask >= 0.5
    spans = atoms.chain_spans()
    if not spans:
        raise InputError("a structure without residues cannot be written")
    if not np.isfinite(atoms.positions[present]).all():
        residue = int(np.flatnonzero((present & ~np.isfinite(atoms.positions).all(-1)).any(-1))[0])
        raise InputError("a coordinate is not a finite number", position=residue + 1)
    long_names = sorted({chain for chain, _, _ in spans if len(chain) != 1})
    if long_names:
        raise InputError(f"a PDB chain identifier is one character: {long_names[0]!r}; {_USE_CIF}")
    records = int(present.sum()) + len(spans)  # TER records take a number too
    if records > _LAST_SERIAL:
        raise InputError(f"a PDB file holds at most {_LAST_SERIAL} numbered records: {records}; {_USE_CIF}")
    limits = (
        ("residue numbers", atoms.residue_index, _FIRST_RESIDUE - 1, _LAST_RESIDUE + 1),
        ("coordinates (Å)", atoms.positions[present], _FIRST_COORDINATE, _LAST_COORDINATE),
        ("B-factors", atoms.b_factors[present], _FIRST_B_FACTOR, _LAST_B_FACTOR),
    )
    for what, values, low, high in limits:
        wide = values.astype(np.float64)  # in float32 the limits themselves would be rounded
        outside = values[~((wide > low) & (wide < high))]
        if outside.size:
            raise InputError(f"{what} of a PDB file lie between {low} and {high}: {outside[0]}; {_USE_CIF}")


@dataclass
class _Residue:
    """A residue while its ATOM lines are read."""

    chain: str
    number: int
    restype: int
    positions: np.ndarray = field(default_factory=lambda: np.zeros((len(ATOM_TYPES), 3), np.float32))
    b_factors: np.ndarray = field(default_factory=lambda: np.zeros(len(ATOM_TYPES), np.float32))
    occupancy: np.ndarray = field(default_factory=lambda: np.full(len(ATOM_TYPES), -1.0, np.float32))


def parse_pdb(text: str, file: str | None = None, chains: Sequence[str] | None = None) -> ProteinAtoms:
    """Read the first model of a PDB file into the atom37 layout.

    ATOM records and those of selenomethionine (read as methionine) are taken; other HETATM records,
    hydrogens and atoms that are not in `ATOM_TYPES` are left out. Of alternative locations the most occupied
    is taken, the first of equals; of alternative residue types the first. Residue names other than the 20
    become X. Residues stand in the order of the file.

    Args:
        text: content of the file.
        file: its name, for messages.
        chains: chain identifiers to keep; all when None.

    Raises:
        InputError: a record is cut short or a number cannot be read (with the line), or there is no residue.
    """
    residues: dict[tuple[str, str], _Residue] = {}
    for line_number, line in enumerate(text.splitlines(), start=1):
        record = line[:6]
        if record == "ENDMDL":
            break
        name = line[17:20].strip()
        if not (record == "ATOM  " or (record == "HETATM" and name == "MSE")):
            continue
        chain = line[21:22].strip() or "A"
        if chains is not None and chain not in chains:
            continue
        _read_atom(line, chain, name, residues, file, line_number)
    if not residues:
        which = "" if chains is None else f" in chain {', '.join(chains)}"
        raise InputError(f"no ATOM record{which}", file=file)
    return _join(list(residues.values()))


def _read_atom(
    line: str,
    chain: str,
    name: str,
    residues: dict[tuple[str, str], _Residue],
    file: str | None,
    line_number: int,
) -> None:
    """Put one atom into its residue."""
    try:
        number = int(line[22:26])
        xyz = [float(line[start : start + 8]) for start in (30, 38, 46)]
        occupancy = float(line[54:60].strip() or 1.0)
        b_factor = float(line[60:66].strip() or 0.0)
    except ValueError as error:
        raise InputError(
            f"not an ATOM record of the PDB format: {error}", file=file, line=line_number
        ) from None
    if not np.isfinite([*xyz, occupancy, b_factor]).all():
        raise InputError("a coordinate is not a finite number", file=file, line=line_number)
    atom = line[12:16].strip()
    slot = ATOM_INDEX.get("SD" if name == "MSE" and atom == "SE" else atom)
    key = (chain, line[22:27])  # number and insertion code
    restype = _RESTYPE_OF_NAME.get(name, UNKNOWN_INDEX)
    residue = residues.setdefault(key, _Residue(chain, number, restype))
    of_another_type = restype != residue.restype  # a second residue type at the same place: the first is kept
    if slot is None or of_another_type or occupancy <= residue.occupancy[slot]:
        return
    residue.positions[slot], residue.b_factors[slot], residue.occupancy[slot] = xyz, b_factor, occupancy


def _join(residues: Sequence[_Residue]) -> ProteinAtoms:
    """Arrays of the residues that were read."""
    return ProteinAtoms(
        positions=np.stack([residue.positions for residue in residues]),
        mask=np.stack([residue.occupancy >= 0 for residue in residues]).astype(np.float32),
        aatype=np.array([residue.restype for residue in residues], np.int64),
        residue_index=np.array([residue.number for residue in residues], np.int64),
        chain_ids=tuple(residue.chain for residue in residues),
        b_factors=np.stack([residue.b_factors for residue in residues]),
    )


def read_pdb(path: str | os.PathLike[str], chains: Sequence[str] | None = None) -> ProteinAtoms:
    """Read the first model of the PDB file at `path`; see `parse_pdb`.

    Raises:
        InputError: there is no such file, it is not text, or `parse_pdb` refuses it.
    """
    try:
        text = Path(path).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from None
    return parse_pdb(text, str(path), chains)

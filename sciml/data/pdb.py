"""Reader and writer of coordinates in the PDB format.

The columns of an ATOM record hold five digits of atom number, four of residue number and eight characters of
coordinate; what does not fit is refused, never wrapped: such a structure goes into mmCIF (`modelcif.py`).

Source: wwPDB, Atomic Coordinate Entry Format 3.30 (2012), sections 2 and 9.
"""

import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sciml.data.atom_collector import AtomCollector, is_polymer_record
from sciml.data.pdb_records import add_record, residue_of_record
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_TYPES, RESIDUE_NAMES
from sciml.errors import InputError
from sciml.runs.files import atomic_write_text

_WIDTH = 80  # of every record
_REMARK_NUMBER = 6  # the first number that the format leaves to free text
_LAST_SERIAL, _LAST_RESIDUE, _FIRST_RESIDUE = 99_999, 9_999, -999
_LAST_COORDINATE, _FIRST_COORDINATE = 9_999.9995, -999.9995  # Å; these would round to nine characters
_LAST_B_FACTOR, _FIRST_B_FACTOR = 999.995, -99.995
_USE_CIF = "use the mmCIF file for this structure"


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
            name = RESIDUE_NAMES[atoms.aatype[residue]]
            number = f"{atoms.residue_index[residue]:>4}{atoms.insertion_codes[residue] or ' '}"
            for slot in np.flatnonzero(atoms.mask[residue] >= 0.5):
                atom = ATOM_TYPES[slot]
                x, y, z = (float(value) for value in atoms.positions[residue, slot])
                b_factor = float(atoms.b_factors[residue, slot])
                column = atom if len(atom) == 4 else f" {atom}"
                lines.append(
                    f"ATOM  {serial:>5} {column:<4} {name:>3} {chain}{number}   "
                    f"{x:>8.3f}{y:>8.3f}{z:>8.3f}{1.0:>6.2f}{b_factor:>6.2f}          {atom[0]:>2}"
                )
                serial += 1
        lines.append(f"TER   {serial:>5}      {name:>3} {chain}{number}")
        serial += 1
    lines += ["ENDMDL", "END"]
    return "".join(f"{line:<{_WIDTH}}\n" for line in lines)


def write_pdb(path: str | os.PathLike[str], atoms: ProteinAtoms, remarks: Iterable[str] = ()) -> Path:
    """Write a PDB file, as a whole or not at all; errors as `format_pdb` and those of the disk.

    Returns:
        `path` as a `Path`.
    """
    return atomic_write_text(path, format_pdb(atoms, remarks))


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


def parse_pdb(text: str, file: str | None = None, chains: Sequence[str] | None = None) -> ProteinAtoms:
    """Read the first model of a PDB file; what is kept of it is said in `AtomCollector`.

    Args:
        text: content of the file.
        file: its name, for messages.
        chains: chain identifiers to keep; all when None. A blank identifier is read as A.

    Raises:
        InputError: a record is cut short or a number cannot be read (with the line), or there is no residue.
    """
    collector = AtomCollector()
    for line_number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("ENDMDL"):
            break
        residue_name = line[17:20].strip()
        if not is_polymer_record(line[:6].rstrip(), residue_name):
            continue
        try:
            chain, number, insertion_code = residue_of_record(line)
            if chains is None or (chain or "A") in chains:
                add_record(collector, line, chain or "A", number, insertion_code, residue_name)
        except ValueError as error:
            raise InputError(
                f"not an ATOM record of the PDB format: {error}", file=file, line=line_number
            ) from None
    try:
        return collector.atoms()
    except ValueError as error:
        which = "" if chains is None else f" in chain {', '.join(chains)}"
        raise InputError(f"{error}{which}", file=file) from None


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

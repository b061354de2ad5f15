"""One ATOM or HETATM record of the PDB format, read strictly: a number in the wrong columns is refused.

Source: wwPDB, Atomic Coordinate Entry Format 3.30 (2012), section 9.
"""

from sciml.data.atom_collector import AtomCollector

_POINTS = (34, 42, 50)  # columns (from 0) of the decimal points of x, y, z
_BORDERS = (30, 38, 46, 54)  # where a coordinate begins, and where the last ends


def residue_of_record(line: str) -> tuple[str, int, str]:
    """Chain identifier (blank as it is), residue number and insertion code.

    Raises:
        ValueError: the number cannot be read.
    """
    field = line[22:26]
    if "_" in field or not field.isascii():
        raise ValueError(f"a residue number cannot be {field!r}")
    insertion_code = line[26:27].strip()
    if insertion_code and not insertion_code.isalpha():
        raise ValueError(f"an insertion code is a letter: {insertion_code!r}")
    return line[21:22].strip(), int(field), insertion_code


def add_record(
    collector: AtomCollector, line: str, chain: str, number: int, insertion_code: str, residue_name: str
) -> None:
    """Give the atom of an ATOM or HETATM record to `collector`.

    Args:
        collector: takes the atom.
        line: the record.
        chain: identifier that its chain gets.
        number: residue number.
        insertion_code: empty where there is none.
        residue_name: three letters.

    Raises:
        ValueError: a field cannot be read, stands in other columns, or `AtomCollector.add` refuses the atom.
    """
    if not line.isascii() or "_" in line[26:66]:
        raise ValueError("letters that no ATOM record can have")
    if not (len(line) > _POINTS[2] and line[_POINTS[0]] == line[_POINTS[1]] == line[_POINTS[2]] == "."):
        _check_borders(line)
    atom, occupancy, b_factor = line[12:16].strip(), line[54:60], line[60:66]
    if not atom or " " in atom:
        raise ValueError(f"an atom name cannot be {line[12:16]!r}")
    collector.add(
        chain,
        number,
        insertion_code,
        residue_name,
        atom,
        (float(line[30:38]), float(line[38:46]), float(line[46:54])),
        1.0 if not occupancy or occupancy.isspace() else float(occupancy),
        0.0 if not b_factor or b_factor.isspace() else float(b_factor),
        line[16:17].strip(),
    )


def _check_borders(line: str) -> None:
    """A coordinate with other than three decimals is accepted only if it ends where its columns end."""
    for border in _BORDERS:
        before, after = line[border - 1 : border], line[border : border + 1]
        if before.strip() and after.strip():
            raise ValueError(f"a number runs across column {border}")

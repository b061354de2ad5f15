"""Reader of the coordinates of an mmCIF file, experimental or computed (the writer is `modelcif.py`)."""

import os
from collections.abc import Sequence

from sciml.data.atom_collector import AtomCollector, is_polymer_record
from sciml.data.protein_atoms import ProteinAtoms
from sciml.errors import InputError

_COLUMNS = (
    *("group_PDB", "auth_asym_id", "auth_seq_id", "pdbx_PDB_ins_code", "label_comp_id", "label_atom_id"),
    *("Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv", "pdbx_PDB_model_num"),
)


def read_mmcif(path: str | os.PathLike[str], chains: Sequence[str] | None = None) -> ProteinAtoms:
    """Read the first model of an mmCIF file; what is kept of it is said in `AtomCollector`.

    Chains and residues bear the author's names and numbers, those of the article and of the PDB format.

    Args:
        path: the file.
        chains: chain identifiers to keep; all when None.

    Raises:
        InputError: the file cannot be read, has no `_atom_site`, holds a number that cannot be read (with the
            position of the atom), or no residue.
    """
    table = _atom_site(path)
    collector = AtomCollector()
    rows = zip(*(table[f"_atom_site.{column}"] for column in _COLUMNS), strict=True)
    first_model = table["_atom_site.pdbx_PDB_model_num"][0]
    for position, row in enumerate(rows, start=1):
        group, chain, number, insertion_code, residue_name, atom, x, y, z, occupancy, b_factor, model = row
        wanted = chains is None or chain in chains
        if model != first_model or not wanted or not is_polymer_record(group, residue_name):
            continue
        try:
            collector.add(
                chain=chain,
                number=int(number),
                insertion_code=insertion_code.strip(".?"),
                residue_name=residue_name,
                atom=atom,
                xyz=(float(x), float(y), float(z)),
                occupancy=float(occupancy) if occupancy not in (".", "?") else 1.0,
                b_factor=float(b_factor) if b_factor not in (".", "?") else 0.0,
            )
        except ValueError as error:
            raise InputError(f"atom {position} of _atom_site: {error}", file=str(path)) from None
    try:
        return collector.atoms()
    except ValueError as error:
        which = "" if chains is None else f" in chain {', '.join(chains)}"
        raise InputError(f"{error}{which}", file=str(path)) from None


def _atom_site(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    """The columns of `_atom_site` as text, all of one length."""
    from Bio.PDB.MMCIF2Dict import MMCIF2Dict

    try:
        table = MMCIF2Dict(os.fspath(path))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from None
    except (
        ValueError,
        KeyError,
        IndexError,
        StopIteration,
    ) as error:  # what Biopython raises for broken syntax
        raise InputError(f"not an mmCIF file: {error}", file=str(path)) from None
    missing = [column for column in _COLUMNS if f"_atom_site.{column}" not in table]
    if missing:
        raise InputError(f"_atom_site has no {', '.join(missing)}", file=str(path))
    columns = {f"_atom_site.{column}": list(table[f"_atom_site.{column}"]) for column in _COLUMNS}
    if len({len(values) for values in columns.values()}) != 1:
        raise InputError("_atom_site is cut short: its columns differ in length", file=str(path))
    return columns

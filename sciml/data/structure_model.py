"""One model of a structure file, with what the file says about it and what reading it left out."""

from dataclasses import dataclass

from sciml.data.protein_atoms import ProteinAtoms


@dataclass(frozen=True)
class StructureModel:
    """One model of a PDB, mmCIF or CASP TS file."""

    atoms: ProteinAtoms
    """Its protein chains."""
    file: str
    """The file that it was read from."""
    model_number: int | None = None
    """Number of its MODEL record or of `pdbx_PDB_model_num`; None where the file gives none."""
    target: str | None = None
    """TARGET record of a CASP file, as `T1049`."""
    author: str | None = None
    """AUTHOR record of a CASP file: registration code, group number or name."""
    parents: tuple[str, ...] = ()
    """Templates of its PARENT records, in their order; N/A is left out."""
    notes: tuple[str, ...] = ()
    """What was chosen, changed or left out when it was read, a sentence each."""

"""The mmCIF categories that every file of protein coordinates has: components, entities, chains, atoms.

Source: PDBx/mmCIF dictionary 5, categories `chem_comp`, `entity`, `entity_poly`, `struct_asym`, `atom_site`.
"""

from collections.abc import Iterator

import numpy as np

from sciml.data.cif import CifValue, cif_loop
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_TYPES, RESIDUE_NAMES, RESTYPES_WITH_X

Entities = dict[tuple[int, ...], int]
"""Number of the entity of each different chain sequence (`aatype`), from 1 in the order of the chains."""

_COMPONENT_NAMES = (  # in the order of RESIDUE_NAMES
    *("ALANINE", "ARGININE", "ASPARAGINE", "ASPARTIC ACID", "CYSTEINE", "GLUTAMINE", "GLUTAMIC ACID"),
    *("GLYCINE", "HISTIDINE", "ISOLEUCINE", "LEUCINE", "LYSINE", "METHIONINE", "PHENYLALANINE", "PROLINE"),
    *("SERINE", "THREONINE", "TRYPTOPHAN", "TYROSINE", "VALINE", "UNKNOWN"),
)


def number_entities(atoms: ProteinAtoms) -> Entities:
    """Give each different chain sequence a number."""
    entities: Entities = {}
    for _, start, stop in atoms.chain_spans():
        entities.setdefault(tuple(atoms.aatype[start:stop].tolist()), len(entities) + 1)
    return entities


def format_components(atoms: ProteinAtoms) -> str:
    """The residue types and elements that occur."""
    rows = [
        (
            RESIDUE_NAMES[restype],
            "peptide linking" if RESIDUE_NAMES[restype] == "GLY" else "L-peptide linking",
            _COMPONENT_NAMES[restype],
            "CCD Core",
        )
        for restype in sorted(set(atoms.aatype.tolist()))
    ]
    elements = sorted({ATOM_TYPES[slot][0] for slot in np.flatnonzero((atoms.mask >= 0.5).any(axis=0))})
    return cif_loop("chem_comp", ("id", "type", "name", "ma_provenance"), rows) + cif_loop(
        "atom_type", ("symbol",), [(element,) for element in elements]
    )


def format_polymers(atoms: ProteinAtoms, entities: Entities) -> str:
    """Entities, their sequences, the chains, and how chain positions and residue numbers correspond."""
    return _format_entities(atoms, entities) + _format_chains(atoms, entities)


def _format_entities(atoms: ProteinAtoms, entities: Entities) -> str:
    """The different sequences, and the chains that have each."""
    names: dict[int, list[str]] = {number: [] for number in entities.values()}
    for chain, _, sequence in _chains(atoms):
        names[entities[sequence]].append(chain)
    entity = [(number, "polymer", "man", "protein", len(chains)) for number, chains in names.items()]
    poly = [
        (number, "polypeptide(L)", "no", "no", ",".join(names[number]), *_one_letter_codes(sequence))
        for sequence, number in entities.items()
    ]
    residues = [
        (number, position, RESIDUE_NAMES[restype], "n")
        for sequence, number in entities.items()
        for position, restype in enumerate(sequence, start=1)
    ]
    poly_items = (
        *("entity_id", "type", "nstd_linkage", "nstd_monomer", "pdbx_strand_id"),
        *("pdbx_seq_one_letter_code", "pdbx_seq_one_letter_code_can"),
    )
    entity_items = ("id", "type", "src_method", "pdbx_description", "pdbx_number_of_molecules")
    return (
        cif_loop("entity", entity_items, entity)
        + cif_loop("entity_poly", poly_items, poly)
        + cif_loop("entity_poly_seq", ("entity_id", "num", "mon_id", "hetero"), residues)
    )


def _format_chains(atoms: ProteinAtoms, entities: Entities) -> str:
    """The entity of each chain, and the residue number at each of its positions."""
    chains = [(chain, entities[sequence]) for chain, _, sequence in _chains(atoms)]
    scheme: list[tuple[CifValue, ...]] = []
    for chain, start, sequence in _chains(atoms):
        for position, restype in enumerate(sequence):
            number = int(atoms.residue_index[start + position])
            name = RESIDUE_NAMES[restype]
            scheme.append((chain, entities[sequence], position + 1, name, number, number, chain))
    items = ("asym_id", "entity_id", "seq_id", "mon_id", "pdb_seq_num", "auth_seq_num", "pdb_strand_id")
    return cif_loop("struct_asym", ("id", "entity_id"), chains) + cif_loop(
        "pdbx_poly_seq_scheme", items, scheme
    )


def _chains(atoms: ProteinAtoms) -> list[tuple[str, int, tuple[int, ...]]]:
    """(identifier, first residue, residue types) of each chain."""
    spans = atoms.chain_spans()
    return [(chain, start, tuple(atoms.aatype[start:stop].tolist())) for chain, start, stop in spans]


def _one_letter_codes(sequence: tuple[int, ...]) -> tuple[str, str]:
    """The sequence with X as `(UNK)`, and as X."""
    return _letters(sequence, "(UNK)"), _letters(sequence)


def _letters(sequence: tuple[int, ...], unknown: str = "X") -> str:
    """One letter for each residue, over several lines if need be."""
    letters = [RESTYPES_WITH_X[restype].replace("X", unknown) for restype in sequence]
    return "\n".join("".join(letters[start : start + 80]) for start in range(0, len(letters), 80))


def format_atom_sites(atoms: ProteinAtoms, entities: Entities) -> str:
    """The atoms whose mask is at least 0.5, as one model."""
    items = (
        *(
            "group_PDB",
            "id",
            "type_symbol",
            "label_atom_id",
            "label_alt_id",
            "label_comp_id",
            "label_asym_id",
        ),
        *(
            "label_entity_id",
            "label_seq_id",
            "pdbx_PDB_ins_code",
            "Cartn_x",
            "Cartn_y",
            "Cartn_z",
            "occupancy",
        ),
        *(
            "B_iso_or_equiv",
            "auth_seq_id",
            "auth_comp_id",
            "auth_asym_id",
            "auth_atom_id",
            "pdbx_PDB_model_num",
        ),
    )
    return cif_loop("atom_site", items, _atom_rows(atoms, entities))


def _atom_rows(atoms: ProteinAtoms, entities: Entities) -> Iterator[tuple[CifValue, ...]]:
    serial = 0
    for chain, start, stop in atoms.chain_spans():
        entity = entities[tuple(atoms.aatype[start:stop].tolist())]
        for residue in range(start, stop):
            name, number = RESIDUE_NAMES[atoms.aatype[residue]], int(atoms.residue_index[residue])
            insertion_code = atoms.insertion_codes[residue] or None
            for slot in np.flatnonzero(atoms.mask[residue] >= 0.5):
                serial += 1
                atom = ATOM_TYPES[slot]
                x, y, z = (f"{value:.3f}" for value in atoms.positions[residue, slot].tolist())
                b_factor = f"{float(atoms.b_factors[residue, slot]):.2f}"
                yield (
                    *("ATOM", serial, atom[0], atom, None, name, chain),
                    *(entity, residue - start + 1, insertion_code, x, y, z, "1.00"),
                    *(b_factor, number, name, chain, atom, 1),
                )

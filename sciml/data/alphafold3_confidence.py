"""Reads what AlphaFold 3 and its server say of a model: pLDDT of atoms, aligned errors of tokens.

    NAME_confidences.json, fold_NAME_full_data_0.json                   arrays
    NAME_summary_confidences.json, fold_NAME_summary_confidences_0.json ptm, iptm, ranking_score, …

`atom_plddts` follows the atoms of the mmCIF file beside it; `pae` runs over tokens, of which
`token_chain_ids` and `token_res_ids` give chain and residue number: one for a standard residue, one for each
atom of a modified residue or ligand. Here both are brought to the residues of protein chains:

- pLDDT of a residue is that of its Cα, not the mean over its atoms: AlphaFold 3's pLDDT of an atom predicts
  the lDDT of that atom's distances to Cα atoms (to C1' in nucleic acids), so at Cα it predicts lDDT-Cα, with
  which it is compared.
- The token of a residue that has several is the one of its Cα.

Source: Abramson et al., Nature 630:493 (2024), Supplementary 4.3.1; `docs/output.md` of AlphaFold 3.
"""

from pathlib import Path
from typing import Any

import numpy as np

from sciml.data.atom_collector import is_polymer_record
from sciml.data.mmcif_models import AtomName, read_atom_names
from sciml.data.prediction_evidence import Array, numbers_of, pae_of
from sciml.errors import InputError

ResidueKey = tuple[str, int]
"""Chain and residue number."""


def protein_residues(structure: Path) -> tuple[ResidueKey, ...]:
    """The residues that have a Cα, in the order of the mmCIF file.

    Raises:
        InputError: the file cannot be read.
    """
    return tuple(_alpha_carbons(read_atom_names(structure)))


def residue_plddt(values: dict[str, Any], file: Path, structure: Path) -> Array | None:
    """(res,), 0-100, of the Cα of `protein_residues`; None if the file has no `atom_plddts`.

    Args:
        values: of the JSON file with the arrays.
        file: its path, for messages.
        structure: the mmCIF file whose atoms the values follow.

    Raises:
        InputError: they are no numbers from 0 to 100, or not as many as the structure has atoms.
    """
    if values.get("atom_plddts") is None:
        return None
    plddt = numbers_of(values["atom_plddts"], 1, "atom_plddts", file)
    atoms = read_atom_names(structure)
    if len(plddt) != len(atoms):
        rule = f"atom_plddts has {len(plddt)} values, {structure.name} has {len(atoms)} atoms"
        raise InputError(rule, file=str(file))
    if plddt.size and not (plddt.min() >= 0 and plddt.max() <= 100):
        raise InputError(f"atom_plddts is 0 to 100: {plddt.min():g} to {plddt.max():g}", file=str(file))
    return plddt[list(_alpha_carbons(atoms).values())]


def residue_pae(values: dict[str, Any], file: Path, structure: Path) -> Array | None:
    """(res i, res j), Å, over `protein_residues`; None if the file has no `pae`.

    Args:
        values: of the JSON file with the arrays.
        file: its path, for messages.
        structure: the mmCIF file.

    Raises:
        InputError: `pae` is no square table over the tokens, or a residue has no token of its own.
    """
    pae = pae_of(values, file)
    if pae is None:
        return None
    chains, numbers = values.get("token_chain_ids"), values.get("token_res_ids")
    if not isinstance(chains, list) or not isinstance(numbers, list) or len(chains) != len(numbers):
        raise InputError("pae needs token_chain_ids and token_res_ids of one length", file=str(file))
    if len(pae) != len(chains):
        rule = f"pae is {len(pae)} by {len(pae)}, there are {len(chains)} tokens"
        raise InputError(rule, file=str(file))
    tokens: dict[ResidueKey, list[int]] = {}
    for token, (chain, number) in enumerate(zip(chains, numbers, strict=True)):
        if isinstance(number, bool) or not isinstance(number, int):
            raise InputError(f"token_res_ids are whole numbers: {str(number)[:20]}", file=str(file))
        tokens.setdefault((str(chain), number), []).append(token)
    chosen = _tokens_of_residues(tokens, read_atom_names(structure), file)
    return pae[np.ix_(chosen, chosen)]


def _alpha_carbons(atoms: list[AtomName]) -> dict[ResidueKey, int]:
    """Place among all atoms of each residue's first Cα."""
    found: dict[ResidueKey, int] = {}
    for place, atom in enumerate(atoms):
        if atom.atom == "CA" and is_polymer_record(atom.group, atom.residue_name):
            found.setdefault((atom.chain, atom.number), place)
    return found


def _tokens_of_residues(tokens: dict[ResidueKey, list[int]], atoms: list[AtomName], file: Path) -> list[int]:
    """The token of each protein residue."""
    by_residue: dict[ResidueKey, list[int]] = {}
    for place, atom in enumerate(atoms):
        by_residue.setdefault((atom.chain, atom.number), []).append(place)
    chosen = []
    for key, place in _alpha_carbons(atoms).items():
        own, places = tokens.get(key, []), by_residue[key]
        if len(own) == 1:
            chosen.append(own[0])
        elif len(own) == len(places):
            chosen.append(own[places.index(place)])
        else:
            rule = f"residue {key[0]} {key[1]} has {len(own)} tokens and {len(places)} atoms"
            raise InputError(rule, file=str(file))
    return chosen

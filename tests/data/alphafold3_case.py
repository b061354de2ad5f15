"""Small models in the files of AlphaFold 3: mmCIF with atoms of a protein and a ligand, and the two JSON."""

import json

import numpy as np

from sciml.data.residue_constants import ATOM_TYPES, RESIDUE_NAMES

ITEMS = (
    *("group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id"),
    *("label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy"),
    *("B_iso_or_equiv", "auth_seq_id", "auth_asym_id", "pdbx_PDB_model_num"),
)
LIGAND_ATOMS = ("PG", "O1G", "CA")  # the last is called as a Cα


def atom_rows(atoms, modified=()):
    """(group, chain, number, residue, atom, position) of the protein's atoms, then of a ligand L.

    Args:
        atoms: one or more chains.
        modified: numbers of residues that are written as selenomethionine.
    """
    for residue in range(len(atoms.aatype)):
        chain, number = atoms.chain_ids[residue], int(atoms.residue_index[residue])
        is_modified = number in modified
        name = "MSE" if is_modified else RESIDUE_NAMES[atoms.aatype[residue]]
        for slot in np.flatnonzero(atoms.mask[residue] > 0.5):
            group = "HETATM" if is_modified else "ATOM"
            yield group, chain, number, name, ATOM_TYPES[slot], atoms.positions[residue, slot]
    for place, atom in enumerate(LIGAND_ATOMS):
        yield "HETATM", "L", 1, "ATP", atom, np.array([50.0, 50.0, 50.0 + place])


def write_model(folder, names, atoms, plddt, pae, *, ptm=0.5, ranking_score=0.5, modified=(), changes=None):
    """Write the three files of a model.

    Args:
        folder: made if need be.
        names: of mmCIF, array JSON and summary JSON; an empty one is not written.
        atoms: the protein.
        plddt: (res,), 0-100, of each Cα; other atoms get 10 less, the ligand 1.
        pae: (res, res), Å, of the protein; rows and columns of other tokens are 30.
        ptm: of the summary.
        ranking_score: of the summary.
        modified: as in `atom_rows`.
        changes: further or other values of the JSON with the arrays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(atom_rows(atoms, modified))
    places = {
        (chain, int(number)): place
        for place, (chain, number) in enumerate(zip(atoms.chain_ids, atoms.residue_index, strict=True))
    }
    lines, values, tokens = ["data_model", "#", "loop_", *(f"_atom_site.{item}" for item in ITEMS)], [], []
    for serial, (group, chain, number, name, atom, position) in enumerate(rows, start=1):
        place = places.get((chain, number))
        value = 1.0 if place is None else plddt[place] - (0 if atom == "CA" else 10)
        values.append(round(float(value), 2))
        is_single = place is not None and number not in modified
        if not is_single or not tokens or tokens[-1][:2] != (chain, number):
            tokens.append((chain, number, atom if not is_single else "CA"))
        x, y, z = (f"{one:.3f}" for one in position)
        sequence = number if chain != "L" else "."
        lines.append(
            f"{group} {serial} {atom[0]} {atom} . {name} {chain} 1 {sequence} ? {x} {y} {z} 1.00 "
            f"{value:.2f} {number} {chain} 1"
        )
    whole = np.full((len(tokens), len(tokens)), 30.0)
    known = [
        (token, places[chain, number])
        for token, (chain, number, atom) in enumerate(tokens)
        if atom == "CA" and (chain, number) in places
    ]
    for one, row in known:
        for two, column in known:
            whole[one, two] = pae[row][column]
    arrays = {
        "atom_chain_ids": [chain for _, chain, *_ in rows],
        "atom_plddts": values,
        "contact_probs": [],
        "pae": whole.round(2).tolist(),
        "token_chain_ids": [chain for chain, _, _ in tokens],
        "token_res_ids": [number for _, number, _ in tokens],
        **(changes or {}),
    }
    summary = {
        "chain_iptm": [0.1], "chain_pair_iptm": [[0.1]], "chain_pair_pae_min": [[0.8]], "chain_ptm": [0.1],
        "fraction_disordered": 0.0, "has_clash": 0.0, "iptm": None, "num_recycles": 10, "ptm": ptm,
        "ranking_score": ranking_score,
    }  # fmt: skip
    texts = ("\n".join([*lines, "#", ""]), json.dumps(arrays), json.dumps(summary))
    for name, text in zip(names, texts, strict=True):
        if name:
            (folder / name).write_text(text)

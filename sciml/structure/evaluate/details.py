"""Arrays of scored models over all residues of the target, for pictures: what `ModelDetails` holds."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.structure.evaluate.batch import Batch
from sciml.structure.evaluate.records import ModelDetails

ResidueKey = tuple[str, int, str]
"""Chain, residue number, insertion code."""


class Named(Protocol):
    """A model with the names that details carry."""

    @property
    def group(self) -> str:
        """Who predicted."""

    @property
    def model(self) -> int:
        """Number within the group."""


def residue_rows(target: ProteinAtoms) -> dict[ResidueKey, int]:
    """Place of each residue in a target."""
    keys = zip(target.chain_ids, target.residue_index.tolist(), target.insertion_codes, strict=True)
    return {key: row for row, key in enumerate(keys)}


def model_details(
    batch: Batch, models: Sequence[Named], rows: Mapping[ResidueKey, int], *, all_atoms: bool = False
) -> list[ModelDetails]:
    """Arrays over all residues of the target from those of the batch's part of it.

    Args:
        batch: the models over some chains of the target.
        models: their names, in the order of the batch.
        rows: place of each residue in the whole target.
        all_atoms: whether all-atom lDDT is wanted too.

    Returns:
        One entry for each model; NaN where its batch has no residue.
    """
    place = [rows[key] for key in residue_rows(batch.target)]
    found = []
    for number, model in enumerate(models):
        arrays = {"ca": batch.superposed_ca[number], "lddt": batch.lddt_ca.residue[number]}
        if all_atoms:
            arrays["lddt_all"] = batch.lddt_all.residue[number]
        plddt = batch.evidence[number].plddt
        if plddt is not None:
            arrays["plddt"] = plddt
        full = {}
        for key, array in arrays.items():
            full[key] = np.full((len(rows), *array.shape[1:]), np.nan)
            full[key][place] = array
        found.append(ModelDetails(model.group, model.model, **full))
    return found

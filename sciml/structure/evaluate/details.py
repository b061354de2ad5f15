"""Arrays of scored models over all residues of the target, for pictures: what `ModelDetails` holds."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.structure.evaluate.batch import Array, Batch
from sciml.structure.evaluate.matching import Matched
from sciml.structure.evaluate.records import ModelDetails

ResidueKey = tuple[str, int, str]
"""Chain, residue number, insertion code."""


class Named(Protocol):
    """A model with the names that details carry, and its chains."""

    @property
    def group(self) -> str:
        """Who predicted."""

    @property
    def model(self) -> int:
        """Number within the group."""

    @property
    def atoms(self) -> ProteinAtoms | None:
        """Its chains."""


def residue_rows(target: ProteinAtoms) -> dict[ResidueKey, int]:
    """Place of each residue in a target."""
    keys = zip(target.chain_ids, target.residue_index.tolist(), target.insertion_codes, strict=True)
    return {key: row for row, key in enumerate(keys)}


def model_details(
    batch: Batch,
    models: Sequence[Named],
    matched: Sequence[Matched],
    rows: Mapping[ResidueKey, int],
    *,
    all_atoms: bool = False,
) -> list[ModelDetails]:
    """Arrays over all residues of the target from those of the batch's part of it.

    Args:
        batch: the models over some chains of the target.
        models: their names and chains, in the order of the batch.
        matched: how they were laid over the batch's residues.
        rows: place of each residue in the whole target.
        all_atoms: whether all-atom lDDT is wanted too.

    Returns:
        One entry for each model; NaN where its batch has no residue.
    """
    place = [rows[key] for key in residue_rows(batch.target)]
    found = []
    for number, model in enumerate(models):
        arrays = {
            "ca": batch.superposed_ca[number],
            "lddt": batch.lddt_ca.residue[number],
            "numbers": _own_numbers(models[number], matched[number]),
        }
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


def _own_numbers(model: Named, one: Matched) -> Array:
    """(res,), the model's own numbers of its residues over the target's; NaN where it has none."""
    assert model.atoms is not None
    return np.where(one.model_index >= 0, model.atoms.residue_index[one.model_index], np.nan)

"""Which function computes each family of scores, and all figures of a batch of models."""

from collections.abc import Callable, Mapping, Sequence

from sciml.structure.evaluate import coordinate_families, evidence_families
from sciml.structure.evaluate.batch import Batch
from sciml.structure.evaluate.coordinate_families import Figures

FAMILY_FUNCTIONS: Mapping[str, Callable[[Batch], Figures]] = {
    "gdt": coordinate_families.gdt,
    "tm": coordinate_families.tm,
    "maxsub": coordinate_families.maxsub,
    "rmsd": coordinate_families.rmsd,
    "lddt": coordinate_families.lddt_all,
    "lddt_ca": coordinate_families.lddt_ca,
    "gdc_sc": coordinate_families.gdc,
    "cad": coordinate_families.cad,
    "tm_align": coordinate_families.tm_align,
    "contacts": coordinate_families.contacts,
    "distogram": evidence_families.distogram,
    "confidence": evidence_families.confidence,
    "geometry": coordinate_families.geometry,
    "secondary": coordinate_families.secondary,
}
"""By the names of `catalogue.FAMILIES`."""


def compute(batch: Batch, families: Sequence[str]) -> list[dict[str, float]]:
    """The figures of every model, in the order of the families.

    Args:
        batch: the models.
        families: some of `catalogue.FAMILIES`.

    Returns:
        For each model its figures by name, `coverage` first: share of the target's residues with Cα for
        which it has one.
    """
    known = max(1, int(batch.target_ca_known.sum()))
    columns: Figures = {"coverage": batch.ca_known.sum(-1) / known}
    for family in families:
        columns |= FAMILY_FUNCTIONS[family](batch)
    models = len(batch.positions)
    return [{name: float(array[model]) for name, array in columns.items()} for model in range(models)]

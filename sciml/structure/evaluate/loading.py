"""Reads the models of one target with what their programs say of them; what cannot be read is a reason.

- A file with several models gives several, with the numbers of its MODEL records. Two models of one group
  with one number: the later takes the next free number, which its notes say; lists of contacts come after
  structures, so that they never take the place of a group's first model.
- B-factors are pLDDT in the files of ColabFold, AlphaFold, its database and `sciml predict`, and wherever the
  caller says so; other files write other things there.
- Estimates of another length than the model are laid over it by residue number where it is one chain, and
  are left out with a note otherwise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciml.data.casp_rr import read_rr
from sciml.data.casp_sections import CaspSection
from sciml.data.prediction_folders import PredictedFile
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.structure_files import read_structures
from sciml.errors import InputError
from sciml.structure.evaluate.batch import CA, Evidence
from sciml.structure.evaluate.plan import ModelFile
from sciml.structure.evaluate.scoring import LoadedModel
from sciml.structure.scores.distogram import probabilities_from_logits

BFactors = Literal["auto", "plddt", "other"]
Array = NDArray[np.float64]

_PLDDT_SOURCES = ("colabfold", "sciml", "alphafold", "afdb")
_PERCENT = 100.0


def load_models(files: Sequence[ModelFile], b_factors: BFactors = "auto") -> list[LoadedModel]:
    """Every model of the files, in their order but for lists of contacts, which come last.

    Args:
        files: of one target.
        b_factors: whether B-factors are pLDDT (0-100): `auto` decides by the program that wrote them.

    Returns:
        Models, structures first, and one entry with the reason for each file that cannot be read.
    """
    loaded: list[LoadedModel] = []
    taken: set[tuple[str, int]] = set()
    for file in sorted(files, key=lambda one: one.prediction.kind == "contacts"):
        for model in _read_all(file, b_factors):
            number = model.model
            while (model.group, number) in taken:
                number += 1
            if number != model.model:
                note = f"counted as model {number}: the group has another model {model.model}"
                model = replace(model, model=number, notes=(*model.notes, note))
            taken.add((model.group, number))
            loaded.append(model)
    return loaded


def _read_all(file: ModelFile, b_factors: BFactors) -> Iterator[LoadedModel]:
    """The models of a file; each submission of a joined one fails alone."""
    for section in file.sections or (None,):
        try:
            models = list(_read(file, section, b_factors))
        except InputError as error:
            number = file.number or (section and section.model_number) or 1
            models = [LoadedModel(file.group, number, file.path, reason=str(error), notes=file.notes)]
        yield from models


def _read(file: ModelFile, section: CaspSection | None, b_factors: BFactors) -> Iterator[LoadedModel]:
    if file.prediction.kind == "contacts":
        contacts = read_rr(file.path)
        number = file.number or contacts.model_number
        said = (*file.notes, *contacts.notes)
        yield LoadedModel(file.group, number, file.path, contacts=contacts, notes=said)
        return
    structures = read_structures(file.path, lines=None if section is None else section.lines)
    for place, structure in enumerate(structures, start=1):
        single = file.number if len(structures) == 1 else None
        number = single or structure.model_number or place
        evidence, notes = _evidence(file.prediction, structure.atoms, b_factors)
        yield LoadedModel(
            file.group,
            number,
            file.path,
            structure.atoms,
            notes=(*file.notes, *file.prediction.notes, *structure.notes, *notes),
            evidence=evidence,
        )


def _evidence(
    prediction: PredictedFile, atoms: ProteinAtoms, b_factors: BFactors
) -> tuple[Evidence, list[str]]:
    """What a prediction says of itself, over the residues of the model, and what was left out."""
    notes: list[str] = []
    residues = len(atoms.aatype)

    def laid(array: Array | None, axes: int, what: str) -> Array | None:
        rows = None if array is None else _rows(atoms, len(array))
        if array is None or rows is None:
            if array is not None:
                notes.append(f"{what} of {len(array)} residues left out: the model has {residues}")
            return None
        for axis in range(axes):
            array = np.take(array, rows, axis=axis)
        return array

    try:
        plddt, pae, ptm = prediction.plddt(), prediction.pae(), prediction.ptm()
        distogram = prediction.distogram()
    except InputError as error:
        return Evidence(), [f"what the program says of its model was left out: {error}"]
    own = laid(plddt, 1, "pLDDT")
    is_plddt = b_factors == "plddt" or (b_factors == "auto" and prediction.source in _PLDDT_SOURCES)
    if own is None and is_plddt:
        own = np.where(atoms.mask[:, CA] >= 0.5, atoms.b_factors[:, CA], np.nan).astype(np.float64)
        if not ((own >= 0) & (own <= _PERCENT) | np.isnan(own)).all():
            notes.append("B-factors are no pLDDT: they are not all between 0 and 100")
            own = None
    probabilities = None
    if distogram is not None:
        probabilities = laid(probabilities_from_logits(distogram[0]), 2, "distogram")
    return Evidence(
        plddt=None if own is None else own / _PERCENT,
        pae=laid(pae, 2, "aligned error"),
        ptm=ptm,
        distogram=probabilities,
        distogram_edges=None if distogram is None or probabilities is None else distogram[1],
    ), notes


def _rows(atoms: ProteinAtoms, length: int) -> NDArray[np.int64] | None:
    """For each residue of the model its row in arrays over the predicted sequence."""
    residues = len(atoms.aatype)
    if residues == length:
        return np.arange(residues)
    numbers = atoms.residue_index
    if len(set(atoms.chain_ids)) == 1 and residues and 1 <= numbers.min() <= numbers.max() <= length:
        return numbers - 1
    return None

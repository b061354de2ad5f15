"""Reads the models of one target with what their programs say of them; what cannot be read is a reason.

- A file with several models gives several, with the numbers of its MODEL records. Two models of one group
  with one number: the later takes the next free number, which its notes say; lists of contacts come after
  structures, so that they never take the place of a group's first model.
- What the programs say of their models is read by `model_evidence.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sciml.data.casp_rr import read_rr
from sciml.data.casp_sections import CaspSection
from sciml.data.structure_files import read_parts, read_structures
from sciml.data.structure_model import StructureModel
from sciml.errors import InputError
from sciml.structure.evaluate.model_evidence import BFactors, read_evidence
from sciml.structure.evaluate.plan import ModelFile
from sciml.structure.evaluate.scoring import LoadedModel

_Read = tuple[StructureModel, ...] | InputError


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
    submissions = _submissions(files)
    for file in sorted(files, key=lambda one: one.prediction.kind == "contacts"):
        for model in _read_all(file, submissions, b_factors):
            number = model.model
            while (model.group, number) in taken:
                number += 1
            if number != model.model:
                note = f"counted as model {number}: the group has another model {model.model}"
                model = replace(model, model=number, notes=(*model.notes, note))
            taken.add((model.group, number))
            loaded.append(model)
    return loaded


def _submissions(files: Sequence[ModelFile]) -> dict[tuple[str, CaspSection], _Read]:
    """What the submissions of joined files hold; each file is read once, however many it has."""
    by_path: dict[str, list[CaspSection]] = {}
    for file in files:
        by_path.setdefault(file.path, []).extend(file.sections)
    found: dict[tuple[str, CaspSection], _Read] = {}
    for path, sections in by_path.items():
        if sections:
            order = sorted(sections, key=lambda section: section.first_line)
            parts = read_parts(path, (section.lines for section in order))
            found |= {(path, section): read for section, read in zip(order, parts, strict=True)}
    return found


def _read_all(
    file: ModelFile, submissions: Mapping[tuple[str, CaspSection], _Read], b_factors: BFactors
) -> Iterator[LoadedModel]:
    """The models of a file; each submission of a joined one fails alone."""
    for section in file.sections or (None,):
        read = None if section is None else submissions[file.path, section]
        try:
            if isinstance(read, InputError):
                raise read
            models = list(_loaded(file, read, b_factors))
        except InputError as error:
            number = file.number or (section and section.model_number) or 1
            models = [LoadedModel(file.group, number, file.path, reason=str(error), notes=file.notes)]
        yield from models


def _loaded(
    file: ModelFile, structures: Sequence[StructureModel] | None, b_factors: BFactors
) -> Iterator[LoadedModel]:
    """The models of a file, or of the part of it that was read already."""
    if file.prediction.kind == "contacts":
        contacts = read_rr(file.path)
        number = file.number or contacts.model_number
        said = (*file.notes, *contacts.notes)
        yield LoadedModel(file.group, number, file.path, contacts=contacts, notes=said)
        return
    structures = read_structures(file.path) if structures is None else structures
    for place, structure in enumerate(structures, start=1):
        single = file.number if len(structures) == 1 else None
        number = single or structure.model_number or place
        evidence, notes = read_evidence(file.prediction, structure.atoms, b_factors)
        yield LoadedModel(
            file.group,
            number,
            file.path,
            structure.atoms,
            notes=(*file.notes, *file.prediction.notes, *structure.notes, *notes),
            evidence=evidence,
        )

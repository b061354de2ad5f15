"""Reads the reference of a target, with what reading it chose, changed or left out, and cuts its domains.

- Of a file with several models (NMR) the first is the reference unless somebody says otherwise. A later model
  that cannot be read then matters to nobody, but is said.
- A domain needs a residue with a Cα in every reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.structure_files import read_structures
from sciml.data.structure_model import StructureModel
from sciml.errors import InputError
from sciml.structure.evaluate.batch import CA
from sciml.structure.evaluate.plan import Domains

_DAMAGED = "what comes after its first model cannot be read: "


@dataclass(frozen=True, eq=False)
class Natives:
    """The reference, or all that compete for it."""

    atoms: tuple[ProteinAtoms, ...]
    """At least one."""
    notes: tuple[str, ...] = ()
    """What was chosen, changed or left out, a sentence each."""


def read_natives(file: str, native_model: str, record: str) -> Natives:
    """The reference structures of a target.

    Args:
        file: PDB or mmCIF.
        native_model: a place from 1, or `best` for all.
        record: name of the target, for messages.

    Raises:
        InputError: the file cannot be read, or there is no such model.
    """
    structures, damage = _read(file, native_model)
    if native_model == "best":
        several = f"{len(structures)} models: each prediction is scored against the one that it fits best"
        kept: Sequence[StructureModel] = structures
    else:
        place = int(native_model)
        if not 1 <= place <= len(structures):
            rule = f"there is no model {place}: the file has {len(structures)}"
            raise InputError(rule, file=file, record=record)
        several = f"{len(structures)} models: model {place} is the reference"
        kept = structures[place - 1 : place]
    notes = [several] if len(structures) > 1 else []
    notes += dict.fromkeys(note for one in kept for note in one.notes)
    return Natives(tuple(one.atoms for one in kept), (*notes, *damage))


def _read(file: str, native_model: str) -> tuple[tuple[StructureModel, ...], list[str]]:
    try:
        return read_structures(file), []
    except InputError as error:
        if native_model != "1":
            raise
        first = read_structures(file, all_models=False)
        return first, [f"{_DAMAGED}{error.rule}" + (f" (line {error.line})" if error.line else "")]


def usable_domains(
    domains: Domains, natives: Sequence[ProteinAtoms]
) -> tuple[Domains, tuple[tuple[str, str], ...]]:
    """Domains of which every reference has a residue with a Cα, and (name, reason) of the others."""
    usable, refused = [], []
    for domain in domains:
        name, ranges, numbers = domain
        for native in natives:
            known = native.residue_index[native.mask[:, CA] >= 0.5]
            if len(known) and not np.isin(known, numbers).any():
                own = f"{known.min()} to {known.max()}"
                refused.append((name, f"the target, residues {own}, has none of the domain's: {ranges}"))
                break
        else:
            usable.append(domain)
    return tuple(usable), tuple(refused)

"""What a prediction says of itself, laid over the residues of its model; what cannot be used is a note.

- Arrays of the predicted sequence are laid over the model by place where both are of one length, else by
  residue number where it is one chain; those of AlphaFold 3 by chain and residue number. Arrays that do not
  fit, and files that cannot be read, are left out with a note that names file and rule; the rest is kept.
- B-factors are pLDDT in the files of ColabFold, AlphaFold 2 and 3, its database and `sciml predict`, and
  wherever the caller says so; other files write other things there. Of a residue that of its Cα is taken
  (`data/alphafold3_confidence.py` says why).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from sciml.data.predicted_file import PredictedFile
from sciml.data.protein_atoms import ProteinAtoms
from sciml.errors import InputError
from sciml.structure.evaluate.batch import CA, Evidence
from sciml.structure.scores.distogram import probabilities_from_logits

BFactors = Literal["auto", "plddt", "other"]
Array = NDArray[np.float64]
Value = TypeVar("Value")

_PLDDT_SOURCES = ("colabfold", "sciml", "alphafold", "alphafold3", "afdb")
_PERCENT = 100.0


def read_evidence(
    prediction: PredictedFile, atoms: ProteinAtoms, b_factors: BFactors
) -> tuple[Evidence, list[str]]:
    """Everything that a prediction says of itself, and what was left out.

    Args:
        prediction: the file, and those beside it.
        atoms: of the model.
        b_factors: whether B-factors are pLDDT (0-100): `auto` decides by the program that wrote them.
    """
    reader = _Reader(prediction, atoms)
    plddt = reader.laid("pLDDT", 1, lambda: _located(prediction.plddt(), prediction.scores_path))
    is_plddt = b_factors == "plddt" or (b_factors == "auto" and prediction.source in _PLDDT_SOURCES)
    if plddt is None and is_plddt:
        plddt = reader.b_factors()
    pae = reader.laid("aligned error", 2, prediction.located_pae)
    ptm = reader.read("pTM", prediction.ptm)
    logits = reader.read("distogram", prediction.distogram)
    probabilities = edges = None
    if logits is not None:
        edges, own = logits[1], probabilities_from_logits(logits[0])
        probabilities = reader.laid("distogram", 2, lambda: _located(own, prediction.distogram_path))
    evidence = Evidence(
        plddt=None if plddt is None else plddt / _PERCENT,
        pae=pae,
        ptm=ptm,
        distogram=probabilities,
        distogram_edges=None if probabilities is None else edges,
    )
    return evidence, reader.notes


def _located(array: Array | None, file: Path | None) -> tuple[Array, Path] | None:
    return None if array is None or file is None else (array, file)


class _Reader:
    """Reads one piece of evidence after the other; what cannot be used becomes a note."""

    def __init__(self, prediction: PredictedFile, atoms: ProteinAtoms) -> None:
        self.prediction, self.atoms = prediction, atoms
        self.notes: list[str] = []

    def read(self, what: str, source: Callable[[], Value]) -> Value | None:
        """What the source gives; None where it cannot be read."""
        try:
            return source()
        except InputError as error:
            self.notes.append(f"{what} left out: {error}")
            return None

    def laid(self, what: str, axes: int, source: Callable[[], tuple[Array, Path] | None]) -> Array | None:
        """An array, its first axes over the residues of the model; NaN where it has none of them."""
        found = self.read(what, source)
        if found is None:
            return None
        array, file = found
        rows = self.read(what, lambda: self._rows(len(array), file))
        if rows is None:
            return None
        laid = array
        for axis in range(axes):
            laid = np.take(laid, rows, axis=axis)
        absent = rows < 0
        if absent.any():
            laid[absent] = np.nan
            if axes == 2:
                laid[:, absent] = np.nan
        return laid

    def b_factors(self) -> Array | None:
        """(res,), those of Cα; None with a note where they are no pLDDT."""
        atoms = self.atoms
        own = np.where(atoms.mask[:, CA] >= 0.5, atoms.b_factors[:, CA], np.nan).astype(np.float64)
        if ((own >= 0) & (own <= _PERCENT) | np.isnan(own)).all():
            return own
        self.notes.append("B-factors are no pLDDT: they are not all between 0 and 100")
        return None

    def _rows(self, length: int, file: Path) -> NDArray[np.int64]:
        """For each residue of the model its row in arrays of that length; -1 where it has none."""
        atoms, named = self.atoms, self.prediction.residues()
        if named is not None:
            place = {key: row for row, key in enumerate(named)}
            keys = zip(atoms.chain_ids, atoms.residue_index.tolist(), strict=True)
            return np.array([place.get(key, -1) for key in keys], np.int64)
        residues = len(atoms.aatype)
        if residues == length:
            return np.arange(residues)
        numbers = atoms.residue_index
        if len(set(atoms.chain_ids)) == 1 and residues and 1 <= numbers.min() <= numbers.max() <= length:
            return numbers - 1
        rule = f"it is of {length} residues, the model in {self.prediction.path.name} has {residues}"
        raise InputError(rule, file=str(file))

"""A file with a prediction, as `prediction_folders.py` finds it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sciml.data.alphafold3_confidence import ResidueKey, protein_residues, residue_pae, residue_plddt
from sciml.data.prediction_evidence import Array, pae_of, plddt_of, ptm_of, read_distogram, read_json

Source = Literal["file", "casp", "colabfold", "sciml", "alphafold", "alphafold3", "afdb"]
Kind = Literal["structure", "contacts", "estimates"]


@dataclass(frozen=True)
class PredictedFile:
    """A file with a prediction, and where the program's own estimates of it stand.

    The methods read these when they are called, each anew. Their arrays run over `residues()`, which is None
    for those of the predicted sequence: row k is residue k + 1 of a chain numbered from 1, chains one after
    the other. They return None where there is nothing and raise InputError, with the file, where it cannot be
    read.
    """

    path: Path
    """The coordinates, the contacts, or the estimates of other models' accuracy."""
    kind: Kind = "structure"
    """What the file holds."""
    source: Source = "file"
    """Whose naming it follows."""
    target_id: str | None = None
    """What the name says about the target, a domain or part of it included."""
    group: str | None = None
    """Group (TS427) or method, from the name or from the folders below the one that was searched."""
    rank: int | None = None
    """Number of the model, or place in the ranking, from 1."""
    model_name: str | None = None
    """Network or parameter set that the name gives."""
    scores_path: Path | None = None
    """JSON with pLDDT, pTM and perhaps aligned errors."""
    pae_path: Path | None = None
    """JSON with aligned errors, asked where `scores_path` has none."""
    summary_path: Path | None = None
    """JSON with pTM, where that has a file of its own."""
    distogram_path: Path | None = None
    """npz of `sciml predict`."""
    notes: tuple[str, ...] = ()
    """What was passed by, a sentence each."""

    @property
    def beside(self) -> tuple[Path, ...]:
        """Every file that the methods may read."""
        paths = (self.scores_path, self.pae_path, self.summary_path, self.distogram_path)
        return tuple(path for path in paths if path is not None)

    def residues(self) -> tuple[ResidueKey, ...] | None:
        """(chain, residue number) of each row of the arrays; None for the predicted sequence."""
        return protein_residues(self.path) if self.source == "alphafold3" else None

    def plddt(self) -> Array | None:
        """(res,), 0-100; the B-factors of the structure hold it too, for most programs."""
        if self.scores_path is None:
            return None
        values = read_json(self.scores_path)
        if self.source == "alphafold3":
            return residue_plddt(values, self.scores_path, self.path)
        return plddt_of(values, self.scores_path)

    def pae(self) -> Array | None:
        """(res i, res j), Å: error of j when superposed on i."""
        found = self.located_pae()
        return None if found is None else found[0]

    def located_pae(self) -> tuple[Array, Path] | None:
        """Aligned errors with the file that has them."""
        for path in _present(self.scores_path, self.pae_path):
            values = read_json(path)
            if self.source == "alphafold3":
                pae = residue_pae(values, path, self.path)
            else:
                pae = pae_of(values, path)
            if pae is not None:
                return pae, path
        return None

    def ptm(self) -> float | None:
        """Predicted TM-score, 0-1."""
        for path in _present(self.summary_path, self.scores_path):
            ptm = ptm_of(read_json(path), path)
            if ptm is not None:
                return ptm
        return None

    def distogram(self) -> tuple[Array, Array] | None:
        """Logits (res, res, bin) and edges (bin - 1,) in Å."""
        return None if self.distogram_path is None else read_distogram(self.distogram_path)


def file_beside(path: Path, present: Collection[str], *names: str) -> Path | None:
    """The first of these files that is in the folder of another, plain or gzip.

    Args:
        path: the other.
        present: names of all files in its folder.
        names: those that are looked for.
    """
    for name in names:
        for one in (name, f"{name}.gz"):
            if one in present:
                return path.with_name(one)
    return None


def _present(*paths: Path | None) -> Iterator[Path]:
    return (path for path in paths if path is not None)

"""A file with a prediction, as `prediction_folders.py` finds it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sciml.data.prediction_evidence import Array, pae_of, plddt_of, ptm_of, read_distogram, read_json

Source = Literal["file", "casp", "colabfold", "sciml", "alphafold", "afdb"]
Kind = Literal["structure", "contacts", "estimates"]


@dataclass(frozen=True)
class PredictedFile:
    """A file with a prediction, and where the program's own estimates of it stand.

    The methods read these when they are called, each anew. Their arrays run over the residues of the
    predicted sequence: row k is residue k + 1 of a chain numbered from 1, chains one after the other. They
    return None where there is nothing and raise InputError, with the file, where it cannot be read.
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
    """JSON with aligned errors."""
    distogram_path: Path | None = None
    """npz of `sciml predict`."""
    notes: tuple[str, ...] = ()
    """What was passed by, a sentence each."""

    def plddt(self) -> Array | None:
        """(res,), 0-100; the B-factors of the structure hold it too, for most programs."""
        return None if self.scores_path is None else plddt_of(read_json(self.scores_path), self.scores_path)

    def pae(self) -> Array | None:
        """(res i, res j), Å: error of j when superposed on i."""
        for path in (self.pae_path, self.scores_path):
            pae = None if path is None else pae_of(read_json(path), path)
            if pae is not None:
                return pae
        return None

    def ptm(self) -> float | None:
        """Predicted TM-score, 0-1."""
        return None if self.scores_path is None else ptm_of(read_json(self.scores_path), self.scores_path)

    def distogram(self) -> tuple[Array, Array] | None:
        """Logits (res, res, bin) and edges (bin - 1,) in Å."""
        return None if self.distogram_path is None else read_distogram(self.distogram_path)

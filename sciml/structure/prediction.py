"""A predicted structure with everything that is said about it: plain NumPy, ready to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_TYPES
from sciml.errors import ScimlError, SettingsError

RankingMeasure = Literal["plddt", "ptm"]


@dataclass(frozen=True)
class ParameterSource:
    """Where the parameters of a network come from and what they are worth."""

    name: str
    """Short name, such as `mini` or `model_1_ptm`."""
    path: str
    """File that they were read from; empty for parameters that were never in a file."""
    sha256: str
    """Digest of that file; empty when there is none."""
    description: str
    """A sentence or two for the reader of an output: trained by whom on what, and what to expect of it."""
    trained: bool
    """False for random parameters: the structure is then no prediction and every file says so."""

    @property
    def meaning(self) -> str:
        """What these parameters mean for whoever looks at the structure."""
        warning = "" if self.trained else "UNTRAINED PARAMETERS: this is not a prediction. "
        return f"{warning}{self.description}"


@dataclass(frozen=True, eq=False)
class Prediction:
    """One structure of one record, made by one parameter set with one seed.

    Raises:
        ValueError: arrays that do not fit the sequence.
        ScimlError: coordinates or confidences that are not finite: the network failed on this record.
    """

    record_id: str
    """Identifier of the record as the input gave it."""
    name: str
    """Start of the file names of the record (`data/names.py`)."""
    sequence: str
    """One letter for each residue, as it was predicted."""
    model_name: str
    """Preset or file name of the network."""
    seed: int
    """Seed of everything random in this prediction."""
    parameters: ParameterSource
    """Which parameters made it."""
    aatype: NDArray[np.int64]
    """(res,), index into `RESTYPES_WITH_X`."""
    residue_index: NDArray[np.int64]
    """(res,), residue numbers from 1, as files give them."""
    atom_positions: NDArray[np.float32]
    """(res, 37, 3), Å."""
    atom_mask: NDArray[np.float32]
    """(res, 37), 1 where the residue has the atom."""
    plddt: NDArray[np.float64]
    """(res,), 0-100."""
    pae: NDArray[np.float64] | None = None
    """(res i, res j), Å: error of j when superposed on i; None if the network has no such head."""
    max_pae: float | None = None
    """Largest error that the head can express, Å."""
    ptm: float | None = None
    """Predicted TM-score, 0-1; None if the network has no such head."""
    distogram_logits: NDArray[np.float32] | None = None
    """(res, res, bin), before the softmax."""
    distogram_bin_edges: NDArray[np.float32] | None = None
    """(bin - 1,), Å: Cβ-Cβ distances between the bins."""
    recycles: int = 0
    """Passes through the network after the first."""
    converged_at: int | None = None
    """Recycle after which the structure stopped changing; None if it was not seen to stop."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall-clock seconds of each stage."""
    alignment_summary: Mapping[str, float | int | str] = field(default_factory=dict)
    """Rows, effective number of sequences, mean coverage and source of the alignment."""
    violations: Mapping[str, Any] | None = None
    """Counts of clashes and of bonds, angles and hands out of bounds; None if they were not counted."""
    warnings: tuple[str, ...] = ()
    """What the reader should know: letters replaced, rows dropped, …"""

    def __post_init__(self) -> None:
        residues = len(self.sequence)
        expected = {
            "aatype": (residues,),
            "residue_index": (residues,),
            "atom_positions": (residues, len(ATOM_TYPES), 3),
            "atom_mask": (residues, len(ATOM_TYPES)),
            "plddt": (residues,),
            "pae": (residues, residues),
        }
        for name, shape in expected.items():
            value = getattr(self, name)
            if value is not None and value.shape != shape:
                raise ValueError(f"{name} of {residues} residues must have shape {shape}: {value.shape}")
        present = self.atom_positions[self.atom_mask >= 0.5]
        pae = np.zeros(0) if self.pae is None else self.pae
        if not (np.isfinite(present).all() and np.isfinite(self.plddt).all() and np.isfinite(pae).all()):
            raise ScimlError(f"{self.model_name} with seed {self.seed} gave numbers that are not finite")

    @property
    def mean_plddt(self) -> float:
        """Mean of pLDDT over the residues, 0-100."""
        return float(np.mean(self.plddt))

    @property
    def mean_pae(self) -> float | None:
        """Mean of the aligned error over all pairs, Å; None if the network has no such head."""
        return None if self.pae is None else float(np.mean(self.pae))

    def ranking_score(self, by: RankingMeasure = "plddt") -> float:
        """The number that predictions of one record are ranked by, larger is better.

        Args:
            by: `plddt`, the mean over the residues (0-100), or `ptm` (0-1).

        Raises:
            SettingsError: another measure, or pTM of a network without that head.
        """
        if by == "plddt":
            return self.mean_plddt
        if by != "ptm":
            raise SettingsError(f"predictions are ranked by plddt or ptm, not by {by!r}")
        if self.ptm is None:
            raise SettingsError(f"{self.model_name} has no head for pTM: rank by plddt")
        return self.ptm

    def atoms(self) -> ProteinAtoms:
        """The structure as one chain A, B-factors being pLDDT."""
        return ProteinAtoms.of_one_chain(
            self.atom_positions,
            self.atom_mask,
            self.aatype,
            self.plddt.astype(np.float32),
            self.residue_index,
        )


def rank(predictions: list[Prediction], by: RankingMeasure = "plddt") -> list[Prediction]:
    """The predictions of one record, best first; equals keep their order.

    Raises:
        SettingsError: as `Prediction.ranking_score`.
    """
    return sorted(predictions, key=lambda prediction: prediction.ranking_score(by), reverse=True)

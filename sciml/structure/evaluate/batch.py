"""Models of one target, laid over the same residues of it, with what several families of scores share.

The superposition and lDDT are computed once, when they are first asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX
from sciml.errors import SettingsError
from sciml.structure.evaluate.matching import Matched
from sciml.structure.scores.gdt import SuperpositionScores, superposition_scores
from sciml.structure.scores.lddt import RADIUS_ANGSTROM, THRESHOLDS_ANGSTROM, LddtScores, lddt

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

CA = ATOM_INDEX["CA"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a prediction says of itself, over the target's residues; NaN where the model has no residue."""

    plddt: Array | None = None
    """(res,), 0-1."""
    pae: Array | None = None
    """(res i, res j), Å: error of j when superposed on i."""
    ptm: float | None = None
    """0-1."""
    distogram: Array | None = None
    """(res, res, bin), probabilities."""
    distogram_edges: Array | None = None
    """(bin - 1,), Å."""


@dataclass(frozen=True)
class LddtSettings:
    """Which distances lDDT compares, and when they are preserved."""

    radius: float = RADIUS_ANGSTROM
    """Inclusion radius, Å."""
    thresholds: tuple[float, ...] = THRESHOLDS_ANGSTROM
    """Å; the score is the mean over them."""

    def __post_init__(self) -> None:
        numbers = np.array([self.radius, *self.thresholds], np.float64)
        if not np.isfinite(numbers).all() or not self.thresholds or not (numbers > 0).all():
            raise SettingsError(
                f"lDDT needs a radius and thresholds above 0 Å: {self.radius}, {self.thresholds}"
            )


@dataclass(frozen=True, eq=False)
class Batch:
    """Models of one target over the same residues of it."""

    target: ProteinAtoms
    """The residues that are compared."""
    positions: Array
    """(model, res, 37, 3), Å."""
    mask: Array
    """(model, res, 37)."""
    aatype: Integers
    """(model, res), the models' residue types."""
    evidence: tuple[Evidence, ...]
    """What each model says of itself."""
    chains: tuple[ProteinAtoms, ...]
    """The whole chains of each model that were laid over the target, matched residues and others."""
    lddt_settings: LddtSettings = field(default_factory=LddtSettings)
    """Of both lDDT scores, but for the truth that pLDDT is compared with."""

    @staticmethod
    def of(
        matched: Sequence[Matched],
        evidence: Sequence[Evidence],
        chains: Sequence[ProteinAtoms],
        lddt_settings: LddtSettings | None = None,
    ) -> "Batch":
        """Matched models of equal targets."""
        return Batch(
            target=matched[0].target,
            positions=np.stack([one.positions for one in matched]),
            mask=np.stack([one.mask for one in matched]),
            aatype=np.stack([one.aatype for one in matched]),
            evidence=tuple(evidence),
            chains=tuple(chains),
            lddt_settings=lddt_settings or LddtSettings(),
        )

    def only(self, model: int) -> "Batch":
        """One model of the batch."""
        one = slice(model, model + 1)
        return replace(
            self,
            positions=self.positions[one],
            mask=self.mask[one],
            aatype=self.aatype[one],
            evidence=self.evidence[one],
            chains=self.chains[one],
        )

    @cached_property
    def target_ca_known(self) -> NDArray[np.bool_]:
        """(res,), residues of the target with a Cα."""
        return self.target.mask[:, CA] >= 0.5

    @cached_property
    def ca_known(self) -> NDArray[np.bool_]:
        """(model, res), residues whose Cα model and target have."""
        return (self.mask[..., CA] >= 0.5) & self.target_ca_known

    @cached_property
    def chain_index(self) -> Integers:
        """(res,), number of each residue's chain."""
        numbers = {chain: number for number, chain in enumerate(dict.fromkeys(self.target.chain_ids))}
        return np.array([numbers[chain] for chain in self.target.chain_ids], np.int64)

    @cached_property
    def superposition(self) -> SuperpositionScores:
        """Scores by superposition on the Cα atoms, divided by the residues of the target that have one."""
        return superposition_scores(
            self.positions[..., CA, :],
            self.ca_known.astype(np.float64),
            self.target.positions[:, CA].astype(np.float64),
            target_residues=max(1, int(self.target_ca_known.sum())),
        )

    @cached_property
    def lddt_ca(self) -> LddtScores:
        """lDDT of Cα atoms, no check of stereochemistry."""
        return self._lddt("ca", self.lddt_settings, stereochemistry=False)

    @cached_property
    def published_lddt_ca(self) -> LddtScores:
        """lDDT of Cα atoms by the published radius and thresholds: what pLDDT predicts."""
        published = LddtSettings()
        if self.lddt_settings == published:
            return self.lddt_ca
        return self._lddt("ca", published, stereochemistry=False)

    @cached_property
    def lddt_all(self) -> LddtScores:
        """lDDT of all heavy atoms, with the checks."""
        return self._lddt("all", self.lddt_settings, stereochemistry=True)

    def _lddt(self, atoms: str, settings: LddtSettings, *, stereochemistry: bool) -> LddtScores:
        return lddt(
            self.positions,
            self.mask,
            self.target.positions,
            self.target.mask,
            self.target.aatype,
            residue_index=self.target.residue_index,
            chain_index=self.chain_index,
            model_aatype=self.aatype,
            radius=settings.radius,
            thresholds=settings.thresholds,
            stereochemistry=stereochemistry,
            atoms="ca" if atoms == "ca" else "all",
        )

    @cached_property
    def superposed_ca(self) -> Array:
        """(model, res, 3), Å, on the target as TM-score superposes them; NaN where there is no Cα."""
        fit = self.superposition
        moved = np.einsum("mij,mrj->mri", fit.rotation, self.positions[..., CA, :])
        moved += fit.translation[:, None]
        return np.where(self.mask[..., CA, None] >= 0.5, moved, np.nan)

"""Families of scores of what a prediction says of itself: confidence, distogram; NaN where it is silent."""

import math

import numpy as np

from sciml.structure.evaluate.batch import Batch
from sciml.structure.evaluate.coordinate_families import Figures, columns
from sciml.structure.scores.confidence import (
    LARGEST_ERROR_ANGSTROM,
    aligned_error,
    pae_agreement,
    plddt_agreement,
)
from sciml.structure.scores.contacts import CONTACT_ANGSTROM, beta_positions, contact_scores
from sciml.structure.scores.distogram import distogram_scores

_SHOWN_CONTACTS = ("precision_long_l5", "precision_long_l", "auprc_long")
_BINS = 10


def confidence(batch: Batch) -> Figures:
    """pLDDT against lDDT-Cα, aligned error against the true one, pTM against TM."""
    rows = []
    for number, evidence in enumerate(batch.evidence):
        row: dict[str, float] = {}
        if evidence.plddt is not None:
            true = batch.published_lddt_ca.residue[number]
            found = plddt_agreement(evidence.plddt.clip(0, 1), true, _BINS)
            known = evidence.plddt[np.isfinite(evidence.plddt)]
            row |= {
                "plddt": float(known.mean()) if len(known) else math.nan,
                "plddt_pearson": found.pearson,
                "plddt_spearman": found.spearman,
                "plddt_error": found.reliability.expected_error,
            }
        if evidence.pae is not None:
            own = slice(number, number + 1)
            error = aligned_error(
                batch.positions[own], batch.mask[own], batch.target.positions, batch.target.mask
            )[0]
            agreement = pae_agreement(evidence.pae, error, LARGEST_ERROR_ANGSTROM)
            row |= {"pae_spearman": agreement.spearman, "pae_mean_error": agreement.mean_error}
        if evidence.ptm is not None:
            row |= {
                "ptm": evidence.ptm,
                "ptm_difference": evidence.ptm - batch.superposition.tm_score[number],
            }
        rows.append(row)
    return columns(rows)


def distogram(batch: Batch) -> Figures:
    """Distances and contacts read from distograms."""
    beta, known = beta_positions(batch.target.positions, batch.target.mask, batch.target.aatype)
    numbers = batch.target.residue_index
    rows = []
    for evidence in batch.evidence:
        row: dict[str, float] = {}
        if evidence.distogram is not None and evidence.distogram_edges is not None:
            found = distogram_scores(
                evidence.distogram,
                evidence.distogram_edges,
                beta,
                known,
                numbers,
                chain_index=batch.chain_index,
            )
            row = {"distogram_lddt": found.lddt, "distogram_log_likelihood": found.log_likelihood}
            below = np.append(evidence.distogram_edges <= CONTACT_ANGSTROM, False)
            contacts = contact_scores(
                evidence.distogram[..., below].sum(-1), beta, known, numbers, chain_index=batch.chain_index
            ).figures()
            row |= {f"distogram_{name}": contacts[name] for name in _SHOWN_CONTACTS}
        rows.append(row)
    return columns(rows)

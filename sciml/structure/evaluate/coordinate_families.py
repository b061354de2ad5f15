"""Families of scores that compare coordinates, and those that look at a model alone.

One function a family, from a `Batch` to figures by name (`catalogue.py`), each (model,). The definitions are
those of `sciml.structure.scores`; here is decided only which arrays they get.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.structure.evaluate.batch import CA, Array, Batch, Integers
from sciml.structure.scores.cad import cad_scores
from sciml.structure.scores.contacts import (
    beta_positions,
    contact_scores,
    listed_probabilities,
    structure_closeness,
)
from sciml.structure.scores.gdc import gdc_sc
from sciml.structure.scores.geometry import geometry_report
from sciml.structure.scores.rmsd import rmsd_scores
from sciml.structure.scores.secondary_structure import assign_secondary_structure
from sciml.structure.scores.state_agreement import q3, q8
from sciml.structure.scores.tm_align import FEWEST_RESIDUES, align_structures

Figures = dict[str, Array]

_GEOMETRY = (
    *("clashscore", "ramachandran_outliers", "ramachandran_favoured"),
    *("bond_outliers", "angle_outliers", "chirality_errors", "cis_peptides", "backbone_score"),
)

_TM_ALIGN = ("tm_align", "tm_align_model", "tm_align_residues", "tm_align_rmsd", "tm_align_identity")


def gdt(batch: Batch) -> Figures:
    """GDT_TS and GDT_HA."""
    return {"gdt_ts": batch.superposition.gdt_ts, "gdt_ha": batch.superposition.gdt_ha}


def tm(batch: Batch) -> Figures:
    """TM-score by matched residues."""
    return {"tm_score": batch.superposition.tm_score}


def maxsub(batch: Batch) -> Figures:
    """MaxSub."""
    return {"maxsub": batch.superposition.maxsub}


def rmsd(batch: Batch) -> Figures:
    """RMSD of Cα, backbone and all heavy atoms that both have."""
    found = rmsd_scores(*_compared(batch))
    return {"rmsd_ca": found.ca, "rmsd_backbone": found.backbone, "rmsd_all": found.all_atom}


def gdc(batch: Batch) -> Figures:
    """GDC_SC."""
    return {"gdc_sc": gdc_sc(*_compared(batch))}


def _compared(batch: Batch) -> tuple[Array, Array, Array, Array, Integers]:
    """Positions and masks of models and target, and the target's types."""
    positions, mask = (array.astype(np.float64) for array in (batch.target.positions, batch.target.mask))
    return batch.positions, batch.mask, positions, mask, batch.target.aatype


def lddt_all(batch: Batch) -> Figures:
    """lDDT of all heavy atoms."""
    return {"lddt": batch.lddt_all.model}


def lddt_ca(batch: Batch) -> Figures:
    """lDDT of Cα atoms."""
    return {"lddt_ca": batch.lddt_ca.model}


def cad(batch: Batch) -> Figures:
    """CAD-score over all contacts."""
    found = cad_scores(
        batch.positions,
        batch.mask,
        batch.target.positions,
        batch.target.mask,
        batch.target.aatype,
        residue_index=batch.target.residue_index,
        chain_index=batch.chain_index,
        model_aatype=batch.aatype,
    )
    return {"cad": found.model}


def tm_align(batch: Batch) -> Figures:
    """Structural alignment of the whole chain of the model with the target; NaN below six residues."""
    target, target_sequence = _known_ca(batch.target)
    found = []
    for chain in batch.chains:
        mobile, sequence = _known_ca(chain)
        if min(len(target), len(mobile)) < FEWEST_RESIDUES:
            found.append(dict.fromkeys(_TM_ALIGN, math.nan))
            continue
        one = align_structures(mobile, target, sequence, target_sequence)
        figures = (one.tm_target, one.tm_mobile, float(one.aligned), one.rmsd, one.identity)
        found.append(dict(zip(_TM_ALIGN, figures, strict=True)))
    return columns(found)


def _known_ca(atoms: ProteinAtoms) -> tuple[Array, str]:
    """Positions (res, 3) and letters of the residues with a Cα."""
    known = atoms.mask[:, CA] >= 0.5
    letters = "".join(letter for letter, is_there in zip(atoms.sequence, known, strict=True) if is_there)
    return atoms.positions[known, CA].astype(np.float64), letters


def contacts(batch: Batch) -> Figures:
    """Contacts read from the models' Cβ distances."""
    beta, known = beta_positions(batch.target.positions, batch.target.mask, batch.target.aatype)
    found = [
        contact_scores(
            structure_closeness(positions, mask, aatype),
            beta,
            known,
            batch.target.residue_index,
            chain_index=batch.chain_index,
            length=max(1, int(known.sum())),
        ).figures()
        for positions, mask, aatype in zip(batch.positions, batch.mask, batch.aatype, strict=True)
    ]
    return columns(found)


def listed_contacts(target: ProteinAtoms, pairs: Integers, probabilities: Array) -> dict[str, float]:
    """Figures of a list of contacts by residue number, as CASP's RR files have them.

    Args:
        target: one chain.
        pairs: (pair, 2), residue numbers.
        probabilities: (pair,).

    Raises:
        InputError: two residues of the target have one number.
    """
    beta, known = beta_positions(target.positions, target.mask, target.aatype)
    first, second = np.asarray(pairs).reshape(-1, 2).T
    listed = listed_probabilities(first, second, probabilities, target.residue_index)
    length = max(1, int(known.sum()))
    return contact_scores(listed, beta, known, target.residue_index, length=length).figures()


def geometry(batch: Batch) -> Figures:
    """Counts over the residues that were compared; NaN for what cannot be measured."""
    found = []
    for positions, mask, aatype in zip(batch.positions, batch.mask, batch.aatype, strict=True):
        there = np.flatnonzero((mask >= 0.5).any(-1))
        report = geometry_report(
            positions[there],
            mask[there],
            aatype[there],
            batch.target.residue_index[there],
            [batch.target.chain_ids[residue] for residue in there],
        )
        values = {name: getattr(report, name, None) for name in _GEOMETRY}
        values["bond_outliers"] = _share(report.bond_outliers_4, report.bonds)
        values["angle_outliers"] = _share(report.angle_outliers_4, report.angles)
        found.append({name: math.nan if value is None else float(value) for name, value in values.items()})
    return columns(found)


def _share(count: int | None, total: int) -> float | None:
    return None if count is None else count / max(total, 1)


def secondary(batch: Batch) -> Figures:
    """Agreement of the model's secondary structure with the target's, by our own assignment of both."""
    own = batch.target
    reference = assign_secondary_structure(
        own.positions, own.mask, own.chain_ids, own.residue_index, own.aatype
    ).eight
    found = []
    for positions, mask, aatype in zip(batch.positions, batch.mask, batch.aatype, strict=True):
        states = assign_secondary_structure(positions, mask, own.chain_ids, own.residue_index, aatype).eight
        found.append({"q3": q3(states, reference), "q8": q8(states, reference)})
    return columns(found)


def columns(rows: Sequence[Mapping[str, float]]) -> Figures:
    """Figures of single models as arrays; NaN where a model lacks one."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([row.get(name, np.nan) for row in rows], np.float64) for name in names}

"""Writer of predicted structures as ModelCIF.

ModelCIF is mmCIF with categories for computed models: what was modelled, by which software and steps, and how
sure the method is of each residue (`_ma_qa_metric_local`, here pLDDT).

Source: Vallat et al., J. Mol. Biol. 435:168021 (2023); dictionary mmcif_ma.dic 1.4.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciml.data.cif import CifValue, cif_block_name, cif_loop, cif_pairs
from sciml.data.cif_coordinates import (
    Entities,
    format_atom_sites,
    format_components,
    format_polymers,
    number_entities,
)
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import RESIDUE_NAMES
from sciml.errors import InputError
from sciml.runs.files import atomic_write_text

DICTIONARY_VERSION = "1.4.9"
_TARGET, _ALIGNMENT, _MODEL = 1, 2, 3  # identifiers of the data items that the protocol reads and writes
_MEAN_PLDDT, _LOCAL_PLDDT, _PTM = 1, 2, 3  # identifiers of the quality metrics


@dataclass(frozen=True)
class ModelRecord:
    """What ModelCIF says about a model besides its coordinates."""

    entry_id: str
    """Identifier of the file, letters, digits, `_`, `.` and `-`."""
    title: str
    """One sentence: what was modelled."""
    details: str
    """How far the model may be trusted, in words."""
    plddt: NDArray[np.float32]
    """(res,), 0-100."""
    ptm: float | None
    """Predicted TM-score, where the network gives one."""
    software_version: str
    """Version of sciml."""
    parameters: tuple[tuple[str, str | int | float | bool], ...]
    """Settings of the software that made the model, among them the seed and the digest of its weights."""
    has_msa: bool
    """Whether an alignment was searched for or given."""


def format_modelcif(atoms: ProteinAtoms, record: ModelRecord) -> str:
    """The text of a ModelCIF file with one model.

    Args:
        atoms: coordinates; one entity for each different sequence, one asymmetric unit for each chain.
        record: provenance and confidence.

    Raises:
        InputError: there is no residue, a coordinate is not finite, or pLDDT is not given for each residue.
    """
    spans = atoms.chain_spans()
    if not spans:
        raise InputError("a structure without residues cannot be written")
    if len(record.plddt) != len(atoms.aatype):
        raise InputError(f"pLDDT of {len(record.plddt)} residues for a structure of {len(atoms.aatype)}")
    if not np.isfinite(atoms.positions[atoms.mask >= 0.5]).all() or not np.isfinite(record.plddt).all():
        raise InputError("a coordinate or a pLDDT is not a finite number")
    entities = number_entities(atoms)
    return "".join(
        [
            f"data_{cif_block_name(record.entry_id)}\n#\n",
            _header(record),
            _software(record),
            format_components(atoms),
            format_polymers(atoms, entities),
            _data_and_protocol(record, entities),
            _quality(atoms, record),
            format_atom_sites(atoms, entities),
        ]
    )


def write_modelcif(path: str | os.PathLike[str], atoms: ProteinAtoms, record: ModelRecord) -> Path:
    """Write a ModelCIF file, as a whole or not at all; errors as `format_modelcif` and those of the disk.

    Returns:
        `path` as a `Path`.
    """
    return atomic_write_text(path, format_modelcif(atoms, record))


def _header(record: ModelRecord) -> str:
    return (
        cif_pairs("entry", {"id": record.entry_id})
        + cif_pairs(
            "struct",
            {
                "entry_id": record.entry_id,
                "title": record.title,
                "pdbx_model_details": record.details,
                "pdbx_structure_determination_methodology": "computational",
            },
        )
        + cif_pairs("audit_conform", {"dict_name": "mmcif_ma.dic", "dict_version": DICTIONARY_VERSION})
    )


def _software(record: ModelRecord) -> str:
    """The program, and its settings for this model."""
    types: dict[type, str] = {bool: "boolean", int: "integer", float: "float"}
    settings: list[tuple[CifValue, ...]] = []
    for index, (name, value) in enumerate(record.parameters, start=1):
        written = ("YES" if value else "NO") if isinstance(value, bool) else str(value)
        settings.append((index, 1, types.get(type(value), "string"), name, written, None))
    program = (
        1,
        "sciml",
        "model building",
        "Protein structure prediction",
        record.software_version,
        "package",
    )
    return (
        cif_loop(
            "software",
            ("pdbx_ordinal", "name", "classification", "description", "version", "type"),
            [program],
        )
        + cif_loop(
            "ma_software_parameter",
            ("parameter_id", "group_id", "data_type", "name", "value", "description"),
            settings,
        )
        + cif_loop(
            "ma_software_group",
            ("ordinal_id", "group_id", "software_id", "parameter_group_id"),
            [(1, 1, 1, 1 if settings else None)],
        )
    )


def _data_and_protocol(record: ModelRecord, entities: Entities) -> str:
    """The target, the alignment, the model, and the steps from one to the next."""
    data: list[tuple[CifValue, ...]] = [(_TARGET, "sequence", "target")]
    groups: list[tuple[CifValue, ...]] = [(1, 1, _TARGET)]
    steps: list[tuple[CifValue, ...]] = []
    if record.has_msa:
        data.append((_ALIGNMENT, "alignment of homologous sequences", "coevolution MSA"))
        groups += [(2, 2, _TARGET), (3, 2, _ALIGNMENT), (4, 3, _ALIGNMENT)]
        steps.append(
            (1, 1, 1, "coevolution MSA", "alignment", "Homologous sequences aligned to the target", 1, 1, 3)
        )
    data.append((_MODEL, "predicted structure", "model coordinates"))
    groups.append((len(groups) + 1, 4, _MODEL))
    order = len(steps) + 1
    made_from = 2 if record.has_msa else 1
    steps.append((order, 1, order, "modeling", "structure prediction", record.details, 1, made_from, 4))
    return (
        cif_loop("ma_data", ("id", "name", "content_type"), data)
        + cif_loop("ma_data_group", ("ordinal_id", "group_id", "data_id"), groups)
        + cif_loop(
            "ma_target_entity",
            ("entity_id", "data_id", "origin"),
            [
                (number, _TARGET, "designed") for number in entities.values()
            ],  # not taken from a reference database
        )
        + cif_loop(
            "ma_protocol_step",
            (
                *("ordinal_id", "protocol_id", "step_id", "method_type", "step_name", "details"),
                *("software_group_id", "input_data_group_id", "output_data_group_id"),
            ),
            steps,
        )
        + cif_loop(
            "ma_model_list",
            ("ordinal_id", "model_name", "data_id", "model_type"),
            [(1, record.title, _MODEL, "Ab initio model")],
        )
        + cif_loop("ma_model_group", ("id", "name"), [(1, "models")])
        + cif_loop("ma_model_group_link", ("group_id", "model_id"), [(1, 1)])
    )


def _quality(atoms: ProteinAtoms, record: ModelRecord) -> str:
    """pLDDT of the model and of each residue, and pTM."""
    metrics = [
        (_MEAN_PLDDT, "pLDDT", "mean predicted lDDT-CA, 0-100", "pLDDT", "global", 1),
        (_LOCAL_PLDDT, "pLDDT", "predicted lDDT-CA of a residue, 0-100", "pLDDT", "local", 1),
    ]
    values = [(1, 1, _MEAN_PLDDT, f"{float(np.mean(record.plddt)):.2f}")]
    if record.ptm is not None:
        metrics.append((_PTM, "pTM", "predicted TM-score, 0-1", "pTM", "global", 1))
        values.append((2, 1, _PTM, f"{record.ptm:.3f}"))
    local = [
        (
            residue + 1,
            1,
            chain,
            residue - start + 1,
            RESIDUE_NAMES[atoms.aatype[residue]],
            _LOCAL_PLDDT,
            f"{plddt:.2f}",
        )
        for chain, start, stop in atoms.chain_spans()
        for residue, plddt in zip(range(start, stop), record.plddt[start:stop].tolist(), strict=True)
    ]
    return (
        cif_loop("ma_qa_metric", ("id", "name", "description", "type", "mode", "software_group_id"), metrics)
        + cif_loop("ma_qa_metric_global", ("ordinal_id", "model_id", "metric_id", "metric_value"), values)
        + cif_loop(
            "ma_qa_metric_local",
            (
                *("ordinal_id", "model_id", "label_asym_id", "label_seq_id", "label_comp_id"),
                *("metric_id", "metric_value"),
            ),
            local,
        )
    )

"""Writes the predictions of a record into the run's folder, structures first and pictures last.

Files of the record NAME, RANK being `rank_001_MODEL_seed_000`:

    NAME_unrelaxed_RANK.pdb, .cif        coordinates, B-factor = pLDDT (ModelCIF with pLDDT as quality metric)
    NAME_relaxed_RANK.pdb, .cif          the same after relaxation, where that was asked for
    NAME_scores_RANK.json                plddt, pae, max_pae, ptm, violations, parameters
    NAME_predicted_aligned_error_v1.json aligned error of the best, as in the AlphaFold database
    NAME_distogram_RANK.npz              logits and bin edges
    NAME.a3m                             the alignment that was used
    NAME_provenance.json                 parameters, seeds, versions, device, times, settings, input digest
    NAME_plddt.png, _pae.png, _coverage.png, _structure.png
    TARGETTS_models.txt, TARGETRR_contacts.txt, TARGETQA_estimates.txt for a target of CASP (`casp_output.py`)

Each file is written as a whole or not at all (`runs/files.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sciml.data.a3m import format_a3m
from sciml.data.alignment import Alignment
from sciml.data.casp_header import CaspHeader
from sciml.data.residue_constants import ATOM_INDEX
from sciml.errors import InputError
from sciml.runs.files import atomic_write_bytes, atomic_write_text
from sciml.runs.folder import format_json
from sciml.structure import output_files
from sciml.structure.output_files import State
from sciml.structure.prediction import Prediction

_SHARED_STAGE = "msa"  # of `Prediction.seconds`


@dataclass(frozen=True)
class OutputOptions:
    """Which files are written besides PDB files and scores."""

    cif: bool = True
    """ModelCIF files."""
    figures: bool = True
    """PNG figures."""
    distograms: Literal["best", "all", "none"] = "best"
    """Distograms of the best prediction, of all, or of none; they grow with the square of the length."""
    casp: CaspHeader | None = None
    """Target and author of a CASP prediction, for files in CASP's formats (`casp_output.py`); None: no such
    files."""


@dataclass(frozen=True)
class Written:
    """What was written."""

    files: tuple[Path, ...]
    """In the order of writing."""
    warnings: tuple[str, ...] = ()
    """What could not be written, and why."""


def write_predictions(
    predictions: Sequence[Prediction],
    folder: Path,
    *,
    alignment: Alignment | None = None,
    provenance: Mapping[str, Any] | None = None,
    digest: str = "",
    options: OutputOptions | None = None,
) -> Written:
    """Write everything about the predictions of one record.

    Args:
        predictions: of one record, best first; at least one.
        folder: an existing folder.
        alignment: what the network was given; the query alone when None.
        provenance: as `gather_provenance` returns it.
        digest: of everything that decided the result.
        options: which files; the defaults when None.

    Returns:
        The files, and warnings about those that a format cannot hold (the others are written all the same).

    Raises:
        ValueError: no prediction, or predictions of several records.
        OSError: the folder cannot be written.
    """
    if not predictions or len({prediction.name for prediction in predictions}) != 1:
        raise ValueError("write_predictions takes the predictions of one record, at least one")
    options = options or OutputOptions()
    files: list[Path] = []
    warnings: list[str] = []
    for rank, prediction in enumerate(predictions, start=1):
        structure = write_structure(prediction, rank, folder, cif=options.cif)
        files += structure.files
        warnings += structure.warnings
        path = folder / f"{prediction.name}_scores_{output_files.tag(prediction, rank)}.json"
        files.append(atomic_write_text(path, output_files.scores_text(prediction, rank, structure.warnings)))
    files += _write_record_files(predictions, folder, alignment, provenance, digest)
    files += _write_distograms(predictions, folder, options)
    if options.figures:
        files += _write_figures(predictions, folder, alignment)
    return Written(tuple(files), tuple(warnings))


def write_structure(
    prediction: Prediction, rank: int, folder: Path, *, state: State = "unrelaxed", cif: bool = True
) -> Written:
    """Write the coordinates of one prediction; a structure too large for the PDB format goes into ModelCIF.

    Args:
        prediction: with the coordinates to write, relaxed ones if that is the state.
        rank: 1 for the best.
        folder: an existing folder.
        state: first word of the file name after that of the record.
        cif: whether ModelCIF is wanted too; it is written anyhow when the PDB format is too small.
    """
    stem = folder / f"{prediction.name}_{state}_{output_files.tag(prediction, rank)}"
    files, warnings = [], []
    try:
        text = output_files.pdb_text(prediction, rank, state)
    except InputError as error:
        warnings.append(f"no PDB file for rank {rank}: {error}")
    else:
        files.append(atomic_write_text(stem.with_name(stem.name + ".pdb"), text))
    if cif or warnings:
        cif_path = stem.with_name(stem.name + ".cif")
        files.append(atomic_write_text(cif_path, output_files.cif_text(prediction, rank, state)))
    return Written(tuple(files), tuple(warnings))


def summary_values(predictions: Sequence[Prediction]) -> dict[str, str | int | float | None]:
    """The columns of `summary.csv` for a record: those of its best prediction and the time of all."""
    best = predictions[0]
    alignment, violations = best.alignment_summary, best.violations or {}
    return {
        "length": len(best.sequence),
        "models": len(predictions),
        "best_model": best.model_name,
        "seed": best.seed,
        "mean_plddt": output_files.rounded(best.mean_plddt),
        "ptm": output_files.rounded(best.ptm, 3),
        "mean_pae": output_files.rounded(best.mean_pae),
        "recycles": best.recycles,
        **{f"msa_{name}": value for name, value in alignment.items()},
        **{f"violations_{name}": value for name, value in violations.items()},
        "seconds": output_files.rounded(_total_seconds(predictions)),
        "parameters": best.parameters.name,
        "parameters_trained": "yes" if best.parameters.trained else "no",
        "parameters_sha256": best.parameters.sha256,
    }


def _total_seconds(predictions: Sequence[Prediction]) -> float:
    """Time of a record: its alignment, which all predictions share, and the other stages of each."""
    alignment = max(one.seconds.get(_SHARED_STAGE, 0.0) for one in predictions)
    stages = [
        seconds for one in predictions for stage, seconds in one.seconds.items() if stage != _SHARED_STAGE
    ]
    return alignment + sum(stages)


def _write_record_files(
    predictions: Sequence[Prediction],
    folder: Path,
    alignment: Alignment | None,
    provenance: Mapping[str, Any] | None,
    digest: str,
) -> list[Path]:
    """What there is once for each record: aligned error of the best, alignment, provenance."""
    best, files = predictions[0], []
    if best.pae is not None and best.max_pae is not None:
        path = folder / f"{best.name}_predicted_aligned_error_v1.json"
        files.append(atomic_write_text(path, output_files.afdb_pae_text(best.pae, best.max_pae)))
    used = alignment or Alignment.of_query(best.sequence, best.record_id)
    files.append(atomic_write_text(folder / f"{best.name}.a3m", format_a3m(used)))
    values = _provenance_values(predictions, provenance or {}, digest)
    files.append(atomic_write_text(folder / f"{best.name}_provenance.json", format_json(values)))
    return files


def _provenance_values(
    predictions: Sequence[Prediction], provenance: Mapping[str, Any], digest: str
) -> dict[str, Any]:
    best = predictions[0]
    return {
        "record": best.record_id,
        "sequence": best.sequence,
        "input_digest": digest,
        "alignment": dict(best.alignment_summary),
        "predictions": [
            {
                "rank": rank,
                "model": one.model_name,
                "seed": one.seed,
                "parameters": output_files.source_values(one),
                "recycles": one.recycles,
                "converged_at": one.converged_at,
                "seconds": {stage: output_files.rounded(value, 3) for stage, value in one.seconds.items()},
            }
            for rank, one in enumerate(predictions, start=1)
        ],
        **provenance,
    }


def _write_distograms(predictions: Sequence[Prediction], folder: Path, options: OutputOptions) -> list[Path]:
    wanted = {"best": predictions[:1], "all": predictions, "none": ()}[options.distograms]
    return [
        atomic_write_bytes(
            folder / f"{one.name}_distogram_{output_files.tag(one, rank)}.npz",
            output_files.distogram_bytes(one),
        )
        for rank, one in enumerate(wanted, start=1)
        if one.distogram_logits is not None
    ]


def _write_figures(
    predictions: Sequence[Prediction], folder: Path, alignment: Alignment | None
) -> list[Path]:
    from sciml.report import figures  # matplotlib: only when a figure is wanted

    best = predictions[0]
    note = output_files.figure_note(best)
    labels = [f"rank {rank}: {one.model_name}, seed {one.seed}" for rank, one in enumerate(predictions, 1)]
    title = best.record_id
    pictures = {"plddt": figures.plddt_figure([one.plddt for one in predictions], labels, title, note)}
    if best.pae is not None and best.max_pae is not None:
        paes = [one.pae for one in predictions if one.pae is not None]
        ptm = "" if best.ptm is None else f", pTM {best.ptm:.2f}"
        pictures["pae"] = figures.pae_figure(paes, labels[: len(paes)], best.max_pae, f"{title}{ptm}", note)
    used = alignment or Alignment.of_query(best.sequence, best.record_id)
    pictures["coverage"] = figures.coverage_figure(used, title, note)
    ca = np.where(
        best.atom_mask[:, ATOM_INDEX["CA"], None] >= 0.5, best.atom_positions[:, ATOM_INDEX["CA"]], np.nan
    )
    if figures.can_be_drawn(ca):
        heading = f"{title}: mean pLDDT {best.mean_plddt:.1f}"
        pictures["structure"] = figures.structure_picture(ca, best.plddt, heading, note)
    return [atomic_write_bytes(folder / f"{best.name}_{kind}.png", png) for kind, png in pictures.items()]

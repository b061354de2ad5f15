"""Many records through search, network and output; one bad record never stops the others.

Each record ends as a line of the manifest. A record whose files are there under the same digest of sequence,
alignment source, settings and parameters is not done again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sciml.data.alignment import Alignment
from sciml.data.sequence_database import SequenceDatabase
from sciml.data.sequences import SequenceBatch, SequenceRecord
from sciml.errors import InputError, ScimlError, SettingsError
from sciml.runs.cache import content_key
from sciml.runs.files import atomic_write_text
from sciml.runs.folder import RecordOutcome, RunFolder, format_json
from sciml.runs.provenance import gather_provenance
from sciml.structure import output_files
from sciml.structure.batch_messages import device_name, unknown_residues, verdict
from sciml.structure.casp_output import write_casp
from sciml.structure.jackhmmer import SearchSettings
from sciml.structure.msa import find_msa, load_msa
from sciml.structure.network import Network, PredictSettings
from sciml.structure.outputs import OutputOptions, summary_values, write_predictions, write_structure
from sciml.structure.predict import Progress, predict_record
from sciml.structure.prediction import Prediction
from sciml.structure.relax import relax
from sciml.structure.search import search
from sciml.structure.violations import count_violations

Say = Callable[[str], None]
"""Takes a line for the user."""


@dataclass(frozen=True)
class BatchSettings:
    """Everything about a batch but its records and parameters."""

    predict: PredictSettings
    """Passes, seeds, ranking."""
    outputs: OutputOptions
    """Which files are written."""
    databases: tuple[SequenceDatabase, ...] = ()
    """FASTA databases that are searched in this order; none: no search."""
    caps: tuple[int, ...] | None = None
    """Most rows of each database; None takes the defaults."""
    search: SearchSettings = field(default_factory=SearchSettings)
    """Thresholds of the search."""
    msa: Path | None = None
    """Alignment of the one record, or a folder with `<id>.a3m` or `<id>.sto` for each."""
    relax: Literal["none", "torch"] = "none"
    """Whether violations are minimised afterwards."""
    force: bool = False
    """Do records again that are finished."""

    def __post_init__(self) -> None:
        if self.msa is not None and self.databases:
            raise SettingsError("--msa and --db exclude each other: an alignment is read or searched for")
        if self.relax not in ("none", "torch"):
            raise SettingsError(f"relaxation is none or torch, not {self.relax!r}")


class BatchPrediction:
    """Predicts the records of a batch into a folder.

    Args:
        batch: records and refusals.
        networks: parameter sets, each run on each record.
        settings: of the batch.
        folder: output folder; made if it is not there.
        say: takes a line for each event.
        on_pass: called after each pass of a network.

    Raises:
        SettingsError: one alignment file for several records; ranking by pTM with a network that has no such
            head.
        InputError: nothing is at the path of the alignments.
    """

    def __init__(
        self,
        batch: SequenceBatch,
        networks: Sequence[Network],
        settings: BatchSettings,
        folder: Path,
        say: Say,
        on_pass: Progress | None = None,
    ) -> None:
        if settings.msa is not None and not settings.msa.exists():
            raise InputError("no such file or folder of alignments", file=str(settings.msa))
        if settings.msa is not None and settings.msa.is_file() and len(batch.records) > 1:
            raise SettingsError(
                f"{settings.msa} is one alignment, the input has {len(batch.records)} records: "
                "give a folder with <id>.a3m for each"
            )
        for network in networks:
            if settings.predict.rank_by == "ptm" and not network.model.config.pae_head:
                raise SettingsError(f"{network.name} has no head for pTM: rank by plddt")
        self.batch, self.networks, self.settings = batch, networks, settings
        self.folder, self.say, self.on_pass = RunFolder(folder), say, on_pass

    def run(self) -> int:
        """Does every record.

        Returns:
            The exit code: 0 all done, 2 nothing usable, 3 some refused or failed.
        """
        self.folder.write_config(self._settings_values())
        self.folder.forget_skipped()
        for error in self.batch.refused:
            self.say(f"refused: {error}")
            name = error.record or error.file or "input"
            self.folder.record(RecordOutcome(name, "", "skipped", str(error)))
        for number, record in enumerate(self.batch.records, start=1):
            title = f"[{number}/{len(self.batch.records)}] {record.id}"
            try:
                self._one(record, title)
            except ScimlError as error:
                self.say(f"{title}: failed: {error}")
                self.folder.record(RecordOutcome(record.id, record.name, "failed", str(error)))
        code = self.folder.close()
        return code if self.batch.records else 2

    def _one(self, record: SequenceRecord, title: str) -> None:
        digest = self._digest(record)
        if not self.settings.force and (before := self.folder.finished(record.name, digest)) is not None:
            self.say(f"{title}: finished before, nothing to do")
            self.folder.record(before)
            return
        record = replace(record, warnings=(*record.warnings, *unknown_residues(record)))
        for warning in record.warnings:
            self.say(f"{title}: warning: {warning}")
        start = time.perf_counter()
        alignment, summary = self._alignment(record, title)
        msa_seconds = time.perf_counter() - start
        predictions = [
            replace(
                one,
                violations=count_violations(
                    one.aatype, one.atom_positions, one.atom_mask, one.residue_index
                ).to_dict(),
                alignment_summary=summary,
                warnings=record.warnings,
                seconds={"msa": msa_seconds, **one.seconds},
            )
            for one in self._predictions(record, alignment)
        ]
        written = write_predictions(
            predictions,
            self.folder.path,
            alignment=alignment,
            provenance=self._provenance(),
            digest=digest,
            options=self.settings.outputs,
        )
        final, relaxed_files = self._relaxed(predictions, title)
        files, warnings = [*written.files, *relaxed_files], [*written.warnings]
        if self.settings.outputs.casp is not None:
            casp = write_casp(final, self.folder.path, self.settings.outputs.casp)
            files += casp.files
            warnings += casp.warnings
        for warning in warnings:
            self.say(f"{title}: warning: {warning}")
        self.folder.finish(
            RecordOutcome(record.id, record.name, "done", results=summary_values(predictions)), digest, files
        )
        self.say(f"{title}: {verdict(predictions)}, {time.perf_counter() - start:.1f} s")

    def _predictions(self, record: SequenceRecord, alignment: Alignment) -> list[Prediction]:
        return predict_record(
            self.networks,
            alignment,
            record_id=record.id,
            name=record.name,
            settings=self.settings.predict,
            on_pass=self.on_pass,
        )

    def _provenance(self) -> dict[str, Any]:
        first = self.networks[0]
        return gather_provenance(device_name(first.device), first.precision, self._settings_values())

    def _alignment(
        self, record: SequenceRecord, title: str
    ) -> tuple[Alignment, dict[str, float | int | str]]:
        """The alignment of a record and what outputs say of it."""
        settings = self.settings
        if settings.databases:
            result = search(
                record.sequence, settings.databases, settings.search, name=record.id, caps=settings.caps
            )
            source = "search of " + ", ".join(hits.name for hits in result.databases)
            alignment = result.alignment
            self.say(f"{title}: {len(alignment):,} rows found, Neff {result.neff:,.1f}")
        elif settings.msa is not None:
            path = find_msa(settings.msa, record.name, record.id)
            alignment, source = load_msa(path, record.sequence), path.name
        elif record.alignment is not None:
            alignment, source = record.alignment, Path(record.file).name
        else:
            alignment, source = Alignment.of_query(record.sequence, record.id), "single sequence"
        summary: dict[str, float | int | str] = {
            "rows": len(alignment),
            "neff": round(alignment.neff(), 2),
            "coverage": round(float(alignment.coverage().mean()), 4),
            "source": source,
        }
        return alignment, summary

    def _relaxed(
        self, predictions: Sequence[Prediction], title: str
    ) -> tuple[Sequence[Prediction], list[Path]]:
        """The predictions relaxed, if that is wanted, and their files, written after everything else."""
        if self.settings.relax == "none":
            return predictions, []
        files: list[Path] = []
        final: list[Prediction] = []
        for rank, one in enumerate(predictions, start=1):
            result = relax(one.aatype, one.atom_positions, one.atom_mask, one.residue_index)
            relaxed = replace(one, atom_positions=result.positions, violations=result.after.to_dict())
            final.append(relaxed)
            structure = write_structure(
                relaxed, rank, self.folder.path, state="relaxed", cif=self.settings.outputs.cif
            )
            tag = output_files.tag(one, rank)
            report = self.folder.path / f"{one.name}_relaxed_{tag}.json"
            files += [*structure.files, atomic_write_text(report, format_json(result.to_dict()))]
            self.say(
                f"{title}: relaxed rank {rank}: {result.before.total} -> {result.after.total} violations, "
                f"Cα moved {result.rmsd_ca_angstrom:.2f} Å, {result.seconds:.1f} s ({result.reason})"
            )
        return final, files

    def _settings_values(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "predict": asdict(settings.predict),
            "outputs": asdict(settings.outputs),
            "relax": settings.relax,
            "msa": None if settings.msa is None else str(settings.msa),
            "search": asdict(settings.search),
            "databases": [database.name for database in settings.databases],
            "caps": settings.caps,
            "models": [
                {
                    "name": network.name,
                    "preset": network.model.config.name,
                    "parameters": network.source.path,
                    "sha256": network.source.sha256,
                    "features": asdict(network.features),
                }
                for network in self.networks
            ],
        }

    def _digest(self, record: SequenceRecord) -> str:
        """Of everything that decides the result of a record."""
        values = self._settings_values()
        rows = None if record.alignment is None else record.alignment.a3m_rows()
        if self.settings.msa is not None:
            rows = load_msa(find_msa(self.settings.msa, record.name, record.id), record.sequence).a3m_rows()
        for model in values["models"]:
            del model["parameters"]  # the digest of the file counts, not its place
        del values["msa"]
        return content_key(
            {
                "id": record.id,
                "sequence": record.sequence,
                "rows": rows,
                "databases": [database.sha256 for database in self.settings.databases],
                "device": [str(network.device) for network in self.networks],
                "precision": [network.precision for network in self.networks],
                "settings": values,
            }
        )

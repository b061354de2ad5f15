"""`sciml search`: alignments (MSAs) of sequences from FASTA databases."""

import importlib.metadata
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

import sciml
from sciml.cli.understood import describe_batch, printable, record_entry, refusal_entry
from sciml.data.a3m import write_a3m
from sciml.data.sequence_database import SequenceDatabase, open_database
from sciml.data.sequences import MAX_LENGTH, SequenceBatch, SequenceRecord, read_sequences
from sciml.data.stockholm import write_stockholm
from sciml.errors import SettingsError
from sciml.runs.files import atomic_write_text
from sciml.structure.jackhmmer import SearchError, SearchSettings
from sciml.structure.search import SearchProgress, SearchResult, default_cap
from sciml.structure.search import search as search_databases

MANIFEST = "search.json"
EXIT_NOTHING_USABLE, EXIT_SOME_FAILED = 2, 3


def search(
    sequences: Annotated[
        str,
        typer.Argument(metavar="SEQS", help="FASTA or A3M file, a folder of them, or - for standard input."),
    ],
    db: Annotated[
        list[str],
        typer.Option(
            metavar="FASTA",
            help="Database: a FASTA file (plain or gzip); a folder or a quoted pattern is one database in "
            "several files. Give it several times to search several databases in this order.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path("msas"),
    iterations: Annotated[int, typer.Option(help="Passes over each database.")] = SearchSettings.iterations,
    evalue: Annotated[float, typer.Option(help="Largest E-value of a hit.")] = SearchSettings.evalue,
    inclusion_evalue: Annotated[
        float | None,
        typer.Option(help="Largest E-value that joins the next profile; as --evalue if not given."),
    ] = None,
    cap: Annotated[
        list[int] | None,
        typer.Option(
            help="Most rows of a database: once for all, or once for each --db. "
            "Not given: 10000, and 501 for MGnify."
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Searching threads; all processors if not given.")
    ] = None,
    max_length: Annotated[int, typer.Option(min=1, help="Residues of the longest record.")] = MAX_LENGTH,
    as_json: Annotated[bool, typer.Option("--json", help="Print search.json on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how the input is understood; search nothing.")
    ] = False,
) -> None:
    """Search FASTA databases with jackhmmer and write an alignment of each record as A3M and Stockholm.

    Nothing is sent anywhere. Searches that were done before are answered from the cache.

    Example: sciml search examples/ubiquitin.fasta --db uniref90.fasta.gz --db mgnify.fasta.gz -o msas
    """
    inclusion = evalue if inclusion_evalue is None else inclusion_evalue
    settings = SearchSettings(iterations=iterations, evalue=evalue, inclusion_evalue=inclusion)
    databases = [open_database(argument) for argument in db]
    caps = _caps(cap, databases)
    batch = read_sequences(sequences, max_length=max_length)
    if dry_run:
        _print_plan(batch, databases, caps)
        raise typer.Exit(_exit_code(batch, failed=0))
    run = _Run(batch, databases, caps, settings, threads, output, quiet)
    manifest = run.all_records()
    if as_json:
        print(json.dumps(manifest, indent=2))
    raise typer.Exit(_exit_code(batch, run.failed))


class _Run:
    """One search of a batch; the manifest is written after each record, so that nothing finished is lost."""

    def __init__(
        self,
        batch: SequenceBatch,
        databases: Sequence[SequenceDatabase],
        caps: Sequence[int],
        settings: SearchSettings,
        threads: int | None,
        output: Path,
        quiet: bool,
    ) -> None:
        self.batch, self.databases, self.caps, self.settings = batch, databases, caps, settings
        self.threads, self.output, self.quiet = threads, output, quiet
        self.failed = 0
        self.entries: list[dict[str, object]] = []

    def all_records(self) -> dict[str, object]:
        """Search every record; returns the manifest."""
        for error in self.batch.refused:
            print(f"refused: {printable(str(error))}", file=sys.stderr)
        for number, record in enumerate(self.batch.records, start=1):
            for warning in record.warnings:
                self._say(f"warning: {warning}")
            entry = record_entry(record)
            try:
                entry |= self._one_record(record, f"[{number}/{len(self.batch.records)}] {record.id}")
            except SearchError as error:
                self.failed += 1
                entry |= {"status": "failed", "message": str(error)}
                print(f"failed: {printable(record.id)}: {printable(str(error))}", file=sys.stderr)
            self.entries.append(entry)
            self._write_manifest()
        return self._write_manifest()

    def _one_record(self, record: SequenceRecord, title: str) -> dict[str, object]:
        """Search one record and write its files; returns its part of the manifest."""
        if record.alignment is not None:
            self._say(f"warning: {record.id}: the alignment of the input is not used, its query is searched")
        bar = _ProgressLine(title, silent=self.quiet)
        result = search_databases(
            record.sequence,
            self.databases,
            self.settings,
            name=f"{record.id} {record.description}".strip(),
            caps=self.caps,
            threads=self.threads,
            progress=bar.update,
        )
        bar.clear()
        a3m, stockholm = self.output / f"{record.name}.a3m", self.output / f"{record.name}.sto"
        write_a3m(a3m, result.alignment)
        write_stockholm(stockholm, result.alignment)
        self._say(_result_line(title, result, a3m))
        return {"status": "done", "a3m": a3m.name, "stockholm": stockholm.name} | _result_entry(result)

    def _write_manifest(self) -> dict[str, object]:
        manifest: dict[str, object] = {
            "sciml": sciml.__version__,
            "pyhmmer": importlib.metadata.version("pyhmmer"),
            "settings": asdict(self.settings),
            "databases": [
                {"name": database.name, "files": [str(file) for file in database.files], "cap": cap}
                for database, cap in zip(self.databases, self.caps, strict=True)
            ],
            "records": self.entries,
            "refused": [refusal_entry(error) for error in self.batch.refused],
        }
        atomic_write_text(self.output / MANIFEST, json.dumps(manifest, indent=2) + "\n")
        return manifest

    def _say(self, line: str) -> None:
        if not self.quiet:
            print(printable(line), file=sys.stderr)


class _ProgressLine:
    """Progress of one record: a line that is rewritten on a terminal, a line now and then elsewhere."""

    _SECONDS_BETWEEN_LINES = 15.0

    def __init__(self, title: str, *, silent: bool) -> None:
        self.title, self.silent = printable(title), silent
        self.is_terminal = sys.stderr.isatty()
        self.last = time.perf_counter()

    def update(self, progress: SearchProgress) -> None:
        """Show where the search stands."""
        now = time.perf_counter()
        if self.silent or now - self.last < (0.1 if self.is_terminal else self._SECONDS_BETWEEN_LINES):
            return
        self.last = now
        eta = "" if progress.eta_seconds is None else f", {progress.eta_seconds:.0f} s left"
        where = f"{printable(progress.database)} pass {progress.iteration}/{progress.iterations}"
        text = f"{self.title}: {where}, {progress.fraction:.0%}{eta}"
        print(
            f"\r\x1b[K{text}" if self.is_terminal else text,
            end="" if self.is_terminal else "\n",
            file=sys.stderr,
        )
        sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line from a terminal."""
        if self.is_terminal and not self.silent:
            print("\r\x1b[K", end="", file=sys.stderr)


def _result_line(title: str, result: SearchResult, a3m: Path) -> str:
    source = "from the cache" if result.cached else f"{result.seconds:.1f} s"
    counts = f"{len(result.alignment):,} rows, Neff {result.neff:,.1f}, coverage {result.coverage:.0%}"
    return f"{title}: {counts}, {source} -> {a3m}"


def _result_entry(result: SearchResult) -> dict[str, object]:
    return {
        "rows": len(result.alignment),
        "coverage": round(result.coverage, 4),
        "neff": round(result.neff, 3),
        "seconds": round(result.seconds, 3),
        "cached": result.cached,
        "databases": [asdict(replace(hits, seconds=round(hits.seconds, 3))) for hits in result.databases],
    }


def _caps(given: list[int] | None, databases: Sequence[SequenceDatabase]) -> list[int]:
    """One cap a database."""
    if not given:
        return [default_cap(database.name) for database in databases]
    if len(given) == 1:
        return given * len(databases)
    if len(given) != len(databases):
        raise SettingsError(
            f"give --cap once, or once for each of the {len(databases)} databases; got {len(given)}"
        )
    return given


def _print_plan(batch: SequenceBatch, databases: Sequence[SequenceDatabase], caps: Sequence[int]) -> None:
    for line in describe_batch(batch):
        print(line)
    for number, (database, cap) in enumerate(zip(databases, caps, strict=True), start=1):
        size = sum(file.stat().st_size for file in database.files)
        files = f"{len(database.files)} files, " if len(database.files) > 1 else ""
        print(
            f"database {number}: {printable(database.name)} ({files}{size / 1e6:,.1f} MB), at most {cap} rows"
        )


def _exit_code(batch: SequenceBatch, failed: int) -> int:
    """0 all done, 2 nothing usable in the input, 3 some records refused or failed."""
    if not batch.records:
        return EXIT_NOTHING_USABLE
    return EXIT_SOME_FAILED if batch.refused or failed else 0

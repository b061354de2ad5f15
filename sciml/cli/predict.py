"""`sciml predict`: structures from a sequence file."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from sciml.cli.understood import describe_batch, printable, record_entry, refusal_entry
from sciml.weights.registry import DEFAULT

if TYPE_CHECKING:
    from sciml.data.casp_header import CaspHeader
    from sciml.data.sequences import SequenceBatch
    from sciml.structure.batch import BatchSettings

Choice = TypeVar("Choice", bound=str)
_MODEL = (
    "mini (in the package), or a parameter file: published AlphaFold 2 .npz, OpenFold .pt, our .safetensors; "
    "PRESET=FILE where the file cannot tell its preset. Give it several times to run several."
)
_DB = "FASTA database to search (plain or gzip); several are searched in this order and merged."
_MSA = "Alignment of the record (A3M, Stockholm, FASTA) instead of a search; a folder of <id>.a3m for many."


def predict(
    sequences: Annotated[
        str,
        typer.Argument(metavar="SEQS", help="FASTA or A3M file, a folder of them, or - for standard input."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder for the results.")
    ] = Path("out"),
    model: Annotated[list[str] | None, typer.Option(metavar="NAME|FILE", help=_MODEL)] = None,
    db: Annotated[list[str] | None, typer.Option(metavar="FASTA", help=_DB)] = None,
    msa: Annotated[Path | None, typer.Option(metavar="FILE", help=_MSA)] = None,
    recycles: Annotated[int, typer.Option(min=0, help="Passes through the network after the first.")] = 3,
    tolerance: Annotated[
        float,
        typer.Option(min=0, help="Stop recycling when Cα distances change by less (Å); 0: never early."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds.")] = 1,
    rank: Annotated[str, typer.Option(help="Rank structures by plddt or ptm; auto is plddt.")] = "auto",
    dropout: Annotated[
        bool, typer.Option("--dropout", help="Keep dropout on, to sample structures.")
    ] = False,
    max_msa: Annotated[
        int | None, typer.Option(min=1, help="Alignment rows that the network sees whole.")
    ] = None,
    max_extra_msa: Annotated[int | None, typer.Option(min=1, help="Further alignment rows.")] = None,
    relax: Annotated[str, typer.Option(help="none, or torch: minimise violations afterwards.")] = "none",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads.")] = None,
    distograms: Annotated[str, typer.Option(help="Write distograms: best, all or none.")] = "best",
    figures: Annotated[bool, typer.Option(help="Write PNG figures.")] = True,
    cif: Annotated[bool, typer.Option(help="Write ModelCIF besides PDB.")] = True,
    casp: Annotated[
        str | None, typer.Option(metavar="TARGET", help="Write CASP files (TS, RR, QA) too, of this target.")
    ] = None,
    author: Annotated[
        str | None, typer.Option(metavar="CODE", help="CASP registration code, 1234-5678-9012.")
    ] = None,
    max_length: Annotated[int | None, typer.Option(min=1, help="Residues of the longest record.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Do finished records again.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how the input is understood; do nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON lines.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Predict structures with confidence from a sequence file; nothing is sent anywhere or downloaded.

    Without --db or --msa the network sees the sequence alone. Records that are finished in the folder are not
    done again.

    Example: sciml predict examples/ubiquitin.fasta -o out
    """
    from sciml.data.sequences import MAX_LENGTH, read_sequences

    batch = read_sequences(sequences, max_length=max_length or MAX_LENGTH)
    header = _casp_header(casp, author, batch)
    if dry_run:
        _print_plan(batch, as_json)
        raise typer.Exit(2 if not batch.records else 3 if batch.refused else 0)

    _speed_up_memory()
    from sciml.data.sequence_database import open_database
    from sciml.structure.batch import BatchSettings
    from sciml.structure.network import PredictSettings
    from sciml.structure.outputs import OutputOptions

    settings = BatchSettings(
        predict=PredictSettings(
            recycles=recycles,
            tolerance_angstrom=tolerance,
            seed=seed,
            seeds=seeds,
            rank_by=_one_of("--rank", rank, "auto", "plddt", "ptm"),
            dropout=dropout,
            max_msa_clusters=max_msa,
            max_extra_msa=max_extra_msa,
            precision=_one_of("--precision", precision, "auto", "float32", "bfloat16"),
            device=device,
        ),
        outputs=OutputOptions(
            cif=cif,
            figures=figures,
            distograms=_one_of("--distograms", distograms, "best", "all", "none"),
            casp=header,
        ),
        databases=tuple(open_database(argument) for argument in db or ()),
        msa=msa,
        relax=_one_of("--relax", relax, "none", "torch"),
        force=force,
    )
    code = _run(batch, model or [DEFAULT], settings, output, threads, quiet)
    if as_json:
        print((output / "manifest.jsonl").read_text(encoding="utf-8"), end="")
    raise typer.Exit(code)


def _casp_header(casp: str | None, author: str | None, batch: "SequenceBatch") -> "CaspHeader | None":
    """What the files in CASP's formats begin with.

    Raises:
        SettingsError: one option without the other, or not exactly one record.
        InputError: a target or an author that CASP would refuse.
    """
    if casp is None and author is None:
        return None
    from sciml.data.casp_header import CaspHeader
    from sciml.errors import SettingsError

    if casp is None or author is None:
        raise SettingsError("--casp TARGET and --author CODE belong together: one of them is missing")
    records = len(batch.records) + len(batch.refused)
    if records != 1:
        raise SettingsError(f"--casp {casp} is one target, the input has {records} records")
    return CaspHeader(casp, author)


def _speed_up_memory() -> None:
    """Large arrays come and go with every layer; huge pages make that cheap. Torch reads it when loaded."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def _run(
    batch: "SequenceBatch",
    models: list[str],
    settings: "BatchSettings",
    output: Path,
    threads: int | None,
    quiet: bool,
) -> int:
    """Loads the parameter sets and predicts; an input without a record needs no parameters.

    Returns:
        The exit code.
    """
    import torch

    from sciml.structure.batch import BatchPrediction
    from sciml.structure.network import load_networks

    if threads is not None:
        torch.set_num_threads(threads)

    def say(line: str) -> None:
        is_bad = any(word in line for word in ("failed:", "refused:"))
        if is_bad or not quiet:
            print(printable(line), file=sys.stderr)

    networks = load_networks(models, settings.predict) if batch.records else []
    for network in networks:
        say(f"parameters {network.name} (sha256 {network.source.sha256[:12]}): {network.source.meaning}")
        if network.device.type == "cpu":
            say(f"running on the processor, {torch.get_num_threads()} threads, {network.precision}")
    code = BatchPrediction(batch, networks, settings, output, say).run()
    say(f"results in {output}")
    return code


def _one_of(option: str, value: str, *allowed: Choice) -> Choice:
    """The value, if it is one of those allowed.

    Raises:
        typer.BadParameter: it is not.
    """
    for choice in allowed:
        if value == choice:
            return choice
    raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}", param_hint=option)


def _print_plan(batch: "SequenceBatch", as_json: bool) -> None:
    if as_json:
        import json

        plan = {
            "records": [record_entry(record) for record in batch.records],
            "refused": [refusal_entry(error) for error in batch.refused],
            "ignored": list(batch.ignored),
        }
        print(json.dumps(plan, indent=2))
        return
    for line in describe_batch(batch):
        print(line)

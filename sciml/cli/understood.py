"""How an input was understood, in words and for programs: what `--dry-run` prints and manifests keep."""

from collections.abc import Iterator

from sciml.data.sequences import SequenceBatch, SequenceRecord
from sciml.errors import InputError

_SHOWN_RESIDUES = 40


def describe_batch(batch: SequenceBatch) -> Iterator[str]:
    """Lines of text: each record with its file name, length and warnings, then what is refused or ignored."""
    yield f"{len(batch.records)} records understood, {len(batch.refused)} refused"
    for record in batch.records:
        residues = record.sequence[:_SHOWN_RESIDUES] + ("…" if len(record.sequence) > _SHOWN_RESIDUES else "")
        kind = "FASTA" if record.alignment is None else f"alignment of {len(record.alignment)} rows"
        yield f"  {printable(record.id)}: {len(record.sequence)} residues ({kind}, {record.file})"
        yield f"    files {record.name}.*  {residues}"
        for warning in record.warnings:
            yield f"    warning: {printable(warning)}"
    for error in batch.refused:
        yield f"  refused: {printable(str(error))}"
    for file in batch.ignored:
        yield f"  ignored: {printable(file)} (no sequence file by its ending)"


def record_entry(record: SequenceRecord) -> dict[str, object]:
    """What a manifest says of an accepted record; the id is the original one."""
    return {
        "id": record.id,
        "description": record.description,
        "name": record.name,
        "file": record.file,
        "residues": len(record.sequence),
        "warnings": list(record.warnings),
    }


def refusal_entry(error: InputError) -> dict[str, object]:
    """What a manifest says of a refused record or file."""
    return {
        "file": error.file,
        "record": error.record,
        "line": error.line,
        "position": error.position,
        "rule": error.rule,
        "message": str(error),
    }


def printable(text: str) -> str:
    """`text` with control characters escaped, so that an identifier cannot steer the terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)

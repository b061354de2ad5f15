"""The folder of a run over many records: what was asked, what became of each record, what need not be redone.

    config.json        settings of the run
    manifest.jsonl     one line a record: id, name, status, reason, results
    summary.csv        the same for a spreadsheet
    NAME.done.json     a finished record: the digest of all that decided it, and the sizes of its files

A record is finished when its `.done.json` bears the digest of the present input and settings and every file
that it lists is there in its size. The manifest grows line by line, so a killed run has lost at most the
record it was working on.
"""

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sciml.runs.files import atomic_write_bytes, atomic_write_text

Status = Literal["done", "failed", "skipped"]
_FORMULA_START = re.compile(r"\s*[=+\-@]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
_EXIT_SOME_FAILED = 3


@dataclass(frozen=True)
class RecordOutcome:
    """What became of a record."""

    id: str
    """Identifier as the input gave it."""
    name: str
    """Start of its file names."""
    status: Status
    """`done`; `failed`: an error on the way; `skipped`: not tried."""
    reason: str = ""
    """Why it failed or was skipped."""
    results: Mapping[str, str | int | float | None] = field(default_factory=dict)
    """Numbers for the summary, JSON values."""

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            **({"results": dict(self.results)} if self.results else {}),
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "RecordOutcome":
        """The inverse of `to_dict`.

        Raises:
            KeyError, TypeError: not what `to_dict` makes.
        """
        names = ("id", "name", "status")
        return RecordOutcome(
            **{name: values[name] for name in names},
            reason=values.get("reason", ""),
            results=dict(values.get("results", {})),
        )


class RunFolder:
    """One output folder; made if it is not there.

    Args:
        path: the folder.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._manifest = self.path / "manifest.jsonl"
        self._failed_now = False

    def write_config(self, settings: Mapping[str, Any]) -> Path:
        """Write the settings of the run as `config.json`."""
        return atomic_write_text(self.path / "config.json", format_json(settings))

    def finished(self, name: str, digest: str) -> RecordOutcome | None:
        """The outcome of a record that was finished before under the same digest; None if it is to be done.

        Args:
            name: start of its file names.
            digest: of everything that decides its result (`runs/cache.py`, `content_key`).
        """
        try:
            done = json.loads((self.path / f"{name}.done.json").read_text(encoding="utf-8"))
            if done["digest"] != digest:
                return None
            for file, size in done["files"].items():
                if (self.path / file).stat().st_size != size:
                    return None
            return RecordOutcome.from_dict(done["outcome"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # absent or damaged: do it again
            return None

    def finish(self, outcome: RecordOutcome, digest: str, files: Iterable[Path]) -> None:
        """Mark a record as finished, after all its files are written, and put it into the manifest.

        Args:
            outcome: of the record.
            digest: as in `finished`.
            files: its files, all in this folder.
        """
        sizes = {str(file.relative_to(self.path)): file.stat().st_size for file in files}
        done = {"digest": digest, "files": sizes, "outcome": outcome.to_dict()}
        mark = json.dumps(done, indent=1, allow_nan=False)  # in ASCII: identifiers may hold lone surrogates
        atomic_write_text(self.path / f"{outcome.name}.done.json", mark + "\n")
        self.record(outcome)

    def record(self, outcome: RecordOutcome) -> None:
        """Add a line to the manifest; the last line of a record counts."""
        self._failed_now |= outcome.status != "done"
        line = _line(outcome)
        with open(self._manifest, "ab") as file:
            if file.tell() and not _ends_with_newline(self._manifest):
                file.write(b"\n")  # a killed run left half a line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def forget_skipped(self) -> None:
        """Take the skipped records of earlier runs off the manifest; the present run says what it skips."""
        kept = [outcome for outcome in self.outcomes() if outcome.status != "skipped"]
        if self._manifest.exists():
            atomic_write_bytes(self._manifest, b"".join(map(_line, kept)))

    def outcomes(self) -> list[RecordOutcome]:
        """The records of the manifest in the order of their first lines; half a line is passed over.

        A skipped record stands beside a tried one of the same id: the second of two equal identifiers.
        """
        found: dict[tuple[str, str], RecordOutcome] = {}
        if not self._manifest.exists():
            return []
        for line in self._manifest.read_text(encoding="utf-8").split("\n"):
            try:
                outcome = RecordOutcome.from_dict(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
            found[outcome.id, outcome.reason if outcome.status == "skipped" else ""] = outcome
        return list(found.values())

    def close(self) -> int:
        """Reduce the manifest to one line a record, write `summary.csv`, and give the exit code.

        Returns:
            0, or 3 if a record of this run failed or was skipped; what earlier runs left in the folder does
            not count.
        """
        outcomes = self.outcomes()
        atomic_write_bytes(self._manifest, b"".join(map(_line, outcomes)))
        summary = format_summary(outcomes).encode("utf-8", "replace")
        atomic_write_bytes(self.path / "summary.csv", summary)
        return _EXIT_SOME_FAILED if self._failed_now else 0


def format_summary(outcomes: Iterable[RecordOutcome]) -> str:
    """CSV text: id, name, status, reason, then every result that any record has.

    Cells that a spreadsheet would run as a formula get an apostrophe in front.
    """
    outcomes = list(outcomes)
    results = list(dict.fromkeys(name for outcome in outcomes for name in outcome.results))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "name", "status", "reason", *results])
    for outcome in outcomes:
        row = [outcome.id, outcome.name, outcome.status, outcome.reason]
        row += [outcome.results.get(name, "") for name in results]  # type: ignore[misc]  # numbers among the words
        writer.writerow([safe_cell(cell) for cell in row])
    return text.getvalue()


def safe_cell(cell: str | int | float | None) -> str:
    """A cell of a CSV file in which a spreadsheet finds no formula and no control character."""
    text = _CONTROL.sub(" ", "" if cell is None else str(cell))
    if _FORMULA_START.match(text) and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def format_json(values: Mapping[str, Any]) -> str:
    """JSON text with one name a line; NaN and infinity are refused.

    Raises:
        ValueError, TypeError: a value that JSON cannot write.
    """
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _line(outcome: RecordOutcome) -> bytes:
    """A line of the manifest; lone surrogates, which UTF-8 lacks, become JSON's escapes for them."""
    text = json.dumps(outcome.to_dict(), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _ends_with_newline(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"

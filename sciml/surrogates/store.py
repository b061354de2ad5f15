"""What was simulated, kept: one SQLite file that several processes read and write at the same time.

A row stands under the SHA-256 of everything that decides it: the simulator's identity, the values, the
corner and the seed. The journal is a write-ahead log, so that a process that is killed leaves whole rows
behind; only a power cut may take the last ones. Folders on a network share do not hold such a log safely:
keep the file on a disk of this machine.

A simulation that a cutoff stopped is kept apart from a complete one, under the names of what it measured, and
answers only requests whose cutoff would have stopped it there too. Then it comes before a complete row, so
that a run that is repeated meets the same answers as the first time.
"""

import contextlib
import hashlib
import json
import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sciml.errors import InputError
from sciml.runs.cache import content_key
from sciml.runs.closing import Closing
from sciml.surrogates.problem_spec import Value
from sciml.surrogates.result import Failure, FailureKind, Row
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff, Job

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x53434D4C  # "SCML": in the header of the file, so that another program's is not mistaken
_WAIT_S = 60.0  # for another process to end its writing
_MACHINE_FAILURES = (FailureKind.CRASH, FailureKind.TIMEOUT)  # those that another try may not have
_KEYS_AT_ONCE = 500  # SQLite's default is at most 999 parameters in one statement

_TABLE = """
CREATE TABLE simulations (
    key TEXT NOT NULL,         -- SHA-256 of identity, values, corner, seed
    measured TEXT NOT NULL,    -- '' for a complete row, else a JSON list: what a cut-off one measured
    identity TEXT NOT NULL,
    job TEXT NOT NULL,         -- JSON: values, corner, seed
    outputs TEXT NOT NULL,     -- JSON: name to number
    auxiliary TEXT NOT NULL,
    failure TEXT,              -- JSON: kind, message, evidence
    cost_s REAL NOT NULL,
    written_s REAL NOT NULL,   -- seconds since 1970
    digest TEXT NOT NULL,      -- of the columns before cost_s
    PRIMARY KEY (key, measured)
)
"""
_COLUMNS = "key, measured, identity, job, outputs, auxiliary, failure, cost_s, digest"

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class StoredRow:
    """One row with what it answers. Its job has no cutoff."""

    identity: str
    job: Job
    row: Row


class Store(Closing):
    """The rows of one file, which is made where there is none.

    A store belongs to the thread that made it; other processes open the same path.

    Raises:
        InputError: the file is not a store, is damaged, or cannot be opened; so does every method.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot be made: {error.strerror or error}", file=str(path)) from error
        self._database = self._guarded(self._open)

    def get(self, identity: str, jobs: Sequence[Job], *, retry_failures: bool = False) -> list[Row | None]:
        """The rows that answer jobs, None for those that must be simulated.

        Args:
            identity: of the simulator.
            jobs: what is asked.
            retry_failures: a crash or timeout, which may be the machine's fault, counts as unknown.
        """
        keys = [job_key(identity, job) for job in jobs]
        known = self._guarded(lambda: self._read(keys))
        rows = [_choose(known.get(key, []), job.cutoff) for key, job in zip(keys, jobs, strict=True)]
        if retry_failures:
            rows = [None if row is not None and _is_machine_failure(row) else row for row in rows]
        return rows

    def put(self, identity: str, job: Job, row: Row) -> None:
        """Keep a row. What is known stays, except that a crash or timeout gives way to the new row."""
        record = _record(identity, job, row)
        self._guarded(lambda: self._write(record))

    def rows(self) -> Iterator[StoredRow]:
        """All rows in the order of writing."""
        query = f"SELECT {_COLUMNS} FROM simulations ORDER BY written_s, key, measured"
        for record in self._guarded(lambda: self._database.execute(query).fetchall()):
            yield StoredRow(record[2], _read_job(record[3]), self._read_row(record))

    def digest(self) -> str:
        """SHA-256 of what is known: equal for equal simulations, whenever and at whatever cost they ran."""
        query = "SELECT digest FROM simulations ORDER BY key, measured"
        digests = self._guarded(lambda: self._database.execute(query).fetchall())
        return hashlib.sha256("\n".join(digest for (digest,) in digests).encode()).hexdigest()

    def __len__(self) -> int:
        """Number of rows."""
        found = self._guarded(lambda: self._database.execute("SELECT count(*) FROM simulations").fetchone())
        return int(found[0])

    def close(self) -> None:
        """Close the file; the store cannot be used any more."""
        self._database.close()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = NORMAL")
            # Two processes that make the file at the same moment: the second waits, then finds the table.
            database.execute("BEGIN IMMEDIATE")
            self._prepare(database)
            database.execute("COMMIT")
            _use_write_ahead_log(database)
        except BaseException:
            database.close()
            raise
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        """Make the table in an empty file; refuse any other file that is no store of this version."""
        application = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application == 0 and version == 0 and tables == 0:
            database.execute(_TABLE)
            database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif application != _APPLICATION_ID:
            raise InputError("a database of another program, not a store of simulations", file=str(self.path))
        elif version != SCHEMA_VERSION:
            rule = f"written with version {version} of the store, and this sciml knows {SCHEMA_VERSION}: "
            raise InputError(rule + "choose another file", file=str(self.path))

    def _read(self, keys: Sequence[str]) -> dict[str, list[Row]]:
        """The rows under each key."""
        found: dict[str, list[Row]] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            part = keys[start : start + _KEYS_AT_ONCE]
            marks = ", ".join("?" * len(part))
            query = f"SELECT {_COLUMNS} FROM simulations WHERE key IN ({marks})"
            for record in self._database.execute(query, part):
                found.setdefault(record[0], []).append(self._read_row(record))
        return found

    def _write(self, record: tuple[Any, ...]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            query = "SELECT failure FROM simulations WHERE key = ? AND measured = ?"
            known = self._database.execute(query, record[:2]).fetchone()
            if known is None or _kind(known[0]) in _MACHINE_FAILURES:
                marks = ", ".join("?" * (len(record) + 1))
                statement = f"INSERT OR REPLACE INTO simulations ({_COLUMNS}, written_s) VALUES ({marks})"
                self._database.execute(statement, (*record, time.time()))
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _read_row(self, record: tuple[Any, ...]) -> Row:
        *content, cost_s, digest = record
        if _digest(content) != digest:
            rule = "a row does not have the digest it was written with: the file is damaged"
            raise InputError(rule, file=str(self.path), record=str(record[0])[:16])
        failure = None if record[6] is None else json.loads(record[6])
        return Row(
            json.loads(record[4]),
            json.loads(record[5]),
            None if failure is None else Failure(FailureKind(failure[0]), failure[1], failure[2]),
            cost_s,
            is_complete=record[1] == "",
        )

    def _guarded(self, action: Callable[[], Answer]) -> Answer:
        """What an action returns, with the errors of the database as a user's."""
        try:
            return action()
        except sqlite3.Error as error:
            reason = str(error)
            damaged = any(word in reason for word in ("not a database", "malformed", "corrupt"))
            rule = "not a store of simulations, or a damaged one" if damaged else "the store cannot be used"
            raise InputError(f"{rule} ({reason})", file=str(self.path)) from error


def job_key(identity: str, job: Job) -> str:
    """SHA-256 (hexadecimal) of a simulator's identity and of a job's values, corner and seed.

    Numbers count by their value: 2 and 2.0, 0.0 and -0.0 are the same.
    """
    return content_key({"identity": identity, **_job_parts(job)})


def _job_parts(job: Job) -> dict[str, Any]:
    return {
        "values": _canonical(job.values),
        "corner": [job.corner.name, _canonical(job.corner.parameters)],
        "seed": job.seed,
    }


def _canonical(values: Mapping[str, Value]) -> dict[str, float | str]:
    """Values by name with every number as a float."""
    return {
        name: value if isinstance(value, str) else float(value) + 0.0
        for name, value in sorted(values.items())
    }


def _read_job(text: str) -> Job:
    parts = json.loads(text)
    name, parameters = parts["corner"]
    corner = NOMINAL if (name, parameters) == (NOMINAL.name, {}) else Corner(name, parameters)
    return Job(parts["values"], corner, parts["seed"])


def _record(identity: str, job: Job, row: Row) -> tuple[Any, ...]:
    """A row as the columns of the table; numbers that are not finite are left out."""
    outputs, auxiliary = (
        {name: float(value) for name, value in sorted(part.items()) if math.isfinite(value)}
        for part in (row.outputs, row.auxiliary)
    )
    failure = row.failure
    content = (
        job_key(identity, job),
        "" if row.is_complete else json.dumps(sorted(outputs)),
        identity,
        json.dumps(_job_parts(job)),
        json.dumps(outputs),
        json.dumps(auxiliary),
        None if failure is None else json.dumps([failure.kind.value, failure.message, failure.evidence]),
    )
    return (*content, float(row.cost_s), _digest(content))


def _digest(content: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(list(content)).encode()).hexdigest()


def _choose(rows: Sequence[Row], cutoff: Cutoff | None) -> Row | None:
    """The row that answers a request; see the module."""
    stopped = [
        row for row in rows if not row.is_complete and cutoff is not None and cutoff.stops(row.outputs)
    ]
    if stopped:
        return min(stopped, key=lambda row: len(row.outputs))
    return next((row for row in rows if row.is_complete), None)


def _kind(failure: str | None) -> str | None:
    return None if failure is None else str(json.loads(failure)[0])


def _is_machine_failure(row: Row) -> bool:
    return row.failure is not None and row.failure.kind in _MACHINE_FAILURES


def _use_write_ahead_log(database: sqlite3.Connection) -> None:
    """Where the file system has one; SQLite's ordinary journal, which is as safe and slower, elsewhere."""
    with contextlib.suppress(sqlite3.OperationalError):  # another process is just switching to it
        database.execute("PRAGMA journal_mode = WAL")

"""Search of sequence databases: a sequence to its alignment.

Each database is searched on its own (`sciml.structure.jackhmmer`); the alignments are cut to their caps,
joined and freed of repeated rows as AlphaFold 2 does (`Alignment.merged`). Answers are kept in the cache
under the query, the database's digest, the settings and the version of pyhmmer.

Source: Jumper et al. 2021, Supplementary 1.2.2 for the caps.
"""

import hashlib
import importlib.metadata
import json
import os
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from sciml.data.alignment import Alignment
from sciml.data.sequence_database import SequenceDatabase
from sciml.data.sequences import checked_sequence
from sciml.errors import SettingsError
from sciml.runs.cache import Cache, content_key
from sciml.structure.jackhmmer import QUERY_NAME, Found, SearchSettings, search_database

DEFAULT_CAP = 10_000
"""Most rows of one database, the query's included (UniRef90 in AlphaFold 2)."""
METAGENOMIC_CAP = 501
"""The same for MGnify, recognised by its name."""
NEFF_IDENTITY = 0.8
_RESULT_FORMAT = 1  # of cached answers; raised when their meaning changes


@dataclass(frozen=True)
class SearchProgress:
    """Where a search stands."""

    database: str
    """Name of the database that is searched."""
    iteration: int
    """Current pass over it, from 1."""
    iterations: int
    """Passes at most."""
    fraction: float
    """Share done of all passes over all databases, 0-1."""
    seconds: float
    """Since the start."""
    eta_seconds: float | None
    """Expected until the end if no search converges earlier; None before there is a rate."""


@dataclass(frozen=True)
class DatabaseHits:
    """What one database gave."""

    name: str
    sha256: str
    """Digest of its content."""
    sequences: int
    """Sequences searched: Z."""
    hits: int
    """Aligned domains of included sequences, before the cap."""
    rows: int
    """Rows after the cap, the query's included."""
    added: int
    """Rows that no earlier database had and that are in the merged alignment."""
    iterations: int
    """Passes that were made."""
    converged: bool
    """Whether the last pass found nothing new."""
    seconds: float
    """Time of the search; when it is cached, of the search that was kept."""
    cached: bool


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The alignment of a query and how it came about."""

    alignment: Alignment
    databases: tuple[DatabaseHits, ...]
    coverage: float
    """Mean over the query's columns of the share of rows with a residue there."""
    neff: float
    """Effective number of sequences at 80 % identity; see `Alignment.neff`."""
    seconds: float
    """Time of this call."""
    cached: bool
    """Whether every database was answered by the cache."""


def search(
    sequence: str,
    databases: Sequence[SequenceDatabase],
    settings: SearchSettings | None = None,
    *,
    name: str = QUERY_NAME,
    caps: Sequence[int] | None = None,
    threads: int | None = None,
    shards: int | None = None,
    cache: Cache | None = None,
    progress: Callable[[SearchProgress], None] | None = None,
) -> SearchResult:
    """Search the databases in order and join what they give.

    Args:
        sequence: the query, residues of the twenty and X.
        databases: at least one; the first to hold a row names it.
        settings: thresholds.
        name: what the query's row is called.
        caps: most rows a database, the query's included; `default_cap` of each if None.
        threads: searching threads; the processors of this process (or `SCIML_NUM_THREADS`) if None.
        shards: blocks a database is cut into; by size if None. Changes nothing but the memory and the speed.
        cache: where answers are kept.
        progress: called after each block.

    Raises:
        InputError: a database that cannot be read, or a letter of the query that is no residue.
        SettingsError: no database, or caps that do not fit.
        SearchError: HMMER gives up on the query.
    """
    start = time.perf_counter()
    settings = settings or SearchSettings()
    cache = cache or Cache("search")
    query, _ = checked_sequence(sequence, record="query", max_length=len(sequence))
    chosen_caps = _checked_caps(databases, caps)
    clock = _Clock(progress, [database.name for database in databases], settings.iterations, start)
    found: list[Found] = []
    for number, (database, cap) in enumerate(zip(databases, chosen_caps, strict=True)):
        key = answer_key(query, database.sha256, settings, cap)
        answer = _remembered(cache, key)
        if answer is None:
            clock.begin(number, [other.residues for other in databases])
            workers = threads or available_threads()
            answer = search_database(
                query, database, settings, cap, threads=workers, shards=shards, tick=clock.tick
            )
            cache.put(key, _packed(answer))
        found.append(answer)
    merged = Alignment.merged([answer.alignment for answer in found])
    merged = replace(merged, descriptions=(name, *merged.descriptions[1:]))
    return SearchResult(
        alignment=merged,
        databases=_counted(databases, found),
        coverage=float(merged.coverage().mean()),
        neff=_neff(merged, cache),
        seconds=time.perf_counter() - start,
        cached=all(answer.cached for answer in found),
    )


def default_cap(database: str) -> int:
    """Most rows of a database by its name: 501 for MGnify, 10,000 for others, as in AlphaFold 2."""
    name = database.lower()
    return METAGENOMIC_CAP if "mgnify" in name or name.startswith("mgy_") else DEFAULT_CAP


def available_threads() -> int:
    """Threads to use: `SCIML_NUM_THREADS`, else the processors that this process may run on."""
    wanted = os.environ.get("SCIML_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def answer_key(query: str, digest: str, settings: SearchSettings, cap: int) -> str:
    """Key of a cached answer: everything that decides it."""
    version = importlib.metadata.version("pyhmmer")
    decides = {"query": query, "database": digest, "settings": asdict(settings), "cap": cap}
    return content_key(decides | {"pyhmmer": version, "format": _RESULT_FORMAT})


class _Clock:
    """Turns finished blocks into progress reports."""

    def __init__(
        self, report: Callable[[SearchProgress], None] | None, names: list[str], iterations: int, start: float
    ) -> None:
        self.report, self.names, self.iterations, self.start = report, names, iterations, start
        self.number, self.residues = 0, [0]
        self.first: tuple[float, float] | None = None  # fraction and time of the first block of a database

    def begin(self, number: int, residues: list[int]) -> None:
        """A database comes next; reading it is no part of the rate."""
        self.number, self.residues, self.first = number, residues, None

    def tick(self, iteration: int, residues: int) -> None:
        """So many residues of the current database were searched in this iteration (from 1)."""
        if self.report is None:
            return
        before = sum(self.residues[: self.number]) * self.iterations
        done = before + (iteration - 1) * self.residues[self.number] + residues
        fraction = min(1.0, done / (sum(self.residues) * self.iterations))
        now = time.perf_counter()
        if self.first is None:
            self.first = (fraction, now)
        gained, spent = fraction - self.first[0], now - self.first[1]
        eta = spent / gained * (1 - fraction) if gained > 0 else None
        name = self.names[self.number]
        self.report(SearchProgress(name, iteration, self.iterations, fraction, now - self.start, eta))


def _checked_caps(databases: Sequence[SequenceDatabase], caps: Sequence[int] | None) -> list[int]:
    if not databases:
        raise SettingsError("a search has at least one database")
    if caps is None:
        return [default_cap(database.name) for database in databases]
    if len(caps) != len(databases):
        raise SettingsError(f"{len(databases)} databases have {len(caps)} caps; give one for each")
    if min(caps) < 1:
        raise SettingsError(f"a cap counts the query's row and is at least 1, got {min(caps)}")
    return list(caps)


def _counted(databases: Sequence[SequenceDatabase], found: Sequence[Found]) -> tuple[DatabaseHits, ...]:
    """Counts of each database; `added` by the rule of `Alignment.merged`."""
    seen: set[str] = set()
    counts = []
    for database, answer in zip(databases, found, strict=True):
        before = len(seen)
        seen.update(answer.alignment.sequences)
        counts.append(
            DatabaseHits(
                name=database.name,
                sha256=database.sha256,
                sequences=database.sequences,
                hits=answer.hits,
                rows=len(answer.alignment),
                added=len(seen) - before,
                iterations=answer.iterations,
                converged=answer.converged,
                seconds=answer.seconds,
                cached=answer.cached,
            )
        )
    return tuple(counts)


def _packed(answer: Found) -> bytes:
    """A cached answer: rows and names as compressed JSON."""
    alignment = answer.alignment
    content = {
        "rows": alignment.a3m_rows(),
        "descriptions": alignment.descriptions,
        "hits": answer.hits,
        "iterations": answer.iterations,
        "converged": answer.converged,
        "seconds": answer.seconds,
    }
    return zlib.compress(json.dumps(content).encode("utf-8", "backslashreplace"), 1)


def _remembered(cache: Cache, key: str) -> Found | None:
    """A cached answer, or None. The cache has checked the bytes; a key of another query never leads here."""
    content = cache.get(key)
    if content is None:
        return None
    kept = json.loads(zlib.decompress(content))
    alignment = Alignment.from_rows(kept["rows"], kept["descriptions"])
    return Found(alignment, kept["hits"], kept["iterations"], kept["converged"], kept["seconds"], cached=True)


def _neff(alignment: Alignment, cache: Cache) -> float:
    """Neff, which compares all pairs of rows, from the cache if it is there."""
    rows = hashlib.sha256("\n".join(alignment.sequences).encode()).hexdigest()
    key = content_key({"neff of": rows, "identity": NEFF_IDENTITY, "format": _RESULT_FORMAT})
    content = cache.get(key)
    if content is not None:
        return float(json.loads(content))
    value = alignment.neff(NEFF_IDENTITY)
    cache.put(key, json.dumps(value).encode())
    return value

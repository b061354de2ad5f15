"""Does the search find what pyhmmer's own jackhmmer finds, how fast, how big, and do shards change it?

The database is `balifam_*.fasta.gz` of the folder given with `--seqdb` (headers `family|name|number`), the
queries are its `queries.fasta.gz`. For each query, of the sequences of its family that a direct run of
pyhmmer's jackhmmer includes (the baseline: same thresholds and iterations, one thread, Z and domZ left to
pyhmmer), the share that our search includes; no cap on rows in either. The search runs again in 1 and in 8
shards for the first `--shard-queries` queries and its A3M must be the same bytes. Peak memory is that of the
search alone, a process for each of the queries with the most residues times members; that of the process that
runs all queries and the baseline one after the other stands below it.

    python -m benchmarks.structure.search --seqdb DIR [--queries 24] [--threads 2] [--results FILE]
    python -m benchmarks.structure.search --seqdb DIR --results FILE --finished

With `--results` every finished query is appended to FILE, and queries found there are not run again; with
`--finished` too no other is run. `search_results.jsonl` beside this file holds the finished queries that
`benchmarks/README.md` quotes.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

from pyhmmer.easel import TextSequence
from pyhmmer.plan7 import Pipeline

from sciml.data.a3m import format_a3m
from sciml.data.alignment import Alignment
from sciml.data.digital_fasta import ALPHABET
from sciml.data.fasta import FastaRecord, read_fasta
from sciml.data.sequence_database import SequenceDatabase
from sciml.runs.cache import Cache
from sciml.structure.jackhmmer import Found, SearchSettings, search_database
from sciml.structure.search import DEFAULT_CAP

RECALL_TARGET, MEMORY_TARGET_GB = 0.99, 2.0


@dataclass(frozen=True)
class Outcome:
    """One query."""

    query: str
    residues: int
    family_size: int
    """Members of its family in the database."""
    direct: int
    """Members that the direct run includes."""
    common: int
    """Members that both include."""
    ours: int
    """Members that our search includes."""
    rows: int
    """Rows of the alignment after the default cap, without repeated rows."""
    neff: float
    wall_s: float
    """Search, merging and Neff."""
    cpu_s: float
    direct_wall_s: float
    direct_cpu_s: float
    shards_agree: bool | None
    """Whether 1 and 8 shards gave the same bytes; None where it was not tried."""
    peak_gb: float
    """Largest memory of the process until then, the direct run included."""


def family(header: str) -> str:
    return header.split("|")[0]


def member_names(alignment: Alignment, wanted: str) -> set[str]:
    """Names of the rows of one family, without the region and the query."""
    names = {description.split(" ")[0].rsplit("/", 1)[0] for description in alignment.descriptions[1:]}
    return {name for name in names if family(name) == wanted}


def our_search(query: str, database: SequenceDatabase, threads: int, shards: int | None = None) -> Found:
    cap = database.sequences * 10  # domains: more rows than sequences
    return search_database(query, database, SearchSettings(), cap, threads=threads, shards=shards)


def direct_members(record: FastaRecord, database: SequenceDatabase) -> set[str]:
    """Members of the query's family that pyhmmer's own iteration includes."""
    settings = SearchSettings()
    (block,) = database.blocks(1)
    query = TextSequence(name="query", sequence=record.sequence).digitize(ALPHABET)
    pipeline = Pipeline(
        ALPHABET,
        seed=settings.seed,
        E=settings.evalue,
        incE=settings.inclusion_evalue,
        incdomE=settings.domain_evalue,
    )
    for step in pipeline.iterate_seq(query, block):
        if step.converged or step.iteration == settings.iterations:
            break
    names = {(hit.description or "").split(" ")[0] for hit in step.hits if hit.included}
    return {name for name in names if family(name) == family(record.id)}


def measure(
    record: FastaRecord, database: SequenceDatabase, sizes: dict[str, int], threads: int, *, with_shards: bool
) -> Outcome:
    wall, cpu = time.perf_counter(), time.process_time()
    found = our_search(record.sequence, database, threads)
    merged = Alignment.merged([found.alignment], [DEFAULT_CAP])
    neff = merged.neff()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    direct_wall, direct_cpu = time.perf_counter(), time.process_time()
    direct = direct_members(record, database)
    direct_wall, direct_cpu = time.perf_counter() - direct_wall, time.process_time() - direct_cpu
    agree = None
    if with_shards:
        digests = {digest(our_search(record.sequence, database, threads, shards)) for shards in (1, 8)}
        agree = digests == {digest(found)}
    ours = member_names(found.alignment, family(record.id))
    return Outcome(
        query=record.id,
        residues=len(record.sequence),
        family_size=sizes[family(record.id)],
        direct=len(direct),
        common=len(direct & ours),
        ours=len(ours),
        rows=len(merged),
        neff=neff,
        wall_s=wall,
        cpu_s=cpu,
        direct_wall_s=direct_wall,
        direct_cpu_s=direct_cpu,
        shards_agree=agree,
        peak_gb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
    )


def open_families(seqdb: Path, cache: Path) -> SequenceDatabase:
    files = sorted(seqdb.glob("balifam_*.fasta.gz"))
    return SequenceDatabase(files, name="balifam", cache=Cache("digests", cache))


def search_alone(seqdb: Path, query: str, threads: int) -> None:
    """Search for one query, and print the peak memory of this process in GB."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_families(seqdb, Path(folder))
        (record,) = (one for one in read_fasta(seqdb / "queries.fasta.gz") if one.id == query)
        Alignment.merged([our_search(record.sequence, database, threads).alignment], [DEFAULT_CAP]).neff()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)


def peaks_alone(seqdb: Path, outcomes: list[Outcome], threads: int, number: int) -> list[float]:
    """Peak memory in GB of the searches for the largest queries, each in a process of its own."""
    largest = sorted(outcomes, key=lambda outcome: -outcome.residues * outcome.ours)[:number]
    longest = sorted(outcomes, key=lambda outcome: -outcome.residues)[:number]
    peaks = []
    for query in dict.fromkeys(outcome.query for outcome in largest + longest):
        command = [sys.executable, "-m", "benchmarks.structure.search", "--seqdb", str(seqdb)]
        command += ["--threads", str(threads), "--alone", query]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(float(done.stdout.splitlines()[-1]))
        print(f"  alone {query:39} {peaks[-1]:.2f} GB", flush=True)
    return peaks


def digest(found: Found) -> str:
    return hashlib.sha256(format_a3m(found.alignment).encode()).hexdigest()


def chosen_queries(folder: Path, number: int) -> list[FastaRecord]:
    """The first queries when families take turns, so that few queries are of many families."""
    turns: dict[str, list[FastaRecord]] = defaultdict(list)
    for record in read_fasta(folder / "queries.fasta.gz"):
        turns[family(record.id)].append(record)
    ordered = [(turn, name) for name, records in turns.items() for turn in range(len(records))]
    return [turns[name][turn] for turn, name in sorted(ordered)][: number or None]


def family_sizes(database: SequenceDatabase) -> dict[str, int]:
    sizes: dict[str, int] = defaultdict(int)
    for block in database.blocks():
        for sequence in block:
            sizes[family(sequence.description or "")] += 1
    return sizes


def finished(results: Path | None) -> dict[str, Outcome]:
    """Outcomes by query of a file of results; none without a file."""
    if results is None or not results.exists():
        return {}
    outcomes = (Outcome(**json.loads(line)) for line in results.read_text().splitlines())
    return {outcome.query: outcome for outcome in outcomes}


def spread(values: list[float]) -> str:
    return f"median {statistics.median(values):6.2f}, {min(values):.2f} to {max(values):.2f}"


def report(outcomes: list[Outcome], alone: list[float]) -> bool:
    """Print the figures; True if all targets are met.

    Args:
        outcomes: the finished queries.
        alone: peak memory of searches in processes of their own, GB.
    """
    recalls = [outcome.common / outcome.direct for outcome in outcomes if outcome.direct]
    pooled = sum(outcome.common for outcome in outcomes) / max(1, sum(outcome.direct for outcome in outcomes))
    truth = sum(outcome.family_size for outcome in outcomes)
    checked = [outcome.shards_agree for outcome in outcomes if outcome.shards_agree is not None]
    print(f"queries                                {len(outcomes)}")
    print(f"recall against direct jackhmmer        {pooled:.4f} pooled, mean {statistics.mean(recalls):.4f},")
    print(f"  same-family members                  lowest {min(recalls):.4f}; target {RECALL_TARGET}")
    print("members found of all in the family     ours, direct jackhmmer")
    found = [sum(outcome.ours for outcome in outcomes), sum(outcome.direct for outcome in outcomes)]
    print(f"                                       {found[0] / truth:.4f}, {found[1] / truth:.4f}")
    print(f"seconds a query, wall clock            {spread([outcome.wall_s for outcome in outcomes])}")
    print(f"seconds a query, processor             {spread([outcome.cpu_s for outcome in outcomes])}")
    print(f"  direct jackhmmer, wall clock         {spread([outcome.direct_wall_s for outcome in outcomes])}")
    print(f"  direct jackhmmer, processor          {spread([outcome.direct_cpu_s for outcome in outcomes])}")
    print(f"1 shard, 8 shards and default the same {sum(checked)} of {len(checked)} queries")
    peak = f"{max(alone):.2f} GB of {len(alone)} queries" if alone else "not measured"
    print(f"peak memory of a search                {peak}; target {MEMORY_TARGET_GB}")
    print(f"  all queries and direct runs together {max(outcome.peak_gb for outcome in outcomes):.2f} GB")
    return pooled >= RECALL_TARGET and all(checked) and max(alone, default=0.0) < MEMORY_TARGET_GB


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seqdb", type=Path, required=True, help="folder with balifam_*.fasta.gz and queries"
    )
    parser.add_argument("--queries", type=int, default=24, help="number of queries; 0 for all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--shard-queries", type=int, default=6, help="queries searched again in 1 and 8 shards"
    )
    parser.add_argument("--results", type=Path, help="file of finished queries, one JSON object a line")
    parser.add_argument(
        "--finished", action="store_true", help="report the queries of --results, run no other"
    )
    parser.add_argument(
        "--alone-queries", type=int, default=3, help="queries searched again, each in a process of its own"
    )
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    seqdb, threads, number = arguments.seqdb, arguments.threads, arguments.alone_queries
    if arguments.alone:
        search_alone(seqdb, arguments.alone, threads)
        return 0
    outcomes = list(finished(arguments.results).values()) if arguments.finished else run(arguments)
    return 0 if report(outcomes, peaks_alone(seqdb, outcomes, threads, number)) else 1


def run(arguments: argparse.Namespace) -> list[Outcome]:
    """Measure the queries that are not finished yet."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        database = open_families(arguments.seqdb, Path(folder))
        counts = f"{database.sequences:,} sequences, {database.residues:,} residues"
        print(f"database {database.sha256[:12]}: {counts}")
    print(f"  read in {time.perf_counter() - start:.2f} s")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    version = importlib.metadata.version("pyhmmer")
    machine = f"{platform.machine()}, {os.cpu_count()} processors"
    print(f"commit {commit.stdout.strip()}, pyhmmer {version}, {machine}")
    print(f"threads {arguments.threads}, {SearchSettings()}")
    done = finished(arguments.results)
    sizes = family_sizes(database)
    outcomes = []
    for number, record in enumerate(chosen_queries(arguments.seqdb, arguments.queries)):
        if record.id not in done:
            with_shards = number < arguments.shard_queries
            outcome = measure(record, database, sizes, arguments.threads, with_shards=with_shards)
            done[record.id] = outcome
            if arguments.results:
                with arguments.results.open("a") as file:
                    file.write(json.dumps(asdict(outcome)) + "\n")
        outcomes.append(done[record.id])
        last = outcomes[-1]
        print(
            f"  {last.query:45} {last.residues:4} res {last.common:6}/{last.direct:6} {last.wall_s:6.2f} s",
            flush=True,
        )
    return outcomes


if __name__ == "__main__":
    sys.exit(main())

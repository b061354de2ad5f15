"""Jackhmmer in this process: iterated profile search of one database, in blocks, by several threads.

The hits of all blocks are put together, and judged again, before the next profile is built. Z is the number
of sequences of the whole database from the start; domZ, the number of sequences that are reported, is counted
over the whole database when the hits are together, as one run of jackhmmer counts it (a domZ of a block alone
would let weaker domains in). Every sequence has a name of its own to break ties. So neither the blocks nor
the threads change a byte of the result, and it is the result of one plain run.

Source: Johnson, Eddy & Portugaly, BMC Bioinformatics 11:431 (2010); the thresholds are those of Jumper et al.
2021, Supplementary 1.2.2.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pyhmmer.easel import Alphabet, DigitalMSA, DigitalSequence, DigitalSequenceBlock, KeyHash, TextSequence
from pyhmmer.errors import AllocationError, EaselError, UnexpectedError
from pyhmmer.plan7 import HMM, Background, Builder, Pipeline, TopHits, Trace

from sciml.data.alignment import Alignment, on_query_columns
from sciml.data.digital_fasta import ALPHABET
from sciml.data.fasta import split_header
from sciml.data.sequence_database import SequenceDatabase
from sciml.errors import ScimlError, SettingsError

if TYPE_CHECKING:  # pyhmmer's classes take no type arguments when they run
    _Hits = TopHits[HMM[Alphabet]]
QUERY_NAME = "query"
LONGEST_QUERY = 8192
"""Residues of the longest query.

HMMER aligns it with a target in memory that grows with the product of their lengths: 3 GB for two chains
of this length. At 30,000 residues it ends the whole process instead of reporting an error.
"""


class SearchError(ScimlError):
    """HMMER gave up on one query; its own words are in the message."""

    exit_code = 3


@dataclass(frozen=True)
class SearchSettings:
    """What decides which sequences are found."""

    iterations: int = 3
    """Passes over the database at most; fewer if nothing new is found."""
    evalue: float = 1e-4
    """Largest E-value of a sequence that is reported."""
    inclusion_evalue: float = 1e-4
    """Largest E-value of a sequence that joins the profile and the alignment; at most `evalue`."""
    domain_evalue: float = 1e-3
    """Largest independent E-value (by domZ) of a domain that joins them; HMMER's default."""
    seed: int = 42
    """Of HMMER's sampling; 42 is its own default."""

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise SettingsError(f"a search has at least one iteration, got {self.iterations}")
        for name in ("evalue", "inclusion_evalue", "domain_evalue"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise SettingsError(f"{name} is an E-value, positive and finite; got {value}")
        if self.inclusion_evalue > self.evalue:
            rule = "a sequence cannot be included without being reported"
            raise SettingsError(
                f"{rule}: inclusion_evalue {self.inclusion_evalue} is above evalue {self.evalue}"
            )
        if self.seed < 1:
            raise SettingsError(f"seed 0 makes HMMER's answers vary; the seed is at least 1, got {self.seed}")


@dataclass(frozen=True, eq=False)
class Found:
    """What one database holds for a query."""

    alignment: Alignment
    """Rows on the query's columns, best first, cut to the cap; the query is row 0."""
    hits: int
    """Aligned domains of included sequences, before the cap."""
    iterations: int
    """Passes that were made."""
    converged: bool
    """Whether the last pass found nothing new."""
    seconds: float
    """Time of the search."""
    cached: bool = False
    """Whether the answer comes from the cache."""


def search_database(
    query: str,
    database: SequenceDatabase,
    settings: SearchSettings,
    cap: int,
    *,
    threads: int,
    shards: int | None = None,
    tick: Callable[[int, int], None] = lambda iteration, residues: None,
) -> Found:
    """Search with a profile, build the next from the alignment of what it includes, until nothing is new.

    Args:
        query: residues of the twenty and X.
        database: what is searched.
        settings: thresholds and the most iterations.
        cap: most rows that are returned, the query's included.
        threads: searching threads.
        shards: blocks the database is cut into; by size if None.
        tick: called after each block with the iteration, from 1, and the residues searched in it so far.

    Raises:
        InputError: the database cannot be read.
        SearchError: the query is longer than `LONGEST_QUERY`, or HMMER gives up: memory, numerical overflow.
    """
    if len(query) > LONGEST_QUERY:
        rule = (
            f"a query of {len(query):,} residues is longer than HMMER can search safely ({LONGEST_QUERY:,})"
        )
        raise SearchError(f"{rule}; give its alignment instead, or split the chain")
    try:
        return _search(query, database, settings, cap, threads, shards, tick)
    except (AllocationError, EaselError, UnexpectedError, OverflowError) as error:
        rule = f"no search of {database.name} with a query of {len(query)} residues"
        raise SearchError(f"{rule} (HMMER: {str(error) or type(error).__name__})") from error


def _search(
    query: str,
    database: SequenceDatabase,
    settings: SearchSettings,
    cap: int,
    threads: int,
    shards: int | None,
    tick: Callable[[int, int], None],
) -> Found:
    """See `search_database`."""
    start = time.perf_counter()
    background = Background(ALPHABET)
    builder = Builder(ALPHABET, architecture="hand", seed=settings.seed)
    target = TextSequence(name=QUERY_NAME, sequence=query).digitize(ALPHABET)
    profile, _, _ = builder.build(target, background)
    known = KeyHash()
    rows_before = 1
    for iteration in range(1, settings.iterations + 1):
        hits = _search_profile(profile, database, settings, threads, shards, partial(tick, iteration))
        new = hits.compare_ranking(known)
        msa = _aligned(hits, target)
        converged = new == 0 and len(msa.sequences) <= rows_before
        if converged or iteration == settings.iterations:
            break
        rows_before = len(msa.sequences)
        msa.name = f"{QUERY_NAME}-i{iteration}"
        profile, _, _ = builder.build_msa(msa, background)
    alignment = _on_query(msa, hits, query, cap)
    return Found(alignment, len(msa.sequences) - 1, iteration, converged, time.perf_counter() - start)


def _search_profile(
    profile: HMM[Alphabet],
    database: SequenceDatabase,
    settings: SearchSettings,
    threads: int,
    shards: int | None,
    tick: Callable[[int], None],
) -> _Hits:
    """The hits of one profile in the whole database, sorted; blocks are searched by `threads` threads."""
    sequences = database.sequences
    found: list[_Hits] = []
    waiting: deque[Future[_Hits]] = deque()
    searched = 0

    def collect() -> None:
        nonlocal searched
        found.append(waiting.popleft().result())
        searched += found[-1].searched_residues
        tick(searched)

    with ThreadPoolExecutor(threads) as pool:
        for block in database.blocks(shards):
            waiting.append(pool.submit(_search_block, profile, block, settings, sequences))
            while len(waiting) > threads + 1:  # a database that is read as it goes must not pile up
                collect()
        while waiting:
            collect()
    hits = found[0].merge(*found[1:])
    hits.sort(by="key")
    return hits


def _search_block(
    profile: HMM[Alphabet], block: DigitalSequenceBlock[Alphabet], settings: SearchSettings, sequences: int
) -> _Hits:
    """The hits of one block, judged as part of a database of `sequences`; runs without Python's lock."""
    pipeline = Pipeline(
        ALPHABET,
        seed=settings.seed,
        Z=sequences,
        E=settings.evalue,
        incE=settings.inclusion_evalue,
        incdomE=settings.domain_evalue,
    )
    return pipeline.search_hmm(profile, block)  # type: ignore[return-value]  # the query is an HMM


def _aligned(hits: _Hits, target: DigitalSequence[Alphabet]) -> DigitalMSA[Alphabet]:
    """The query and all included domains on the profile's columns."""
    trace = Trace.from_sequence(target)
    return hits.to_msa(  # type: ignore[return-value]  # digital because of `digitize`
        ALPHABET, sequences=[target], traces=[trace], all_consensus_cols=True, digitize=True
    )


def _on_query(msa: DigitalMSA[Alphabet], hits: _Hits, query: str, cap: int) -> Alignment:
    """The first `cap` rows on the query's columns, named as in the database: `id/from-to description`."""
    text = msa.textize()
    rows = on_query_columns(list(text.alignment)[:cap])
    rows[0] = query
    headers = {hit.name: split_header(hit.description or "") for hit in hits if hit.included}
    descriptions = [QUERY_NAME]
    for name in list(text.names)[1:cap]:
        number, _, region = name.partition("/")
        identifier, rest = headers[number]
        descriptions.append(f"{identifier or number}/{region} {rest}".rstrip())
    return Alignment.from_rows(rows, descriptions)

"""Search: planted relatives are found, as pyhmmer's own jackhmmer finds them, whatever the shards."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from pyhmmer.easel import TextSequence
from pyhmmer.plan7 import Pipeline

from sciml.data.a3m import format_a3m
from sciml.data.digital_fasta import ALPHABET
from sciml.data.fasta import write_fasta
from sciml.data.sequence_database import SequenceDatabase
from sciml.errors import InputError, SettingsError
from sciml.runs.cache import Cache
from sciml.structure.jackhmmer import SearchError, SearchSettings, search_database
from sciml.structure.search import SearchProgress, SearchResult, default_cap, search

UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
PLANTED = 30


def relative(rng: random.Random, identity: float) -> str:
    """Ubiquitin with point changes, one insertion and one deletion, inside random flanks."""
    letters = [letter if rng.random() < identity else rng.choice(RESIDUES) for letter in UBIQUITIN]
    cut, place = rng.randrange(10, 60), rng.randrange(10, 60)
    letters[cut : cut + 2] = []
    letters[place:place] = rng.choices(RESIDUES, k=3)
    return unrelated(rng, 15) + "".join(letters) + unrelated(rng, 20)


def unrelated(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(RESIDUES, k=length))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 random sequences with 30 relatives of ubiquitin at 45-90 % identity among them."""
    rng = random.Random(7)
    records = [(f"random{n} noise", unrelated(rng, rng.randint(50, 300))) for n in range(400)]
    records += [(f"relative{n} planted", relative(rng, 0.45 + 0.45 * n / PLANTED)) for n in range(PLANTED)]
    records += [("self", UBIQUITIN), ("self", UBIQUITIN)]  # one name twice
    rng.shuffle(records)
    path = tmp_path_factory.mktemp("database") / "planted.fasta"
    write_fasta(path, records)
    return path


@pytest.fixture
def searched(planted: Path, tmp_path: Path) -> Callable[..., SearchResult]:
    def run(
        query: str = UBIQUITIN, settings: SearchSettings | None = None, **options: object
    ) -> SearchResult:
        streamed = {"memory_limit_bytes": 0} if options.pop("streamed", False) else {}
        database = SequenceDatabase([planted], cache=Cache("digests", tmp_path), **streamed)
        cache = options.pop("cache", Cache("search", tmp_path / str(random.random())))
        return search(query, [database], settings, cache=cache, **options)

    return run


def row_ids(result: SearchResult) -> set[str]:
    return {description.split("/")[0] for description in result.alignment.descriptions[1:]}


def test_planted_relatives_are_found_and_nothing_else(searched: Callable[..., SearchResult]) -> None:
    result = searched()
    assert row_ids(result) == {f"relative{n}" for n in range(PLANTED)}  # `self` is the query again
    assert result.alignment.query == UBIQUITIN
    hits = result.databases[0]
    assert (hits.sequences, hits.hits, hits.rows) == (432, PLANTED + 2, PLANTED + 3)
    assert result.coverage == pytest.approx(result.alignment.coverage().mean())
    assert result.neff == pytest.approx(result.alignment.neff(0.8))
    assert 15 < result.neff <= len(result.alignment)


def test_the_first_row_is_the_query_ungapped_and_rows_keep_their_residues(
    searched: Callable[..., SearchResult], planted: Path
) -> None:
    text = format_a3m(searched(name="ubq human").alignment)
    assert text.startswith(f">ubq human\n{UBIQUITIN}\n>")
    database = planted.read_text().replace("\n", "")
    rows = text.splitlines()[3::2]
    assert any(letter.islower() for row in rows for letter in row)
    for row in rows:
        assert row.replace("-", "").upper() in database
        assert sum(not letter.islower() for letter in row) == len(UBIQUITIN)


def test_row_names_say_where_in_the_target_the_row_lies(
    searched: Callable[..., SearchResult], planted: Path
) -> None:
    records = {}
    for record in planted.read_text().split(">")[1:]:
        header, _, sequence = record.partition("\n")
        records[header.split()[0]] = sequence.replace("\n", "")
    alignment = searched().alignment
    for description, row in list(zip(alignment.descriptions, alignment.a3m_rows(), strict=True))[1:]:
        name, rest = description.split(" ")
        identifier, region = name.split("/")
        first, last = map(int, region.split("-"))
        assert rest == "planted"
        assert records[identifier][first - 1 : last] == row.replace("-", "").upper()


@pytest.mark.parametrize("shards", [1, 8])
def test_rows_are_those_of_one_plain_run_of_jackhmmer(planted: Path, tmp_path: Path, shards: int) -> None:
    database = SequenceDatabase([planted], cache=Cache("digests", tmp_path))
    (block,) = database.blocks(1)
    pipeline = Pipeline(ALPHABET, E=1e-4, incE=1e-4, incdomE=1e-3)  # Z and domZ are left to pyhmmer
    query = TextSequence(name="query", sequence=UBIQUITIN).digitize(ALPHABET)
    for step in pipeline.iterate_seq(query, block):
        settings = SearchSettings(iterations=step.iteration)
        ours = search_database(UBIQUITIN, database, settings, 10_000, threads=2, shards=shards)
        rows = list(step.msa.textize().alignment)
        query_columns = [column for column, letter in enumerate(rows[0]) if letter != "-"]
        expected = ["".join(row[column] for column in query_columns) for row in rows]
        assert list(ours.alignment.sequences) == expected
        assert ours.converged == step.converged
        if step.converged:
            break
    assert step.iteration >= 2
    assert step.hits.domZ == PLANTED + 2 < len(block)


def test_weak_domains_are_judged_by_the_whole_database(planted: Path, tmp_path: Path) -> None:
    rng = random.Random(3)
    weak = [
        (
            f"weak{n}",
            "".join(unrelated(rng, 80) + relative(rng, 0.36)[start : start + 50] for start in (10, 20)),
        )
        for n in range(40)
    ]
    write_fasta(tmp_path / "weak.fasta", weak)
    database = SequenceDatabase([tmp_path / "weak.fasta", planted], cache=Cache("digests", tmp_path))

    def rows(domain_evalue: float, shards: int) -> tuple[str, ...]:
        settings = SearchSettings(evalue=10.0, inclusion_evalue=10.0, domain_evalue=domain_evalue)
        found = search_database(UBIQUITIN, database, settings, 10_000, threads=1, shards=shards)
        return found.alignment.a3m_rows()

    whole = rows(0.05, shards=1)
    assert rows(0.05, shards=8) == rows(0.05, shards=100) == whole
    # A domZ of one block would be several times smaller, and that would show:
    assert len(rows(0.05 / 4, shards=1)) < len(whole) < len(rows(0.05 * 4, shards=1))


@pytest.mark.parametrize("shards", [2, 8, 431, 10_000])
@pytest.mark.parametrize("streamed", [False, True])
def test_shards_change_no_byte(searched: Callable[..., SearchResult], shards: int, streamed: bool) -> None:
    whole = searched(shards=1, threads=1)
    parts = searched(shards=shards, threads=3, streamed=streamed)
    assert format_a3m(parts.alignment) == format_a3m(whole.alignment)
    assert parts.neff == whole.neff


def test_the_cap_counts_the_query_and_keeps_the_best(searched: Callable[..., SearchResult]) -> None:
    whole, cut = searched(), searched(caps=[10])
    # The two copies of the query are among the ten best rows and add nothing.
    assert cut.databases[0].rows == 10
    assert cut.alignment.descriptions == whole.alignment.descriptions[:8]
    assert searched(caps=[1]).alignment.sequences == (UBIQUITIN,)


def test_databases_are_joined_in_order_without_repeated_rows(planted: Path, tmp_path: Path) -> None:
    rng = random.Random(9)
    extra = [(f"extra{n}", relative(rng, 0.8)) for n in range(3)]
    write_fasta(tmp_path / "second.fasta", extra)
    digests = Cache("digests", tmp_path)
    first = SequenceDatabase([planted], cache=digests)
    second = SequenceDatabase([tmp_path / "second.fasta"], cache=digests)
    result = search(UBIQUITIN, [first, second, first], cache=Cache("search", tmp_path))
    assert [hits.added for hits in result.databases] == [PLANTED + 1, 3, 0]
    assert {name.split("/")[0] for name in result.alignment.descriptions[-3:]} == {
        "extra0",
        "extra1",
        "extra2",
    }


def test_the_second_search_is_answered_by_the_cache(
    searched: Callable[..., SearchResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache("search", tmp_path / "answers")
    first = searched(cache=cache)
    monkeypatch.setattr("sciml.structure.search.search_database", None)
    second = searched(cache=cache, name="another name")
    assert (first.cached, second.cached) == (False, True)
    assert second.alignment.a3m_rows() == first.alignment.a3m_rows()
    assert second.alignment.descriptions == ("another name", *first.alignment.descriptions[1:])
    assert (second.neff, second.coverage) == (first.neff, first.coverage)
    assert second.databases[0].hits == first.databases[0].hits
    for changed in ({"query": UBIQUITIN[1:]}, {"settings": SearchSettings(iterations=2)}, {"caps": [20]}):
        with pytest.raises(TypeError, match="not callable"):
            searched(cache=cache, **changed)


def test_a_damaged_answer_is_searched_again(searched: Callable[..., SearchResult], tmp_path: Path) -> None:
    cache = Cache("search", tmp_path / "answers")
    first = searched(cache=cache)
    for entry in (tmp_path / "answers" / "search").glob("*/*"):
        data = bytearray(entry.read_bytes())
        data[-1] ^= 1
        entry.write_bytes(data)
    second = searched(cache=cache)
    assert not second.cached
    assert format_a3m(second.alignment) == format_a3m(first.alignment)


def test_progress_rises_to_the_end_of_its_iteration(searched: Callable[..., SearchResult]) -> None:
    reports: list[SearchProgress] = []
    result = searched(shards=4, progress=reports.append)
    fractions = [report.fraction for report in reports]
    passes = result.databases[0].iterations
    assert len(reports) == 4 * passes
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(passes / 3)
    assert reports[0].eta_seconds is None
    assert all(report.eta_seconds >= 0 for report in reports[1:] if report.eta_seconds is not None)


@pytest.mark.parametrize("query", ["M", "MK", "X", "XXXXXXXX", "MKX", "A" * 50])
def test_queries_with_nothing_to_find_are_their_own_alignment(
    searched: Callable[..., SearchResult], query: str
) -> None:
    result = searched(query)
    assert result.alignment.sequences == (query,)
    assert (result.coverage, result.databases[0].converged) == (1.0, True)


def test_settings_and_queries_that_cannot_be_are_refused(searched: Callable[..., SearchResult]) -> None:
    with pytest.raises(InputError, match="position 2: '1'"):
        searched("M1K")
    with pytest.raises(SettingsError, match="at least one database"):
        search("MK", [])
    with pytest.raises(SettingsError, match="1 databases have 2 caps"):
        searched(caps=[1, 2])
    with pytest.raises(SettingsError, match="at least 1, got 0"):
        searched(caps=[0])
    for wrong in (
        {"iterations": 0},
        {"evalue": 0.0},
        {"evalue": float("nan")},
        {"domain_evalue": float("inf")},
        {"inclusion_evalue": 1.0},
        {"seed": 0},
    ):
        with pytest.raises(SettingsError):
            SearchSettings(**wrong)


def test_hmmers_own_words_are_kept(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OverflowError("numerical overflow in the optimized vector implementation")

    monkeypatch.setattr("sciml.structure.jackhmmer._search_block", fail)
    database = SequenceDatabase([planted], cache=Cache("digests", planted.parent))
    with pytest.raises(SearchError, match=r"planted.fasta with a query of 76 .*numerical overflow") as caught:
        search_database(UBIQUITIN, database, SearchSettings(), 10, threads=1)
    assert caught.value.exit_code == 3


def test_a_query_that_would_crash_hmmer_is_refused(searched: Callable[..., SearchResult]) -> None:
    with pytest.raises(SearchError, match="30,000 residues is longer than HMMER can search safely"):
        searched("A" * 30_000)


def test_caps_follow_the_names_of_databases() -> None:
    assert [default_cap(name) for name in ("uniref90.fasta", "MGnify_2022.fa.gz", "mgy_clusters.fa")] == [
        10_000,
        501,
        501,
    ]

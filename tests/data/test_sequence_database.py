"""Databases: any FASTA, the same sequences and digest in every dress, in memory or streamed."""

import gzip
import os
from pathlib import Path

import pytest

from sciml.data.digital_fasta import ALPHABET, LONGEST_TARGET
from sciml.data.sequence_database import SequenceDatabase, open_database
from sciml.errors import InputError
from sciml.runs.cache import Cache

TEXT = b">a first\nMKV\nLDE\n>b\nAAAA\n>c third one\nMMMMM\n"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache("digests", tmp_path / "cache")


def database(
    folder: Path, data: bytes, cache: Cache, name: str = "x.fasta", **options: int
) -> SequenceDatabase:
    path = folder / name
    path.write_bytes(data)
    return SequenceDatabase([path], cache=cache, **options)


def content(database: SequenceDatabase, shards: int | None = None) -> list[tuple[str, str, str]]:
    return [
        (sequence.name, sequence.description or "", sequence.textize().sequence)
        for block in database.blocks(shards)
        for sequence in block
    ]


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        TEXT.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + TEXT,
        b"#comment\n\n" + TEXT,
        TEXT.replace(b"MKV", b"mkv"),
        TEXT.replace(b"KV", b"K-V.").replace(b"MMMMM", b"MMMMM*"),
        gzip.compress(TEXT),
        TEXT.rstrip(),
    ],
    ids=["plain", "crlf", "bom", "comment", "lower", "gaps-and-stop", "gzip", "no-end"],
)
def test_the_same_sequences_in_every_dress(tmp_path: Path, cache: Cache, data: bytes) -> None:
    found = database(tmp_path, data, cache)
    assert (found.sequences, found.residues) == (3, 15)
    assert [text for _, _, text in content(found)] == ["MKVLDE", "AAAA", "MMMMM"]
    assert [header for _, header, _ in content(found)] == ["a first", "b", "c third one"]
    assert [name for name, _, _ in content(found)] == ["0000000000", "0000000001", "0000000002"]


def test_the_digest_is_of_the_decompressed_content(tmp_path: Path, cache: Cache) -> None:
    # printf of TEXT | sha256sum
    expected = "a777bde5"
    assert database(tmp_path, TEXT, cache).sha256.startswith(expected)
    assert database(tmp_path, gzip.compress(TEXT), cache, "x.gz").sha256.startswith(expected)
    assert not database(tmp_path, TEXT + b"A", cache, "y").sha256.startswith(expected)


def test_a_remembered_digest_needs_no_reading_and_a_change_is_noticed(tmp_path: Path, cache: Cache) -> None:
    first = database(tmp_path, TEXT, cache).sha256
    path = tmp_path / "x.fasta"
    os.chmod(path, 0o644)
    again = SequenceDatabase([path], cache=cache)
    assert again.sha256 == first
    path.write_bytes(TEXT.replace(b"AAAA", b"AAAC"))  # of the same size
    assert SequenceDatabase([path], cache=cache).sha256 != first


def test_reading_is_really_avoided(tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = database(tmp_path, TEXT, cache).sha256

    def refuse(*_: object) -> None:
        raise AssertionError("the file was read")

    monkeypatch.setattr("sciml.data.sequence_database.DigitalFasta", refuse)
    again = SequenceDatabase([tmp_path / "x.fasta"], cache=cache)
    assert (again.sha256, again.sequences) == (digest, 3)


@pytest.mark.parametrize("memory_limit_bytes", [0, 10**9])
@pytest.mark.parametrize("shards", [None, 1, 2, 3, 8])
def test_blocks_hold_everything_in_order(
    tmp_path: Path, cache: Cache, memory_limit_bytes: int, shards: int | None
) -> None:
    text = b"".join(b">s%d\n%s\n" % (n, b"MK" * (n % 7 + 1)) for n in range(100))
    found = database(tmp_path, text, cache, memory_limit_bytes=memory_limit_bytes)
    blocks = list(found.blocks(shards))
    assert len(blocks) == (shards or 1)
    assert [sequence.name for block in blocks for sequence in block] == [f"{n:010d}" for n in range(100)]
    assert all(block.alphabet == ALPHABET for block in blocks)
    assert content(found, shards) == content(found)


def test_several_files_are_one_database_with_running_numbers(tmp_path: Path, cache: Cache) -> None:
    for name, data in {"p2.fa": b">c\nMMM\n", "p1.fa.gz": gzip.compress(b">a\nMK\n>b\nMV\n")}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "notes.txt").write_text("x")
    for argument in (tmp_path, tmp_path / "p*.fa*"):
        found = open_database(argument, cache=cache)
        assert found.sequences == 3
        assert content(found) == [
            ("0000000000", "a", "MK"),
            ("0000000001", "b", "MV"),
            ("0000000002", "c", "MMM"),
        ]
    one_file = open_database(tmp_path / "p2.fa", cache=cache)
    assert one_file.sequences == 1
    assert one_file.sha256 != found.sha256


def test_sequences_that_cannot_be_compared_are_left_out_and_counted(tmp_path: Path, cache: Cache) -> None:
    text = b">a\nMK\n>empty\n>long\n" + b"A" * (LONGEST_TARGET + 1) + b"\n>stop\n***\n>b\nMV\n"
    found = database(tmp_path, text, cache)
    assert [name for _, name, _ in content(found)] == ["a", "b"]
    assert (found.sequences, found.summaries[0].left_out) == (2, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "holds no sequence"),
        (b">a\n", "holds no sequence"),
        (b"MKV\n", "starts with '>'"),
        (b"#x\nMKV\n>a\nMK\n", "starts with '>'"),
        (b">a\nMK\n>b c\nM1K\n", "record 'b', position 2: '1' is not a residue letter"),
        (b">a\nMK\n>b\nMK\xc3\xa9\n", "record 'b', position 3"),
        (b">a\nM\0K\n", "record 'a', position 2"),
        (gzip.compress(TEXT)[:-8], "gzip data is damaged or cut off"),
    ],
)
def test_files_that_are_no_database_are_refused(
    tmp_path: Path, cache: Cache, data: bytes, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        _ = database(tmp_path, data, cache).sha256
    assert message in str(caught.value)
    assert "x.fasta" in str(caught.value)


def test_missing_databases_are_refused(tmp_path: Path) -> None:
    for argument in (tmp_path / "none.fasta", tmp_path / "*.fasta", tmp_path):
        with pytest.raises(InputError, match="--db names a FASTA file"):
            open_database(argument)


def test_a_database_that_changes_while_it_is_used_is_refused(tmp_path: Path, cache: Cache) -> None:
    streamed = database(tmp_path, TEXT, cache, memory_limit_bytes=0)
    assert streamed.sequences == 3
    (tmp_path / "x.fasta").write_bytes(TEXT + b">d\nMK\n")
    with pytest.raises(InputError, match="changed while it was searched"):
        list(streamed.blocks())


def test_odd_headers_survive(tmp_path: Path, cache: Cache) -> None:
    found = database(tmp_path, b">K\xf6ln\0x y\nMK\n>\xe2\x80\xa8z\nMK\n>\nMK\n", cache)
    assert [header for _, header, _ in content(found)] == ["Köln x y", "\u2028z", ""]

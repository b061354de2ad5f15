"""2,000 seeded mutations of each format end in data or in an InputError, never in another exception."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from sciml.data.a3m import read_a3m
from sciml.data.fasta import read_fasta
from sciml.data.sequence_database import SequenceDatabase
from sciml.data.sequences import read_sequences
from sciml.data.stockholm import read_stockholm
from sciml.errors import InputError
from sciml.runs.cache import Cache

FASTA = b">a first one\nMKVLDEFGHIRSTVWYACNPQ\nAAAA\n>b\nmkvl*\n>c|d\nMUOBZJX\n"
A3M = b"#6\t1\n>query of six\nMKVLDE\n>hit/3-9 E=1\naMK-LcDE\n>ss_pred\nCCHHCC\n>other\n--VLD-zz\n"
STOCKHOLM = b"""# STOCKHOLM 1.0
#=GF ID x
#=GS hit/1-5 DE some words
query     --MK-L
hit/1-5   acMKaL
#=GR hit/1-5 PP 99****

query     D--
hit/1-5   -wy
#=GC RF   x..
//
"""
SEQUENCE_GZIP = gzip.compress(FASTA, mtime=0)
SPECIAL = [
    b"\0",
    b">",
    b"\n",
    b"\r",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
    b":",
    b"*",
    b"-",
    b"\xe2\x80\xa8",
    b"//",
    b"#",
]


def mutated(rng: random.Random, data: bytes) -> bytes:
    """`data` after one to four cuts, repetitions, swaps and overwritten bytes."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(data) + 1)
        stop = min(len(data), start + rng.choice([1, 1, 2, 5, 20]))
        piece = data[start:stop]
        replacement = rng.choice(
            [
                b"",
                piece * 2,
                bytes(reversed(piece)),
                rng.randbytes(len(piece)),
                rng.choice(SPECIAL),
                piece.upper(),
            ]
        )
        data = data[:start] + replacement + data[stop:]
    return data


def check(path: Path, data: bytes, read: Callable[[Path], object]) -> bool:
    """Whether the data was read; False if it was refused in the proper way."""
    path.unlink(missing_ok=True)  # a file that is written over is flushed to the disk, which is slow
    path.write_bytes(data)
    try:
        read(path)
    except InputError:
        return False
    return True


def read_database(path: Path) -> str:
    """The digest of a database, which reads all of it; without a cache, so that every file is read."""
    return SequenceDatabase(
        [path], cache=Cache("digests", path)
    ).sha256  # a file is no folder: nothing is kept


FORMATS: list[tuple[str, bytes, Callable[[Path], object]]] = [
    ("x.fasta", FASTA, read_fasta),
    ("x.a3m", A3M, read_a3m),
    ("x.sto", STOCKHOLM, read_stockholm),
    ("database.fa", FASTA, read_database),
    ("x.fa", FASTA, read_sequences),
    ("y.a3m", A3M, read_sequences),
    ("x.fasta.gz", SEQUENCE_GZIP, read_sequences),
]


@pytest.mark.parametrize(("name", "data", "read"), FORMATS, ids=[name for name, _, _ in FORMATS])
def test_mutated_files_end_in_data_or_input_error(
    tmp_path: Path, name: str, data: bytes, read: Callable[[Path], object]
) -> None:
    assert check(tmp_path / name, data, read)
    rng = random.Random(name)
    outcomes = [check(tmp_path / name, mutated(rng, data), read) for _ in range(2000)]
    assert any(outcomes)  # some mutations are harmless
    if read is not read_sequences:  # which returns its refusals
        assert sum(outcomes) < 2000


@pytest.mark.parametrize(("name", "data", "read"), FORMATS, ids=[name for name, _, _ in FORMATS])
def test_every_truncation_ends_in_data_or_input_error(
    tmp_path: Path, name: str, data: bytes, read: Callable[[Path], object]
) -> None:
    for length in range(len(data)):
        check(tmp_path / name, data[:length], read)

"""A3M and its relatives: what rows mean, what is refused, and the way back."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from sciml.data.a3m import format_a3m, looks_like_a3m, read_a3m, write_a3m
from sciml.data.alignment import Alignment
from sciml.data.fasta import FastaRecord
from sciml.errors import InputError


def read(folder: Path, text: str | bytes) -> Alignment:
    path = folder / "in.a3m"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_a3m(path)


def test_lower_case_is_deleted_residues_and_dashes_are_gaps(tmp_path: Path) -> None:
    alignment = read(tmp_path, ">q the query\nMKLD\n>a\nabMK-cD\n>b\n-KLDzz\n")
    assert alignment.sequences == ("MKLD", "MK-D", "-KLD")
    assert alignment.descriptions == ("q the query", "a", "b")
    np.testing.assert_array_equal(alignment.deletions, [[0, 0, 0, 0], [2, 0, 0, 1], [0, 0, 0, 0]])
    assert alignment.a3m_rows() == ("MKLD", "abMK-cD", "-KLDzz")


@pytest.mark.parametrize(
    "text",
    [
        ">q\nMKLD\n>a\naMK-D\n",
        ">q\nMK\nLD\n>a\naM\nK-D\n",
        ">q\r\nMKLD\r\n>a\r\naMK-D\r\n",
        "#4\t1\n>q\nMKLD\n>a\naMK-D\n",
        ">ss_pred\nCCHH\n>ss_conf\n0998\n>q\nMKLD\n>a\naMK-D\n",
        ">q\n.MK.LD\n>a\naMK.-D\n",  # A2M
        ">q\nMKLD*\n>a\naMK-D*\n",
        "\ufeff>q\nMKLD\n>a\naMK-D\n",
    ],
    ids=["plain", "wrapped", "crlf", "colabfold", "hhsuite", "a2m", "stop", "bom"],
)
def test_the_same_alignment_in_every_dress(tmp_path: Path, text: str) -> None:
    alignment = read(tmp_path, text)
    assert alignment.a3m_rows() == ("MKLD", "aMK-D")


def test_columns_that_the_query_lacks_become_insertions(tmp_path: Path) -> None:
    alignment = read(tmp_path, ">q\nM-K-\n>a\nMAKA\n>b\n-a-KV\n>c\nMAc-C\n")
    assert alignment.a3m_rows() == ("MK", "MaKa", "-aKv", "Mac-c")
    np.testing.assert_array_equal(alignment.deletions, [[0, 0], [0, 1], [0, 1], [0, 2]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            ">q\nMKLD\n>a\nMKL\n",
            "line 3, record 'a': has 3 columns (capitals and '-'), but the query's row has 4",
        ),
        (">q\nMaKLD\n", "record 'q', position 2: the first row is the query and cannot have insertions"),
        (">q\n----\n>a\nMKLD\n", "holds no residue"),
        (">q\n\n>a\nMKLD\n", "holds no residue"),
        (">q\nMK1D\n", "record 'q', position 3: '1' is no residue letter"),
        (">q\nMKLD\n>a\nMK\u2028D\n", "record 'a', position 3"),
        (">q\nMKLD\n>a\nMK\0D\n", "record 'a', position 3"),
        (">q\nMKLD\n>a\nMKéD\n", "record 'a', position 3"),
        (">q\nM*LD\n", "record 'q', position 2: '*'"),
        (">q\nMK:LD\n", "several chains in one record"),
        ("#2,2\t1,1\n>101\nMKLD\n", "line 1: several chains in one record"),
        (">ss_pred\nCCCC\n", "annotation rows only"),
        ("MKLD\n", "starts with '>'"),
        ("", "holds no FASTA record"),
    ],
)
def test_what_is_no_alignment_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "in.a3m" in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["MKLD", "MK-D"], True),
        (["MKLD", "aMKLD"], True),
        (["MKLD", "MKAD"], False),  # two sequences of one length
        (["MKLD"], False),
        (["MKLD", "MK"], False),
        (["MKLD", "MK-"], False),
        (["mkld", "mka"], False),
        (["M-LD", "MKLD"], True),
        (["MKldV", "MKVla"], False),  # soft-masked sequences
        (["MKLD", "MK-D", "MK1D"], False),  # a letter that no alignment holds
    ],
)
def test_looks_like_a3m(rows: list[str], expected: bool) -> None:
    assert looks_like_a3m([FastaRecord("x", row) for row in rows]) is expected


@pytest.mark.parametrize("name", ["x.a3m", "x.a3m.gz"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    rows = ["MKLD", "abMK-cD", "----zz", "-KLD", "MKLD"]
    alignment = Alignment.from_rows(rows, ["q", "a b", "é", "-", "line\nbreak"])
    write_a3m(tmp_path / name, alignment)
    back = read_a3m(tmp_path / name)
    assert back.a3m_rows() == tuple(rows)
    assert back.descriptions == ("q", "a b", "é", "-", "line break")
    np.testing.assert_array_equal(back.deletions, alignment.deletions)
    data = (tmp_path / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith("gz") else data).decode()
    assert text == format_a3m(alignment)
    assert text.startswith(">q\nMKLD\n>a b\nabMK-cD\n")


def test_counts_survive_where_letters_are_unknown(tmp_path: Path) -> None:
    counts = np.array([[0, 0, 0], [3, 0, 1]], dtype=np.int32)
    write_a3m(tmp_path / "x.a3m", Alignment(("MKL", "-KL"), counts, ("q", "r")))
    np.testing.assert_array_equal(read_a3m(tmp_path / "x.a3m").deletions, counts)

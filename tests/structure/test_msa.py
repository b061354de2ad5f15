"""An alignment of the user's own is read in three formats and must be of the query."""

from pathlib import Path

import pytest

from sciml.errors import InputError
from sciml.structure.msa import load_msa

A3M = ">q\nMKLD\n>hit\naM-LD\n"
STOCKHOLM = "# STOCKHOLM 1.0\nq -MKLD\nhit AM-LD\n//\n"
ALIGNED_FASTA = ">q\n-MKLD\n>hit\nAM-LD\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [("x.a3m", A3M), ("x.sto", STOCKHOLM), ("x.txt", STOCKHOLM), ("x.fasta", ALIGNED_FASTA), ("x.txt", A3M)],
)
def test_the_same_alignment_in_three_formats(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    alignment = load_msa(tmp_path / name, "MKLD")
    assert alignment.a3m_rows() == ("MKLD", "aM-LD")
    assert alignment.deletions.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0]]


def test_substituted_letters_of_the_query_agree(tmp_path: Path) -> None:
    (tmp_path / "x.a3m").write_text(">q\nMUL\n>hit\nMUL\n")
    assert load_msa(tmp_path / "x.a3m", "MCL").sequences == ("MCL", "MUL")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("MALD", "record 'q', position 2: the alignment has 'K' where the query has 'A'"),
        ("MKLDE", "position 5: the alignment's first row has 4 residues, the query has 5"),
        ("MKL", "position 4: the alignment's first row has 4 residues, the query has 3 (the query"),
        ("KLD", "position 1: the alignment has 'M' where the query has 'K' (the query is a part of"),
        ("MLD", "position 2: the alignment has 'K' where the query has 'L' (row 2 holds the query: move it"),
    ],
)
def test_an_alignment_of_another_sequence_is_refused_where_it_differs(
    tmp_path: Path, query: str, message: str
) -> None:
    (tmp_path / "x.a3m").write_text(">q some words\nMKLD\n>hit\nM-LD\n")
    with pytest.raises(InputError) as caught:
        load_msa(tmp_path / "x.a3m", query)
    assert message in str(caught.value)
    assert "x.a3m" in str(caught.value)


def test_a_file_that_is_no_alignment_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.a3m").write_text(">q\nMKLD\n>hit\nMK\n")
    with pytest.raises(InputError, match="has 2 columns"):
        load_msa(tmp_path / "x.a3m", "MKLD")
    with pytest.raises(InputError, match="no such file"):
        load_msa(tmp_path / "none.a3m", "MKLD")

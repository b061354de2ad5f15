"""Stockholm: read on the query's columns as AlphaFold 2 does, written with insertions, read by Biopython."""

import io
from pathlib import Path

import numpy as np
import pytest
from Bio import AlignIO

from sciml.data.alignment import Alignment
from sciml.data.stockholm import format_stockholm, read_stockholm, write_stockholm
from sciml.errors import InputError

EXAMPLE = """# STOCKHOLM 1.0
#=GF ID test
#=GS hit/1-5 DE first words
#=GS hit/1-5 DE more words
query     --MK-L
hit/1-5   acMKaL
#=GR hit/1-5 PP 99****
part      --.K-~

query     D--
hit/1-5   -wy
part      DE_
#=GC RF   x..
//
"""


def read(folder: Path, text: str) -> Alignment:
    path = folder / "in.sto"
    path.write_bytes(text.encode())
    return read_stockholm(path)


def test_blocks_are_joined_and_query_gaps_counted_as_deletions(tmp_path: Path) -> None:
    alignment = read(tmp_path, EXAMPLE)
    assert alignment.sequences == ("MKLD", "MKL-", "-K-D")
    # The hit's A and C before M and its A before L; the E after the last column is counted nowhere.
    np.testing.assert_array_equal(alignment.deletions, [[0, 0, 0, 0], [2, 0, 1, 0], [0, 0, 0, 0]])
    assert alignment.a3m_rows() == ("MKLD", "acMKaL-wy", "-K-De")
    assert alignment.descriptions == ("query", "hit/1-5 first words more words", "part")


def reference_parse(rows: list[str]) -> tuple[list[str], list[list[int]]]:
    """The published pipeline's rule, written from its description: drop and count the query's gap columns."""
    query = rows[0]
    aligned, deletions = [], []
    for row in rows:
        kept, counts, count = "", [], 0
        for letter, query_letter in zip(row, query, strict=True):
            if query_letter != "-":
                kept += letter
                counts.append(count)
                count = 0
            elif letter != "-":
                count += 1
        aligned.append(kept)
        deletions.append(counts)
    return aligned, deletions


def test_random_alignments_agree_with_the_published_rule(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        rows = ["".join(rng.choice(list("ACD-"), 40)) for _ in range(6)]
        rows[0] = "A" + rows[0][1:]
        body = "".join(f"r{index} {row}\n" for index, row in enumerate(rows))
        alignment = read(tmp_path, f"# STOCKHOLM 1.0\n{body}//\n")
        aligned, deletions = reference_parse(rows)
        assert list(alignment.sequences) == aligned
        np.testing.assert_array_equal(alignment.deletions, deletions)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query MK\n//\n", "line 1: a Stockholm file begins with '# STOCKHOLM 1.0'"),
        ("", "holds no Stockholm row"),
        ("# STOCKHOLM 1.0\n//\n", "holds no Stockholm row"),
        ("# STOCKHOLM 1.0\nq M K\n//\n", "line 2: a row is a name and its aligned residues, two words"),
        ("# STOCKHOLM 1.0\nq MK\na MKL\n//\n", "line 3, record 'a': has 3 columns, but the first row has 2"),
        ("# STOCKHOLM 1.0\nq MK\n//\n# STOCKHOLM 1.0\nq MK\n//\n", "holds a second alignment"),
        ("# STOCKHOLM 1.0\nq --\na MK\n//\n", "holds no residue"),
        ("# STOCKHOLM 1.0\nq M1\n//\n", "record 'q', position 2: '1'"),
        ("# STOCKHOLM 1.0\nq MK\na M*\n//\n", "record 'a', position 2: '*'"),
        ("# STOCKHOLM 1.0\nq MK\na M\0\n//\n", "record 'a', position 2"),
        ("# STOCKHOLM 1.0\nq M:K\n//\n", "several chains"),
    ],
)
def test_what_is_no_alignment_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "in.sto" in str(caught.value)


@pytest.mark.parametrize("name", ["x.sto", "x.sto.gz"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    rows = ["MKLD", "abMK-cD", "----zz", "aaaM--D", "MKLD"]
    alignment = Alignment.from_rows(rows, ["q", "a some words", "b", "b twice", "#c"])
    write_stockholm(tmp_path / name, alignment)
    back = read_stockholm(tmp_path / name)
    assert back.a3m_rows() == alignment.a3m_rows()
    assert back.descriptions == ("q", "a some words", "b", "b_row_4 twice", "_#c")
    np.testing.assert_array_equal(back.deletions, alignment.deletions)


def test_biopython_reads_the_same_rows() -> None:
    alignment = Alignment.from_rows(["MKLD", "abMK-cD", "-KLDzz"], ["q", "a", "b"])
    parsed = AlignIO.read(io.StringIO(format_stockholm(alignment)), "stockholm")
    rows = [str(record.seq) for record in parsed]
    assert rows == ["--MKL-D--", "abMK-cD--", "---KL-Dzz"]
    assert [record.id for record in parsed] == ["q", "a", "b"]

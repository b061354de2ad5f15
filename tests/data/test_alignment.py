"""Alignments: counts by hand, AlphaFold 2's merging by hand, refusals."""

import numpy as np
import pytest

from sciml.data.alignment import Alignment, deletion_counts
from sciml.data.redundancy import effective_count


def alignment(*rows: str) -> Alignment:
    return Alignment.from_rows(rows, [f"row{index}" for index in range(len(rows))])


def test_deletions_stand_before_the_column_that_follows_them() -> None:
    assert deletion_counts("abMK-cDef") == [2, 0, 0, 1]
    built = alignment("MKLD", "abMK-cDef")
    assert built.sequences == ("MKLD", "MK-D")
    np.testing.assert_array_equal(built.deletions, [[0, 0, 0, 0], [2, 0, 0, 1]])


def test_encode_gives_the_networks_classes() -> None:
    np.testing.assert_array_equal(alignment("ARX", "-BJ").encode(), [[0, 1, 20], [21, 3, 20]])


def test_coverage_counts_residues_a_column() -> None:
    np.testing.assert_allclose(alignment("MKLD", "M--D", "-K-D", "---D").coverage(), [0.5, 0.5, 0.25, 1.0])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["MKLDE"], 1.0),
        (["MKLDE", "MKLDE"], 1.0),
        (["MKLDE", "MKLDA"], 1.0),  # 4 of 5 is 0.8, alike
        (["MKLDE", "MKLAA"], 2.0),  # 3 of 5 is not
        (["MKLDE", "MKL--"], 1.0),  # a part of a row is like the row
        (["MKLDE", "MKLDA", "MALAA"], 1 / 2 + 1 / 2 + 1),  # 0.8, then 0.6 and 0.4 of five
        (["MKLDE", "MKLDA", "MKLAA"], 1 / 2 + 1 / 3 + 1 / 2),  # the middle row is like both
        (["XXXXX", "XXXXX"], 2.0),  # X agrees with nothing
        (["MKLDE", "-----"], 2.0),
    ],
)
def test_neff_by_hand(rows: list[str], expected: float) -> None:
    assert alignment(*rows).neff() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("columns", [1, 63, 64, 65, 200])
def test_neff_agrees_with_a_plain_double_loop(columns: int) -> None:
    rng = np.random.default_rng(columns)
    residues = rng.integers(-1, 20, (60, columns))
    for row in range(30, 60):  # relatives at all distances
        copied = rng.random(columns) < rng.random() ** 0.3
        residues[row] = np.where(copied, residues[row - 30], residues[row])
    expected = 0.0
    for one in residues:
        alike = 0
        for other in residues:
            shorter = min((one >= 0).sum(), (other >= 0).sum())
            alike += shorter > 0 and ((one == other) & (one >= 0)).sum() >= 0.8 * shorter - 1e-9
        expected += 1 / max(alike, 1)
    for threads in (1, 3):
        assert effective_count(residues, 0.8, threads) == pytest.approx(expected, abs=1e-9)


def test_neff_does_not_depend_on_row_or_column_order() -> None:
    rng = np.random.default_rng(3)
    residues = rng.integers(0, 3, (300, 12))
    shuffled = residues[rng.permutation(300)][:, rng.permutation(12)]
    assert 1 < effective_count(residues, 0.8) < 300
    assert effective_count(residues, 0.8) == pytest.approx(effective_count(shuffled, 0.8), abs=1e-9)


def test_identity_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lies in \(0, 1\], got 1.2"):
        alignment("MK").neff(1.2)


def test_merging_keeps_the_order_of_databases_and_the_first_of_equal_rows() -> None:
    first = Alignment.from_rows(["MKLD", "MK-D", "MaK-D", "M--D"], ["query", "a1", "a2", "a3"])
    second = Alignment.from_rows(["MKLD", "M--D", "-KLD", "aMKLD"], ["query", "b1", "b2", "b3"])
    merged = Alignment.merged([first, second])
    # a2 and b3 equal earlier rows once their deleted residues are gone; b1 equals a3.
    assert merged.descriptions == ("query", "a1", "a3", "b2")
    assert merged.sequences == ("MKLD", "MK-D", "M--D", "-KLD")


def test_caps_count_the_query_and_cut_before_rows_are_dropped() -> None:
    first = Alignment.from_rows(["MKLD", "MKLD", "MK-D", "M--D"], ["query", "copy", "a2", "a3"])
    second = Alignment.from_rows(["MKLD", "--LD", "-KLD"], ["query", "b1", "b2"])
    merged = Alignment.merged([first, second], caps=[3, 2])
    assert merged.descriptions == ("query", "a2", "b1")


def test_the_first_of_equal_rows_keeps_its_own_deletions() -> None:
    merged = alignment("MK", "MaaA", "MA").deduplicated()
    np.testing.assert_array_equal(merged.deletions, [[0, 0], [0, 2]])
    assert merged.a3m_rows() == ("MK", "MaaA")


def test_merging_refuses_other_queries_and_a_wrong_number_of_caps() -> None:
    with pytest.raises(ValueError, match="alignment 2 has another query"):
        Alignment.merged([alignment("MK"), alignment("MA")])
    with pytest.raises(ValueError, match="1 alignments have 2 caps"):
        Alignment.merged([alignment("MK")], [1, 2])
    with pytest.raises(ValueError, match="no alignment to merge"):
        Alignment.merged([])


def test_unknown_inserted_letters_become_x() -> None:
    counts = np.array([[0, 0], [0, 2]], dtype=np.int32)
    assert Alignment(("MK", "MA"), counts, ("q", "r")).a3m_rows() == ("MK", "MxxA")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["MK", "M"], "row 2 has 1 columns, the query has 2"),
        (["M-", "MK"], "query's row has a gap at position 2"),
        (["MK", "M?"], r"row 2, position 2: '\?'"),
        (["MK", "Mé"], "row 2, position 2"),
        ([], "at least its query"),
    ],
)
def test_rows_that_are_no_alignment_are_refused(rows: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        alignment(*rows)


def test_counts_of_another_shape_or_type_are_refused() -> None:
    with pytest.raises(ValueError, match=r"int32 \(1, 2\)"):
        Alignment(("MK",), np.zeros((1, 2)), ("q",))
    with pytest.raises(ValueError, match="1 rows has 1 descriptions"):
        Alignment(("MK",), np.zeros((1, 2), dtype=np.int32), ())

"""Ladders from hand-written hydrogen bonds: both kinds of bridge, both patterns, bulges, breaks, sheets."""

import numpy as np
import pytest

from sciml.structure.scores.beta_ladders import find_ladders, number_sheets


def _ladders(bonds, residues=30, breaks=()):
    """Ladders as (is parallel, first, second); bonds are donor, acceptor."""
    stretch = np.searchsorted(np.sort(breaks), np.arange(residues), side="right")
    found = find_ladders(np.array(bonds, int).reshape(-1, 2), stretch)
    return [(ladder.is_parallel, ladder.first, ladder.second) for ladder in found], found


@pytest.mark.parametrize(
    ("bonds", "is_parallel"),
    [
        ([(6, 20), (20, 4)], True),
        ([(21, 5), (5, 19)], True),
        ([(6, 19), (21, 4)], False),
        ([(20, 5), (5, 20)], False),
    ],
)
def test_each_pattern_of_bonds_is_a_bridge_of_5_and_20(bonds, is_parallel) -> None:
    assert _ladders(bonds)[0] == [(is_parallel, [5], [20])]
    assert _ladders(bonds[:1])[0] == _ladders(bonds[1:])[0] == []  # one bond is not enough


def test_the_direction_of_a_bond_matters() -> None:
    assert _ladders([(20, 6), (4, 20)])[0] == []


def test_a_break_beside_a_bridge_forbids_it() -> None:
    assert _ladders([(20, 5), (5, 20)], breaks=[6])[0] == []
    assert len(_ladders([(20, 5), (5, 20)], breaks=[7])[0]) == 1


def test_residues_closer_than_three_make_no_bridge() -> None:
    assert _ladders([(12, 10), (10, 12)])[0] == []
    assert _ladders([(13, 10), (10, 13)])[0] == [(False, [10], [13])]


def test_bridges_that_follow_each_other_make_a_ladder() -> None:
    narrow = [(20, 5), (5, 20), (18, 7), (7, 18)]  # bridges 5-20, 6-19 (the wide pair between), 7-18
    (ladder,), found = _ladders(narrow)
    assert ladder == (False, [5, 6, 7], [20, 19, 18])
    assert found[0].is_strand
    assert [list(strand) for strand in found[0].strands()] == [[5, 6, 7], [18, 19, 20]]


@pytest.mark.parametrize(
    ("step", "other_step", "joins"), [(2, 5, True), (3, 5, False), (5, 2, True), (6, 2, False)]
)
def test_a_bulge_is_up_to_four_residues_against_one(step, other_step, joins) -> None:
    first, second = 5, 25
    bridges = [(first, second), (first + step, second - other_step)]
    bonds = [pair for i, j in bridges for pair in ((i, j), (j, i))]
    found, ladders = _ladders(bonds)
    assert len(found) == (1 if joins else 2)
    if joins:
        assert found[0] == (False, [first, first + step], [second, second - other_step])
        assert len(ladders[0].strands()[1]) == other_step + 1  # the bulge is filled


def test_ladders_that_share_a_residue_are_one_sheet() -> None:
    bonds = [(20, 5), (5, 20), (28, 5), (5, 28), (14, 10), (10, 14)]
    _, ladders = _ladders(bonds)
    sheets = number_sheets(ladders, 30)
    assert sheets[[5, 20, 28]].tolist() == [0, 0, 0]
    assert sheets[[10, 14]].tolist() == [1, 1]
    assert (sheets >= 0).sum() == 5

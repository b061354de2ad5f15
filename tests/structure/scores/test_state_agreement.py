"""Q3, Q8 and SOV worked by hand."""

import math

import pytest

from sciml.errors import InputError
from sciml.structure.scores.state_agreement import eight_states, q3, q8, segment_overlap, three_states


def test_eight_states_become_three() -> None:
    assert three_states("HGIEBTS- PX") == "HHHEECCCCCX"
    assert three_states("HEC") == "HEC"
    assert eight_states("H PC") == "H---"


def test_q3_forgives_what_q8_does_not() -> None:
    predicted, reference = "HHGG-EEB", "HHHHTEEE"
    assert q8(predicted, reference) == 4 / 8
    assert q3(predicted, reference) == 1.0


def test_unassigned_residues_are_not_compared() -> None:
    assert q8("HXEE", "HHXT") == 1 / 2
    assert math.isnan(q8("XX", "HH"))
    assert math.isnan(segment_overlap("XX", "HH"))


def test_segment_overlap_by_hand() -> None:
    # E: 3 residues against 4, 3 in common, 4 in either, slack min(1, 3, 1, 2) = 1: 3 x (3 + 1) / 4 = 3.
    # C: 2 against 1: slack 0, 2 x 1 / 2 = 1; and 1 against 1 earns 1. All pairs weigh 3 + 2 + 1.
    assert segment_overlap("CEEEEC", "CCEEEC") == pytest.approx(5 / 6)
    # A segment cut in two makes two pairs: each earns 5 x (2 + 1) / 5, and the 5 residues weigh twice; the
    # coil in the middle is no segment of the reference.
    assert segment_overlap("HHCHH", "HHHHH") == pytest.approx((3 + 3) / 10)
    assert segment_overlap("EEEEE", "HHHHH") == 0.0
    assert segment_overlap("--HHHH-EE", "CCHHHHCEE") == 1.0


def test_a_segment_ends_where_nothing_is_assigned() -> None:
    assert segment_overlap("HHXHH", "HHHHH") == 1.0  # two segments of two on either side


def test_refusals() -> None:
    with pytest.raises(InputError, match="different lengths"):
        q3("HH", "H")
    with pytest.raises(InputError, match="'Z' is no state"):
        q8("HZ", "HH")

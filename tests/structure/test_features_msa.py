import math

import numpy as np
import pytest
import torch

from sciml.data.alignment import Alignment
from sciml.structure.features.msa import (
    delete_blocks,
    deletion_value,
    encode_alignment,
    msa_profile,
    split_rows,
)
from sciml.structure.features.randomness import random_stream

A, R, N, D, C, E, X, GAP = 0, 1, 2, 3, 4, 6, 20, 21


def rows(*sequences):
    return Alignment.from_rows(sequences, [str(number) for number in range(len(sequences))])


def test_letters_outside_the_twenty_are_read_as_hhblits_reads_them():
    letters = encode_alignment(rows("ARNDC", "BZUJO", "X-AAA")).letters
    assert letters.tolist() == [[A, R, N, D, C], [D, E, C, X, X], [X, GAP, A, A, A]]


def test_repeated_rows_are_dropped_and_the_first_keeps_its_deletions():
    msa = encode_alignment(rows("ARN", "AkkRN", "ANN", "AdNN", "ARN"))
    assert msa.letters.tolist() == [[A, R, N], [A, N, N]]
    assert msa.deletions.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert encode_alignment(rows("ARN", "AkkN-", "AN-")).deletions.tolist() == [[0, 0, 0], [0, 2, 0]]


def test_rows_that_differ_only_in_an_ambiguous_letter_stay_apart():
    assert encode_alignment(rows("AD", "AB")).letters.tolist() == [[A, D], [A, D]]


def test_profile_counts_gaps_and_unknowns():
    profile = msa_profile(torch.tensor([[A, X], [A, GAP], [R, GAP], [GAP, GAP]]))
    expected = np.zeros((2, 22))
    expected[0, [A, R, GAP]] = 0.5, 0.25, 0.25
    expected[1, [X, GAP]] = 0.25, 0.75
    np.testing.assert_array_equal(profile.numpy(), expected)


def test_columns_of_an_alignment_keep_the_profile_of_those_columns():
    msa = encode_alignment(rows("ARNDC", "A-NkDC"))
    part = msa.columns(2, 4)
    assert part.letters.tolist() == [[N, D], [N, D]]
    assert part.deletions.tolist() == [[0, 0], [0, 1]]
    torch.testing.assert_close(part.profile, msa_profile(part.letters))


def test_the_query_is_always_the_first_centre_and_every_row_is_used_once():
    for seed in range(20):
        centres, others = split_rows(30, 7, random_stream(seed))
        assert centres[0] == 0
        assert len(centres) == 7
        assert sorted(torch.cat([centres, others]).tolist()) == list(range(30))


def test_every_other_row_is_a_centre_equally_often():
    draws = torch.stack([split_rows(11, 4, random_stream(seed))[0][1:] for seed in range(2000)])
    share = torch.bincount(draws.flatten(), minlength=11)[1:] / 2000  # expected 3/10, standard error 0.010
    assert share.sub(0.3).abs().max() < 0.045


def test_a_shallow_alignment_is_taken_whole():
    centres, others = split_rows(3, 10, random_stream(1))
    assert sorted(centres.tolist()) == [0, 1, 2]
    assert len(others) == 0


def test_block_deletion_takes_consecutive_rows_and_spares_the_query():
    for seed in range(50):
        kept = delete_blocks(100, 1, 0.3, random_stream(seed))
        gone = sorted(set(range(100)) - set(kept.tolist()))
        assert kept[0] == 0
        assert len(gone) <= 30
        assert gone == list(range(gone[0], gone[-1] + 1))
    assert len(delete_blocks(100, 0, 0.3, random_stream(0))) == 100


def test_five_blocks_of_30_percent_leave_the_expected_share_of_rows():
    # Row r survives one block with probability 1 - min(r + 1, 300)/1000 and five independent blocks with
    # its power.
    expected = 1 + sum((1 - min(row + 1, 300) / 1000) ** 5 for row in range(1, 1000))
    found = np.mean([len(delete_blocks(1000, 5, 0.3, random_stream(seed))) for seed in range(400)])
    assert found == pytest.approx(expected, rel=0.05)


def test_deletion_value_is_one_half_at_three():
    values = deletion_value(torch.tensor([0.0, 3.0, 9.0, 1e9]))
    expected = [0, 0.5, math.atan(3) * 2 / math.pi, 1]
    np.testing.assert_allclose(values.numpy(), expected, atol=1e-6)


def test_streams_repeat_and_differ_by_name():
    first, again, other = (torch.rand(4, generator=random_stream(*name)) for name in ((5, 1), (5, 1), (1, 5)))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    with pytest.raises(ValueError, match="must not be negative"):
        random_stream(-1)

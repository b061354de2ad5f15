"""Contacts against lists worked by hand, a plain count, and their laws."""

import numpy as np
import pytest

from sciml.data.residue_constants import ATOM_INDEX, RESTYPE_INDEX
from sciml.errors import InputError
from sciml.structure.scores.contacts import (
    RANGES,
    average_precision,
    beta_positions,
    contact_scores,
    listed_probabilities,
    long_range_precision,
    structure_closeness,
    true_contacts,
)
from tests.structure.scores.ideal_targets import ideal_target, moved


def scattered(residues=30, contacts=()):
    """Residues 100 Å apart but for the given pairs, whose second residue is put 7.9 Å from the first."""
    beta = np.arange(float(residues))[:, None] * [100.0, 0, 0]
    for i, j in contacts:
        beta[j] = beta[i] + [0, 7.9, 0]
    return beta


def ranking(residues, pairs):
    """Pairs of falling probability; the others are not predicted."""
    matrix = np.full((residues, residues), np.nan)
    for rank, (i, j) in enumerate(pairs):
        matrix[i, j] = 1 - 0.01 * rank
    return matrix


def test_contacts_are_closer_than_eight_angstrom_between_known_residues():
    beta = np.array([[0.0, 0, 0], [7.999, 0, 0], [8, 0, 0], [1, 0, 0]])
    contacts = true_contacts(beta, np.array([1, 1, 1, 0]))
    assert [tuple(pair) for pair in np.argwhere(np.triu(contacts, 1))] == [(0, 1), (1, 2)]


def test_beta_is_ca_of_glycine_and_unknown_where_the_atom_is_missing():
    positions, mask, aatype = ideal_target("GAX")
    mask[2, ATOM_INDEX["CA"]] = 1
    beta, known = beta_positions(positions, mask, aatype)
    np.testing.assert_array_equal(beta[:2], [positions[0, ATOM_INDEX["CA"]], positions[1, ATOM_INDEX["CB"]]])
    np.testing.assert_array_equal(known, [True, True, False])
    assert aatype[0] == RESTYPE_INDEX["G"]


def test_lists_of_a_range_by_hand():
    # L = 30; three long-range contacts; four pairs predicted, of which the first, third and fourth are right.
    beta = scattered(30, [(0, 29), (1, 28), (2, 27)])
    predicted = ranking(30, [(0, 29), (0, 24), (1, 28), (2, 27)])
    scores = contact_scores(predicted, beta, np.ones(30), np.arange(30))
    found = scores.ranges["long"]
    assert (scores.length, found.contacts, found.predicted) == (30, 3, 4)
    l10 = found.lists["l10"]  # three pairs
    assert (l10.pairs, l10.precision, l10.recall, l10.f1) == (3, *[pytest.approx(2 / 3)] * 3)
    l5 = found.lists["l5"]  # six pairs asked for, four there
    assert (l5.pairs, l5.precision, l5.recall) == (4, 0.75, 1.0)
    assert l5.f1 == pytest.approx(2 * 0.75 / 1.75)
    # Recall rises by a third at ranks 1, 3 and 4, where the precision is 1, 2/3 and 3/4.
    assert found.auprc == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    figures = scores.figures()
    assert figures["precision_long_l10"] == pytest.approx(2 / 3)
    assert figures["auprc_long"] == found.auprc
    assert np.isnan(figures["recall_short_l"])


def test_short_lists_can_be_filled_up_with_wrong_pairs():
    beta = scattered(30, [(0, 29), (1, 28)])
    predicted = ranking(30, [(0, 29), (1, 28)])
    arguments = (predicted, beta, np.ones(30), np.arange(30))
    assert contact_scores(*arguments).ranges["long"].lists["l5"].precision == 1
    padded = contact_scores(*arguments, pad=True).ranges["long"].lists
    assert padded["l5"].precision == pytest.approx(2 / 6)
    assert padded["top10"].precision == pytest.approx(2 / 10)
    assert padded["l5"].f1 == pytest.approx(2 * 2 / (6 + 2))


def test_nothing_predicted_scores_zero_and_nothing_to_find_has_no_score():
    nothing = np.full((30, 30), np.nan)
    some = contact_scores(nothing, scattered(30, [(0, 29)]), np.ones(30), np.arange(30)).ranges["long"]
    assert (some.auprc, some.lists["l"].precision, some.lists["l"].f1) == (0, 0, 0)
    none = contact_scores(np.ones((30, 30)), scattered(), np.ones(30), np.arange(30)).ranges["long"]
    assert np.isnan([none.auprc, none.lists["l"].precision, none.lists["l"].f1]).all()


@pytest.mark.parametrize(
    ("separation", "ranges"),
    [
        (5, []),
        (6, ["short"]),
        (11, ["short"]),
        (12, ["medium", "medium_long"]),
        (23, ["medium", "medium_long"]),
        (24, ["long", "medium_long"]),
    ],
)
def test_ranges_go_by_residue_number(separation, ranges):
    scores = contact_scores(np.ones((2, 2)), np.zeros((2, 3)), np.ones(2), np.array([40, 40 + separation]))
    assert [name for name in RANGES if scores.ranges[name].contacts] == ranges


def test_pairs_between_chains_and_unknown_residues_do_not_count():
    beta = scattered(30, [(0, 29), (1, 28)])
    known = np.ones(30)
    known[28] = 0
    predicted = ranking(30, [(1, 28), (2, 27), (0, 29)])
    found = contact_scores(predicted, beta, known, np.arange(30))
    assert (found.length, found.ranges["long"].predicted, found.ranges["long"].contacts) == (29, 2, 1)
    chains = (np.arange(30) > 28).astype(int)
    apart = contact_scores(predicted, beta, np.ones(30), np.arange(30), chain_index=chains).ranges["long"]
    assert (apart.predicted, apart.contacts) == (2, 1)


def test_length_may_be_that_of_the_sequence():
    beta = scattered(30, [(0, 29)])
    scores = contact_scores(np.ones((30, 30)), beta, np.ones(30), np.arange(30), length=50)
    assert scores.ranges["long"].lists["l5"].pairs == 10


def test_ties_stand_in_the_order_of_the_chain_and_are_one_step_of_the_curve():
    # Of 21 pairs of equal probability the contact (1, 28) is the tenth, after 0-24 … 0-29 and 1-25 … 1-27.
    beta = scattered(30, [(1, 28)])
    scores = contact_scores(np.ones((30, 30)), beta, np.ones(30), np.arange(30)).ranges["long"]
    assert scores.predicted == 21
    assert scores.lists["top10"].precision == pytest.approx(1 / 10)
    assert scores.lists["l5"].precision == 0
    assert scores.auprc == pytest.approx(1 / 21)


def test_average_precision_does_not_depend_on_the_order_of_ties():
    scores = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    for hits in ([1, 1, 0, 0, 1], [1, 0, 0, 1, 1]):
        # One of one, two of four, three of five.
        found = average_precision(np.array(hits, bool), scores, 3)
        assert found == pytest.approx((1 / 1 + 2 / 4 + 3 / 5) / 3)


def test_average_precision_of_a_random_ranking_is_the_share_of_positives():
    rng = np.random.default_rng(0)
    hits = rng.uniform(size=20000) < 0.1
    assert average_precision(hits, -np.arange(20000.0), hits.sum()) == pytest.approx(0.1, abs=0.01)


def test_a_structure_is_read_by_its_distances_which_motion_and_mirror_keep():
    positions, mask, aatype = ideal_target("AGA")
    mask[1, ATOM_INDEX["CA"]] = 0
    closeness = structure_closeness(positions, mask, aatype)
    cb = positions[:, ATOM_INDEX["CB"]]
    assert closeness[0, 2] == pytest.approx(-np.linalg.norm(cb[0] - cb[2]))
    assert np.isnan(closeness[1]).all()
    assert np.isnan(closeness[:, 1]).all()
    for other in (moved(positions), positions * [1, 1, -1]):
        np.testing.assert_allclose(structure_closeness(other, mask, aatype), closeness)


def test_compact_points_predict_themselves():
    beta = np.random.default_rng(4).normal(scale=9.0, size=(60, 3))
    distance = np.linalg.norm(beta[:, None] - beta[None], axis=-1)
    scores = contact_scores(-distance, beta, np.ones(60), np.arange(60))
    for of_range in scores.ranges.values():
        assert of_range.contacts > 10
        assert of_range.auprc == 1
        assert of_range.lists["l10"].precision == 1
        assert of_range.lists["l"].recall == min(1, 60 / of_range.contacts)


def test_listed_contacts_are_placed_by_residue_number():
    # Residue 7 is not in the target; 12-30 is listed twice, once the other way round.
    matrix = listed_probabilities(
        np.array([12, 30, 7]), np.array([30, 12, 30]), np.array([0.4, 0.6, 0.9]), np.array([5, 12, 30])
    )
    expected = np.full((3, 3), np.nan)
    expected[1, 2] = expected[2, 1] = 0.6
    np.testing.assert_array_equal(matrix, expected)
    assert np.isnan(listed_probabilities(np.array([]), np.array([]), np.array([]), np.arange(3))).all()


def test_long_range_precision_by_hand():
    beta = scattered(30, [(0, 29), (1, 27)])
    scores = np.zeros((30, 30))
    for rank, (i, j) in enumerate([(0, 29), (0, 24), (1, 27), (2, 28), (3, 29), (0, 28)]):
        scores[i, j] = 1 - 0.1 * rank
    scores[0, 5] = 2.0  # not long-range
    assert long_range_precision(scores, beta, np.ones(30), np.arange(30)) == pytest.approx(2 / 6)
    scores[1, 27] = 0
    assert long_range_precision(scores, beta, np.ones(30), np.arange(30)) == pytest.approx(1 / 6)
    assert np.isnan(long_range_precision(scores[:23, :23], beta[:23], np.ones(23), np.arange(23)))


def test_refusals():
    with pytest.raises(InputError, match=r"probabilities \(res, res\)"):
        contact_scores(np.ones((3, 2)), np.zeros((3, 3)), np.ones(3), np.arange(3))
    with pytest.raises(InputError, match="at least one residue"):
        contact_scores(np.ones((3, 3)), np.zeros((3, 3)), np.zeros(3), np.arange(3))
    with pytest.raises(InputError, match="one residue for each number"):
        listed_probabilities(np.array([1]), np.array([2]), np.array([0.5]), np.array([1, 1]))

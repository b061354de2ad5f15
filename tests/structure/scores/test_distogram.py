"""Scores of distance distributions against cases worked by hand and their laws."""

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.structure.scores.distogram import (
    bin_centres,
    contact_probabilities,
    distogram_nll,
    distogram_scores,
    listed_distributions,
    probabilities_from_logits,
)

EDGES = np.linspace(2.3125, 21.6875, 63)
ONE_ANGSTROM = np.arange(2.0, 22.0)  # bins 1-2, 2-3, …, 20-21, and beyond 21


def pair_at(distance):
    return np.array([[0.0, 0, 0], [distance, 0, 0]])


def certain(edges, distance, residues=2):
    """All probability in the bin of one distance."""
    probabilities = np.zeros((residues, residues, len(edges) + 1))
    probabilities[..., np.digitize(distance, edges, right=True)] = 1
    return probabilities


def compact(residues=40, seed=0):
    return np.random.default_rng(seed).normal(scale=8.0, size=(residues, 3))


def of_distances(distance, edges):
    """(res, res, bin), certain of the bins of these distances."""
    return np.eye(len(edges) + 1)[np.digitize(distance, edges, right=True)]


def test_preserved_share_by_hand():
    # True 5.5 Å. The probability lies evenly in 5-6: all of it is within 0.5 Å.
    def score(probabilities):
        return distogram_scores(probabilities, ONE_ANGSTROM, pair_at(5.5), np.ones(2), np.arange(2))

    assert score(certain(ONE_ANGSTROM, 5.5)).lddt == pytest.approx(1)
    # In 6-7, between 0.5 and 1.5 Å away: none within 0.5, half within 1, all within 2 and 4.
    assert score(certain(ONE_ANGSTROM, 6.5)).lddt == pytest.approx((0 + 0.5 + 1 + 1) / 4)
    # In 9-10, between 3.5 and 4.5 Å away: half within 4.
    assert score(certain(ONE_ANGSTROM, 9.5)).lddt == pytest.approx(0.5 / 4)
    # Mixtures are means.
    mixture = 0.3 * certain(ONE_ANGSTROM, 6.5) + 0.7 * certain(ONE_ANGSTROM, 9.5)
    assert score(mixture).lddt == pytest.approx(0.3 * 0.625 + 0.7 * 0.125)


def test_last_bin_is_near_nothing():
    probabilities = certain(ONE_ANGSTROM, 30.0)
    found = distogram_scores(
        probabilities, ONE_ANGSTROM, pair_at(22.0), np.ones(2), np.arange(2), radius=25.0
    )
    assert found.lddt == 0
    assert found.log_likelihood == 0


def test_expected_distance_and_its_lddt_by_hand():
    # Half in 5-6 and half in 8-9: expected 7.0 Å, truth 6.0 Å.
    mixture = 0.5 * certain(ONE_ANGSTROM, 5.5) + 0.5 * certain(ONE_ANGSTROM, 8.5)
    found = distogram_scores(mixture, ONE_ANGSTROM, pair_at(6.0), np.ones(2), np.arange(2))
    assert found.distance_error == pytest.approx(1.0)
    assert found.expected_distance_lddt == pytest.approx(3 / 4)
    assert found.log_likelihood == pytest.approx(np.log(0.5))  # 6.0 belongs to 5-6


def test_log_likelihood_by_range_goes_by_residue_number():
    beta, numbers = np.array([[0.0, 0, 0], [5.5, 0, 0], [11, 0, 0]]), np.array([0, 8, 40])
    probabilities = np.full((3, 3, 21), 1 / 21)
    probabilities[0, 1] = probabilities[1, 0] = certain(ONE_ANGSTROM, 5.5)[0, 0]
    found = distogram_scores(probabilities, ONE_ANGSTROM, beta, np.ones(3), numbers)
    assert found.log_likelihood_by_range["short"] == 0
    assert np.isnan(found.log_likelihood_by_range["medium"])
    assert found.log_likelihood_by_range["long"] == pytest.approx(-np.log(21))
    assert found.log_likelihood == pytest.approx(-np.log(21) * 2 / 3)
    chains = np.array([0, 0, 1])
    apart = distogram_scores(probabilities, ONE_ANGSTROM, beta, np.ones(3), numbers, chain_index=chains)
    assert np.isnan(apart.log_likelihood_by_range["long"])
    assert apart.log_likelihood == found.log_likelihood


def test_certain_and_right_is_nearly_one_and_noise_lowers_every_score():
    beta = compact()
    distance = np.linalg.norm(beta[:, None] - beta[None], axis=-1)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=distance.shape)
    found = [
        distogram_scores(
            0.98 * of_distances(np.abs(distance + size * noise), EDGES) + 0.02 / 64, EDGES, beta, np.ones(40),
            np.arange(40),
        )
        for size in (0.0, 0.5, 2.0, 6.0)
    ]  # fmt: skip
    assert found[0].lddt > 0.97
    for name in ("lddt", "expected_distance_lddt", "log_likelihood"):
        assert (np.diff([getattr(one, name) for one in found]) < 0).all()
    assert (np.diff([one.distance_error for one in found]) > 0).all()


def test_expected_share_agrees_with_sampling_distances():
    beta, rng = 0.7 * compact(12, 2), np.random.default_rng(3)
    probabilities = rng.dirichlet(np.ones(64) * 0.1, size=(12, 12))
    probabilities[..., 63] = 0
    probabilities /= probabilities.sum(-1, keepdims=True)
    distance = np.linalg.norm(beta[:, None] - beta[None], axis=-1)
    low = np.concatenate([[EDGES[0] - 0.3125], EDGES])
    shares = np.zeros((12, 12))
    for i, j in np.ndindex(12, 12):
        bins = rng.choice(64, size=4000, p=probabilities[i, j])
        drawn = low[bins] + 0.3125 * rng.uniform(size=4000)
        shares[i, j] = np.mean([np.abs(drawn - distance[i, j]) <= t for t in (0.5, 1, 2, 4)])
    scored = (distance <= 15) & ~np.eye(12, dtype=bool)
    found = distogram_scores(probabilities, EDGES, beta, np.ones(12), np.arange(12))
    assert found.lddt == pytest.approx(shares[scored].mean(), abs=0.005)
    np.testing.assert_allclose(found.residue_lddt, (shares * scored).sum(1) / scored.sum(1), atol=0.02)


def test_unknown_residues_and_near_ones_do_not_count():
    beta, known = compact(), np.ones(40)
    known[3] = 0
    probabilities = np.full((40, 40, 64), 1 / 64)
    found = distogram_scores(probabilities, EDGES, beta, known, np.arange(40))
    assert np.isnan(found.residue_lddt[3])
    wrecked = beta.copy()
    wrecked[3] += 500
    assert distogram_scores(probabilities, EDGES, wrecked, known, np.arange(40)).lddt == found.lddt
    far = distogram_scores(probabilities, EDGES, beta, known, np.arange(40), smallest_separation=40)
    assert np.isnan(far.lddt)
    assert far.log_likelihood == found.log_likelihood == pytest.approx(-np.log(64))


def test_pairs_that_are_not_predicted_preserve_nothing_and_count_nowhere_else():
    beta, probabilities = pair_at(5.5), certain(ONE_ANGSTROM, 5.5, 3)
    beta = np.concatenate([beta, [[0.0, 5.5, 0]]])
    probabilities[2] = probabilities[:, 2] = np.nan
    found = distogram_scores(probabilities, ONE_ANGSTROM, beta, np.ones(3), np.arange(3))
    assert found.lddt == pytest.approx(1 / 3)
    assert found.expected_distance_lddt == pytest.approx(1 / 3)
    assert (found.log_likelihood, found.distance_error) == (0, 0)
    np.testing.assert_allclose(found.residue_lddt, [0.5, 0.5, 0])
    assert np.isnan(contact_probabilities(probabilities, ONE_ANGSTROM)[0, 2])


def test_log_likelihood_is_the_negative_of_the_loss():
    rng = np.random.default_rng(5)
    logits, beta = rng.normal(size=(20, 20, 64)), compact(20)
    found = distogram_scores(probabilities_from_logits(logits), EDGES, beta, np.ones(20), np.arange(20))
    assert found.log_likelihood == pytest.approx(-distogram_nll(logits, EDGES, beta, np.ones(20)))
    assert distogram_nll(np.zeros((20, 20, 64)), EDGES, beta, np.ones(20)) == pytest.approx(np.log(64))


def test_contact_probability_is_that_of_the_bins_below_8_angstrom():
    logits = np.full((1, 1, 64), -1e9)
    logits[0, 0, [18, 19]] = np.log([0.3, 0.7])  # bins 7.625-7.9375 and 7.9375-8.25
    assert contact_probabilities(probabilities_from_logits(logits), EDGES)[0, 0] == pytest.approx(0.3)


def test_listed_distributions_are_placed_by_residue_number_and_divided_by_their_sums():
    listed = np.zeros((2, 21))
    listed[0, [3, 4]] = 0.3, 0.1
    listed[1, 0] = 1
    found = listed_distributions(np.array([12, 5]), np.array([5, 99]), listed, np.array([5, 12, 30]))
    np.testing.assert_allclose(found[0, 1, [3, 4]], [0.75, 0.25])
    np.testing.assert_array_equal(found[1, 0], found[0, 1])
    assert np.isnan(found[[0, 0, 2], [0, 2, 1]]).all()
    beta = np.array([[0.0, 0, 0], [5.0, 0, 0], [0, 5.0, 0]])
    scores = distogram_scores(found, ONE_ANGSTROM, beta, np.ones(3), np.array([5, 12, 30]))
    assert scores.log_likelihood == pytest.approx(np.log(0.75))  # 5.0 belongs to 4-5
    with pytest.raises(InputError, match="sums to nothing"):
        listed_distributions(np.array([5]), np.array([12]), np.zeros((1, 21)), np.array([5, 12]))


def test_bin_centres_lie_half_a_step_beyond_the_edges():
    np.testing.assert_allclose(bin_centres(np.array([2.0, 3.0, 5.0])), [1.5, 2.5, 4.0, 6.0])


def test_refusals():
    good = np.full((2, 2, 64), 1 / 64)
    with pytest.raises(InputError, match="sum to 1"):
        distogram_scores(good * 2, EDGES, pair_at(5.0), np.ones(2), np.arange(2))
    with pytest.raises(InputError, match="ascend"):
        distogram_scores(good, EDGES[::-1], pair_at(5.0), np.ones(2), np.arange(2))
    with pytest.raises(InputError, match=r"probabilities \(res, res, 64\)"):
        distogram_scores(good[..., 1:], EDGES, pair_at(5.0), np.ones(2), np.arange(2))

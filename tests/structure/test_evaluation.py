"""Metrics, baselines and calibration against cases worked by hand and their laws."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from sciml.linear import Linear
from sciml.structure.baselines import SeparationDistogram, ideal_helix
from sciml.structure.calibration import Calibration, calibrate_on, fit_calibration, fold_into, reliability
from sciml.structure.evaluate.intervals import cluster_mean
from sciml.structure.evaluation import ChainScores, expected_lddt, score_chain, summarise
from sciml.structure.scores.gdt import tm_d0, tm_score
from sciml.structure.scores.superposition import superpose

EDGES = np.linspace(2.3125, 21.6875, 63)


def random_chain(residues, seed=0):
    """A chain that turns on itself: steps of 3.8 Å with some memory of their direction."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(residues, 3))
    for i in range(1, residues):
        steps[i] += 0.7 * steps[i - 1]
    return np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)


def moved(points, seed=1):
    return points @ Rotation.random(random_state=seed).as_matrix().T + np.array([5.0, -70.0, 31.0])


# TM-score


def test_d0_of_100_residues():
    assert tm_d0(100) == pytest.approx(1.24 * 4.396829672 - 1.8)  # the cube root of 85
    assert tm_d0(15) == tm_d0(19) == 0.5


def test_superposition_undoes_a_motion_and_never_mirrors():
    points = random_chain(25)
    rotation, translation = superpose(moved(points), points)
    np.testing.assert_allclose(moved(points) @ rotation.T + translation, points, atol=1e-9)
    mirrored, _ = superpose(points * [1, 1, -1], points)
    assert np.linalg.det(mirrored) == pytest.approx(1)


def test_tm_score_of_a_moved_chain_is_one():
    chain = random_chain(60)
    assert tm_score(moved(chain), chain) == pytest.approx(1)


def test_tm_score_of_the_mirror_image_is_not_one():
    chain = random_chain(60)
    assert tm_score(chain * [1, 1, -1], chain) < 0.6


def test_tm_score_of_two_domains_far_apart_is_that_of_the_larger():
    chain = random_chain(100)
    predicted = np.concatenate([chain[:60], moved(chain[60:]) * 1.0 + 1e6])
    assert tm_score(predicted, chain) == pytest.approx(0.6, abs=1e-6)


def test_tm_score_counts_missing_residues_of_the_target():
    chain = random_chain(60)
    assert tm_score(chain, chain, target_residues=120) == pytest.approx(0.5)


@pytest.mark.parametrize(("residues", "noise", "seed"), [(40, 2.0, 0), (80, 6.0, 1), (120, 3.0, 2)])
def test_tm_search_is_as_good_as_minimising_from_many_starts(residues, noise, seed):
    rng = np.random.default_rng(seed)
    target = random_chain(residues, seed)
    drift = rng.normal(size=(residues, 3)).cumsum(0) * noise / np.sqrt(residues)
    predicted = moved(target + drift)
    d0 = tm_d0(residues)

    def negative_score(motion):
        deviation = predicted @ Rotation.from_rotvec(motion[:3]).as_matrix().T + motion[3:] - target
        return -np.mean(1 / (1 + (deviation**2).sum(1) / d0**2))

    best = 0.0
    for first in rng.integers(0, residues - 20, size=8):
        rotation, translation = superpose(predicted[first : first + 20], target[first : first + 20])
        start = np.r_[Rotation.from_matrix(rotation).as_rotvec(), translation]
        best = max(best, -minimize(negative_score, start, method="BFGS").fun)
    assert tm_score(predicted, target) >= best - 1e-3


def test_tm_score_refuses_other_lengths():
    with pytest.raises(ValueError, match="matched residues"):
        tm_score(random_chain(10), random_chain(11))


# Sets of chains


def test_clusters_count_once():
    result = cluster_mean([1.0, 1.0, 1.0, 0.0, float("nan")], ["a", "a", "a", "b", "c"])
    assert (result.mean, result.chains, result.clusters) == (0.5, 4, 2)
    assert (result.low, result.high) == (0.0, 1.0)


def test_bootstrap_interval_has_the_width_of_the_standard_error():
    values = np.random.default_rng(5).normal(size=400)
    result = cluster_mean(values, [str(i) for i in range(400)])
    assert (result.high - result.low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.1)


def test_figure_without_values_is_nan():
    assert np.isnan(cluster_mean([float("nan")], ["a"]).mean)


def perfect_batch(residues=40):
    """Outputs that are the target itself, with a distogram and a pLDDT that say so."""
    target = random_chain(residues, 3)
    atoms = torch.zeros(1, residues, 37, 3, dtype=torch.float64)
    atoms[0, :, 1] = torch.from_numpy(target)
    mask = torch.zeros(1, residues, 37)
    mask[:, 2:, 1] = 1
    distance = np.linalg.norm(target[:, None] - target[None], axis=-1)
    logits = 50.0 * torch.nn.functional.one_hot(
        torch.from_numpy(np.digitize(distance, EDGES, right=True)), 64
    )
    plddt = torch.full((1, residues, 50), -50.0)
    plddt[..., 49] = 50.0
    outputs = {
        "structure_module/final_atom_positions": torch.from_numpy(moved(atoms.numpy())),
        "distogram/logits": logits[None],
        "distogram/bin_edges": torch.from_numpy(EDGES)[None],
        "predicted_lddt/logits": plddt,
    }
    labels = {
        "all_atom_positions": atoms,
        "all_atom_mask": mask,
        "pseudo_beta": atoms[:, :, 1],
        "pseudo_beta_mask": mask[:, :, 1],
    }
    return outputs, labels


def test_perfect_prediction_of_a_chain_scores_one():
    outputs, labels = perfect_batch()
    index = torch.arange(40)[None]
    one = score_chain(outputs, labels, index, 0, "one", "a")
    assert one.residues == 38
    assert (one.lddt_ca, one.tm_score) == (pytest.approx(1), pytest.approx(1))
    assert (one.plddt, one.distogram_nll) == (pytest.approx(0.99), pytest.approx(0, abs=1e-9))
    assert summarise([one])["lddt_ca"].mean == pytest.approx(1)


# Baselines


def test_helix_has_the_distances_and_the_hand_of_an_alpha_helix():
    helix = ideal_helix(np.arange(12))
    steps = [np.linalg.norm(helix[k:] - helix[:-k], axis=1) for k in (1, 3, 4)]
    for step, expected in zip(steps, (3.8, 5.0, 6.2), strict=True):
        np.testing.assert_allclose(step, expected, atol=0.1)
    a, b, c = helix[1] - helix[0], helix[2] - helix[1], helix[3] - helix[2]
    dihedral = np.degrees(np.arctan2(np.linalg.norm(b) * a @ np.cross(b, c), np.cross(a, b) @ np.cross(b, c)))
    assert dihedral == pytest.approx(50, abs=3)


def test_separation_distogram_learns_the_distances_of_each_separation():
    line = np.arange(30.0)[:, None] * [3.0, 0, 0]
    fitted = SeparationDistogram(EDGES, longest=20).fit([(line, np.ones(30), np.arange(30))] * 50)
    most_likely = fitted.logits(np.arange(30)).argmax(-1)
    for separation in (1, 2, 5):
        assert (np.diag(most_likely, separation) == np.digitize(3.0 * separation, EDGES, right=True)).all()
    # 29 pairs in each of 50 chains, and one imagined in each of 64 bins.
    log_share = fitted.logits(np.arange(30))[0, 1].max()
    assert np.exp(log_share) == pytest.approx((29 * 50 + 1) / (29 * 50 + 64))


# Calibration


def sampled(calibration, residues=4000, seed=0):
    """Logits, and true lDDT drawn from what the corrected logits say."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0.2, 0.9, size=(residues, 1))
    logits = (
        -0.5 * ((np.arange(50) + 0.5) / 50 - centre) ** 2 / 0.1**2 + rng.normal(size=(residues, 50)) * 0.1
    )
    weights = np.exp(calibration.apply(logits))
    share = weights / weights.sum(-1, keepdims=True)
    bins = (share.cumsum(-1) < rng.uniform(size=(residues, 1))).sum(-1)
    return logits, (bins + 0.5) / 50


def test_calibration_finds_the_correction_that_made_the_data():
    found = fit_calibration(*sampled(Calibration(0.5, 3.0, -2.0)))
    assert found.scale == pytest.approx(0.5, abs=0.05)
    assert found.tilt == pytest.approx(3.0, abs=0.3)
    assert found.curvature == pytest.approx(-2.0, abs=1.0)


def test_calibrated_mean_is_the_observed_mean():
    logits, lddt = sampled(Calibration(0.3, -4.0, 1.0), seed=2)
    weights = np.random.default_rng(3).uniform(size=len(lddt))
    corrected = fit_calibration(logits, lddt, weights).apply(logits)
    assert np.average(expected_lddt(corrected), weights=weights) == pytest.approx(
        np.average(lddt, weights=weights), abs=1e-4
    )
    before, after = reliability(logits, lddt), reliability(corrected, lddt)
    assert abs(after.bias) < 0.02 < abs(before.bias)
    assert after.expected_error < 0.03 < before.expected_error


def test_calibration_of_calibrated_data_changes_little():
    found = fit_calibration(*sampled(Calibration()))
    assert (found.scale, found.tilt) == (pytest.approx(1, abs=0.05), pytest.approx(0, abs=0.3))


def test_residues_that_all_agree_still_give_a_finite_correction():
    found = fit_calibration(np.zeros((5, 50)), np.full(5, 0.03))
    assert 0.01 < expected_lddt(found.apply(np.zeros(50))) < 0.06


def test_folding_the_correction_into_the_layer_is_exact():
    torch.manual_seed(0)
    layer = Linear(8, 50).double()
    hidden = torch.randn(20, 8, dtype=torch.float64)
    calibration = Calibration(0.7, 1.5, -0.4)
    expected = calibration.apply(layer(hidden).detach().numpy())
    fold_into(layer, calibration)
    np.testing.assert_allclose(layer(hidden).detach().numpy(), expected, atol=1e-12)


def test_correction_that_turns_the_opinion_around_is_refused():
    with pytest.raises(ValueError, match="positive"):
        fold_into(Linear(2, 50), Calibration(-1.0))


def test_clusters_weigh_the_same_in_the_calibration():
    def chain(cluster, lddt):
        residues = np.full(10, lddt)
        return ChainScores(cluster, cluster, 10, lddt, 0, 0, 0, 0, residues, np.zeros((10, 50)))

    crowd = [chain("crowd", 0.9) for _ in range(9)]
    found = calibrate_on([*crowd, chain("alone", 0.31)])
    # Bins of 0.02: 0.9 lies in the one centred on 0.91, 0.31 in that on 0.31.
    assert expected_lddt(found.apply(np.zeros(50))) == pytest.approx((0.91 + 0.31) / 2, abs=1e-4)


def test_reliability_by_hand():
    logits = np.full((4, 10), -1e9)
    logits[[0, 1], 2] = 0  # predicted 0.25
    logits[[2, 3], 8] = 0  # predicted 0.85
    found = reliability(logits, np.array([0.15, 0.25, 0.85, 1.0]))
    assert found.expected_error == pytest.approx((0.05 + 0.075) / 2)
    assert found.bias == pytest.approx((0.05 - 0.075) / 2)
    assert [row["residues"] for row in found.groups] == [2, 2]

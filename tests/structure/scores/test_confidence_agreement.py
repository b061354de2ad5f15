"""Agreement of confidence with truth against cases worked by hand, SciPy and the laws of frames."""

import numpy as np
import pytest
from scipy import stats

from sciml.data.residue_constants import ATOM_INDEX
from sciml.errors import InputError
from sciml.structure.scores.confidence import (
    aligned_error,
    pae_agreement,
    plddt_agreement,
    ptm_agreement,
    reliability_groups,
)
from tests.structure.scores.ideal_targets import ideal_target, moved, noisy


def test_reliability_by_hand():
    # Groups of a tenth: two residues predicted 0.25 (truth 0.15 and 0.25), two 0.85 (0.85 and 1).
    found = plddt_agreement(np.array([0.25, 0.25, 0.85, 0.85]), np.array([0.15, 0.25, 0.85, 1.0]))
    assert found.expected_error == pytest.approx((0.05 + 0.075) / 2)
    assert found.bias == pytest.approx((0.05 - 0.075) / 2)
    assert found.mean_error == pytest.approx((0.1 + 0 + 0 + 0.15) / 4)
    low, high = found.reliability.groups
    assert (low["low"], low["high"], low["residues"]) == (pytest.approx(0.2), pytest.approx(0.3), 2)
    assert (high["predicted"], high["true"]) == (pytest.approx(0.85), pytest.approx(0.925))


def test_edges_belong_to_the_group_above_and_one_to_the_last():
    found = reliability_groups(np.array([0.0, 0.5, 1.0]), np.zeros(3), np.array([0, 0.5, 1]))
    assert [row["residues"] for row in found.groups] == [1, 2]


def test_correlations_agree_with_scipy_and_leave_out_unknown_residues():
    rng = np.random.default_rng(0)
    plddt = rng.integers(0, 20, 200) / 20  # with ties
    lddt = np.clip(plddt + 0.2 * rng.normal(size=200), 0, 1)
    known = rng.uniform(size=200) < 0.8
    found = plddt_agreement(plddt, np.where(known, lddt, np.nan))
    assert found.cases == known.sum()
    assert found.pearson == pytest.approx(stats.pearsonr(plddt[known], lddt[known])[0])
    assert found.spearman == pytest.approx(stats.spearmanr(plddt[known], lddt[known])[0])


def test_calibrated_predictions_have_a_small_error_and_bias_shows():
    rng = np.random.default_rng(1)
    truth = rng.uniform(0.2, 0.8, 20000)
    found = ptm_agreement(truth, np.clip(truth + 0.1 * rng.normal(size=20000), 0, 1))
    assert found.expected_error < 0.01
    shifted = ptm_agreement(truth + 0.15, truth)
    assert (shifted.bias, shifted.expected_error) == (pytest.approx(0.15), pytest.approx(0.15))
    assert shifted.pearson == pytest.approx(1)


def test_constant_and_absent_values_have_no_correlation():
    constant = plddt_agreement(np.full(5, 0.5), np.linspace(0, 1, 5))
    assert np.isnan([constant.pearson, constant.spearman]).all()
    assert constant.bias == pytest.approx(0)
    nothing = plddt_agreement(np.array([0.5]), np.array([np.nan]))
    assert nothing.cases == 0
    assert np.isnan([nothing.pearson, nothing.mean_error, nothing.bias, nothing.expected_error]).all()


def test_aligned_error_of_a_hinge_by_hand():
    # Residues 4 to 6 are carried 3 Å along x without a turn: pairs on both sides of the hinge are 3 Å off.
    target, mask, _ = ideal_target("AGAAGAA")
    model = target.copy()
    model[4:] += [3.0, 0, 0]
    error = aligned_error(moved(model)[None], mask[None], target, mask)[0]
    side = np.arange(7) >= 4
    np.testing.assert_allclose(error, 3.0 * (side[:, None] != side), atol=1e-9)


def test_aligned_error_of_a_turned_domain_by_hand():
    # The last residue turns by 90 degrees about its own Cα: in its frame a Cα at distance r moves by √2 of
    # its distance from the axis, in the other frames nothing moves.
    target, mask, _ = ideal_target("AAAA")
    ca = ATOM_INDEX["CA"]
    model = target.copy()
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    model[3] = (target[3] - target[3, ca]) @ turn.T + target[3, ca]
    error = aligned_error(model[None], mask[None], target, mask)[0]
    from_axis = np.linalg.norm((target[:, ca] - target[3, ca])[:, :2], axis=-1)
    np.testing.assert_allclose(error[3], np.sqrt(2) * from_axis, atol=1e-9)
    np.testing.assert_allclose(error[:3], 0, atol=1e-9)


def test_aligned_error_ignores_motion_and_sees_the_mirror():
    target, mask, _ = ideal_target()
    models = noisy(target, 0.5, models=2)
    masks = np.stack([mask, mask])
    error = aligned_error(models, masks, target, mask)
    np.testing.assert_allclose(aligned_error(moved(models), masks, moved(target, 3), mask), error, atol=1e-8)
    assert (np.diagonal(error, axis1=1, axis2=2) == 0).all()
    mirror = aligned_error(target[None] * [1, 1, -1], mask[None], target, mask)[0]
    assert np.mean(mirror) > 3


def test_aligned_error_is_unknown_without_a_frame_or_a_ca():
    target, mask, _ = ideal_target("AAAA")
    there = mask.copy()
    there[1, ATOM_INDEX["N"]] = there[2, ATOM_INDEX["CA"]] = 0
    error = aligned_error(target[None], there[None], target, mask)[0]
    unknown = np.zeros((4, 4), bool)
    unknown[[1, 2]] = unknown[:, 2] = True
    np.testing.assert_array_equal(np.isnan(error), unknown)


def test_predicted_error_by_hand():
    # Predicted 1 and 3 Å, true 2 and 50 Å, which counts as the largest that can be said.
    pae, error = np.array([[0.0, 1.0], [3.0, 0.0]]), np.array([[0.0, 2.0], [50.0, 0.0]])
    found = pae_agreement(pae, error)
    assert found.cases == 2
    assert found.mean_error == pytest.approx((1 + 28.75) / 2)
    assert found.bias == pytest.approx((4 - 33.75) / 2)
    assert [row["low"] for row in found.reliability.groups] == [0, 2]
    assert found.spearman == pytest.approx(1)
    unknown = pae_agreement(pae, np.array([[0.0, np.nan], [50.0, 0.0]]))
    assert unknown.cases == 1


def test_refusals():
    with pytest.raises(InputError, match="between 0 and"):
        plddt_agreement(np.array([90.0]), np.array([0.9]))
    with pytest.raises(InputError, match="in pairs"):
        ptm_agreement(np.array([0.5]), np.array([0.5, 0.6]))
    with pytest.raises(InputError, match="two matrices"):
        pae_agreement(np.zeros((3, 3)), np.zeros((2, 2)))

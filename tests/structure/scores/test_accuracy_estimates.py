import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sciml.errors import InputError
from sciml.structure.scores.accuracy_estimates import (
    closeness_of,
    global_agreement,
    local_agreement,
    roc_auc,
    unreliable_regions,
)

FRACTIONS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=30)


def test_four_models_by_hand():
    """The best model is estimated as the third, the others are in their order."""
    found = global_agreement([0.2, 0.4, 0.3, 0.1], [0.9, 0.6, 0.4, 0.2], good=0.5)
    assert found.models == 4
    # Pairs of models: of the six, those with the best are one right of three, the others are all right.
    assert found.kendall == pytest.approx((4 - 2) / 6)
    # Ranks 2 4 3 1 against 4 3 2 1: 1 - 6 (4 + 1 + 1 + 0) / (4 · 15)
    assert found.spearman == pytest.approx(0.4)
    assert found.loss == pytest.approx(0.9 - 0.6)
    assert found.difference == pytest.approx((0.7 + 0.2 + 0.1 + 0.1) / 4)
    # Good: 0.2 and 0.4; bad: 0.3 and 0.1. Three of four pairs are right.
    assert found.auc == pytest.approx(0.75)
    # 75 % quantile of the true scores is 0.675, so only the first is of the best quarter: above one of three.
    assert found.auc_quarter == pytest.approx(1 / 3)


def test_a_shared_first_place_loses_the_mean():
    assert global_agreement([0.7, 0.7, 0.1], [0.9, 0.5, 0.3], 0.5).loss == pytest.approx(0.2)


def test_models_without_an_estimate_are_left_out():
    whole = global_agreement([0.2, 0.4, 0.3], [0.9, 0.6, 0.4], 0.5)
    assert global_agreement([0.2, np.nan, 0.4, 0.3, 0.9], [0.9, 1.0, 0.6, 0.4, np.nan], 0.5) == whole


def test_what_has_no_meaning_is_nan():
    assert math.isnan(global_agreement([], [], 0.5).loss)
    one = global_agreement([0.5], [0.75], 0.5)
    assert (one.models, one.loss, one.difference) == (1, 0, 0.25)
    assert all(math.isnan(value) for value in (one.pearson, one.spearman, one.kendall, one.auc))
    same = global_agreement([0.5, 0.5], [0.6, 0.7], 0.5)
    assert math.isnan(same.kendall)
    assert math.isnan(same.auc)  # all good
    assert same.auc_quarter == 0.5


@settings(max_examples=60, deadline=None)
@given(pairs=FRACTIONS)
def test_correlations_are_those_of_scipy(pairs):
    predicted, true = np.round(np.array(pairs).T, 2)
    found = global_agreement(predicted, true, 0.5)
    if np.ptp(predicted) == 0 or np.ptp(true) == 0:
        assert math.isnan(found.pearson)
        return
    assert found.pearson == pytest.approx(stats.pearsonr(predicted, true).statistic, abs=1e-9)
    assert found.spearman == pytest.approx(stats.spearmanr(predicted, true).statistic, abs=1e-9)
    assert found.kendall == pytest.approx(stats.kendalltau(predicted, true).statistic, abs=1e-9)
    assert 0 <= found.loss <= np.ptp(true) + 1e-12


@settings(max_examples=60, deadline=None)
@given(cases=st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_roc_auc_is_the_share_of_pairs_in_the_right_order(cases):
    values = np.array([value for value, _ in cases])
    positive = np.array([is_positive for _, is_positive in cases])
    if positive.all() or not positive.any():
        assert math.isnan(roc_auc(values, positive))
        return
    good, bad = values[positive][:, None], values[~positive][None]
    by_hand = ((good > bad) + 0.5 * (good == bad)).mean()
    assert roc_auc(values, positive) == pytest.approx(by_hand)
    statistic = stats.mannwhitneyu(values[positive], values[~positive]).statistic
    assert roc_auc(values, positive) == pytest.approx(statistic / (positive.sum() * (~positive).sum()))


@settings(max_examples=30, deadline=None)
@given(pairs=FRACTIONS, scale=st.floats(0.1, 0.5), shift=st.floats(0, 0.4))
def test_ranks_loss_and_auc_know_no_scale_and_no_order(pairs, scale, shift):
    predicted, true = np.round(np.array(pairs).T, 2)
    plain = global_agreement(predicted, true, 0.5)
    scaled = global_agreement(scale * predicted + shift, true, 0.5)
    turned = global_agreement(predicted[::-1], true[::-1], 0.5)
    for name in ("spearman", "kendall", "loss", "auc", "auc_quarter"):
        for other in (scaled, turned):
            assert getattr(other, name) == pytest.approx(getattr(plain, name), nan_ok=True, abs=1e-9)


def test_the_s_function_is_one_half_at_five_angstrom():
    np.testing.assert_allclose(closeness_of(np.array([0, 5, 10, 15])), [1, 0.5, 0.2, 0.1])


def test_ase_and_auc_of_four_residues_by_hand():
    # S of the estimates 1, 0.5, 0.2, 0.1; of the distances 0.5, 0.5, 0.2, 1.
    found = local_agreement([0, 5, 10, 15], [5, 5, 10, 0])
    assert found.ase == pytest.approx(1 - (0.5 + 0 + 0 + 0.9) / 4)
    assert found.auc == 0  # the only good residue has the largest estimate
    assert local_agreement([1, 2, 9], [1, 2, 9]).ase == 1
    assert local_agreement([1, 2, 9], [1, 2, 9]).auc == 1


def test_residues_given_as_x_or_without_an_atom_are_left_out():
    whole = local_agreement([1.0, 8.0, 2.0], [2.0, 6.0, 9.0])
    parts = local_agreement([1.0, np.nan, 8.0, 3.0, 2.0], [2.0, 4.0, 6.0, np.nan, 9.0])
    assert (parts.residues, parts.ase, parts.auc) == (3, whole.ase, whole.auc)
    none = local_agreement([np.nan], [1.0])
    assert none.residues == 0
    assert math.isnan(none.ase)


@pytest.mark.parametrize(
    ("distances", "regions"),
    [
        ("11199111", []),  # two residues are too few
        ("1999111", [(1, 4)]),
        ("9991999", [(0, 7)]),  # joined across one
        ("99911999", [(0, 3), (5, 8)]),
        ("999199", [(0, 3)]),  # the second is too short to be joined
        ("999?999", [(0, 7)]),
        ("99?99", []),
        ("", []),
    ],
)
def test_unreliable_regions(distances, regions):
    values = [np.nan if letter == "?" else float(letter) for letter in distances]
    assert unreliable_regions(np.array(values)) == regions


def test_regions_count_as_found_when_both_ends_are_within_two_residues():
    true = np.ones(40)
    true[5:12] = true[20:26] = 9
    predicted = np.ones(40)
    predicted[3:14] = 9  # both ends off by two
    predicted[20:29] = 9  # one end off by three
    predicted[33:37] = 9  # not there
    found = local_agreement(predicted, true)
    assert (found.regions, found.estimated_regions) == (2, 3)
    assert found.region_precision == pytest.approx(1 / 3)
    assert found.region_recall == pytest.approx(1 / 2)
    assert found.region_f1 == pytest.approx(0.4)
    silent = local_agreement(np.ones(40), true)
    assert math.isnan(silent.region_precision)
    assert (silent.region_recall, silent.region_f1) == (0, 0)
    assert math.isnan(local_agreement(np.ones(40), np.ones(40)).region_f1)


def test_lists_of_unequal_length_and_negative_errors_are_refused():
    with pytest.raises(InputError, match="scores come in pairs"):
        global_agreement([0.5], [0.5, 0.6], 0.5)
    with pytest.raises(InputError, match="come in pairs"):
        local_agreement([1.0], [1.0, 2.0])
    with pytest.raises(InputError, match="at least 0"):
        local_agreement([-1.0], [1.0])

import numpy as np
import pytest
from scipy.stats import norm, wilcoxon

from sciml.errors import SettingsError
from sciml.structure.evaluate.intervals import cluster_mean, compare


def test_every_cluster_counts_once():
    found = cluster_mean([1.0, 1.0, 1.0, 0.0, float("nan")], ["x", "x", "x", "y", "z"])
    assert (found.mean, found.chains, found.clusters) == (0.5, 4, 2)


def test_the_interval_of_a_mean_has_the_width_of_the_normal_law():
    values = np.random.default_rng(1).normal(3.0, 2.0, 400)
    found = cluster_mean(values.tolist(), [str(i) for i in range(400)], draws=4000)
    half = norm.ppf(0.975) * values.std() / 20
    assert found.high - found.mean == pytest.approx(half, rel=0.1)
    assert found.mean - found.low == pytest.approx(half, rel=0.1)


def test_wins_ties_and_losses_are_counted_with_the_tie_width():
    first = {"a": 0.50, "b": 0.51, "c": 0.60, "d": 0.10, "only": 1.0, "nan": float("nan")}
    second = {"a": 0.50, "b": 0.50, "c": 0.50, "d": 0.30, "nan": 0.5}
    found = compare("gdt_ts", first, second)
    assert (found.targets, found.wins, found.ties, found.losses, found.tie_width) == (4, 1, 2, 1, 0.01)
    assert found.difference.mean == pytest.approx((0.01 + 0.1 - 0.2) / 4)
    assert compare("gdt_ts", first, second, tie_width=0.0).wins == 2
    back = compare("gdt_ts", second, first)
    assert (back.wins, back.losses) == (found.losses, found.wins)
    assert back.wilcoxon_p == found.wilcoxon_p


def test_lower_values_win_where_they_are_better():
    found = compare("rmsd_ca", {"a": 1.0, "b": 4.0}, {"a": 3.0, "b": 4.05}, lower_is_better=True)
    assert (found.wins, found.ties, found.losses) == (1, 1, 0)
    assert found.difference.mean == pytest.approx(-1.025)


def test_the_signed_rank_test_of_six_gains_is_one_in_thirty_two():
    # all six differences positive: 2 of the 2^6 sign patterns are as extreme
    first = {str(i): 0.5 + 0.01 * (i + 1) for i in range(6)}
    second = dict.fromkeys(first, 0.5)
    assert compare("tm_score", first, second).wilcoxon_p == pytest.approx(2 / 64)
    assert np.isnan(compare("tm_score", first, first).wilcoxon_p)


def test_relatives_do_not_make_a_difference_surer():
    generator = np.random.default_rng(5)
    gains = generator.normal(0.02, 0.05, 12)
    one = {f"{i}": 0.5 + gains[i] for i in range(12)}
    many = {f"{i}.{copy}": 0.5 + gains[i] for i in range(12) for copy in range(10)}
    clusters = {name: name.split(".")[0] for name in many}
    alone = compare("tm_score", one, dict.fromkeys(one, 0.5))
    grouped = compare("tm_score", many, dict.fromkeys(many, 0.5), clusters=clusters)
    assert grouped.wilcoxon_p == pytest.approx(alone.wilcoxon_p)
    assert grouped.difference.low == pytest.approx(alone.difference.low)
    assert compare("tm_score", many, dict.fromkeys(many, 0.5)).wilcoxon_p < alone.wilcoxon_p / 10
    assert alone.wilcoxon_p == pytest.approx(wilcoxon(gains).pvalue)


def test_methods_without_a_common_target_and_negative_widths_are_refused():
    with pytest.raises(SettingsError, match="no target with lddt in common"):
        compare("lddt", {"a": 1.0}, {"b": 1.0})
    with pytest.raises(SettingsError, match="at least 0"):
        compare("lddt", {"a": 1.0}, {"a": 1.0}, tie_width=-1)

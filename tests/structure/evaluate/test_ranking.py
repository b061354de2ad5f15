import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciml.errors import SettingsError
from sciml.structure.evaluate.ranking import RankSettings, ScoreRow, rank_groups, rank_intervals, z_scores


def rows_of(table, score="gdt_ts", model=1):
    """{unit: {group: value}} as rows."""
    return [
        ScoreRow(unit, group, model, {score: value})
        for unit, groups in table.items()
        for group, value in groups.items()
    ]


def test_z_scores_divide_by_the_population_deviation():
    # mean 4, squared deviations 9 1 1 9: deviation sqrt(5), not sqrt(20/3)
    z = z_scores(np.array([1.0, 3.0, 5.0, 7.0]))
    np.testing.assert_allclose(z, np.array([-3, -1, 1, 3]) / np.sqrt(5))


def test_an_outlier_is_left_out_of_the_second_mean_and_gets_the_floor():
    # ten models at 60 and 80 in turn and one at 0: mean 63.6, deviation 22.3, so z of the last is -2.85;
    # without it mean 70, deviation 10, so the others get -1 and 1
    values = np.array([60.0, 80.0] * 5 + [0.0])
    np.testing.assert_allclose(z_scores(values), [-1, 1] * 5 + [-2])
    np.testing.assert_allclose(z_scores(values, floor=0.0), [0, 1] * 5 + [0])
    np.testing.assert_allclose(z_scores(values, floor=-100.0)[-1], -7)  # recomputed, not kept from before
    np.testing.assert_allclose(z_scores(values, outlier=-3.0)[0], (60 - 700 / 11) / np.std(values))


def test_inverting_a_score_ranks_small_values_first():
    values = np.array([1.0, 3.0, 5.0, 7.0])
    np.testing.assert_allclose(z_scores(values, invert=True), z_scores(-values))
    rows = rows_of({"T1": {"close": 1.0, "far": 8.0}}, "rmsd_ca")
    assert [one.group for one in rank_groups(rows, RankSettings({"rmsd_ca": 1.0})).groups] == ["close", "far"]


def test_equal_values_have_z_zero_and_an_outlier_below_them_the_floor():
    np.testing.assert_array_equal(z_scores(np.full(4, 0.1 + 0.2)), np.zeros(4))
    np.testing.assert_array_equal(z_scores(np.array([50.0] * 9 + [1.0])), [0] * 9 + [-2])
    assert np.isnan(z_scores(np.array([np.nan, np.nan]))).all()
    np.testing.assert_array_equal(z_scores(np.array([np.nan, 1.0, 3.0]))[0], -2)


@given(
    st.lists(st.floats(0, 100, allow_subnormal=False), min_size=2, max_size=30),
    st.floats(0.1, 10),
    st.floats(-50, 50),
)
def test_z_scores_do_not_depend_on_unit_and_origin(values, factor, shift):
    values = np.array(values)
    if np.ptp(values) < 1e-3:
        return
    first = (values - values.mean()) / values.std()
    if np.abs(first + 2).min() < 1e-6:  # on the threshold rounding decides
        return
    np.testing.assert_allclose(z_scores(values * factor + shift), z_scores(values), atol=1e-6)


def test_a_missing_model_counts_as_the_floor_and_is_listed():
    table = {"T1": {"a": 60.0, "b": 40.0}, "T2": {"a": 60.0, "b": 40.0, "c": 50.0}}
    for floor in (-2.0, 0.0):
        ranking = rank_groups(rows_of(table), RankSettings(floor=floor))
        c = next(one for one in ranking.groups if one.group == "c")
        assert (c.units, c.missing) == (1, 1)
        assert c.score == pytest.approx(floor + 0.0)  # T1 missing, in the middle of T2
    assert (
        next(one for one in rank_groups(rows_of(table), groups=["d"]).groups if one.group == "d").score == -4
    )


def test_a_record_without_value_counts_like_a_missing_model():
    table = {"T1": {"a": 60.0, "b": 40.0, "c": float("nan")}}
    ranking = rank_groups(rows_of(table))
    assert {one.group: one.score for one in ranking.groups} == pytest.approx({"a": 1, "b": -1, "c": -2})


def test_a_unit_on_which_a_score_has_no_value_does_not_count():
    rows = [*rows_of({"T1": {"a": 1.0, "b": 0.0}}), *rows_of({"T2": {"a": float("nan"), "b": float("nan")}})]
    ranking = rank_groups(rows, RankSettings(average=True))
    assert {one.group: one.score for one in ranking.groups} == pytest.approx({"a": 1, "b": -1})


def test_floors_and_weights_belong_to_each_score():
    rows = [
        ScoreRow("T1", "a", 1, {"gdt_ts": 1.0, "rmsd_ca": 9.0}),
        ScoreRow("T1", "b", 1, {"gdt_ts": 0.0, "rmsd_ca": 1.0}),
    ]
    settings = RankSettings({"gdt_ts": 1.0, "rmsd_ca": 0.5}, floor={"gdt_ts": 0.0})
    found = {one.group: one for one in rank_groups(rows, settings).groups}
    assert found["a"].score == pytest.approx(1 - 0.5)
    assert found["b"].score == pytest.approx(0 + 0.5)
    assert found["a"].z == pytest.approx({"gdt_ts": 1.0, "rmsd_ca": -1.0})


def test_first_and_best_models_compete_score_by_score():
    rows = [
        ScoreRow("T1", "a", 1, {"gdt_ts": 0.2, "rmsd_ca": 9.0}),
        ScoreRow("T1", "a", 2, {"gdt_ts": 0.9, "rmsd_ca": 8.0}),
        ScoreRow("T1", "a", 3, {"gdt_ts": float("nan"), "rmsd_ca": 1.0}),
        ScoreRow("T1", "b", 1, {"gdt_ts": 0.5, "rmsd_ca": 5.0}),
    ]
    for score in ("gdt_ts", "rmsd_ca"):
        assert rank_groups(rows, RankSettings({score: 1.0})).groups[0].group == "b"
        assert rank_groups(rows, RankSettings({score: 1.0}, models="best")).groups[0].group == "a"


def test_groups_with_equal_scores_share_a_rank():
    ranking = rank_groups(rows_of({"T1": {"a": 1.0, "b": 1.0, "c": 0.0}}))
    assert [(one.rank, one.group) for one in ranking.groups] == [(1, "a"), (1, "b"), (3, "c")]


def test_two_rows_for_one_model_and_unknown_scores_are_refused():
    rows = rows_of({"T1": {"a": 1.0, "b": 0.0}})
    with pytest.raises(SettingsError, match="two rows for model 1 of T1"):
        rank_groups([*rows, rows[0]])
    with pytest.raises(SettingsError, match="no row has the score 'nothing'; there are: gdt_ts"):
        rank_groups(rows, RankSettings({"nothing": 1.0}))


def test_the_order_of_the_rows_changes_nothing():
    generator = np.random.default_rng(3)
    rows = [
        ScoreRow(f"T{unit}", f"g{group}", 1, {"gdt_ts": generator.random()})
        for unit in range(6)
        for group in range(9)
        if generator.random() < 0.8
    ]
    shuffled = [rows[index] for index in generator.permutation(len(rows))]
    assert [(one.group, one.rank) for one in rank_groups(rows).groups] == [
        (one.group, one.rank) for one in rank_groups(shuffled).groups
    ]


def test_rank_intervals_hold_the_figure_and_are_narrow_where_one_group_always_wins():
    generator = np.random.default_rng(0)
    table = {
        f"T{unit}": {"best": 90.0, **{f"g{k}": generator.uniform(20, 60) for k in range(5)}}
        for unit in range(20)
    }
    ranking = rank_groups(rows_of(table))
    intervals = rank_intervals(ranking)
    assert intervals["best"][2:] == (1, 1)
    for one in ranking.groups:
        low, high, top, bottom = intervals[one.group]
        assert low <= one.score <= high
        assert top <= one.rank <= bottom
    assert intervals["g0"][3] - intervals["g0"][2] >= 1

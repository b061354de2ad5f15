"""Features of designs."""

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.surrogates.codec import TableCodec
from tests.surrogates.amplifier import GOAL, SPEC, training_set


def test_features_of_a_design_by_hand():
    codec = TableCodec(SPEC, GOAL)
    assert codec.feature_names[:4] == ("m_in", "log m_in", "m_load", "log m_load")
    assert codec.feature_names[-3:] == ("ibias", "device=slow", "device=fast")
    row = codec.raw_features(np.array([[1, 99, 50, 0.1, 1e-5, 1]]))[0]
    by_name = dict(zip(codec.feature_names, row, strict=True))
    expected = {
        "m_in": -1,
        "log m_in": -1,
        "m_load": 1,
        "log m_load": 1,
        "m_tail": 0,
        "log m_tail": 2 * np.log(50) / np.log(99) - 1,
        "cc": -1,
        "log cc": -1,
        "ibias": 0,
        "device=slow": 0,
        "device=fast": 1,
    }
    assert by_name == pytest.approx(expected, abs=1e-9)


def test_without_logarithms_each_number_is_one_feature():
    assert TableCodec(SPEC, features="unit").feature_names == (
        *("m_in", "m_load", "m_tail", "cc", "ibias", "device=slow", "device=fast"),
    )
    with pytest.raises(InputError, match=r"unit or unit\+log"):
        TableCodec(SPEC, features="cubes")


def test_fitted_features_have_zero_mean_and_unit_spread():
    designs, result = training_set(200)
    codec = TableCodec(SPEC, GOAL).fit(designs, TableCodec(SPEC).table(result.values, result.auxiliary))
    features = codec.encode_inputs(designs).numpy()
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(features.std(axis=0), 1, atol=1e-5)


def test_an_input_that_does_not_vary_is_not_stretched():
    designs, result = training_set(50)
    designs[:, 3] = 5.0
    codec = TableCodec(SPEC, GOAL).fit(designs, TableCodec(SPEC).table(result.values, result.auxiliary))
    assert np.abs(codec.encode_inputs(designs).numpy()[:, 6:8]).max() < 1e-5
    moved = designs.copy()
    moved[:, 3] = 5.1
    assert np.abs(codec.encode_inputs(moved).numpy()[:, 6:8]).max() < 0.1


def test_directions_follow_the_goal_and_an_unfitted_codec_says_so():
    assert TableCodec(SPEC, GOAL).directions.tolist() == [1, 1, 1, -1, 0]
    assert TableCodec(SPEC, GOAL).limits[:4].tolist() == [300, 1e7, 60, 5e-4]
    with pytest.raises(InputError, match="not fitted"):
        TableCodec(SPEC).encode_targets(np.zeros((1, 5)))
    with pytest.raises(InputError, match="6 columns are wanted"):
        TableCodec(SPEC).raw_features(np.zeros((1, 5)))

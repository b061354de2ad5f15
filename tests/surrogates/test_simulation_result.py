import math

import numpy as np
import pytest

from sciml.surrogates.outputs import as_number, read_outputs, shortened
from sciml.surrogates.problem_spec import IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Row, checked, stack_rows
from sciml.surrogates.simulator import Cutoff

SPEC = ProblemSpec("p", "1", (IntegerInput("x", 0, 9),), (Output("a"), Output("b")), (Output("m"),))


def test_stacked_rows_keep_failures_apart_from_cut_off_simulations():
    rows = [
        Row({"a": 1.0, "b": 2.0}, {"m": 0.5}, cost_s=0.1),
        Row({"a": 3.0}, is_complete=False),
        Row({"a": 9.0, "b": 9.0}, {"m": 7.0}, Failure(FailureKind.CRASH, "gone"), 0.2),
    ]
    result = stack_rows(rows, SPEC)
    np.testing.assert_array_equal(result.values, [[1, 2], [3, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(result.auxiliary, [[0.5], [np.nan], [7.0]])
    assert result.ok.tolist() == [True, False, False]
    assert result.is_complete.tolist() == [True, False, True]
    assert [failure and failure.kind for failure in result.failures] == [None, None, "crash"]
    assert result.cost_s.tolist() == [0.1, 0.0, 0.2]
    assert stack_rows([], SPEC).values.shape == (0, 2)


@pytest.mark.parametrize(
    ("outputs", "kind"),
    [
        ({"a": 1.0, "b": 2.0}, None),
        ({"a": 1.0}, FailureKind.MISSING_OUTPUT),
        ({"a": 1.0, "b": math.nan}, FailureKind.NON_FINITE),
        ({"a": -math.inf, "b": 1.0}, FailureKind.NON_FINITE),
    ],
)
def test_a_row_without_all_outputs_is_a_failure(outputs, kind):
    failure = checked(Row(outputs), SPEC).failure
    assert (failure and failure.kind) == kind


def test_a_row_that_was_cut_off_or_failed_already_is_left_alone():
    for row in (Row({}, is_complete=False), Row({}, failure=Failure(FailureKind.TIMEOUT, "late"))):
        assert checked(row, SPEC) is row


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (math.nan, FailureKind.NON_FINITE),
        (None, FailureKind.NON_FINITE),
        (10**400, FailureKind.NON_FINITE),
        pytest.param(-(10**5000), FailureKind.NON_FINITE, id="huge"),
        (np.float64("inf"), FailureKind.NON_FINITE),
        ("1.5", FailureKind.BAD_ANSWER),
        (True, FailureKind.BAD_ANSWER),
        (np.True_, FailureKind.BAD_ANSWER),
        ([1.0], FailureKind.BAD_ANSWER),
        ({}, FailureKind.BAD_ANSWER),
        (1j, FailureKind.BAD_ANSWER),
        (np.array([1.0]), FailureKind.BAD_ANSWER),
    ],
)
def test_what_is_no_finite_number_is_a_failure_that_names_the_output(value, kind):
    row = read_outputs({"a": 1.0, "b": value}, SPEC, 0.25)
    assert row.failure is not None
    assert row.failure.kind is kind
    assert row.failure.message.startswith("b is ")
    assert (dict(row.outputs), row.cost_s) == ({"a": 1.0}, 0.25)


def test_numbers_of_every_library_count():
    torch = pytest.importorskip("torch")
    for number in (2, 2.0, np.float32(2), np.int64(2), np.array(2.0), torch.tensor(2.0)):
        found = as_number(number)
        assert (found, type(found)) == (2.0, float)


def test_auxiliary_outputs_that_are_no_number_are_left_out_and_unknown_ones_dropped():
    row = read_outputs({"a": 1, "b": 2, "m": None, "other": "text"}, SPEC, 0.0)
    assert (row.outputs, row.auxiliary, row.failure) == ({"a": 1.0, "b": 2.0}, {}, None)
    assert read_outputs({"a": 1, "b": 2, "m": 3}, SPEC, 0.0).auxiliary == {"m": 3.0}


def test_values_in_messages_are_short_and_can_be_written_to_a_file():
    assert len(shortened("x" * 10**6)) <= 81
    assert shortened("a\ud800b").encode("utf-8") == b"'a\\ud800b'"


def test_a_cutoff_looks_at_what_was_measured_only():
    cutoff = Cutoff({"a": 1.0}, {"b": 5.0})
    assert not cutoff.stops({})
    assert not cutoff.stops({"a": 1.0, "b": 5.0})
    assert cutoff.stops({"a": 0.9})
    assert cutoff.stops({"a": 2.0, "b": 5.1})

import numpy as np
import pytest

from sciml.surrogates.optimise.margins import FAILURE, shortfall, signed_margins
from sciml.surrogates.problem_spec import FloatInput, Output, ProblemSpec
from sciml.surrogates.specification import Goal, Specification

SPEC = ProblemSpec("p", "1", (FloatInput("x", 0.0, 1.0),), (Output("gain"), Output("phase"), Output("error")))
GOAL = Goal(
    (
        Specification("gain", minimum=100.0),
        Specification("phase", minimum=60.0),
        Specification("gain", maximum=1000.0),
        Specification("error", maximum=0.0),
    )
)


def test_a_margin_is_the_bilog_of_the_log_ratio() -> None:
    values = np.array([[100.0, 60.0, 0.0], [100 * np.e, 60.0, 0.0], [100 / np.e**3, 60.0, 0.0]])
    margins = signed_margins(values, GOAL, SPEC)
    np.testing.assert_allclose(margins[:, 0], [0.0, np.log(2), -np.log(4)], atol=1e-12)
    assert margins[0, 2] == pytest.approx(np.log1p(np.log(10)))


def test_an_output_that_changes_sign_is_measured_by_asinh() -> None:
    values = np.array([[100.0, -60.0, 0.0], [100.0, 60.0, 0.0]])
    margins = signed_margins(values, GOAL, SPEC)
    assert margins[0, 1] == pytest.approx(-np.log1p(2 * np.arcsinh(1.0)))
    assert margins[1, 1] == 0


def test_margins_are_positive_exactly_where_the_limit_is_met() -> None:
    generator = np.random.default_rng(0)
    values = np.stack(
        [np.exp(generator.normal(6, 2, 300)), generator.normal(60, 40, 300), generator.normal(size=300)], 1
    )
    margins = signed_margins(values, GOAL, SPEC)
    np.testing.assert_array_equal(margins >= 0, GOAL.violations(values, SPEC) == 0)


def test_a_dead_circuit_has_a_finite_margin() -> None:
    values = np.array([[0.0, 60.0, 0.0], [200.0, 60.0, 0.0]])
    margins = signed_margins(values, GOAL, SPEC)
    assert margins[0, 0] == pytest.approx(-np.log1p(np.log(1e4)))


def test_unknown_outputs_are_unknown_margins_and_count_as_failures() -> None:
    values = np.array([[np.nan, 60.0, 0.0], [200.0, 60.0, -1.0]])
    margins = signed_margins(values, GOAL, SPEC)
    np.testing.assert_array_equal(np.isnan(margins[0]), [True, False, True, False])
    np.testing.assert_allclose(shortfall(margins), [2 * FAILURE, 0.0])

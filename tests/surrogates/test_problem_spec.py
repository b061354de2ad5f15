import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.errors import InputError
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, IntegerInput, Output, ProblemSpec

SPEC = ProblemSpec(
    "amplifier",
    "1",
    (
        IntegerInput("width", 1, 99, 2),
        FloatInput("cc", 0.1, 9.9, 0.1, "pF"),
        FloatInput("rz", 10.0, 1e6, None, "Ω", "log"),
        CategoryInput("load", ("mirror", "resistor", "cascode")),
    ),
    (Output("gain"),),
    (Output("margin"),),
)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_designs_are_allowed_and_survive_the_unit_cube_and_names(seed):
    designs = SPEC.random(20, np.random.default_rng(seed))
    assert (SPEC.check(designs) == designs).all()
    back = SPEC.from_unit(SPEC.to_unit(designs))
    assert back == pytest.approx(designs, rel=1e-12)
    assert (back[:, [0, 1, 3]] == designs[:, [0, 1, 3]]).all()  # on a grid there is no rounding left
    for design in designs:
        assert (SPEC.from_values(SPEC.to_values(design)) == design).all()


def test_the_unit_cube_maps_onto_allowed_designs_only():
    unit = np.random.default_rng(3).uniform(-0.2, 1.2, (500, 4))
    assert (SPEC.check(SPEC.from_unit(unit)) == SPEC.from_unit(unit)).all()


def test_random_values_are_uniform_over_the_grid():
    column = SPEC.random(30_000, np.random.default_rng(0))[:, 3]
    counts = np.bincount(column.astype(int))
    assert counts == pytest.approx([10_000] * 3, abs=4 * np.sqrt(30_000 * 2 / 9))


def test_rounding_errors_are_removed_and_other_values_refused():
    design = np.array([[3.0, 0.1 + 0.2, 100.0, 1.0]])
    assert design[0, 1] != 0.3
    assert SPEC.check(design).tolist() == [[3.0, 0.3, 100.0, 1.0]]


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        (0, 2.0, "width = 2 is not an allowed value (1 to 99 in steps of 2)"),
        (0, 101.0, "width = 101 is not"),
        (1, 0.15, "cc = 0.15 is not"),
        (2, 9.0, "rz = 9 is not"),
        (2, np.nan, "rz = nan is not"),
        (2, np.inf, "rz = inf is not"),
        (3, 3.0, "load = 3 is not an allowed value (one of mirror, resistor, cascode)"),
        (3, 0.5, "load = 0.5 is not"),
        (3, -1.0, "load = -1 is not"),
    ],
)
def test_a_design_that_is_not_allowed_is_named(column, value, rule):
    designs = SPEC.random(3, np.random.default_rng(1))
    designs[1, column] = value
    with pytest.raises(InputError) as caught:
        SPEC.check(designs)
    assert f"design 1: {rule}" in str(caught.value)


def test_designs_with_another_number_of_columns_are_refused():
    with pytest.raises(InputError, match="4 columns"):
        SPEC.check(np.zeros((2, 3)))


def test_named_values_are_typed():
    values = SPEC.to_values(np.array([3.0, 0.3, 100.0, 2.0]))
    assert values == {"width": 3, "cc": 0.3, "rz": 100.0, "load": "cascode"}
    assert [type(value) for value in values.values()] == [int, float, float, str]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"width": 2}, "width = 2 is not an allowed value (1 to 99 in steps of 2)"),
        ({"load": "none"}, "load = 'none' is not one of mirror, resistor, cascode"),
        ({"w": 3}, "'w' is no input (there are width, cc, rz, load)"),
        ({"w": 3, "x": 4}, "'w', 'x' are no inputs (there are width, cc, rz, load)"),
        ({"cc": None}, "cc = None is not a number"),
        ({"cc": np.inf}, "cc is not a finite number"),
    ],
)
def test_named_values_that_are_not_allowed_are_refused(change, rule):
    values = {"width": 3, "cc": 0.3, "rz": 100.0, "load": "cascode", **change}
    with pytest.raises(InputError) as caught:
        SPEC.from_values(values)
    assert caught.value.rule == rule
    assert caught.value.record == SPEC.name


def test_missing_inputs_are_named_in_one_sentence():
    with pytest.raises(InputError) as caught:
        SPEC.from_values({"width": 3, "cc": 0.3, "load": "mirror"})
    assert caught.value.rule == "input 'rz' is missing"
    with pytest.raises(InputError) as caught:
        SPEC.from_values({"width": 3, "cc": 0.3})
    assert caught.value.rule == "inputs 'rz', 'load' are missing"


@pytest.mark.parametrize(
    ("inputs", "outputs", "auxiliary", "rule"),
    [
        ((), (Output("y"),), (), "at least one input"),
        ((IntegerInput("x", 0, 1),), (), (Output("z"),), "at least one output"),
        ((IntegerInput("x", 0, 1),) * 2, (Output("y"),), (), "input 'x' is given twice"),
        ((IntegerInput("x", 0, 1),), (Output("y"),), (Output("y"),), "output 'y' is given twice"),
    ],
)
def test_a_problem_without_inputs_or_outputs_or_with_double_names_is_refused(
    inputs, outputs, auxiliary, rule
):
    with pytest.raises(InputError, match=rule):
        ProblemSpec("p", "1", inputs, outputs, auxiliary)

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.errors import InputError
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_file import problem_text, read_problem
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.simulator import Corner
from sciml.surrogates.specification import Goal, Objective, Specification

TEXT = """\
name: two_stage_opamp
version: "2"
inputs:
  - {name: mp1, type: integer, low: 1, high: 99}
  - {name: cc, type: float, low: 0.1, high: 9.9, step: 0.1, unit: pF}
  - name: rz
    type: float
    low: 10
    high: 1e6
    scale: log
  - {name: load, type: category, values: [on, "2", mirror]}
  - {name: rb, type: float, values: [4.7, 1, 2.2], unit: kΩ}
outputs: [gain, {name: ugbw, unit: Hz}, ibias]
auxiliary: [{name: margin_mn1, unit: V}]
specifications:
  - {output: gain, min: 300, weight: 2}
  - {output: ugbw, min: 10.0e6}
  - {output: ugbw, max: 1e9}
objectives: [{output: ibias, direction: minimise}]
timeout: 20
simulator: {kind: command, command: [python, simulate.py]}
corners: [{name: tt}, {name: ss_hot, parameters: {process: ss, temperature: 85, supply: 1.08}}]
"""


def read(tmp_path, text):
    path = tmp_path / "problem.yaml"
    path.write_text(text, encoding="utf-8")
    return read_problem(path)


def test_a_problem_file_says_everything(tmp_path):
    problem = read(tmp_path, TEXT)
    assert problem.spec == ProblemSpec(
        "two_stage_opamp",
        "2",
        (
            IntegerInput("mp1", 1, 99),
            FloatInput("cc", 0.1, 9.9, 0.1, "pF"),
            FloatInput("rz", 10.0, 1e6, None, "", "log"),
            CategoryInput("load", ("on", "2", "mirror")),
            FloatInput("rb", 1.0, 4.7, None, "kΩ", listed=(1.0, 2.2, 4.7)),
        ),
        (Output("gain"), Output("ugbw", "Hz"), Output("ibias")),
        (Output("margin_mn1", "V"),),
    )
    assert problem.goal == Goal(
        (
            Specification("gain", 300.0, None, 2.0),
            Specification("ugbw", 1e7),
            Specification("ugbw", None, 1e9),
        ),
        (Objective("ibias", "minimise"),),
    )
    assert problem.timeout_s == 20
    assert problem.corners == (
        Corner("tt"),
        Corner("ss_hot", {"process": "ss", "temperature": 85, "supply": 1.08}),
    )
    assert problem.simulator == {
        **{"kind": "command", "command": ["python", "simulate.py"], "folder": str(tmp_path.resolve())}
    }
    assert problem.source == tmp_path / "problem.yaml"


def test_the_shortest_file_takes_its_name_from_the_path(tmp_path):
    text = (
        "inputs: [{name: x, type: int, low: 0, high: 3}]\noutputs: [y]\nspecifications: [{output: y, max: 0}]"
    )
    problem = read(tmp_path, text)
    assert (problem.spec.name, problem.spec.version, problem.timeout_s) == ("problem", "1", 60.0)
    assert (problem.simulator, problem.corners, problem.goal.objectives) == ({}, (), ())


def test_a_specification_with_min_and_max_is_a_window(tmp_path):
    problem = read(tmp_path, TEXT.replace("min: 300, weight: 2", "min: 300, max: 400, weight: 2"))
    assert problem.goal.specifications[:2] == (
        Specification("gain", minimum=300.0, weight=2.0),
        Specification("gain", maximum=400.0, weight=2.0),
    )


def test_a_category_of_numbers_gives_the_simulator_numbers(tmp_path):
    whole = read(tmp_path, TEXT.replace('[on, "2", mirror]', "[4, 1, 2]"))
    assert whole.spec.inputs[3] == IntegerInput("load", 1, 4, listed=(1, 2, 4))
    broken = read(tmp_path, TEXT.replace('[on, "2", mirror]', "[1, 2.5]"))
    assert broken.spec.inputs[3] == FloatInput("load", 1.0, 2.5, listed=(1.0, 2.5))
    asked = whole.spec.to_values(whole.spec.random(1, np.random.default_rng(0))[0])
    assert isinstance(asked["load"], int)


def test_a_written_problem_reads_back_equal(tmp_path):
    problem = read(tmp_path, TEXT)
    again = read(tmp_path, problem_text(problem))
    assert again == problem


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
numbers = st.floats(-1e12, 1e12)


@st.composite
def problems(draw):
    inputs = []
    for name in draw(st.lists(names, min_size=1, max_size=4, unique=True)):
        low, high = sorted((draw(numbers), draw(numbers)))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            inputs.append(IntegerInput(name, round(low), round(high), draw(st.integers(1, 9)), draw(names)))
        elif kind == 1:
            inputs.append(FloatInput(name, low, high, draw(st.none() | st.floats(1e-15, 10))))
        elif kind == 2:
            inputs.append(FloatInput(name, abs(low) / 1e30 + 1e-30, 1e13, None, "µA", "log"))
        else:
            inputs.append(CategoryInput(name, tuple(draw(st.lists(names, min_size=1, unique=True)))))
    outputs = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    limits = tuple(Specification(output, draw(numbers), None, draw(st.floats(0.1, 9))) for output in outputs)
    spec = ProblemSpec(draw(names), draw(names), tuple(inputs), tuple(Output(name) for name in outputs))
    values = st.one_of(st.integers(-(2**53), 2**53), numbers, names)
    corners = tuple(
        Corner(name, {"t": draw(values)}) for name in draw(st.lists(names, unique=True, max_size=2))
    )
    return Problem(spec, Goal(limits), draw(st.floats(1e-3, 1e6)), corners)


@settings(max_examples=100, deadline=None)
@given(problem=problems())
def test_any_problem_survives_writing_and_reading(tmp_path_factory, problem):
    path = tmp_path_factory.mktemp("p") / "p.yaml"
    path.write_text(problem_text(problem), encoding="utf-8")
    assert replace(read_problem(path), source=None) == problem


@pytest.mark.parametrize(
    ("old", "new", "place", "rule"),
    [
        ("high: 99}", "hihg: 99}", "line 4, record 'input mp1'", "unknown key 'hihg' (did you mean 'high'?)"),
        ("high: 99}", "}", "line 4, record 'input mp1'", "'high' is missing"),
        ("high: 99}", "high: .inf}", "line 4, record 'input mp1'", "high is not finite"),
        ("high: 99}", "high: 9.5}", "line 4, record 'input mp1'", "high is a whole number"),
        ("high: 99}", "high: many}", "line 4, record 'input mp1'", "high is a number, not 'many'"),
        ("high: 99}", "high: true}", "line 4, record 'input mp1'", "high is a number, not True"),
        ("high: 99}", "high: [9]}", "line 4, record 'input mp1'", "high is a number, not [9]"),
        ("high: 99}", "high: 0}", "line 4, record 'input mp1'", "rising order"),
        ("high: 99}", "high: 99, low: 2}", "line 4", "'low' is given twice"),
        ("high: 99}", "high: 1" + "0" * 399 + "}", "line 4, record 'input mp1'", "not finite"),
        ("name: mp1", "name: cc", "line 5", "'cc' is given twice"),
        ("name: mp1", "name: ''", "line 4, record 'input '", "is no name"),
        ("name: mp1", "name: 7", "line 4, record 'input 1'", "name is a text, not 7"),
        ("name: mp1, ", "", "line 4, record 'input 1'", "'name' is missing"),
        ("type: integer", "type: whole", "line 4, record 'input mp1'", "'whole' is none of integer"),
        ("step: 0.1", "step: 0", "line 5, record 'input cc'", "positive"),
        ("step: 0.1", "step: .nan", "line 5, record 'input cc'", "step is not finite"),
        ("scale: log", "scale: cubic", "line 10, record 'input rz'", "'cubic' is neither"),
        ("low: 10", "low: 0", "line 6, record 'input rz'", "starts above zero"),
        ('"2", mirror', "2, mirror", "line 11, record 'input load'", "2 is none (quote it)"),
        ('"2", mirror', "on, mirror", "line 11, record 'input load'", "'on' is listed twice"),
        ('[on, "2", mirror]', "[]", "line 11, record 'input load'", "values is empty"),
        ("values: [on", "low: 1, values: [on", "line 11, record 'input load'", "unknown key 'low'"),
        ("[4.7, 1, 2.2]", "[4.7, 1, 1]", "line 12, record 'input rb'", "none of them twice"),
        ("[4.7, 1, 2.2]", "[4.7, 1, a]", "line 12, record 'input rb'", "value 3 of values is a number"),
        ("unit: kΩ", "unit: 3", "line 12, record 'input rb'", "unit is a text, not 3"),
        ("[gain, ", "[gain, gain, ", "line 13", "'gain' is given twice"),
        ("[gain, ", "[3, gain, ", "line 13, record 'output 1'", "3 is not a mapping"),
        ("{name: margin_mn1", "{name: gain", "line 14", "'gain' is given twice"),
        (
            "output: gain, min",
            "output: area, min",
            "line 16, record 'specification area'",
            "not an output (gain",
        ),
        (
            "min: 300",
            "min: 300, max: 200",
            "line 16, record 'specification gain'",
            "at least 300 and at most 200",
        ),
        ("min: 300, ", "", "line 16, record 'specification gain'", "neither min nor max"),
        ("min: 300", "min: .nan", "line 16, record 'specification gain'", "min is not finite"),
        ("weight: 2", "weight: 0", "line 16, record 'specification gain'", "not positive"),
        ("weight: 2", "wieght: 2", "line 16, record 'specification gain'", "did you mean 'weight'?"),
        ("ugbw, max: 1e9", "ugbw, min: 1e9", "line 18, record 'specification ugbw'", "a second min for ugbw"),
        (
            "ugbw, max: 1e9",
            "ugbw, max: 1e6",
            "line 18, record 'specification ugbw'",
            "at least 1e+07 and at most",
        ),
        ("direction: minimise", "direction: up", "line 19, record 'objective ibias'", "'up' is neither"),
        ("output: ibias", "output: mp1", "line 19, record 'objective mp1'", "not an output"),
        ("timeout: 20", "timeout: 0", "line 20", "positive number of seconds, not 0"),
        ("timeout: 20", "timeout: 20 s", "line 20", "timeout is a number, not '20 s'"),
        ("timeout", "time_out", "line 20", "did you mean 'timeout'?"),
        ("kind: command, ", "", "line 21, record 'simulator'", "'kind' is missing"),
        ("{kind: command, command: [python, simulate.py]}", "x", "line 21", "'x' is not a mapping"),
        ("{name: tt}", "{name: ss_hot}", "line 22", "'ss_hot' is given twice"),
        ("process: ss", "process: [1]", "line 22", "process is a number, not [1]"),
        ("inputs:", "inputs: 3\nothers:", "line 4", "unknown key 'others'"),
    ],
)
def test_every_fault_is_said_with_its_line_record_and_rule(tmp_path, old, new, place, rule):
    assert TEXT.count(old) >= 1
    with pytest.raises(InputError) as caught:
        read(tmp_path, TEXT.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'problem.yaml'}: {place}")
    assert rule in message


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[1, 2]", "is not a mapping"),
        ("text", "is not a mapping"),
        ("name: p", "'inputs' is missing"),
        ("inputs: []\noutputs: [y]", "at least one input"),
        ("inputs: [{name: x, type: int, low: 0, high: 3}]", "'outputs' is missing"),
        ("inputs: [{name: x, type: int, low: 0, high: 3}]\noutputs: []", "at least one output"),
        ("inputs: [{name: x, type: int, low: 0, high: 3}]\noutputs: [y]", "what must a design reach?"),
        (
            "inputs: [{name: x, type: int, low: 0, high: 3}]\noutputs: [y]\nspecifications: []",
            "at least one specification or objective",
        ),
        ("inputs: {name: x}\noutputs: [y]", "inputs is a list, not {'name': 'x'}"),
    ],
)
def test_files_that_are_no_problem_are_refused(tmp_path, text, rule):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert rule in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path_factory, data):
    lines = TEXT.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        deed = data.draw(st.integers(0, 3))
        if deed == 0:
            del lines[index]
        elif deed == 1:
            lines.insert(index, lines[data.draw(st.integers(0, len(lines) - 1))])
        else:
            place = data.draw(st.integers(0, len(lines[index])))
            lines[index] = lines[index][:place] + data.draw(st.text("[]{}:,-'\"\t\n &*!1e.x", max_size=3))
        if not lines:
            lines = ["\n"]
    path = tmp_path_factory.mktemp("p") / "p.yaml"
    path.write_text("".join(lines), encoding="utf-8")
    try:
        problem = read_problem(path)
    except InputError as error:
        assert error.file == str(path)  # noqa: PT017  either outcome is right
    else:
        designs = problem.spec.random(3, np.random.default_rng(0))
        assert (problem.spec.check(designs) == designs).all()

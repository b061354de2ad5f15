import os
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from sciml.errors import InputError, MissingRequirementError, SettingsError
from sciml.surrogates import registry
from sciml.surrogates.problem_file import read_problem
from sciml.surrogates.registry import SIMULATORS
from sciml.surrogates.simulator import Job
from sciml.surrogates.simulator_choice import build_simulator, with_command

TEXT = """\
inputs: [{name: x, type: integer, low: 0, high: 3}]
outputs: [y]
specifications: [{output: y, max: 0}]
timeout: 7
"""
PROGRAM = """\
import json, sys
r = json.loads(sys.stdin.readline())
print(json.dumps({"id": r["id"], "outputs": {"y": 10 * r["inputs"]["x"] + len(sys.argv)}}))
"""


@pytest.fixture
def problem(tmp_path):
    (tmp_path / "sim.py").write_text(PROGRAM)
    (tmp_path / "p.yaml").write_text(
        TEXT + f"simulator: {{kind: command, command: [{sys.executable}, sim.py, a]}}"
    )
    return read_problem(tmp_path / "p.yaml")


def answer(problem):
    simulator = build_simulator(problem)
    row = simulator.simulate(Job({"x": 2}))
    simulator.close()
    assert row.failure is None
    return row.outputs["y"]


def test_a_command_of_a_file_runs_in_the_files_folder(problem, tmp_path):
    assert os.getcwd() != str(tmp_path)
    assert answer(problem) == 22
    assert build_simulator(problem).timeout_s == 7


def test_a_command_of_the_command_line_runs_where_it_was_typed(problem, tmp_path, monkeypatch):
    folder = tmp_path / "else where"
    folder.mkdir()
    (folder / "s.py").write_text(PROGRAM)
    monkeypatch.chdir(folder)
    assert answer(with_command(problem, f"{sys.executable} s.py 'two words' \"$HOME\" b")) == 24
    assert answer(with_command(problem, f"{sys.executable} '{folder}/s.py'")) == 21


@pytest.mark.parametrize(
    ("text", "rule"), [("", "is empty"), ("  ", "is empty"), ("a 'b", "cannot be split")]
)
def test_a_command_line_without_words_is_refused(problem, text, rule):
    with pytest.raises(SettingsError, match=rule):
        with_command(problem, text)


@pytest.mark.parametrize(
    ("simulator", "rule"),
    [
        ({}, "no simulator: give one in the file, or a program by --command"),
        ({"kind": "spice"}, "kind is 'spice', not one of command, ngspice"),
        ({"kind": "command"}, "command is a list of words"),
        ({"kind": "command", "command": []}, "command is a list of words"),
        ({"kind": "command", "command": {"a": 1}}, "command is a list of words"),
        ({"kind": "command", "command": ["a", 3]}, "every word of command is text"),
        ({"kind": "command", "command": ["a", ""]}, "every word of command is text"),
        ({"kind": "command", "command": ["a\0b"]}, "every word of command is text"),
        ({"kind": "command", "command": ["a"], "shell": True}, "unknown key 'shell'"),
        ({"kind": "command", "command": ["a"], "folder": 3}, "folder is text"),
        ({"kind": "command", "command": "python 'x"}, "cannot be split"),
    ],
)
def test_a_description_that_is_no_simulator_is_refused(problem, simulator, rule):
    with pytest.raises(InputError) as caught:
        build_simulator(replace(problem, simulator=simulator))
    assert rule in str(caught.value)
    assert str(caught.value).startswith(f"{problem.source}: record 'simulator': ")


def test_another_kind_is_a_simulator_of_the_registry(problem, monkeypatch):
    @SIMULATORS.register("doubling")
    class Doubling:
        def __init__(self, factor):
            self.factor = factor

        @classmethod
        def for_problem(cls, problem):
            return cls(problem.simulator["factor"])

    try:
        found = build_simulator(replace(problem, simulator={"kind": "doubling", "factor": 2}))
        assert found.factor == 2
        with pytest.raises(InputError, match="not one of command, ngspice, doubling, and no plug-in"):
            build_simulator(replace(problem, simulator={"kind": "tripling"}))
    finally:
        monkeypatch.delitem(SIMULATORS._classes, "doubling")


def test_a_plug_in_gives_a_kind_of_simulator(problem, monkeypatch):
    entry = EntryPoint("bench", "tests.surrogates.odd_simulators:Bench", "sciml.surrogates.simulators")
    monkeypatch.setattr(
        registry,
        "entry_points",
        lambda group, name: [e for e in [entry] if (e.group, e.name) == (group, name)],
    )
    monkeypatch.setattr("tests.surrogates.odd_simulators.Bench", Bench, raising=False)
    found = build_simulator(replace(problem, simulator={"kind": "bench"}))
    monkeypatch.delitem(SIMULATORS._classes, "bench")
    assert isinstance(found, Bench)


class Bench:
    """A plug-in's simulator."""

    @classmethod
    def for_problem(cls, problem):
        return cls()


def test_a_program_that_is_missing_is_said_before_anything_runs(problem):
    with pytest.raises(MissingRequirementError, match="'frobnicate'"):
        build_simulator(with_command(problem, "frobnicate --fast"))

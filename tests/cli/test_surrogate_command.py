"""`sciml surrogate` from the outside: an external program is learned, checked and asked."""

import json
import os
import sys
from pathlib import Path

import pytest

from sciml.cli.app import main
from tests.surrogates.amplifier import SPEC

ROOT = Path(__file__).parents[2]
DESIGN = "m_in=40,m_load=30,m_tail=20,cc=2.5,ibias=1e-5,device=fast"
PROBLEM = """\
name: amplifier
version: "1"
inputs:
  - {name: m_in, type: integer, low: 1, high: 99}
  - {name: m_load, type: integer, low: 1, high: 99}
  - {name: m_tail, type: integer, low: 1, high: 99}
  - {name: cc, type: float, low: 0.1, high: 9.9, step: 0.1, unit: pF}
  - {name: ibias, type: float, low: 1.0e-6, high: 1.0e-4, scale: log, unit: A}
  - {name: device, type: category, values: [slow, fast]}
outputs: [gain, {name: ugbw, unit: Hz}, {name: pm, unit: deg}, {name: power, unit: W}]
auxiliary: [{name: margin, unit: V}]
specifications: [{output: gain, min: 300}, {output: ugbw, min: 1.0e7}, {output: pm, min: 60},
  {output: power, max: 5.0e-4}]
timeout: 30
"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("surrogate")
    problem = folder / "amplifier.yaml"
    problem.write_text(PROBLEM)
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    command = f"{sys.executable} -m tests.surrogates.amplifier_program"
    model = folder / "model.safetensors"
    words = ["surrogate", "fit", str(problem), "--command", command, "-o", str(model)]
    assert main([*words, "--simulations", "150", "--quiet"]) == 0
    yield problem, model, command
    patch.undo()


def test_a_learned_program_is_checked_on_one_card(fitted, capsys):
    problem, model, command = fitted
    words = ["surrogate", "check", str(model), str(problem), "--command", command, "--simulations", "100"]
    assert main([*words, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in card["outputs"]] == list(SPEC.output_names)
    assert min(each["rank_correlation"] for each in card["outputs"]) > 0.9
    assert min(each["coverage"] for each in card["outputs"]) > 0.75
    assert card["calibration"].startswith("conformal, promised to cover 90.0 to")
    assert card["designs"] == 100
    assert card["failure_auroc"] > 0.8
    assert main(words) == 0
    assert "break even" in capsys.readouterr().out


def test_a_design_is_answered_as_one_json_line(fitted, capsys):
    _, model, _ = fitted
    assert main(["surrogate", "query", str(model), "--inputs", DESIGN]) == 0
    answer = json.loads(capsys.readouterr().out)
    gain = answer["outputs"]["gain"]
    assert gain["low"] < gain["value"] < gain["high"]
    assert answer["outputs"]["ugbw"]["unit"] == "Hz"
    assert answer["inside"]
    assert 0 <= answer["probability_of_failure"] <= 1


def test_bad_lines_are_named_and_the_others_answered(fitted, capsys, tmp_path):
    _, model, _ = fitted
    good = {"m_in": 40, "m_load": 30, "m_tail": 20, "cc": 2.5, "ibias": 1e-5, "device": "fast"}
    without = {name: value for name, value in good.items() if name != "cc"}
    broken = [good | {"m_in": 400}, good, without, good | {"m": 1}]
    lines = [json.dumps(good), "{", *map(json.dumps, broken)]
    file = tmp_path / "designs.jsonl"
    file.write_text("\n".join(lines))
    assert main(["surrogate", "query", str(model), "--inputs", str(file)]) == 3
    out, err = capsys.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert [each["design"] for each in answers] == [1, 2, 3, 4, 5, 6]
    assert answers[0]["outputs"] == answers[3]["outputs"]
    assert "not JSON" in answers[1]["error"]
    names = "m_in, m_load, m_tail, cc, ibias, device"
    rules = {
        3: "m_in = 400 is not an allowed value (1 to 99 in steps of 1)",
        5: "input 'cc' is missing",
        6: f"'m' is no input (there are {names})",
    }
    assert {number: answers[number - 1]["error"] for number in rules} == rules
    for number, rule in rules.items():
        assert f"sciml: {file}: record 'design {number}': {rule}\n" in err
    assert main(["surrogate", "query", str(model), "--inputs", "m=1"]) == 3
    assert capsys.readouterr().err == f"sciml: --inputs: record 'design 1': {rules[6]}\n"


def test_a_neighbourhood_is_learned_and_what_lies_outside_said(fitted, capsys, tmp_path):
    problem, _, command = fitted
    model = tmp_path / "near.safetensors"
    words = ["surrogate", "fit", str(problem), "--command", command, "-o", str(model), "--near", DESIGN]
    assert main([*words, "--simulations", "60", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["facts"]
    assert facts["deployment"]["kind"] == "neighbourhood"
    assert facts["training"]["designs"] + facts["calibration"]["designs"] == 60
    far = DESIGN.replace("m_in=40", "m_in=99").replace("fast", "slow")
    assert main(["surrogate", "query", str(model), "--inputs", far]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert not answer["inside"]
    assert "training" in answer["reason"]


def test_another_problem_is_refused(fitted, capsys, tmp_path):
    problem, model, command = fitted
    other = tmp_path / "other.yaml"
    other.write_text(problem.read_text().replace("high: 9.9", "high: 8.9"))
    assert main(["surrogate", "check", str(model), str(other), "--command", command]) == 2
    assert "differ from" in capsys.readouterr().err
    assert main(["surrogate", "query", str(tmp_path / "none"), "--inputs", DESIGN]) == 2
    assert "no such file" in capsys.readouterr().err

import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sciml.cli.app import main

ROOT = Path(__file__).parents[2]
EXTERNAL = ROOT / "examples" / "external.yaml"
PROGRAM = f"{sys.executable} {ROOT / 'examples' / 'external_simulator.py'}"

EASY = """\
name: line
inputs: [{name: x, type: float, low: 0, high: 10}]
outputs: [{name: y, unit: V}]
specifications: [{output: y, min: 0.5}]
"""
LINE = """\
import json, sys
for text in sys.stdin:
    question = json.loads(text)
    print(json.dumps({"id": question["id"], "outputs": {"y": question["inputs"]["x"] / 10}}), flush=True)
"""


def design(*arguments):
    return main(["design", *map(str, arguments), "--mode", "evolution"])


def external_program():
    place = importlib.util.spec_from_file_location(
        "external_simulator", ROOT / "examples/external_simulator.py"
    )
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


@pytest.fixture
def line(tmp_path):
    (tmp_path / "line.yaml").write_text(EASY)
    (tmp_path / "line.py").write_text(LINE)
    return tmp_path / "line.yaml", f"{sys.executable} {tmp_path / 'line.py'}"


def test_the_external_example_is_the_filter_that_it_says():
    program = external_program()
    one = program.cutoff(1000.0, 1e-9, 1)
    parallel = 1 / (1 / 1000.0 + 1 / program.LOAD)
    assert one == pytest.approx(1 / (2 * 3.141592653589793 * parallel * 1e-9), rel=1e-6)
    # two equal stages without a load: s²R²C² + 3sRC + 1, 3 dB down at 0.3742 / (2π RC)
    assert program.cutoff(1.0, 1e-6, 2) == pytest.approx(0.37424 / (2 * 3.141592653589793 * 1e-6), rel=1e-3)


def test_a_program_is_designed_with_and_the_result_is_true(tmp_path, capsys):
    code = design(EXTERNAL, "--command", PROGRAM, "--budget", 60, "-o", tmp_path / "out", "--json", "--quiet")
    printed = capsys.readouterr()
    values = json.loads(printed.out)
    assert code == (0 if values["feasible"] else 3)
    assert printed.err == ""
    assert values["simulations"] == 60 or values["feasible"]
    truth = external_program().simulate(values["best"]["inputs"])
    assert values["outputs"] == pytest.approx(truth, rel=1e-12)
    assert values["units"]["c"] == "nF"
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == values
    rows = list(csv.DictReader((tmp_path / "out" / "designs.csv").open()))
    failed = [row for row in rows if row["outcome"] == "failed"]
    assert values["failures"] == {"reported": len(failed)}
    assert len(rows) == values["simulations"]


def test_a_feasible_design_ends_with_zero_and_says_how_many_simulations_it_took(line, tmp_path, capsys):
    problem, program = line
    code = design(problem, "--command", program, "-o", tmp_path / "out")
    printed = capsys.readouterr()
    values = json.loads((tmp_path / "out" / "result.json").read_text())
    assert code == 0
    assert values["best"]["inputs"]["x"] >= 5
    assert f"Feasible after {values['first_feasible']} simulations" in printed.out
    assert "best cost 0, every specification is met" in printed.err


def test_no_feasible_design_is_exit_code_three_and_names_the_limit(line, tmp_path, capsys):
    problem, program = line
    problem.write_text(EASY.replace("min: 0.5", "min: 2"))
    code = design(problem, "--command", program, "--budget", 20, "-o", tmp_path / "out")
    assert code == 3
    assert "No feasible design in 20 simulations: the best misses y" in capsys.readouterr().out


def test_a_program_that_never_answers_in_json_is_told_so_and_failures_are_not_checked(line, tmp_path, capsys):
    problem, program = line
    (tmp_path / "line.py").write_text("print('Welcome to the simulator', flush=True)\n" + LINE)
    code = design(problem, "--command", program, "--budget", 4, "-o", tmp_path / "out")
    printed = capsys.readouterr()
    values = json.loads((tmp_path / "out" / "result.json").read_text())
    assert code == 3
    assert values["failures"] == {"bad answer": 4}
    assert values["real_simulations"] == 4
    for text in (printed.err, values["verdict"], values["failure_examples"]["bad answer"]):
        assert "this is no answer in JSON: 'Welcome to the simulator'" in text
    assert printed.err.count("a simulation failed") == 1


def test_a_run_that_is_repeated_simulates_only_the_check_again(line, tmp_path, capsys):
    problem, program = line
    arguments = (problem, "--command", program, "-o", tmp_path / "out", "--json", "--quiet")
    design(*arguments)
    first = json.loads(capsys.readouterr().out)
    design(*arguments)
    second = json.loads(capsys.readouterr().out)
    assert second["best"] == first["best"]
    assert second["recalled"] == first["simulations"]
    assert second["real_simulations"] == first["real_simulations"] - first["simulations"]


def test_a_run_killed_outright_goes_on_from_its_store(tmp_path):
    slow = tmp_path / "slow.py"
    slow.write_text("import time\n" + LINE.replace("    question", "    time.sleep(0.02)\n    question"))
    (tmp_path / "p.yaml").write_text(EASY.replace("min: 0.5", "min: 2"))
    command = [
        sys.executable, "-m", "sciml", "design", str(tmp_path / "p.yaml"), "--command",
        f"{sys.executable} {slow}", "--mode", "evolution", "--budget", "150", "-o", str(tmp_path / "out"),
        "--json", "--no-figures",
    ]  # fmt: skip
    running = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT
    )
    store = tmp_path / "out" / "simulations.sqlite"
    for line in running.stderr:
        if line.startswith("seed 0: "):  # at least one batch is in the store
            break
    running.kill()
    running.wait(timeout=30)
    running.stderr.close()
    assert store.exists()
    assert not (tmp_path / "out" / "result.json").exists()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 3
    values = json.loads(done.stdout)
    assert values["simulations"] == 150
    assert values["recalled"] >= 100
    assert values["real_simulations"] == 150 - values["recalled"] + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yaml"], "nowhere.yaml"),
        (["no_such_circuit"], "neither a file nor a circuit"),
        ([str(EXTERNAL), "--corners"], "lists no corners"),
        ([str(EXTERNAL), "--command", ""], "--command is empty"),
        ([str(EXTERNAL), "--fidelity", "layout"], "--fidelity is for the circuits"),
    ],
)
def test_unusable_input_is_exit_code_two_with_its_reason(arguments, message, tmp_path, capsys):
    assert design(*arguments, "-o", tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err


def test_an_unknown_mode_is_refused(tmp_path, capsys):
    assert main(["design", str(EXTERNAL), "--mode", "magic", "-o", str(tmp_path)]) == 2
    assert "none of default, ensemble, bagnet, evolution, random" in capsys.readouterr().err


def test_without_ngspice_the_command_says_how_to_install_it(tmp_path):
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "python3").symlink_to(sys.executable)
    done = subprocess.run(
        [sys.executable, "-m", "sciml", "design", "two_stage_opamp", "-o", str(tmp_path / "out")],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
        env={**os.environ, "PATH": str(binaries), "SCIML_NGSPICE_LIBRARY": ""},
    )  # fmt: skip
    assert done.returncode == 4
    assert "apt install ngspice libngspice0" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not on this machine")
def test_a_circuit_gives_its_netlist_devices_and_waveforms(tmp_path, capsys):
    out = tmp_path / "out"
    code = design("two_stage_opamp", "--budget", 12, "--jobs", 1, "-o", out, "--quiet", "--json")
    values = json.loads(capsys.readouterr().out)
    assert code == (0 if values["feasible"] else 3)
    page = (out / "report.html").read_text(encoding="utf-8")
    netlist = (out / "best.cir").read_text(encoding="utf-8")
    assert f"m={values['best']['inputs']['mp1']}" in netlist
    assert "Waveforms before and after" in page
    assert ">mn5<" in page.replace('<td class="t">', ">").replace("</td>", "<")
    again = values["check"][0]["outputs"]
    assert again == pytest.approx(values["outputs"], rel=1e-9)
    done = subprocess.run(
        ["ngspice", "-n", "-b", str(out / "best.cir")], capture_output=True, text=True, timeout=60, cwd=out,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    printed = re.search(r"^gain\s*=\s*(\S+)", done.stdout, re.MULTILINE)
    assert printed is not None, done.stdout
    assert float(printed[1]) == pytest.approx(values["outputs"]["gain"], rel=1e-4)
    assert {path.name for path in out.glob("*.png")} == {
        "convergence.png", "violations.png", "waveforms.png",
    }  # fmt: skip

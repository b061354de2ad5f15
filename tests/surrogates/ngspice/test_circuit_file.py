"""Circuits out of problem files: a user's own netlist, and shipped ones with other ranges."""

import math
from dataclasses import replace

import pytest

from sciml.errors import InputError
from sciml.surrogates.ngspice.circuit_file import read_circuit, with_included
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.ngspice.simulator_choice import check_same_quantities, ngspice_simulator
from sciml.surrogates.problem_file import problem_text, read_problem
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, Output, ProblemSpec
from sciml.surrogates.simulator import Job
from sciml.surrogates.simulator_choice import build_simulator
from tests.surrogates.ngspice.requirement import needs_program

PROBLEM = """
name: filter
inputs:
  - {name: r, type: float, low: 0.1, high: 100, unit: kOhm}
  - {name: c, type: float, low: 0.1, high: 100, unit: pF}
outputs: [{name: corner, unit: MHz}]
auxiliary: [level, {name: area, unit: m2}]
specifications: [{output: corner, min: 1}]
timeout: 20
simulator:
  kind: ngspice
  netlist: filter.cir
  fidelity: mine
  constants: {load: 0.1e-12}
  conditions:
    - {name: temperature, type: float, low: -40, high: 125, default: 27}
    - {name: process, type: category, values: [tt, ss], default: tt, table: {tt: {k: 1}, ss: {k: 2}}}
  devices: [{name: m1, width: 1.0e-6, length: 2.0e-6, multiplier: k}]
  mismatch: {threshold: 3.0e-9}
  options: {reltol: 1.0e-4}
  benches:
    - name: small
      lines: |
        v1 in 0 dc 0.5 ac 1
        i1 0 out '0*{m1_delvto}'
      analyses: [op, ac  dec 10 1 100g]
      measurements:
        - {name: corner, kind: bandwidth, signal: v(out)}
        - {name: level, kind: value, signal: v(out)}
        - {name: area, kind: number, of: gate_area}
corners: [{name: ss, parameters: {process: ss, temperature: 85}}]
"""
NETLIST = "* my filter\r\nr1 in out {r}\r\nc1 out 0\r\n+ {c} m={k}\r\nc2 out 0 {load}\r\n.END\r\n\r\n"


@pytest.fixture
def written(tmp_path):
    """A problem file and its netlist; a function that writes changed ones and reads the problem."""

    def write(old="", new="", netlist=NETLIST):
        assert old in PROBLEM
        (tmp_path / "filter.cir").write_bytes(netlist.encode())
        (tmp_path / "filter.yaml").write_text(PROBLEM.replace(old, new, 1) if old else PROBLEM)
        return read_problem(tmp_path / "filter.yaml")

    return write


@needs_program
def test_a_users_netlist_is_simulated_with_its_corners(written, tmp_path):
    problem = written()
    simulator = ngspice_simulator(problem, keep_failed=tmp_path / "kept")
    job = Job({"r": 1.0, "c": 2.2})
    row = simulator.simulate(job)
    assert row.failure is None
    assert row.outputs["corner"] == pytest.approx(1e-6 / (2 * math.pi * 1e3 * 2.3e-12), rel=3e-4)
    assert row.auxiliary == {"level": pytest.approx(0.5), "area": pytest.approx(2e-12)}
    slow = simulator.simulate(replace(job, corner=problem.corners[0]))
    assert slow.outputs["corner"] == pytest.approx(1e-6 / (2 * math.pi * 1e3 * 4.5e-12), rel=3e-4)
    assert slow.auxiliary["area"] == pytest.approx(4e-12)
    assert "filter 1 mine" in simulator.identity
    assert simulator.timeout_s == 20
    assert ".options reltol=0.0001" in simulator.decks(job)[0].text
    simulator.close()


@needs_program
def test_the_simulator_of_a_problem_is_found_by_its_kind(written):
    assert isinstance(build_simulator(written()), NgspiceSimulator)


FAULTS = [
    ("netlist: filter.cir", "netlist: nowhere.cir", "line 12.*nowhere.cir cannot be read: No such file"),
    (
        "netlist: filter.cir",
        "netlists: filter.cir",
        "line 12.*'netlists'.*did you mean 'netlist'",
    ),
    ("kind: bandwidth", "kind: bandwith", "'bandwith' is no kind of measurement"),
    (
        "analyses: [op, ac  dec 10 1 100g]",
        "analyses: [op, write x]",
        "line 26.*'write x' is none of",
    ),
    (
        "analyses: [op, ac  dec 10 1 100g]",
        "analyses: [op, ac dec 10 1]",
        "read like 'ac dec 10 1 10g'",
    ),
    ("dc 0.5 ac 1", "dc 0.5 ac 1 $ x", "the character '\\$' is not allowed"),
    ("dc 0.5 ac 1", "dc 0.5 ac {one}", "nothing sets \\{one\\}"),
    ("default: tt,", "default: ff,", "not one of tt, ss|one of tt, ss"),
    ("table: {tt: {k: 1}, ss: {k: 2}}", "table: {tt: {k: 1}}", "one row for each value"),
    ("table: {tt: {k: 1}, ss: {k: 2}}", "table: {tt: {k: 1}, ss: {j: 2}}", "sets the same names"),
    ("signal: v(out)}", "signal: 3}", "signal is 3.0, not a signal"),
    ("threshold: 3.0e-9", "threshold: -3.0e-9", "not negative"),
    ("reltol: 1.0e-4", "filetype: 1", "option 'filetype'"),
    ("load: 0.1e-12", "load: '1p'", "load is a number"),
    ("multiplier: k", "multiplier: kk", "nothing sets 'kk', its multiplier"),
    ("kind: ngspice", "kind: ngspice\n  unsafe: true", "cannot vouch for its own netlist"),
    ("kind: ngspice", "kind: ngspice\n  shell: id", "unknown key 'shell'"),
]


@needs_program
@pytest.mark.parametrize(("old", "new", "rule"), FAULTS)
def test_faults_are_named_with_the_file_and_the_rule(old, new, rule, written):
    with pytest.raises(InputError, match=rule) as caught:
        ngspice_simulator(written(old, new))
    assert caught.value.file.endswith("filter.yaml")


@pytest.mark.parametrize(
    ("netlist", "line", "rule"),
    [
        ("r1 in out {r}\n.control\nshell id\n.endc\n", 2, "'.control' is not allowed"),
        ("r1 in out {r}\n* fine\n.include /etc/passwd\n", 3, "'.include' is not allowed"),
        ("r1 in out {r}\nc1 out 0 {c} ; shell id\n", 2, "character ';'"),
        ("r1 in out {r}\nc1 öut 0 {c}\n", 2, "plain ASCII"),
        ("r1 in out {r}\n.end\nc1 out 0 {c}\n", 2, "'.end' is not allowed"),
        ("r1 in out {r}\n.lib 'x' tt\n", 2, "'.lib' is not allowed"),
    ],
)
def test_a_netlist_that_could_do_harm_is_refused_with_its_file_and_line(netlist, line, rule, written):
    with pytest.raises(InputError, match=rule) as caught:
        read_circuit(written(netlist=netlist))
    assert caught.value.file.endswith("filter.cir")
    assert caught.value.line == line


@needs_program
def test_only_the_command_line_can_vouch_for_a_netlist(written, tmp_path):
    (tmp_path / "parts.inc").write_text("c1 out 0 2.2p\n")
    netlist = "r1 in out {r}\n.include parts.inc\nc3 out 0 {c} m={k}\nc2 out 0 {load}\n"
    problem = written(netlist=netlist)
    with pytest.raises(InputError, match=r"'\.include' is not allowed"):
        read_circuit(problem)
    trusted = replace(problem, simulator={**problem.simulator, "unsafe": True})
    simulator = ngspice_simulator(trusted, keep_failed=tmp_path / "kept")
    row = simulator.simulate(Job({"r": 1.0, "c": 2.2}))
    assert row.outputs["corner"] == pytest.approx(1e-6 / (2 * math.pi * 1e3 * 4.5e-12), rel=3e-4)
    simulator.close()
    (tmp_path / "parts.inc").write_text("c1 out 0 2.3p\n")
    assert ngspice_simulator(trusted).identity != simulator.identity
    assert "unsafe" not in problem_text(trusted)


def test_included_files_are_named_from_the_root(tmp_path):
    (tmp_path / "a b.lib").write_text("x")
    (tmp_path / "m.lib").write_text("y")
    text = with_included(".lib 'm.lib' tt\n.INC \"m.lib\"\n.include none.inc\n.lib tt\n", tmp_path)
    lines = text.splitlines()
    assert lines[2:] == [
        f'.lib "{tmp_path}/m.lib" tt',
        f'.INC "{tmp_path}/m.lib"',
        ".include none.inc",
        ".lib tt",
    ]
    assert lines[0].startswith("* includes sha256 ")


SHIPPED = ProblemSpec(
    "amp",
    "1",
    (FloatInput("cc", 0.1, 9.9, unit="pF"), CategoryInput("kind", ("n", "p"))),
    (Output("gain", "V/V"), Output("ibias", "A")),
    (Output("margin", "V"),),
)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"inputs": SHIPPED.inputs[:1]}, "the circuit's inputs are cc, kind, not cc"),
        ({"inputs": (FloatInput("cc", 0, 1), SHIPPED.inputs[1])}, "its unit is pF.*not 'none'"),
        ({"inputs": (FloatInput("cc", 0, 1, unit="V"), SHIPPED.inputs[1])}, "its unit is pF.*not 'V'"),
        ({"inputs": (SHIPPED.inputs[0], CategoryInput("kind", ("n", "x")))}, "knows the values n, p"),
        ({"inputs": (SHIPPED.inputs[0], FloatInput("kind", 0, 1))}, "a category stands for numbers"),
        ({"outputs": (Output("noise"),)}, "measures gain, ibias, margin, not 'noise'"),
        ({"outputs": (Output("ibias", "mV"),)}, "its unit is A, not mV"),
    ],
)
def test_a_shipped_circuit_keeps_its_quantities(changes, rule):
    with pytest.raises(InputError, match=rule):
        check_same_quantities(replace(SHIPPED, **changes), SHIPPED)


def test_ranges_prefixes_and_fewer_outputs_may_differ():
    inputs = (CategoryInput("kind", ("p",)), FloatInput("cc", 50, 60, unit="fF"))
    changed = replace(
        SHIPPED, inputs=inputs, outputs=(Output("ibias", "uA"), Output("margin", "mV")), auxiliary=()
    )
    check_same_quantities(changed, SHIPPED)


@needs_program
def test_a_shipped_circuit_gives_the_outputs_in_the_problems_units(tmp_path):
    text = """
name: two_stage_opamp
inputs:
  - {name: cc, type: float, low: 100, high: 5000, unit: fF}
  - {name: mp1, type: integer, low: 1, high: 99}
  - {name: mn1, type: integer, low: 1, high: 99}
  - {name: mp3, type: integer, low: 1, high: 99}
  - {name: mn3, type: integer, low: 1, high: 99}
  - {name: mn4, type: integer, low: 1, high: 99}
  - {name: mn5, type: integer, low: 1, high: 99}
outputs: [{name: ibias, unit: uA}, {name: ugbw, unit: MHz}]
specifications: [{output: ibias, max: 200}]
simulator: {kind: ngspice, circuit: two_stage_opamp}
"""
    (tmp_path / "amp.yaml").write_text(text)
    simulator = ngspice_simulator(read_problem(tmp_path / "amp.yaml"), keep_failed=tmp_path)
    from sciml.surrogates.circuits.catalogue import circuit_simulator

    sizes = {"mp1": 20, "mn1": 30, "mp3": 40, "mn3": 20, "mn4": 20, "mn5": 30}
    row = simulator.simulate(Job({**sizes, "cc": 2500.0}))
    shipped = circuit_simulator("two_stage_opamp")
    same = shipped.simulate(Job({**sizes, "cc": 2.5}))
    assert row.outputs["ibias"] == pytest.approx(1e6 * same.outputs["ibias"], rel=1e-12)
    assert row.outputs["ugbw"] == pytest.approx(1e-6 * same.outputs["ugbw"], rel=1e-12)
    simulator.close()
    shipped.close()

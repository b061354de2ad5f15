"""Names, fidelities and the example files."""

from pathlib import Path

import pytest

from sciml.errors import InputError
from sciml.surrogates.circuits.catalogue import CIRCUITS, circuit_named, circuit_problem
from sciml.surrogates.ngspice.compiled import CompiledCircuit
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_file import read_problem

EXAMPLES = Path(__file__).parents[3] / "examples"


def assert_same(read: Problem, built: Problem):
    assert read.spec == built.spec
    assert read.goal == built.goal
    assert read.corners == built.corners
    assert read.timeout_s == built.timeout_s
    assert dict(read.simulator) == dict(built.simulator)


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_example_file_is_the_shipped_problem(name: str):
    assert_same(read_problem(EXAMPLES / f"{name}.yaml"), circuit_problem(name))


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_corner_example_is_the_shipped_robust_problem(name: str):
    read = read_problem(EXAMPLES / f"{name}_corners.yaml")
    assert_same(read, circuit_problem(name, corners=True))
    assert len(read.corners) == 5


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_example_reads(file: Path):
    assert read_problem(file).goal.specifications


@pytest.mark.parametrize("fidelity", ["schematic", "layout"])
@pytest.mark.parametrize("name", [*CIRCUITS, "two_stage_opamp_biased", "negative_gm_opamp_biased"])
def test_every_circuit_keeps_the_rules_of_netlists(name: str, fidelity: str):
    circuit = circuit_named(name, fidelity)
    compiled = CompiledCircuit(circuit)
    assert circuit.fidelity == fidelity
    assert [bench.bench.tier for bench in compiled.benches] == sorted(each.tier for each in circuit.benches)


@pytest.mark.parametrize("name", CIRCUITS)
def test_fidelities_have_the_same_inputs_and_outputs(name: str):
    assert circuit_named(name, "schematic").spec == circuit_named(name, "layout").spec


def test_an_unknown_circuit_is_refused_with_the_known_names():
    with pytest.raises(InputError, match=r"no circuit is called 'opamp' \(there are two_stage_opamp, "):
        circuit_named("opamp")


def test_an_unknown_fidelity_is_refused():
    with pytest.raises(InputError, match="fidelity 'extracted' is none of schematic, layout"):
        circuit_named("comparator", "extracted")


def test_two_stage_opamp_has_bagnets_grid_and_limits():
    problem = circuit_problem("two_stage_opamp")
    sizes = [len(each.values()) for each in problem.spec.inputs]
    assert sizes == [99] * 7
    assert [each.text for each in problem.goal.specifications] == [
        "gain >= 300", "ugbw >= 1e+07", "pm >= 60", "settling <= 9e-08",
        "psrr >= 50", "cmrr >= 50", "offset <= 0.001", "ibias <= 0.0002",
    ]  # fmt: skip

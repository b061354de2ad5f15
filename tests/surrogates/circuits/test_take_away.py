"""A netlist that runs without this package, and the table of sizes."""

import re
import subprocess
from pathlib import Path

import pytest

from sciml.errors import InputError
from sciml.surrogates.circuits.catalogue import circuit_named
from sciml.surrogates.circuits.take_away import bench_names, device_sizes, netlist_of
from sciml.surrogates.ngspice.installation import library_path, program_path
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.simulator import Corner, Job

needs_ngspice = pytest.mark.skipif(
    program_path() is None or library_path() is None, reason="needs ngspice and libngspice0"
)
DESIGN = {"mp1": 15, "mn1": 18, "mp3": 99, "mn3": 47, "mn4": 40, "mn5": 99, "cc": 4.3}


def run(netlist: str, folder: Path) -> dict[str, float]:
    """What plain ngspice prints as `name = number`."""
    file = folder / "deck.cir"
    file.write_text(netlist)
    done = subprocess.run(
        ["ngspice", "-n", "-b", str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    return {
        name: float(value) for name, value in re.findall(r"^(\w+)\s+=\s+(\S+)", done.stdout, re.MULTILINE)
    }


@needs_ngspice
def test_plain_ngspice_prints_what_the_simulator_measures(tmp_path: Path):
    measured = NgspiceSimulator(circuit_named("two_stage_opamp"), mode="program").simulate(Job(DESIGN))
    printed = run(netlist_of("two_stage_opamp", DESIGN), tmp_path)
    for name in ("gain", "ibias"):
        assert printed[name] == pytest.approx(measured.outputs[name], rel=1e-5)
    assert printed["ugbw"] == pytest.approx(
        measured.outputs["ugbw"], rel=0.01
    )  # `meas` is linear in frequency
    assert printed["margin_mn3"] == pytest.approx(measured.auxiliary["margin_mn3"], rel=1e-5)


@needs_ngspice
@pytest.mark.parametrize(("change", "is_settled"), [({}, True), ({"cc": 9.9, "mn3": 1, "mn4": 99}, False)])
def test_the_follower_prints_the_settling_time(change: dict[str, float], is_settled: bool, tmp_path: Path):
    design = DESIGN | change
    measured = NgspiceSimulator(circuit_named("two_stage_opamp"), mode="program").simulate(Job(design))
    printed = run(netlist_of("two_stage_opamp", design, bench="follower"), tmp_path)
    assert printed["settling"] == pytest.approx(measured.outputs["settling"], rel=1e-3)
    assert printed["offset"] == pytest.approx(measured.outputs["offset"], rel=1e-3)
    # What is outside until the end is given the 295 ns from the step to the end.
    assert (printed["settling"] < 294e-9) == is_settled


@needs_ngspice
def test_the_corner_and_the_seed_reach_the_netlist(tmp_path: Path):
    plain = run(netlist_of("two_stage_opamp", DESIGN), tmp_path)
    slow = run(netlist_of("two_stage_opamp", DESIGN, corner=Corner("ss", {"process": "ss"})), tmp_path)
    other = run(netlist_of("two_stage_opamp", DESIGN, seed=3), tmp_path)
    assert slow["ibias"] != plain["ibias"]
    assert other["ibias"] != plain["ibias"]


@needs_ngspice
@pytest.mark.parametrize("bench", bench_names("comparator"))
def test_a_transient_bench_runs_alone(bench: str, tmp_path: Path):
    sizes = {
        "m_in": 38, "m_tail": 24, "m_latch_n": 10, "m_latch_p": 3, "m_reset": 7, "m_precharge": 2,
        "m_buffer_n": 4, "m_buffer_p": 2, "l_in": 45, "l_latch": 95,
    }  # fmt: skip
    text = netlist_of("comparator", sizes, bench=bench, fidelity="layout")
    printed = run(text, tmp_path)
    measured = NgspiceSimulator(circuit_named("comparator", "layout"), mode="program").simulate(Job(sizes))
    if bench == "decision":
        assert printed["decision"] == pytest.approx(1.2, abs=0.01)
        assert printed["delay"] == pytest.approx(measured.outputs["delay"], rel=1e-3)
    else:
        assert printed["reset"] == pytest.approx(measured.outputs["reset"], rel=1e-3)
    assert "{" not in text


def test_device_sizes_are_the_designs():
    sizes = {each.name: each for each in device_sizes("two_stage_opamp", DESIGN)}
    assert sizes["mp1"].fingers == sizes["mp2"].fingers == 15
    assert sizes["mn5"].total_width_m == pytest.approx(99 * 0.5e-6)
    assert sizes["mn5"].length_m == pytest.approx(90e-9)
    assert "* mn5       0.500 x 99        90.0" in netlist_of("two_stage_opamp", DESIGN)


def test_an_unknown_bench_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"no bench 'pss' \(there are open_loop, common_mode"):
        netlist_of("two_stage_opamp", DESIGN, bench="pss")


def test_a_value_off_the_grid_is_refused():
    with pytest.raises(InputError, match="cc"):
        netlist_of("two_stage_opamp", {**DESIGN, "cc": 4.33})

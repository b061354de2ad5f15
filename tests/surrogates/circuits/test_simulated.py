"""The shipped circuits under ngspice: recorded values, feasible designs, fidelities, corners, mismatch."""

import numpy as np
import pytest

from sciml.surrogates.circuits.catalogue import CIRCUITS, circuit_named, circuit_problem
from sciml.surrogates.circuits.process import FIVE_CORNERS
from sciml.surrogates.ngspice.installation import library_path, program_path
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.simulator import NOMINAL, Corner, Job
from tests.surrogates.circuits.recorded_designs import RECORDED, Recorded

pytestmark = pytest.mark.skipif(
    program_path() is None or library_path() is None, reason="needs ngspice and libngspice0"
)
FEASIBLE = {each.circuit: each.values for each in RECORDED if each.is_feasible}
RECORDED_TOLERANCE = 2e-3
"""Relative, for other versions of ngspice and other mathematical libraries; modes agree to the last bit."""


def outputs(
    circuit: str,
    values: dict[str, float],
    *,
    fidelity: str = "schematic",
    corner: Corner = NOMINAL,
    seed: int | None = None,
    mode: str = "library",
) -> dict[str, float]:
    """Measured values of one design."""
    simulator = NgspiceSimulator(circuit_named(circuit, fidelity), mode=mode)  # type: ignore[arg-type]
    row = simulator.simulate(Job(values, corner, seed))
    assert row.failure is None
    return dict(row.outputs)


def is_feasible(circuit: str, found: dict[str, float], *, corners: bool = False) -> bool:
    problem = circuit_problem(circuit, corners=corners)
    values = np.array([[found[name] for name in problem.spec.output_names]])
    return bool(problem.goal.feasible(values, problem.spec)[0])


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: f"{each.circuit}-{each.is_feasible}")
def test_recorded_designs_measure_what_they_did(recorded: Recorded):
    found = outputs(recorded.circuit, recorded.values)
    names = circuit_named(recorded.circuit).spec.output_names
    for name, value in zip(names, recorded.outputs, strict=True):
        assert found[name] == pytest.approx(value, rel=RECORDED_TOLERANCE), name
    assert is_feasible(recorded.circuit, found) == recorded.is_feasible


@pytest.mark.parametrize("name", CIRCUITS)
def test_library_and_program_agree_to_the_last_bit(name: str):
    measured = outputs(name, FEASIBLE[name])
    spec = circuit_named(name).spec
    again = outputs(name, FEASIBLE[name], mode="program")
    assert {each: again[each] for each in spec.output_names} == {
        each: measured[each] for each in spec.output_names
    }


@pytest.mark.parametrize("name", CIRCUITS)
def test_every_auxiliary_output_is_finite(name: str):
    circuit = circuit_named(name)
    row = NgspiceSimulator(circuit, mode="library").simulate(Job(FEASIBLE[name]))
    assert all(np.isfinite(row.auxiliary[each]) for each in circuit.spec.auxiliary_names)


def test_a_layout_costs_phase_margin_and_leaves_the_gain():
    design = FEASIBLE["two_stage_opamp"]
    schematic = outputs("two_stage_opamp", design)
    layout = outputs("two_stage_opamp", design, fidelity="layout")
    assert 0.3 < schematic["pm"] - layout["pm"] < 6  # degrees
    assert layout["gain"] == pytest.approx(schematic["gain"], rel=0.05)


def test_a_layout_slows_the_comparator_and_the_receiver():
    for name, output, factor in (("comparator", "delay", 1.05), ("optical_receiver", "bandwidth", 1 / 1.05)):
        schematic = outputs(name, FEASIBLE[name])[output]
        layout = outputs(name, FEASIBLE[name], fidelity="layout")[output]
        assert (layout / schematic > factor) == (factor > 1)


def test_a_comparator_is_slower_with_slow_transistors_and_on_a_low_supply():
    delays = {
        process: outputs("comparator", FEASIBLE["comparator"], corner=Corner(process, {"process": process}))[
            "delay"
        ]
        for process in ("ff", "tt", "ss")
    }
    assert delays["ff"] < delays["tt"] < delays["ss"]
    low = outputs("comparator", FEASIBLE["comparator"], corner=Corner("low", {"supply": 1.08}))
    assert low["delay"] > delays["tt"]


def test_heat_lowers_the_amplifiers_bandwidth():
    design = FEASIBLE["two_stage_opamp"]
    bandwidths = [
        outputs("two_stage_opamp_biased", design, corner=Corner("t", {"temperature": celsius}))["ugbw"]
        for celsius in (-20.0, 25.0, 85.0)
    ]
    assert bandwidths == sorted(bandwidths, reverse=True)


def test_mismatch_is_the_seeds_and_no_seed_is_none():
    design = FEASIBLE["two_stage_opamp"]
    nominal = outputs("two_stage_opamp_biased", design)
    assert outputs("two_stage_opamp_biased", design, seed=None) == nominal
    first = outputs("two_stage_opamp_biased", design, seed=1)
    assert first == outputs("two_stage_opamp_biased", design, seed=1)
    assert first["offset"] != outputs("two_stage_opamp_biased", design, seed=2)["offset"] != nominal["offset"]


def test_offset_spreads_as_pelgrom_says():
    """Input pair and mirror load of four times the fingers have half the spread of their thresholds."""
    small = {"mp1": 5, "mn1": 16, "mp3": 40, "mn3": 10, "mn4": 10, "mn5": 40, "cc": 4.0}
    large = {"mp1": 20, "mn1": 64, "mp3": 40, "mn3": 10, "mn4": 10, "mn5": 10, "cc": 4.0}
    spread = []
    for design in (small, large):
        systematic = outputs("two_stage_opamp_biased", design)["offset"]
        found = [outputs("two_stage_opamp_biased", design, seed=seed)["offset"] for seed in range(12)]
        spread.append(float(np.mean(np.abs(np.array(found) - systematic))))
    assert 1e-4 < spread[1] < spread[0] < 2e-2
    assert spread[0] / spread[1] == pytest.approx(2.0, rel=0.5)


ROBUST = {
    "two_stage_opamp": {"mp1": 13, "mn1": 52, "mp3": 85, "mn3": 23, "mn4": 19, "mn5": 81, "cc": 4.2},
    "negative_gm_opamp": {
        "m_in": 73, "m_diode": 36, "m_cross": 40, "m_tail": 81, "m_bias": 6, "m_drive": 93, "m_copy": 24,
        "m_sink_in": 44, "m_sink_out": 99, "l_in": 90, "l_load": 105, "l_tail": 240, "l_sink": 60,
        "reference": 6, "cc": 1.25, "rz": 2.1,
    },
    "optical_receiver": {
        "m_inv_n": 10, "m_inv_p": 16, "m_eq": 24, "m_eq_tail": 42, "m_lim": 11, "m_lim_tail": 44,
        "m_bias": 10, "l_fast": 45, "l_tail": 105, "r_f": 3.6, "r_eq": 1.0, "r_eq_load": 1.7,
        "r_lim_load": 3.1, "c_eq": 90,
    },
    "comparator": {
        "m_in": 30, "m_tail": 43, "m_latch_n": 5, "m_latch_p": 3, "m_reset": 4, "m_precharge": 4,
        "m_buffer_n": 3, "m_buffer_p": 5, "l_in": 50, "l_latch": 135,
    },
}  # fmt: skip


@pytest.mark.parametrize("corner", FIVE_CORNERS, ids=lambda each: each.name)
@pytest.mark.parametrize("name", CIRCUITS)
def test_a_design_meets_the_robust_limits_at_every_corner(name: str, corner: Corner):
    circuit = str(circuit_problem(name, corners=True).simulator["circuit"])
    for seed in (None,) if name == "comparator" else (None, 1):
        found = outputs(circuit, ROBUST[name], corner=corner, seed=seed)
        assert is_feasible(name, found, corners=True)


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_recorded_design_is_feasible_as_a_layout_too(name: str):
    assert is_feasible(name, outputs(name, FEASIBLE[name], fidelity="layout"))


def test_a_design_at_its_limits_fails_at_a_corner():
    design = {"mp1": 15, "mn1": 18, "mp3": 99, "mn3": 47, "mn4": 40, "mn5": 99, "cc": 4.3}
    passed = [
        is_feasible("two_stage_opamp", outputs("two_stage_opamp", design, corner=corner))
        for corner in FIVE_CORNERS
    ]
    assert passed[0]
    assert not all(passed)


def test_a_latched_first_stage_is_not_taken_for_a_good_one():
    """Twice the cross-coupled pair: the follower does not settle, whatever its small signals say."""
    latched = {**FEASIBLE["negative_gm_opamp"], "m_cross": 60, "m_diode": 20}
    found = outputs("negative_gm_opamp", latched)
    assert found["settling"] > 100e-9 or found["offset"] > 10e-3
    assert not is_feasible("negative_gm_opamp", found)

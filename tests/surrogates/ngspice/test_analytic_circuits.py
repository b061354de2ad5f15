"""Circuits with an analytic answer, simulated."""

import math

import pytest

from sciml.surrogates.ngspice.analysis import Analysis
from sciml.surrogates.ngspice.circuit import Bench, Device, Measurement
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.problem_spec import Output
from sciml.surrogates.simulator import Job
from tests.surrogates.ngspice.rc_circuit import JOB, one_bench, rc_circuit, spec
from tests.surrogates.ngspice.requirement import needs_program

BOLTZMANN = 1.380649e-23


def measured(netlist, analysis, kind, *, lines="v1 in 0 dc 1 ac 1", r=1.0, **arguments):
    """`y` of a circuit of one bench."""
    simulator = NgspiceSimulator(one_bench(netlist, analysis, kind, lines, **arguments), mode="program")
    row = simulator.simulate(Job({"r": r}))
    assert row.failure is None, row.failure
    return row.outputs["y"]


@needs_program
@pytest.mark.parametrize("quality", [0.9, 1.5, 3.0])
def test_a_series_rlc_rings_as_a_second_order_system(quality):
    inductance, capacitance = 1e-6, 1e-9  # resonance at 5.03 MHz
    resistance = math.sqrt(inductance / capacitance) / quality
    netlist = f"r1 in a '{resistance!r}*{{r}}'\nl1 a out {inductance!r}\nc1 out 0 {capacitance!r}"
    lines = "v1 in 0 ac 1 pulse(0 1 10n 10p 10p 1 2)"
    damping = 1 / (2 * quality)
    expected = math.exp(-math.pi * damping / math.sqrt(1 - damping**2))
    arguments = {"lines": lines, "start": 10e-9, "step": 1.0}
    assert measured(netlist, "tran 0.5n 3u 0 0.5n", "overshoot", **arguments) == pytest.approx(
        expected, rel=2e-3
    )
    omega = 1 / math.sqrt(inductance * capacitance)
    ringing = omega * math.sqrt(1 - damping**2)

    def outside(t):
        wave = math.cos(ringing * t) + damping / math.sqrt(1 - damping**2) * math.sin(ringing * t)
        return abs(math.exp(-damping * omega * t) * wave) > 0.01

    settled = max(k * 1e-11 for k in range(300_000) if outside(k * 1e-11))
    assert measured(netlist, "tran 0.5n 3u 0 0.5n", "settling_time", **arguments) == pytest.approx(
        settled, rel=3e-3
    )


TWO_POLE = """
e1 a 0 in 0 1000
r1 a b 1k
c1 b 0 {c1}
e2 c 0 b 0 1
r2 c out {{r}}k
c2 out 0 {c2}
"""


@needs_program
@pytest.mark.parametrize("second", [2e5, 1e6, 5e6])
def test_an_operational_amplifier_of_two_poles_has_their_margin(second):
    netlist = TWO_POLE.format(
        c1=repr(1 / (2 * math.pi * 1e3 * 1e3)), c2=repr(1 / (2 * math.pi * 1e3 * second))
    )
    low, high = 1e3, 1e9
    for _ in range(200):
        unity = math.sqrt(low * high)
        gain = 1000 / math.hypot(1, unity / 1e3) / math.hypot(1, unity / second)
        low, high = (unity, high) if gain > 1 else (low, unity)
    sweep = "ac dec 10 1 1g"
    assert measured(netlist, sweep, "dc_gain_db") == pytest.approx(60.0, abs=1e-3)
    assert measured(netlist, sweep, "unity_gain_frequency") == pytest.approx(unity, rel=2e-4)
    margin = 180 - math.degrees(math.atan(unity / 1e3) + math.atan(unity / second))
    assert measured(netlist, sweep, "phase_margin") == pytest.approx(margin, abs=0.03)
    assert measured(netlist, sweep, "phase_margin", signal="-v(out)") == pytest.approx(margin, abs=0.03)


@needs_program
def test_a_dead_amplifier_has_no_bandwidth_and_no_margin():
    netlist = "r1 in out 1k\nr2 out 0 {r}"
    assert measured(netlist, "ac dec 5 1 1meg", "unity_gain_frequency") == 0.0
    assert measured(netlist, "ac dec 5 1 1meg", "phase_margin") == 0.0


@needs_program
def test_noise_of_a_resistor_is_that_of_nyquist():
    density = math.sqrt(4 * BOLTZMANN * 300.15 * 1e3)
    netlist = "r1 in out {r}k\nc1 out 0 1p"
    noise = {"signal": "onoise_spectrum"}
    at = measured(netlist, "noise v(out) v1 dec 10 1 1000g", "noise_density_at", at=1e3, **noise)
    assert at == pytest.approx(density, rel=1e-4)
    whole = measured(netlist, "noise v(out) v1 dec 10 1 1000g", "integrated_noise", **noise)
    assert whole == pytest.approx(math.sqrt(BOLTZMANN * 300.15 / 1e-12), rel=1e-3)
    amplified = "e1 a 0 in 0 10\nr1 a out {r}k\nc1 out 0 1f"
    referred = measured(
        amplified, "noise v(out) v1 dec 10 1 1meg", "noise_density_at", at=1e3, signal="inoise_spectrum"
    )
    assert referred == pytest.approx(density / 10, rel=1e-4)


@needs_program
def test_regulation_slewing_and_delay_of_ideal_circuits():
    source = "v2 a 0 2\nr1 a out {r}\ni1 out 0 0"
    assert measured(source, "dc i1 0 1 0.1", "regulation", r=5.0) == pytest.approx(5.0, rel=1e-6)
    divider = "r1 in out 3k\nr2 out 0 {r}k"
    assert measured(divider, "dc v1 1 2 0.1", "regulation") == pytest.approx(0.25, rel=1e-6)
    assert measured(divider, "dc v1 -2 2 0.1", "sweep_crossing", level=0.3) == pytest.approx(1.2, rel=1e-6)
    ramp = {"lines": "v1 in 0 pwl(0 0 10n 0 30n 1 100n 1)", "start": 5e-9}
    assert measured("r1 in out {r}\nr2 out 0 1meg", "tran 0.1n 90n", "slew_rate", **ramp) == pytest.approx(
        5e7, rel=1e-3
    )
    late = "r1 in out {r}k\nc1 out 0 1p"
    step = {"lines": "v1 in 0 pulse(0 1 5n 1p 1p 1 2)", "reference": "v(in)"}
    levels = {"level": 0.5, "reference_level": 0.5}
    assert measured(late, "tran 0.01n 20n", "delay", **step, **levels) == pytest.approx(
        1e-9 * math.log(2), rel=1e-2
    )


@needs_program
def test_rejection_power_area_and_differences_are_made_of_measured_numbers():
    base = spec(Output("cmrr", "dB"), Output("power", "mW"), Output("area"), Output("drop", "mV"))
    netlist = "r1 in out {r}\nr2 out 0 3k\nc1 out 0 {c}\n"
    differential = Bench(
        "differential",
        "e1 in 0 x 0 100\nv1 x 0 dc 0.01 ac 1\n",
        (Analysis("op"), Analysis("ac dec 5 1 10")),
        (
            Measurement("gain", "dc_gain", {"signal": "v(out)"}),
            Measurement("power", "power", {"current": "i(e1)", "supply": 2.0}),
            Measurement("drop", "value", {"signal": "v(in,out)"}),
            Measurement("area", "number", {"of": "gate_area", "scale": 1e12}),
        ),
    )
    common = Bench(
        "common",
        "e1 in 0 x 0 0.1\nv1 x 0 dc 0 ac 1\n",
        (Analysis("ac dec 5 1 10"),),
        (
            Measurement("common", "dc_gain", {"signal": "v(out)"}),
            Measurement("cmrr", "ratio_db", {"numerator": "gain", "denominator": "common"}),
        ),
    )
    devices = (Device("m1", 2e-6, 0.5e-6, 4.0), Device("m2", 1e-6, "length"))
    circuit = rc_circuit(
        spec=base, netlist=netlist, benches=(differential, common), conditions=(), devices=devices,
        constants={"length": 1e-6},
    )  # fmt: skip
    row = NgspiceSimulator(circuit, mode="program").simulate(Job(JOB))
    assert row.failure is None
    assert row.outputs["cmrr"] == pytest.approx(60.0, abs=1e-6)
    assert row.outputs["power"] == pytest.approx(1e3 * 2.0 * 1.0 / 4e3, rel=1e-6)
    assert row.outputs["drop"] == pytest.approx(250.0, rel=1e-6)
    assert row.outputs["area"] == pytest.approx(4.0 + 1.0)

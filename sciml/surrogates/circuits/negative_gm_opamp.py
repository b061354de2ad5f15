"""A two-stage operational amplifier whose first stage has a negative-transconductance load; 16 parameters.

The input pair `mn1`, `mn2` works into PMOS diodes `mp1`, `mp2` in parallel with a cross-coupled pair `mp3`,
`mp4`, whose negative conductance cancels most of the diodes': the nearer, the higher the gain, and beyond it
the stage latches. `mp5` drives the output; `mp6` copies the other side through the mirror `mn6`, `mn5`. `cc`
with its zero resistor `rz` is the Miller capacitor; `mn3` is the tail and `mn4` the bias diode.

Source of the topology: Settaluri et al., DATE 2020 (AutoCkt), whose operational amplifier of this kind has
different sizes, loads and limits.
"""

from functools import partial

from sciml.surrogates.circuits.amplifier_benches import (
    bench_constants,
    follower_bench,
    margin_outputs,
    noise_bench,
    small_signal_benches,
)
from sciml.surrogates.circuits.parasitics import annotate_layout
from sciml.surrogates.circuits.process import MISMATCH, conditions, model_card
from sciml.surrogates.circuits.schematic import (
    UNIT_WIDTH,
    Capacitor,
    Fidelity,
    Resistor,
    Schematic,
    Transistor,
)
from sciml.surrogates.ngspice.circuit import Circuit
from sciml.surrogates.problem_spec import FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.specification import Goal, Specification

SCHEMATIC = Schematic(
    transistors=(
        Transistor("mn1", "n1", "inp", "n3", "0", "nch", "m_in", UNIT_WIDTH, "l_in"),
        Transistor("mn2", "n2", "inn", "n3", "0", "nch", "m_in", UNIT_WIDTH, "l_in"),
        Transistor("mp1", "n1", "n1", "vdd", "vdd", "pch", "m_diode", UNIT_WIDTH, "l_load"),
        Transistor("mp2", "n2", "n2", "vdd", "vdd", "pch", "m_diode", UNIT_WIDTH, "l_load"),
        Transistor("mp3", "n1", "n2", "vdd", "vdd", "pch", "m_cross", UNIT_WIDTH, "l_load"),
        Transistor("mp4", "n2", "n1", "vdd", "vdd", "pch", "m_cross", UNIT_WIDTH, "l_load"),
        Transistor("mn3", "n3", "nb", "0", "0", "nch", "m_tail", UNIT_WIDTH, "l_tail"),
        Transistor("mn4", "nb", "nb", "0", "0", "nch", "m_bias", UNIT_WIDTH, "l_tail"),
        Transistor("mp5", "out", "n1", "vdd", "vdd", "pch", "m_drive"),
        Transistor("mp6", "n6", "n2", "vdd", "vdd", "pch", "m_copy"),
        Transistor("mn6", "n6", "n6", "0", "0", "nch", "m_sink_in", UNIT_WIDTH, "l_sink"),
        Transistor("mn5", "out", "n6", "0", "0", "nch", "m_sink_out", UNIT_WIDTH, "l_sink"),
    ),
    capacitors=(Capacitor("cc", "n1", "nz", "cc"),),
    resistors=(Resistor("rz", "nz", "out", "rz"),),
)
INPUTS = (
    IntegerInput("m_in", 1, 99),
    IntegerInput("m_diode", 1, 60),
    IntegerInput("m_cross", 1, 60),
    IntegerInput("m_tail", 1, 99),
    IntegerInput("m_bias", 1, 40),
    IntegerInput("m_drive", 1, 99),
    IntegerInput("m_copy", 1, 99),
    IntegerInput("m_sink_in", 1, 60),
    IntegerInput("m_sink_out", 1, 99),
    IntegerInput("l_in", 45, 180, 15, "nm"),
    IntegerInput("l_load", 45, 360, 15, "nm"),
    IntegerInput("l_tail", 45, 360, 15, "nm"),
    IntegerInput("l_sink", 45, 360, 15, "nm"),
    IntegerInput("reference", 5, 40, 1, "uA"),
    FloatInput("cc", 0.1, 4.0, 0.05, "pF"),
    FloatInput("rz", 0.1, 6.0, 0.1, "kohm"),
)
OUTPUTS = (
    Output("gain", "V/V"),
    Output("ugbw", "Hz"),
    Output("pm", "deg"),
    Output("settling", "s"),
    Output("psrr", "dB"),
    Output("cmrr", "dB"),
    Output("offset", "V"),
    Output("noise", "V/√Hz"),
    Output("ibias", "A"),
)
GOAL = Goal(
    (
        Specification("gain", minimum=1200.0),
        Specification("ugbw", minimum=100e6),
        Specification("pm", minimum=60.0),
        Specification("settling", maximum=15e-9),
        Specification("psrr", minimum=60.0),
        Specification("cmrr", minimum=70.0),
        Specification("offset", maximum=0.5e-3),
        Specification("noise", maximum=10e-9),
        Specification("ibias", maximum=0.15e-3),
    )
)
ROBUST_GOAL = Goal(
    (
        Specification("gain", minimum=800.0),
        Specification("ugbw", minimum=80e6),
        *GOAL.specifications[2:6],
        Specification("offset", maximum=5e-3),
        Specification("noise", maximum=12e-9),
        Specification("ibias", maximum=0.16e-3),
    )
)
"""At five corners with mismatch."""
TIMEOUT_S = 20.0


def circuit(fidelity: Fidelity, *, is_biased: bool = False) -> Circuit:
    """The circuit with its benches, noise at 1 MHz; `is_biased` is that of `small_signal_benches`."""
    spec = ProblemSpec(
        "negative_gm_opamp_biased" if is_biased else "negative_gm_opamp",
        "1",
        INPUTS,
        OUTPUTS,
        margin_outputs(SCHEMATIC.transistors),
    )
    return Circuit(
        spec=spec,
        netlist=model_card() + "\n" + SCHEMATIC.netlist(fidelity),
        benches=(
            *small_signal_benches(SCHEMATIC.transistors, top_hz="100g", is_biased=is_biased),
            follower_bench("500p", "150n"),
            noise_bench(1e6),
        ),
        constants=bench_constants(common_mode=0.6, load=3e-12),
        conditions=conditions(),
        devices=SCHEMATIC.devices(),
        mismatch=MISMATCH,
        annotate=partial(annotate_layout, SCHEMATIC) if fidelity == "layout" else None,
        fidelity=fidelity,
    )

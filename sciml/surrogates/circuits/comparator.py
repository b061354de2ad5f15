"""A clocked comparator: StrongARM latch with its clock driver and output inverters; 10 parameters.

While the clock is low `mp3` to `mp6` pull latch and integration nodes to the supply. When it rises the tail
`mn3` lets the input pair `mn1`, `mn2` discharge `x` and `y`, then the cross-coupled pairs `mn4`, `mn5` and
`mp1`, `mp2` regenerate; `mn7`, `mp7`, `mn8`, `mp8` are the output inverters and `mn9`, `mp9` the fixed clock
driver, so that the energy counts the clock's load. Inputs come through 1 kohm.

Measured at 1 GHz: the first decision is at -100 mV, the one that counts at +2 mV, so that memory and a late
reset show in `delay`, from the clock's edge to half the supply at the output (0.49 ns where it does not get
there, and then `decision` is below its limit). `offset_sigma` is not simulated: it is Pelgrom's law for the
input pair, with the latch pairs' deviations divided by `INTEGRATION_GAIN`.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial

from sciml.surrogates.circuits.parasitics import annotate_layout
from sciml.surrogates.circuits.process import MISMATCH, conditions, model_card
from sciml.surrogates.circuits.schematic import UNIT_WIDTH, Fidelity, Schematic, Transistor
from sciml.surrogates.ngspice.analysis import Analysis
from sciml.surrogates.ngspice.circuit import Bench, Circuit, Measurement, Number
from sciml.surrogates.problem_spec import IntegerInput, Output, ProblemSpec
from sciml.surrogates.specification import Goal, Specification

Layout = Callable[[Schematic, Mapping[str, float]], dict[str, float]]
SHORT = 45e-9
INTEGRATION_GAIN = 4.0
"""By how much the input difference has grown when the latch takes over, as simulated for middling sizes."""
SCHEMATIC = Schematic(
    transistors=(
        Transistor("mn1", "x", "inp", "tail", "0", "nch", "m_in", UNIT_WIDTH, "l_in"),
        Transistor("mn2", "y", "inn", "tail", "0", "nch", "m_in", UNIT_WIDTH, "l_in"),
        Transistor("mn3", "tail", "clk", "0", "0", "nch", "m_tail", UNIT_WIDTH, SHORT),
        Transistor("mn4", "p", "q", "x", "0", "nch", "m_latch_n", UNIT_WIDTH, "l_latch"),
        Transistor("mn5", "q", "p", "y", "0", "nch", "m_latch_n", UNIT_WIDTH, "l_latch"),
        Transistor("mp1", "p", "q", "vdd", "vdd", "pch", "m_latch_p", UNIT_WIDTH, "l_latch"),
        Transistor("mp2", "q", "p", "vdd", "vdd", "pch", "m_latch_p", UNIT_WIDTH, "l_latch"),
        Transistor("mp3", "p", "clk", "vdd", "vdd", "pch", "m_reset", UNIT_WIDTH, SHORT),
        Transistor("mp4", "q", "clk", "vdd", "vdd", "pch", "m_reset", UNIT_WIDTH, SHORT),
        Transistor("mp5", "x", "clk", "vdd", "vdd", "pch", "m_precharge", UNIT_WIDTH, SHORT),
        Transistor("mp6", "y", "clk", "vdd", "vdd", "pch", "m_precharge", UNIT_WIDTH, SHORT),
        Transistor("mp7", "outp", "p", "vdd", "vdd", "pch", "m_buffer_p", UNIT_WIDTH, SHORT),
        Transistor("mn7", "outp", "p", "0", "0", "nch", "m_buffer_n", UNIT_WIDTH, SHORT),
        Transistor("mp8", "outn", "q", "vdd", "vdd", "pch", "m_buffer_p", UNIT_WIDTH, SHORT),
        Transistor("mn8", "outn", "q", "0", "0", "nch", "m_buffer_n", UNIT_WIDTH, SHORT),
        Transistor("mp9", "clk", "clkin", "vdd", "vdd", "pch", 30.0, UNIT_WIDTH, SHORT),
        Transistor("mn9", "clk", "clkin", "0", "0", "nch", 15.0, UNIT_WIDTH, SHORT),
    ),
)
INPUTS = (
    IntegerInput("m_in", 1, 60),
    IntegerInput("m_tail", 1, 60),
    IntegerInput("m_latch_n", 1, 60),
    IntegerInput("m_latch_p", 1, 60),
    IntegerInput("m_reset", 1, 40),
    IntegerInput("m_precharge", 1, 40),
    IntegerInput("m_buffer_n", 1, 40),
    IntegerInput("m_buffer_p", 1, 40),
    IntegerInput("l_in", 45, 180, 5, "nm"),
    IntegerInput("l_latch", 45, 180, 5, "nm"),
)
OUTPUTS = (
    Output("offset_sigma", "V"),
    Output("delay", "s"),
    Output("decision", "V"),
    Output("energy", "J"),
    Output("kickback", "V"),
    Output("reset", "s"),
)
GOAL = Goal(
    (
        Specification("offset_sigma", maximum=3.3e-3),
        Specification("delay", maximum=140e-12),
        Specification("decision", minimum=1.0),
        Specification("energy", maximum=200e-15),
        Specification("kickback", maximum=3e-3),
        Specification("reset", maximum=120e-12),
    )
)
ROBUST_GOAL = Goal(
    (
        Specification("offset_sigma", maximum=3.5e-3),
        Specification("delay", maximum=200e-12),
        Specification("decision", minimum=1.0),
        Specification("energy", maximum=280e-15),
        Specification("kickback", maximum=5e-3),
        Specification("reset", maximum=120e-12),
    )
)
"""At five corners. Mismatch is in `offset_sigma`: a drawn offset of 3 mV decides 2 mV wrongly, as it must."""
TIMEOUT_S = 20.0
_LINES = """
vdd vdd 0 {supply}
vclk clkin 0 pulse({supply} 0 0.1n 20p 20p 0.48n 1n)
vcm cm 0 {common_mode}
vdp sp cm pwl(0 {first_p} 0.7n {first_p} 0.72n {second_p})
vdn sn cm pwl(0 {first_n} 0.7n {first_n} 0.72n {second_n})
rsp sp inp 1k
rsn sn inn 1k
clp outp 0 10f
cln outn 0 10f
"""
_CLOCK_EDGE_S, _CLOCK_FALL_S = 1.11e-9, 0.61e-9


def circuit(fidelity: Fidelity) -> Circuit:
    """The circuit with its benches."""
    constants = {"common_mode": 0.7, "first_p": -0.05, "first_n": 0.05, "second_p": 1e-3, "second_n": -1e-3}
    return Circuit(
        spec=ProblemSpec("comparator", "1", INPUTS, OUTPUTS, (Output("latch_swing", "V"),)),
        netlist=model_card() + "\n" + SCHEMATIC.netlist(fidelity),
        benches=(_decision_bench(), _reset_bench()),
        constants=constants,
        conditions=conditions(),
        devices=SCHEMATIC.devices(),
        mismatch=MISMATCH,
        annotate=partial(annotate, annotate_layout if fidelity == "layout" else None),
        fidelity=fidelity,
    )


def annotate(layout: Layout | None, numbers: Mapping[str, float]) -> dict[str, float]:
    """The offset's standard deviation, and the parasitics of a layout where one is given."""
    derived = {"pelgrom_offset": offset_sigma(numbers)}
    return derived | (layout(SCHEMATIC, numbers) if layout is not None else {})


def offset_sigma(numbers: Mapping[str, float]) -> float:
    """Standard deviation of the input-referred offset, V, from the sizes of three pairs (SI)."""

    def variance(fingers: str, length: str) -> float:
        return 2 * MISMATCH.threshold**2 / (numbers[fingers] * UNIT_WIDTH * numbers[length])

    latch = variance("m_latch_n", "l_latch") + variance("m_latch_p", "l_latch")
    return math.sqrt(variance("m_in", "l_in") + latch / INTEGRATION_GAIN**2)


def _decision_bench() -> Bench:
    """Two decisions; the energy is that of the reset and decision from 0.6 to 1.6 ns."""
    output = {"signal": "v(outp,outn)"}
    half: dict[str, Number] = {"start": _CLOCK_EDGE_S, "step": "supply", "tolerance": 0.5}
    return Bench(
        "decision",
        _LINES,
        (Analysis("tran 4p 1.6n"),),
        (
            Measurement("offset_sigma", "number", {"of": "pelgrom_offset"}),
            Measurement("delay", "settling_time", {**output, **half}),
            Measurement("decision", "value_at", {**output, "at": 1.59e-9}),
            Measurement("latch_swing", "value_at", {"signal": "v(q,p)", "at": 1.59e-9}),
            Measurement("kickback", "peak_to_peak", {"signal": "v(inp,inn)", "start": 1.08e-9}),
            Measurement("charge", "average", {"signal": "-i(vdd)", "start": 0.6e-9, "scale": 1e-9}),
            Measurement("energy", "product", {"first": "charge", "second": "supply"}),
        ),
    )


def _reset_bench() -> Bench:
    """The latch after the first decision: how long until its difference is within 1 % of the supply."""
    return Bench(
        "reset",
        _LINES,
        (Analysis("tran 4p 1.08n"),),
        (
            Measurement(
                "reset",
                "settling_time",
                {"signal": "v(q,p)", "start": _CLOCK_FALL_S, "step": "supply", "tolerance": 0.01},
            ),
        ),
        tier=1,
    )

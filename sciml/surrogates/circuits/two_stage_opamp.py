"""BagNet's two-stage Miller operational amplifier with 7 sizes, on the generic card of this package.

`mp1` and `mp2` are the PMOS mirror load and `mn1` and `mn2` the NMOS input pair of the first stage; `mn3` is
its tail, `mn4` the bias diode that takes the 30 uA reference, `mp3` the second stage's driver, `mn5` its sink
and `cc` the Miller capacitor. Every transistor is a number of fingers of 0.5 um by 90 nm.

Source: Hakhamaneshi et al., ICCAD 2019 (topology, grid, limits); the model card differs from theirs.
"""

from functools import partial

from sciml.surrogates.circuits.amplifier_benches import (
    bench_constants,
    follower_bench,
    margin_outputs,
    small_signal_benches,
)
from sciml.surrogates.circuits.parasitics import annotate_layout
from sciml.surrogates.circuits.process import MISMATCH, conditions, model_card
from sciml.surrogates.circuits.schematic import Capacitor, Fidelity, Schematic, Transistor
from sciml.surrogates.ngspice.circuit import Circuit
from sciml.surrogates.problem_spec import FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.specification import Goal, Specification

SCHEMATIC = Schematic(
    transistors=(
        Transistor("mp1", "n4", "n4", "vdd", "vdd", "pch", "mp1"),
        Transistor("mp2", "n5", "n4", "vdd", "vdd", "pch", "mp1"),
        Transistor("mn1", "n4", "inn", "n3", "0", "nch", "mn1"),
        Transistor("mn2", "n5", "inp", "n3", "0", "nch", "mn1"),
        Transistor("mn3", "n3", "nb", "0", "0", "nch", "mn3"),
        Transistor("mn4", "nb", "nb", "0", "0", "nch", "mn4"),
        Transistor("mp3", "out", "n5", "vdd", "vdd", "pch", "mp3"),
        Transistor("mn5", "out", "nb", "0", "0", "nch", "mn5"),
    ),
    capacitors=(Capacitor("cc", "n5", "out", "cc"),),
    detour=6.0,
)
OUTPUTS = (
    Output("gain", "V/V"),
    Output("ugbw", "Hz"),
    Output("pm", "deg"),
    Output("settling", "s"),
    Output("psrr", "dB"),
    Output("cmrr", "dB"),
    Output("offset", "V"),
    Output("ibias", "A"),
)
GOAL = Goal(
    (
        Specification("gain", minimum=300.0),
        Specification("ugbw", minimum=10e6),
        Specification("pm", minimum=60.0),
        Specification("settling", maximum=90e-9),
        Specification("psrr", minimum=50.0),
        Specification("cmrr", minimum=50.0),
        Specification("offset", maximum=1e-3),
        Specification("ibias", maximum=0.2e-3),
    )
)
ROBUST_GOAL = Goal(
    (
        *GOAL.specifications[:6],
        Specification("offset", maximum=8e-3),
        Specification("ibias", maximum=0.22e-3),
    )
)
"""At five corners with mismatch: the offset is that of devices, and the mirrors' errors cost a tenth more
current; designs that meet the other limits at all corners exist."""
TIMEOUT_S = 20.0


def circuit(fidelity: Fidelity, *, is_biased: bool = False) -> Circuit:
    """The circuit with its benches; `is_biased` is that of `small_signal_benches`."""
    sizes = (IntegerInput(name, 1, 99) for name in ("mp1", "mn1", "mp3", "mn3", "mn4", "mn5"))
    spec = ProblemSpec(
        name="two_stage_opamp_biased" if is_biased else "two_stage_opamp",
        version="1",
        inputs=(*sizes, FloatInput("cc", 0.1, 9.9, 0.1, "pF")),
        outputs=OUTPUTS,
        auxiliary=margin_outputs(SCHEMATIC.transistors),
    )
    return Circuit(
        spec=spec,
        netlist=model_card() + "\n" + SCHEMATIC.netlist(fidelity),
        benches=(
            *small_signal_benches(SCHEMATIC.transistors, is_biased=is_biased),
            follower_bench("1n", "300n"),
        ),
        constants={**bench_constants(common_mode=0.6, load=10e-12), "reference": 30e-6},
        conditions=conditions(),
        devices=SCHEMATIC.devices(),
        mismatch=MISMATCH,
        annotate=partial(annotate_layout, SCHEMATIC) if fidelity == "layout" else None,
        fidelity=fidelity,
    )

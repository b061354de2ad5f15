"""A step-down converter of 5 V to 1.8 V for 2 A with a voltage-mode loop of type III.

Power stage and compensation are sized together: losses, ripple, the loop's margins on a grid of frequencies
and the answer to a load step.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.surrogates.synthetic.closed_form import NoSolutionError, Synthetic, Values, db, goal, outputs
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, Input, IntegerInput, ProblemSpec

INPUT_V, OUTPUT_V = 5.0, 1.8
LOAD_A, LIGHT_A, STEP_A = 2.0, 0.1, 1.0
DUTY = OUTPUT_V / INPUT_V
FEEDBACK_OHM = 10e3
GATE_C_MM, DRIVER_A = 0.09e-9, 2.0
"""Gate charge (C) of a millimetre of switch; current (A) that the drivers give."""
GRID = np.logspace(-3, -0.31, 45)
"""Frequencies of the loop over the switching frequency, (frequency,)."""


@dataclass(frozen=True)
class Capacitor:
    """One part: capacitance at 1.8 V in F, series resistance in ohm and inductance in H, footprint in mm²."""

    farad: float
    ohm: float
    henry: float
    footprint: float


CAPACITORS = {
    "ceramic": Capacitor(15e-6, 3e-3, 0.7e-9, 6.0),
    "polymer": Capacitor(100e-6, 14e-3, 1.5e-9, 26.0),
    "electrolytic": Capacitor(220e-6, 110e-3, 6e-9, 52.0),
}


@dataclass(frozen=True)
class PowerStage:
    """The power stage in SI units."""

    switching_hz: float
    inductor_h: float
    coil_ohm: float
    high_ohm: float
    low_ohm: float
    gate_c: float
    output_f: float
    series_ohm: float
    series_h: float
    ripple_a: float


@dataclass(frozen=True)
class LoopAnswer:
    """Margins of the loop, and the largest closed-loop output impedance in ohm."""

    crossover_hz: float
    margin_deg: float
    margin_db: float
    impedance_ohm: float


def power_stage(v: Values) -> PowerStage:
    """Parts of the power stage.

    Raises:
        NoSolutionError: the inductor saturates, or both switches conduct at once.
    """
    part = tuple(CAPACITORS.values())[int(v["capacitor"])]
    switching, inductor = v["f_sw"] * 1e3, v["l"] * 1e-6
    coil_ohm = 0.011 * v["l"] ** 0.85 * (30 / v["core"]) ** 0.7
    saturation_a = 6.5 * math.sqrt(v["core"] / 30 / v["l"])
    ripple_a = OUTPUT_V * (1 - DUTY) / (inductor * switching)
    if LOAD_A + ripple_a / 2 > saturation_a * 1.15:
        raise NoSolutionError("the inductor saturates")
    gate_c = GATE_C_MM * (v["w_high"] + v["w_low"])
    if v["dead"] * 1e-9 < 0.4 * (1e-9 + gate_c / DRIVER_A):
        raise NoSolutionError("both switches conduct at once")
    return PowerStage(
        switching,
        inductor,
        coil_ohm,
        0.9 / v["w_high"],
        0.7 / v["w_low"],
        gate_c,
        part.farad * v["n_cap"],
        part.ohm / v["n_cap"] + 5e-4,
        part.henry / v["n_cap"] + 2e-10,
        ripple_a,
    )


def losses_w(v: Values, stage: PowerStage, load_a: float) -> float:
    """Power (W) lost at a load current (A); the current of the inductor may turn negative."""
    squared = load_a**2 + stage.ripple_a**2 / 12
    conduction = squared * (stage.coil_ohm + DUTY * stage.high_ohm + (1 - DUTY) * stage.low_ohm)
    capacitor = stage.ripple_a**2 / 12 * stage.series_ohm
    edge_s = 1e-9 + 2 * GATE_C_MM * v["w_high"] / DRIVER_A
    switching = 0.5 * INPUT_V * (load_a + stage.ripple_a / 4) * edge_s * stage.switching_hz
    gate = stage.gate_c * INPUT_V * stage.switching_hz * 1.6
    needed_s = 1e-9 + stage.gate_c / DRIVER_A
    shot = INPUT_V * 4.0 * max(needed_s - v["dead"] * 1e-9, 0.0) * stage.switching_hz
    diode = 2 * 0.75 * load_a * v["dead"] * 1e-9 * stage.switching_hz
    core = 0.02 * stage.ripple_a**2.2 * (stage.switching_hz / 1e6) ** 1.3
    core *= (v["core"] / 30) ** -0.4 * v["l"] ** 0.5
    control = INPUT_V * (v["i_amp"] * 1e-6 * 4 + 3e-4)
    return conduction + capacitor + switching + gate + shot + diode + core + control


def compensation(v: Values, s: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Gain (frequency,) of the error amplifier with its network of type III, at s (frequency,) in rad/s."""
    c1, c2, c3 = v["c1"] * 1e-9, v["c2"] * 1e-12, v["c3"] * 1e-12
    forward = 1 / (s * c2 + 1 / (v["r2"] * 1e3 + 1 / (s * c1)))
    inward = 1 / (1 / FEEDBACK_OHM + 1 / (v["r3"] * 1e3 + 1 / (s * c3)))
    ideal = forward / inward
    unity_hz = v["i_amp"] * 1e-6 / 0.04 / (2 * math.pi * 1.5e-12)
    open_loop = 3e3 / (1 + s * 3e3 / (2 * math.pi * unity_hz))
    limited: NDArray[np.complex128] = ideal / (1 + (1 + ideal) / open_loop)
    return limited


def loop(v: Values, stage: PowerStage) -> LoopAnswer:
    """Margins at the highest crossover, and the output impedance.

    Raises:
        NoSolutionError: the loop oscillates without bound.
    """
    hertz = GRID * stage.switching_hz
    s = np.asarray(2j * np.pi * hertz, dtype=np.complex128)
    loss_ohm = stage.coil_ohm + DUTY * stage.high_ohm + (1 - DUTY) * stage.low_ohm
    branch = stage.series_ohm + s * stage.series_h + 1 / (s * stage.output_f)
    load = 1 / (1 / branch + LOAD_A / OUTPUT_V)
    coil = loss_ohm + s * stage.inductor_h
    delay = np.exp(-s * (0.5 / stage.switching_hz + 40e-9))
    gain = compensation(v, s) * INPUT_V / v["ramp"] * load / (load + coil) * delay
    level, phase = np.log(np.abs(gain)), np.unwrap(np.angle(gain))
    phase -= 2 * np.pi * np.round((phase[0] + np.pi / 2) / (2 * np.pi))
    impedance = np.abs(1 / (1 / load + 1 / coil) / (1 + gain))
    above = np.flatnonzero(level > 0)
    if len(above) == 0:
        return LoopAnswer(float(hertz[0]), 90.0, -db(math.exp(level.max())), float(impedance.max()))
    if above[-1] == len(level) - 1:
        raise NoSolutionError("the loop oscillates: no crossover below half the switching frequency")
    i = int(above[-1])
    share = level[i] / (level[i] - level[i + 1])
    crossover = float(hertz[i] * (hertz[i + 1] / hertz[i]) ** share)
    margin = 180 + math.degrees(phase[i] + share * (phase[i + 1] - phase[i]))
    if margin < -45:
        raise NoSolutionError("the loop oscillates: the voltage never settles")
    turned = np.flatnonzero((phase[1:] < -np.pi) & (np.arange(1, len(phase)) > i))
    margin_db = -20 / math.log(10) * float(level[turned[0] + 1]) if len(turned) else 40.0
    return LoopAnswer(crossover, margin, margin_db, float(impedance.max()))


def convert(v: Values) -> Values:
    """f_sw in kHz, l in uH, core in mm³, widths in mm, dead in ns, ramp in V, r in kohm, c1 in nF, c2 and
    c3 in pF, i_amp in uA.

    86 of 400 000 uniform random designs meet every limit (2.2e-4).
    """
    stage = power_stage(v)
    answer = loop(v, stage)
    part = tuple(CAPACITORS.values())[int(v["capacitor"])]
    charge_v = stage.ripple_a / (8 * stage.switching_hz * stage.output_f)
    ripple = math.hypot(charge_v, stage.ripple_a * stage.series_ohm)
    ripple += INPUT_V * stage.series_h / stage.inductor_h
    slope_a = (INPUT_V * 0.9 - OUTPUT_V) / stage.inductor_h
    slewed = STEP_A**2 / (2 * slope_a * stage.output_f)
    ringing = 1 + 2 * max(0.0, (40 - answer.margin_deg) / 40) ** 2
    undershoot = max(STEP_A * answer.impedance_ohm * ringing, slewed + STEP_A * stage.series_ohm)
    full, light = LOAD_A * OUTPUT_V, LIGHT_A * OUTPUT_V
    return {
        "efficiency": 100 * full / (full + losses_w(v, stage, LOAD_A)),
        "light": 100 * light / (light + losses_w(v, stage, LIGHT_A)),
        "ripple": ripple * 1e3,
        "pm": answer.margin_deg,
        "gm": answer.margin_db,
        "crossover": answer.crossover_hz * 1e-3,
        "undershoot": min(undershoot, OUTPUT_V) * 1e3,
        "board": v["core"] / 1.8 + part.footprint * v["n_cap"] + 0.05 * (v["w_high"] + v["w_low"]) + 12,
    }


def buck_problem() -> Synthetic:
    """The converter: efficiency and light (at 0.1 A) in %, ripple and undershoot in mV, pm in degrees, gm in
    dB, crossover in kHz, board in mm²."""
    inputs: tuple[Input, ...] = (
        IntegerInput("f_sw", 300, 3000, step=50, unit="kHz"),
        FloatInput("l", 0.33, 15, scale="log", unit="uH"),
        FloatInput("core", 8, 250, scale="log", unit="mm3"),
        CategoryInput("capacitor", tuple(CAPACITORS)),
        IntegerInput("n_cap", 1, 6),
        FloatInput("w_high", 3, 150, scale="log", unit="mm"),
        FloatInput("w_low", 3, 150, scale="log", unit="mm"),
        FloatInput("dead", 2, 40, step=1, unit="ns"),
        FloatInput("ramp", 0.5, 2.5, step=0.1, unit="V"),
        FloatInput("r2", 1, 200, scale="log", unit="kohm"),
        FloatInput("c1", 0.05, 20, scale="log", unit="nF"),
        FloatInput("c2", 1, 500, scale="log", unit="pF"),
        FloatInput("r3", 0.1, 10, scale="log", unit="kohm"),
        FloatInput("c3", 20, 5000, scale="log", unit="pF"),
        FloatInput("i_amp", 5, 300, scale="log", unit="uA"),
    )
    spec = ProblemSpec(
        "analytic_buck", "1", inputs, outputs("efficiency light ripple pm gm crossover undershoot board")
    )
    limits = "efficiency >= 89, light >= 65, ripple <= 10, pm >= 50, gm >= 10, undershoot <= 50, board <= 100"
    return Synthetic(Problem(spec, goal(limits)), convert)

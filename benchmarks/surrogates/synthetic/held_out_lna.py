"""A low-noise amplifier for 2.4 GHz: a degenerated cascode, matched to 50 ohm at both ends.

The input is matched where the series resonance of gate inductor, source inductor and gate capacitance meets
the band and the inductor in the source makes 50 ohm of the transistor's transit frequency.
"""

import math
from dataclasses import dataclass

from benchmarks.surrogates.synthetic.closed_form import (
    SLOPE,
    SUPPLY_V,
    THERMAL_V,
    Device,
    NoSolutionError,
    Synthetic,
    Values,
    alive,
    db,
    device,
    goal,
    outputs,
)
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import FloatInput, Input, IntegerInput, ProblemSpec

BAND_HZ = (2.40e9, 2.44e9, 2.48e9)
SOURCE_OHM = 50.0
PAD_F = 90e-15
INPUT_Q, TANK_Q = 14.0, 11.0
EXCESS_NOISE = 1.1
"""Noise of a channel over that of its transconductance as a resistor."""


@dataclass(frozen=True)
class Response:
    """The amplifier at one frequency: reflections, voltage gain (all as ratios) and noise factor."""

    input_reflection: float
    output_reflection: float
    gain: float
    noise_factor: float
    gate_ratio: float
    """Gate-source voltage over the source's open voltage."""


def tank_admittance(v: Values, cascode: Device, omega: float) -> complex:
    """Admittance (S) at the drain of the cascode without the load at the output."""
    inductor = v["ld"] * 1e-9
    farad = cascode.drain_f + (40 + 8 * v["code"]) * 1e-15
    switch_loss = 0.01 * omega * 8e-15 * v["code"]
    coil = omega * inductor * (1 / TANK_Q + 1j)
    return 1 / coil + 1j * omega * farad + 1 / v["r_tank"] + switch_loss + cascode.gds * 0.05


def response(v: Values, amplifier: Device, cascode: Device, works: float, hertz: float) -> Response:
    """Match, gain and noise at `hertz`; `works` in [0, 1] scales what the transistors give."""
    omega = 2 * math.pi * hertz
    gm = amplifier.gm * works
    overlap_f = 0.3 * amplifier.drain_f
    gate_f = amplifier.gate_f + v["c_ex"] * 1e-15 + overlap_f * (1 + gm / cascode.gm)
    source_h, coil_h = v["ls"] * 1e-9, v["lg"] * 1e-9
    coil_ohm = omega * coil_h / INPUT_Q
    real_ohm = gm * source_h / gate_f
    series = coil_ohm + real_ohm + 0.2 + 1j * (omega * (coil_h + source_h) - 1 / (omega * gate_f))
    input_ohm = 1 / (1 / series + 1j * omega * PAD_F)
    divider = 1 / (1 + 1j * omega * SOURCE_OHM * PAD_F)
    loop_ohm = SOURCE_OHM * divider + series
    gate_ratio = abs(divider / loop_ohm / (1j * omega * gate_f))
    node_f = cascode.gate_f + amplifier.drain_f + cascode.drain_f
    passed = cascode.gm / (cascode.gm + amplifier.gds + 1j * omega * node_f)
    tank = tank_admittance(v, cascode, omega)
    coupling = 1 / (1j * omega * v["c_out"] * 1e-15)
    drain_ohm = 1 / (tank + 1 / (coupling + SOURCE_OHM))
    transfer = gm * gate_ratio * abs(passed)
    gain = 2 * transfer * abs(drain_ohm * SOURCE_OHM / (SOURCE_OHM + coupling))
    output_ohm = 1 / tank + coupling
    channel = EXCESS_NOISE * amplifier.gm * abs(1 - real_ohm / loop_ohm) ** 2 * abs(passed) ** 2
    added = channel + EXCESS_NOISE * cascode.gm * abs(1 - passed) ** 2 + tank.real
    factor = 1 + coil_ohm / SOURCE_OHM + added / (SOURCE_OHM * max(transfer, 1e-7) ** 2)
    return Response(
        abs((input_ohm - SOURCE_OHM) / (input_ohm + SOURCE_OHM)),
        abs((output_ohm - SOURCE_OHM) / (output_ohm + SOURCE_OHM)),
        gain,
        factor,
        gate_ratio,
    )


def amplify(v: Values) -> Values:
    """Widths in um, i_bias in mA, inductors in nH, capacitors in fF, r_tank in ohm, v_cas in V.

    33 of 400 000 uniform random designs meet every limit (8e-5).
    """
    current = v["i_bias"] * 1e-3
    amplifier = device(current, v["w_in"] * 2, "n")
    cascode = device(current, v["w_cas"] * 2, "n")
    node_v = v["v_cas"] - cascode.gate_v
    if node_v < 0.03:
        raise NoSolutionError("the cascode cannot carry the bias current")
    room_in = node_v - amplifier.saturation_v
    room_cas = SUPPLY_V - 0.15 - node_v - cascode.saturation_v
    works = min(alive(room_in) * alive(room_cas), 1.0)
    points = [response(v, amplifier, cascode, works, hertz) for hertz in BAND_HZ]
    worst_gain = min(each.gain for each in points)
    scale_v = 2 * SLOPE * THERMAL_V
    overdrive_v = scale_v * math.log1p(math.exp((amplifier.gate_v - 0.36) / scale_v))
    gate_v = (0.25 + 1.6 * overdrive_v) / max(each.gate_ratio for each in points)
    swing_v = 0.9 * max(room_cas + 0.15, 0.02) * 4 / max(worst_gain, 1e-3)
    input_v = 1 / math.sqrt(1 / gate_v**2 + 1 / swing_v**2)
    return {
        "s11": max(db(each.input_reflection) for each in points),
        "s22": max(db(each.output_reflection) for each in points),
        "gain": db(worst_gain),
        "nf": 10 * math.log10(max(each.noise_factor for each in points)),
        "iip3": 10 * math.log10(input_v**2 / (8 * SOURCE_OHM) * 1e3),
        "power": SUPPLY_V * v["i_bias"] * 1.1,
        "area": 0.012 * (v["lg"] + v["ls"] + v["ld"]) + 0.00008 * (v["w_in"] + v["w_cas"]) + 0.02,
        "room_in": room_in,
        "room_cas": room_cas,
    }


def lna_problem() -> Synthetic:
    """The amplifier over its band: s11, s22, gain and nf in dB, iip3 in dBm, power in mW, area in mm²."""
    inputs: tuple[Input, ...] = (
        FloatInput("w_in", 20, 500, step=2, unit="um"),
        FloatInput("w_cas", 20, 500, step=2, unit="um"),
        FloatInput("i_bias", 0.5, 10, unit="mA"),
        FloatInput("lg", 1, 20, unit="nH"),
        FloatInput("ls", 0.05, 2, unit="nH"),
        FloatInput("ld", 0.5, 8, unit="nH"),
        FloatInput("c_ex", 0, 400, unit="fF"),
        IntegerInput("code", 0, 63),
        FloatInput("r_tank", 100, 3000, unit="ohm"),
        FloatInput("c_out", 50, 2000, unit="fF"),
        FloatInput("v_cas", 0.6, 1.2, step=0.01, unit="V"),
    )
    spec = ProblemSpec(
        "analytic_lna",
        "1",
        inputs,
        outputs("s11 s22 gain nf iip3 power area"),
        outputs("room_in room_cas"),
    )
    limits = "s11 <= -10, s22 <= -8, gain >= 13, gain <= 15.5, nf <= 1.6, iip3 >= -7, power <= 9, area <= 0.2"
    return Synthetic(Problem(spec, goal(limits)), amplify)

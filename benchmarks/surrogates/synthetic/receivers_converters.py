"""Two problems with resonances: a low-noise amplifier that must match, a step-down converter."""

import math

import numpy as np

from benchmarks.surrogates.synthetic.closed_form import (
    SUPPLY_V,
    NoSolutionError,
    Synthetic,
    Values,
    alive,
    device,
    goal,
    outputs,
)
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import FloatInput, Input, IntegerInput, ProblemSpec

CENTER_HZ = 2.4e9
SOURCE_OHM = 50.0


def low_noise(v: Values) -> Values:
    """A degenerated common-source amplifier with cascode and tank load at 2.4 GHz."""
    current = v["ib"] * 1e-3
    first, cascode = device(current, v["w"] * 2, "n"), device(current, v["wcas"] * 2, "n")
    gate_f = first.gate_f * 1.5 + v["cex"] * 1e-15
    room = v["vb"] - cascode.gate_v - first.saturation_v
    room_out = SUPPLY_V - (v["vb"] - cascode.gate_v) - cascode.saturation_v
    working = alive(room) * alive(room_out)

    def seen(frequency: float) -> complex:
        s = 2j * math.pi * frequency
        loss = 2 * math.pi * frequency * (v["lg"] + v["ls"]) * 1e-9 / 12
        return s * (v["lg"] + v["ls"]) * 1e-9 + 1 / (s * gate_f) + first.gm * v["ls"] * 1e-9 / gate_f + loss

    def gain(frequency: float) -> float:
        s = 2j * math.pi * frequency
        tank = 1 / (
            1 / (v["rd"] * 1.0) + 1 / (s * v["ld"] * 1e-9) + s * (v["cd"] * 1e-15 + cascode.drain_f + 60e-15)
        )
        transfer = first.gm * working / (s * gate_f) / (SOURCE_OHM + seen(frequency))
        return 20 * math.log10(abs(2 * transfer * tank) + 1e-9)

    match = [abs((seen(f) - SOURCE_OHM) / (seen(f) + SOURCE_OHM)) for f in (0.97 * CENTER_HZ, CENTER_HZ)]
    loss_ohm = 2 * math.pi * CENTER_HZ * (v["lg"] + v["ls"]) * 1e-9 / 12
    ratio = CENTER_HZ / (first.gm / (2 * math.pi * gate_f))
    figure = 1 + loss_ohm / SOURCE_OHM + 0.9 * first.gm * SOURCE_OHM * ratio**2
    return {
        "s11": 20 * math.log10(max(*match, 1e-6)),
        "gain": gain(CENTER_HZ),
        "flatness": max(abs(gain(f) - gain(CENTER_HZ)) for f in (2.3e9, 2.5e9)),
        "nf": 10 * math.log10(figure) + 3 * (1 - min(working, 1.0)),
        "power": current * SUPPLY_V * 1e3,
        "overdrive": first.saturation_v,
    }


def converter(v: Values) -> Values:
    """A step-down converter from 3.3 V to 1.2 V at 1 A: filter, switches and a type-III compensator."""
    inductance, capacitor, esr = v["l"] * 1e-6, v["c"] * 1e-6, v["esr"] * 1e-3
    switching = v["fsw"] * 1e6
    ripple_a = 1.2 * (1 - 1.2 / 3.3) / (inductance * switching)
    ripple_v = ripple_a * (esr + 1 / (8 * switching * capacitor))
    on_ohm = 0.9 / v["wsw"] * 0.1
    loss = on_ohm + 0.02 * v["l"] ** 0.5 + switching * v["wsw"] * 1.2e-9 * 3.3 + ripple_a**2 / 12 * 0.1
    if ripple_a > 4:
        raise NoSolutionError("the converter does not reach a steady state")
    frequency = np.logspace(3, 7, 241)
    s = 2j * math.pi * frequency
    plant = 3.3 * (1 + s * esr * capacitor)
    plant = plant / (1 + s * (esr + on_ohm) * capacitor + s**2 * inductance * capacitor)
    zeros = (1 + s / (2 * math.pi * v["fz1"] * 1e3)) * (1 + s / (2 * math.pi * v["fz2"] * 1e3))
    poles = (1 + s / (2 * math.pi * v["fp1"] * 1e3)) * (1 + s / (2 * math.pi * v["fp2"] * 1e3))
    loop = plant * 2 * math.pi * v["gain"] * 1e3 / s * zeros / poles * np.exp(-s * 0.3 / switching) / 1.5
    below = np.nonzero(np.abs(loop) < 1)[0]
    cross = max(int(below[0]), 1) if len(below) else len(frequency) - 1
    phase = float(np.unwrap(np.angle(loop))[cross]) * 180 / math.pi
    return {
        "crossover": float(frequency[cross]) * 1e-3,
        "pm": 180 + phase,
        "attenuation": -20 * math.log10(abs(complex(loop[-1])) + 1e-12),
        "ripple": ripple_v * 1e3,
        "efficiency": 1.2 / (1.2 + loss) * 100,
        "volume": v["l"] * 3 + v["c"] * 0.5,
        "undershoot": 1e3 * 0.5 / (2 * math.pi * float(frequency[cross]) * capacitor) + 500 * esr,
    }


def low_noise_problem() -> Synthetic:
    """Its specifications hold for 18 of 300,000 uniform random designs."""
    inputs: tuple[Input, ...] = (
        IntegerInput("w", 10, 400, unit="um"),
        IntegerInput("wcas", 10, 400, unit="um"),
        FloatInput("ib", 0.2, 15, unit="mA"),
        FloatInput("lg", 0.5, 15, unit="nH"),
        FloatInput("ls", 0.05, 2, unit="nH"),
        FloatInput("cex", 0, 400, unit="fF"),
        FloatInput("ld", 0.5, 10, unit="nH"),
        FloatInput("cd", 0, 1000, unit="fF"),
        FloatInput("rd", 50, 2000, scale="log", unit="ohm"),
        FloatInput("vb", 0.5, 1.2, unit="V"),
    )
    spec = ProblemSpec("analytic_low_noise", "1", inputs, outputs("s11 gain flatness nf power overdrive"))
    limits = "s11 <= -16, gain >= 20, flatness <= 1, nf <= 1.3, power <= 3, overdrive >= 0.15"
    return Synthetic(Problem(spec, goal(limits)), low_noise)


def converter_problem() -> Synthetic:
    """Its specifications hold for 2 of 200,000 uniform random designs."""
    inputs: tuple[Input, ...] = (
        FloatInput("l", 0.1, 10, scale="log", unit="uH"),
        FloatInput("c", 1, 100, scale="log", unit="uF"),
        FloatInput("esr", 0.5, 50, scale="log", unit="mohm"),
        FloatInput("fsw", 0.3, 5, scale="log", unit="MHz"),
        FloatInput("wsw", 0.3, 30, scale="log", unit="mm"),
        *(FloatInput(name, 1, 300, scale="log", unit="kHz") for name in ("fz1", "fz2")),
        *(FloatInput(name, 30, 5000, scale="log", unit="kHz") for name in ("fp1", "fp2")),
        FloatInput("gain", 0.1, 100, scale="log", unit="kHz"),
    )
    spec = ProblemSpec(
        "analytic_converter",
        "1",
        inputs,
        outputs("crossover pm attenuation ripple efficiency volume undershoot"),
    )
    limits = (
        "crossover >= 100, pm >= 57, attenuation >= 60, ripple <= 4.5, efficiency >= 91, "
        "volume <= 11, undershoot <= 40"
    )
    return Synthetic(Problem(spec, goal(limits)), converter)

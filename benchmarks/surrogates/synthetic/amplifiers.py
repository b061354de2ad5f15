"""Four problems: a two-stage op-amp, a transimpedance front end, a filter, a clocked comparator."""

import math

import numpy as np

from benchmarks.surrogates.synthetic.closed_form import (
    SLOPE,
    SUPPLY_V,
    THERMAL_V,
    NoSolutionError,
    Synthetic,
    Values,
    alive,
    db,
    device,
    goal,
    outputs,
    phase_margin,
    whole,
)
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, Input, IntegerInput, ProblemSpec


def two_stage(v: Values) -> Values:
    """A Miller op-amp: pair mn1, mirror mp1, tail mn3, driver mp3, sink mn4, reference mn5, cc in pF."""
    reference = 30e-6
    tail, sink = reference * v["mn3"] / v["mn5"], reference * v["mn4"] / v["mn5"]
    pair, load = device(tail / 2, v["mn1"], "n"), device(tail / 2, v["mp1"], "p")
    driver_current = tail / 2 * v["mp3"] / v["mp1"]
    tail_device = device(tail, v["mn3"], "n")
    imbalance = math.log(driver_current / sink)
    current = min(driver_current, sink)
    driver, sinking = device(current, v["mp3"], "p"), device(sink, v["mn4"], "n")
    room_tail = 0.6 - pair.gate_v - tail_device.saturation_v
    room_load = SUPPLY_V - load.gate_v - (0.6 - pair.gate_v) - pair.saturation_v
    room_out = 0.35 - abs(imbalance) * 0.25
    first = pair.gm / (pair.gds + load.gds) * alive(room_tail) * alive(room_load)
    second = driver.gm / (driver.gds + sinking.gds) * alive(room_out, 0.06)
    gain = first * second
    cc, load_f = v["cc"] * 1e-12, 10e-12
    ugbw = pair.gm / (2 * math.pi * cc) * alive(room_tail) * min(1.0, gain / 3)
    parasitic = driver.gate_f + pair.drain_f + load.drain_f
    second_pole = driver.gm * cc / (parasitic * load_f + cc * (parasitic + load_f)) / (2 * math.pi)
    mirror_pole = load.gm / (2 * load.gate_f + pair.drain_f) / (2 * math.pi)
    margin = phase_margin(ugbw, (second_pole, mirror_pole), driver.gm / (2 * math.pi * cc) * 3)
    slew = min(tail / cc, max(sink - tail, 1e-7) / load_f)
    damping = 1 + 8 * max(0.0, (58 - margin) / 58) ** 2
    settling = 0.02 / slew + 4.6 / (2 * math.pi * max(ugbw, 1e3)) * damping
    offset = abs(imbalance) * current / max(driver.gm, 1e-9) / max(first, 1e-3)
    return {
        "gain": gain,
        "ugbw": ugbw,
        "pm": margin,
        "settling": min(settling, 1e-5),
        "psrr": db(gain * 0.6 / (1 + 4 * abs(imbalance))),
        "cmrr": db(2 * load.gm / tail_device.gds * first / 8 * alive(room_tail)),
        "offset": min(offset, 1.0),
        "ibias": tail + sink + reference,
        "room_tail": room_tail,
        "room_load": room_load,
        "room_out": room_out,
    }


def transimpedance(v: Values) -> Values:
    """An inverter-based or common-source front end with feedback resistor and a peaking second stage."""
    supply = SUPPLY_V
    current = 10 ** v["log_ib"] * 1e-6
    inverter = v["stage"] == 1
    amplifier = device(current, v["w1"], "n", v["l1"])
    mirror = device(current, v["w2"], "p", v["l1"])
    gm = amplifier.gm + (mirror.gm if inverter else 0.0)
    room = supply - mirror.saturation_v - amplifier.saturation_v - 0.25 - (0.12 if inverter else 0.0)
    drop = current * v["rf"] * 1e3 * 0.02
    first = gm / (amplifier.gds + mirror.gds) * alive(room)
    buffer = device(current * v["m3"], v["w3"], "n")
    buffer_gain = (
        buffer.gm * v["rl"] * alive(supply - current * v["m3"] * v["rl"] - buffer.saturation_v - 0.1)
    )
    if drop > 1.1:
        raise NoSolutionError("the feedback resistor cannot carry the bias current")
    rf, cd = v["rf"] * 1e3, 120e-15
    cin = cd + amplifier.gate_f + (mirror.gate_f if inverter else 0.0)
    cout = amplifier.drain_f + mirror.drain_f + buffer.gate_f + 4e-15
    closed = rf * first / (1 + first)
    w_in, w_out = (
        (1 + first) / (rf * (cin + v["cf"] * 1e-15 * (1 + first))),
        (amplifier.gds + mirror.gds) * (1 + first) / cout,
    )
    w_buf = 1 / (max(v["rl"], 1) * (buffer.drain_f + 25e-15))
    bandwidth = 1 / math.sqrt(1 / w_in**2 + 1 / w_out**2 + 1 / w_buf**2) / (2 * math.pi)
    quality = math.sqrt(w_in * w_out) / (w_in + w_out) * 2
    noise = math.sqrt(
        4 * 1.38e-23 * 300 * (1 / rf + (2 * math.pi * bandwidth * cin) ** 2 * 0.8 / max(gm, 1e-9) / 3)
    )
    return {
        "gain": db(closed * buffer_gain),
        "bandwidth": bandwidth,
        "noise": noise * 1e12,
        "power": supply * current * (1 + v["m3"]) * 1e6,
        "peaking": max(quality - 0.7, 0.0) * 12,
        "swing": current * v["m3"] * v["rl"] * 1e3,
    }


def biquad_filter(v: Values) -> Values:
    """Two Sallen-Key sections with finite amplifiers: a fourth-order low-pass of 1 MHz."""
    frequency = np.array([1e5, 5e5, 8e5, 1e6, 1.2e6, 2e6, 4e6, 1e7])
    s = 2j * np.pi * frequency
    response = np.ones(len(frequency), dtype=complex)
    noise = power = 0.0
    for k in ("a", "b"):
        r1, r2 = v["r1" + k] * 1e3, v["r2" + k] * 1e3
        c1, c2 = v["c1" + k] * 1e-12, v["c2" + k] * 1e-12
        bias = v["ib" + k] * 1e-6
        unity = bias / (SLOPE * THERMAL_V) * 0.4 / 2e-12
        gain = v["g" + k]
        if gain > 1 + (r1 + r2) * c2 / (r1 * c1):
            raise NoSolutionError("the section oscillates")
        finite = gain / (1 + gain * s / unity)
        response = (
            response * finite / (1 + s * (c2 * (r1 + r2) + r1 * c1 * (1 - finite)) + s**2 * r1 * r2 * c1 * c2)
        )
        noise += 4 * 1.38e-23 * 300 * (r1 + r2) + 2e-17 * 20e-6 / bias
        power += bias * 1.8
    level = 20 * np.log10(np.abs(response) + 1e-12)
    dc = db(v["ga"] * v["gb"])
    area = sum(v[c + k] for c in ("c1", "c2") for k in "ab") + 0.05 * sum(
        v[r + k] for r in ("r1", "r2") for k in "ab"
    )
    return {
        "ripple": float(np.max(np.abs(level[:3] - dc))),
        "edge": float(level[3] - dc),
        "attenuation_2": float(dc - level[5]),
        "attenuation_4": float(dc - level[6]),
        "dc": dc,
        "noise": math.sqrt(noise) * 1e9,
        "power": power * 1e6,
        "area": area,
    }


def latch(v: Values) -> Values:
    """A clocked comparator: few inputs, a hard failure region and opposing limits."""
    if v["winput"] > 8 * v["wtail"]:
        raise NoSolutionError("the tail cannot carry the pair")
    current = device(1e-6 * v["wtail"] * 9, v["wtail"], "n")
    pair = device(4.5e-6 * v["wtail"], v["winput"], "n")
    cross = device(3e-6 * v["wtail"], v["wlatch"], "n", 1.0 if v["flavour"] != 2 else 1.4)
    output_f = cross.gate_f * 2 + pair.drain_f + v["cload"] * 1e-15
    speed = {0: 1.0, 1: 1.25, 2: 0.8}[int(v["flavour"])]
    regeneration = output_f / cross.gm / speed
    delay = output_f * 0.5 / (4.5e-6 * v["wtail"]) + regeneration * math.log(0.6 / 1e-3)
    offset = 4e-3 / math.sqrt(v["winput"]) * (1 + cross.gm / pair.gm * 0.5 / math.sqrt(max(v["wlatch"], 1)))
    kickback = v["winput"] * 0.08 * v["wlatch"] ** 0.3
    return {
        "delay": delay * 1e12,
        "offset": offset * 1e3,
        "kickback": kickback,
        "energy": output_f * 1.44e15 + v["wtail"] * 0.4 * {0: 1.0, 1: 1.35, 2: 0.9}[int(v["flavour"])],
        "noise": 1e6 * math.sqrt(4.1e-21 * 2 / output_f) * (1 + current.saturation_v),
    }


OPAMP_INPUTS: tuple[Input, ...] = (
    *whole("mp1 mn1 mp3 mn3 mn4 mn5", 1, 99),
    FloatInput("cc", 0.1, 9.9, step=0.1, unit="pF"),
)


def opamp() -> Synthetic:
    spec = ProblemSpec(
        "analytic_opamp",
        "1",
        OPAMP_INPUTS,
        outputs("gain ugbw pm settling psrr cmrr offset ibias"),
        outputs("room_tail room_load room_out"),
    )
    limits = (
        "gain >= 500, ugbw >= 2e7, pm >= 58, settling <= 110e-9, "
        "psrr >= 45, cmrr >= 46, offset <= 1e-3, ibias <= 2e-4"
    )
    return Synthetic(Problem(spec, goal(limits)), two_stage)


def tia() -> Synthetic:
    inputs: tuple[Input, ...] = (
        FloatInput("w1", 1, 200, scale="log"),
        FloatInput("w2", 1, 200, scale="log"),
        FloatInput("l1", 1, 4),
        FloatInput("log_ib", 0.5, 3.5),
        FloatInput("rf", 0.2, 50, scale="log", unit="kohm"),
        FloatInput("cf", 0.1, 50, scale="log", unit="fF"),
        IntegerInput("m3", 1, 8),
        FloatInput("w3", 1, 100, scale="log"),
        FloatInput("rl", 50, 5000, scale="log", unit="ohm"),
        CategoryInput("stage", ("common source", "inverter")),
    )
    spec = ProblemSpec("analytic_tia", "1", inputs, outputs("gain bandwidth noise power peaking swing"))
    limits = (
        "gain >= 72, bandwidth >= 4e9, noise <= 4.5, "
        "power <= 1200, peaking <= 1.5, swing <= 700, swing >= 100"
    )
    return Synthetic(Problem(spec, goal(limits)), transimpedance)


def filter_problem() -> Synthetic:
    inputs: list[FloatInput] = []
    for k in ("a", "b"):
        inputs += [FloatInput(r + k, 1, 200, scale="log") for r in ("r1", "r2")]
        inputs += [FloatInput(c + k, 0.5, 50, scale="log") for c in ("c1", "c2")]
        inputs += [FloatInput("ib" + k, 1, 500, scale="log"), FloatInput("g" + k, 1.0, 3.0, step=0.05)]
    spec = ProblemSpec(
        "analytic_filter",
        "1",
        tuple(inputs),
        outputs("ripple edge attenuation_2 attenuation_4 dc noise power area"),
    )
    limits = (
        "ripple <= 1.5, edge >= -4, attenuation_2 >= 20, attenuation_4 >= 42, "
        "dc >= 4, noise <= 60, power <= 500, area <= 70"
    )
    return Synthetic(Problem(spec, goal(limits)), biquad_filter)


def latch_problem() -> Synthetic:
    inputs: tuple[Input, ...] = (
        *whole("winput wlatch wtail", 1, 64),
        FloatInput("cload", 1, 40, step=1),
        CategoryInput("flavour", ("standard", "fast", "long")),
    )
    spec = ProblemSpec("analytic_latch", "1", inputs, outputs("delay offset kickback energy noise"))
    limits = "delay <= 275, offset <= 1.0, kickback <= 7.5, energy <= 88, noise <= 500"
    return Synthetic(Problem(spec, goal(limits)), latch)

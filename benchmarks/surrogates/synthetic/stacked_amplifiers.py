"""Two amplifiers: a telescopic cascode with its bias voltages, and five transistors."""

import math

from benchmarks.surrogates.synthetic.closed_form import (
    SUPPLY_V,
    Synthetic,
    Values,
    alive,
    db,
    device,
    goal,
    outputs,
    phase_margin,
)
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import FloatInput, Input, ProblemSpec

FINGERS_PER_UM = 2.0
UNIT_LENGTH_UM = 0.09


def telescopic(v: Values) -> Values:
    """A telescopic cascode at 1.8 V that drives 1 pF: five devices in a stack, two bias voltages."""
    supply, common = 1.8, 0.9
    tail, branch = v["itail"] * 1e-6, v["itail"] * 0.5e-6
    size = {name: v["w_" + name] * FINGERS_PER_UM for name in ("in", "casn", "casp", "load", "tail")}
    short, long = v["l_fast"] / UNIT_LENGTH_UM, v["l_load"] / UNIT_LENGTH_UM
    pair = device(branch, size["in"], "n", short)
    casc_n, casc_p = device(branch, size["casn"], "n", short), device(branch, size["casp"], "p", short)
    load, sink = device(branch, size["load"], "p", long), device(tail, size["tail"], "n", long)
    source = common - pair.gate_v
    below, above = v["vb_n"] - casc_n.gate_v, v["vb_p"] + casc_p.gate_v
    room = {
        "room_tail": source - sink.saturation_v,
        "room_in": below - source - pair.saturation_v,
        "room_casn": common - below - casc_n.saturation_v,
        "room_casp": above - common - casc_p.saturation_v,
        "room_load": supply - above - load.saturation_v,
    }
    working = math.prod(alive(each) for each in room.values())
    down, up = pair.gds * casc_n.gds / casc_n.gm, load.gds * casc_p.gds / casc_p.gm
    gain = pair.gm / (down + up) * working
    load_f = 1e-12 + casc_n.drain_f + casc_p.drain_f
    unity = pair.gm / load_f / (2 * math.pi) * min(1.0, gain / 5)
    pole = casc_n.gm / (casc_n.gate_f + pair.drain_f) / (2 * math.pi)
    noise = math.sqrt(8 * 1.38e-23 * 300 * 0.7 / pair.gm * (1 + load.gm / pair.gm)) * 1e9
    return {
        "gain": db(gain),
        "ugbw": unity,
        "pm": phase_margin(unity, (pole, 1.7 * pole), 1e12),
        "slew": tail / load_f * 1e-6,
        "swing": max(room["room_casn"], 0.0) + max(room["room_casp"], 0.0),
        "noise": noise,
        "power": tail * supply * 1e6,
        "area": sum(size.values()),
        **room,
    }


def pair(v: Values) -> Values:
    """A five-transistor amplifier: six inputs, each on a linear range."""
    tail = v["ib"] * 1e-6
    long_in, long_load = v["l_in"] / UNIT_LENGTH_UM, v["l_load"] / UNIT_LENGTH_UM
    first = device(tail / 2, v["w_in"] * FINGERS_PER_UM, "n", long_in)
    mirror = device(tail / 2, v["w_load"] * FINGERS_PER_UM, "p", long_load)
    sink = device(tail, v["w_tail"] * FINGERS_PER_UM, "n", 2.0)
    common = 0.75
    room = (
        common - first.gate_v - sink.saturation_v,
        SUPPLY_V - mirror.gate_v - (common - first.gate_v) - first.saturation_v,
    )
    working = alive(room[0]) * alive(room[1])
    gain = first.gm / (first.gds + mirror.gds) * working
    load_f = 2e-12 + first.drain_f + mirror.drain_f
    unity = first.gm / load_f / (2 * math.pi) * min(1.0, gain / 3)
    pole = mirror.gm / (2 * mirror.gate_f + first.drain_f) / (2 * math.pi)
    return {
        "gain": db(gain),
        "ugbw": unity,
        "pm": phase_margin(unity, (pole,), 2 * pole),
        "cmrr": db(2 * mirror.gm / sink.gds * gain / 10 * alive(room[0])),
        "noise": math.sqrt(16 * 1.38e-23 * 100 / first.gm * (1 + mirror.gm / first.gm)) * 1e9,
        "offset": 3.5 / math.sqrt(v["w_in"] * v["l_in"]) * (1 + mirror.gm / first.gm),
        "power": tail * SUPPLY_V * 1e6,
    }


def telescopic_problem() -> Synthetic:
    """Its specifications hold for 64 of 300,000 uniform random designs."""
    inputs: tuple[Input, ...] = (
        *(FloatInput("w_" + name, 0.5, 200, scale="log", unit="um") for name in ("in", "casn", "casp")),
        *(FloatInput("w_" + name, 0.5, 200, scale="log", unit="um") for name in ("load", "tail")),
        FloatInput("l_fast", 0.09, 0.9, scale="log", unit="um"),
        FloatInput("l_load", 0.09, 0.9, scale="log", unit="um"),
        FloatInput("itail", 5, 1000, scale="log", unit="uA"),
        FloatInput("vb_n", 0.4, 1.6, unit="V"),
        FloatInput("vb_p", 0.1, 1.2, unit="V"),
    )
    spec = ProblemSpec(
        "analytic_telescopic", "1", inputs, outputs("gain ugbw pm slew swing noise power area")
    )
    limits = (
        "gain >= 66, ugbw >= 1.2e8, pm >= 60, slew >= 60, swing >= 0.2, "
        "noise <= 12, power <= 500, area <= 700"
    )
    return Synthetic(Problem(spec, goal(limits)), telescopic)


def pair_problem() -> Synthetic:
    """Its specifications hold for 2 of 300,000 uniform random designs."""
    inputs: tuple[Input, ...] = (
        *(FloatInput("w_" + name, 1, 200, step=0.5, unit="um") for name in ("in", "load", "tail")),
        *(FloatInput("l_" + name, 0.1, 2, step=0.01, unit="um") for name in ("in", "load")),
        FloatInput("ib", 1, 500, step=1, unit="uA"),
    )
    spec = ProblemSpec("analytic_pair", "1", inputs, outputs("gain ugbw pm cmrr noise offset power"))
    limits = "gain >= 36, ugbw >= 5e7, pm >= 65, cmrr >= 60, noise <= 12, offset <= 2, power <= 160"
    return Synthetic(Problem(spec, goal(limits)), pair)

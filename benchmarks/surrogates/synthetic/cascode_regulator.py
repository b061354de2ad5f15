"""Two problems that no default was chosen on: a folded cascode and a regulator."""

import math

from benchmarks.surrogates.synthetic.amplifiers import OPAMP_INPUTS, two_stage
from benchmarks.surrogates.synthetic.closed_form import (
    SUPPLY_V,
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
from sciml.surrogates.problem_spec import FloatInput, Input, ProblemSpec


def cascode(v: Values) -> Values:
    """A folded cascode with a bias chain: eleven inputs, four ways to lose saturation."""
    reference = v["iref"] * 1e-6
    tail, fold = reference * v["m_tail"] / 4, reference * v["m_fold"] / 4
    if fold <= tail / 2 * 1.02:
        raise NoSolutionError("the folding branch carries no current")
    branch = fold - tail / 2
    length = v["length"]
    pair = device(tail / 2, v["w_pair"], "p", v["l_pair"])
    sink = device(fold, v["w_sink"], "n", length)
    casc_n, casc_p = device(branch, v["w_casn"], "n", length), device(branch, v["w_casp"], "p", length)
    load = device(branch, v["w_load"], "p", length)
    bias_n, bias_p = v["vb_n"], v["vb_p"]
    room = (
        bias_n - casc_n.gate_v - sink.saturation_v,
        0.75 - (bias_n - casc_n.gate_v) - casc_n.saturation_v,
        SUPPLY_V + 0.3 - bias_p - casc_p.gate_v - load.saturation_v,
        SUPPLY_V + 0.3 - 0.75 - (SUPPLY_V + 0.3 - bias_p - casc_p.gate_v) - casc_p.saturation_v,
        SUPPLY_V + 0.3 - 0.5 - pair.gate_v - 0.15,
    )
    working = math.prod(alive(each) for each in room)
    down = (sink.gds + pair.gds) * casc_n.gds / casc_n.gm
    up = load.gds * casc_p.gds / casc_p.gm
    gain = pair.gm / (down + up) * working
    load_f = v["cl"] * 1e-12 + casc_n.drain_f + casc_p.drain_f
    ugbw = pair.gm / load_f / (2 * math.pi) * min(1.0, gain / 5)
    fold_pole = casc_n.gm / (casc_n.gate_f + sink.drain_f + pair.drain_f) / (2 * math.pi)
    noise = math.sqrt(8 * 1.38e-23 * 300 * 0.7 / pair.gm * (1 + sink.gm / pair.gm + load.gm / pair.gm)) * 1e9
    return {
        "gain": db(gain),
        "ugbw": ugbw,
        "pm": phase_margin(ugbw, (fold_pole, fold_pole * 2.5), 1e12),
        "slew": min(tail, branch * 2) / load_f * 1e-6,
        "power": (tail + 2 * fold) * 1.5 * 1e6,
        "swing": 1.5 - sink.saturation_v - casc_n.saturation_v - load.saturation_v - casc_p.saturation_v,
        "noise": noise,
        **{f"room{i}": each for i, each in enumerate(room)},
    }


def regulator(v: Values) -> Values:
    """A low-dropout regulator of eighteen inputs, most of which matter little."""
    amp = two_stage({name: v[name] for name in ("mp1", "mn1", "mp3", "mn3", "mn4", "mn5", "cc")})
    load_a = 10e-3
    pass_device = device(load_a, v["wpass"] * 100, "p", v["lpass"])
    divider = (v["r1"] + v["r2"]) / v["r2"]
    output = 0.6 * divider
    dropout = SUPPLY_V + 0.6 - output - pass_device.saturation_v
    beta = 1 / divider
    loop = amp["gain"] * pass_device.gm / (pass_device.gds + load_a / output) * beta * alive(dropout, 0.03)
    output_pole = (pass_device.gds + load_a / output) / (v["cout"] * 1e-9) / (2 * math.pi)
    gate_pole = 1 / (2 * math.pi * 3e4 * (pass_device.gate_f * 40 + v["cg"] * 1e-12))
    lead = 1 / (2 * math.pi * v["resr"] * v["cout"] * 1e-9)
    unity = math.sqrt(max(loop, 1.0) * output_pole * gate_pole)
    margin = 180 - math.degrees(
        math.atan(unity / output_pole) + math.atan(unity / gate_pole) - math.atan(unity / lead)
    )
    noise = 30 * divider / math.sqrt(v["mn1"]) * (1 + v["rn"] / 50) / (1 + v["cn"] / 5)
    return {
        "error": abs(output - 1.2) / 1.2 * 100 + 100 / max(loop, 1e-3) / 5,
        "loop": db(loop),
        "pm": margin - 0.1 * v["trim1"],
        "psr": db(loop) * 0.7 - 20 / (1 + v["cg"]) + 0.2 * v["trim2"],
        "quiescent": amp["ibias"] * 1e6 + output / ((v["r1"] + v["r2"]) * 1e3) * 1e6 + 0.5 * v["trim1"],
        "noise": noise,
        "area": v["wpass"] * v["lpass"] * 0.5
        + v["cout"] * 2
        + v["cc"]
        + v["cg"]
        + 0.02 * (v["r1"] + v["r2"]),
        "transient": load_a / (v["cout"] * 1e-9 * max(unity, 1e3) * 6.28) * 1e3 + load_a * v["resr"] * 1e3,
    }


def cascode_problem() -> Synthetic:
    inputs: tuple[Input, ...] = (
        FloatInput("iref", 1, 50, scale="log"),
        *whole("m_tail m_fold", 1, 32),
        *whole("w_pair w_sink w_casn w_casp w_load", 2, 100),
        FloatInput("length", 1, 6, step=0.5),
        FloatInput("l_pair", 1, 6, step=0.5),
        FloatInput("vb_n", 0.3, 1.3, step=0.01),
        FloatInput("vb_p", 0.3, 1.3, step=0.01),
        FloatInput("cl", 0.5, 1.0, step=0.1),
    )
    rooms = outputs(" ".join(f"room{i}" for i in range(5)))
    spec = ProblemSpec("analytic_cascode", "1", inputs, outputs("gain ugbw pm slew power swing noise"), rooms)
    limits = "gain >= 70, ugbw >= 8e7, pm >= 65, slew >= 50, power <= 300, swing >= 0.75, noise <= 20"
    return Synthetic(Problem(spec, goal(limits)), cascode)


def regulator_problem() -> Synthetic:
    inputs: tuple[Input, ...] = (
        *OPAMP_INPUTS,
        *whole("wpass", 1, 60),
        FloatInput("lpass", 1, 4, step=0.5),
        *(FloatInput(name, 2, 400, scale="log", unit="kohm") for name in ("r1", "r2")),
        FloatInput("cout", 0.1, 20, scale="log", unit="nF"),
        FloatInput("resr", 0.05, 20, scale="log", unit="ohm"),
        FloatInput("cg", 0.05, 20, scale="log", unit="pF"),
        FloatInput("rn", 1, 100, scale="log"),
        FloatInput("cn", 0.1, 20, scale="log"),
        *whole("trim1 trim2", 0, 7),
    )
    spec = ProblemSpec(
        "analytic_regulator", "1", inputs, outputs("error loop pm psr quiescent noise area transient")
    )
    limits = (
        "error <= 4, loop >= 55, pm >= 45, psr >= 38, "
        "quiescent <= 180, noise <= 15, area <= 60, transient <= 40"
    )
    return Synthetic(Problem(spec, goal(limits)), regulator)

"""Circuit-like problems in closed form, to develop optimisers on: microseconds a design.

Transistors follow the EKV interpolation between weak and strong inversion; operating points are closed forms
with the failures and plateaus of real sizing problems: a stage without headroom has a gain near zero whatever
else is changed, some designs have no solution, and the designs that meet every limit are rare (the share of
uniform random designs is given with each problem). They imitate no particular process.

`DEVELOPMENT` problems were used to choose the defaults of `sciml.surrogates.optimise`; `HELD_OUT` ones were
not.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, Input, IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Result, Row, checked, stack_rows
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff
from sciml.surrogates.specification import Goal, Specification

Values = dict[str, float]
THERMAL_V = 0.0259
SLOPE = 1.3
SUPPLY_V = 1.2


class NoSolutionError(Exception):
    """The operating point does not exist."""


@dataclass(frozen=True)
class Synthetic:
    """A problem in closed form that is its own simulator."""

    problem: Problem
    function: Callable[[Values], Values]

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self.problem.spec

    def run(
        self,
        designs: NDArray[np.float64],
        *,
        corner: Corner = NOMINAL,
        seed: int | None = None,
        cutoff: Cutoff | None = None,
    ) -> Result:
        """Compute designs (design, input); there is one corner and no mismatch."""
        return stack_rows([self._row(design) for design in designs], self.spec)

    def _row(self, design: NDArray[np.float64]) -> Row:
        values = {name: float(design[i]) for i, name in enumerate(self.spec.input_names)}
        try:
            outputs = self.function(values)
        except NoSolutionError as error:
            return Row({}, failure=Failure(FailureKind.NOT_CONVERGED, str(error)))
        auxiliary = {name: outputs[name] for name in self.spec.auxiliary_names}
        return checked(Row({name: outputs[name] for name in self.spec.output_names}, auxiliary), self.spec)


@dataclass(frozen=True)
class Device:
    """A saturated transistor at a given current: small-signal values in SI units."""

    gm: float
    gds: float
    gate_v: float
    saturation_v: float
    gate_f: float
    drain_f: float


def device(current: float, fingers: float, kind: str, length: float = 1.0) -> Device:
    """EKV at drain current `current` (A), `fingers` of 0.5 um, length in units of 90 nm."""
    mobility = 280e-6 if kind == "n" else 90e-6
    specific = 2 * SLOPE * mobility * THERMAL_V**2 * fingers * 5.5 / length
    inversion = max(current / specific, 1e-12)
    root = math.sqrt(inversion)
    gm = (
        current / (SLOPE * THERMAL_V) * (1 - math.exp(-root)) / root
        if root > 1e-6
        else current / (SLOPE * THERMAL_V)
    )
    overdrive = 2 * SLOPE * THERMAL_V * math.log(max(math.expm1(root), 1e-12))
    return Device(
        gm=gm,
        gds=current * 0.35 / length**0.8,
        gate_v=max((0.36 if kind == "n" else 0.38) + overdrive, 0.02),
        saturation_v=THERMAL_V * (4 + 2 * math.sqrt(inversion)),
        gate_f=fingers * length * 0.6e-15,
        drain_f=fingers * 0.45e-15,
    )


def alive(headroom_v: float, softness_v: float = 0.02) -> float:
    """From 1 with headroom to nearly 0 without it: a stage that leaves saturation."""
    return 1 / (1 + math.exp(-max(min(headroom_v / softness_v, 60.0), -60.0))) + 1e-6


def db(ratio: float) -> float:
    return 20 * math.log10(max(ratio, 1e-9))


def phase_margin(unity: float, poles: tuple[float, ...], zero: float) -> float:
    """Degrees left at unity gain (Hz) after a dominant pole, further poles and a right-plane zero."""
    lag = (
        90
        + sum(math.degrees(math.atan(unity / pole)) for pole in poles)
        + math.degrees(math.atan(unity / zero))
    )
    return 180 - lag


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


def _outputs(names: str) -> tuple[Output, ...]:
    return tuple(Output(name) for name in names.split())


def _goal(text: str) -> Goal:
    specifications = []
    for part in text.split(","):
        name, sign, limit = part.split()
        number = float(limit)
        low, high = (number, None) if sign == ">=" else (None, number)
        specifications.append(Specification(name, minimum=low, maximum=high))
    return Goal(tuple(specifications))


def _whole(names: str, low: int, high: int) -> tuple[IntegerInput, ...]:
    return tuple(IntegerInput(name, low, high) for name in names.split())


OPAMP_INPUTS: tuple[Input, ...] = (
    *_whole("mp1 mn1 mp3 mn3 mn4 mn5", 1, 99),
    FloatInput("cc", 0.1, 9.9, step=0.1, unit="pF"),
)


def opamp() -> Synthetic:
    spec = ProblemSpec(
        "analytic_opamp",
        "1",
        OPAMP_INPUTS,
        _outputs("gain ugbw pm settling psrr cmrr offset ibias"),
        _outputs("room_tail room_load room_out"),
    )
    goal = (
        "gain >= 500, ugbw >= 2e7, pm >= 58, settling <= 110e-9, "
        "psrr >= 45, cmrr >= 46, offset <= 1e-3, ibias <= 2e-4"
    )
    return Synthetic(Problem(spec, _goal(goal)), two_stage)


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
    spec = ProblemSpec("analytic_tia", "1", inputs, _outputs("gain bandwidth noise power peaking swing"))
    goal = (
        "gain >= 72, bandwidth >= 4e9, noise <= 4.5, "
        "power <= 1200, peaking <= 1.5, swing <= 700, swing >= 100"
    )
    return Synthetic(Problem(spec, _goal(goal)), transimpedance)


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
        _outputs("ripple edge attenuation_2 attenuation_4 dc noise power area"),
    )
    goal = (
        "ripple <= 1.5, edge >= -4, attenuation_2 >= 20, attenuation_4 >= 42, "
        "dc >= 4, noise <= 60, power <= 500, area <= 70"
    )
    return Synthetic(Problem(spec, _goal(goal)), biquad_filter)


def latch_problem() -> Synthetic:
    inputs: tuple[Input, ...] = (
        *_whole("winput wlatch wtail", 1, 64),
        FloatInput("cload", 1, 40, step=1),
        CategoryInput("flavour", ("standard", "fast", "long")),
    )
    spec = ProblemSpec("analytic_latch", "1", inputs, _outputs("delay offset kickback energy noise"))
    goal = "delay <= 275, offset <= 1.0, kickback <= 7.5, energy <= 88, noise <= 500"
    return Synthetic(Problem(spec, _goal(goal)), latch)


def cascode_problem() -> Synthetic:
    inputs: tuple[Input, ...] = (
        FloatInput("iref", 1, 50, scale="log"),
        *_whole("m_tail m_fold", 1, 32),
        *_whole("w_pair w_sink w_casn w_casp w_load", 2, 100),
        FloatInput("length", 1, 6, step=0.5),
        FloatInput("l_pair", 1, 6, step=0.5),
        FloatInput("vb_n", 0.3, 1.3, step=0.01),
        FloatInput("vb_p", 0.3, 1.3, step=0.01),
        FloatInput("cl", 0.5, 1.0, step=0.1),
    )
    rooms = _outputs(" ".join(f"room{i}" for i in range(5)))
    spec = ProblemSpec(
        "analytic_cascode", "1", inputs, _outputs("gain ugbw pm slew power swing noise"), rooms
    )
    goal = "gain >= 70, ugbw >= 8e7, pm >= 65, slew >= 50, power <= 300, swing >= 0.75, noise <= 20"
    return Synthetic(Problem(spec, _goal(goal)), cascode)


def regulator_problem() -> Synthetic:
    inputs: tuple[Input, ...] = (
        *OPAMP_INPUTS,
        *_whole("wpass", 1, 60),
        FloatInput("lpass", 1, 4, step=0.5),
        *(FloatInput(name, 2, 400, scale="log", unit="kohm") for name in ("r1", "r2")),
        FloatInput("cout", 0.1, 20, scale="log", unit="nF"),
        FloatInput("resr", 0.05, 20, scale="log", unit="ohm"),
        FloatInput("cg", 0.05, 20, scale="log", unit="pF"),
        FloatInput("rn", 1, 100, scale="log"),
        FloatInput("cn", 0.1, 20, scale="log"),
        *_whole("trim1 trim2", 0, 7),
    )
    spec = ProblemSpec(
        "analytic_regulator", "1", inputs, _outputs("error loop pm psr quiescent noise area transient")
    )
    goal = (
        "error <= 4, loop >= 55, pm >= 45, psr >= 38, "
        "quiescent <= 180, noise <= 15, area <= 60, transient <= 40"
    )
    return Synthetic(Problem(spec, _goal(goal)), regulator)


DEVELOPMENT: dict[str, Callable[[], Synthetic]] = {
    "analytic_opamp": opamp,
    "analytic_tia": tia,
    "analytic_filter": filter_problem,
    "analytic_latch": latch_problem,
}
HELD_OUT: dict[str, Callable[[], Synthetic]] = {
    "analytic_cascode": cascode_problem,
    "analytic_regulator": regulator_problem,
}
SYNTHETIC = {**DEVELOPMENT, **HELD_OUT}

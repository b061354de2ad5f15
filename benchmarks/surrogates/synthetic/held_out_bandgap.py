"""A bandgap reference whose parts are all counted: how many transistors, resistor units and fingers.

An amplifier (p-channel pair, its currents mirrored to the output) makes two p-channel legs carry a current
proportional to absolute temperature; a third leg adds it through a resistor to the base-emitter voltage of
one more bipolar transistor.
"""

import math
from dataclasses import dataclass

from benchmarks.surrogates.synthetic.closed_form import (
    Device,
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

BOLTZMANN_J_K = 1.380649e-23
BOLTZMANN_V_K = 8.617e-5
ROOM_K = 300.0
TEMPERATURES_K = (233.0, 300.0, 398.0)
SUPPLY_V = 1.7
GAP_V = 1.17
"""Base-emitter voltage extrapolated to 0 K."""
UNIT_OHM = 500.0
OHM_PER_OHM_K = 8e-4
"""Temperature coefficient of the resistors."""
MISMATCH_V_M = 3.5e-9
"""Standard deviation of a threshold times the root of its gate area, V m."""
FLICKER_V2_M2 = 4e-24
"""Flicker noise of a gate times its area, V² m²; p-channel."""
FINGER_M, LENGTH_M = 0.5e-6, 90e-9


@dataclass(frozen=True)
class Core:
    """The reference at one temperature: voltages in V, currents in A, gains as ratios."""

    current: float
    reference_v: float
    output_siemens: float
    loop_gain: float
    room_amplifier_v: float
    room_mirror_v: float
    mirror: Device
    pair: Device
    load: Device


def base_emitter_v(current: float, area: float, kelvin: float) -> float:
    """Base-emitter voltage (V) of `area` unit transistors; 0.66 V at 1 µA in one unit at 300 K."""
    ratio = kelvin / ROOM_K
    thermal = BOLTZMANN_V_K * kelvin
    saturation = GAP_V * (1 - ratio) + 0.66 * ratio - 3.2 * thermal * math.log(ratio)
    return saturation + thermal * math.log(max(current, 1e-12) / (1e-6 * area))


def core(v: Values, kelvin: float) -> Core:
    """Operating point at `kelvin`.

    Raises:
        NoSolutionError: the amplifier cannot turn the mirror on, or only the state without current is left.
    """
    drift = 1 + OHM_PER_OHM_K * (kelvin - ROOM_K)
    ptat_ohm, output_ohm = v["r_ptat"] * UNIT_OHM * drift, v["r_out"] * UNIT_OHM * drift
    proportional_v = BOLTZMANN_V_K * kelvin * math.log(v["n_bjt"])
    error_v = 0.0
    for _ in range(2):
        current = max((proportional_v + error_v) / ptat_ohm, 1e-9)
        tail = current * v["m_tail"] / v["m_mirror"]
        mirror = device(current, v["m_mirror"], "p", v["l_mirror"])
        pair = device(tail / 2, v["m_pair"], "p", v["l_pair"])
        load = device(tail / 2, v["m_load"], "n", v["l_load"])
        tail_device = device(tail, v["m_tail"], "p", v["l_mirror"])
        core_v = base_emitter_v(current, 1.0, kelvin)
        gate_v = SUPPLY_V - mirror.gate_v
        room_amplifier = SUPPLY_V - core_v - pair.gate_v - tail_device.saturation_v
        room_pair = core_v + pair.gate_v - load.gate_v - pair.saturation_v
        room_output = min(gate_v - load.saturation_v, mirror.gate_v - mirror.saturation_v)
        conductance = load.gds * (1 + (v["l_load"] / v["l_mirror"]) ** 0.8)
        first = pair.gm / conductance * alive(room_amplifier) * alive(room_pair) * alive(room_output)
        loop = first * mirror.gm * ptat_ohm
        error_v = max(min((gate_v - load.gate_v) / (1 + first), 0.3), -0.3)
    if gate_v < 0.05:
        raise NoSolutionError("the amplifier cannot turn the mirror on")
    if loop < 1 or proportional_v + error_v < 1e-3:
        raise NoSolutionError("the loop stays in the state without current")
    wanted = core_v + output_ohm * current * (1 + 0.35 / v["l_mirror"] ** 0.8 * (core_v - 1.2) * 0.3)
    short = max(wanted + mirror.saturation_v - SUPPLY_V, 0.0)
    reference = min(wanted, SUPPLY_V - mirror.saturation_v / (1 + short / mirror.saturation_v))
    room_mirror = SUPPLY_V - reference - mirror.saturation_v
    room = min(room_amplifier, room_pair)
    return Core(current, reference, conductance, loop, room, room_mirror, mirror, pair, load)


def uncertainty(v: Values, point: Core) -> tuple[float, float]:
    """Three standard deviations of the reference (V) and its noise from 0.1 Hz to 10 kHz (V)."""
    resistance = v["r_ptat"] * UNIT_OHM
    gain = v["r_out"] / v["r_ptat"]
    areas = {
        name: v["m_" + name] * FINGER_M * v["l_" + name] * LENGTH_M for name in ("pair", "load", "mirror")
    }
    load_share = point.load.gm / point.pair.gm
    mirror_share = point.mirror.gm * resistance
    squares = 1 / areas["pair"] + load_share**2 / areas["load"] + mirror_share**2 / areas["mirror"]
    spread = MISMATCH_V_M * math.sqrt(2 * squares) * gain
    flicker = FLICKER_V2_M2 * math.log(1e5) * 2 * (squares + 2 * load_share**2 / areas["load"])
    white = 4 * BOLTZMANN_J_K * ROOM_K * 1e4 * (resistance + 1.5 * (1 + load_share) / point.pair.gm)
    output_white = 4 * BOLTZMANN_J_K * ROOM_K * 1e4 * v["r_out"] * UNIT_OHM
    return 3 * spread, math.sqrt((flicker + white) * gain**2 + output_white)


def bandgap(v: Values) -> Values:
    """Counts of units (500 ohm, 0.5 um fingers, lengths of 90 nm), cc in pF; the outputs' units are in the
    specification.

    7 of 200 000 uniform random designs meet every limit (4e-5).
    """
    cold, room, hot = (core(v, kelvin) for kelvin in TEMPERATURES_K)
    levels = [each.reference_v for each in (cold, room, hot)]
    drift = (max(levels) - min(levels)) / room.reference_v / (TEMPERATURES_K[-1] - TEMPERATURES_K[0])
    tail = room.current * v["m_tail"] / v["m_mirror"]
    gate_f = v["cc"] * 1e-12 + 3 * room.mirror.gate_f + 2 * room.load.drain_f
    first_pole = room.output_siemens / gate_f / (2 * math.pi)
    unity = room.loop_gain * first_pole
    junction_f = v["n_bjt"] * 0.25e-12 + 2 * room.mirror.drain_f
    emitter_ohm = 0.02585 / room.current
    branch_pole = 1 / (junction_f * (v["r_ptat"] * UNIT_OHM + emitter_ohm)) / (2 * math.pi)
    mirror_pole = room.load.gm / (2 * room.load.gate_f + room.pair.gate_f + 1e-15) / (2 * math.pi)
    margin = phase_margin(unity, (branch_pole, mirror_pole), 40 * branch_pole)
    loop_10k = room.loop_gain / math.hypot(1.0, 1e4 / first_pole)
    leak = room.mirror.gds * (v["r_out"] * UNIT_OHM + emitter_ohm) / max(loop_10k, 1e-3)
    direct = 0.02 * room.mirror.gds / room.mirror.gm
    dropped = alive(min(room.room_mirror_v, cold.room_mirror_v, hot.room_mirror_v), 0.03)
    spread, noise = uncertainty(v, room)
    gates = 3 * v["m_mirror"] * v["l_mirror"] + 2 * v["m_pair"] * v["l_pair"] + v["m_tail"] * v["l_mirror"]
    gates += 2 * v["m_load"] * v["l_load"]
    return {
        "vref": room.reference_v,
        "tempco": drift * 1e6,
        "psrr": -db(leak + direct + (1 - min(dropped, 1.0))),
        "pm": margin,
        "spread": spread / room.reference_v * 100,
        "noise": noise * 1e6,
        "isupply": (3 * room.current + 2 * tail) * 1e6,
        "startup": (gate_f * 0.8 / tail + 1.5 / unity) * 1e6,
        "area": (v["n_bjt"] + 2) * 20 + (v["r_ptat"] + v["r_out"]) * 4 + gates * 0.07 + v["cc"] * 500,
        "room_amplifier": min(cold.room_amplifier_v, room.room_amplifier_v),
        "room_mirror": min(each.room_mirror_v for each in (cold, room, hot)),
    }


def bandgap_problem() -> Synthetic:
    """The reference from 1.7 V: vref V, tempco ppm/K, psrr dB at 10 kHz, pm degrees, spread % (three standard
    deviations), noise µV, isupply µA, startup µs, area µm²."""
    inputs: tuple[Input, ...] = (
        *whole("n_bjt", 2, 48),
        *whole("r_ptat", 2, 100),
        *whole("r_out", 10, 600),
        *whole("m_mirror m_pair m_load", 1, 64),
        *whole("l_mirror l_pair l_load", 1, 24),
        *whole("m_tail", 1, 64),
        FloatInput("cc", 0.5, 30, step=0.5, unit="pF"),
    )
    spec = ProblemSpec(
        "analytic_bandgap",
        "1",
        inputs,
        outputs("vref tempco psrr pm spread noise isupply startup area"),
        outputs("room_amplifier room_mirror"),
    )
    limits = (
        "vref >= 1.21, vref <= 1.26, tempco <= 50, psrr >= 60, pm >= 50, spread <= 3.5, isupply <= 30, "
        "startup <= 10, area <= 9500"
    )
    return Synthetic(Problem(spec, goal(limits)), bandgap)

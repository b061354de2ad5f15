"""A 2.4 GHz synthesiser: charge pump, passive loop filter of third order, oscillator with a switched tank.

The loop gain, its noise and its reference spurs are computed on a grid of frequencies.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.surrogates.synthetic.closed_form import NoSolutionError, Synthetic, Values, db, goal, outputs
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import FloatInput, Input, IntegerInput, ProblemSpec

CARRIER_HZ, CRYSTAL_HZ = 2.4e9, 80e6
SUPPLY_V = 1.2
RANGE_HZ = 400e6
"""What the coarse bands must cover together, with each half over its neighbour."""
STEP_HZ, SETTLED_HZ = 80e6, 20e3
OFFSET_HZ = np.logspace(3, 8, 41)
ANGULAR = np.asarray(2j * np.pi * OFFSET_HZ, dtype=np.complex128)
THERMAL_J = 4 * 1.380649e-23 * 300


@dataclass(frozen=True)
class Oscillator:
    """Tuning constant in Hz/V, white phase noise times offset squared in rad² Hz, corner of flicker in Hz."""

    tuning_hz_v: float
    phase_noise: float
    corner_hz: float


@dataclass(frozen=True)
class Loop:
    """Open-loop gain (offset,) and what the filter does: impedance (offset,) in ohm, crossover, margin."""

    gain: NDArray[np.complex128]
    impedance: NDArray[np.complex128]
    crossover_hz: float
    margin_deg: float


def oscillator(v: Values) -> Oscillator:
    """The LC oscillator at 2.4 GHz.

    Raises:
        NoSolutionError: the fixed capacitance exceeds what resonates with the inductor, or the pair does not
            make up for the losses of the tank.
    """
    omega = 2 * math.pi * CARRIER_HZ
    inductor, current = v["l_tank"] * 1e-9, v["i_vco"] * 1e-3
    total_f = 1 / (omega**2 * inductor)
    varactor_f = 2 * v["kvco"] * 1e6 / CARRIER_HZ * total_f * 1.2
    bank_f = 2 * (RANGE_HZ / CARRIER_HZ) * total_f
    fixed_f = 120e-15 + 1.5e-15 * v["w_vco"] + 4e-15 * 2 ** v["bits"] + 0.4 * bank_f + 0.8 * varactor_f
    if fixed_f > total_f:
        raise NoSolutionError("the tank cannot reach the carrier frequency")
    coil_q = 15 / (1 + ((v["l_tank"] - 1.6) / 3) ** 2)
    loss = 1 / coil_q + (varactor_f / total_f) / 12 + (bank_f / total_f) * (0.02 + 0.008 * v["bits"])
    parallel_ohm = omega * inductor / loss
    # 9 S/A in weak inversion, less where the pair is narrow for its current
    transconductance = 9 * current / (1 + 2 * v["i_vco"] / v["w_vco"] * 30) ** 0.5
    excess = transconductance * parallel_ohm
    if excess < 1:
        raise NoSolutionError("the oscillator does not start")
    driven_v = 2 / math.pi * current * parallel_ohm * math.sqrt(1 - 1 / excess)
    amplitude = driven_v / (1 + (driven_v / 0.85) ** 4) ** 0.25
    factor = 1 + 0.9 * max(excess, 2.0) / 2 * (1 + (driven_v / 0.85) ** 2)
    carrier_w = max(amplitude, 1e-3) ** 2 / (2 * parallel_ohm)
    noise = THERMAL_J / 2 * factor / carrier_w * (CARRIER_HZ * loss / 2) ** 2
    return Oscillator(v["kvco"] * 1e6, noise, 3e5 * (30 / v["w_vco"]) ** 0.5)


def loop(v: Values) -> Loop:
    """Open-loop gain with the sampling delay of the phase detector.

    Raises:
        NoSolutionError: the loop does not lock.
    """
    reference_hz = CRYSTAL_HZ / v["r_div"]
    divider = CARRIER_HZ / reference_hz
    c1, c2, c3 = v["c1"] * 1e-12, v["c2"] * 1e-12, v["c3"] * 1e-12
    r1, r3 = v["r1"] * 1e3, v["r3"] * 1e3
    main = 1 / (ANGULAR * c2 + 1 / (r1 + 1 / (ANGULAR * c1)))
    last = 1 / (ANGULAR * c3)
    impedance = main * last / (main + r3 + last)
    delay = np.exp(-ANGULAR * 0.5 / reference_hz)
    gain = v["icp"] * 1e-6 * impedance * v["kvco"] * 1e6 / (ANGULAR * divider) * delay
    level = np.log(np.abs(gain))
    above = np.flatnonzero(level > 0)
    if len(above) == 0 or above[-1] == len(level) - 1:
        raise NoSolutionError("the loop does not lock: no crossover")
    last_above = int(above[-1])
    share = level[last_above] / (level[last_above] - level[last_above + 1])
    crossover = OFFSET_HZ[last_above] * (OFFSET_HZ[last_above + 1] / OFFSET_HZ[last_above]) ** share
    phase = np.unwrap(np.angle(gain))
    phase -= 2 * np.pi * (phase[0] > 0)  # two integrators begin at -180 degrees
    at_crossover = phase[last_above] + share * (phase[last_above + 1] - phase[last_above])
    margin = 180 + math.degrees(at_crossover)
    if crossover > reference_hz / 3 or margin < -60:
        raise NoSolutionError("the loop does not lock: it oscillates")
    return Loop(gain, impedance, float(crossover), margin)


def pump_saturation_v(v: Values) -> float:
    """Voltage (V) that a current source of the charge pump needs."""
    return 0.1 + 0.5 * math.sqrt(v["icp"] / 60 / v["w_pump"])


def jitter_s(v: Values, closed: Loop, tank: Oscillator) -> float:
    """Root mean square jitter (s) from 1 kHz to 100 MHz; noise densities are those of one sideband."""
    reference_hz = CRYSTAL_HZ / v["r_div"]
    divider = CARRIER_HZ / reference_hz
    current = v["icp"] * 1e-6
    difference = np.maximum(np.abs(1 + closed.gain), 1e-2)
    low_pass, high_pass = np.abs(closed.gain) / difference, 1 / difference
    on_share = 300e-12 * reference_hz
    pump = (
        THERMAL_J * 2 * 1.5 * current / pump_saturation_v(v) * on_share * (1 + 2e5 / OFFSET_HZ / v["w_pump"])
    )
    detector = 4e-17 * (1 + 3e4 / OFFSET_HZ) * (40e6 / reference_hz) ** 0.3
    in_band = (pump / 2 * (2 * np.pi / current) ** 2 + detector) * divider**2 * low_pass**2
    c1, c2 = v["c1"], v["c2"]
    resistor = THERMAL_J / 2 * (v["r1"] * 1e3 * (c1 / (c1 + c2)) ** 2 + v["r3"] * 1e3)
    roll_off = 1 + (OFFSET_HZ / (20 * closed.crossover_hz)) ** 2
    filtered = resistor * (tank.tuning_hz_v / OFFSET_HZ) ** 2 / roll_off
    own = tank.phase_noise / OFFSET_HZ**2 * (1 + tank.corner_hz / OFFSET_HZ)
    density = in_band + (filtered + own) * high_pass**2
    variance = float(np.sum((density[1:] + density[:-1]) / 2 * np.diff(OFFSET_HZ)))
    return math.sqrt(2 * variance) / (2 * math.pi * CARRIER_HZ)


def synthesise(v: Values) -> Values:
    """icp in uA, widths in um, r in kohm, c in pF, kvco in MHz/V, l_tank in nH, i_vco in mA; two counts.

    58 of 500 000 uniform random designs meet every limit (1.2e-4).
    """
    tank, closed = oscillator(v), loop(v)
    reference_hz = CRYSTAL_HZ / v["r_div"]
    usable_v = max(SUPPLY_V - 2 * pump_saturation_v(v) - 0.1, 0.01)
    coverage = usable_v * v["kvco"] * 1e6 * 2 ** v["bits"] / 1.5 / RANGE_HZ
    mismatch = 0.03 / math.sqrt(v["w_pump"] / 4) + 0.15 / (1 + (usable_v / 0.5) ** 2)
    leak_a = v["icp"] * 1e-6 * mismatch * 300e-12 * reference_hz + 1e-9 + 2e-10 * v["w_pump"] ** 0.5
    at_reference = np.interp(math.log(reference_hz), np.log(OFFSET_HZ), np.log(np.abs(closed.impedance)))
    spur = db(2 * leak_a * math.exp(at_reference) * tank.tuning_hz_v / (2 * reference_hz))
    damping = max(math.sin(math.radians(closed.margin_deg)), 0.02)
    decay = math.pi * closed.crossover_hz * damping
    band_hz = min(STEP_HZ, usable_v * tank.tuning_hz_v)
    slew_s = band_hz / tank.tuning_hz_v * (v["c1"] + v["c2"] + v["c3"]) * 1e-6 / v["icp"]
    search_s = v["bits"] * 8 / reference_hz
    lock = min(slew_s + search_s + math.log(band_hz / SETTLED_HZ) / decay, 5e-3)
    digital_ma = 0.8 + 0.01 * reference_hz * 1e-6 + 0.05 * v["bits"]
    return {
        "pm": closed.margin_deg,
        "bandwidth": closed.crossover_hz * 1e-3,
        "lock": lock * 1e6,
        "jitter": min(jitter_s(v, closed, tank) * 1e15, 1e6),
        "spur": spur,
        "coverage": coverage * 100,
        "power": SUPPLY_V * (v["i_vco"] + 2.5 * v["icp"] * 1e-3 + digital_ma),
        "area": (v["c1"] + v["c2"] + v["c3"]) / 4e3 + 0.02 * v["l_tank"] + 0.03 + 2e-4 * v["w_pump"],
    }


def pll_problem() -> Synthetic:
    """The synthesiser: pm degrees, bandwidth kHz, lock µs, jitter fs (root mean square), spur dBc, coverage %
    of the tuning range, power mW, area mm²."""
    inputs: tuple[Input, ...] = (
        FloatInput("icp", 5, 1000, scale="log", unit="uA"),
        FloatInput("w_pump", 1, 200, scale="log", unit="um"),
        FloatInput("r1", 0.3, 100, scale="log", unit="kohm"),
        FloatInput("c1", 10, 2000, scale="log", unit="pF"),
        FloatInput("c2", 0.5, 200, scale="log", unit="pF"),
        FloatInput("r3", 0.1, 50, scale="log", unit="kohm"),
        FloatInput("c3", 0.2, 100, scale="log", unit="pF"),
        FloatInput("kvco", 10, 300, scale="log", unit="MHz/V"),
        FloatInput("l_tank", 0.4, 4, scale="log", unit="nH"),
        FloatInput("i_vco", 0.5, 12, scale="log", unit="mA"),
        FloatInput("w_vco", 5, 200, scale="log", unit="um"),
        IntegerInput("bits", 2, 7),
        IntegerInput("r_div", 1, 8),
    )
    spec = ProblemSpec(
        "analytic_pll", "1", inputs, outputs("pm bandwidth lock jitter spur coverage power area")
    )
    limits = (
        "pm >= 50, pm <= 65, lock <= 25, jitter <= 450, spur <= -72, coverage >= 105, power <= 9, "
        "area <= 0.25"
    )
    return Synthetic(Problem(spec, goal(limits)), synthesise)

"""Two problems with windows on a frequency: a ring oscillator, an oscillator with a resonator."""

import math

from benchmarks.surrogates.synthetic.closed_form import (
    SLOPE,
    SUPPLY_V,
    THERMAL_V,
    NoSolutionError,
    Synthetic,
    Values,
    alive,
    device,
    goal,
    outputs,
)
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, Input, IntegerInput, ProblemSpec

STAGES = (3, 5, 7, 9)


def ring(v: Values) -> Values:
    """A current-starved ring at a control voltage of 0.8 V."""
    stages = STAGES[int(v["stages"])]
    fingers_n, fingers_p, length = v["wn"] * 2, v["wp"] * 2, v["l"]
    load_f = (fingers_n + fingers_p) * length * 0.6e-15 + (fingers_n + fingers_p) * 0.45e-15
    load_f += v["cload"] * 1e-15

    drive = (0.8 - 0.4) / (2 * SLOPE * THERMAL_V)
    specific = 2 * SLOPE * 280e-6 * THERMAL_V**2 * v["wstarve"] * 2 * 5.5 / v["lstarve"]
    middle = specific * math.log1p(math.exp(drive)) ** 2
    frequency = middle / (stages * load_f * SUPPLY_V)
    driver_n, driver_p = device(middle, fingers_n, "n", length), device(middle, fingers_p, "p", length)
    if driver_n.saturation_v + driver_p.saturation_v > SUPPLY_V:
        raise NoSolutionError("the stages cannot carry the starving current")
    imbalance = abs(math.log(driver_n.gm / driver_p.gm))
    noise = 10 * math.log10(
        4 * 1.38e-23 * 300 / middle * (1 + imbalance**2) * (frequency / 1e6) ** 2 * 6 / SUPPLY_V / stages**0.5
    )
    return {
        "frequency": frequency,
        "noise": noise,
        "power": middle * SUPPLY_V * stages * 1e6 * 0.6,
        "duty": 50 + 20 * math.tanh(math.log(driver_n.gm / driver_p.gm)),
        "area": stages * (fingers_n + fingers_p) * length + v["wstarve"] * v["lstarve"] * 2,
    }


def resonator(v: Values) -> Values:
    """A cross-coupled pair with an inductor and varactors: starts only with enough gain."""
    inductance = v["inductance"] * 1e-9
    quality = {0: 8.0, 1: 12.0, 2: 16.0}[int(v["metal"])] * (1 - 0.04 * v["inductance"])
    current = v["ib"] * 1e-3
    pair = device(current / 2, v["w"] * 2, "n", v["l"])
    fixed_f = 2 * pair.gate_f + pair.drain_f + v["cfix"] * 1e-15 + 20e-15 * (1 + int(v["metal"]))
    varactor_f = v["wvar"] * 1.2e-15
    lowest, highest = (
        1 / (2 * math.pi * math.sqrt(inductance * (fixed_f + share * varactor_f))) for share in (1.0, 0.35)
    )
    middle = math.sqrt(lowest * highest)
    parallel = quality * 2 * math.pi * middle * inductance / (1 + 0.2 * varactor_f / fixed_f)
    startup = pair.gm * parallel / 2
    if startup < 0.35:
        raise NoSolutionError("no oscillation was found")
    running = alive(startup - 1.2, 0.08)
    swing = min(current * parallel * 0.64, 1.1) * running
    noise_factor = 1 + 0.9 * pair.gm * parallel * 0.3 * (1 + 2 * max(swing - 0.9, 0))
    noise = (
        4
        * 1.38e-23
        * 300
        * parallel
        * noise_factor
        / max(swing, 1e-3) ** 2
        * (middle / 2 / quality / 1e6) ** 2
    )
    return {
        "lowest": lowest * 1e-9,
        "highest": highest * 1e-9,
        "startup": startup,
        "swing": swing,
        "noise": 10 * math.log10(noise),
        "power": current * SUPPLY_V * 1e3,
    }


def ring_problem() -> Synthetic:
    """Its specifications hold for 8 of 300,000 uniform random designs; half of all have no solution."""
    inputs: tuple[Input, ...] = (
        CategoryInput("stages", tuple(str(each) for each in STAGES)),
        *(FloatInput(name, 0.2, 40, scale="log", unit="um") for name in ("wn", "wp", "wstarve")),
        *(FloatInput(name, 1, 8, scale="log") for name in ("l", "lstarve")),
        FloatInput("cload", 0.1, 100, scale="log", unit="fF"),
    )
    spec = ProblemSpec("analytic_ring", "1", inputs, outputs("frequency noise power duty area"))
    limits = (
        "frequency >= 0.97e9, frequency <= 1.03e9, noise <= -91, "
        "power <= 300, duty >= 48, duty <= 52, area <= 150"
    )
    return Synthetic(Problem(spec, goal(limits)), ring)


def resonator_problem() -> Synthetic:
    """Its specifications hold for 5 of 300,000 uniform random designs."""
    inputs: tuple[Input, ...] = (
        FloatInput("inductance", 0.2, 8, unit="nH"),
        CategoryInput("metal", ("thin", "thick", "stacked")),
        FloatInput("ib", 0.1, 10, unit="mA"),
        IntegerInput("w", 2, 200, unit="um"),
        FloatInput("l", 1, 4, step=0.25),
        IntegerInput("wvar", 5, 500, unit="um"),
        FloatInput("cfix", 0, 500, unit="fF"),
    )
    spec = ProblemSpec("analytic_resonator", "1", inputs, outputs("lowest highest startup swing noise power"))
    limits = (
        "lowest <= 4.8, highest >= 5.3, lowest >= 4.5, startup >= 2.5, "
        "swing >= 0.7, noise <= -116, power <= 2.5"
    )
    return Synthetic(Problem(spec, goal(limits)), resonator)

"""A made-up design run with everything that a page can show."""

import numpy as np

from sciml.report.design_data import (
    CheckEntry,
    Curve,
    DesignReport,
    DeviceEntry,
    FailureEntry,
    ParetoPlot,
    PredictionPairs,
    Quantity,
    SpecEntry,
    Trace,
    WavePanel,
)

SPECIFICATIONS = (
    SpecEntry("gain >= 300", "gain", "V/V", 300.0, 1.0),
    SpecEntry("ugbw >= 1e+07", "ugbw", "Hz", 1e7, 1.0),
    SpecEntry("ibias <= 0.0002", "ibias", "A", 2e-4, -1.0),
)


def make_trace(seed, simulations=120, first=None):
    """Violations that shrink; simulation 7 failed, 11 was stopped before its last output was measured."""
    generator = np.random.default_rng(seed)
    scale = np.exp(-np.arange(simulations) / 30)[:, None]
    violations = np.maximum(scale * generator.uniform(size=(simulations, 3)) - 0.05, 0)
    outcomes = ["missed"] * simulations
    violations[6] = np.nan
    violations[10, 2] = np.nan
    outcomes[6], outcomes[10] = "failed", "stopped"
    cost = np.nanmean(np.where(np.isnan(violations), 1.0, violations), axis=1)
    for i in range(simulations):
        if outcomes[i] == "missed" and (violations[i] == 0).all():
            outcomes[i] = "met"
            first = first or i + 1
    return Trace(seed, cost, violations, outcomes, first)


def make_report(seeds=1, title="Design of two_stage_opamp", **changes):
    generator = np.random.default_rng(0)
    frequency = np.logspace(0, 10, 101)
    time, settled = np.linspace(0, 3e-7, 60), 0.62 - 0.02 * np.exp(-np.linspace(0, 9, 60))
    gain = 20 * np.log10(400 / np.abs(1 + 1j * frequency / 3e4))
    truth = generator.lognormal(mean=5.5, sigma=0.5, size=40)
    guess = truth * generator.lognormal(sigma=0.1, size=40)
    points = generator.uniform(1, 2, size=(30, 2))
    front = np.array([not (points <= point).all(axis=1).sum() > 1 for point in points])
    values = {
        "title": title,
        "subtitle": "3 specifications, 4 inputs, ngspice",
        "verdict": "Feasible after 87 simulations.",
        "is_feasible": True,
        "specifications": SPECIFICATIONS,
        "traces": tuple(make_trace(seed) for seed in range(seeds)),
        "inputs": (
            Quantity("mp1", 34, "", "1 to 99"),
            Quantity("cc", 2.2, "pF", "0.1 to 9.9 in steps of 0.1"),
            Quantity("kind", "nmos", "", "one of nmos, pmos"),
        ),
        "outputs": (
            Quantity("gain", 412.3, "V/V"),
            Quantity("ugbw", 1.34e7, "Hz"),
            Quantity("ibias", 1.234e-4, "A"),
            Quantity("area", 123.4, "um2"),
        ),
        "margins": (0.374, 0.34, 0.383),
        "predictions": (
            PredictionPairs("gain", "V/V", guess, guess * 0.8, guess * 1.25, truth, (300.0,)),
            PredictionPairs("ugbw", "Hz", guess * 3e4, guess * 2e4, guess * 5e4, truth * 3e4, (1e7,)),
        ),
        "pareto": ParetoPlot(("power (W), less is better", "area (um2), less"), points, front, 0.61),
        "panels": (
            WavePanel(
                "Open loop: magnitude", "frequency (Hz)", "gain (dB)", True,
                (Curve("first design", frequency, gain - 20), Curve("best design", frequency, gain)),
            ),
            WavePanel(
                "Step response", "time (s)", "v(out) (V)", False,
                (
                    Curve("first design", time, 0.6 + 0.02 * np.linspace(0, 1, 60) ** 2),
                    Curve("best design", time, settled),
                ),
            ),
        ),
        "devices": (
            DeviceEntry("mp1", "pmos", 0.5, 0.09, 34, "", "d1 d1 vdd vdd"),
            DeviceEntry("cc", "capacitor", value="2.2 pF", nodes="d2 out"),
        ),
        "check": (
            CheckEntry("gain", "V/V", 412.3, 412.3, ("gain >= 300",), True),
            CheckEntry("ibias", "A", 1.234e-4, 2.1e-4, ("ibias <= 0.0002",), False),
            CheckEntry("area", "um2", 123.4, 123.4, (), True),
        ),
        "check_note": "ngspice-39, in process, not from the store.",
        "failures": (FailureEntry("not converged", 1, "singular matrix at node 3", "kept/7.cir"),),
        "netlist": ("two_stage_opamp.cir", "* best design <1>\nM1 d g s b nch w=0.5u l=90n m=34\n.end\n"),
        "facts": {"sciml": "0.1.0", "seed": "0", "mode": "default"},
    }  # fmt: skip
    return DesignReport(**{**values, **changes})

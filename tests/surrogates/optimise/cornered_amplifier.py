"""An analytic amplifier whose outputs shift with process, temperature and mismatch, for robust design."""

import numpy as np

from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Row, stack_rows
from sciml.surrogates.simulator import NOMINAL, Corner
from sciml.surrogates.specification import Goal, Objective, Specification

SPEC = ProblemSpec(
    "cornered",
    "1",
    inputs=(
        IntegerInput("m1", 1, 80),
        IntegerInput("m2", 1, 80),
        FloatInput("cc", 0.2, 6.0, step=0.1, unit="pF"),
        FloatInput("ibias", 1e-6, 1e-4, unit="A", scale="log"),
    ),
    outputs=(Output("gain"), Output("ugbw", "Hz"), Output("power", "W"), Output("area")),
)
GOAL = Goal(
    (
        Specification("gain", minimum=120.0),
        Specification("ugbw", minimum=2e7),
        Specification("power", maximum=2.5e-4),
    )
)
CORNERS = (
    Corner("tt"),
    Corner("ss", {"speed": 0.8, "temperature": 85}),
    Corner("ff", {"speed": 1.25, "temperature": -40}),
    Corner("sf", {"speed": 0.95, "temperature": 85}),
    Corner("fs", {"speed": 1.05, "temperature": -40}),
)
PROBLEM = Problem(SPEC, GOAL, corners=CORNERS)
TWO_OBJECTIVES = Problem(SPEC, Goal(GOAL.specifications, (Objective("power"), Objective("area"))))


def outputs(designs, corner=NOMINAL, seed=None, shift=0.0):
    """(design, output); `shift` is what a second fidelity loses in bandwidth."""
    m1, m2, cc, ibias = designs.T
    speed = float(corner.parameters.get("speed", 1.0))
    heat = (float(corner.parameters.get("temperature", 27)) + 273) / 300
    draw = np.zeros(2) if seed is None else np.random.default_rng(seed).normal(size=2)
    current = ibias * (1 + m2 / 20) * speed**1.5
    overdrive = np.sqrt(current / (m1 * 4e-5)) / speed
    gm = 2 * current / (overdrive + 0.06 * heat) * (1 + 0.03 * draw[0] / np.sqrt(m1))
    gain = 30 * gm / current / speed / (1 + 30 / m2) * (1 + 0.1 * draw[1] / np.sqrt(m2))
    ugbw = gm / (2 * np.pi * (cc + 0.01 * m1 * (1 + shift)) * 1e-12) / (1 + shift)
    power = 1.2 * current * 3
    return np.stack([gain, ugbw, power, m1 + m2 + 8 * cc], axis=1)


class CorneredSimulator:
    """The truth; `m1` above 75 fails. Counts simulations by corner."""

    spec = SPEC

    def __init__(self, shift=0.0):
        self.shift, self.asked = shift, []

    def run(self, designs, *, corner=NOMINAL, seed=None, cutoff=None):
        self.asked += [(corner.name, seed)] * len(designs)
        values = outputs(designs, corner, seed, self.shift)
        failure = Failure(FailureKind.NOT_CONVERGED, "no operating point")
        rows = [
            Row({}, failure=failure)
            if design[0] > 75
            else Row(dict(zip(SPEC.output_names, row.tolist(), strict=True)))
            for design, row in zip(designs, values, strict=True)
        ]
        return stack_rows(rows, SPEC)

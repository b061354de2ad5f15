"""A made-up amplifier with the traits of a circuit: ratios, a dead region, opposing goals, rare failures."""

import numpy as np

from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Result, Row, stack_rows
from sciml.surrogates.simulator import NOMINAL
from sciml.surrogates.specification import Goal, Objective, Specification

SPEC = ProblemSpec(
    "amplifier",
    "1",
    inputs=(
        IntegerInput("m_in", 1, 99),
        IntegerInput("m_load", 1, 99),
        IntegerInput("m_tail", 1, 99),
        FloatInput("cc", 0.1, 9.9, step=0.1, unit="pF"),
        FloatInput("ibias", 1e-6, 1e-4, unit="A", scale="log"),
        CategoryInput("device", ("slow", "fast")),
    ),
    outputs=(Output("gain"), Output("ugbw", "Hz"), Output("pm", "deg"), Output("power", "W")),
    auxiliary=(Output("margin", "V"),),
)
GOAL = Goal(
    (
        Specification("gain", minimum=300.0),
        Specification("ugbw", minimum=1e7),
        Specification("pm", minimum=60.0),
        Specification("power", maximum=5e-4),
    ),
    (Objective("power"),),
)
PROBLEM = Problem(SPEC, GOAL)


def outputs(designs):
    """True outputs (design, output) and margin (design, 1)."""
    m_in, m_load, m_tail, cc, ibias, device = designs.T
    current = ibias * m_tail / 4
    gm = 15 * current / (1 + 8 * current / (1e-5 * m_in)) * np.where(device > 0, 1.5, 1.0)
    margin = 0.25 - 0.08 * np.log(current / (2e-6 * m_load))
    alive = 1 / (1 + np.exp(-margin / 0.03))
    gain = 4e3 * (gm / (15 * current)) ** 1.2 * alive + 1e-6
    ugbw = gm / (2 * np.pi * cc * 1e-12) * (0.2 + 0.8 * alive)
    pm = 90 - np.degrees(np.arctan(ugbw / (4e7 * np.sqrt(m_load / 20)))) - 25 / cc
    power = 1.2 * (current * 4 + ibias)
    return np.stack([gain, ugbw, pm, power], axis=1), margin[:, None]


def fails(designs):
    """Where the made-up solver does not converge: a corner of the space."""
    return (designs[:, 0] > 80) & (designs[:, 2] < 30)


def simulate(designs):
    """The result of simulating designs (design, input)."""
    values, margin = outputs(designs)
    failed = fails(designs)
    failure = Failure(FailureKind.NOT_CONVERGED, "no operating point")
    rows = [
        Row({}, {}, failure, 0.01)
        if failed[i]
        else Row(dict(zip(SPEC.output_names, values[i], strict=True)), {"margin": margin[i, 0]}, None, 0.02)
        for i in range(len(designs))
    ]
    return stack_rows(rows, SPEC)


class AmplifierSimulator:
    """The truth as a `Simulator` that counts what it is asked."""

    spec = SPEC
    identity = "amplifier 1"

    def __init__(self):
        self.asked = 0

    def run(self, designs, *, corner=NOMINAL, seed=None, cutoff=None) -> Result:
        self.asked += len(designs)
        return simulate(designs)


def training_set(count, seed=0):
    """Random designs and their result."""
    designs = SPEC.random(count, np.random.default_rng(seed))
    return designs, simulate(designs)

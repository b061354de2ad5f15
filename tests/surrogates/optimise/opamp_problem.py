"""Small problems with answers known by hand, and a simulator that computes them in this process."""

from collections.abc import Callable

import numpy as np

from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Row, stack_rows
from sciml.surrogates.simulator import NOMINAL
from sciml.surrogates.specification import Goal, Objective, Specification

SPEC = ProblemSpec(
    name="amplifier",
    version="1",
    inputs=(
        IntegerInput("w1", 1, 60),
        IntegerInput("w2", 1, 60),
        FloatInput("cc", 0.1, 6.0, step=0.1, unit="pF"),
        FloatInput("rz", 10.0, 1e4, unit="ohm", scale="log"),
        CategoryInput("load", ("diode", "mirror", "cascode")),
    ),
    outputs=(Output("gain"), Output("ugbw", "MHz"), Output("power", "uW")),
)
GOAL = Goal(
    (
        Specification("gain", minimum=80.0),
        Specification("ugbw", minimum=40.0),
        Specification("power", maximum=45.0),
    )
)
PROBLEM = Problem(SPEC, GOAL)
WITH_OBJECTIVE = Problem(SPEC, Goal(GOAL.specifications, (Objective("power"),)))


def amplifier(values: dict[str, float | int | str]) -> dict[str, float]:
    """Gain falls with current, bandwidth is gm / C; a cascode that is too wide has no operating point."""
    w1, w2, cc = float(values["w1"]), float(values["w2"]), float(values["cc"])
    if values["load"] == "cascode" and w2 > 50:
        raise ArithmeticError("no operating point")
    output = {"diode": 0.3, "mirror": 1.0, "cascode": 1.8}[str(values["load"])]
    gm = np.sqrt(w1 * w2)
    loss = 1 + abs(np.log(float(values["rz"]) / 300))
    return {
        "gain": 12 * output * gm / np.sqrt(w2) / loss * 3,
        "ugbw": 4 * gm / cc / loss,
        "power": 0.9 * w2 + 0.3 * w1,
    }


class FunctionSimulator:
    """A simulator in this process that counts its runs."""

    def __init__(
        self, function: Callable = amplifier, spec: ProblemSpec = SPEC, store: dict | None = None
    ) -> None:
        self.spec = spec
        self.function = function
        self.store = store
        self.batches: list[np.ndarray] = []
        self.runs = 0

    def run(self, designs, *, corner=NOMINAL, seed=None, cutoff=None):
        """Simulate; designs in the store are answered without a run."""
        self.batches.append(designs.copy())
        return stack_rows([self._row(design) for design in designs], self.spec)

    def _row(self, design: np.ndarray) -> Row:
        key = design.tobytes()
        if self.store is not None and key in self.store:
            return self.store[key]
        self.runs += 1
        try:
            row = Row(self.function(self.spec.to_values(design)))
        except ArithmeticError as error:
            row = Row({}, failure=Failure(FailureKind.NOT_CONVERGED, str(error)))
        if self.store is not None:
            self.store[key] = row
        return row

"""A design problem: inputs, outputs, goal, corners, and the simulator that answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.simulator import Corner
from sciml.surrogates.specification import Goal


@dataclass(frozen=True)
class Problem:
    """One problem, as a problem file or a caller gives it.

    Attributes:
        spec: inputs and outputs.
        goal: specifications and objectives.
        timeout_s: wall time of one simulation.
        corners: conditions for robust design; empty where only the nominal one counts.
        simulator: what the file says of its simulator (`{"kind": "ngspice", …}` or `{"kind": "command",
            "command": […]}`); empty where the caller brings one.
        source: the file it was read from, for messages and relative paths.
    """

    spec: ProblemSpec
    goal: Goal
    timeout_s: float = 60.0
    corners: tuple[Corner, ...] = ()
    simulator: Mapping[str, Any] = field(default_factory=dict)
    source: Path | None = None

    def __post_init__(self) -> None:
        self.goal.check(self.spec)

"""An analytic problem under a callable simulator, run as `sciml design` runs it."""

import numpy as np

from sciml.surrogates.callable_simulator import CallableSimulator
from sciml.surrogates.problem import Problem
from sciml.surrogates.session.session import run_session
from sciml.surrogates.session.settings import SessionSettings
from tests.surrogates.optimise import cornered_amplifier
from tests.surrogates.optimise.cornered_amplifier import GOAL, PROBLEM, SPEC

IN_PROCESS = {"kind": "command", "command": ["none"]}
"""A simulator of this kind runs in this process; the command is never started."""


def amplifier(values, corner, seed):
    """Outputs of one design; `m1` above 75 fails."""
    if values["m1"] > 75:
        raise ValueError("no operating point")
    row = cornered_amplifier.outputs(SPEC.from_values(values)[None], corner, seed)[0]
    return dict(zip(SPEC.output_names, row.tolist(), strict=True))


class CountingSimulator(CallableSimulator):
    """Notes every job that is simulated; stops the whole run after some, as Ctrl-C does."""

    def __init__(self, stop_after=None):
        super().__init__(SPEC, amplifier, identity="amplifier of the tests 1")
        self.jobs, self.stop_after = [], stop_after

    def simulate(self, job):
        if self.stop_after is not None and len(self.jobs) >= self.stop_after:
            raise KeyboardInterrupt
        self.jobs.append((tuple(sorted(job.values.items())), job.corner.name, job.seed))
        return super().simulate(job)


def in_process(problem):
    """The problem with corners and goal kept, simulated in this process."""
    return Problem(problem.spec, problem.goal, corners=problem.corners, simulator=IN_PROCESS)


def run(problem=PROBLEM, simulator=None, store=None, **settings):
    """A session in evolution mode."""
    chosen = SessionSettings(**{"mode": "evolution", "budget": 150, **settings})
    return run_session(in_process(problem), simulator or CountingSimulator(), chosen, store)


def is_truly_feasible(design):
    """Whether the analytic truth meets the goal."""
    return bool(GOAL.feasible(cornered_amplifier.outputs(np.asarray(design)[None]), SPEC)[0])

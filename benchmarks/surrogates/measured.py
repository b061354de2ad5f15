"""A shipped circuit for a benchmark: simulated in this process, remembered, and every design counted."""

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciml import __version__
from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.circuits.catalogue import circuit_named, circuit_problem
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff
from sciml.surrogates.store import Store

Array = NDArray[np.float64]


class Measured:
    """A circuit's truth that counts what is asked of it, whether or not a store knows the answer.

    Attributes:
        asked: designs asked so far; one at five corners counts five.
    """

    def __init__(self, problem: Problem, simulator: BatchSimulator) -> None:
        self.problem, self.simulator, self.asked = problem, simulator, 0

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self.problem.spec

    def run(
        self,
        designs: Array,
        *,
        corner: Corner = NOMINAL,
        seed: int | None = None,
        cutoff: Cutoff | None = None,
    ) -> Result:
        """Simulate designs (design, input); a cutoff is left aside, so that results do not depend on it."""
        self.asked += len(designs)
        return self.simulator.run(designs, corner=corner, seed=seed)


def measured_circuit(
    name: str, fidelity: str = "schematic", *, corners: bool = False, store: Path | None = None
) -> Measured:
    """A shipped circuit, in this process.

    Args:
        name: of the circuit.
        fidelity: `schematic` or `layout`.
        corners: the robust problem.
        store: file that keeps simulations between runs of a benchmark; None for no memory. Counts are the
            same with and without it.
    """
    problem = circuit_problem(name, fidelity, corners=corners)
    circuit = circuit_named(problem.simulator["circuit"], fidelity)
    row_simulator = NgspiceSimulator(circuit, mode="library", timeout_s=problem.timeout_s)
    memory = None if store is None else Store(store)
    return Measured(problem, BatchSimulator(row_simulator, store=memory))


def print_header(circuit: Measured) -> None:
    """Commit, versions and simulator."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    commit = done.stdout.strip() or "unknown"
    print(f"sciml {__version__}, commit {commit}; {circuit.simulator.row_simulator.identity}; one thread")

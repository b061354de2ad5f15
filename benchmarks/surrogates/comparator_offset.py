"""Is the comparator's offset by Pelgrom's law the one that ngspice has with drawn mismatch?

For each design and each draw of mismatch the input difference at which the second decision turns is found by
bisection between ±`--range` mV; its standard deviation over the draws stands beside `offset_sigma`, which is
not simulated (`sciml.surrogates.circuits.comparator`). The mean is the memory of the first decision, at
-100 mV. The designs are the best of searches with the default optimiser, and random ones that decide rightly.

    python -m benchmarks.surrogates.comparator_offset [--draws 200] [--designs 2] [--seed 0]
"""

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.stats import chi2

from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.circuits.catalogue import circuit_named, circuit_problem
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.modes import make_optimiser
from sciml.surrogates.problem_spec import Value
from sciml.surrogates.simulator import NOMINAL, Job

NAME = "comparator"
HALVINGS = 8
"""The offset of a draw is known to 1/256 of the range's half."""


def decision(difference_v: float, values: dict[str, Value], draw: int) -> float:
    """Output difference after the second decision, V, at this input difference.

    Raises:
        RuntimeError: the simulation failed.
    """
    circuit = circuit_named(NAME)
    halves = {"second_p": difference_v / 2, "second_n": -difference_v / 2}
    simulator = NgspiceSimulator(replace(circuit, constants={**circuit.constants, **halves}), mode="library")
    row = simulator.simulate(Job(values, NOMINAL, draw))
    if row.failure is not None:
        raise RuntimeError(f"{values}, draw {draw}: {row.failure}")
    return row.outputs["decision"]


def offset(values: dict[str, Value], draw: int, half_range_v: float) -> float:
    """Input difference at which the decision turns, V; NaN where it does not within the range."""
    low, high = -half_range_v, half_range_v
    if decision(low, values, draw) > 0 or decision(high, values, draw) < 0:
        return math.nan
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if decision(middle, values, draw) > 0 else (middle, high)
    return (low + high) / 2


def designs_found(count: int, seed: int) -> Iterator[tuple[str, dict[str, Value]]]:
    """Feasible designs of searches with seeds from `seed`, and random ones that decide rightly."""
    problem = circuit_problem(NAME)
    spec = problem.spec
    with BatchSimulator(NgspiceSimulator(circuit_named(NAME), mode="library")) as simulator:
        for one in range(seed, seed + count):
            search = run_design(problem, simulator, make_optimiser("default", problem, one), budget=200)
            if search.best is not None:
                yield f"search {one}", spec.to_values(search.designs[search.best])
        generator, found = np.random.default_rng(seed), 0
        while found < count:
            design = spec.random(1, generator)
            value = simulator.run(design).values[0, spec.output_names.index("decision")]
            if value > 1.0:
                found += 1
                yield f"random {found}", spec.to_values(design[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--designs", type=int, default=2, help="of each kind")
    parser.add_argument("--range", type=float, default=25.0, help="mV, to both sides")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print("| design | by Pelgrom's law, mV | simulated, mV (95 %) | ratio | mean, mV | draws | CPU s |")
    print("|---|---|---|---|---|---|---|")
    circuit = circuit_named(NAME)
    simulator = NgspiceSimulator(circuit, mode="library")
    for name, values in designs_found(arguments.designs, arguments.seed):
        start = time.process_time()
        law = simulator.simulate(Job(values)).outputs["offset_sigma"]
        drawn = [offset(values, draw, arguments.range / 1e3) for draw in range(arguments.draws)]
        turned = np.array(drawn)[~np.isnan(drawn)]
        free = len(turned) - 1
        sigma = float(turned.std(ddof=1))
        low, high = sigma * np.sqrt(free / chi2.ppf((0.975, 0.025), free))
        seconds = time.process_time() - start
        print(
            f"| {name} | {law * 1e3:.2f} | {sigma * 1e3:.2f} ({low * 1e3:.2f} to {high * 1e3:.2f}) | "
            f"{sigma / law:.2f} | {turned.mean() * 1e3:.2f} | {len(turned)} of {len(drawn)} | "
            f"{seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

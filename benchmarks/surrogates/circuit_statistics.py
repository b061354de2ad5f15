"""How hard are the shipped circuits, and how far is a layout from its schematic?

For each circuit: the share of uniform random designs that meet each limit; the share of feasible designs
(`rare_designs.py`); over neighbours of feasible designs, rank correlation and shift of every output between
the fidelities and how many schematic-feasible designs a layout leaves feasible; how many feasible designs
pass the five corners at the nominal limits.

    python -m benchmarks.surrogates.circuit_statistics [CIRCUIT …] [--random 600] [--level 400] [--seed 0]
"""

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.surrogates.rare_designs import find_rare_designs
from sciml.surrogates.circuits.catalogue import CIRCUITS, circuit_named, circuit_problem
from sciml.surrogates.circuits.process import FIVE_CORNERS
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Row
from sciml.surrogates.simulator import NOMINAL, Corner, Job

Array = NDArray[np.float64]
NEIGHBOURS = 80
NEAR = 0.05
"""Neighbours differ by up to this share of each input's range."""


class Bench:
    """A circuit's simulator at one fidelity, in this process."""

    def __init__(self, name: str, fidelity: str) -> None:
        self.problem: Problem = circuit_problem(name, fidelity)
        self._simulator = NgspiceSimulator(circuit_named(name, fidelity), mode="library")

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self.problem.spec

    def outputs(self, designs: Array, corner: Corner = NOMINAL) -> Array:
        """(design, output), NaN for a failure."""
        rows = [self._row(design, corner) for design in designs]
        values = [
            [np.nan if row.failure else row.outputs[name] for name in self.spec.output_names] for row in rows
        ]
        return np.array(values).reshape(len(designs), len(self.spec.outputs))

    def violation(self, design: Array) -> float:
        """Summed violation of one design."""
        return float(self.problem.goal.violations(self.outputs(design[None]), self.spec).sum())

    def feasible(self, values: Array) -> NDArray[np.bool_]:
        """Whether outputs (design, output) meet every limit, (design,)."""
        return self.problem.goal.feasible(values, self.spec)

    def _row(self, design: Array, corner: Corner) -> Row:
        return self._simulator.simulate(Job(self.spec.to_values(design), corner))


def print_random(bench: Bench, count: int, generator: np.random.Generator) -> None:
    """Pass rates, failures, time."""
    designs = bench.spec.random(count, generator)
    bench.outputs(designs[:5])
    start = time.process_time()
    values = bench.outputs(designs)
    milliseconds = (time.process_time() - start) / count * 1e3
    goal = bench.problem.goal
    violations = goal.violations(values, bench.spec)
    rates = [
        f"{each.text}: {rate:.1%}"
        for each, rate in zip(goal.specifications, (violations == 0).mean(axis=0), strict=True)
    ]
    failed = int(np.isnan(values).any(axis=1).sum())
    print(f"  {count} random designs, {milliseconds:.1f} CPU ms a design, {failed} failed")
    print("  pass: " + "; ".join(rates))
    best = violations.sum(axis=1).min()
    print(f"  all limits: {int(bench.feasible(values).sum())}; least summed violation {best:.3f}")


def print_fidelities(
    schematic: Bench, layout: Bench, feasible: Array, generator: np.random.Generator
) -> None:
    """Schematic against layout over neighbours of feasible designs, and corners of the feasible ones."""
    spec = schematic.spec
    centres = feasible[generator.integers(len(feasible), size=NEIGHBOURS)]
    unit = spec.to_unit(centres) + generator.uniform(-NEAR, NEAR, centres.shape)
    designs = spec.from_unit(unit)
    first, second = schematic.outputs(designs), layout.outputs(designs)
    known = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    for column, output in enumerate(spec.outputs):
        one, two = first[known, column], second[known, column]
        shift = np.median((two - one) / np.maximum(np.abs(one), 1e-30))
        print(f"  layout {output.name}: rank correlation {spearmanr(one, two)[0]:.3f}, shift {shift:+.2%}")
    some = feasible[generator.permutation(len(feasible))[:40]]
    survivors = layout.feasible(layout.outputs(some))
    print(f"  feasible layouts: {int(survivors.sum())} of {len(some)} schematic-feasible designs")
    passed = np.stack([schematic.feasible(schematic.outputs(some, corner)) for corner in FIVE_CORNERS])
    rates = [
        f"{corner.name} {rate:.0%}" for corner, rate in zip(FIVE_CORNERS, passed.mean(axis=1), strict=True)
    ]
    print(f"  corners: {', '.join(rates)}; all five {int(passed.all(axis=0).sum())} of {len(some)}")


def run(name: str, count: int, level: int, seed: int, keep: Path | None) -> None:
    """Print one circuit's numbers."""
    generator = np.random.default_rng(seed)
    schematic = Bench(name, "schematic")
    print(f"{name}, {len(schematic.spec.inputs)} inputs, seed {seed}", flush=True)
    print_random(schematic, count, generator)
    found = find_rare_designs(schematic.spec, schematic.violation, level, generator)
    unique = np.unique(found.feasible, axis=0)
    print(f"  feasible share about {found.share:.1e} ({found.simulated} simulated, {len(unique)} feasible)")
    if keep is not None:
        np.savetxt(keep / f"{name}.csv", unique, delimiter=",", header=",".join(schematic.spec.input_names))
    if len(unique):
        print_fidelities(schematic, Bench(name, "layout"), unique, generator)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "circuits", nargs="*", metavar="CIRCUIT", help=f"of {', '.join(CIRCUITS)}; all if none"
    )
    parser.add_argument("--random", type=int, default=600, help="uniform random designs")
    parser.add_argument("--level", type=int, default=400, help="designs a level of the subset simulation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the feasible designs found, one CSV a circuit")
    options = parser.parse_args()
    for name in options.circuits or CIRCUITS:
        run(name, options.random, options.level, options.seed, options.keep)


if __name__ == "__main__":
    main()

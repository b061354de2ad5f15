"""How many layout simulations does a feasible annotated design take, given schematic simulations?

    python -m benchmarks.surrogates.layout [CIRCUIT …] [--simulations 300] [--random] [--seeds 5]

The database of a seed: the default search on the schematic up to its first feasible design, then designs
drawn around that one (every device value times up to exp(±0.3)) up to `--simulations` in all; every
simulation is in it, failures too. With `--random` it is uniform random designs instead, hardly ever a
feasible one. Then, beside each other, layout simulations up to the first design that meets every limit (which
the transfer simulates once more, uncounted), at most 30:

- transfer: `sciml.surrogates.optimise.fidelity`, a correction on top of the schematic's surrogate;
- database: the schematic designs themselves in the order of their margin, which needs no model;
- surrogate alone: as transfer, but blind to what the layout adds: the schematic's most probable designs.
"""

import argparse
import statistics
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.surrogates.measured import Measured, measured_circuit, print_header
from benchmarks.surrogates.training_sets import known
from sciml.surrogates.circuits.catalogue import CIRCUITS
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.fitting import neighbourhood
from sciml.surrogates.optimise.corrected import Corrected, SurrogatePredictor, log_probability
from sciml.surrogates.optimise.fidelity import transfer
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History, join_results
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.modes import make_optimiser
from sciml.surrogates.optimise.proposals import best_unseen
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result

Array = NDArray[np.float64]
MOST, WIDTH = 30, 0.3
WAYS = ("transfer", "database", "surrogate alone")


def database(schematic: Measured, simulations: int, is_random: bool, seed: int) -> tuple[Array, Result]:
    """Schematic designs (design, input) and their result; see the module."""
    problem, spec = schematic.problem, schematic.problem.spec
    generator = np.random.default_rng((seed, 1))
    if is_random:
        designs = spec.random(simulations, generator)
        return designs, schematic.run(designs)
    search = run_design(
        problem, schematic, make_optimiser("default", problem, seed), budget=simulations, stop_at_first=True
    )
    left = simulations - len(search.designs)
    if search.best is None or left <= 0:
        return search.designs, search.result
    unit = generator.random((left, len(spec.inputs)))
    near = neighbourhood(spec, search.designs[search.best], WIDTH, unit)
    result = join_results([search.result, schematic.run(near)], spec)
    return np.concatenate([search.designs, near]), result


def by_transfer(
    layout: Measured, surrogate: Ensemble, designs: Array, result: Result, seed: int
) -> int | None:
    """Runs of the transfer."""
    run = transfer(layout.problem, layout, surrogate, designs, result, budget=MOST, seed=seed)
    return run.first_feasible


def by_database(layout: Measured, designs: Array, result: Result) -> int | None:
    """Runs of the schematic designs by cost, those of equal cost by their least relative room."""
    problem = layout.problem
    names = problem.spec.output_names
    room = np.min(
        [
            each.sign * (result.values[:, names.index(each.output)] - each.limit) / (abs(each.limit) or 1.0)
            for each in problem.goal.specifications
        ],
        axis=0,
    )
    cost = problem.goal.cost(result.values, problem.spec)
    order = np.lexsort([-np.nan_to_num(room, nan=-np.inf), cost])[:MOST]
    return _first(layout, designs[order])


def by_surrogate(
    layout: Measured, surrogate: Ensemble, designs: Array, result: Result, seed: int
) -> int | None:
    """Runs of the designs that the schematic's corrected surrogate finds most probable."""
    problem = layout.problem
    predictor = Corrected(SurrogatePredictor(surrogate))
    predictor.add(designs, known(result))
    start = designs[np.argsort(problem.goal.cost(result.values, problem.spec), kind="stable")[:64]]
    history, generator = History(problem.spec, problem.goal), np.random.default_rng((seed, 4))
    score = partial(log_probability, predictor, goal=problem.goal)
    return _first(layout, best_unseen(score, history, Grid(problem.spec), start, generator, MOST))


def _first(layout: Measured, designs: Array) -> int | None:
    for number, design in enumerate(designs, start=1):
        found = layout.run(design[None])
        if found.ok[0] and layout.problem.goal.feasible(found.values, layout.problem.spec)[0]:
            return number
    return None


def measure(
    name: str, simulations: int, is_random: bool, seed: int, store: Path | None
) -> dict[str, int | None]:
    """Runs by each way, and how many schematic designs were feasible."""
    schematic, layout = (
        measured_circuit(name, fidelity, store=store) for fidelity in ("schematic", "layout")
    )
    problem: Problem = schematic.problem
    designs, result = database(schematic, simulations, is_random, seed)
    surrogate = Ensemble.for_problem(problem, seed=seed).fit(designs, result)
    feasible = problem.goal.feasible(result.values, problem.spec)
    return {
        "schematic simulations": len(designs),
        "feasible schematics": int(feasible.sum()),
        "transfer": by_transfer(layout, surrogate, designs, result, seed),
        "database": by_database(layout, designs, result),
        "surrogate alone": by_surrogate(layout, surrogate, designs, result, seed),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("circuits", nargs="*", default=list(CIRCUITS))
    parser.add_argument("--simulations", type=int, default=300)
    parser.add_argument("--random", action="store_true", help="a database of random designs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--store", type=Path, default=None, help="keep simulations here")
    arguments = parser.parse_args()
    print_header(measured_circuit(arguments.circuits[0], "layout"))
    print(
        f"| circuit | schematic simulations | feasible of them | {' | '.join(WAYS)} |\n"
        "|---|---|---|---|---|---|"
    )
    for name in arguments.circuits:
        rows = [
            measure(name, arguments.simulations, arguments.random, seed, arguments.store)
            for seed in range(arguments.seeds)
        ]
        cells = [_spread([row[way] for row in rows]) for way in WAYS]
        feasible = _spread([row["feasible schematics"] for row in rows])
        print(
            f"| {name} | {rows[0]['schematic simulations']} | {feasible} | {' | '.join(cells)} |", flush=True
        )


def _spread(counts: list[int | None]) -> str:
    """Median, range and number of successes; a miss counts as more than any."""
    found = sorted(MOST + 1 if count is None else count for count in counts)
    successes = sum(count is not None for count in counts)
    if successes == 0:
        return f"none of {len(counts)} within {MOST}"
    text = f"{statistics.median(found):g} ({found[0]}-{found[-1]})".replace(str(MOST + 1), f"> {MOST}")
    return text if successes == len(counts) else f"{text}, {successes} of {len(counts)}"


if __name__ == "__main__":
    main()

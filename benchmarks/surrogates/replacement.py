"""Can a surrogate stand in for the simulator near a feasible design, after 300 simulations in all?

    python -m benchmarks.surrogates.replacement [--circuits NAME …] [--seeds 3] [--width 0.1] [--jsonl FILE]

For each circuit and seed the default optimiser searches for a feasible design; what is left of the 300
simulations is drawn from its neighbourhood, where every device value is multiplied by up to exp(±width) and
snapped to its grid (categories stay): four fifths to train, spread evenly, one fifth to calibrate, drawn
independently. All 300 count: search, failures, training, calibration. Then 500 fresh designs of the
neighbourhood, simulated for this table only, judge the surrogate.

Columns: simulations that the search took; share of predictions (all outputs of all designs) within 5 % of the
true value, and the lowest share of one output; coverage of 90 % intervals, pooled, and its range over the
outputs; how many times faster a design is in a batch of 10,000 than a simulation, processor time against
processor time of one core; AUROC of the domain's score, fresh designs against ones whose ranges are shifted
by twice the width, up or down, in a random half of the inputs (at least one); share within 5 % of boosted
trees and of a Gaussian process on the same training designs (scikit-learn). Targets: 0.90, 0.85-0.95, 1000,
0.90. A seed whose search finds nothing feasible in 200 simulations is listed and counts as missed.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sciml.surrogates.baselines import fit_baseline
from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.circuits.catalogue import CIRCUITS, circuit_problem, circuit_simulator
from sciml.surrogates.execution.process_pool import ProcessExecutor
from sciml.surrogates.fitting import FitSettings, Learned, deployment_designs, learn, neighbourhood
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.modes import make_optimiser
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput
from sciml.surrogates.simulator import Simulator
from sciml.surrogates.validate import Card, relative_error, validate

BUDGET, SEARCH, FRESH = 300, 200, 500
TARGETS = {"within": 0.90, "coverage": (0.85, 0.95), "speed_up": 1000.0, "auroc": 0.90}

Array = NDArray[np.float64]
Row = dict[str, Any]


def shifted_designs(problem: Problem, settings: FitSettings, count: int) -> Array:
    """Designs of the neighbourhood moved by twice its width in a random half of the inputs."""
    spec, width = problem.spec, settings.width
    generator = np.random.default_rng([settings.seed, 3])
    unit = generator.random((count, len(spec.inputs)))
    sign = np.where(generator.random(unit.shape) < 0.5, -1.0, 1.0)
    moves = generator.random(unit.shape) < 0.5
    able = [i for i, each in enumerate(spec.inputs) if not isinstance(each, CategoryInput)]
    moves[np.arange(count), generator.choice(able, count)] = True
    # In units of the width the neighbourhood is [-1, 1]; a shifted range is [1, 3] or [-3, -1].
    place = (2 * unit - 1) + 2 * sign * moves
    return neighbourhood(spec, np.array(settings.near), 3 * width, (place / 3 + 1) / 2)


def run_seed(problem: Problem, simulator: Simulator, seed: int, width: float) -> Row:
    """Search, learn and judge once."""
    started = time.monotonic()
    search = run_design(
        problem, simulator, make_optimiser("default", problem, seed), budget=SEARCH, stop_at_first=True
    )
    row: Row = {"circuit": problem.spec.name, "seed": seed, "width": width, "search": len(search.result)}
    if search.best is None or search.first_feasible is None:
        return row | {"found": False}
    near = tuple(search.designs[search.best].tolist())
    settings = FitSettings(BUDGET - row["search"], 1 / 5, near, width, seed=seed)
    learned = learn(problem, simulator, settings)
    fresh = deployment_designs(problem.spec, settings, FRESH, spread=False, stream=1)
    shifted = shifted_designs(problem, settings, FRESH)
    card = validate(learned.surrogate, simulator, fresh, shifted=shifted, training_s=learned.seconds)
    baselines = baseline_shares(learned, simulator, fresh, seed)
    row |= {"found": True, "wall_s": time.monotonic() - started, **figures(card), **baselines}
    return row


def figures(card: Card) -> Row:
    """What of a card goes into the table."""
    shares = [each.within_5_percent for each in card.outputs]
    coverages = [each.coverage for each in card.outputs]
    return {
        "within": statistics.mean(shares),
        "within_by_output": {each.name: each.within_5_percent for each in card.outputs},
        "coverage": statistics.mean(coverages),
        "coverage_low": min(coverages),
        "coverage_high": max(coverages),
        "speed_up": card.speed_up,
        "simulation_ms": 1e3 * card.simulation_s,
        "batch_s": card.seconds,
        "auroc": card.shift_auroc,
        "break_even": card.break_even,
        "failed": card.failed,
    }


def baseline_shares(learned: Learned, simulator: Simulator, fresh: Array, seed: int) -> Row:
    """Share within 5 % of each baseline."""
    truth = simulator.run(fresh)
    found = {}
    for word in ("trees", "process"):
        guess = fit_baseline(word, learned.surrogate.codec, learned.designs, learned.result, seed=seed)(fresh)
        found[word] = float((relative_error(guess, truth.values)[truth.ok] <= 0.05).mean())
    return found


def table(rows: list[Row]) -> str:
    """The rows as Markdown, then the median of each circuit with what missed its target."""
    head = ["circuit", "seed", "search", "within 5 %", "lowest", "coverage", "by output", "times faster"]
    head += ["AUROC", "trees", "process"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        if not row["found"]:
            lines.append(f"| {row['circuit']} | {row['seed']} | {row['search']} | nothing feasible |")
            continue
        lowest = min(row["within_by_output"], key=row["within_by_output"].__getitem__)
        cells = [row["circuit"], row["seed"], row["search"], f"{row['within']:.3f}"]
        cells += [f"{row['within_by_output'][lowest]:.2f} ({lowest})", f"{row['coverage']:.3f}"]
        cells += [f"{row['coverage_low']:.2f}-{row['coverage_high']:.2f}", f"{row['speed_up']:,.0f}"]
        cells += [f"{row['auroc']:.3f}", f"{row['trees']:.3f}", f"{row['process']:.3f}"]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    for circuit in dict.fromkeys(row["circuit"] for row in rows):
        lines.append(summary(circuit, [row for row in rows if row["circuit"] == circuit]))
    return "\n".join(lines)


def summary(circuit: str, rows: list[Row]) -> str:
    """Medians of one circuit and whether each target holds."""
    good = [row for row in rows if row["found"]]
    if not good:
        return f"{circuit}: no seed found a feasible design"
    words = []
    for name in ("within", "coverage", "speed_up", "auroc"):
        middle, target = statistics.median(row[name] for row in good), TARGETS[name]
        low, high = target if isinstance(target, tuple) else (target, float("inf"))
        words.append(f"{name} {middle:.4g} ({'holds' if low <= middle <= high else 'missed'})")
    return f"{circuit}, median of {len(good)} of {len(rows)} seeds: {', '.join(words)}"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--circuits", nargs="+", default=["two_stage_opamp"], choices=CIRCUITS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--width", type=float, default=0.1)
    parser.add_argument("--jsonl", type=Path, help="append the rows to this file too")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in arguments.circuits:
        problem = circuit_problem(name)
        with BatchSimulator(circuit_simulator(name), ProcessExecutor(1)) as simulator:
            for seed in range(arguments.seeds):
                rows.append(run_seed(problem, simulator, seed, arguments.width))
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
                if arguments.jsonl is not None:
                    with arguments.jsonl.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(rows[-1]) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()

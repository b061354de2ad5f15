"""How many simulations does a design take that works at all corners, beside brute force?

    python -m benchmarks.surrogates.robust [CIRCUIT …] [--mode default] [--mismatch 4] [--seeds 5] [--first 0]

A condition is a corner with one draw of mismatch: five corners times `--mismatch` draws (0: corners alone). A
simulation is one design at one condition. Three counts, each up to the first design that meets every
specification at every condition:

- ours: `sciml.surrogates.optimise.robust`, sweeps that only learn included;
- brute force: the same optimiser, every design at every condition, told the worst case;
- nominal run: designs that the optimiser needs at the first corner without mismatch, times the conditions:
  what it would cost to check every design of a nominal run everywhere, whether or not one of them works.

The check that simulates the found design at every condition once more is counted by none.
"""

import argparse
import statistics
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.surrogates.measured import measured_circuit, print_header
from sciml.surrogates.optimise.conditions import all_conditions
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.modes import make_optimiser
from sciml.surrogates.optimise.robust import run_robust
from sciml.surrogates.optimise.robust_run import RobustSettings

TARGET_SHARE = 0.2


def measure(
    name: str, mode: str, mismatch: int, budget: int, seed: int, store: Path | None
) -> dict[str, int | None]:
    """The three counts of one seed, None where nothing was found within the budget of designs."""
    found: dict[str, int | None] = {}
    for way, exhaustive in (("ours", False), ("brute force", True)):
        circuit = measured_circuit(name, corners=True, store=store)
        problem = circuit.problem
        conditions = all_conditions(problem.corners, mismatch)
        run = run_robust(
            problem, circuit, partial(make_optimiser, mode, problem, seed), conditions,
            budget=budget * (len(conditions) if exhaustive else 4),
            settings=RobustSettings(exhaustive=exhaustive),
        )  # fmt: skip
        found[way] = run.first_feasible
        found[f"designs, {way}"] = len(run.designs)
    circuit = measured_circuit(name, corners=True, store=store)
    nominal = run_design(
        circuit.problem, circuit, make_optimiser(mode, circuit.problem, seed), budget=budget
    ).first_feasible
    found["nominal run"] = None if nominal is None else nominal * len(conditions)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("circuits", nargs="*", default=["two_stage_opamp"])
    parser.add_argument("--mode", default="default")
    parser.add_argument("--mismatch", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--budget", type=int, default=600, help="designs at most")
    parser.add_argument("--store", type=Path, default=None, help="keep simulations here")
    arguments = parser.parse_args()
    print_header(measured_circuit(arguments.circuits[0], corners=True))
    print(
        "| circuit | seed | ours: simulations (designs) | brute force | nominal run x conditions "
        "| ours / brute force | ours / nominal | s |\n|---|---|---|---|---|---|---|---|"
    )
    for name in arguments.circuits:
        rows = []
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            started = time.perf_counter()
            row = measure(name, arguments.mode, arguments.mismatch, arguments.budget, seed, arguments.store)
            rows.append(row)
            seconds = time.perf_counter() - started
            print(
                f"| {name} | {seed} | {_text(row['ours'])} ({row['designs, ours']}) "
                f"| {_text(row['brute force'])} ({row['designs, brute force']}) "
                f"| {_text(row['nominal run'])} "
                f"| {_ratio(row['ours'], row['brute force'])} | {_ratio(row['ours'], row['nominal run'])} "
                f"| {seconds:.0f} |",
                flush=True,
            )
        _summary(name, rows)


def _summary(name: str, rows: list[dict[str, int | None]]) -> None:
    ours = [row["ours"] for row in rows]
    print(f"{name}: found by ours {sum(each is not None for each in ours)} of {len(rows)}")
    for against in ("brute force", "nominal run"):
        pairs = [(row["ours"], row[against]) for row in rows]
        both = [(one, two) for one, two in pairs if one is not None and two is not None]
        if both:
            share = sum(one for one, _ in both) / sum(two for _, two in both)
            median = statistics.median(one / two for one, two in both)
            verdict = "met" if share <= TARGET_SHARE else "missed"
            print(
                f"{name}: share of {against}, total {share:.1%}, median {median:.1%} "
                f"({len(both)} seeds; goal {TARGET_SHARE:.0%}: {verdict})"
            )


def _text(count: int | None) -> str:
    return "not found" if count is None else str(count)


def _ratio(one: int | None, two: int | None) -> str:
    return "" if one is None or two is None else f"{np.round(100 * one / two, 1):g} %"


if __name__ == "__main__":
    main()

"""How many simulations until the first feasible design, beside other optimisers on the same simulator?

Every simulation is counted: initial designs, failures, all. Each method starts from nothing with its own
initial designs; no method has settings for a circuit. For each method the table gives the success rate within
the cap, the median and quartiles (a run without success counts as more than the cap) and wall seconds a run.
`default-whole` is the default without the early end of simulations. Of our own modes the file also keeps how
many simulations ended early, the simulator's seconds, and the seconds that it would have taken to end all.

    python -m benchmarks.surrogates.compare --problems two_stage_opamp --methods default,bagnet,SCBO \
        --seeds 10 --cap 500 --results FILE.jsonl

`--problems` takes names of shipped circuits (ngspice is needed), names of `benchmarks.surrogates.synthetic`,
`development`, `held_out`, `circuits`, or problem files. Finished runs are kept in `--results`, one JSON
object a line, and are not run again; `--table` prints the table of what is there.
"""

import argparse
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch

from benchmarks.surrogates.peers import PEERS, Finished, Recorder
from benchmarks.surrogates.synthetic import DEVELOPMENT, HELD_OUT, SYNTHETIC
from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.optimise.loop import DesignRun, run_design
from sciml.surrogates.optimise.modes import MODES, make_optimiser
from sciml.surrogates.problem import Problem
from sciml.surrogates.simulator import Simulator

CIRCUITS = ("two_stage_opamp", "negative_gm_opamp", "optical_receiver", "comparator")
GROUPS = {"development": tuple(DEVELOPMENT), "held_out": tuple(HELD_OUT), "circuits": CIRCUITS}
OURS: dict[str, tuple[str, dict[str, object]]] = {
    **{mode: (mode, {}) for mode in MODES},
    "default-whole": ("default", {"rank": None}),
}
CAPS = {"evolution": 5100, "random": 5100}
"""The released evolution baseline ends after 100 + 1000 x 5 simulations."""


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    done = read_results(arguments.results)
    if not arguments.table:
        for name in problems_named(arguments.problems):
            for seed in range(arguments.seeds):
                for method in arguments.methods.split(","):
                    cap = max(CAPS.get(method, 0), arguments.cap)
                    if (name, method, seed, cap) not in done:
                        record = run_one(name, method, seed, cap)
                        done[(name, method, seed, cap)] = record
                        append(arguments.results, record)
    print_table(list(done.values()))


def run_one(name: str, method: str, seed: int, cap: int) -> dict[str, object]:
    """One search from nothing."""
    started, cpu = time.perf_counter(), time.process_time()
    with opened(name) as (problem, simulator):
        early: dict[str, object] = {}
        if method in OURS:
            mode, settings = OURS[method]
            optimiser = make_optimiser(mode, problem, seed, **settings)
            run = run_design(problem, simulator, optimiser, budget=cap, stop_at_first=True)
            first, count = run.first_feasible, run.first_feasible or len(run.designs)
            early = early_ends(run, simulator)
        else:
            recorder = Recorder(problem, simulator, cap)
            with suppress(Finished):
                PEERS[method](recorder, seed)
            first, count = recorder.first_feasible, recorder.count
    return {
        "problem": name,
        "method": method,
        "seed": seed,
        "cap": cap,
        "first_feasible": first,
        "simulations": count,
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "commit": commit(),
        **early,
    }


def early_ends(run: DesignRun, simulator: Simulator) -> dict[str, object]:
    """How many simulations a cutoff stopped, and the simulator's seconds with and without it, for which the
    stopped designs are simulated to their end now."""
    stopped = ~run.result.is_complete
    spent_s = whole_s = float(run.result.cost_s.sum())
    if stopped.any():
        again = simulator.run(run.designs[stopped]).cost_s
        whole_s += float((again - run.result.cost_s[stopped]).sum())
    return {
        "stopped": int(stopped.sum()),
        "simulator_seconds": round(spent_s, 3),
        "simulator_seconds_whole": round(whole_s, 3),
    }


@contextmanager
def opened(name: str) -> Iterator[tuple[Problem, Simulator]]:
    """A problem and its simulator, by the names that `--problems` takes."""
    if name in SYNTHETIC:
        synthetic = SYNTHETIC[name]()
        yield synthetic.problem, synthetic
    elif name in CIRCUITS:
        from sciml.surrogates.circuits.catalogue import circuit_problem, circuit_simulator

        with BatchSimulator(circuit_simulator(name)) as simulator:
            yield circuit_problem(name), simulator
    else:
        from sciml.surrogates.problem_file import read_problem
        from sciml.surrogates.simulator_choice import build_simulator

        problem = read_problem(Path(name))
        with BatchSimulator(build_simulator(problem)) as simulator:
            yield problem, simulator


def problems_named(text: str) -> list[str]:
    """Names of problems with groups written out."""
    return [name for part in text.split(",") for name in GROUPS.get(part, (part,))]


def print_table(records: list[dict[str, object]]) -> None:
    """One line for each problem and method, the best median first."""
    print("| problem | method | runs | within the cap | median | quartiles | seconds a run |")
    print("|---|---|---|---|---|---|---|")
    for problem in dict.fromkeys(each["problem"] for each in records):
        rows = []
        for method in dict.fromkeys(each["method"] for each in records if each["problem"] == problem):
            runs = [each for each in records if (each["problem"], each["method"]) == (problem, method)]
            counts = np.array([float(str(each["first_feasible"] or np.inf)) for each in runs])
            cap = max(int(str(each["cap"])) for each in runs)
            low, middle, high = np.quantile(counts, [0.25, 0.5, 0.75], method="closest_observation")
            middle = float(np.median(counts)) if np.isfinite(np.sort(counts)[len(counts) // 2]) else middle
            shown = [f"> {cap}" if np.isinf(each) else f"{each:g}" for each in (low, middle, high)]
            seconds = np.median([float(str(each["seconds"])) for each in runs])
            success = f"{int(np.isfinite(counts).sum())}/{len(runs)} of {cap}"
            line = (
                f"| {problem} | {method} | {len(runs)} | {success} | {shown[1]} | {shown[0]} to {shown[2]} |"
            )
            rows.append((middle, f"{line} {seconds:.0f} |"))
        print("\n".join(line for _, line in sorted(rows)))


Key = tuple[str, str, int, int]


def read_results(path: Path) -> dict[Key, dict[str, object]]:
    """Runs that were finished before."""
    if not path.exists():
        return {}
    records = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    return {(each["problem"], each["method"], each["seed"], each["cap"]): each for each in records}


def append(path: Path, record: dict[str, object]) -> None:
    """Keep a finished run, and say so."""
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")
    print(json.dumps(record), flush=True)


def commit() -> str:
    """The commit that the numbers belong to."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--problems", default="two_stage_opamp", help="names, groups or problem files, by comma"
    )
    methods = f"of {', '.join((*OURS, *PEERS))}"
    parser.add_argument(
        "--methods", default="default,SCBO,TuRBO,TPE,GA,DE,bagnet,evolution,random", help=methods
    )
    parser.add_argument("--seeds", type=int, default=10, help="runs of each method")
    parser.add_argument("--cap", type=int, default=500, help="simulations at most")
    parser.add_argument("--results", type=Path, default=Path("compare.jsonl"), help="finished runs")
    parser.add_argument("--table", action="store_true", help="print the table and run nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()

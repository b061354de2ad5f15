"""How many designs a second does one core simulate, in process and by the program?

    python -m benchmarks.surrogates.ngspice_speed [--circuit two_stage_opamp] [--designs 50] [--seed 0]

Random designs of a shipped circuit. Times are processor seconds, user and system, of this process and its
children, so that other work on the machine does not count; a warm-up comes first. The baseline is ngspice as
one would start it: the program for every bench with OpenMP's default number of threads, which small circuits
pay for with spinning threads (`--baseline-designs 0` leaves it out). The time of each bench alone is that of
the library, from reading the netlist to the copied vectors.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sciml.surrogates.circuits.catalogue import CIRCUITS, circuit_named
from sciml.surrogates.ngspice.installation import program_path, version
from sciml.surrogates.ngspice.plot import NgspiceError
from sciml.surrogates.ngspice.shared_library import library
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.simulator import Job

TARGET_DESIGNS_A_SECOND = 50


def cpu_s() -> float:
    """Processor seconds of this process and of its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def seconds_each(run: Callable[[Job], object], jobs: Sequence[Job]) -> list[float]:
    """Processor seconds of each job."""
    found = []
    for job in jobs:
        before = cpu_s()
        run(job)
        found.append(cpu_s() - before)
    return found


def by_plain_program(simulator: NgspiceSimulator, job: Job) -> None:
    """Every bench by the program, threads as ngspice chooses them."""
    environment = {name: text for name, text in os.environ.items() if name != "OMP_NUM_THREADS"}
    with tempfile.TemporaryDirectory() as folder:
        for deck in simulator.decks(job):
            Path(folder, "deck.cir").write_text(deck.text, encoding="utf-8")
            words = [program_path() or "ngspice", "-b", "-r", "out.raw", "deck.cir"]
            subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=False)


def line(name: str, seconds: Sequence[float]) -> str:
    """One row of the table."""
    low, middle, high = np.quantile(seconds, [0.1, 0.5, 0.9])
    rate = 1 / statistics.fmean(seconds)
    return f"| {name} | {len(seconds)} | {1e3 * middle:.2f} | {1e3 * low:.2f}-{1e3 * high:.2f} | {rate:.1f} |"


def bench_lines(simulator: NgspiceSimulator, jobs: Sequence[Job]) -> list[str]:
    """The library's time for each bench, and for its own reading of an empty netlist."""
    found: dict[str, list[float]] = {}
    for job in jobs:
        for deck in simulator.decks(job):
            before = time.process_time()
            try:
                library().run(deck)
            except NgspiceError:
                continue
            found.setdefault(deck.title.rsplit(" ", 1)[-1], []).append(time.process_time() - before)
    return [line(f"bench {name}, library", seconds) for name, seconds in found.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time of ngspice per bench and per design.")
    parser.add_argument("--circuit", choices=CIRCUITS, default="two_stage_opamp")
    parser.add_argument("--fidelity", default="schematic")
    parser.add_argument("--designs", type=int, default=50)
    parser.add_argument("--baseline-designs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    settings = parser.parse_args()
    circuit = circuit_named(settings.circuit, settings.fidelity)
    designs = circuit.spec.random(settings.designs + 5, np.random.default_rng(settings.seed))
    jobs = [Job(circuit.spec.to_values(design)) for design in designs]
    warm, jobs = jobs[:5], jobs[5:]
    in_process = NgspiceSimulator(circuit, mode="library")
    program = NgspiceSimulator(circuit, mode="program")
    for job in warm:
        in_process.simulate(job)
    print(f"{settings.circuit} {settings.fidelity}, {len(circuit.benches)} benches, seed {settings.seed}")
    print(f"ngspice {version(of_library=True)}, Python {platform.python_version()}, {platform.machine()}\n")
    print("| what | designs | CPU ms, median | 10-90 % | a second and core |\n|---|---|---|---|---|")
    for row in bench_lines(in_process, jobs):
        print(row)
    fast = seconds_each(in_process.simulate, jobs)
    print(line("design, library in process", fast))
    print(line("design, program", seconds_each(program.simulate, jobs[: max(settings.designs // 4, 1)])))
    plain = jobs[: settings.baseline_designs]
    if plain:
        seconds = seconds_each(lambda job: by_plain_program(program, job), plain)
        print(line("design, program as it comes (baseline)", seconds))
    same = all(in_process.simulate(job).outputs == program.simulate(job).outputs for job in jobs[:5])
    rate = 1 / statistics.fmean(fast)
    print(f"\nLibrary and program agree to the last bit on 5 designs: {'yes' if same else 'NO'}")
    verdict = "reached" if rate >= TARGET_DESIGNS_A_SECOND else "missed"
    print(f"{rate:.1f} designs a second and core (target {TARGET_DESIGNS_A_SECOND}: {verdict})")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()

"""What share of held-out integrals and differential equations does each solver answer, rightly and how fast?

Sets are drawn with evaluation seeds, which training never uses (`evaluation_sets.py`), or read from files of
problems, one JSON object a line. Every answer of every solver is judged by the same verifier: `solved` holds
on at least half of the points at which the problem is defined (another branch of a root elsewhere), `strict`
everywhere; `implicit` are solved equations whose solution is not explicit, and are counted in `solved` too.
`wrong` were given as answers and are no solution: by the verifier, or by differences of the answer at other
points (`independent_check.py`). SymPy runs in a process that is kept, FriCAS, Maxima and Giac in a fresh one.

    python -m benchmarks.symbolic.solve --sets bwd fwd ibp brittle ode1 ode2 --solvers ladder --out FOLDER

With `sympy` among the solvers, the hard part of each set is what SymPy leaves; what the others solve of it is
printed as well. Every answer is kept in FOLDER; a run that was stopped goes on. The cross-generator table of
Lample & Charton (ICLR 2020) is `--solvers greedy=fwd.safetensors greedy=bwd.safetensors --sets fwd bwd ibp`.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sympy

from benchmarks.symbolic.independent_check import is_wrong
from benchmarks.symbolic.solvers import Problem, Solver, read_problem, solver
from sciml.symbolic.generators.evaluation_sets import FIRST_SEED, SETS, evaluation_problems
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder.found import LEAST_AGREEMENT
from sciml.symbolic.problems import Equation
from sciml.symbolic.unknown_function import Y

DEFAULT_SEED = FIRST_SEED + 4242


def problems_of(name: str, seed: int, count: int) -> Iterator[tuple[str, Problem]]:
    """(id, problem) of a generated set, or of a file."""
    if Path(name).suffix == ".jsonl":
        lines = Path(name).read_text(encoding="utf-8").splitlines()[:count]
    else:
        lines = [json.dumps(one.record()) for one in evaluation_problems(name, seed, count)]
    for line in lines:
        yield read_problem(line)


def answered(problem: Problem, solve: Solver, timeout: float) -> dict[str, Any]:
    """The record of one problem: answer, judgement, seconds."""
    started = time.perf_counter()
    outcome = solve(problem, timeout)
    seconds = time.perf_counter() - started
    record: dict[str, Any] = {
        "seconds": round(seconds, 4),
        "rung": outcome.rung,
        "answer": None,
        "is_timeout": outcome.answer is None and seconds > 0.9 * timeout,
    }
    if outcome.answer is None or outcome.verification is None:
        return record
    judged = outcome.verification
    is_solved = judged.is_verified or (judged.status == "partial" and judged.agreement >= LEAST_AGREEMENT)
    is_refuted = judged.status in ("refuted", "partial") and not is_solved
    record["answer"] = to_infix(outcome.answer)
    record["is_solved"] = is_solved
    record["is_strict"] = judged.is_verified
    record["is_implicit"] = isinstance(problem, Equation) and bool(outcome.answer.mask & Y[0].mask)
    record["is_wrong"] = is_refuted or (is_solved and is_wrong(problem, outcome.answer) is True)
    record["verification"] = [judged.status, judged.method, round(judged.agreement, 3)]
    return record


def run(set_name: str, solver_name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Answers to all problems of a set, those of an earlier run among them."""
    stem = f"{Path(set_name).stem}-{solver_name.replace('/', '_').replace('=', '_')}"
    file = Path(options.out) / f"{stem}-seed{options.seed}-{options.timeout:g}s.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, dict[str, Any]] = {}
    if file.exists():
        whole = file.read_bytes()
        whole = whole[: whole.rfind(b"\n") + 1]
        file.write_bytes(whole)  # without the half line of a run that was killed
        known = {one["id"]: one for one in map(json.loads, whole.decode().splitlines())}
    solve = solver(solver_name)
    records = []
    with open(file, "a", encoding="utf-8") as out:
        for name, problem in problems_of(set_name, options.seed, options.count):
            record = known.get(name)
            if record is None:
                asked = problem.left_side if isinstance(problem, Equation) else problem.integrand
                record = {"id": name, "problem": to_infix(asked), **answered(problem, solve, options.timeout)}
                out.write(json.dumps(record) + "\n")
                out.flush()
            records.append(record)
    return records


def commit() -> str:
    """The commit of the working tree."""
    words = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def row(set_name: str, solver_name: str, records: list[dict[str, Any]]) -> str:
    """One line of the table."""
    count = len(records)
    solved = sum(one.get("is_solved", False) for one in records)
    strict = sum(one.get("is_strict", False) for one in records)
    implicit = sum(one.get("is_implicit", False) and one["is_solved"] for one in records)
    wrong = sum(one.get("is_wrong", False) for one in records)
    timeouts = sum(one["is_timeout"] for one in records)
    seconds = sorted(one["seconds"] for one in records)
    share = solved / count
    error = (share * (1 - share) / count) ** 0.5
    late = seconds[min(count - 1, int(0.95 * count))]
    start = f"| {Path(set_name).stem} | {solver_name} | {count} "
    return (
        f"{start}| {share:.1%} ± {error:.1%} | {strict / count:.1%} "
        f"| {implicit} | {wrong} | {timeouts} | {statistics.median(seconds):.2f} | {late:.2f} |"
    )


def left_by_sympy(set_name: str, by_sympy: dict[str, bool], by_others: dict[str, dict[str, bool]]) -> str:
    """A line: how many problems SymPy leaves, and how many of these each other solver answers.

    Args:
        set_name: of the problems.
        by_sympy: whether SymPy solves each of them.
        by_others: the same of other solvers.
    """
    hard = [name for name, is_solved in by_sympy.items() if not is_solved]
    counts = [f"{name} {sum(found[one] for one in hard)}" for name, found in by_others.items()]
    return f"{Path(set_name).stem}: SymPy leaves {len(hard)} of {len(by_sympy)}; of these {', '.join(counts)}"


def main() -> None:
    """Print the table, and the cross-generator table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=[*SETS, "brittle"], help="names, or .jsonl files")
    parser.add_argument("--solvers", nargs="+", default=["ladder"])
    parser.add_argument("--count", type=int, default=500, help="problems of each set")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of the generated sets")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for a problem")
    parser.add_argument("--out", required=True, help="folder for every answer")
    options = parser.parse_args()
    print(
        f"commit {commit()}, SymPy {sympy.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} processors, seed {options.seed}, {options.timeout:g} s a problem"
    )
    print("| set | solver | n | solved | strict | implicit | wrong | timeouts | median s | 95 % s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    shares: dict[tuple[str, str], float] = {}
    solved: dict[tuple[str, str], dict[str, bool]] = {}
    for set_name in options.sets:
        for solver_name in options.solvers:
            records = run(set_name, solver_name, options)
            solved[solver_name, set_name] = {one["id"]: one.get("is_solved", False) for one in records}
            shares[solver_name, set_name] = sum(solved[solver_name, set_name].values()) / len(records)
            print(row(set_name, solver_name, records), flush=True)
    print("\n| solved, % | " + " | ".join(Path(one).stem for one in options.sets) + " |")
    print("|---" * (len(options.sets) + 1) + "|")
    for solver_name in options.solvers:
        cells = [f"{100 * shares[solver_name, one]:.1f}" for one in options.sets]
        print(f"| {solver_name} | {' | '.join(cells)} |")
    for set_name in options.sets if "sympy" in options.solvers else ():
        others = [name for name in options.solvers if name != "sympy"]
        print(left_by_sympy(set_name, solved["sympy", set_name], {o: solved[o, set_name] for o in others}))


if __name__ == "__main__":
    main()

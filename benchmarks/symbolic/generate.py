"""How fast does one core generate training pairs, how alike are they to the published ones, and are they
right?

For each kind: checked pairs per processor second, share of different problems among consecutive pairs, tokens
of problem and answer beside the published means (Lample & Charton, ICLR 2020, table 1), share confirmed by
the full verifier. The kinds are drawn as published, without variations; the last row is the training mixture.
The baseline differentiates random expressions of the same trees with SymPy, without and with its `simplify`
of the derivative. Rates are per processor second, which a loaded machine lengthens; a fixed loop is timed
beside them.

    python -m benchmarks.symbolic.generate [--count 2000] [--verified 500] [--sympy 60] [--seed 0]
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sciml.symbolic.expression import Expr
from sciml.symbolic.generators.mixture import KINDS, TASK_OF_KIND, Mixture, Settings, only
from sciml.symbolic.generators.processes import collect_rarely
from sciml.symbolic.generators.trees import (
    RELEASE,
    RejectedTreeError,
    TreeSampler,
    operator_count,
)
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ode_verification import verify_equation
from sciml.symbolic.problems import equation
from sciml.symbolic.verification import verify_integral

PUBLISHED = {
    "backward": "70.2 ± 47.8 / 21.3",
    "by_parts": "17.5 ± 9.1 / 26.4",
    "forward": "18.9 ± 6.9 / 49.6",
    "first_order": "123.6 ± 115.7 / 23.0",
    "second_order": "149.1 ± 130.2 / 24.3",
}
"""Tokens of problem ± standard deviation / of answer."""
TARGET = {"backward": 4000, "by_parts": 2000, "first_order": 1000, "second_order": 300}
"""Pairs per second that are wanted of one core."""
WARM_UP = {"by_parts": 2000}
"""Pairs before the measurement: the table of known integrals has to grow."""


def settings_of(kind: str) -> Settings:
    """One kind as published; the window is small, so that repeated problems are seen."""
    return only(kind, window=1)


def measured_row(kind: str, draw: Callable[[], tuple[str, Expr, Expr]], count: int, verified: int) -> str:
    """One line of the table."""
    for _ in range(WARM_UP.get(kind, 100)):
        draw()
    seconds, loop, found = 0.0, 0.0, []
    for _ in range(PIECES):
        start = time.process_time()
        found += [draw() for _ in range(max(count // PIECES, 1))]
        seconds += time.process_time() - start
        loop += loop_seconds()
    count = len(found)
    unique = len({problem.prefix for _, problem, _ in found}) / count
    sources = [len(problem.prefix) for _, problem, _ in found]
    targets = [len(answer.prefix) for _, _, answer in found]
    statuses = [is_confirmed(*one) for one in found[:verified]]
    lengths = (
        f"{statistics.mean(sources):.1f} ± {statistics.stdev(sources):.1f} / {statistics.mean(targets):.1f}"
    )
    return (
        f"| {kind} | {count / seconds:.0f} | {loop:.2f} | {TARGET.get(kind, '')} | {unique:.1%} | {lengths} "
        f"| {PUBLISHED.get(kind, '')} | {sum(statuses)}/{len(statuses)} |"
    )


def is_confirmed(kind: str, problem: Expr, answer: Expr) -> bool:
    """Whether the full verifier says that the answer holds everywhere."""
    if TASK_OF_KIND[kind] == "integrate":
        return verify_integral(problem, answer).is_verified
    return verify_equation(equation(problem), answer).is_verified


def sympy_rate(count: int, seed: int, simplify: bool) -> float:
    """Derivatives of random expressions per processor second by SymPy."""
    import sympy

    draw = random.Random(seed)
    trees = TreeSampler(RELEASE, draw)
    seconds, done = 0.0, 0
    while done < count:
        try:
            text = to_infix(trees.sample(operator_count(draw, 4, 15)))
        except RejectedTreeError:
            continue
        if len(text) > 60 and simplify:  # minutes otherwise
            continue
        start = time.process_time()
        answer: Any = sympy.sympify(text)  # our own text, no user's
        integrand = sympy.diff(answer, sympy.Symbol("x"))
        if simplify:
            sympy.simplify(integrand)
        seconds += time.process_time() - start
        done += 1
    return count / seconds


PIECES = 20
"""Each measurement is cut in as many pieces, with a fixed loop between them."""


def loop_seconds() -> float:
    """Processor seconds of 5,000,000 / PIECES turns of a fixed loop: how fast this core is just now."""
    start, total = time.process_time(), 0
    for index in range(5_000_000 // PIECES):
        total += index * index
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="pairs of each kind")
    parser.add_argument(
        "--verified", type=int, default=500, help="of these, pairs given to the full verifier"
    )
    parser.add_argument(
        "--sympy", type=int, default=60, help="expressions for the SymPy generator; 0 leaves it out"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    collect_rarely()  # as in the processes that generate for training
    print(f"seed {options.seed}, {options.count} pairs a kind, one process")
    print(
        "| kind | pairs/s | loop, s | target | different | tokens problem ± sd / answer "
        "| published | verified |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        mixture = Mixture(f"benchmark {options.seed}", settings_of(kind))
        draw = partial(_one, mixture, kind)
        print(measured_row(kind, draw, options.count, min(options.verified, options.count)), flush=True)
    everything = Mixture(f"benchmark {options.seed}", replace(Settings(), window=1))
    stream = iter(everything)
    print(measured_row("mixture", lambda: next(stream), options.count, min(options.verified, options.count)))
    if options.sympy:
        print(f"SymPy, derivative only: {sympy_rate(options.sympy, options.seed, False):.0f} pairs/s")
        simplified = sympy_rate(max(options.sympy // 3, 1), options.seed, True)
        print(f"SymPy, derivative simplified: {simplified:.1f} pairs/s (answers of up to 60 letters)")


def _one(mixture: Mixture, kind: str) -> tuple[str, Expr, Expr]:
    return (kind, *mixture.one(kind))


if __name__ == "__main__":
    main()

"""How long does the design loop wait for its surrogates?

    python -m benchmarks.surrogates.learning_speed [--designs 300] [--inputs 10] [--outputs 8] [--repeats 5]

Ratios of products of whole numbers from 1 to 99 stand for a circuit. Processor seconds of one thread, median
of the repeats after one that warms up: an ensemble of five members trained anew and by a warm start of 50
steps, the pairwise discriminator, scikit-learn's Gaussian process with one length a feature on one of the
outputs for comparison, and predicting 10,000 designs with and without the domain's report. Target: the
ensemble in less than 0.5 s.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from sciml.surrogates.baselines import fit_baseline
from sciml.surrogates.codec import TableCodec
from sciml.surrogates.discriminator import PairwiseDiscriminator
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Row, stack_rows
from sciml.surrogates.specification import Goal, Specification


def seconds(function: Callable[[], object], repeats: int) -> float:
    """Median processor seconds."""
    function()
    found = []
    for _ in range(repeats):
        started = time.process_time()
        function()
        found.append(time.process_time() - started)
    return statistics.median(found)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("designs", 300), ("inputs", 10), ("outputs", 8), ("repeats", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    outputs = tuple(Output(f"y{i}") for i in range(asked.outputs))
    inputs = tuple(IntegerInput(f"x{i}", 1, 99) for i in range(asked.inputs))
    spec = ProblemSpec("ratios", "1", inputs, outputs)
    problem = Problem(spec, Goal(tuple(Specification(each.name, minimum=100.0) for each in outputs)))
    designs = spec.random(asked.designs, np.random.default_rng(0))
    columns = [designs[:, (i + np.arange(3)) % asked.inputs] for i in range(asked.outputs)]
    values = np.stack([c[:, 0] * c[:, 1] / (c[:, 2] + 5) for c in columns], axis=1)
    result = stack_rows([Row(dict(zip(spec.output_names, row, strict=True))) for row in values], spec)
    many = spec.random(10_000, np.random.default_rng(1))
    fitted = Ensemble.for_problem(problem).fit(designs, result)
    one = TableCodec(ProblemSpec("ratios", "1", inputs, outputs[:1])).fit(designs, values[:, :1])
    single = stack_rows([Row({"y0": row[0]}) for row in values], one.spec)
    compare = PairwiseDiscriminator(problem)
    cases: dict[str, Callable[[], object]] = {
        "ensemble, anew": lambda: Ensemble.for_problem(problem).fit(designs, result),
        "ensemble, 50 steps on": lambda: fitted.fit(designs, result, warm_start=True, steps=50),
        "discriminator, anew": lambda: compare.fit(designs, values),
        "Gaussian process, one output": lambda: fit_baseline("process", one, designs, single),
        "predict 10,000": lambda: fitted.predict(many).median(),
        "predict 10,000 with domain": lambda: fitted.predict(many).domain,
        "compare 10,000": lambda: compare.prob_better(many, designs[0]),
    }
    print(f"{asked.designs} designs, {asked.inputs} inputs, {asked.outputs} outputs; processor seconds")
    for name, function in cases.items():
        print(f"{name:30s} {seconds(function, asked.repeats):.3f}", flush=True)


if __name__ == "__main__":
    main()

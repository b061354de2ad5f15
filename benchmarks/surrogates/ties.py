"""What should two designs that both meet a specification teach a pairwise discriminator?

    python -m benchmarks.surrogates.ties [--circuit two_stage_opamp] [--seeds 3] [--candidates 1000]

A database of 200 simulated designs (100 random ones, then ten rounds of ten children of the best 20) trains
each discriminator. The reference is the design at rank 20 by cost, as in BagNet. Candidates are new designs,
children of the best 60, simulated for this table only: no design is on both sides. Truly better is a
candidate that is nowhere worse than the reference and somewhere better.

Columns: AUC, mean over the specifications that the reference misses, of the probability to be better there
against the truth; AUC of the summed log-probabilities for truly better; enrichment, the share of truly better
designs among the accepted over their share among all, with the threshold that accepts 60 % of them; processor
seconds to train and ask. `bagnet` rows have BagNet's network (20-20, dropout kept on when asked), `ours` the
default sizes; the last row is a deep ensemble of regressors on the same data.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.circuits.catalogue import CIRCUITS, circuit_problem, circuit_simulator
from sciml.surrogates.discriminator import PairwiseDiscriminator, Ties
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.execution.process_pool import ProcessExecutor
from sciml.surrogates.fitting import joined
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Simulator
from sciml.surrogates.validate import auroc

Array = NDArray[np.float64]
Asked = Callable[[Problem, Array, Result, Array, Array, int], Array]
"""(problem, designs, result, candidates, reference, seed) to probabilities (candidate, specification)."""

RECALL = 0.6


def children(problem: Problem, parents: Array, count: int, generator: np.random.Generator) -> Array:
    """Mutations: two of five values are drawn anew."""
    chosen = parents[generator.integers(len(parents), size=count)]
    redrawn = generator.random(chosen.shape) < 0.4
    return np.where(redrawn, problem.spec.random(count, generator), chosen)


def database(problem: Problem, simulator: Simulator, seed: int) -> tuple[Array, Result]:
    """200 designs in the order of a search."""
    generator = np.random.default_rng(seed)
    designs = problem.spec.random(100, generator)
    result = simulator.run(designs)
    for _ in range(10):
        best = np.argsort(problem.goal.cost(result.values, problem.spec), kind="stable")[:20]
        new = children(problem, designs[best], 10, generator)
        designs, result = np.concatenate([designs, new]), joined(result, simulator.run(new))
    return designs, result


def discriminator(ties: Ties, config: PairwiseDiscriminator.Config) -> Asked:
    """Train and ask a discriminator."""

    def ask(
        problem: Problem, designs: Array, result: Result, candidates: Array, reference: Array, seed: int
    ) -> Array:
        one = PairwiseDiscriminator(problem, ties=ties, seed=seed, config=config)
        return one.fit(designs, result.values).prob_better(candidates, reference)

    return ask


def regressors(
    problem: Problem, designs: Array, result: Result, candidates: Array, reference: Array, seed: int
) -> Array:
    """Ask an ensemble."""
    ensemble = Ensemble.for_problem(problem, seed=seed).fit(designs, result)
    a, b = ensemble.predict(candidates), ensemble.predict(reference[None])
    return np.stack(
        [
            a.prob_better(b, s.output, "maximise" if s.sign > 0 else "minimise")
            for s in problem.goal.specifications
        ],
        axis=1,
    )


def judge(probability: Array, candidate: Array, reference: Array) -> tuple[float, float, float, float]:
    """AUC by specification, AUC of all, enrichment, base rate.

    Args:
        probability: (candidate, specification).
        candidate: (candidate, specification), true violations.
        reference: (specification,), true violations.
    """
    missed = reference > 0
    each = [auroc(probability[:, i], candidate[:, i] < reference[i]) for i in np.flatnonzero(missed)]
    nowhere_worse, somewhere_better = (candidate <= reference), (candidate < reference)
    better = np.asarray(nowhere_worse.all(axis=1) & somewhere_better.any(axis=1))
    score = np.log(np.clip(probability, 1e-12, 1)).sum(axis=1)
    if not better.any():
        return float(np.nanmean(each)), np.nan, np.nan, 0.0
    threshold = np.quantile(score[better], 1 - RECALL, method="lower")
    enrichment = better[score >= threshold].mean() / better.mean()
    return float(np.nanmean(each)), auroc(score, better), float(enrichment), float(better.mean())


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--circuit", default="two_stage_opamp", choices=CIRCUITS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=1000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    problem = circuit_problem(arguments.circuit)
    bagnet, ours = PairwiseDiscriminator.BAGNET, PairwiseDiscriminator.Config()
    ways: dict[str, Asked] = {}
    kinds: tuple[Ties, ...] = ("bagnet", "drop", "half", "rank")
    for word, config in (("bagnet", bagnet), ("ours", ours)):
        ways |= {f"{word}, ties {ties}": discriminator(ties, config) for ties in kinds}
    ways["regressors"] = regressors
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
    with BatchSimulator(circuit_simulator(arguments.circuit), ProcessExecutor(1)) as simulator:
        for seed in range(arguments.seeds):
            designs, result = database(problem, simulator, seed)
            order = np.argsort(problem.goal.cost(result.values, problem.spec), kind="stable")
            new = children(
                problem, designs[order[:60]], arguments.candidates, np.random.default_rng([seed, 9])
            )
            known = {row.tobytes() for row in designs}
            new = new[[row.tobytes() not in known for row in new]]
            violations = problem.goal.violations(simulator.run(new).values, problem.spec)
            reference = problem.goal.violations(result.values[order[19]][None], problem.spec)[0]
            for name, ask in ways.items():
                started = time.process_time()
                probability = ask(problem, designs, result, new, designs[order[19]], seed)
                seconds = time.process_time() - started
                found[name].append((*judge(probability, violations, reference), seconds))
    print("| discriminator | AUC, each | AUC, all | enrichment at 60 % | seconds |\n|---|---|---|---|---|")
    for name, rows in found.items():
        each, together, enrichment, _, seconds = np.nanmean(np.array(rows), axis=0)
        print(f"| {name} | {each:.3f} | {together:.3f} | {enrichment:.1f} | {seconds:.2f} |")
    base = np.mean([rows[3] for rows in found["regressors"]])
    print(f"truly better: {100 * base:.1f} % of the candidates, {arguments.seeds} seeds")


if __name__ == "__main__":
    main()

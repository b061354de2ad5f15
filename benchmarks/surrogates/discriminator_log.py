"""How much rarer does a discriminator make the simulations of bad children?

BagNet's published log: over the oracle run's 3474 queries 3.6 % of the children were better than their
reference; the network accepted 48 % of those (recall), and 20 % of what it accepted was better (precision):
an enrichment of 5.7 over the 3.6 %.

Here the oracle variant of BagNet runs on a shipped circuit: every child that evolution breeds is simulated,
and is accepted if its penalty in every critical specification is at most the reference's. All queries are
logged. Then each discriminator goes through the rounds in their order, knows only the designs that the loop
had by then, and judges the queries of that round, none of whose outcomes it has seen:

- `bagnet`: BagNet's network, trained further every round, dropout on, acceptance drawn;
- `bagnet ties 0.5`: the same with its labels of ties cured;
- `pairwise drop`, `pairwise rank`: `sciml.surrogates.discriminator` with its own cures, trained anew;
- `margins`: the models of the default optimiser; P(better) is the product over critical specifications of the
  probability that the child's margin is at least the reference's, or meets the limit.

Precision, recall and enrichment are those of the drawn acceptance (expected over draws) and of accepting what
is above one threshold, the one with a recall of 60 % over the whole log.

    python -m benchmarks.surrogates.discriminator_log --circuit two_stage_opamp --seeds 3 --queries 3500
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_ndtr

from benchmarks.surrogates.compare import commit, opened
from sciml.surrogates.discriminator import PairwiseDiscriminator
from sciml.surrogates.optimise.bagnet_network import NetworkSettings, TrainedDiscriminator
from sciml.surrogates.optimise.evolution import Evolution
from sciml.surrogates.optimise.evolution_rules import Parents, breed
from sciml.surrogates.optimise.features import Cube
from sciml.surrogates.optimise.gaussian_process import GaussianProcesses
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.margins import signed_margins
from sciml.surrogates.problem import Problem
from sciml.surrogates.simulator import Simulator

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Round:
    """What the loop had (rows of the history), what it asked, and what was true."""

    database: NDArray[np.intp]
    reference: int
    critical: tuple[int, ...]
    children: Array
    better: NDArray[np.bool_]


class Oracle(Evolution):
    """BagNet whose discriminator is the simulator itself."""

    def __init__(self, problem: Problem, seed: int, simulator: Simulator, queries: int) -> None:
        super().__init__(problem, seed)
        self.rounds: list[Round] = []
        self._simulator, self._left = simulator, queries

    def _choose(self, parents: Parents, generator: np.random.Generator) -> Array:
        positions = self._grid.positions(self.history.designs)
        limits = self.history.violations[parents.reference][self.critical]
        asked: list[Array] = []
        chosen: list[Array] = []
        verdicts: list[bool] = []
        while len(chosen) < self.settings.children and self._left > 0:
            litter = breed(positions, parents, self._grid, self.settings, generator)
            for child in self.history.unseen(self._grid.designs(litter)):
                result = self._simulator.run(child[None])
                self._left -= 1
                penalties = self.history.goal.violations(result.values, self.history.spec)[0]
                is_better = bool(result.ok[0] and (penalties[self.critical] <= limits).all())
                asked.append(child)
                verdicts.append(is_better)
                if is_better:
                    chosen.append(child)
        self.rounds.append(
            Round(
                self.database(), parents.reference, tuple(self.critical), np.array(asked), np.array(verdicts)
            )
        )
        return self.history.unseen(np.array(chosen)) if self._left > 0 else self._queue[:0]


Judge = Callable[[History, Round], Array]
"""The history as it was in a round, and the round, to P(better) of its children, (child,)."""


@dataclass
class Network:
    """BagNet's network with the released or the cured labels."""

    problem: Problem
    seed: int
    settings: NetworkSettings
    trained: TrainedDiscriminator | None = field(default=None)

    def __call__(self, history: History, log: Round) -> Array:
        """P(better) of the children, (child,)."""
        if self.trained is None:
            sizes = len(self.problem.spec.inputs), len(self.problem.goal.specifications)
            self.trained = TrainedDiscriminator(*sizes, self.settings, self.seed)
        grid, noise = Grid(self.problem.spec), torch.Generator().manual_seed(len(history))
        positions = grid.positions(history.designs)
        self.trained.train(positions[log.database], history.violations[log.database], noise)
        better = self.trained.prob_better(grid.positions(log.children), positions[log.reference], noise)
        return np.asarray(better[:, log.critical].prod(axis=1))


@dataclass
class Pairwise:
    """The package's discriminator, trained anew every round."""

    problem: Problem
    seed: int
    ties: str

    def __call__(self, history: History, log: Round) -> Array:
        """P(better) of the children, (child,)."""
        network = PairwiseDiscriminator(self.problem, ties=self.ties, seed=self.seed)  # type: ignore[arg-type]
        network.fit(history.designs[log.database], history.result.values[log.database])
        better = network.prob_better(log.children, history.designs[log.reference])
        return np.asarray(better[:, log.critical].prod(axis=1))


@dataclass
class Margins:
    """The models of the default optimiser."""

    problem: Problem
    near: int = 200

    def __call__(self, history: History, log: Round) -> Array:
        """P(better) of the children, (child,)."""
        cube = Cube(self.problem.spec)
        values = history.result.values[log.database]
        margins = signed_margins(values, self.problem.goal, self.problem.spec)
        features = cube.features(history.designs[log.database])
        own = int(np.flatnonzero(log.database == log.reference)[0])
        keep = np.argsort(np.abs(features - features[own]).max(axis=1), kind="stable")[: self.near]
        models = GaussianProcesses(features[keep], margins[keep])
        mean, deviation = models.predict(cube.features(log.children))
        limit = np.minimum(np.nan_to_num(margins[own], nan=0.0), 0.0)
        score = log_ndtr((mean - limit) / deviation)
        return np.asarray(np.exp(score[:, log.critical].sum(axis=1)))


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    print(f"commit {commit()}, {arguments.circuit}, {arguments.seeds} oracle runs")
    print("| discriminator | queries | better | accepted by | recall | precision | enrichment |")
    print("|---|---|---|---|---|---|---|")
    pooled: dict[str, tuple[list[Array], list[NDArray[np.bool_]]]] = {}
    for seed in range(arguments.seeds):
        with opened(arguments.circuit) as (problem, simulator):
            oracle = run_oracle(problem, simulator, seed, arguments.queries)
            for name, judge in judges(problem, seed, arguments.judges.split(",")).items():
                probability, better = replay(problem, oracle, judge)
                kept = pooled.setdefault(name, ([], []))
                kept[0].append(probability)
                kept[1].append(better)
    for name, (probabilities, verdicts) in pooled.items():
        print_scores(name, np.concatenate(probabilities), np.concatenate(verdicts))


def run_oracle(problem: Problem, simulator: Simulator, seed: int, queries: int) -> Oracle:
    """The oracle variant until it has converged or asked so many queries."""
    oracle = Oracle(problem, seed, simulator, queries)
    while len(designs := oracle.ask(1000)):
        oracle.tell(designs, simulator.run(designs))
    return oracle


def judges(problem: Problem, seed: int, names: Sequence[str]) -> dict[str, Judge]:
    known: dict[str, Judge] = {
        "bagnet": Network(problem, seed, NetworkSettings()),
        "bagnet ties 0.5": Network(problem, seed, NetworkSettings(ties="half")),
        "pairwise drop": Pairwise(problem, seed, "drop"),
        "pairwise rank": Pairwise(problem, seed, "rank"),
        "margins": Margins(problem),
    }
    return {name: judge for name, judge in known.items() if names == ["all"] or name in names}


def replay(problem: Problem, oracle: Oracle, judge: Judge) -> tuple[Array, NDArray[np.bool_]]:
    """P(better) and truth of all queries, each judged by what was known in its round."""
    probabilities: list[Array] = []
    verdicts: list[NDArray[np.bool_]] = []
    for log in oracle.rounds:
        if len(log.children) == 0:
            continue
        probabilities.append(judge(oracle.history, log))
        verdicts.append(log.better)
    return np.concatenate(probabilities), np.concatenate(verdicts)


def print_scores(name: str, probability: Array, better: NDArray[np.bool_]) -> None:
    """The drawn acceptance, and the threshold with a recall of 60 %."""
    base = better.mean()
    threshold = np.quantile(probability[better], 0.4)
    for rule, accepted in (
        ("draw", probability),
        (f"P >= {threshold:.2g}", (probability >= threshold).astype(float)),
    ):
        recall = accepted[better].sum() / better.sum()
        precision = accepted[better].sum() / accepted.sum()
        line = f"| {name} | {len(better)} | {100 * base:.1f} % | {rule} | {100 * recall:.0f} % "
        print(line + f"| {100 * precision:.0f} % | {precision / base:.1f} |", flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--circuit", default="two_stage_opamp", help="circuit, synthetic problem or problem file"
    )
    parser.add_argument("--seeds", type=int, default=3, help="oracle runs")
    parser.add_argument("--queries", type=int, default=3500, help="children simulated in a run at most")
    parser.add_argument("--judges", default="all", help="discriminators, by comma")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""The search of the default mode with neural networks in the place of its Gaussian processes.

Spread designs, trust region, proposals and the early end of simulations are the default's. What is learned is

1. a pairwise discriminator, antisymmetric, trained on all pairs of designs: it compares every proposal with
   the best design, specification by specification, and lets the likely better share of each litter pass;
2. a deep ensemble with an output for each specification and the probability of failure: it ranks what passed
   by the probability that every limit is met.

Source: Hakhamaneshi et al., ICCAD 2019, for the discriminator before the simulator; Lakshminarayanan et al.,
NeurIPS 2017, for the ensemble.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.surrogates.discriminator import PairwiseDiscriminator
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.optimise.corrected import SurrogatePredictor, log_probability
from sciml.surrogates.optimise.feasibility_search import FeasibilitySearch, FeasibilitySettings
from sciml.surrogates.optimise.history import History, rows_of
from sciml.surrogates.optimise.margin_models import DOUBT_PENALTY, Judge
from sciml.surrogates.optimise.margins import shortfall, signed_margins
from sciml.surrogates.problem import Problem

Array = NDArray[np.float64]
REJECTED = -2 * DOUBT_PENALTY
"""What is added to the score of a proposal that the discriminator turned away: it comes after all others."""
FEWEST = 32
"""Proposals of a litter that pass at least."""


@dataclass(frozen=True)
class EnsembleSettings(FeasibilitySettings):
    """The default's settings, and those of the networks."""

    accepted: float = 0.2
    """Share of the proposals that the discriminator lets pass."""
    ensemble: Ensemble.Config = field(default_factory=Ensemble.Config)
    """Sizes and training of the ensemble."""
    discriminator: PairwiseDiscriminator.Config = field(default_factory=PairwiseDiscriminator.Config)
    """Sizes and training of the discriminator."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.accepted <= 1:
            raise SettingsError(f"the accepted share lies in (0, 1], not at {self.accepted}")


class EnsembleSearch(FeasibilitySearch):
    """See the module. It searches for a feasible design.

    Raises:
        SettingsError: the goal has an objective, or no specification.
    """

    def __init__(self, problem: Problem, seed: int, settings: EnsembleSettings | None = None) -> None:
        if problem.goal.objectives or not problem.goal.specifications:
            rule = "mode 'ensemble' looks for a design that meets specifications and knows no objectives"
            raise SettingsError(f"{rule}: choose mode 'default' for {problem.spec.name!r}")
        self.networks = settings or EnsembleSettings()
        super().__init__(problem, seed, self.networks)

    def _judge(self, rows: NDArray[np.intp], center: int) -> Judge:
        known = np.isfinite(self.history.result.values[rows]).any(axis=1)
        if known.sum() < 2:  # nothing to compare: then the processes, which learn from failures alone
            return super()._judge(rows, center)
        return Networks(self.history, rows, center, self._seed, self.networks)


class Networks:
    """Discriminator and ensemble trained on some designs of a search.

    Args:
        history: of the search.
        rows: its designs that are learned from.
        center: the design that proposals are compared with.
        seed: of both networks.
        settings: of both.
    """

    def __init__(
        self,
        history: History,
        rows: NDArray[np.intp],
        center: int,
        seed: int,
        settings: EnsembleSettings,
    ) -> None:
        self._problem, self._accepted = Problem(history.spec, history.goal), settings.accepted
        designs, result = history.designs[rows], rows_of(history.result, rows)
        self._reference = history.designs[center]
        missed = history.violations[center] > 0
        self._critical = missed if missed.any() else np.ones(len(missed), dtype=bool)
        self._discriminator = PairwiseDiscriminator(
            self._problem, ties="drop", seed=seed, config=settings.discriminator
        ).fit(designs, result.values)
        self._ensemble = Ensemble.for_problem(self._problem, seed=seed, config=settings.ensemble)
        self._ensemble.fit(designs, result)

    def better(self, designs: Array) -> Array:
        """ln P(better than the reference in every specification that it misses), (design,)."""
        odds = self._discriminator.prob_better(designs, self._reference)[:, self._critical]
        return np.asarray(np.log(np.maximum(odds, 1e-12)).sum(axis=1))

    def score(self, designs: Array) -> Array:
        """ln P(every limit is met and the simulation succeeds) of what the discriminator lets pass, (item,);
        the others come last, in its order."""
        better = self.better(designs)
        count = max(FEWEST, round(self._accepted * len(designs)))
        passed = np.argsort(-better, kind="stable")[:count]
        score: Array = REJECTED + better
        score[passed] = self._probability(designs[passed])
        return score

    def draw(self, designs: Array, count: int, generator: torch.Generator) -> list[int]:
        """For each of `count` draws of the ensemble the row of the design with the least shortfall."""
        chance = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        names = self._problem.spec.output_names
        drawn = self._ensemble.predict(designs).take(names).sample(count, chance)
        short = [shortfall(signed_margins(each, self._problem.goal, self._problem.spec)) for each in drawn]
        return [int(each.argmin()) for each in short]

    def _probability(self, designs: Array) -> Array:
        total = log_probability(SurrogatePredictor(self._ensemble), designs, self._problem.goal)
        failure = self._ensemble.predict(designs).failure
        if failure is not None:
            total = total + np.log1p(-np.minimum(failure, 1 - 1e-12))
            total -= DOUBT_PENALTY * np.maximum(failure - 0.5, 0.0)
        return total

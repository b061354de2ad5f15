"""BagNet: evolution whose children are simulated only if a network holds them better than a reference.

Source: Hakhamaneshi et al., ICCAD 2019, by the rules and numbers of the released code. A space of designs
without a grid, on which the released code cannot work, is handled as `grid.py` says.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from sciml.surrogates.optimise.bagnet_network import NetworkSettings, TrainedDiscriminator
from sciml.surrogates.optimise.evolution import Evolution
from sciml.surrogates.optimise.evolution_rules import EvolutionSettings, Parents, breed
from sciml.surrogates.problem import Problem

BLOCK = 128
"""Crossings and mutations that are bred and queried together: the same distribution as one at a time."""


@dataclass(frozen=True)
class BagNetSettings(EvolutionSettings):
    """The evolution's settings, and those of the network."""

    queries: int = 20_000
    """Children asked of the network in one round; with too few accepted by then, the search ends."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
    """Sizes and training of the discriminator."""


class BagNet(Evolution):
    """100 random designs, then rounds of five children that the discriminator accepts.

    A child is accepted if, for every critical specification, a draw with the network's probability that it is
    better than the reference succeeds. The network is trained on all pairs of the database before each round
    that has new designs.

    Attributes:
        queried: children asked of the network so far.
    """

    def __init__(self, problem: Problem, seed: int, settings: BagNetSettings | None = None) -> None:
        self.bagnet = settings or BagNetSettings()
        super().__init__(problem, seed, self.bagnet)
        self.discriminator = TrainedDiscriminator(
            len(problem.spec.inputs), len(problem.goal.specifications), self.bagnet.network, seed
        )
        self.queried = 0
        self._trained_on = 0

    def _choose(self, parents: Parents, generator: np.random.Generator) -> NDArray[np.float64]:
        database = self.database()
        positions = self._grid.positions(self.history.designs)
        noise = torch.Generator().manual_seed(int(generator.integers(2**62)))
        if len(database) > self._trained_on:
            self.discriminator.train(positions[database], self.history.violations[database], noise)
            self._trained_on = len(database)
        chosen = np.zeros((0, len(self._grid.counts)))
        queries = barren = 0
        while len(chosen) < self.settings.children and queries < self.bagnet.queries and barren < 100:
            litters = [breed(positions, parents, self._grid, self.settings, generator) for _ in range(BLOCK)]
            litter = np.repeat(np.arange(BLOCK), [len(each) for each in litters])
            children = self._grid.designs(np.concatenate(litters))
            is_new = ~self.history.has(children)
            barren = 0 if is_new.any() else barren + 1  # a small space may have no new children left
            children, litter = children[is_new], litter[is_new]
            accepted = self.accepts(children, positions[parents.reference], generator, noise)
            for last in np.unique(litter):
                if len(chosen) >= self.settings.children or queries >= self.bagnet.queries:
                    break
                mine = litter == last
                queries += int(mine.sum())
                chosen = self.history.unseen(np.concatenate([chosen, children[mine & accepted]]))
        self.queried += queries
        return chosen if len(chosen) >= self.settings.children else chosen[:0]

    def accepts(
        self,
        children: NDArray[np.float64],
        reference: NDArray[np.float64],
        generator: np.random.Generator,
        noise: torch.Generator,
    ) -> NDArray[np.bool_]:
        """One draw of the acceptance of each child (child, input), natural values, (child,).

        Args:
            children: designs.
            reference: (input,), the reference's grid positions.
            generator: draws the acceptance.
            noise: draws the dropout.
        """
        better = self.discriminator.prob_better(self._grid.positions(children), reference, noise)
        critical = better[:, self.critical]
        return np.asarray((generator.random(critical.shape) < critical).all(axis=1))

"""BagNet's evolution: which specification is critical, which designs are parents, what their children are.

Source: Hakhamaneshi et al., ICCAD 2019, in the words of the released code: its decision box and its "custom"
evolution.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.specification import Specification


@dataclass(frozen=True)
class EvolutionSettings:
    """Sizes and probabilities of BagNet's evolution; the defaults are the released ones."""

    initial: int = 100
    """Uniform random designs simulated first."""
    children: int = 5
    """New designs a round; a pair of siblings may make it one more."""
    reference: int = 20
    """The critical specification is judged on this many top designs; the next one is the reference."""
    pool: int = 100
    """Designs in each pool of parents."""
    crossover: float = 0.6
    """Probability of crossing two parents; otherwise one parent is mutated."""
    blend: float = 0.5
    """Probability that a crossing blends; otherwise genes are swapped."""
    alpha: float = 0.5
    """How far a blend reaches beyond the parents, in units of their distance."""
    gene: float = 0.5
    """Probability that a gene is swapped or redrawn."""
    rounds: int = 1000
    """Rounds at most."""


def find_critical(
    penalties: NDArray[np.float64], cost: NDArray[np.float64], critical: Sequence[int], reference: int
) -> int | None:
    """The specification with the largest worst penalty among the top designs.

    The top `reference` designs are those of least summed penalty over the specifications that were critical
    before, or of least cost while there are none.

    Args:
        penalties: (design, specification).
        cost: (design,).
        critical: specifications that were critical before.
        reference: number of top designs.

    Returns:
        A specification, which may have been critical before; None where the top designs meet every one.
    """
    score = penalties[:, list(critical)].sum(axis=1) if critical else cost
    worst = penalties[np.argsort(score, kind="stable")[:reference]].max(axis=0)
    return int(np.argmax(worst)) if worst.max() > 0 else None


@dataclass(frozen=True)
class Parents:
    """Rows of the database, best first: good at all critical specifications but the newest, good at the
    newest, and the design that children are compared with."""

    others: NDArray[np.intp]
    newest: NDArray[np.intp]
    reference: int


def select_parents(
    penalties: NDArray[np.float64],
    newest_values: NDArray[np.float64],
    critical: Sequence[int],
    newest: int,
    settings: EvolutionSettings,
    generator: np.random.Generator,
) -> Parents:
    """The two pools of parents and the reference design.

    Args:
        penalties: (design, specification).
        newest_values: (design,) values of the newest critical specification's output, small is good.
        critical: all critical specifications.
        newest: the newest of them; its pool is ordered by its value, not its penalty.
        settings: sizes.
        generator: draws the first pool while only one specification is critical.
    """
    count = len(penalties)
    others = [each for each in critical if each != newest]
    if others:
        first = np.argsort(penalties[:, others].sum(axis=1), kind="stable")[: settings.pool]
    else:
        first = generator.permutation(count)[: settings.pool]
    second = np.argsort(np.nan_to_num(newest_values, nan=np.inf), kind="stable")[: settings.pool]
    ranked = np.argsort(penalties[:, list(critical)].sum(axis=1), kind="stable")
    return Parents(first, second, int(ranked[min(settings.reference, count - 1)]))


def signed_values(specification: Specification, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Output values (design,) with the sign that makes small ones good."""
    return -specification.sign * values


def breed(
    positions: NDArray[np.float64],
    parents: Parents,
    grid: Grid,
    settings: EvolutionSettings,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Children of one crossing (two) or one mutation (one), as grid positions (child, input).

    Parents are drawn with weights that fall linearly with their rank.
    """
    first = positions[_draw(parents.others, generator)]
    if generator.random() < settings.crossover:
        second = positions[_draw(parents.newest, generator)]
        if generator.random() < settings.blend:
            return blend(first, second, grid, settings.alpha, generator)
        swap = generator.random(len(first)) < settings.gene
        return np.stack([np.where(swap, second, first), np.where(swap, first, second)])
    redrawn = grid.positions(grid.random(1, generator))[0]
    return np.where(generator.random(len(first)) < settings.gene, redrawn, first)[None]


def blend(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    grid: Grid,
    alpha: float,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Two children on the line through their parents, gene by gene.

    They lie up to `alpha` of the parents' distance beyond them. On a grid the first child's positions are
    rounded down, the second's up; both stay in range. (2, input)
    """
    share = (1 + 2 * alpha) * generator.random(len(first)) - alpha
    one, other = (1 - share) * first + share * second, share * first + (1 - share) * second
    children = np.stack(
        [np.where(grid.is_free, one, np.floor(one)), np.where(grid.is_free, other, np.ceil(other))]
    )
    return np.clip(children, 0, grid.counts - 1)


def _draw(ordered: NDArray[np.intp], generator: np.random.Generator) -> int:
    weights = np.arange(len(ordered), 0, -1, dtype=np.float64)
    return int(generator.choice(ordered, p=weights / weights.sum()))

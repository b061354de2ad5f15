"""Searching a predictor, which costs nothing, for the designs that are worth a simulation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History

Array = NDArray[np.float64]
Score = Callable[[Array], Array]
"""Designs (design, input) to scores (design,), large is good."""


@dataclass(frozen=True)
class SearchSettings:
    """An evolution on predictions."""

    population: int = 64
    """Designs kept from round to round."""
    children: int = 256
    """Designs made in a round."""
    rounds: int = 25
    """Rounds."""
    random: int = 256
    """Designs of the first round that are drawn anywhere."""
    step: float = 0.25
    """Largest scale of a mutation, as a share of an input's positions; each child draws its own below."""


def search(
    score: Score,
    grid: Grid,
    starts: Array,
    generator: np.random.Generator,
    settings: SearchSettings | None = None,
) -> Array:
    """Designs with large scores, best first, (design, input), each once.

    Args:
        score: what is searched.
        grid: allowed designs.
        starts: designs to begin with, (design, input); may be empty.
        generator: source of chance.
        settings: sizes of the search.
    """
    settings = settings or SearchSettings()
    population = np.concatenate([starts, grid.random(settings.random, generator)])
    population, value = _best(population, score(population), settings.population)
    for _ in range(settings.rounds):
        children = mutated(population, grid, settings.children, generator, settings.step)
        both, values = np.concatenate([population, children]), np.concatenate([value, score(children)])
        population, value = _best(both, values, settings.population)
    return population


def mutated(
    parents: Array, grid: Grid, count: int, generator: np.random.Generator, largest_step: float
) -> Array:
    """Children of parents (design, input): genes of two parents mixed, some of them moved, (count, input).

    Of each child one gene or more moves by a Gaussian step, whose scale is drawn between one position and
    `largest_step` of the input's positions; a category is drawn anew.
    """
    positions = grid.positions(parents)
    inputs = positions.shape[1]
    one, two = (positions[generator.integers(len(parents), size=count)] for _ in range(2))
    is_crossed = generator.random((count, 1)) < 0.5
    child = np.where(is_crossed & (generator.random((count, inputs)) < 0.5), two, one)
    moved = generator.random((count, inputs)) < 1.5 / inputs
    moved[np.arange(count), generator.integers(inputs, size=count)] = True
    widest = np.maximum(largest_step * grid.counts, 1.0)
    scale = np.exp(generator.random((count, 1)) * np.log(widest))
    step = scale * generator.standard_normal((count, inputs))
    step = np.where(np.abs(step) < 1, np.where(step < 0, -1.0, 1.0), np.round(step))
    free = np.where(grid.is_free, scale * generator.standard_normal((count, inputs)), step)
    anew = np.floor(generator.random((count, inputs)) * grid.counts)
    target = np.where(grid.is_category, anew, child + free)
    return grid.designs(np.where(moved, target, child))


def best_unseen(
    score: Score,
    history: History,
    grid: Grid,
    starts: Array,
    generator: np.random.Generator,
    count: int = 1,
    settings: SearchSettings | None = None,
) -> Array:
    """The designs of a search that were not simulated yet, best first, at most `count`, (design, input).

    Where the search ends on known designs only, their neighbours are looked at, then any other design.
    """
    settings = settings or SearchSettings()
    found = search(score, grid, starts, generator, settings)
    unseen = history.unseen(found)
    if len(unseen) < count:
        near = history.unseen(mutated(found, grid, 4 * settings.children, generator, settings.step))
        unseen = np.concatenate([unseen, near[np.argsort(-score(near), kind="stable")]])
    if len(unseen) < count:
        unseen = np.concatenate([unseen, grid.random_unseen(count - len(unseen), history, generator)])
    return unseen[:count]


def _best(designs: Array, value: Array, count: int) -> tuple[Array, Array]:
    """The first of each set of equal designs, ordered by value, at most `count`."""
    value = np.where(np.isfinite(value), value, -np.inf)
    order = np.argsort(-value, kind="stable")
    _, first = np.unique(designs[order], axis=0, return_index=True)
    kept = order[np.sort(first)][:count]
    return designs[kept], value[kept]

"""Proposals of an evolution that costs nothing: designs to be judged by the models."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PoolSettings:
    """Sizes of the pool."""

    children: int = 1024
    """Children of the best design; a power of two."""
    crossings: int = 512
    """Children of two good designs, drawn into the region."""
    parents: int = 20
    """Good designs that are crossed."""
    breeding: int = 384
    """Children, in each later round, of the proposals that the models hold best."""
    rounds: int = 2
    """Later rounds."""


@dataclass(frozen=True)
class Box:
    """Corners of a region of the cube, (input,) each."""

    low: Array
    high: Array

    def clip(self, points: Array) -> Array:
        """Points (item, input) moved into the region."""
        return np.clip(points, self.low, self.high)


def box_around(best: Array, below: Array, above: Array, side: float) -> Box:
    """The trust region of a side around the best design, wide enough to hold its neighbours on the grid: no
    coarse input could move in a small one otherwise.

    Args:
        best: (input,), a point of the cube.
        below: (input,), the next allowed value below it; 0 for a category.
        above: (input,), the next one above it; 1 for a category.
        side: in units of the cube.
    """
    low = np.clip(np.minimum(best - side / 2, below), 0, 1)
    return Box(low, np.clip(np.maximum(best + side / 2, above), 0, 1))


def first_pool(
    best: Array, good: Array, region: Box, settings: PoolSettings, generator: np.random.Generator
) -> Array:
    """Points of the trust region, (item, input).

    Args:
        best: (input,), the best design.
        good: (design, input), designs to cross, the best first.
        region: the trust region around it.
        settings: sizes.
        generator: source of chance.
    """
    inputs = len(best)
    spread = qmc.Sobol(inputs, scramble=True, rng=generator).random(settings.children)
    share = min(1.0, 20 / inputs) * generator.choice([1.0, 0.5, 0.25], size=(settings.children, 1))
    moved = generator.random(spread.shape) < share
    moved[np.arange(settings.children), generator.integers(inputs, size=settings.children)] = True
    children = np.where(moved, region.low + (region.high - region.low) * spread, best)
    return np.concatenate([children, region.clip(_crossed(good, settings.crossings, generator))])


def next_pool(top: Array, count: int, generator: np.random.Generator) -> Array:
    """Children of points (item, input) that the models hold best, (count, input): some genes moved a little,
    or two points joined by a line. They may leave the cube."""
    one, two = (top[generator.integers(len(top), size=count)] for _ in range(2))
    scale = generator.choice([0.01, 0.03, 0.1], size=(count, 1))
    moved = one + generator.normal(size=one.shape) * scale * (generator.random(one.shape) < 0.4)
    joined = one + generator.uniform(-0.3, 1.3, size=(count, 1)) * (two - one)
    return np.where(generator.random((count, 1)) < 0.5, moved, joined)


def _crossed(good: Array, count: int, generator: np.random.Generator) -> Array:
    one, two = (good[generator.integers(len(good), size=count)] for _ in range(2))
    blended = one + generator.uniform(-0.5, 1.5, size=one.shape) * (two - one)
    swapped = np.where(generator.random(one.shape) < 0.5, one, two)
    children = np.where(generator.random((count, 1)) < 0.5, blended, swapped)
    noisy = generator.random((count, 1)) < 0.7
    return np.asarray(children + noisy * generator.normal(size=one.shape) * 0.05)

"""Proposals of an evolution that costs nothing: designs to be judged by the models."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PoolSettings:
    """Sizes of the pool."""

    local: int = 1024
    """Children of the best design inside the trust region; a power of two."""
    crossings: int = 512
    """Children of two good designs."""
    anywhere: int = 512
    """Designs spread over the whole space."""
    parents: int = 20
    """Good designs that are crossed."""
    breeding: int = 384
    """Children, in each later round, of the proposals that the models hold best."""
    rounds: int = 2
    """Later rounds."""


def first_pool(
    best: Array, good: Array, side: float, settings: PoolSettings, generator: np.random.Generator
) -> Array:
    """Points of the cube, (item, input).

    Args:
        best: (input,), the centre of the trust region.
        good: (design, input), designs to cross, the best first.
        side: of the trust region.
        settings: sizes.
        generator: source of chance.
    """
    inputs = len(best)
    spread = qmc.Sobol(inputs, scramble=True, rng=generator).random(settings.local)
    low, high = np.clip(best - side / 2, 0, 1), np.clip(best + side / 2, 0, 1)
    share = min(1.0, 20 / inputs) * generator.choice([1.0, 0.5, 0.25], size=(settings.local, 1))
    moved = generator.random(spread.shape) < share
    moved[np.arange(settings.local), generator.integers(inputs, size=settings.local)] = True
    local = np.where(moved, low + (high - low) * spread, best)
    anywhere = generator.random((settings.anywhere, inputs))
    return np.concatenate([local, _crossed(good, settings.crossings, generator), anywhere])


def next_pool(top: Array, count: int, generator: np.random.Generator) -> Array:
    """Children of points (item, input) that the models hold best, (count, input): some genes moved a little,
    or two points joined by a line."""
    one, two = (top[generator.integers(len(top), size=count)] for _ in range(2))
    scale = generator.choice([0.01, 0.03, 0.1], size=(count, 1))
    moved = one + generator.normal(size=one.shape) * scale * (generator.random(one.shape) < 0.4)
    joined = one + generator.uniform(-0.3, 1.3, size=(count, 1)) * (two - one)
    return np.clip(np.where(generator.random((count, 1)) < 0.5, moved, joined), 0, 1)


def _crossed(good: Array, count: int, generator: np.random.Generator) -> Array:
    one, two = (good[generator.integers(len(good), size=count)] for _ in range(2))
    blended = one + generator.uniform(-0.5, 1.5, size=one.shape) * (two - one)
    swapped = np.where(generator.random(one.shape) < 0.5, one, two)
    children = np.where(generator.random((count, 1)) < 0.5, blended, swapped)
    noisy = generator.random((count, 1)) < 0.7
    return np.clip(children + noisy * generator.normal(size=one.shape) * 0.05, 0, 1)

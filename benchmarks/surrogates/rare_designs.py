"""How rare are feasible designs? Subset simulation, for shares that random sampling cannot reach.

Uniform random designs are sorted by summed violation; the best fifth seeds Markov chains that stay below its
worst one and are uniform there; and so on until a fifth of a level is feasible. The share is the product of
the levels' shares. Neighbouring steps of a chain are alike, so that the estimate scatters: with 400
designs a level by a factor of two to three (a known share of 1e-5 of five inputs).

Source: Au & Beck, Probabilistic Engineering Mechanics 16:263 (2001), with their component-wise proposal.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem_spec import ProblemSpec

Array = NDArray[np.float64]
_SHARE = 0.2
_LEAST_SHARE = 1e-12


@dataclass(frozen=True)
class RareDesigns:
    """What was found: the share of feasible designs (0 where none was), feasible designs (design, input), and
    how many designs were simulated."""

    share: float
    feasible: Array
    simulated: int


def find_rare_designs(
    spec: ProblemSpec, violation: Callable[[Array], float], count: int, generator: np.random.Generator
) -> RareDesigns:
    """Estimate the share of designs whose summed violation is 0.

    Args:
        spec: the inputs.
        violation: of one design (input,); at least 0.
        count: designs a level.
        generator: of everything random.
    """
    designs = spec.random(count, generator)
    values = np.array([violation(design) for design in designs])
    share, simulated = 1.0, count
    while True:
        order = np.argsort(values, kind="stable")
        limit = values[order[int(_SHARE * count) - 1]]
        if limit <= 0:
            return RareDesigns(share * float(np.mean(values <= 0)), designs[values <= 0], simulated)
        if share * _SHARE < _LEAST_SHARE or limit >= values.max():
            return RareDesigns(0.0, designs[values <= 0], simulated)
        inside = values <= limit
        share *= float(np.mean(inside))
        seeds, seed_values = designs[inside], values[inside]
        designs, values = _chains(spec, violation, seeds, seed_values, limit, count, generator)
        simulated += count


def _chains(
    spec: ProblemSpec,
    violation: Callable[[Array], float],
    seeds: Array,
    seed_values: Array,
    limit: float,
    count: int,
    generator: np.random.Generator,
) -> tuple[Array, Array]:
    """`count` designs, uniform over those at or below the limit, by chains from the seeds."""
    spread = np.maximum(spec.to_unit(seeds).std(axis=0), 0.01)
    current = [(seeds[place], seed_values[place]) for place in generator.permutation(len(seeds))]
    designs: list[Array] = []
    values: list[float] = []
    while len(designs) < count:
        for index, (design, value) in enumerate(current):
            proposal = _propose(spec, design, spread, generator)
            found = value if np.array_equal(proposal, design) else violation(proposal)
            if found <= limit:
                current[index] = (proposal, found)
            designs.append(current[index][0])
            values.append(current[index][1])
            if len(designs) == count:
                break
    return np.array(designs), np.array(values)


def _propose(spec: ProblemSpec, design: Array, spread: Array, generator: np.random.Generator) -> Array:
    """A step of every input with probability 1/2, by up to the level's spread; none beyond the range."""
    unit = spec.to_unit(design[None])[0]
    moved = unit + np.where(
        generator.random(len(unit)) < 0.5, spread * generator.uniform(-1, 1, len(unit)), 0
    )
    return spec.from_unit(np.where((moved < 0) | (moved > 1), unit, moved)[None])[0]

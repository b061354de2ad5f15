"""What has been learned of the margins, of failures and of the objectives, and how promising designs are."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_ndtr
from scipy.stats import norm

from sciml.surrogates.optimise.auxiliary_features import AuxiliaryFeatures
from sciml.surrogates.optimise.features import Cube
from sciml.surrogates.optimise.gaussian_process import GaussianProcesses

Array = NDArray[np.float64]
DOUBT_PENALTY = 1e6
"""What a chance of success below one half costs: such designs come last, since a failure teaches nothing of
the margins, and where nothing is known of them any hope is left."""
SUCCESS_WEIGHT = 3.0
"""What a failure weighs beside shortfalls when drawn functions are compared."""


class Judge(Protocol):
    """Says how promising designs are."""

    def score(self, designs: Array) -> Array:
        """Scores (design,) of designs (design, input), large is good."""
        ...

    def draw(self, designs: Array, count: int, generator: torch.Generator) -> list[int]:
        """Rows of designs (design, input), each the best one by a draw of what may be true."""
        ...


class MarginModels:
    """Models of a margin for each specification, of success (+1 or -1), and of the objective if it counts.

    Args:
        cube: gives the features of designs.
        models: fitted to the columns (specifications, success, objective or none).
        widen: adds the predicted auxiliary outputs to features.
        specifications: how many.
        best: the objective to improve on; None while nothing is feasible.
    """

    def __init__(
        self,
        cube: Cube,
        models: GaussianProcesses,
        widen: AuxiliaryFeatures,
        specifications: int,
        best: float | None,
    ) -> None:
        self._cube, self._models, self._widen, self._count, self._best = (
            cube,
            models,
            widen,
            specifications,
            best,
        )

    def score(self, designs: Array) -> Array:
        """ln P(every limit is met and the simulation succeeds), (design,); plus the logarithm of the expected
        improvement of the objective where one counts. Designs that more likely fail than not come last.
        """
        mean, deviation = self._models.predict(self._widen(self._cube.features(designs)))
        met = self._count + 1
        terms = log_ndtr(mean[:, :met] / deviation[:, :met])
        score: Array = terms.sum(axis=1)
        score -= DOUBT_PENALTY * np.maximum(0.5 - np.exp(terms[:, self._count]), 0.0)
        if self._best is not None:
            score = score + _log_improvement(self._best, mean[:, met], deviation[:, met])
        return score

    def draw(self, designs: Array, count: int, generator: torch.Generator) -> list[int]:
        """For each of `count` functions drawn jointly the row of the design that it holds best: with the
        least shortfall, then the best objective or the largest least margin."""
        chosen = []
        for drawn in self._models.sample(self._widen(self._cube.features(designs)), count, generator):
            short = np.maximum(-drawn[:, : self._count], 0.0).sum(axis=1)
            short += SUCCESS_WEIGHT * np.maximum(-drawn[:, self._count], 0.0)
            if self._best is not None:
                second = drawn[:, self._count + 1]
            else:
                second = -drawn[:, : self._count].min(axis=1, initial=np.inf)
            chosen.append(int(np.lexsort([second, short])[0]))
        return chosen


def _log_improvement(best: float, mean: Array, deviation: Array) -> Array:
    """Logarithm of the expected improvement below `best` of Gaussian values."""
    z = (best - mean) / deviation
    improvement = deviation * np.maximum(norm.pdf(z) + z * norm.cdf(z), 1e-300)
    return np.asarray(np.log(improvement))

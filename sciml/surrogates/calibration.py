"""Making a surrogate's uncertainty mean what it says, and refusing to say so where nothing shows it.

Both objects are fitted on designs that were not trained on. They describe designs drawn like those
(exchangeable with them); designs that an optimiser has chosen are not, and then no coverage is reported.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sciml.errors import InputError
from sciml.surrogates.prediction import Prediction
from sciml.surrogates.registry import CALIBRATIONS
from sciml.surrogates.transforms import Array

_LARGEST_RATIO = 4.0  # one outlier does not decide on the factor of all
_FACTORS = (0.3, 10.0)


@CALIBRATIONS.register("std scaling")
@dataclass(frozen=True)
class StdScaling:
    """Multiplies the standard deviations of z by a factor for each output.

    The factor is the root of the mean squared standardised residual, residuals cut at 4 deviations: the
    maximum-likelihood scale of a Gaussian. Members are spread about their mean by the same factor, so that
    epistemic and aleatoric parts keep their shares.

    Args:
        factor: (output,).
        count: residuals behind it.
        source: `held out`, or `out of fold` where members judged the designs they were not shown.
    """

    factor: Array
    count: int = 0
    source: str = "held out"

    @classmethod
    def fit(cls, residual: Array, deviation: Array, source: str = "held out") -> "StdScaling":
        """From residuals of z and their predicted deviations, (design, output) each, NaN left out.

        An output with fewer than 8 residuals keeps the factor 1.
        """
        ratio = np.minimum(np.abs(residual) / np.maximum(deviation, 1e-12), _LARGEST_RATIO)
        known = np.isfinite(ratio)
        count = known.sum(axis=0)
        mean_square = (np.where(known, ratio, 0.0) ** 2).sum(axis=0) / np.maximum(count, 1)
        factor = np.where(count >= 8, np.clip(np.sqrt(mean_square), *_FACTORS), 1.0)
        return cls(factor, int(count.max(initial=0)), source)

    def apply(self, location: Array, deviation: Array) -> tuple[Array, Array]:
        """Scaled members (member, design, output) of z."""
        centre = location.mean(axis=0)
        return centre + self.factor * (location - centre), self.factor * deviation

    def state(self) -> dict[str, Any]:
        """JSON values."""
        return {"factor": self.factor.tolist(), "count": self.count, "source": self.source}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "StdScaling":
        """The object that gave `state`."""
        return cls(np.array(state["factor"], dtype=np.float64), state["count"], state["source"])


@CALIBRATIONS.register("split conformal")
@dataclass(frozen=True)
class SplitConformal:
    """Interval widths from the residuals of a calibration set.

    With n calibration designs and scores s = |z - mean| / std, the interval mean ± q std, q the
    ceil((n + 1) level)-th smallest score, holds a new exchangeable design's output with probability at least
    `level` and at most level + 1/(n + 1). `simultaneous` takes the largest score over the outputs of each
    design. Where n is too small for the level, q is infinite: the set says nothing that high.

    Source: Vovk et al., Algorithmic Learning in a Random World (2005); Lei et al., JASA 113:1094 (2018).

    Args:
        scores: (design, output), NaN where not known.
        exchangeable: the designs were drawn like those that will be asked.
    """

    scores: Array = field(repr=False)
    exchangeable: bool = True

    @classmethod
    def fit(cls, prediction: Prediction, values: Array, *, exchangeable: bool = True) -> "SplitConformal":
        """From predictions of held-out designs and their true outputs (design, output), NaN left out.

        Raises:
            InputError: as many rows are wanted on both sides.
        """
        if values.shape != (len(prediction), len(prediction.names)):
            raise InputError(
                f"true outputs of shape {values.shape} for predictions of {len(prediction)} designs and "
                f"{len(prediction.names)} outputs"
            )
        z = prediction.transform.encode(values)
        return cls(np.abs(z - prediction.z_mean) / np.maximum(prediction.z_std, 1e-12), exchangeable)

    def quantiles(self, level: float, simultaneous: bool) -> Array:
        """q of each output, (output,)."""
        if simultaneous:
            complete = self.scores[np.isfinite(self.scores).all(axis=1)]
            return np.full(self.scores.shape[1], _order_statistic(complete.max(axis=1, initial=0.0), level))
        return np.array([_order_statistic(s[np.isfinite(s)], level) for s in self.scores.T])

    def coverage(self, level: float) -> tuple[float, float]:
        """Range of the probability that an interval of this level holds its output: [level, level + 1/(n+1)].

        Raises:
            InputError: the calibration set is not exchangeable with what is asked, so nothing is known.
        """
        if not self.exchangeable:
            raise InputError(
                "coverage is not known: the calibration designs were chosen by an optimiser and are not "
                "exchangeable with designs to come; draw a fresh calibration set like those you will ask"
            )
        count = int(np.isfinite(self.scores).sum(axis=0).min(initial=len(self.scores)))
        return level, min(1.0, level + 1 / (count + 1))

    def state(self) -> dict[str, Any]:
        """JSON values besides the scores."""
        return {"exchangeable": self.exchangeable}


def _order_statistic(scores: Array, level: float) -> float:
    """The ceil((n + 1) level)-th smallest score, infinite beyond the last."""
    rank = math.ceil((len(scores) + 1) * level - 1e-9)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else math.inf

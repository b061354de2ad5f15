"""What a model misses, learned from few points: a smooth correction that is exact where the truth is known.

The residual of an output at a point is a common shift plus a Gaussian-kernel interpolation of what the shift
leaves over (simple kriging). Far from every point the shift alone remains and the doubt is whole; at a point
the truth is met and the doubt is gone.

Source: Kennedy & O'Hagan, Biometrika 87:1 (2000), with the coefficient of the cheap model fixed at one.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]

LENGTHS = (0.1, 0.2, 0.4)
"""Lengths of the kernel that are tried, in units of the diagonal of the unit cube."""
_NUGGET = 1e-4  # of the variance of the kernel: keeps the system solvable where points nearly coincide
_SHRINK = 1.0  # the shift is a mean with that many points at zero besides


class ResidualModel:
    """The corrections of some outputs that share their points.

    Args:
        points: (point, input), unit cube.
        residuals: (point, output), truth minus model; points with a residual that is not finite are left out.

    Attributes:
        shift: (output,), what all points have in common.
        spread: (output,), root mean square of what the shift leaves over.
    """

    def __init__(self, points: Array, residuals: Array) -> None:
        known = np.isfinite(residuals).all(axis=1)
        self.points, self.residuals = points[known], residuals[known]
        count = len(self.points)
        self.shift = self.residuals.sum(axis=0) / (count + _SHRINK)
        left = self.residuals - self.shift
        self.spread = np.sqrt((left**2).sum(axis=0) / max(count, 1))
        diagonal = np.sqrt(points.shape[1])
        scaled = left / np.where(self.spread > 0, self.spread, 1.0)
        errors = [_left_out(self.points, scaled, length * diagonal) for length in LENGTHS]
        self.length = (LENGTHS[int(np.argmin(errors))] if count > 2 else LENGTHS[1]) * diagonal
        if count:
            self._factor = cho_factor(
                _kernel(self.points, self.points, self.length) + _NUGGET * np.eye(count)
            )
            self._weights = cho_solve(self._factor, left)

    def predict(self, points: Array) -> tuple[Array, Array]:
        """The corrections and how much of the doubt they leave.

        Args:
            points: (query, input), unit cube.

        Returns:
            Corrections (query, output), and the share of the standard deviation that remains, (query,), in
            [0, 1].
        """
        if not len(self.points):
            return np.tile(self.shift, (len(points), 1)), np.ones(len(points))
        across = _kernel(points, self.points, self.length)
        explained = (across * cho_solve(self._factor, across.T).T).sum(axis=1)
        return self.shift + across @ self._weights, np.sqrt(np.clip(1.0 - explained, 0.0, 1.0))


def _kernel(one: Array, two: Array, length: float) -> Array:
    squared = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1)[None] - 2 * one @ two.T
    return cast(Array, np.exp(-np.maximum(squared, 0.0) / (2 * length**2)))


def _left_out(points: Array, left: Array, length: float) -> float:
    """Mean squared error of each residual (point, output) predicted from the other points.

    Source: Dubrule, Mathematical Geology 15:687 (1983).
    """
    if len(points) < 2:
        return 0.0
    inverse = np.linalg.inv(_kernel(points, points, length) + _NUGGET * np.eye(len(points)))
    return float(np.mean((inverse @ left / np.diag(inverse)[:, None]) ** 2))

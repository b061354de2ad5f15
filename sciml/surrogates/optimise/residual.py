"""What a model misses, learned from few points: a smooth correction that is exact where the truth is known.

The residual at a point is a common shift plus a Gaussian-kernel interpolation of what the shift leaves over
(simple kriging). Far from every point the shift alone remains and the doubt is whole; at a point the truth is
met and the doubt is gone.

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
    """The correction of one output.

    Args:
        points: (point, input), unit cube.
        residuals: (point,), truth minus model; points whose residual is not finite are left out.
    """

    def __init__(self, points: Array, residuals: Array) -> None:
        known = np.isfinite(residuals)
        self.points, self.residuals = points[known], residuals[known]
        count = len(self.points)
        self.shift = float(self.residuals.sum() / (count + _SHRINK))
        left = self.residuals - self.shift
        self.spread = float(np.sqrt((left @ left) / max(count, 1)))
        diagonal = np.sqrt(points.shape[1])
        errors = [_left_out(self.points, left, length * diagonal) for length in LENGTHS]
        self.length = LENGTHS[int(np.argmin(errors))] * diagonal if count > 2 else LENGTHS[1] * diagonal
        if count:
            self._factor = cho_factor(
                _kernel(self.points, self.points, self.length) + _NUGGET * np.eye(count)
            )
            self._weights = cho_solve(self._factor, left)

    def predict(self, points: Array) -> tuple[Array, Array]:
        """The correction and how much of the doubt it leaves.

        Args:
            points: (query, input), unit cube.

        Returns:
            Correction (query,), and the share of the standard deviation that remains, (query,), in [0, 1].
        """
        if not len(self.points):
            return np.zeros(len(points)), np.ones(len(points))
        across = _kernel(points, self.points, self.length)
        explained = (across * cho_solve(self._factor, across.T).T).sum(axis=1)
        return self.shift + across @ self._weights, np.sqrt(np.clip(1.0 - explained, 0.0, 1.0))


def _kernel(one: Array, two: Array, length: float) -> Array:
    squared = ((one[:, None, :] - two[None, :, :]) ** 2).sum(axis=-1)
    return cast(Array, np.exp(-squared / (2 * length**2)))


def _left_out(points: Array, left: Array, length: float) -> float:
    """Mean squared error of each residual predicted from the others.

    Source: Dubrule, Mathematical Geology 15:687 (1983).
    """
    if len(points) < 2:
        return 0.0
    inverse = np.linalg.inv(_kernel(points, points, length) + _NUGGET * np.eye(len(points)))
    return float(np.mean((inverse @ left / np.diag(inverse)) ** 2))

"""A Gaussian process of one output, for the few hundred designs that a surrogate is trained on.

Squared-exponential plus linear kernel, each with a scale for every feature: near a design the logarithms of
most outputs are nearly linear in the features, and the first kernel describes what bends. Scales and noise
are the most probable ones under wide log-normal priors (L-BFGS with exact gradients).

Source: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), sections 5.4.1 and 5.4.2.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from sciml.surrogates.transforms import Array

_ROWS_AT_ONCE = 256
_LARGEST_ROUNDING = 1e-3  # of the target's deviation: beyond it kernels are computed in double precision
_JITTER = 1e-7  # of the target's variance; with the bounds it keeps every covariance positive definite
_LENGTH_SPREAD, _SLOPE, _SLOPE_SPREAD = 1.5, -1.0, 1.5  # logarithms: priors of lengths and slopes
_NOISE, _NOISE_SPREAD = math.log(1e-4), 2.5


@dataclass(frozen=True)
class Process:
    """A fitted process.

    Attributes:
        points: (design, feature).
        weights: (design,), of the kernels.
        slopes: (feature,), the linear kernel's part of the mean.
        length: (feature,).
        variance: of the squared-exponential kernel.
        shift: added to what the kernels give.
        scale: multiplies it.
        left_out: (design,), each target predicted from the other designs.
        theta: logarithms of lengths and slopes (feature,) each, of the variance and of the noise.
    """

    points: Array
    weights: Array
    slopes: Array
    length: Array
    variance: float
    shift: float
    scale: float
    left_out: Array
    theta: Array

    def predict(self, features: Array) -> Array:
        """Mean of designs (item, feature), (item,)."""
        # -|a - b|²/2 as one product: (a, -|a|²/2, 1) (b, 1, -|b|²/2); blocks of rows stay in the cache.
        one, two = features / self.length, self.points / self.length
        ones = (np.ones((len(one), 1)), np.ones((len(two), 1)))
        left = np.concatenate([one, -0.5 * (one**2).sum(1, keepdims=True), ones[0]], axis=1)
        right = np.concatenate([two, ones[1], -0.5 * (two**2).sum(1, keepdims=True)], axis=1)
        # Kernels in single precision err less than processes do, unless large weights cancel, as those of a
        # smooth function without noise; the sum is in double.
        weights = torch.from_numpy(self.variance * self.weights)
        rounding = float(weights.norm()) * torch.finfo(torch.float32).eps / 2
        kind = torch.float32 if rounding < _LARGEST_ROUNDING else torch.float64
        turned, rows = (torch.from_numpy(each).to(kind) for each in (right.T.copy(), left))
        parts = [(block @ turned).exp_().double() @ weights for block in rows.split(_ROWS_AT_ONCE)]
        bent = torch.cat(parts).numpy() if parts else np.zeros(0)
        mean: Array = bent + features @ self.slopes
        return self.shift + self.scale * mean


def fit_process(features: Array, target: Array, *, start: Process | None = None) -> Process:
    """Fit a process.

    Args:
        features: (design, feature), standardised.
        target: (design,), all known.
        start: a process on the same features whose scales are kept; None to find them.
    """
    shift, scale = float(target.mean()), float(target.std()) or 1.0
    y = (target - shift) / scale
    count = features.shape[1]
    if start is None:
        prior = np.concatenate(
            [np.full(count, math.log(2 * math.sqrt(count))), np.full(count, _SLOPE), [0.0, _NOISE]]
        )
        spread = np.concatenate(
            [np.full(count, _LENGTH_SPREAD), np.full(count, _SLOPE_SPREAD), [2.0, _NOISE_SPREAD]]
        )
        first = prior.copy()
        first[-1] = math.log(1e-3)
        found = minimize(
            _surprise, first, args=(features, y, prior, spread), jac=True, method="L-BFGS-B",
            bounds=[(-2.0, 8.0)] * count + [(-8.0, 3.0)] * count + [(-8.0, 5.0), (-18.0, 1.0)],
            options={"maxiter": 60},
        )  # fmt: skip
        theta = found.x
    else:
        theta = start.theta
    return _conditioned(theta, features, y, shift, scale)


def _conditioned(theta: Array, features: Array, y: Array, shift: float, scale: float) -> Process:
    bent, linear, noise = _kernels(theta, features)
    inverse = cho_solve(cho_factor(bent + linear + noise * np.eye(len(y))), np.eye(len(y)))
    weights = inverse @ y
    left_out = y - weights / np.diag(inverse)
    slope = np.exp(theta[features.shape[1] : 2 * features.shape[1]]) ** 2
    return Process(
        features,
        weights,
        slope * (features.T @ weights),
        np.exp(theta[: features.shape[1]]),
        float(np.exp(theta[-2])),
        shift,
        scale,
        shift + scale * left_out,
        theta,
    )


def _kernels(theta: Array, x: Array) -> tuple[Array, Array, float]:
    """Both kernels (design, design) and the noise's variance."""
    count = x.shape[1]
    scaled, sloped = x / np.exp(theta[:count]), x * np.exp(theta[count : 2 * count])
    square = (scaled**2).sum(1)[:, None] + (scaled**2).sum(1) - 2 * scaled @ scaled.T
    bent = np.exp(theta[-2] - 0.5 * np.maximum(square, 0.0))
    return bent, sloped @ sloped.T, float(np.exp(theta[-1])) + _JITTER


def _surprise(theta: Array, x: Array, y: Array, prior: Array, spread: Array) -> tuple[float, Array]:
    """Negative logarithm of the posterior of the scales, and its gradient."""
    count = x.shape[1]
    bent, linear, noise = _kernels(theta, x)
    factor = cho_factor(bent + linear + noise * np.eye(len(y)), lower=True)
    inverse = cho_solve(factor, np.eye(len(y)))
    weights = inverse @ y
    inner = inverse - np.outer(weights, weights)
    mixed = inner * bent
    lengths = (mixed.sum(1) @ x**2 - (x * (mixed @ x)).sum(0)) / np.exp(2 * theta[:count])
    slopes = np.exp(2 * theta[count : 2 * count]) * (x * (inner @ x)).sum(0)
    ends = [0.5 * mixed.sum(), 0.5 * (noise - _JITTER) * np.trace(inner)]
    away = (theta - prior) / spread
    value = 0.5 * y @ weights + np.log(np.diag(factor[0])).sum() + 0.5 * away @ away
    return float(value), np.concatenate([lengths, slopes, ends]) + away / spread

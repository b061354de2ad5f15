"""Exact Gaussian processes for a few hundred designs, one for each target, fitted together.

The kernel is a Matérn-5/2 one with a length scale for every feature plus a linear one: logarithms of outputs
are nearly linear in logarithms of sizes, and the first kernel describes what is not. A third, rough one
(Matérn-1/2 with a short length) stands where others have noise: simulators repeat their answers, and what is
not smooth, such as a cliff, is there again at the next design. With white noise a search asks for ever beside
a cliff, where the mean of both sides promises what neither has. Targets may miss values. Length scales and
amplitudes are the most probable ones under weak log-normal priors, found by Adam. The deviations that
processes give at designs left out of them are compared with the errors made there, in closed form, and
stretched by their ratio.

Source: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), chapters 2 and 5 (5.12 for the
designs left out).
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
SMALLEST_NOISE = 1e-4  # variance of what does not repeat, in units of the target's
MISSING_NOISE = 1e6  # a target that is not known is one known this badly
LENGTH, LENGTH_SPREAD = 0.6, 1.2  # prior of length scales: 0.6 sqrt(features), times e^±1.2
ROUGH, ROUGH_SPREAD = 3e-3, 1.5
ROUGH_LENGTH = 0.05  # in units of the cube's diagonal
LINEAR = 1.0
"""Prior variance of each slope, in units of the Matérn kernel's variance."""
LEARNING_RATE = 0.1
ITEMS_AT_ONCE = 128
"""Items predicted together: their covariances stay in the processor's cache."""


@dataclass(frozen=True)
class Hyperparameters:
    """Logarithms: length scales (target, feature), variance and rough variance (target,)."""

    length: Tensor
    variance: Tensor
    rough: Tensor


class GaussianProcesses:
    """Processes of several targets on the same designs.

    Args:
        features: (design, feature), in [0, 1].
        targets: (design, target); NaN where not known.
        hyperparameters: those found on other designs; None to fit them here.
        steps: of Adam.
    """

    def __init__(
        self,
        features: Array,
        targets: Array,
        hyperparameters: Hyperparameters | None = None,
        steps: int = 60,
    ) -> None:
        self._x = torch.as_tensor(features, dtype=torch.float64)
        y = torch.as_tensor(targets, dtype=torch.float64)
        known = torch.isfinite(y)
        count = known.sum(0).clamp(min=1)
        zeroed = torch.where(known, y, 0.0)
        self._shift = zeroed.sum(0) / count
        centered = torch.where(known, y - self._shift, 0.0)
        self._spread = ((centered**2).sum(0) / count).sqrt().clamp(min=1e-6)
        self._z = (centered / self._spread).T  # (target, design)
        self._known = known.T
        self._closeness = _closeness(self._x, self._x)
        self.hyperparameters = hyperparameters or self._fit(steps)
        self._factor = torch.linalg.cholesky(self._covariance(self.hyperparameters))
        self._weights = torch.cholesky_solve(self._z[..., None], self._factor)[..., 0]
        self.stretch = self._left_out_ratio()

    def predict(self, features: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the targets, (item, target) each."""
        means, deviations = [], []
        for x in torch.as_tensor(features, dtype=torch.float64).split(ITEMS_AT_ONCE):
            cross = self._covariances(x, self._x)
            means.append(torch.einsum("tin,tn->it", cross, self._weights))
            half = torch.linalg.solve_triangular(self._factor, cross.transpose(1, 2), upper=False)
            prior = self.hyperparameters.variance.exp()[:, None] * (1 + LINEAR * ((x - 0.5) ** 2).sum(1))
            variance = prior + self.hyperparameters.rough.exp()[:, None] - (half**2).sum(1)
            deviations.append(variance.clamp(min=1e-8).sqrt().T * self.stretch)
        mean, deviation = torch.cat(means), torch.cat(deviations)
        return (mean * self._spread + self._shift).numpy(), (deviation * self._spread).numpy()

    def sample(self, features: Array, count: int, generator: torch.Generator) -> Array:
        """Functions drawn jointly at all items, (draw, item, target)."""
        x = torch.as_tensor(features, dtype=torch.float64)
        cross = self._covariances(x, self._x)
        mean = torch.einsum("tin,tn->ti", cross, self._weights)
        half = torch.linalg.solve_triangular(self._factor, cross.transpose(1, 2), upper=False)
        covariance = self._covariances(x, x) - half.transpose(1, 2) @ half
        jitter = 1e-6 * self.hyperparameters.variance.exp().clamp(min=1.0)
        root = torch.linalg.cholesky(covariance + torch.diag_embed(jitter[:, None].expand(-1, len(x))))
        noise = torch.randn(count, len(root), len(x), 1, generator=generator, dtype=torch.float64)
        drawn = mean + self.stretch[:, None] * (root @ noise)[..., 0]  # (draw, target, item)
        result: Array = (drawn.transpose(1, 2) * self._spread + self._shift).numpy()
        return result

    def _covariances(self, a: Tensor, b: Tensor) -> Tensor:
        """Of the targets at items, (target, item of a, item of b)."""
        rough = self.hyperparameters.rough.exp()[:, None, None] * _closeness(a, b)
        return _kernel(a, b, self.hyperparameters).add_(rough)

    def _covariance(self, found: Hyperparameters) -> Tensor:
        """Of the simulated values, (target, design, design)."""
        rough = found.rough.exp()[:, None, None] * self._closeness
        return _kernel(self._x, self._x, found).add_(rough) + torch.diag_embed(self._noise)

    @property
    def _noise(self) -> Tensor:
        """Variance of what does not repeat, (target, design)."""
        return SMALLEST_NOISE + torch.where(self._known, 0.0, MISSING_NOISE)

    def _fit(self, steps: int) -> Hyperparameters:
        targets, features = len(self._z), self._x.shape[1]
        start = math.log(LENGTH) + 0.5 * math.log(features)
        found = Hyperparameters(
            torch.full((targets, features), start - 0.5, dtype=torch.float64),
            torch.zeros(targets, dtype=torch.float64),
            torch.full((targets,), math.log(ROUGH) + 1, dtype=torch.float64),
        )
        values = (found.length, found.variance, found.rough)
        moments = [(torch.zeros_like(each), torch.zeros_like(each)) for each in values]
        for step in range(1, steps + 1):
            slopes = self._slopes(found)
            slopes.length.add_(found.length - start, alpha=1 / LENGTH_SPREAD**2)
            slopes.variance.add_(found.variance)
            slopes.rough.add_(found.rough - math.log(ROUGH), alpha=1 / ROUGH_SPREAD**2)
            gradients = (slopes.length, slopes.variance, slopes.rough)
            for each, gradient, (first, second) in zip(values, gradients, moments, strict=True):
                _adam_step(each, gradient, first, second, step)
        return found

    def _surprise(self, found: Hyperparameters) -> Tensor:
        """Minus the logarithm of the targets' probability, summed, without its constant."""
        factor = torch.linalg.cholesky(self._covariance(found))
        weights = torch.cholesky_solve(self._z[..., None], factor)[..., 0]
        return 0.5 * (self._z * weights).sum() + torch.log(torch.diagonal(factor, dim1=1, dim2=2)).sum()

    def _slopes(self, found: Hyperparameters) -> Hyperparameters:
        """Derivatives of the surprise by the logarithms found.

        With K the covariance and w = K^-1 z, that by an entry of K is (K^-1 - w w') / 2; that of the Matérn
        kernel by the squared distance in units of the lengths is -5/6 (1 + r) e^-r.
        """
        covariance = self._covariance(found)
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(covariance))
        weights = (inverse @ self._z[..., None])[..., 0]
        by_entry = (inverse - weights[:, :, None] * weights[:, None]) / 2
        diagonal = torch.diagonal(by_entry, dim1=1, dim2=2)
        distance = _distance(self._x, self._x, found)
        by_square = by_entry * (1 + distance) * torch.exp(-distance) * found.variance.exp()[:, None, None]
        moved = (by_square.sum(2)[..., None] * self._x**2 - self._x * (by_square @ self._x)).sum(1)
        by_length = (10 / 3) * (-2 * found.length).exp() * moved
        by_rough = (by_entry * self._closeness).sum((1, 2)) * found.rough.exp()
        by_variance = (by_entry * covariance).sum((1, 2)) - (diagonal * self._noise).sum(1) - by_rough
        return Hyperparameters(by_length, by_variance, by_rough)

    def _left_out_ratio(self) -> Tensor:
        """Root mean square of errors at designs left out, in units of the deviations given; (target,), from 1
        to 3."""
        inverse = torch.cholesky_inverse(self._factor)
        precision = torch.diagonal(inverse, dim1=1, dim2=2)
        squares = self._weights**2 / precision
        known = self._known.double()
        mean = (squares * known).sum(1) / known.sum(1).clamp(min=1.0)
        return mean.sqrt().clamp(1.0, 3.0)


def _adam_step(values: Tensor, gradient: Tensor, first: Tensor, second: Tensor, step: int) -> None:
    """Move values and both moments in place. `torch.optim` would load its compiler first, which takes longer
    than many a search.

    Source: Kingma & Ba, ICLR 2015, algorithm 1.
    """
    first.mul_(0.9).add_(gradient, alpha=0.1)
    second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
    root = (second / (1 - 0.999**step)).sqrt_().add_(1e-8)
    values.addcdiv_(first, root, value=-LEARNING_RATE / (1 - 0.9**step))


def _distance(a: Tensor, b: Tensor, found: Hyperparameters) -> Tensor:
    """sqrt(5) times distances in units of the length scales, (target, item of a, item of b)."""
    weight = (-found.length).exp()[:, None]
    left, right = a * weight, b * weight
    norms = (left**2).sum(-1)[:, :, None] + (right**2).sum(-1)[:, None]
    square = torch.baddbmm(norms, left, right.transpose(1, 2), alpha=-2)
    return square.clamp_(min=1e-12).sqrt_().mul_(math.sqrt(5))


def _closeness(a: Tensor, b: Tensor) -> Tensor:
    """Correlations of the rough part, (item of a, item of b)."""
    return torch.exp(-torch.cdist(a, b) / (ROUGH_LENGTH * math.sqrt(a.shape[1])))


def _kernel(a: Tensor, b: Tensor, found: Hyperparameters) -> Tensor:
    """Covariances (target, item of a, item of b)."""
    distance = _distance(a, b, found)
    matern = torch.exp(-distance).mul_(1 + distance + distance**2 / 3)
    matern.add_(LINEAR * ((a - 0.5) @ (b - 0.5).T))
    return matern.mul_(found.variance.exp()[:, None, None])

"""Monotone maps between the outputs of a simulator and the numbers that a network learns.

An output x with a limit L (or, without one, its median as L) becomes

- `log`: u = ln(x / L), where every known value has the sign of L and lies within a factor of 1000 of it;
- `asinh`: u = asinh(x / s), else. It is ln(2 x / s) for large x, passes through zero, and squeezes what lies
  below s, so that outputs of dead circuits, many decades too small, do not drown the rest;
- `linear`: u = x, on request;

and then z = (u - shift) / spread with a robust shift and spread, so that all outputs weigh the same. Each map
is inverted exactly, and the moments of a Gaussian in z are known in closed form in x.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["log", "asinh", "linear"]
Array = NDArray[np.float64]

KINDS: tuple[Kind, ...] = ("linear", "log", "asinh")
_WIDEST_LOG = 1e3  # farther from the limit than this factor the logarithm gives way to asinh
_LARGEST_EXPONENT = 300.0  # keeps exp() in range for absurd uncertainties


@dataclass(frozen=True)
class OutputTransform:
    """The maps of all outputs; arrays are (output,).

    `floor` bounds what is decoded from below, so that a bandwidth that was zero or more in every simulation
    is not answered with a negative one; None for no bound.
    """

    kinds: tuple[Kind, ...]
    scale: Array
    shift: Array
    spread: Array
    floor: Array | None = None

    def encode(self, values: Array) -> Array:
        """z of outputs (…, output); NaN where a value is not known or has no image under its map."""
        z = np.empty(values.shape)
        for i, kind in enumerate(self.kinds):
            with np.errstate(invalid="ignore", divide="ignore"):
                z[..., i] = _forward(kind, np.asarray(values[..., i], dtype=np.float64), self.scale[i])
        z = np.where(np.isfinite(z), z, np.nan)
        standard: Array = (z - self.shift) / self.spread
        return standard

    def encode_column(self, output: int, values: Array) -> Array:
        """z of one output (…,); NaN as in :meth:`encode`."""
        return self.take([output]).encode(np.asarray(values)[..., None])[..., 0]

    def decode(self, z: Array) -> Array:
        """Outputs (…, output) of z."""
        u = np.asarray(z, dtype=np.float64) * self.spread + self.shift
        values = np.empty(u.shape)
        for i, kind in enumerate(self.kinds):
            values[..., i] = _inverse(kind, u[..., i], self.scale[i])
        return values if self.floor is None else np.maximum(values, self.floor)

    def sign(self) -> Array:
        """+1 where z rises with the output, -1 where it falls (a log map to a negative limit), (output,)."""
        negative = [kind == "log" and scale < 0 for kind, scale in zip(self.kinds, self.scale, strict=True)]
        return np.where(negative, -1.0, 1.0)

    def moments(self, location: Array, deviation: Array) -> tuple[Array, Array]:
        """Mean and variance of the outputs where z is Gaussian.

        Args:
            location: (…, output), mean of z.
            deviation: (…, output), standard deviation of z.

        Returns:
            Mean and variance of x, (…, output) each, in x's unit and its square.
        """
        mean_u = location * self.spread + self.shift
        variance_u = np.minimum((deviation * self.spread) ** 2, _LARGEST_EXPONENT)
        mean, variance = np.empty(mean_u.shape), np.empty(mean_u.shape)
        for i, kind in enumerate(self.kinds):
            mean[..., i], variance[..., i] = _moments(kind, mean_u[..., i], variance_u[..., i], self.scale[i])
        return mean, variance

    def state(self) -> dict[str, Any]:
        """JSON values that :meth:`from_state` makes the same transform of; floats survive exactly."""
        return {
            "kinds": list(self.kinds),
            "scale": self.scale.tolist(),
            "shift": self.shift.tolist(),
            "spread": self.spread.tolist(),
            "is_floored": None if self.floor is None else np.isfinite(self.floor).tolist(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "OutputTransform":
        """The transform that gave `state`."""
        scale, shift, spread = (
            np.array(state[name], dtype=np.float64) for name in ("scale", "shift", "spread")
        )
        floored = state["is_floored"]
        floor = None if floored is None else np.where(floored, 0.0, -np.inf)
        return cls(tuple(state["kinds"]), scale, shift, spread, floor)

    def take(self, index: list[int]) -> "OutputTransform":
        """The maps of some outputs."""
        return OutputTransform(
            tuple(self.kinds[i] for i in index),
            self.scale[index],
            self.shift[index],
            self.spread[index],
            None if self.floor is None else self.floor[index],
        )


def fit_transform(
    values: Array, limits: Array, kinds: tuple[Kind | None, ...] | None = None
) -> OutputTransform:
    """Choose and fit the map of every output.

    Args:
        values: (design, output), NaN where not known.
        limits: (output,), the limit of each output, NaN where it has none.
        kinds: for each output the kind of its map, None to choose.

    Returns:
        The transform. An output without a known value gets a linear map that changes nothing. One that is
        mapped by asinh and was never negative is bounded by zero.
    """
    chosen, scales, shifts, spreads, floors = [], [], [], [], []
    for i in range(values.shape[1]):
        known = values[:, i][np.isfinite(values[:, i])]
        kind, scale = _choose(known, float(limits[i]), kinds[i] if kinds else None)
        shift, spread = _robust(_forward(kind, known, scale))
        chosen.append(kind)
        scales.append(scale)
        shifts.append(shift)
        spreads.append(spread)
        floors.append(0.0 if kind == "asinh" and (known >= 0).all() else -np.inf)
    arrays = (np.array(each) for each in (scales, shifts, spreads, floors))
    return OutputTransform(tuple(chosen), *arrays)


def _choose(known: Array, limit: float, wanted: Kind | None) -> tuple[Kind, float]:
    if wanted == "linear" or not len(known):
        return "linear", 1.0
    reference = limit if np.isfinite(limit) and limit != 0 else float(np.median(known))
    if wanted != "asinh" and reference != 0:
        ratio = known / reference
        if wanted == "log" or (ratio.min() > 1 / _WIDEST_LOG and ratio.max() < _WIDEST_LOG):
            return "log", reference
    size = np.abs(known)
    largest = abs(reference) or float(size.max()) or 1.0
    return "asinh", float(np.clip(np.quantile(size, 0.25), largest / 100, largest))


def _robust(u: Array) -> tuple[float, float]:
    """Median, and half the width that holds the middle 68 %, at least a quarter of the standard deviation."""
    if not len(u):
        return 0.0, 1.0
    low, middle, high = np.quantile(u, (0.16, 0.5, 0.84))
    spread = max((high - low) / 2, float(u.std()) / 4)
    smallest = 1e-9 * max(1.0, abs(float(middle)))
    return float(middle), float(spread) if spread > smallest else 1.0


def _forward(kind: Kind, values: Array, scale: float) -> Array:
    if kind == "linear":
        return values
    u: Array = np.log(values / scale) if kind == "log" else np.arcsinh(values / scale)
    return u


def _inverse(kind: Kind, u: Array, scale: float) -> Array:
    if kind == "linear":
        return u
    bounded = np.clip(u, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    values: Array = scale * (np.exp(bounded) if kind == "log" else np.sinh(bounded))
    return values


def _moments(kind: Kind, mean: Array, variance: Array, scale: float) -> tuple[Array, Array]:
    """Mean and variance of scale exp(u), scale sinh(u) and u for Gaussian u, by the moments of a
    lognormal."""
    if kind == "linear":
        return mean, variance
    bounded = np.clip(mean, -_LARGEST_EXPONENT / 4, _LARGEST_EXPONENT / 4)
    variance = np.minimum(variance, _LARGEST_EXPONENT / 4)
    if kind == "log":
        expected = scale * np.exp(bounded + variance / 2)
        return expected, expected**2 * np.expm1(variance)
    expected = scale * np.sinh(bounded) * np.exp(variance / 2)
    # E[sinh(u)^2] - E[sinh(u)]^2, written without the difference of two large numbers
    spread = np.expm1(variance) * (np.cosh(2 * bounded) * np.exp(variance) + 1) / 2
    return expected, scale**2 * spread

"""Where expressions are compared: fixed points on the real axis and near it, and values of parameters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.evaluation import Values

_MAGNITUDES = (0.0131, 0.1127, 0.2719, 0.4343, 0.6287, 0.8391, 1.2113, 1.6137, 2.3571, 3.7193, 6.1379, 11.317)
_NEAR_REAL = (
    *(0.313 + 0.071j, -0.471 + 0.113j, 0.937 - 0.131j, -1.373 - 0.211j, 2.113 + 0.293j, -3.319 + 0.173j),
    *(0.577 + 0.831j, -0.719 - 0.373j, 5.923 - 0.237j, 1.717 + 0.531j, -0.193 + 0.419j, 7.331 + 0.197j),
)


@dataclass(frozen=True)
class Samples:
    """Values of symbols at points.

    `values` are (point,) complex for each symbol; `is_real` says which points lie on the real axis.
    """

    values: dict[str, Values]
    is_real: NDArray[np.bool_]

    def at(self, point: int) -> dict[str, complex]:
        """The values of all symbols at one point."""
        return {name: complex(value[point]) for name, value in self.values.items()}


def standard_samples(names: Iterable[str], variable: str) -> Samples:
    """36 points: 24 on both halves of the real axis from 0.013 to 11, 12 beside it.

    Every other symbol is a parameter: it has another positive value at each point, from 0.4 to 3.7.
    """
    return _samples("standard", variable, tuple(sorted(names)))


def wide_samples(names: Iterable[str], variable: str) -> Samples:
    """About 300 real points, for functions that are real on a small or far part of the axis only."""
    return _samples("wide", variable, tuple(sorted(names)))


def samples_at(points: Values, variable: str, parameters: Mapping[str, complex]) -> Samples:
    """These points, (point,), with the same values of the parameters at each of them."""
    values = {name: np.full(len(points), one, np.complex128) for name, one in parameters.items()}
    return Samples({variable: points, **values}, points.imag == 0)


@lru_cache(maxsize=256)
def _samples(kind: str, variable: str, names: tuple[str, ...]) -> Samples:
    points = _standard_points() if kind == "standard" else _wide_points()
    values = {variable: points}
    for name in names:
        if name != variable:
            values[name] = parameter_values(name, len(points))
    return Samples(values, points.imag == 0)


def _standard_points() -> Values:
    magnitudes = np.array(_MAGNITUDES)
    return np.concatenate([magnitudes, -magnitudes, _NEAR_REAL]).astype(np.complex128)


def _wide_points() -> Values:
    far = np.geomspace(2.03e-4, 9.7e4, 50)
    near = np.linspace(-25.013, 24.087, 120)
    beside_one = 1 + np.geomspace(1.7e-5, 0.31, 10)
    around = np.concatenate([beside_one, 2 - beside_one])
    return np.concatenate([far, -far, near, around, -around]).astype(np.complex128)


def parameter_values(name: str, count: int, *, with_sign: bool = False) -> Values:
    """Values of a parameter, the same for the same name: log-uniform from 0.4 to 3.7.

    Args:
        name: the parameter.
        count: number of points.
        with_sign: whether every other value is negative.
    """
    rng = np.random.default_rng(crc32(name.encode()))
    values = np.exp(rng.uniform(-0.9, 1.3, count))
    if with_sign:
        values *= np.where(rng.random(count) < 0.5, -1, 1)
    return values.astype(np.complex128)

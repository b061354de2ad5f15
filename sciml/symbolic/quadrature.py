"""The integral by `scipy.integrate.quad`, piece by piece: what the antiderivative is checked against.

Where the antiderivative changes most, the interval is cut into more pieces, so that no narrow peak and no
long tail is passed over. It only says where to cut: every value is the integrand's own.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Curve = Callable[[NDArray[np.float64]], NDArray[np.complex128]]
"""Points (point,) to complex values (point,)."""
_FAR = 1e3
"""Distance from the finite limit at which an infinite tail begins, if the antiderivative is flat there."""
_DECADES = 13
"""Beyond it so many are searched for a change."""
_PIECES = 100
"""Pieces between two given places at most."""
_SHARE = 1 / 40
"""Of the whole change: a piece on which the antiderivative changes by more is cut."""
_TAIL = 1e-3
"""Of the whole change: what is beyond a tail that is not cut."""
_SUBDIVISIONS = 200
"""Of one piece, by `quad`."""
_ERROR = 1e-8
"""Error that `quad` may leave in a piece; relative to the change of the antiderivative if that is known."""


class Quadrature(NamedTuple):
    """What quadrature gives."""

    value: float
    """The integral of the real part."""
    error: float
    """Estimate of its error."""
    size: float
    """Sum of the sizes of all pieces: what the error is relative to where they cancel."""


def quadrature(integrand: Curve, places: Sequence[float], guide: Curve | None = None) -> Quadrature:
    """The integral by `scipy.integrate.quad`.

    Args:
        integrand: what is integrated; points without finite value count as zero.
        places: ascending; limits (possibly infinite) and the points between them at which to cut.
        guide: the antiderivative, if there is one.
    """
    total = error = size = 0.0
    with np.errstate(all="ignore"):
        for left, right in pairwise(places):
            cuts, whole = ([left, right], 1.0) if guide is None else _cuts(left, right, guide)
            for low, high in pairwise(cuts):
                one, its_error = _of_piece(integrand, low, high, _ERROR * whole)
                total, error, size = total + one, error + its_error, size + abs(one)
    return Quadrature(total, error, size)


def _of_piece(integrand: Curve, low: float, high: float, allowed: float) -> tuple[float, float]:
    """One piece by `quad`; a tail from X to infinity as the integral of f(X/u) X/u^2 for u from 0 to 1."""
    from scipy.integrate import quad

    is_tail = low * high == np.inf

    def real_value(point: float) -> float:
        there = (low if high == np.inf else high) / point if is_tail else point
        value = integrand(np.array([there]))[0] * (abs(there / point) if is_tail else 1.0)
        return float(value.real) if np.isfinite(value) else 0.0

    ends = (0.0, 1.0) if is_tail else (low, high)
    value, error, *_ = quad(real_value, *ends, limit=_SUBDIVISIONS, epsabs=allowed, full_output=1)
    return value, error


def _cuts(left: float, right: float, guide: Curve) -> tuple[list[float], float]:
    """Ends of the pieces of one interval, ascending; and how much the antiderivative changes in all."""
    low, high = _without_tails(left, right)
    grid = np.linspace(low, high, 18)
    if np.isinf(left) or np.isinf(right):
        origin = left if np.isfinite(left) else right if np.isfinite(right) else 0.0
        near = np.geomspace(1e-3, 1, 10) * _FAR
        grid = np.concatenate([grid, origin + near, [origin], origin - near])
        grid = np.unique(grid[(low <= grid) & (grid <= high)])
    if np.isinf(left):
        grid = np.concatenate([low * np.geomspace(10**_DECADES, 10, _DECADES), grid])
    if np.isinf(right):
        grid = np.concatenate([grid, high * np.geomspace(10, 10**_DECADES, _DECADES)])
    pieces = _changes(guide, grid.tolist())
    whole = sum(size for size, *_ in pieces)
    while np.isinf(left) and pieces[0][1] < low and pieces[0][0] <= _TAIL * whole:
        pieces.pop(0)
    while np.isinf(right) and pieces[-1][2] > high and pieces[-1][0] <= _TAIL * whole:
        pieces.pop()
    low = pieces[0][1] if np.isinf(left) else low
    high = pieces[-1][2] if np.isinf(right) else high
    done: list[tuple[float, float, float]] = []
    while pieces and len(pieces) + len(done) < _PIECES:
        pieces.sort()
        size, start, end = pieces.pop()
        middle = _middle(start, end)
        if size > _SHARE * whole and start < middle < end:
            pieces += _changes(guide, [start, middle, end])
        else:
            done.append((size, start, end))
    starts = sorted(start for _, start, _ in [*done, *pieces])
    tails = [one for one in (left, right) if np.isinf(one)]
    return sorted({*tails, low, *starts[1:], high}), whole or 1.0


def _without_tails(left: float, right: float) -> tuple[float, float]:
    low = left if np.isfinite(left) else -_FAR * max(1.0, 2 * abs(right) if np.isfinite(right) else 1.0)
    high = right if np.isfinite(right) else _FAR * max(1.0, 2 * abs(left) if np.isfinite(left) else 1.0)
    return low, high


def _changes(guide: Curve, points: list[float]) -> list[tuple[float, float, float]]:
    """(size of the change of the antiderivative, start, end) of each piece between these points."""
    sizes = np.nan_to_num(np.abs(np.diff(guide(np.array(points)))), nan=0.0, posinf=0.0)
    return [(size, *ends) for size, ends in zip(sizes.tolist(), pairwise(points), strict=True)]


def _middle(low: float, high: float) -> float:
    """Where to cut: halfway, or if the ends are of different sizes, halfway between those sizes."""
    if low < 0 < high:
        return 0.0 if max(-low, high) > 4 * min(-low, high) else (low + high) / 2
    small, large = sorted((abs(low), abs(high)))
    sign = -1.0 if low < 0 else 1.0
    if small < 1e-9 * large:
        return sign * large / 16
    return sign * float(np.sqrt(small) * np.sqrt(large)) if large > 4 * small else (low + high) / 2

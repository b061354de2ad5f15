"""The judgement on an answer from how two sides differ at points; what `verification` and `ode_verification`
share.

Where the problem is real on the real axis, the real points decide; else the points beside the axis. What
ordinary complex numbers leave open, and every answer before it is accepted, is computed with 30 digits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Status = Literal["verified", "partial", "refuted", "undecided"]

FEWEST_REAL = 4
"""So many usable real points decide without those beside the axis."""
FULL_AGREEMENT = 0.95
"""From this share of agreeing points on an answer holds everywhere."""
SMALLEST, LARGEST = 1e-250, 1e250
"""Sizes between which ordinary numbers are trusted."""
_CLOSE, _APART = 1e-7, 1e-3
_POINTS_FOR_DIGITS = (2, 5, 8, 14, 17, 20, 24, 27)
"""Indices of sample points that are tried in many digits if ordinary numbers overflow."""

Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]
Checks = Sequence[tuple[bool, float] | None]
"""Of some points: whether the sides agree in many digits, and how they differ; None without a value."""


@dataclass(frozen=True)
class Verification:
    """The judgement on one answer."""

    status: Status
    """`verified`: agrees wherever the problem is defined. `partial`: agrees, in many digits, on a part of the
    real axis and not on the rest (another branch of a root, say). `refuted`: it does not agree. `undecided`:
    no points at which both sides can be computed."""
    method: str
    """What decided: `30 digits`, `complex double`, `same expression` (then the points only bound the
    domain)."""
    domain: float
    """Share of the real sample points at which the problem is real and finite."""
    agreement: float
    """Share of the deciding points at which the answer agrees."""
    points: int
    """Number of deciding points."""
    largest_residual: float
    """Largest relative difference at the points that were computed in most digits; nan without any."""
    reason: str = ""
    """Why the answer is not verified, for people."""

    @property
    def is_verified(self) -> bool:
        """Whether the answer may be given as a result without restriction."""
        return self.status == "verified"


def undecided(reason: str) -> Verification:
    """No judgement, for this reason."""
    return Verification("undecided", "none", 0.0, 0.0, 0, float("nan"), reason)


class Comparison(Protocol):
    """Two sides at sample points."""

    residual: NDArray[np.float64]
    """(point,): difference relative to what it is a difference of; nan where a side has no value."""
    size: NDArray[np.float64]
    """(point,): size of the sides."""
    usable: Mask
    """(point,): where the residual counts."""
    real: Mask
    """(point,): usable points of the real axis at which the problem is real."""
    beside: Mask
    """(point,): usable points off the real axis."""
    domain: float
    """Share of the real points at which the problem is real and finite."""
    is_same: bool
    """Whether both sides are one expression."""
    is_analytic: bool
    """Whether neither side has parts that are functions of real numbers only (abs, sign)."""

    def precisely(self, point: int, digits: int) -> tuple[bool, float] | None:
        """Whether the sides agree at a point in many digits, and their relative difference; None: no
        value."""
        ...


def deciding_points(table: Comparison) -> Indices:
    """The points that decide: real ones, or else those beside the axis, or else all usable ones."""
    for mask in (table.real, table.beside):
        if mask.sum() >= FEWEST_REAL:
            return np.flatnonzero(mask)
    return np.flatnonzero(table.usable)


def judge(table: Comparison, wide_table: Callable[[], Comparison]) -> Verification:
    """The judgement at the points of `table`, or of `wide_table()` if only that one has enough real points
    and they can be computed."""
    domain = table.domain
    if table.real.sum() < FEWEST_REAL:
        wide = wide_table()
        if wide.real.sum() >= FEWEST_REAL:
            judged = _judged(wide, _spread(np.flatnonzero(wide.real), 24))
            if judged.status != "undecided":
                return replace(judged, domain=domain)
    deciding = deciding_points(table)
    if len(deciding) < 3:
        return _with_digits_alone(table)
    return replace(_judged(table, deciding), domain=domain)


def _spread(indices: Indices, count: int) -> Indices:
    """At most `count` of the indices, evenly from the first to the last."""
    if len(indices) <= count:
        return indices
    return indices[np.linspace(0, len(indices) - 1, count).round().astype(int)]


# Judgement -------------------------------------------------------------------------------------------------


def _with_digits_alone(table: Comparison) -> Verification:
    """Ordinary numbers overflow nearly everywhere: a few points in many digits decide if they all say the
    same."""
    known = [one for one in (table.precisely(point, 30) for point in _POINTS_FOR_DIGITS) if one is not None]
    agreeing = sum(one[0] for one in known)
    if len(known) < 3 or 0 < agreeing < len(known):
        return undecided("the problem has a value at fewer than 3 sample points")
    status: Status = "verified" if agreeing else "refuted"
    largest = max(one[1] for one in known)
    reason = "" if agreeing else "differs at every point"
    return Verification(status, "30 digits", 0.0, agreeing / len(known), len(known), largest, reason)


def _judged(table: Comparison, deciding: Indices) -> Verification:
    residual = table.residual[deciding]
    close, rest = deciding[residual < _CLOSE], deciding[~(residual < _CLOSE)]
    if len(rest) == 0 and table.is_same:
        return Verification("verified", "same expression", 0.0, 1.0, len(deciding), 0.0)
    close_checked = _checked(table, close, 4)
    rest_checked = _checked(table, rest, 6 if len(close) else 3)
    checked = [one for one in (*close_checked, *rest_checked) if one is not None]
    if not checked:
        return _without_digits(table, deciding)
    agreeing_checks = sum(one[0] for one in checked)
    agreement = _agreement((len(close), close_checked), (len(rest), rest_checked))
    if agreement < 1 and agreeing_checks and not _agrees_where_small(table, close if len(close) else rest):
        agreement, agreeing_checks = 0.0, 0
    largest = max((one[1] for one in checked), default=float("nan"))
    status, reason = _status(table, agreement, agreeing_checks)
    return Verification(status, "30 digits", 0.0, agreement, len(deciding), largest, reason)


def _checked(table: Comparison, points: Indices, count: int) -> Checks:
    """Some points in 30 digits, or all of them if fewer than two of those have a value there."""
    found = [table.precisely(int(point), 30) for point in _spread(points, count)]
    if sum(one is not None for one in found) < 2 < count < len(points):
        return [table.precisely(int(point), 30) for point in points]
    return found


def _agrees_where_small(table: Comparison, points: Indices) -> bool:
    """Whether both sides agree in 90 digits at those of these points where they are smallest.

    Two functions that differ by little beside large values agree in 15 digits at some points.
    """
    order = np.argsort(table.size[points])
    checked = [table.precisely(int(point), 130) for point in points[order[: len(order) // 2 + 1]][:3]]
    return _share(checked) > 0.5


def _agreement(*groups: tuple[int, Checks]) -> float:
    """Share of the points at which the sides agree, by the checks of each group of points.

    A group without a value in many digits says nothing: it is left out.
    """
    known = [(count, _share(checks)) for count, checks in groups if any(one is not None for one in checks)]
    return sum(count * share for count, share in known) / sum(count for count, _ in known)


def _share(checked: Checks) -> float:
    known = [one[0] for one in checked if one is not None]
    return sum(known) / len(known) if known else 0.0


def _status(table: Comparison, agreement: float, agreeing_checks: int) -> tuple[Status, str]:
    if agreement >= FULL_AGREEMENT and agreeing_checks >= 2:
        return "verified", ""
    if agreement >= FULL_AGREEMENT and agreeing_checks:
        return "undecided", "one point only could be computed with 30 digits"
    if agreeing_checks >= 2 and agreement >= 0.1 and table.is_analytic:
        return "partial", f"agrees at {agreement:.0%} of the points at which the problem is defined"
    return "refuted", f"agrees at {agreement:.0%} of the points at which the problem is defined"


def _without_digits(table: Comparison, deciding: Indices) -> Verification:
    """No point could be computed in many digits: clear differences refute, all else stays open."""
    residual = table.residual[deciding]
    agreement, largest = float((residual < _CLOSE).mean()), float(residual.max())
    if (residual > _APART).mean() > 0.5:
        return Verification("refuted", "complex double", 0.0, agreement, len(deciding), largest, "differs")
    reason = "no point could be computed with 30 digits"
    return Verification("undecided", "complex double", 0.0, agreement, len(deciding), largest, reason)

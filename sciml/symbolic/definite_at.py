"""One definite integral at fixed values of its parameters: antiderivative and quadrature, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.breakpoints import breakpoints
from sciml.symbolic.definite_value import DefiniteStatus
from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import Expr
from sciml.symbolic.one_sided_limits import DIGITS, NoLimitError, one_sided_limit, value_at
from sciml.symbolic.precise import PreciseNumber, context
from sciml.symbolic.problems import Integral
from sciml.symbolic.quadrature import Quadrature, quadrature

_AGREE, _UNCERTAIN, _ROUGH = 1e-7, 1e-5, 1e-2
"""Relative to the integral of |f|: difference of antiderivative and quadrature; the estimate of quadrature's
error; and that estimate from which it is not tried again without the tails."""
_FAR, _NEAR = 1e12, 1e-12
"""Between these distances from its limits an integral that converges slowly is still checked."""


@dataclass
class Finding:
    """What was found at these values of the parameters."""

    places: list[PreciseNumber]
    """Limits and breakpoints, ascending."""
    status: DefiniteStatus = "unsolved"
    """As of a `DefiniteValue`."""
    total: PreciseNumber = None
    """The value, of a verified one."""
    pieces: list[tuple[PreciseNumber, PreciseNumber]] = field(default_factory=list)
    """(value at the start, value at the end) of the antiderivative on each piece."""
    quadrature: float | None = None
    """What quadrature gives."""
    error: float | None = None
    """Its own estimate of its error, if there is no antiderivative and the estimate is small."""
    notes: list[str] = field(default_factory=list)
    """Jumps and singularities, and the reason why there is no value."""


class DefiniteAt:
    """One definite integral at fixed values of its parameters.

    Args:
        problem: the integral.
        solution: an antiderivative, or None.
        low: the smaller limit, a number of `context(DIGITS)`.
        high: the larger limit.
        parameters: values of all symbols but the variable.
    """

    def __init__(
        self,
        problem: Integral,
        solution: Expr | None,
        low: PreciseNumber,
        high: PreciseNumber,
        parameters: Mapping[str, float],
    ) -> None:
        self.integrand, self.solution, self.parameters = problem.integrand, solution, parameters
        self.name, self.low, self.high = problem.variable.value, low, high

    def finding(self, *, is_checked: bool = True) -> Finding:
        """The value, or why there is none.

        Args:
            is_checked: whether the value is compared with quadrature.
        """
        found = Finding([self.low, self.high])
        if self.low == self.high:
            found.status, found.total, found.quadrature = "verified", context(DIGITS).mpf(0), 0.0
            return found
        nodes = [one for one in (self.integrand, self.solution) if one is not None]
        inside = breakpoints(nodes, self.name, float(self.low), float(self.high), self.parameters)
        found.places = [self.low, *inside, self.high]
        if not self._is_real():
            found.notes.append("the integrand is not real between the limits")
            return found
        if self.solution is None:
            found.notes.append("no antiderivative was found")
            alone = self._quadrature(found.places, None)
            found.quadrature = alone.value
            if alone.error <= _UNCERTAIN * alone.size:
                found.error = alone.error
            return found
        try:
            found.pieces = self._pieces(found, self.solution)
        except NoLimitError as error:
            where = "at an end or at a singularity between the ends"
            found.notes.append(f"the antiderivative {error} {where}")
            found.status = "divergent" if error.is_divergent else "unverified"
            return found
        found.status = "verified"
        found.total = sum(after - before for before, after in found.pieces)
        if is_checked:
            self._compare(found, self.solution)
        return found

    def _compare(self, found: Finding, solution: Expr) -> None:
        """The sum over the pieces against quadrature."""
        numbers = context(DIGITS)
        check = self._quadrature(found.places, solution)
        found.quadrature = check.value
        if _agree(found.total, check):
            found.status = "verified"
        elif check.error <= _ROUGH * check.size and self._agrees_without_tails(found, solution):
            found.status, found.quadrature = "verified", None
            found.notes.append(
                "quadrature agrees up to the slow tails, which are limits of the antiderivative"
            )
        else:
            shown = numbers.nstr(numbers.re(found.total), 10)
            found.notes.append(f"the antiderivative gives {shown}, quadrature {found.quadrature:.10g}")
            found.status = "unverified"

    def _agrees_without_tails(self, found: Finding, solution: Expr) -> bool:
        """Whether both agree between points very close to improper ends, or very far out."""
        places = list(found.places)
        for end, beside, side in ((0, 1, 1), (-1, -2, -1)):
            place, next_one = places[end], places[beside]
            if np.isinf(float(place)):
                places[end] = -side * context(DIGITS).mpf(_FAR) * max(1, abs(places[-1 - end]))
                if np.isinf(float(places[end])):
                    places[end] = -side * context(DIGITS).mpf(_FAR)
            elif value_at(self.integrand, self.name, place, self.parameters) is None:
                places[end] = place + (next_one - place) * _NEAR if not np.isinf(float(next_one)) else place
        if places == found.places or sorted(places) != places:
            return False
        ends = [value_at(solution, self.name, places[end], self.parameters) for end in (0, -1)]
        if ends[0] is None or ends[1] is None:
            return False
        starts = [ends[0], *[before for before, _ in found.pieces[1:]]]
        stops = [*[after for _, after in found.pieces[:-1]], ends[1]]
        total = sum(after - before for before, after in zip(starts, stops, strict=True))
        return _agree(total, self._quadrature(places, solution))

    def _is_real(self) -> bool:
        """Whether the integrand is real at a few points of each part of the interval."""
        low, high = float(self.low), float(self.high)
        inner = np.linspace(0.003, 0.997, 101)
        if np.isfinite(low) and np.isfinite(high):
            points = low + (high - low) * inner
        elif np.isfinite(low) or np.isfinite(high):
            points = low + inner / (1 - inner) if np.isfinite(low) else high - inner / (1 - inner)
        else:
            points = np.tan(np.pi * (inner - 0.5))
        values = self._evaluated(self.integrand, points)
        finite = values[np.isfinite(values)]
        return len(finite) > 0 and bool((np.abs(finite.imag) <= 1e-9 * (1 + np.abs(finite))).mean() > 0.98)

    def _evaluated(self, node: Expr, points: NDArray[np.float64]) -> NDArray[np.complex128]:
        known = {name: np.full(len(points), complex(value)) for name, value in self.parameters.items()}
        values = evaluate(node, {**known, self.name: points.astype(np.complex128)})
        return np.broadcast_to(values, points.shape)

    def _quadrature(self, places: list[PreciseNumber], solution: Expr | None) -> Quadrature:
        guide = None if solution is None else lambda points: self._evaluated(solution, points)
        ends = [float(one) for one in places]
        return quadrature(lambda points: self._evaluated(self.integrand, points), ends, guide)

    def _pieces(self, found: Finding, solution: Expr) -> list[tuple[PreciseNumber, PreciseNumber]]:
        """Limits of the antiderivative from inside of each piece.

        Raises:
            NoLimitError: there is none somewhere.
        """
        pieces: list[tuple[Any, Any]] = []
        for left, right in pairwise(found.places):
            before = one_sided_limit(solution, self.name, left, 1, self.parameters)
            after = one_sided_limit(solution, self.name, right, -1, self.parameters)
            pieces.append((before, after))
        for place, (_, left), (right, _) in zip(found.places[1:-1], pieces, pieces[1:], strict=False):
            where = f"{self.name} = {context(DIGITS).nstr(place, 10)}"
            if abs(left - right) > 1e-12 * (1 + abs(left)):
                found.notes.append(f"the antiderivative jumps at {where}; the jump is taken out")
            if value_at(self.integrand, self.name, place, self.parameters) is None:
                found.notes.append(f"the integrand is singular at {where}; the integral is improper there")
        return pieces


def _agree(total: PreciseNumber, check: Quadrature) -> bool:
    is_certain = check.error <= _UNCERTAIN * check.size
    return bool(is_certain and abs(total - check.value) <= _AGREE * check.size + check.error)

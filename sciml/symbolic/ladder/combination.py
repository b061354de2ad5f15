"""An expression as a rational combination of others, found exactly by linear algebra modulo a prime."""

import numpy as np

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    linear,
)
from sciml.symbolic.ladder.kernels import Kernel, kernels
from sciml.symbolic.ladder.modular import ModularPoints, NotModularError
from sciml.symbolic.ladder.modular_solve import rational_from_residue, solve
from sciml.symbolic.ladder.primes import PRIMES, prime_for

_SPARE = 12
"""Equations beyond the number of unknowns."""


def combination(integrand: Expr, candidates: list[Expr], variable: Expr = X) -> Expr | None:
    """The linear combination of candidates whose derivative is the integrand, or None; of short ones if it
    can be."""
    slopes = []
    for one in sorted(candidates, key=lambda one: len(one.prefix)):
        try:
            slopes.append((one, derivative(one, variable)))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    coefficients = rational_combination(integrand, [slope for _, slope in slopes])
    if coefficients is None:
        return None
    return linear([(value, slopes[index][0]) for index, value in coefficients])


def rational_combination(target: Expr, parts: list[Expr]) -> list[tuple[int, Number]] | None:
    """Rational z with target = sum of z[i]*parts[i], as (index, value) pairs of those that are not zero."""
    prime = prime_for([target, *parts])
    solution = _modular_combination(target, parts, prime)
    if solution is None:
        return None
    found = _rational(solution, prime)
    if found is not None and all(
        max(abs(value.numerator), value.denominator) < _SURE for value in found.values()
    ):
        return list(found.items())
    chosen = sorted(
        solution
    )  # large numbers: once more for these alone, and by the Chinese remainder theorem
    other = next(one for one in PRIMES if one != prime)
    again = _modular_combination(target, [parts[index] for index in chosen], other)
    if again is None:
        return None
    inverse = pow(prime, -1, other)
    joined = {
        index: solution[index] + prime * ((again.get(place, 0) - solution[index]) * inverse % other)
        for place, index in enumerate(chosen)
    }
    found = _rational(joined, prime * other)
    return None if found is None else list(found.items())


_SURE = 1000
"""A fraction of smaller numbers than this is not taken for another one modulo a prime."""


def _rational(residues: dict[int, int], modulus: int) -> dict[int, Number] | None:
    found: dict[int, Number] = {}
    for index, residue in residues.items():
        value = rational_from_residue(residue, modulus)
        if value is None:
            return None
        found[index] = value
    return found


def _modular_combination(target: Expr, parts: list[Expr], prime: int) -> dict[int, int] | None:
    """Coefficients that are not zero modulo a prime, by index, or None without a solution."""
    every = frozenset[Kernel]().union(*[kernels(one, X) for one in (target, *parts)])
    radicals = sum(1 for kind, *_ in every if type(kind) is int)
    points = ModularPoints(min(40_000, int(1.6 * 2**radicals * (len(parts) + _SPARE)) + 64), prime)
    columns, used = [], []
    try:
        right = points.evaluate(target)
    except NotModularError:
        return None
    for index, part in enumerate(parts):
        before = points.usable.copy()
        try:
            column = points.evaluate(part)
        except NotModularError:
            continue
        if points.usable.sum() < before.sum() / 4:  # a radical of its own: not worth its points
            points.usable = before
            continue
        columns.append(column)
        used.append(index)
    rows = np.flatnonzero(points.usable)[: len(used) + _SPARE]
    if len(rows) < len(used) + _SPARE // 2 or not used:
        return None
    solution = solve(np.stack([column[rows] for column in columns], axis=1), right[rows], prime)
    if solution is None:
        return None
    return {index: int(residue) for index, residue in zip(used, solution, strict=True) if residue}

"""Linear systems modulo a prime, and rational numbers from their residues."""

from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import NDArray

Residues = NDArray[np.int64]


def solve(matrix: Residues, right: Residues, prime: int) -> Residues | None:
    """One solution of matrix @ z = right modulo a prime below 2**31; free unknowns are zero.

    Earlier columns are preferred as pivots, so put the likelier unknowns first.

    Args:
        matrix: (equation, unknown), residues.
        right: (equation,), residues.
        prime: the modulus.

    Returns:
        (unknown,), or None if the equations contradict each other.
    """
    unknowns = matrix.shape[1]
    rows = np.concatenate([matrix, right[:, None]], axis=1).astype(np.int64) % prime
    pivots = _eliminate(rows, unknowns, prime)
    if np.any(rows[len(pivots) :, unknowns]):
        return None
    solution = np.zeros(unknowns, dtype=np.int64)
    solution[pivots] = rows[: len(pivots), unknowns]
    return solution


def null_space(matrix: Residues, prime: int) -> list[Residues]:
    """A basis of the z with matrix @ z = 0 modulo a prime; each has a one at a free unknown of its own."""
    unknowns = matrix.shape[1]
    rows = matrix.astype(np.int64) % prime
    pivots = _eliminate(rows, unknowns, prime)
    basis = []
    for free in sorted(set(range(unknowns)) - set(pivots)):
        vector = np.zeros(unknowns, dtype=np.int64)
        vector[free] = 1
        vector[pivots] = (prime - rows[: len(pivots), free]) % prime
        basis.append(vector)
    return basis


def _eliminate(rows: Residues, unknowns: int, prime: int) -> list[int]:
    """Bring `rows` to reduced echelon form in place; the columns of the pivots, in the order of their
    rows."""
    pivots: list[int] = []
    for column in range(unknowns):
        top = len(pivots)
        if top == len(rows):
            break
        nonzero = np.flatnonzero(rows[top:, column])
        if not len(nonzero):
            continue
        chosen = top + int(nonzero[0])
        if chosen != top:
            rows[[top, chosen]] = rows[[chosen, top]]
        rows[top, column:] = rows[top, column:] * pow(int(rows[top, column]), -1, prime) % prime
        others = np.flatnonzero(rows[:, column])
        others = others[others != top]
        if len(others):
            change = rows[others, column][:, None] * rows[top, column:][None, :] % prime
            rows[others, column:] = (rows[others, column:] - change) % prime
        pivots.append(column)
    return pivots


def rational_from_residue(residue: int, prime: int) -> Fraction | None:
    """The fraction n/d = residue (mod prime) with the smallest |n| and d up to sqrt(prime/2), or None.

    Source: Wang, Guy & Davenport, SIGSAM Bulletin 16(2):2 (1982).
    """
    bound = isqrt(prime // 2)
    before, now = prime, residue % prime
    before_factor, factor = 0, 1
    while now > bound:
        quotient = before // now
        before, now = now, before - quotient * now
        before_factor, factor = factor, before_factor - quotient * factor
    if factor == 0 or abs(factor) > bound:
        return None
    return Fraction(now, factor)

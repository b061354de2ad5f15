"""Solutions of u'' = p(x)*u' + q(x)*u as combinations of candidates.

Their rational coefficients are a null space modulo a prime. Candidates are products of powers of what the
equation is made of, also times the square root of the Wronskian W = exp(integral of p), which is the common
factor of solutions g and g*x.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

import numpy as np

from sciml.symbolic.derivative import derivative
from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import (
    HALF,
    ONE,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    function,
    linear,
    multiply,
    power,
    product,
    sqrt,
    symbol_names,
    whole,
)
from sciml.symbolic.ladder.equations.simplification import simplest, unfolded
from sciml.symbolic.ladder.modular import ModularPoints, NotModularError
from sciml.symbolic.ladder.modular_solve import null_space, rational_from_residue
from sciml.symbolic.ladder.primes import prime_for
from sciml.symbolic.ladder.terms import bases_of
from sciml.symbolic.sample_points import parameter_values

_MOST_CANDIDATES = 160
_MOST_BASES = 9
_LARGEST_COEFFICIENT = 5_000
_SAMPLES = 24


def image(u: Expr, p: Expr, q: Expr) -> Expr:
    """u'' - p*u' - q*u."""
    slope = derivative(u, X)
    return linear([(1, derivative(slope, X)), (-1, multiply(p, slope)), (-1, multiply(q, u))])


def homogeneous_solutions(
    p: Expr, q: Expr, wronskian: Expr | None, hints: list[Expr]
) -> Iterator[list[Expr]]:
    """One or two independent solutions of u'' = p*u' + q*u, by growing sets of candidates."""
    known = _of_constant_coefficients(p, q) or _of_euler(p, q) or _of_normal_form(p, q, wronskian)
    if known:
        yield known
        return
    for candidates in (
        candidate_solutions([p, q], wronskian),
        candidate_solutions([p, q, *hints], wronskian),
    ):
        found = null_combinations(candidates, p, q)
        if found:
            yield found[:2]


def _of_constant_coefficients(p: Expr, q: Expr) -> list[Expr] | None:
    if (p.mask | q.mask) & X.mask:
        return None
    return _exponentials(p, q, X)


def _exponentials(p: Expr, q: Expr, time: Expr) -> list[Expr]:
    """Solutions of u'' = p*u' + q*u by `time`, for constant p and q."""
    quarter = multiply(p, p) / 4 + q
    growth = function("exp", multiply(p, time) / 2)
    if quarter == ZERO_EXPR:
        return [growth, multiply(time, growth)]
    if is_negative_for_positive(quarter):
        angle = multiply(unfolded(sqrt(-quarter)), time)
        return [multiply(growth, function(name, angle)) for name in ("cos", "sin")]
    root = unfolded(sqrt(quarter))
    return [function("exp", multiply(p / 2 + sign * root, time)) for sign in (1, -1)]


def is_negative_for_positive(node: Expr) -> bool:
    """Whether an expression in parameters is negative for positive values of them, by samples."""
    names = symbol_names(node)
    values = {name: parameter_values(name, _SAMPLES) for name in names}
    found = evaluate(node, values)
    return bool((np.isfinite(found) & (found.real < 0) & (np.abs(found.imag) < 1e-12)).all())


def _of_euler(p: Expr, q: Expr) -> list[Expr] | None:
    """u'' = (k/x)*u' + (m/x**2)*u by exponentials of log(x)."""
    k, m = multiply(p, X), product(1, ((q, 1), (X, 2)))
    if (k.mask | m.mask) & X.mask:
        return None
    return _exponentials(k + 1, m, function("log", X))


def _of_normal_form(p: Expr, q: Expr, wronskian: Expr | None) -> list[Expr] | None:
    """u = sqrt(W)*z, where z'' = (q + p**2/4 - p'/2)*z has constant coefficients or is Euler's."""
    if wronskian is None or not wronskian.mask:
        return None
    bend = simplest(linear([(1, q), (Fraction(1, 4), multiply(p, p)), (-HALF.value, derivative(p, X))]))
    known = _of_constant_coefficients(ZERO_EXPR, bend) or _of_euler(ZERO_EXPR, bend)
    return None if known is None else [multiply(sqrt(wronskian), one) for one in known]


def candidate_solutions(nodes: list[Expr], wronskian: Expr | None) -> list[Expr]:
    """Products of powers of what expressions in x are made of, the shorter first."""
    bases: dict[bytes, Expr] = {X.prefix: X}
    for node in nodes:
        bases_of(node, bases)
    own = [one for one in bases.values() if one.mask == X.mask]
    own = sorted(own, key=lambda one: len(one.prefix))[:_MOST_BASES]
    found: dict[bytes, Expr] = {}

    def keep(powers: list[tuple[Expr, Number]]) -> None:
        try:
            one = product(1, powers)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            return
        found.setdefault(one.prefix, one)

    factors: list[list[tuple[Expr, Number]]] = [[]]
    if wronskian is not None and wronskian.mask:
        factors.append([(power(wronskian, HALF), 1)])
        factors.append([(wronskian, 1)])
    for factor in factors:
        keep(factor)
        for base in own:
            for exponent in (1, -1, 2, -2, 3, -3, HALF.value, -HALF.value):
                keep([*factor, (base, exponent)])
        for one, other in combinations(own, 2):
            for left, right in ((1, 1), (1, -1), (-1, 1), (2, 1), (-1, -1), (1, 2), (-2, 1), (1, -2)):
                keep([*factor, (one, left), (other, right)])
    for three in combinations(own[:6], 3):
        keep([(one, 1) for one in three])
    return [ONE, *sorted(found.values(), key=lambda one: len(one.prefix))][:_MOST_CANDIDATES]


def null_combinations(candidates: list[Expr], p: Expr, q: Expr) -> list[Expr]:
    """Combinations of candidates that solve u'' = p*u' + q*u, none of them zero."""
    used: list[tuple[Expr, Expr]] = []
    for one in candidates:
        try:
            used.append((one, image(one, p, q)))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    prime = prime_for([p, q, *[one for one, _ in used]])
    points = ModularPoints(6 * len(used) + 400, prime)
    columns, kept = [], []
    for one, imaged in used:
        before = points.usable.copy()
        try:
            column, value = points.evaluate(imaged), points.evaluate(one)
        except NotModularError:
            continue
        if points.usable.sum() < len(used) + 30:
            points.usable = before
            continue
        columns.append((column, value))
        kept.append(one)
    rows = np.flatnonzero(points.usable)[: len(kept) + 12]
    if len(rows) < len(kept) + 6 or not kept:
        return []
    values = np.stack([value[rows] for _, value in columns], axis=1)
    redundant = {int(np.flatnonzero(one)[-1]) for one in null_space(values, prime)}
    free = [index for index in range(len(kept)) if index not in redundant]
    matrix = np.stack([columns[index][0][rows] for index in free], axis=1)
    found = []
    for vector in null_space(matrix, prime):
        terms = []
        for index in np.flatnonzero(vector):
            factor = rational_from_residue(int(vector[index]), prime)
            if factor is None or max(abs(factor.numerator), factor.denominator) > _LARGEST_COEFFICIENT:
                break
            terms.append((whole(factor), kept[free[int(index)]]))
        else:
            found.append(linear(terms))
    return sorted(found, key=lambda one: len(one.prefix))

"""Derivatives of products of powers, read backwards: 5*x**4*u**5 + 5*x**5*u**4*u' is that of x**5*u**5.

A power of a base loses one when it is differentiated. So the lowest power of each base among the terms of the
integrand says which one the antiderivative has, if it is a product at all; which bases take part is tried out
in numbers. Nothing is multiplied out, so high powers and deep nests cost nothing.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product as choices
from math import prod

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.derivative import derivative
from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    number,
    product,
    symbol_names,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.terms import factors_of, terms_of
from sciml.symbolic.problems import Integral
from sciml.symbolic.sample_points import standard_samples

_MOST_TERMS = 12
_MOST_CHOICES = 2000
_FEWEST_POINTS = 8
_SAME, _EXACT = 1e-7, 1e-11
"""Relative differences of ratios that are equal, and of their median from a fraction that it is."""
_LARGEST_DENOMINATOR = 10_000


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """A rational multiple of a product of powers of the integrand's bases. See `rung.Rung`."""
    powers = _possible_powers(problem.integrand)
    if powers is None:
        return
    try:
        found = _chosen(problem.integrand, powers)
        if found is not None:
            yield Candidate(found)
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return


def _possible_powers(integrand: Expr) -> dict[Expr, tuple[Number, ...]] | None:
    """Exponents that each base may have in the antiderivative; None where it is not worth a try."""
    terms = [dict(factors_of(term)) for _, term in terms_of(integrand)]
    if len(terms) > _MOST_TERMS:
        return None
    bases = [base for base in dict.fromkeys(base for one in terms for base in one) if base.mask & X.mask]
    if not any(base.kind == ADD for base in bases):
        return None
    found: dict[Expr, tuple[Number, ...]] = {}
    for base in bases:
        lowest = min(one.get(base, 0) for one in terms)
        if base.kind == FUNCTION and base.value == "exp":
            found[base] = (1, 0)
        else:
            found[base] = (lowest + 1, 0) if lowest != -1 else (0,)
    return found if prod(map(len, found.values())) <= _MOST_CHOICES else None


def _chosen(integrand: Expr, powers: dict[Expr, tuple[Number, ...]]) -> Expr | None:
    """The product whose derivative is the integrand at some points, but for a rational factor."""
    samples = standard_samples(symbol_names(integrand, X), X.value)

    def values(node: Expr) -> NDArray[np.complex128]:
        return np.broadcast_to(evaluate(node, samples.values), wanted.shape)

    with np.errstate(all="ignore"):
        wanted = np.atleast_1d(evaluate(integrand, samples.values))
        known = [values(base) for base in powers]
        rates = [values(derivative(base)) / one for base, one in zip(powers, known, strict=True)]
        for exponents in choices(*powers.values()):
            if not any(exponents):
                continue
            total, rate = np.ones_like(wanted), np.zeros_like(wanted)
            for exponent, one, own in zip(exponents, known, rates, strict=True):
                if exponent:
                    total, rate = total * one ** float(exponent), rate + float(exponent) * own
            factor = _constant(total * rate / wanted)
            if factor:
                pairs = list(zip(powers, exponents, strict=True))
                return product(1, [(number(1 / factor), 1), *pairs])
    return None


def _constant(ratios: NDArray[np.complex128]) -> Fraction | None:
    """The rational number that all these are, or None."""
    usable = ratios[np.isfinite(ratios)]
    if len(usable) < _FEWEST_POINTS:
        return None
    middle = complex(np.median(usable.real), np.median(usable.imag))
    if not abs(middle) or (np.abs(usable - middle) > _SAME * abs(middle)).mean() > 0.5:
        return None
    found = Fraction(middle.real).limit_denominator(_LARGEST_DENOMINATOR)
    return found if abs(middle - float(found)) <= _EXACT * abs(middle) else None

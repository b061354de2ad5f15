"""Integration by parts: F*g with F simpler when it is differentiated, and g known.

Logarithms and inverse functions first, as in every textbook. A denominator D**k, k > 1, loses one power as in
Hermite's reduction, by parts with D'/D**k, also where D is no polynomial.
"""

from collections.abc import Iterator

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ONE,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    divide,
    product,
)
from sciml.symbolic.substitution import operands

_KEPT = ("log", "asin", "acos", "atan", "asinh", "acosh", "atanh")
_HIGHEST_POWER = 4
_HIGHEST_POWER_OF_X = 2


def splits(integrand: Expr) -> Iterator[tuple[Expr, Expr]]:
    """(F, g) with integrand F*g, where F is a logarithm or inverse function to a small power."""
    for factor in integrand.args if integrand.kind == MULTIPLY else (integrand,):
        base, exponent = (factor.args[0], factor.value) if factor.kind == POWER else (factor, 1)
        is_kept = base.kind == FUNCTION and base.value in _KEPT and bool(base.mask & X.mask)
        if is_kept and type(exponent) is int and 0 < exponent <= _HIGHEST_POWER:
            yield factor, ONE if factor == integrand else divide(integrand, factor)


def later_splits(integrand: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Those that are rarely of use: g = D'/D**k for a denominator D**k, or F = x beside functions."""
    factors = integrand.args if integrand.kind == MULTIPLY else (integrand,)
    for factor in factors:
        if factor.kind == POWER and type(factor.value) is int and factor.value < -1:
            base = factor.args[0]
            if base.kind == ADD and _holds_function(base):
                try:
                    known = product(1, ((derivative(base), 1), (base, factor.value)))
                    yield divide(integrand, known), known
                except (UndefinedExpressionError, ExpressionTooLargeError):
                    continue
    for factor in factors:
        base, exponent = (factor.args[0], factor.value) if factor.kind == POWER else (factor, 1)
        if base == X and type(exponent) is int and 0 < exponent <= _HIGHEST_POWER_OF_X:
            rest = divide(integrand, factor)
            if _holds_function(rest):
                yield factor, rest


def _holds_function(node: Expr) -> bool:
    """Whether x stands in a function, or in an exponent."""
    if not node.mask & X.mask:
        return False
    is_function = node.kind == FUNCTION or (node.kind == POWER and node.value is None)
    return is_function or any(_holds_function(part) for part in operands(node))

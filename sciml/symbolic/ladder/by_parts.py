"""Integration by parts for logarithms and inverse functions: their derivatives are simpler than they are."""

from collections.abc import Iterator

from sciml.symbolic.expression import FUNCTION, MULTIPLY, ONE, POWER, Expr, X, divide

_KEPT = ("log", "asin", "acos", "atan", "asinh", "acosh", "atanh")
_HIGHEST_POWER = 4


def splits(integrand: Expr) -> Iterator[tuple[Expr, Expr]]:
    """(F, g) with integrand F*g, where F is a logarithm or inverse function to a small power."""
    for factor in integrand.args if integrand.kind == MULTIPLY else (integrand,):
        base, exponent = (factor.args[0], factor.value) if factor.kind == POWER else (factor, 1)
        is_kept = base.kind == FUNCTION and base.value in _KEPT and bool(base.mask & X.mask)
        if is_kept and type(exponent) is int and 0 < exponent <= _HIGHEST_POWER:
            yield factor, ONE if factor == integrand else divide(integrand, factor)

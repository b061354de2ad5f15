"""Parameters that only set the scale of x: f(x; p) = p**k * f(x/p**e; 1).

So the integral of sqrt(p**2 - x**2) follows from that of sqrt(1 - x**2), which has no parameter. The
exponents are found by values at a few points; what comes out is verified by the caller.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import (
    ONE,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    number,
    power,
    product,
    symbol,
    symbol_names,
)
from sciml.symbolic.sample_points import parameter_values
from sciml.symbolic.substitution import substitute

_EXPONENTS = (Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-1, 2), Fraction(2), Fraction(-2))
_POINTS = np.array([0.37, 0.61, 0.23, 0.52, 0.71 + 0.2j, 0.44 - 0.3j], dtype=np.complex128)
_SCALES = np.array([1.7, 2.3, 1.31, 0.77, 1.9, 1.23], dtype=np.complex128)


@dataclass(frozen=True)
class Scaling:
    """An integrand without one of its parameters."""

    integrand: Expr
    parameter: Expr
    of_x: Fraction
    """e in f(x; p) = p**k * f(x/p**e; 1)."""
    of_value: Fraction
    """k."""

    def back(self, antiderivative: Expr) -> Expr:
        """The antiderivative with the parameter, from that without."""
        inner = product(1, ((X, 1), (power(self.parameter, number(-self.of_x)), 1)))
        front = power(self.parameter, number(self.of_value + self.of_x))
        return product(1, ((front, 1), (substitute(antiderivative, {X: inner}), 1)))


def scaled_away(integrand: Expr) -> Iterator[Scaling]:
    """Ways to lose a parameter, for each parameter at most one."""
    for name in symbol_names(integrand):
        if name == "x":
            continue
        parameter = symbol(name)
        try:
            plain = substitute(integrand, {parameter: ONE})
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
        for exponent in _EXPONENTS:
            found = _power_of_value(integrand, plain, name, exponent)
            if found is not None:
                yield Scaling(plain, parameter, exponent, found)
                break


def _power_of_value(integrand: Expr, plain: Expr, name: str, exponent: Fraction) -> Fraction | None:
    """k, or None if the relation does not hold with this exponent of x."""
    others = {
        one: parameter_values(one, len(_POINTS)) for one in symbol_names(integrand) if one not in ("x", name)
    }
    scaled_points = _POINTS * _SCALES ** float(exponent)
    with np.errstate(all="ignore"):
        ratio = evaluate(integrand, {**others, "x": scaled_points, name: _SCALES}) / evaluate(
            plain, {**others, "x": _POINTS}
        )
        powers = np.log(ratio) / np.log(_SCALES)
    if not np.isfinite(powers).all() or np.abs(powers - powers[0]).max() > 1e-8:
        return None
    found = Fraction(float(powers[0].real)).limit_denominator(12)
    return found if abs(powers[0] - float(found)) < 1e-8 else None

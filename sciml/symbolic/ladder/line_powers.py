"""High powers of a linear function beside a polynomial, in powers of that function: x*(1 - x)**50."""

from sciml.symbolic.expansion import polynomial_coefficients
from sciml.symbolic.expression import (
    MULTIPLY,
    POWER,
    Expr,
    X,
    divide,
    linear,
    multiply,
    number,
    power,
    product,
)
from sciml.symbolic.ladder.normalise import slope_and_shift
from sciml.symbolic.substitution import substitute

_LOWEST = 6
"""Lower powers are short when they are multiplied out."""
_HIGHEST_DEGREE = 12
"""Of the polynomial."""


def line_power(node: Expr) -> Expr | None:
    """The integral of P(x)*(p*x + q)**n for a whole n of 6 or more, or None if it is none.

    P in powers of u = p*x + q leaves powers of u only; multiplied out, the answer has n terms and its values
    are lost by cancellation.
    """
    if node.kind != MULTIPLY:
        return None
    for factor in node.args:
        if factor.kind != POWER or type(factor.value) is not int or factor.value < _LOWEST:
            continue
        base, exponent = factor.args[0], factor.value
        line = slope_and_shift(base)
        if line is None or base == X:
            continue
        slope, shift = line
        in_u = substitute(product(1, ((node, 1), (base, -exponent))), {X: divide(X - shift, slope)})
        coefficients = polynomial_coefficients(in_u, X, _HIGHEST_DEGREE)
        if coefficients is None:
            return None
        parts = [
            (1, divide(multiply(one, power(base, number(exponent + place))), slope * (exponent + place)))
            for place, one in enumerate(coefficients, 1)
        ]
        return linear(parts)
    return None

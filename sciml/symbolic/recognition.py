"""Numbers recognised as what a person would write: 2*sqrt(3)*pi/3 for 3.6275987284684…"""

from fractions import Fraction

from sciml.symbolic.expression import PI, Expr, function, number, sqrt
from sciml.symbolic.one_sided_limits import DIGITS
from sciml.symbolic.precise import PreciseNumber, PreciseValues, context


def recognised(value: PreciseNumber) -> Expr | None:
    """The number as a small fraction of 1, pi, a root or a logarithm of a small number; None if it is none.

    Args:
        value: real, in `context(DIGITS)`, exact to at least 20 digits.
    """
    numbers = context(DIGITS)
    if abs(value) < numbers.mpf(10) ** -25:
        return number(0)
    for unit in _UNITS:
        size = PreciseValues({}, DIGITS).value(unit)
        fraction = Fraction(str(numbers.nstr(value / size, 40))).limit_denominator(10_000)
        exact = numbers.mpf(fraction.numerator) / fraction.denominator * size
        if fraction and abs(value - exact) < abs(exact) * numbers.mpf(10) ** -20:
            return number(fraction) * unit
    return None


_UNITS = (
    *(number(1), PI, PI * PI, sqrt(PI)),
    *(sqrt(number(one)) for one in (2, 3, 5, 6, 7, 10)),
    *(PI * sqrt(number(one)) for one in (2, 3, 5, 6)),
    *(function("log", number(one)) for one in (2, 3, 5, 7)),
    *(function("exp", number(one)) for one in (1, -1, 2, -2)),
)

"""Token ids of expressions in prefix order, put together from those of their parts. Knows no tree.

Sums and products are right-nested. A product is `neg`? then `div` numerator denominator or the numerator
alone; the numerator of its coefficient comes first above the bar, the denominator first below it.
"""

from collections.abc import Iterable
from fractions import Fraction

from sciml.symbolic.vocabulary import ID, INT_MINUS, INT_PLUS, ZERO

Number = int | Fraction

LARGEST_BITS = 4096
"""Numerators and denominators of exact numbers stay below two to this power."""

ADD_ID, MUL_ID, DIV_ID, POW_ID, NEG_ID, SQRT_ID = (
    bytes((ID[name],)) for name in ("add", "mul", "div", "pow", "neg", "sqrt")
)
FUNCTION_PREFIX = {
    name: bytes((ID[name],))
    for name in (
        *("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
        *("asinh", "acosh", "atanh", "abs", "sign"),
    )
}
"""Names of the functions of one argument, with their tokens."""
LEAF_PREFIX = {name: bytes((ID[name],)) for name in ("x", "y", "y'", "y''", "c1", "c2", "a", "b", "c")}
"""Symbols that are tokens."""

_DIGITS = bytes((ZERO + one - ord("0")) % 256 for one in range(256))
ONE_PREFIX = bytes((INT_PLUS, ZERO + 1))
_INVERSE = ord(DIV_ID)
_ONE_OVER = DIV_ID + ONE_PREFIX
_AFTER_ONE = len(_ONE_OVER)


class ExpressionTooLargeError(ValueError):
    """An exact number beyond `LARGEST_BITS`, or a sum of too many terms."""


def number_prefix(value: Number) -> bytes:
    """Token ids of an exact number.

    Raises:
        ExpressionTooLargeError: beyond `LARGEST_BITS`.
    """
    if type(value) is int:
        known = _SMALL.get(value)
        if known is not None:
            return known
        if value.bit_length() > LARGEST_BITS:
            bits = value.bit_length()
            raise ExpressionTooLargeError(f"a number of {bits} bits; at most {LARGEST_BITS} are kept")
        return _integer_prefix(value)
    if value.denominator == 1:
        return number_prefix(value.numerator)
    return DIV_ID + number_prefix(value.numerator) + number_prefix(value.denominator)


def _integer_prefix(value: int) -> bytes:
    sign = INT_PLUS if value >= 0 else INT_MINUS
    return bytes((sign,)) + str(abs(value)).encode().translate(_DIGITS)


_SMALL = {value: _integer_prefix(value) for value in range(-1000, 1001)}


def nested(operator: bytes, pieces: list[bytes]) -> bytes:
    """A right-nested chain: op p1 op p2 … pn."""
    if len(pieces) == 1:
        return pieces[0]
    if len(pieces) == 2:
        return operator + pieces[0] + pieces[1]
    return operator + operator.join(pieces[:-1]) + pieces[-1]


def power_prefix(base: bytes, exponent: Number) -> bytes:
    """base ** exponent for a number that is neither 0 nor 1; a negative power is `div 1` of a positive
    one."""
    if type(exponent) is int:
        if exponent == -1:
            return _ONE_OVER + base
        if exponent < 0:
            return _ONE_OVER + POW_ID + base + number_prefix(-exponent)
        return POW_ID + base + number_prefix(exponent)
    inverse = _ONE_OVER if exponent < 0 else b""
    if exponent.denominator == 2 and exponent.numerator in (1, -1):
        return inverse + SQRT_ID + base
    return inverse + POW_ID + base + number_prefix(-exponent if exponent < 0 else exponent)


def product_prefix(coefficient: Number, factors: Iterable[bytes]) -> bytes:
    """coefficient times factors that are no products; those that begin with `div 1` go below the bar."""
    above, below = [], []
    for factor in factors:
        if factor[0] == _INVERSE:
            below.append(factor[_AFTER_ONE:])
        else:
            above.append(factor)
    if type(coefficient) is not int:
        return _with_fraction(coefficient.numerator, coefficient.denominator, above, below)
    if not below:
        unit = nested(MUL_ID, above)
    else:
        unit = DIV_ID + (nested(MUL_ID, above) if above else ONE_PREFIX) + nested(MUL_ID, below)
    return unit if coefficient == 1 else scaled_prefix(coefficient, unit)


def scaled_prefix(coefficient: int, unit: bytes) -> bytes:
    """An integer other than 1 times a product, from the prefix of the product."""
    if unit[0] == _INVERSE:
        if unit[1] == INT_PLUS:
            return DIV_ID + number_prefix(coefficient) + unit[_AFTER_ONE:]
        if coefficient != -1:
            return DIV_ID + MUL_ID + number_prefix(coefficient) + unit[1:]
    return NEG_ID + unit if coefficient == -1 else MUL_ID + number_prefix(coefficient) + unit


def _with_fraction(top: int, bottom: int, above: list[bytes], below: list[bytes]) -> bytes:
    is_negative = top == -1 and bool(above)
    if not is_negative and (top != 1 or not above):
        above.insert(0, number_prefix(top))
    below.insert(0, number_prefix(bottom))
    prefix = DIV_ID + nested(MUL_ID, above) + nested(MUL_ID, below)
    return NEG_ID + prefix if is_negative else prefix

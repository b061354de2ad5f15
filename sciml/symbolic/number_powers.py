"""Powers of exact numbers: whole ones exactly, others as radicals of primes."""

from fractions import Fraction

from sciml.symbolic.nodes import UndefinedExpressionError, whole
from sciml.symbolic.prefixes import LARGEST_BITS, ExpressionTooLargeError, Number

_LARGEST_DIVISOR = 1000
"""Prime factors up to this are found."""


def number_power(base: Number, exponent: int) -> Number:
    """base ** exponent, exact.

    Raises:
        UndefinedExpressionError: zero to a negative power.
        ExpressionTooLargeError: the result is beyond `LARGEST_BITS`.
    """
    if exponent == 1 or base == 1:
        return base
    if base == 0:
        if exponent < 0:
            raise UndefinedExpressionError("a division by zero has no value")
        return 0 if exponent else 1
    if base == -1:
        return -1 if exponent % 2 else 1
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > LARGEST_BITS:
        raise ExpressionTooLargeError(f"a number to the power {exponent} has over {LARGEST_BITS} bits")
    if type(base) is int:
        return base**exponent if exponent > 0 else Fraction(1, base**-exponent)
    return whole(base**exponent)


def radicals(value: Number) -> list[tuple[int, int]]:
    """A rational number other than 0 as (base, power) pairs: -1, primes, and what is left of large
    factors."""
    found = [(-1, 1)] if value < 0 else []
    found += _prime_powers(abs(value.numerator))
    found += [(prime, -count) for prime, count in _prime_powers(value.denominator)]
    return found


def _prime_powers(value: int) -> list[tuple[int, int]]:
    """Prime factors up to 1000 with their multiplicity; what is left as one factor, or as a perfect power."""
    found = []
    divisor = 2
    while divisor * divisor <= value and divisor <= _LARGEST_DIVISOR:
        count = 0
        while value % divisor == 0:
            value //= divisor
            count += 1
        if count:
            found.append((divisor, count))
        divisor += 1 if divisor == 2 else 2
    if value > 1:
        root = _exact_root(value)
        found.append(root if root is not None else (value, 1))
    return found


def _exact_root(value: int) -> tuple[int, int] | None:
    """(root, degree) with the largest degree up to 11, if `value` is a perfect power."""
    for degree in (11, 10, 9, 8, 7, 6, 5, 4, 3, 2):
        if value.bit_length() <= degree * 9:  # primes up to 1000 are divided out
            continue
        root = round(value ** (1 / degree)) if value.bit_length() < 50 else _integer_root(value, degree)
        if root**degree == value:
            return root, degree
    return None


def _integer_root(value: int, degree: int) -> int:
    low, high = 1, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if middle**degree <= value:
            low = middle
        else:
            high = middle - 1
    return low

"""Values of expressions in many digits, by mpmath; same branches as `sciml.symbolic.evaluation`."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import mpmath

from sciml.symbolic.expression import ADD, CONSTANT, FUNCTION, MULTIPLY, NUMBER, POWER, SYMBOL, Expr, Number
from sciml.symbolic.vocabulary import AFTER_NINE, ZERO

_LARGEST_MAGNITUDE = 64
"""Arguments of these functions, and logarithms of powers, stay below two to this power, so that no value
needs millions of bits."""
_GROWING = ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh")
"""Functions of which a large argument needs as many bits as its size says; others only need its logarithm."""


PreciseNumber: TypeAlias = Any
"""A number of Python or of an mpmath context (mpf, mpc), which has no types of its own."""


SHARE_OF_DIGITS = 0.7
"""Values are equal if they agree in so many of the digits computed; the rest is left to rounding."""
_MORE_DIGITS = 50
_DIGITS = re.compile(rb"[%b]+" % re.escape(bytes(range(ZERO, AFTER_NINE))))


class NoPreciseValueError(ArithmeticError):
    """An expression without value at a point, or with a value beyond what can be computed."""


@lru_cache(maxsize=8)
def context(digits: int) -> mpmath.MPContext:
    """An mpmath context of that many decimal digits, apart from the global one."""
    made = mpmath.MPContext()
    made.dps = digits
    return made


class PreciseValues:
    """Values of expressions at one point.

    Args:
        values: for each symbol its value, a number of `context(digits)` or of Python.
        digits: decimal digits of the arithmetic.
    """

    def __init__(self, values: Mapping[str, PreciseNumber], digits: int = 30) -> None:
        self.context = context(digits)
        self._known: dict[bytes, Any] = {}
        self._symbols = {name: self._number(value) for name, value in values.items()}

    def _number(self, value: PreciseNumber) -> PreciseNumber:
        if isinstance(value, complex):
            return self.context.mpc(value) if value.imag else self.context.mpf(value.real)
        return self.context.convert(value)

    def value(self, node: Expr) -> PreciseNumber:
        """The value as mpf or mpc.

        Raises:
            NoPreciseValueError: a division by zero, a logarithm of zero, or an argument that is too large.
        """
        try:
            value = self._value(node)
        except (ZeroDivisionError, ValueError, OverflowError) as error:
            raise NoPreciseValueError(str(error)) from error
        if not self.context.isfinite(value):
            raise NoPreciseValueError("the value is not finite")
        return value

    def _value(self, node: Expr) -> PreciseNumber:
        found = self._known.get(node.prefix)
        if found is None:
            found = self._known[node.prefix] = self._computed(node)
        return found

    def _computed(self, node: Expr) -> PreciseNumber:
        kind = node.kind
        if kind == SYMBOL:
            return self._symbols[node.value]
        if kind == NUMBER:
            return self._rational(node.value)
        if kind == CONSTANT:
            return +self.context.pi
        if kind == ADD:
            terms = [self._scaled(self._value(term), coefficient) for term, coefficient in node.args]
            return sum(terms, self._rational(node.value))
        if kind == MULTIPLY:
            total = self._value(node.args[0])
            for factor in node.args[1:]:
                total = total * self._value(factor)
            return self._scaled(total, node.value)
        if kind == POWER:
            return self._power(node)
        assert kind == FUNCTION
        return self._function(node.value, self._value(node.args[0]))

    def _rational(self, value: Number) -> PreciseNumber:
        if type(value) is int:
            return self.context.mpf(value)
        return self.context.mpf(value.numerator) / value.denominator

    def _scaled(self, value: PreciseNumber, coefficient: Number) -> PreciseNumber:
        if coefficient == 1:
            return value
        return value * coefficient.numerator / coefficient.denominator

    def _power(self, node: Expr) -> PreciseNumber:
        base, exponent = self._value(node.args[0]), node.value
        if type(exponent) is int:
            self._check(abs(exponent) * (1 + abs(self.context.mag(base))) if base else 0)
            return base**exponent
        if exponent is not None and exponent.denominator == 2 and abs(exponent.numerator) <= 64:
            return self.context.sqrt(base) ** exponent.numerator
        power = self._value(node.args[1])
        if not base:
            return self.context.mpf(0) ** power
        self._check(power * self.context.log(base))
        return self.context.power(base, power)

    def _check(self, argument: PreciseNumber) -> None:
        if argument and self.context.mag(argument) > _LARGEST_MAGNITUDE:
            raise NoPreciseValueError("an argument is too large")

    def _function(self, name: str, argument: PreciseNumber) -> PreciseNumber:
        if name in ("abs", "sign"):
            real = self.context.re(argument)
            return self.context.sign(real) if name == "sign" else (-argument if real < 0 else argument)
        if name in _GROWING:
            self._check(argument)
        return getattr(self.context, name)(argument)


def agrees(left: Expr, right: Expr, values: Mapping[str, complex], digits: int = 30) -> tuple[bool, float]:
    """Whether two expressions have the same value at a point, and their relative difference there.

    The difference is computed twice, the second time with 50 digits more and with room for the longest number
    in the expressions: in an equality it shrinks with the digits, in an inequality it stays. So x and
    x + 10**-40 are told apart.

    Raises:
        NoPreciseValueError: one of them has no value there.
    """
    differences, sizes = [], []
    more = _MORE_DIGITS + 3 * _longest_number(left, right) // 2
    for precision in (digits, digits + more):
        at = PreciseValues(values, precision)
        one, other = at.value(left), at.value(right)
        difference, size = abs(one - other), max(abs(one), abs(other))
        relative = difference / size if size else at.context.mpf(0)
        differences.append(difference)
        sizes.append(size)
    if relative < at.context.mpf(10) ** (-SHARE_OF_DIGITS * precision):
        return True, float(relative)
    ten = at.context.mpf(10)
    first = differences[0] if sizes[0] else ten**-digits  # both sides of 0 = 0 may be 0 by good luck
    shrinks = differences[1] < first * ten ** (-more / 2)
    return bool(shrinks), 0.0 if shrinks else float(relative)


def _longest_number(*nodes: Expr) -> int:
    """Digits of the longest integer that is written in the expressions."""
    return max((len(run) for node in nodes for run in _DIGITS.findall(node.prefix)), default=0)

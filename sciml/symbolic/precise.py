"""Values of expressions in many digits, by mpmath; same branches as `sciml.symbolic.evaluation`."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import mpmath

from sciml.symbolic.expression import ADD, CONSTANT, FUNCTION, MULTIPLY, NUMBER, POWER, SYMBOL, Expr, Number
from sciml.symbolic.hidden_parts import PreciseNumber as PreciseNumber
from sciml.symbolic.hidden_parts import bits_between, bits_hidden_by
from sciml.symbolic.vocabulary import AFTER_NINE, ZERO

_LARGEST_MAGNITUDE, _LARGEST_PHASE = 64, 4096
"""Arguments of growing functions, and logarithms of powers, stay below two to the first power, the real parts
of those of periodic functions below two to the second, so that no value needs millions of bits."""
_MOST_BITS_APART = 2**16
"""Between real and imaginary part of the argument of a function."""
_GROWING, _PERIODIC = ("exp", "sinh", "cosh", "tanh"), ("sin", "cos", "tan")
"""Functions of which a large argument needs as many bits as its size says; others only need its logarithm."""

SHARE_OF_DIGITS = 0.7
"""Values are equal if they agree in so many of the digits computed; the rest is left to rounding."""
FEW_HIDDEN, MOST_HIDDEN = 8, 1500
"""Digits between the parts of a value: from the first on they are added to those computed; with more than the
second nothing is said about the value."""
_HIDDEN_STEP = 25
"""Numbers of digits that are computed are 30 and multiples of 50 more: each has its own context."""
_MORE_DIGITS = 50
_DIGITS = re.compile(rb"[%b]+" % re.escape(bytes(range(ZERO, AFTER_NINE))))


class NoPreciseValueError(ArithmeticError):
    """An expression without value at a point, or with a value beyond what can be computed."""


@lru_cache(maxsize=64)
def context(digits: int) -> mpmath.MPContext:
    """An mpmath context of that many decimal digits, apart from the global one; it takes 20 ms to make."""
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
        self._hidden_bits = 0

    @property
    def hidden_digits(self) -> int:
        """Decimal digits between a part of what was computed so far and what it is added to, at most."""
        return int(0.302 * self._hidden_bits)

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
            terms.append(self._rational(node.value))
            self._hidden_bits = max(self._hidden_bits, bits_between(self.context, terms))
            return sum(terms)
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
        growth = power * self.context.log(base)
        self._check(growth)
        if exponent is None:
            self._hidden_bits = max(self._hidden_bits, bits_hidden_by(self.context, "exp", growth))
        return self.context.power(base, power)

    def _check(self, argument: PreciseNumber, largest: int = _LARGEST_MAGNITUDE) -> None:
        if argument and self.context.mag(argument) > largest:
            raise NoPreciseValueError("an argument is too large")

    def _check_parts(self, argument: PreciseNumber) -> None:
        """mpmath takes as many bits as there are between real and imaginary part."""
        imaginary = self.context.im(argument)
        if (
            imaginary
            and bits_between(self.context, (self.context.re(argument), imaginary)) > _MOST_BITS_APART
        ):
            raise NoPreciseValueError("real and imaginary part are too far apart")

    def _function(self, name: str, argument: PreciseNumber) -> PreciseNumber:
        if name in ("abs", "sign"):
            real = self.context.re(argument)
            return self.context.sign(real) if name == "sign" else (-argument if real < 0 else argument)
        if name in _PERIODIC:
            self._check(self.context.im(argument))
            self._check(self.context.re(argument), _LARGEST_PHASE)
        elif name in _GROWING:
            self._check(argument)
        self._check_parts(argument)
        self._hidden_bits = max(self._hidden_bits, bits_hidden_by(self.context, name, argument))
        return getattr(self.context, name)(argument)


Computed = TypeVar("Computed")


def with_room(
    compute: Callable[[int], tuple[Computed, int]], digits: int, hidden: int
) -> tuple[Computed, int]:
    """What `compute` finds with so many digits more that no part of it is hidden by another.

    A part may be hidden h digits behind another, and a difference of values lose h digits: 2*h more are
    computed.

    Args:
        compute: from decimal digits to a result, and to the digits that were hidden in it.
        digits: that are wanted of the result.
        hidden: what is known to be hidden.

    Returns:
        The result and the digits hidden.

    Raises:
        NoPreciseValueError: more than `MOST_HIDDEN`.
    """
    while True:
        result, found = compute(digits + 2 * hidden)
        if found <= hidden + FEW_HIDDEN:
            return result, hidden
        if found > MOST_HIDDEN:
            raise NoPreciseValueError("a part of the value is too small beside the others")
        hidden = -(-found // _HIDDEN_STEP) * _HIDDEN_STEP


def agrees(left: Expr, right: Expr, values: Mapping[str, complex], digits: int = 30) -> tuple[bool, float]:
    """Whether two expressions have the same value at a point, and their relative difference there.

    The difference is computed twice, the second time with 50 digits more and with room for the longest number
    in the expressions: in an equality it shrinks with the digits, in an inequality it stays. So x and
    x + 10**-40 are told apart. Both times there is room for what is hidden beside something larger.

    Raises:
        NoPreciseValueError: one of them has no value there.
    """

    def both_sides(precision: int) -> tuple[tuple[PreciseNumber, PreciseNumber], int]:
        at = PreciseValues(values, precision)
        return (at.value(left), at.value(right)), at.hidden_digits

    differences, sizes, hidden = [], [], 0
    more = _MORE_DIGITS * (1 + _longest_number(left, right) // 30)
    for wanted in (digits, digits + more):
        (one, other), hidden = with_room(both_sides, wanted, hidden)
        differences.append(abs(one - other))
        sizes.append(max(abs(one), abs(other)))
    ten = context(digits).mpf(10)
    relative = differences[1] / sizes[1] if sizes[1] else ten * 0
    if relative < ten ** (-hidden - SHARE_OF_DIGITS * wanted):
        return True, float(relative)
    first = differences[0] if sizes[0] else ten**-digits  # both sides of 0 = 0 may be 0 by good luck
    shrinks = differences[1] < first * ten ** (-more / 2)
    return bool(shrinks), 0.0 if shrinks else float(relative)


def _longest_number(*nodes: Expr) -> int:
    """Digits of the longest integer that is written in the expressions."""
    return max((len(run) for node in nodes for run in _DIGITS.findall(node.prefix)), default=0)

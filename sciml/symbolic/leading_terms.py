"""Limits at infinity in symbols: the leading term c*x**e of an expression, c with its parameters.

Which sign a constant has, and so on which side atan(c*x) ends, is asked of values of the parameters. A result
is a proposal, which `definite_exact.py` compares with the limit in numbers.

Source: leading terms of series, as for limits in Geddes, Czapor & Labahn, Algorithms for Computer Algebra, 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    ONE,
    PI,
    POWER,
    SYMBOL,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    divide,
    function,
    linear,
    multiply,
    number,
    power,
    product,
    symbol,
)
from sciml.symbolic.ladder.terms import terms_of
from sciml.symbolic.precise import NoPreciseValueError, PreciseValues

_DIGITS = 40
_SMALL = 1e-25
_ODD_AT_ZERO = ("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh")
"""f(u) = u + … for small u."""
_FAST = Fraction(10**6)
"""The exponent of what grows faster than every power."""
_WAVE = symbol("wave_without_limit")
"""Stands for what is bounded and oscillates."""


class NoLeadingTermError(ValueError):
    """The leading term is not known: terms cancel, or the growth is no power."""


@dataclass(frozen=True)
class Leading:
    """c*x**exponent; of what vanishes faster than every power c is 0."""

    coefficient: Expr
    exponent: Number


def limit_at_infinity(node: Expr, variable: Expr, parameters: Mapping[str, Any]) -> Expr | None:
    """The limit for variable → +∞ as an expression in the parameters; None if it is not found, or infinite.

    Args:
        node: the expression.
        variable: a symbol.
        parameters: values of all other symbols, which decide signs.
    """
    try:
        found = _LeadingTerms(variable, parameters).of(node)
    except (NoLeadingTermError, UndefinedExpressionError, ExpressionTooLargeError, NoPreciseValueError):
        return None
    if found.exponent > 0 and found.coefficient != ZERO_EXPR:
        return None
    limit = found.coefficient if found.exponent == 0 else ZERO_EXPR
    return None if limit.mask & _WAVE.mask else limit


class _LeadingTerms:
    def __init__(self, variable: Expr, parameters: Mapping[str, Any]) -> None:
        self.variable, self.values = variable, PreciseValues(parameters, _DIGITS)

    def of(self, node: Expr) -> Leading:
        """The leading term.

        Raises:
            NoLeadingTermError: it is not known.
        """
        if not node.mask & self.variable.mask:
            return Leading(node, 0)
        kind = node.kind
        if kind == SYMBOL:
            return Leading(ONE, 1)
        if kind == ADD:
            return self._of_sum(node)
        if kind == MULTIPLY:
            parts = [self.of(factor) for factor in node.args]
            return self._times(number(node.value), parts)
        if kind == POWER and node.value is not None:
            return self._to_power(self.of(node.args[0]), node.value)
        if kind == FUNCTION:
            return self._of_function(node.value, node.args[0])
        raise NoLeadingTermError(f"a power with the variable in its exponent: {node}")

    def _times(self, constant: Expr, parts: list[Leading]) -> Leading:
        coefficient = multiply(constant, *[one.coefficient for one in parts])
        if coefficient == ZERO_EXPR:
            return Leading(ZERO_EXPR, -1)
        return Leading(coefficient, sum(Fraction(one.exponent) for one in parts))

    def _to_power(self, base: Leading, exponent: Number) -> Leading:
        if base.coefficient == ZERO_EXPR and exponent < 0:
            raise NoLeadingTermError("a division by what vanishes faster than every power")
        return Leading(power(base.coefficient, number(exponent)), Fraction(base.exponent) * exponent)

    def _of_sum(self, node: Expr) -> Leading:
        logarithms = [(c, one) for c, one in terms_of(node) if self._is_logarithm(one)]
        others = [(c, self.of(one)) for c, one in terms_of(node) if not self._is_logarithm(one)]
        if logarithms:
            others.append((1, self._of_logarithms(logarithms)))
        top = max(Fraction(one.exponent) for _, one in others)
        found = linear([(c, one.coefficient) for c, one in others if one.exponent == top])
        if found.mask & _WAVE.mask:
            return Leading(found, top)
        if found == ZERO_EXPR or abs(self.values.value(found)) < _SMALL:
            if top <= 0:
                return Leading(ZERO_EXPR, -1)
            raise NoLeadingTermError(f"the leading terms of {node} cancel")
        return Leading(found, top)

    def _is_logarithm(self, term: Expr) -> bool:
        """Whether the term is c*log(u), c free of the variable."""
        factors = term.args if term.kind == MULTIPLY else (term,)
        moving = [one for one in factors if one.mask & self.variable.mask]
        return len(moving) == 1 and moving[0].kind == FUNCTION and moving[0].value == "log"

    def _of_logarithms(self, parts: list[tuple[Number, Expr]]) -> Leading:
        """The sum of c*log(u), where all that grows cancels: that of c*log of the coefficients."""
        growth, kept = [], []
        for coefficient, term in parts:
            factors = term.args if term.kind == MULTIPLY else (term,)
            inside = next(one for one in factors if one.mask & self.variable.mask).args[0]
            constant = product(
                coefficient, [(one, 1) for one in factors if not one.mask & self.variable.mask]
            )
            leading = self.of(inside)
            growth.append((Fraction(leading.exponent), constant))
            kept.append((1, multiply(constant, function("log", leading.coefficient))))
        total = linear(growth)
        if total != ZERO_EXPR and abs(self.values.value(total)) > _SMALL:
            raise NoLeadingTermError("a logarithm grows without bound")
        return Leading(linear(kept), 0)

    def _of_function(self, name: str, argument: Expr) -> Leading:
        inner = self.of(argument)
        if inner.exponent < 0 or inner.coefficient == ZERO_EXPR:
            if name in _ODD_AT_ZERO:
                return inner
            return Leading(function(name, ZERO_EXPR), 0)
        if inner.exponent == 0:
            return self._near_constant(name, argument, inner.coefficient)
        if name in ("sin", "cos"):
            return Leading(_WAVE, 0)
        sign = self._sign(inner.coefficient)
        if name == "atan":
            return Leading(PI * sign / 2, 0)
        if name == "tanh":
            return Leading(number(sign), 0)
        if name == "exp" and sign < 0:
            return Leading(ZERO_EXPR, -1)
        if name in ("exp", "sinh", "cosh"):
            return Leading(number(sign if name == "sinh" else 1), _FAST)
        raise NoLeadingTermError(f"{name} of what grows")

    def _near_constant(self, name: str, argument: Expr, constant: Expr) -> Leading:
        """f near a constant; tan near its poles grows like -1/(u - c)."""
        if name == "tan" and _is_pole_of_tangent(constant):
            rest = self.of(argument - constant)
            return self._to_power(Leading(-rest.coefficient, rest.exponent), -1)
        return Leading(function(name, constant), 0)

    def _sign(self, coefficient: Expr) -> int:
        value = self.values.value(coefficient)
        if abs(value.imag) > _SMALL * abs(value) or not value.real:
            raise NoLeadingTermError("a coefficient without a sign")
        return 1 if value.real > 0 else -1


def _is_pole_of_tangent(constant: Expr) -> bool:
    times = divide(constant, PI)
    return times.kind == NUMBER and Fraction(times.value).denominator == 2

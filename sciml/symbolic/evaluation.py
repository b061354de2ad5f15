"""Values of expressions at many points at once, complex, with principal branches.

On a branch cut the value is that of the upper side: a negative zero as imaginary part counts as zero (hence
`+ 0.0` in the code), so that sqrt(-4) is 2i however the -4 came about. asin, acos and atanh are taken from
below beyond 1, as mpmath does, so that they keep their parity.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.expression import (
    ADD,
    CONSTANT,
    FUNCTION,
    FUNCTION_PREFIX,
    MULTIPLY,
    NUMBER,
    POWER,
    SYMBOL,
    Expr,
    Number,
)

Values = NDArray[np.complex128]


class UnboundSymbolError(KeyError):
    """An expression holds a symbol for which no value was given."""


def evaluate(node: Expr, values: Mapping[str, Values], known: dict[bytes, Values] | None = None) -> Values:
    """Values of an expression.

    Args:
        node: the expression.
        values: for each symbol its values, complex, all of one shape (point,).
        known: values of sub-expressions at the same points, filled by this call; pass the same dictionary to
            evaluate several expressions that share parts.

    Returns:
        (point,), complex128; inf or nan where the expression is not defined or overflows.

    Raises:
        UnboundSymbolError: a symbol without values.
    """
    with np.errstate(all="ignore"):
        return _values(node, values, {} if known is None else known)


def as_float(value: Number) -> float:
    """An exact number as a float; inf or -inf beyond its range."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def is_analytic(*nodes: Expr) -> bool:
    """Whether no abs and no sign is in these expressions: they are functions of real numbers only."""
    return not any(FUNCTION_PREFIX[name] in node.prefix for name in ("abs", "sign") for node in nodes)


def _values(node: Expr, values: Mapping[str, Values], known: dict[bytes, Values]) -> Values:
    kind = node.kind
    if kind == SYMBOL:
        if node.value not in values:
            raise UnboundSymbolError(f"no values are given for {node.value!r}")
        return values[node.value]
    found = known.get(node.prefix)
    if found is None:
        found = known[node.prefix] = _RULES[kind](node, values, known)
    return found


def _of_leaf(node: Expr, values: Mapping[str, Values], known: dict[bytes, Values]) -> Values:
    return _constant(np.pi if node.kind == CONSTANT else as_float(node.value), values)


def _constant(value: complex, values: Mapping[str, Values]) -> Values:
    for one in values.values():
        return np.full(one.shape, value, dtype=np.complex128)
    return np.full((), value, dtype=np.complex128)


def _of_sum(node: Expr, values: Mapping[str, Values], known: dict[bytes, Values]) -> Values:
    total: Values | None = None
    for term, coefficient in node.args:
        part = _values(term, values, known)
        if coefficient != 1:
            part = part * as_float(coefficient)
        total = part if total is None else total + part
    if total is None:
        return _constant(as_float(node.value), values)
    return total + as_float(node.value) if node.value else total


def _of_product(node: Expr, values: Mapping[str, Values], known: dict[bytes, Values]) -> Values:
    total = _values(node.args[0], values, known)
    for factor in node.args[1:]:
        total = total * _values(factor, values, known)
    return total if node.value == 1 else total * as_float(node.value)


def _of_power(node: Expr, values: Mapping[str, Values], known: dict[bytes, Values]) -> Values:
    base = _values(node.args[0], values, known)
    exponent = node.value
    if exponent is None:
        return np.power(base + 0.0, _values(node.args[1], values, known))
    if type(exponent) is int and -64 <= exponent <= 64:
        return _integer_power(base, exponent)
    if exponent.denominator == 2 and abs(exponent.numerator) <= 64:
        return _integer_power(np.sqrt(base + 0.0), exponent.numerator)
    return np.power(base + 0.0, as_float(exponent))


def _integer_power(base: Values, exponent: int) -> Values:
    """Repeated squaring: exact branch, and no loss for a base of zero."""
    if exponent < 0:
        return 1 / _integer_power(base, -exponent)
    result: Values | None = None
    while exponent:
        if exponent & 1:
            result = base if result is None else result * base
        exponent >>= 1
        if exponent:
            base = base * base
    if result is None:
        return np.ones_like(base)
    return result


def _of_function(node: Expr, values: Mapping[str, Values], known: dict[bytes, Values]) -> Values:
    return FUNCTION_VALUES[node.value](_values(node.args[0], values, known) + 0.0)


def _absolute(value: Values) -> Values:
    """|u|, a real function: sqrt(u**2) continued, so that it is u or -u by the sign of the real part."""
    return np.where(value.real < 0, -value, value)


def _sign(value: Values) -> Values:
    return np.sign(value.real).astype(np.complex128)


def _below_right_cut(value: Values) -> Values:
    """The argument just below the cut from 1 to infinity: there asin and atanh are odd and acos agrees."""
    return np.where((value.imag == 0) & (value.real > 1), value.conj(), value)


FUNCTION_VALUES: dict[str, Callable[[Values], Values]] = {
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": lambda value: np.arcsin(_below_right_cut(value)),
    "acos": lambda value: np.arccos(_below_right_cut(value)),
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": lambda value: np.arctanh(_below_right_cut(value)),
    "abs": _absolute,
    "sign": _sign,
}

_RULES: dict[int, Callable[[Expr, Mapping[str, Values], dict[bytes, Values]], Values]] = {
    NUMBER: _of_leaf,
    CONSTANT: _of_leaf,
    ADD: _of_sum,
    MULTIPLY: _of_product,
    POWER: _of_power,
    FUNCTION: _of_function,
}

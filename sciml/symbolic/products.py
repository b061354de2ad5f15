"""Products and powers in canonical form: flat, equal bases collected, one rational coefficient in front.

A sum inside a product gives its content to the coefficient. Under a radical only a positive content leaves,
and a product stays together, so that every step holds for complex values with principal branches.
"""

from collections.abc import Collection
from typing import Any

from sciml.symbolic.collected_powers import collected_product, was_radicand
from sciml.symbolic.functions import function
from sciml.symbolic.nodes import (
    ADD,
    EULER,
    FUNCTION,
    HALF,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    ZERO_EXPR,
    Expr,
    UndefinedExpressionError,
    make_node,
    whole,
)
from sciml.symbolic.number_powers import number_power
from sciml.symbolic.prefixes import FUNCTION_PREFIX, POW_ID, Number
from sciml.symbolic.product_nodes import power_node, product_node
from sciml.symbolic.sums import linear, primitive

Found = dict[bytes, Any]
"""Factors by the prefix of their base (all exponentials under one key): a node of this exponent, or a pair
(base, exponent) whose node is not made yet."""
_EXP = FUNCTION_PREFIX["exp"]


def multiply(*factors: Expr) -> Expr:
    """The product of `factors` (1 without any)."""
    return product(1, [(factor, 1) for factor in factors])


def divide(numerator: Expr, denominator: Expr) -> Expr:
    """numerator / denominator.

    Raises:
        UndefinedExpressionError: the denominator is zero.
    """
    return product(1, ((numerator, 1), (denominator, -1)))


def sqrt(argument: Expr) -> Expr:
    """The principal square root."""
    return power(argument, HALF)


def power(base: Expr, exponent: Expr) -> Expr:
    """base ** exponent, principal branch.

    Raises:
        UndefinedExpressionError: zero to a negative or symbolic power.
        ExpressionTooLargeError: a power of numbers beyond `LARGEST_BITS`.
    """
    if exponent.kind == NUMBER:
        return product(1, ((base, exponent.value),))
    if base.kind == NUMBER:
        if base.value == 1:
            return ONE
        if base.value == 0:
            raise UndefinedExpressionError("zero to a symbolic power has no value")
    if base is EULER or base.prefix == EULER.prefix:
        return function("exp", exponent)
    prefix = POW_ID + base.prefix + exponent.prefix
    return make_node(POWER, None, (base, exponent), prefix, base.mask | exponent.mask)


def product(coefficient: Number, powers: Collection[tuple[Expr, Number]]) -> Expr:
    """coefficient times the product of (base, rational exponent) pairs.

    Factors of different bases are taken as they are, and whole exponents of one base added; whatever is not
    as plain as that goes to `collected_powers.py`, which has the same results.

    Raises:
        UndefinedExpressionError: a division by zero.
        ExpressionTooLargeError: a number beyond `LARGEST_BITS`.
    """
    found: Found = {}
    size = coefficient
    for base, exponent in powers:
        if exponent != 1:
            part = _raised(base, exponent, found) if exponent else 1
            if part is None:
                return collected_product(coefficient, powers)
            if part != 1:
                size = part if size == 1 else size * part
            continue
        kind = base.kind
        if kind == MULTIPLY:
            if base.value != 1:
                size = base.value if size == 1 else size * base.value
            factors = base.args
        elif kind == NUMBER:
            size = base.value if size == 1 else size * base.value
            continue
        elif kind == ADD:
            part, base = primitive(base)
            if part != 1:
                size = part if size == 1 else size * part
            factors = (base,)
        else:
            factors = (base,)
        for factor in factors:
            kind = factor.kind
            if kind == POWER:
                key = factor.args[0].prefix
            elif kind == FUNCTION and factor.value == "exp":
                key = _EXP
            else:
                key = factor.prefix
            if key not in found:
                found[key] = factor
            elif not _join(key, factor, found):
                return collected_product(coefficient, powers)
    return _made(size, found)


def _made(coefficient: Number, found: Found) -> Expr:
    if not coefficient:
        return ZERO_EXPR
    factors = []
    for one in found.values():
        if type(one) is tuple:
            base, exponent = one
            factors.append(base if exponent == 1 else power_node(base, exponent))
        else:
            factors.append(one)
    return product_node(coefficient if type(coefficient) is int else whole(coefficient), factors)


# Each of these answers that the short way does not do: False or None ---------------------------------------


def _join(key: bytes, factor: Expr, found: Found) -> bool:
    """Multiply a factor to the one of the same key."""
    if key is _EXP:
        return _put_exponential(factor, found)
    if factor.kind != POWER:
        return _put(factor, 1, found)
    return factor.value is not None and _put(factor.args[0], factor.value, found)


def _put(base: Expr, exponent: Number, found: Found) -> bool:
    """Multiply base ** exponent to what is found; the base is no exponential."""
    key = base.prefix
    before = found.get(key)
    if before is None:
        found[key] = (base, exponent)
        return True
    if type(before) is tuple:
        exponent += before[1]
    elif before.kind == POWER:
        if before.value is None:
            return False
        exponent += before.value
    else:
        exponent += 1
    kind = base.kind
    if kind == NUMBER:
        return False
    if type(exponent) is not int:
        exponent = whole(exponent)
    if not exponent:
        del found[key]
        return True
    found[key] = (base, exponent)
    return type(exponent) is not int or kind not in _COMPOUND or not was_radicand(base)


def _put_exponential(factor: Expr, found: Found) -> bool:
    before = found.get(_EXP)
    if before is None:
        found[_EXP] = factor
        return True
    made = function("exp", linear(((1, before.args[0]), (1, factor.args[0]))))
    if made is ONE:
        del found[_EXP]
        return True
    found[_EXP] = made
    return made.kind == FUNCTION and made.value == "exp"


def _raised(base: Expr, exponent: Number, found: Found) -> Number | None:
    """Multiply base ** exponent to what is found; what goes to the coefficient."""
    kind = base.kind
    if type(exponent) is not int:
        is_plain = kind not in _COMPOUND or (kind == ADD and primitive(base)[0] in (1, -1))
        return 1 if is_plain and exponent.denominator != 1 and _put(base, exponent, found) else None
    if kind == NUMBER:
        return number_power(base.value, exponent)
    if kind == ADD:
        content, part = primitive(base)
        return number_power(content, exponent) if _put(part, exponent, found) else None
    if kind == MULTIPLY:
        for factor in base.args:
            if not _put_power(factor, exponent, found):
                return None
        return number_power(base.value, exponent)
    return 1 if _put_power(base, exponent, found) else None


def _put_power(factor: Expr, exponent: int, found: Found) -> bool:
    """Multiply a whole power of a factor of a product to what is found."""
    if factor.kind == POWER:
        base, inner = factor.args[0], factor.value
        if inner is None:
            return False
        total = inner * exponent
        if type(inner) is not int:
            total = whole(total)
            if base.kind in _COMPOUND and (base.kind != ADD or type(total) is int):
                return False
        return _put(base, total, found)
    if factor.kind == FUNCTION and factor.value == "exp":
        return _put_exponential(function("exp", linear(((exponent, factor.args[0]),))), found)
    return _put(factor, exponent, found)


_COMPOUND = (NUMBER, ADD, MULTIPLY, POWER)

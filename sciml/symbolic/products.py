"""Products and powers in canonical form: flat, equal bases collected, one rational coefficient in front.

A sum inside a product gives its content to the coefficient. Under a radical only a positive content leaves,
and a product stays together, so that every step holds for complex values with principal branches.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

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
    number,
    table,
    whole,
)
from sciml.symbolic.number_powers import number_power, radicals
from sciml.symbolic.prefixes import POW_ID, Number, power_prefix, product_prefix, scaled_prefix
from sciml.symbolic.sums import coefficient_and_term, linear, primitive, scaled

Bases = dict[bytes, list[Any]]
"""[base, exponent] by the prefix of the base; the exponent is a number or, collected from u**v, an
expression."""
Powers = list[tuple[Expr, Number]]


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


def product(coefficient: Number, powers: Iterable[tuple[Expr, Number]]) -> Expr:
    """coefficient times the product of (base, rational exponent) pairs.

    Raises:
        UndefinedExpressionError: a division by zero.
        ExpressionTooLargeError: a number beyond `LARGEST_BITS`.
    """
    todo = list(powers)
    bases: Bases = {}
    exponentials: list[tuple[Number, Expr]] = []
    while todo:
        base, exponent = todo.pop()
        unfold = _UNFOLD.get(base.kind)
        if unfold is not None:
            if exponent:
                part = unfold(base, exponent, bases, todo)
                if part != 1:
                    coefficient = coefficient * part
        elif base.value == "exp" and base.kind == FUNCTION and type(exponent) is int:
            exponentials.append((exponent, base.args[0]))
        else:
            _collect(base, exponent, bases)
    return _assemble(whole(coefficient), bases, exponentials)


# Taking factors apart: each returns what goes to the coefficient ------------------------------------------


def _collect(base: Expr, exponent: Number, bases: Bases) -> None:
    entry = bases.get(base.prefix)
    if entry is None:
        bases[base.prefix] = [base, exponent]
    elif type(entry[1]) is Expr:
        entry[1] = linear(((1, entry[1]), (exponent, ONE)))
    else:
        entry[1] += exponent


def _of_number(node: Expr, exponent: Number, bases: Bases, todo: Powers) -> Number:
    """A whole power exactly; else the radicals of its primes."""
    if type(exponent) is int:
        return number_power(node.value, exponent)
    return _radical(node.value, exponent, bases)


def _radical(value: Number, exponent: Number, bases: Bases) -> Number:
    if value == 0:
        if exponent < 0:
            raise UndefinedExpressionError("a division by zero has no value")
        return 0
    for base, count in radicals(value):
        _collect(number(base), count * exponent, bases)
    return 1


def _of_sum(node: Expr, exponent: Number, bases: Bases, todo: Powers) -> Number:
    """The content leaves; under a radical only its size does."""
    content, part = primitive(node)
    if type(exponent) is int:
        _collect(part, exponent, bases)
        return 1 if content == 1 else number_power(content, exponent)
    if content < 0:
        content, part = -content, linear(((-1, part),))
    _collect(part, exponent, bases)
    return 1 if content == 1 else _radical(content, exponent, bases)


def _of_product(node: Expr, exponent: Number, bases: Bases, todo: Powers) -> Number:
    """The factors one by one; under a radical only the size of the coefficient leaves."""
    coefficient: Number = node.value
    if type(exponent) is int:
        todo += [(factor, exponent) for factor in node.args]
        return coefficient if exponent == 1 else number_power(coefficient, exponent)
    if coefficient in (1, -1):
        _collect(node, exponent, bases)
        return 1
    size = -coefficient if coefficient < 0 else coefficient
    _collect(scaled(-1 if coefficient < 0 else 1, coefficient_and_term(node)[1]), exponent, bases)
    return _radical(size, exponent, bases)


def _of_power(node: Expr, exponent: Number, bases: Bases, todo: Powers) -> Number:
    """(u**r)**n is u**(r*n) for whole n only."""
    base, inner = node.args
    if type(exponent) is not int:
        _collect(node, exponent, bases)
    elif node.value is None:
        _collect_symbolic(base, linear(((exponent, inner),)), bases)
    else:
        total = node.value if exponent == 1 else node.value * exponent
        if base.kind in _UNFOLD:
            todo.append((base, whole(total)))
        else:
            _collect(base, total, bases)
    return 1


def _collect_symbolic(base: Expr, exponent: Expr, bases: Bases) -> None:
    """A power whose exponent is no number; one of a number is kept apart from radicals of the same number."""
    key = POW_ID + base.prefix if base.kind == NUMBER else base.prefix
    entry = bases.get(key)
    if entry is None:
        bases[key] = [base, exponent]
    else:
        before = entry[1] if type(entry[1]) is Expr else number(entry[1])
        entry[1] = linear(((1, before), (1, exponent)))


_UNFOLD: dict[int, Callable[[Expr, Number, Bases, Powers], Number]] = {
    NUMBER: _of_number,
    ADD: _of_sum,
    MULTIPLY: _of_product,
    POWER: _of_power,
}


# Putting the collected together ----------------------------------------------------------------------------


def _assemble(coefficient: Number, bases: Bases, exponentials: list[tuple[Number, Expr]]) -> Expr:
    if coefficient == 0:
        return ZERO_EXPR
    factors: list[Expr] = []
    again: Powers = []
    for base, exponent in bases.values():
        if type(exponent) is not int:
            if type(exponent) is Expr:
                _add_symbolic(base, exponent, factors, again)
                continue
            exponent = whole(exponent)
        if not exponent:
            continue
        if base.kind == NUMBER:
            floor = exponent.__floor__()
            if floor:
                coefficient = whole(coefficient * number_power(base.value, floor))
            if exponent != floor:
                factors.append(_power_node(base, whole(exponent - floor)))
        elif base.kind in _UNFOLD and type(exponent) is int and _was_radicand(base):
            again.append((base, exponent))
        else:
            factors.append(base if exponent == 1 else _power_node(base, exponent))
    if exponentials:
        made = function("exp", linear(exponentials))
        if made.kind == FUNCTION:
            factors.append(made)
        elif made is not ONE:
            again.append((made, 1))
    if again:
        return product(coefficient, [*again, *[(factor, 1) for factor in factors]])
    return _product_node(coefficient, factors)


def _add_symbolic(base: Expr, exponent: Expr, factors: list[Expr], again: Powers) -> None:
    if exponent.kind == NUMBER:
        again.append((base, exponent.value))
        return
    made = power(base, exponent)
    if made.kind == POWER:
        factors.append(made)
    else:
        again.append((made, 1))


def _was_radicand(base: Expr) -> bool:
    """Whether a base has a form that it takes under a radical only, so that a whole power of it goes on."""
    return base.kind != ADD or bool(base.args[0][1] < 0)


def _power_node(base: Expr, exponent: Number) -> Expr:
    """base ** exponent as a node; exponent is neither 0 nor 1."""
    prefix = power_prefix(base.prefix, exponent)
    known = table.get(prefix)
    if known is not None:
        return known
    return make_node(POWER, exponent, (base, number(exponent)), prefix, base.mask)


def _product_node(coefficient: Number, factors: list[Expr]) -> Expr:
    if len(factors) < 2:
        if not factors:
            return number(coefficient)
        only = factors[0]
        if coefficient == 1:
            return only
        if only.kind == ADD:
            return linear(((coefficient, only),))
    factors.sort(key=_PREFIX_OF)
    mask = 0
    for factor in factors:
        mask |= factor.mask
    prefixes = [factor.prefix for factor in factors]
    prefix = product_prefix(prefixes)
    if coefficient != 1:
        prefix = scaled_prefix(coefficient, prefix, prefixes)
    return make_node(MULTIPLY, coefficient, tuple(factors), prefix, mask)


_PREFIX_OF = attrgetter("prefix")

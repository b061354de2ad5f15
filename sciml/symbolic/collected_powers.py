"""Products whose factors interact: radicals of numbers, powers of powers, exponents that are expressions.

The factors are taken apart into bases with exponents, those of equal bases added, and the whole put together
again. `products.py` comes here when its short way does not do.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sciml.symbolic.functions import function
from sciml.symbolic.nodes import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    ZERO_EXPR,
    Expr,
    UndefinedExpressionError,
    number,
    whole,
)
from sciml.symbolic.number_powers import number_power, radicals
from sciml.symbolic.prefixes import POW_ID, Number
from sciml.symbolic.product_nodes import power_node, product_node
from sciml.symbolic.sums import coefficient_and_term, linear, primitive, scaled

Bases = dict[bytes, list[Any]]
"""[base, exponent] by the prefix of the base; the exponent is a number or, collected from u**v, an
expression."""
Powers = list[tuple[Expr, Number]]


def collected_product(coefficient: Number, powers: Iterable[tuple[Expr, Number]]) -> Expr:
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
                factors.append(power_node(base, whole(exponent - floor)))
        elif base.kind in _UNFOLD and type(exponent) is int and was_radicand(base):
            again.append((base, exponent))
        else:
            factors.append(base if exponent == 1 else power_node(base, exponent))
    if exponentials:
        made = function("exp", linear(exponentials))
        if made.kind == FUNCTION:
            factors.append(made)
        elif made is not ONE:
            again.append((made, 1))
    if again:
        return collected_product(coefficient, [*again, *[(factor, 1) for factor in factors]])
    return product_node(coefficient, factors)


def _add_symbolic(base: Expr, exponent: Expr, factors: list[Expr], again: Powers) -> None:
    if exponent.kind == NUMBER:
        again.append((base, exponent.value))
        return
    made = _power(base, exponent)
    if made.kind == POWER:
        factors.append(made)
    else:
        again.append((made, 1))


def _power(base: Expr, exponent: Expr) -> Expr:
    from sciml.symbolic.products import power

    return power(base, exponent)


def was_radicand(base: Expr) -> bool:
    """Whether a compound base has a form that it takes under a radical only, so that a whole power of it goes
    on."""
    return base.kind != ADD or bool(base.args[0][1] < 0)

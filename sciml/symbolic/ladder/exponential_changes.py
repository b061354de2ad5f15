"""Changes of variable for exponentials and hyperbolic functions: t = exp(k*x), a root, sinh(u), tanh(u)."""

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    FUNCTION,
    NUMBER,
    ONE,
    POWER,
    SYMBOL,
    Expr,
    Number,
    X,
    coefficient_and_term,
    divide,
    function,
    linear,
    multiply,
    number,
    power,
    sqrt,
)
from sciml.symbolic.ladder.change import (
    Change,
    Resolve,
    either,
    line_of,
    radicals_of,
    rewritten,
    root_resolver,
)
from sciml.symbolic.ladder.terms import hyperbolics_as_exponentials, with_functions
from sciml.symbolic.number_powers import radicals
from sciml.symbolic.substitution import operands, rebuilt, substitute

_NAMES = ("exp", "sinh", "cosh", "tanh")
_MOST_TIMES = 8
"""Largest multiple of the argument."""


def exponential_changes(integrand: Expr) -> Iterator[Change]:
    """Where x stands in exponentials and hyperbolic functions of multiples of one argument only."""
    found = common_step(integrand, _NAMES)
    if found is None:
        return
    step, arguments = found
    yield from _of_exponential(step, radicals_of(integrand))
    hyperbolic = common_step(integrand, _NAMES[1:])
    if hyperbolic is not None and all(divide(one, step).kind == NUMBER for one in arguments):
        yield from _of_hyperbolic(step)


def with_exponentials(node: Expr) -> Expr:
    """a**x as exp(x*log(a))."""
    if not node.mask & X.mask:
        return node
    if node.kind == POWER and node.value is None and not node.args[0].mask & X.mask:
        return function("exp", multiply(with_exponentials(node.args[1]), _log_of(node.args[0])))
    return rebuilt(node, with_exponentials)


def _log_of(base: Expr) -> Expr:
    """The logarithm of a constant; that of a number by its primes, so that log(4) is twice log(2)."""
    if base.kind != NUMBER or base.value <= 0:
        return function("log", base)
    return linear([(power, function("log", number(prime))) for prime, power in radicals(base.value)])


def common_step(integrand: Expr, names: tuple[str, ...]) -> tuple[Expr, list[Expr]] | None:
    """k*x of which all arguments are whole multiples but for constants, and the arguments.

    None where x stands elsewhere too.

    Args:
        integrand: what is looked through.
        names: the functions that may occur.
    """
    multiples: list[Number] = []
    arguments: list[Expr] = []
    units: dict[bytes, Expr] = {}

    def walk(node: Expr) -> bool:
        if not node.mask & X.mask:
            return True
        if node.kind == SYMBOL:
            return False
        if node.kind == FUNCTION:
            split = line_of(node.args[0])
            if node.value not in names or split is None:
                return False
            arguments.append(node.args[0])
            coefficient, unit = coefficient_and_term(split[0])
            multiples.append(coefficient)
            units[unit.prefix] = unit
            return True
        return all([walk(part) for part in operands(node)])

    if not walk(integrand) or len(units) != 1:
        return None
    bottom = lcm(*[one.denominator for one in multiples])
    top = reduce(gcd, [int(one * bottom) for one in multiples])
    return multiply(number(Fraction(top, bottom)), next(iter(units.values())), X), arguments


def _of_exponential(step: Expr, radicals: list[tuple[Expr, int]]) -> Iterator[Change]:
    """t = exp(k*x), and t = (a*exp(k*x) + b)**(1/n)."""
    rate = derivative(step)

    def resolver(value: Expr) -> Resolve:
        def resolve(node: Expr) -> Expr | None:
            if node.kind != FUNCTION:
                return None
            if node.value in _NAMES[1:]:
                return rewritten(hyperbolics_as_exponentials(node.value, node.args[0]), change)
            slope, shift = line_of(node.args[0]) or (ONE, number(0))
            times = divide(slope, rate)
            if times.kind != NUMBER:
                return None
            return multiply(power(value, times), function("exp", shift))

        change = Change(X, X, resolve)
        return resolve

    basic = resolver(X)
    yield Change(function("exp", step), divide(function("log", X), rate), basic)
    for base, degree in radicals:
        inside = rewritten(with_functions(base, hyperbolics_as_exponentials), Change(X, X, basic))
        for inverted in (False, True):
            argument = divide(ONE, X) if inverted else X
            split = line_of(substitute(inside, {X: argument}))
            if split is None:
                continue
            value = divide(power(X, number(degree)) - split[1], split[0])
            value = divide(ONE, value) if inverted else value
            both = either(root_resolver(base, degree), resolver(value))
            yield Change(power(base, number(Fraction(1, degree))), divide(function("log", value), rate), both)


def _of_hyperbolic(argument: Expr) -> Iterator[Change]:
    """t = sinh(u) and t = tanh(u); the root that is left stands for cosh(u)."""
    rate = derivative(argument)
    square = power(X, number(2))
    cosh = function("cosh", argument)
    for name, inverse, of_tanh in (("sinh", "asinh", False), ("tanh", "atanh", True)):
        base = 1 - square if of_tanh else 1 + square
        root = sqrt(base)
        sine = divide(X, root) if of_tanh else X
        cosine = divide(ONE, root) if of_tanh else root

        def resolve(node: Expr, sine: Expr = sine, cosine: Expr = cosine) -> Expr | None:
            if node.kind != FUNCTION or node.value not in _NAMES[1:]:
                return None
            times = divide(node.args[0], argument)
            if times.kind != NUMBER or type(times.value) is not int or abs(times.value) > _MOST_TIMES:
                return None
            of_sine, of_cosine = _multiple(times.value, sine, cosine)
            return {"sinh": of_sine, "cosh": of_cosine}.get(node.value) or divide(of_sine, of_cosine)

        meaning = divide(ONE, cosh) if of_tanh else cosh
        yield Change(
            function(name, argument), divide(function(inverse, X), rate), resolve, ((base, meaning),)
        )


def _multiple(times: int, sine: Expr, cosine: Expr) -> tuple[Expr, Expr]:
    """sinh and cosh of a whole multiple of an argument."""
    found_sine, found_cosine = sine, cosine
    for _ in range(abs(times) - 1):
        found_sine, found_cosine = (
            found_sine * cosine + found_cosine * sine,
            found_cosine * cosine + found_sine * sine,
        )
    return (found_sine if times > 0 else -found_sine), found_cosine

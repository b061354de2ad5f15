"""Substitutions that an integrand suggests: t for a radical, an exponential, tan(x/2).

Source: the classical substitutions (Abramowitz & Stegun 3.3; Euler's for radicals of quadratics; tan(x/2) of
Weierstrass); binomial differentials after Chebyshev.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expansion import polynomial_coefficients
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
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
    product,
    sqrt,
)
from sciml.symbolic.ladder.fractions_of_x import simplified_fraction
from sciml.symbolic.ladder.terms import hyperbolics_as_exponentials, with_functions
from sciml.symbolic.substitution import operands, substitute


@dataclass(frozen=True)
class Change:
    """One substitution. The new variable is written x as well."""

    new: Expr
    """t as an expression in the old variable."""
    old: Expr
    """The old variable as an expression in t."""
    resolve: Callable[[Expr], Expr | None]
    """What a part of the integrand (a radical, a function) is in t, or None if it is left to `old`."""


def rewritten(node: Expr, change: Change) -> Expr:
    """The expression in the new variable, which is written x as well."""
    if not node.mask & X.mask:
        return node
    known = change.resolve(node)
    if known is not None:
        return known
    kind = node.kind
    if kind == SYMBOL:
        return change.old
    if kind == ADD:
        return linear([(node.value, ONE), *[(c, rewritten(term, change)) for term, c in node.args]])
    if kind == MULTIPLY:
        return product(node.value, [(rewritten(factor, change), 1) for factor in node.args])
    if kind == POWER:
        if node.value is not None:
            return product(1, ((rewritten(node.args[0], change), node.value),))
        return power(rewritten(node.args[0], change), rewritten(node.args[1], change))
    return function(node.value, rewritten(node.args[0], change))


def changes(integrand: Expr) -> Iterator[Change]:
    """The substitutions that an integrand suggests, the simpler first."""
    radicals = _radicals(integrand)
    linear_bases = {base.prefix: base for base, _ in radicals if _slope_and_shift(base) is not None}
    for base in linear_bases.values():
        yield _linear_radical(base, lcm(*[degree for one, degree in radicals if one == base]))
    yield from _of_power_of_x(integrand)
    exponential = _exponential_step(integrand)
    if exponential is not None:
        yield from _of_exponential(exponential, radicals)
    for base, degree in radicals:
        if degree == 2:
            yield from _euler(base)
    angle = _angle(integrand)
    if angle is not None:
        yield from _of_angle(angle)


def _radicals(integrand: Expr) -> list[tuple[Expr, int]]:
    """(base, degree) of the radicals that hold x, each once."""
    found: dict[tuple[bytes, int], tuple[Expr, int]] = {}

    def walk(node: Expr) -> None:
        if not node.mask & X.mask:
            return
        if node.kind == POWER and node.value is not None and type(node.value) is not int:
            found[(node.args[0].prefix, node.value.denominator)] = (node.args[0], node.value.denominator)
        for part in operands(node):
            walk(part)

    walk(integrand)
    return list(found.values())


def _slope_and_shift(node: Expr) -> tuple[Expr, Expr] | None:
    """(a, b) with node = a*x + b and a, b free of x."""
    slope = derivative(node)
    if slope.mask & X.mask or slope == number(0):
        return None
    return slope, substitute(node, {X: number(0)})


def _root_resolver(base: Expr, degree: int) -> Callable[[Expr], Expr | None]:
    """Powers of one base as powers of t = base**(1/degree)."""

    def resolve(node: Expr) -> Expr | None:
        if node.kind == POWER and node.value is not None and node.args[0] == base:
            exponent = node.value * degree
            if Fraction(exponent).denominator == 1:
                return power(X, number(int(exponent)))
        if node == base:
            return power(X, number(degree))
        return None

    return resolve


def _linear_radical(base: Expr, degree: int) -> Change:
    """t = (a*x + b)**(1/n)."""
    slope, shift = _slope_and_shift(base) or (ONE, number(0))
    old = divide(power(X, number(degree)) - shift, slope)
    return Change(power(base, number(Fraction(1, degree))), old, _root_resolver(base, degree))


def _of_power_of_x(integrand: Expr) -> Iterator[Change]:
    """t = x**n, and t = (a*x**n + b)**(1/m), where f(x)*x is a function of x**n."""
    exponents: set[Number] = set()
    _exponents_of_x(multiply(integrand, X), exponents)
    whole = [int(one) for one in exponents if one == int(one)]
    if len(whole) != len(exponents) or not whole:
        return
    step = reduce(gcd, whole)
    if step < 2:
        return
    root = number(Fraction(1, step))

    def resolve(node: Expr) -> Expr | None:
        if node == X:
            return None
        if node.kind == POWER and node.args[0] == X and type(node.value) is int and node.value % step == 0:
            return power(X, number(node.value // step))
        return None

    yield Change(power(X, number(step)), power(X, root), resolve)
    for base, degree in _radicals(integrand):
        inner = rewritten(base, Change(X, power(X, root), resolve))
        split = _slope_and_shift(inner)
        if split is None:
            continue
        slope, shift = split
        x_power = divide(power(X, number(degree)) - shift, slope)
        roots = _root_resolver(base, degree)

        def both(
            node: Expr, roots: Callable[[Expr], Expr | None] = roots, x_power: Expr = x_power
        ) -> Expr | None:
            known = roots(node)
            if known is None and node.kind == POWER and node.args[0] == X and type(node.value) is int:
                return power(x_power, number(Fraction(node.value, step)))
            return known

        yield Change(power(base, number(Fraction(1, degree))), power(x_power, root), both)


def _exponents_of_x(node: Expr, found: set[Number]) -> None:
    if node.kind == POWER and node.args[0] == X and node.value is not None:
        found.add(node.value)
        return
    if node.kind == SYMBOL and node == X:
        found.add(1)
        return
    for part in operands(node):
        _exponents_of_x(part, found)


def _exponential_step(integrand: Expr) -> Expr | None:
    """k*x such that the integrand is built of exp(k*x) to whole powers, times constants."""
    found = _common_step(integrand, ("exp", "sinh", "cosh", "tanh"))
    return None if found is None else found[0]


def _common_step(integrand: Expr, names: tuple[str, ...]) -> tuple[Expr, list[Expr]] | None:
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
            split = _slope_and_shift(node.args[0])
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

    def resolver(value: Expr) -> Callable[[Expr], Expr | None]:
        def resolve(node: Expr) -> Expr | None:
            if node.kind != FUNCTION:
                return None
            if node.value in ("sinh", "cosh", "tanh"):
                return rewritten(hyperbolics_as_exponentials(node.value, node.args[0]), change)
            slope, shift = _slope_and_shift(node.args[0]) or (ONE, number(0))
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
            split = _slope_and_shift(substitute(inside, {X: argument}))
            if split is None:
                continue
            value = divide(power(X, number(degree)) - split[1], split[0])
            value = divide(ONE, value) if inverted else value
            roots, rest = _root_resolver(base, degree), resolver(value)

            def both(
                node: Expr,
                roots: Callable[[Expr], Expr | None] = roots,
                rest: Callable[[Expr], Expr | None] = rest,
            ) -> Expr | None:
                return roots(node) or rest(node)

            yield Change(power(base, number(Fraction(1, degree))), divide(function("log", value), rate), both)


def _euler(base: Expr) -> Iterator[Change]:
    """Euler's substitutions for the square root of a quadratic."""
    coefficients = polynomial_coefficients(base, X, 2)
    if coefficients is None or len(coefficients) != 3:
        return
    c, b, a = coefficients

    def resolver(radical: Expr) -> Callable[[Expr], Expr | None]:
        def resolve(node: Expr) -> Expr | None:
            if (
                node.kind == POWER
                and node.value is not None
                and type(node.value) is not int
                and node.args[0] == base
            ):
                return power(radical, number(int(node.value * 2)))
            return power(radical, number(2)) if node == base else None

        return resolve

    if not (a.kind == NUMBER and a.value < 0):
        root = sqrt(a)
        old = divide(power(X, number(2)) - c, b + 2 * root * X)
        yield Change(sqrt(base) + root * X, simplified_fraction(old), resolver(X - root * old))
    if not (c.kind == NUMBER and c.value < 0):
        root = sqrt(c)
        old = divide(2 * root * X + b, power(X, number(2)) - a)
        yield Change(divide(sqrt(base) + root, X), old, resolver(old * X - root))
    discriminant = b * b - 4 * a * c
    if discriminant.kind == NUMBER and discriminant.value > 0:
        root = divide(sqrt(discriminant) - b, 2 * a)
        other = divide(-sqrt(discriminant) - b, 2 * a)
        old = divide(a * other - root * power(X, number(2)), a - power(X, number(2)))
        yield Change(divide(sqrt(base), X - root), old, resolver(multiply(X, old - root)))


def _angle(integrand: Expr) -> Expr | None:
    """u = k*x + s such that the integrand is built of sin, cos and tan of whole multiples of u."""
    found = _common_step(integrand, ("sin", "cos", "tan"))
    if found is None:
        return None
    step, arguments = found
    slope, shift = _slope_and_shift(arguments[0]) or (ONE, number(0))
    angle = step + divide(multiply(shift, derivative(step)), slope)
    ratios = [divide(one, angle) for one in arguments]
    return angle if all(one.kind == NUMBER and type(one.value) is int for one in ratios) else None


def _of_angle(angle: Expr) -> Iterator[Change]:
    """t = tan(u/2); t = tan(u), which is shorter where only even powers occur."""
    rate, shift = derivative(angle), substitute(angle, {X: number(0)})
    for half in (False, True):
        square = power(X, number(2))
        if half:
            sine, cosine = divide(2 * X, 1 + square), divide(1 - square, 1 + square)
            new, old = function("tan", angle / 2), divide(2 * function("atan", X) - shift, rate)
        else:
            cosine = power(1 + square, number(Fraction(-1, 2)))
            sine = multiply(X, cosine)
            new, old = function("tan", angle), divide(function("atan", X) - shift, rate)

        def resolve(node: Expr, sine: Expr = sine, cosine: Expr = cosine) -> Expr | None:
            if node.kind != FUNCTION:
                return None
            times = divide(derivative(node.args[0]), rate)
            if times.kind != NUMBER or type(times.value) is not int or times.value > 12:
                return None
            multiple = _multiple_angle(times.value, sine, cosine)
            if node.value == "tan":
                return divide(*multiple)
            return multiple[0] if node.value == "sin" else multiple[1]

        yield Change(new, old, resolve)


def _multiple_angle(times: int, sine: Expr, cosine: Expr) -> tuple[Expr, Expr]:
    """sin and cos of a whole multiple of an angle."""
    found_sine, found_cosine = sine, cosine
    for _ in range(times - 1):
        found_sine, found_cosine = (
            found_sine * cosine + found_cosine * sine,
            found_cosine * cosine - found_sine * sine,
        )
    return found_sine, found_cosine

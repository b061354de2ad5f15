"""Changes of variable for powers of x: t = x**n, binomials under roots, symbolic powers of linear functions.

Source: Chebyshev's cases of x**m*(a + b*x**n)**p.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import (
    ADD,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    SYMBOL,
    ZERO_EXPR,
    Expr,
    Number,
    X,
    divide,
    linear,
    multiply,
    number,
    power,
    product,
)
from sciml.symbolic.ladder.change import (
    MOST_DEGREE,
    Change,
    Resolve,
    either,
    line_of,
    power_of,
    radicals_of,
    rewritten,
    root_resolver,
)
from sciml.symbolic.substitution import operands, rebuilt


def power_changes(integrand: Expr) -> Iterator[Change]:
    """The simpler first."""
    radicals = radicals_of(integrand)
    yield from _symbolic_powers(integrand)
    yield from _of_common_power(integrand, radicals)
    for base, degree in radicals:
        yield from _chebyshev(base, degree)


def _symbolic_powers(integrand: Expr) -> Iterator[Change]:
    """t = a*x + b for (a*x + b)**n with a symbolic n."""
    bases: dict[bytes, Expr] = {}

    def walk(node: Expr) -> None:
        if node.kind == POWER and node.value is None and node.args[0] != X and not node.args[1].mask & X.mask:
            bases[node.args[0].prefix] = node.args[0]
        for part in operands(node):
            walk(part)

    walk(integrand)
    for base in bases.values():
        line = line_of(base)
        if line is not None:

            def resolve(node: Expr, base: Expr = base) -> Expr | None:
                if node == base:
                    return X
                is_power = node.kind == POWER and node.args[0] == base
                return power(X, node.args[1]) if is_power else None

            yield Change(base, divide(X - line[1], line[0]), resolve)


def _of_common_power(integrand: Expr, radicals: list[tuple[Expr, int]]) -> Iterator[Change]:
    """t = x**n, t = (a*x**n + b)**(1/m), where f(x)*x is a function of x**n."""
    step = _common_exponent(integrand)
    if step is None:
        return
    root = divide(ONE, step)
    resolve = _power_resolver(step, X)
    yield Change(power(X, step), power(X, root), resolve)
    for base, degree in radicals:
        if degree > MOST_DEGREE:
            continue
        inner = rewritten(base, Change(X, power(X, root), resolve))
        split = line_of(inner)
        if split is None:
            continue
        slope, shift = split
        t_degree = power(X, number(degree))
        x_power = divide(t_degree - shift, slope)
        values = either(root_resolver(base, degree), _power_resolver(step, x_power))
        yield Change(power(base, number(Fraction(1, degree))), power(x_power, root), values)


def _chebyshev(base: Expr, degree: int) -> Iterator[Change]:
    """t = (b*x**i + a*x**k)**(1/m)/x**(k/m), i < k."""
    exponents: dict[bytes, Expr] = {}
    _exponents_of_x(base, exponents)
    if degree > MOST_DEGREE or any(one.kind != NUMBER for one in exponents.values()):
        return
    values = sorted(one.value for one in exponents.values())
    highest = values[-1] if values else 0
    lowest = values[0] if len(values) == 2 else 0
    step = highest - lowest
    if len(values) > 2 or any(type(one) is not int for one in values) or step < 2 or lowest < 0:
        return
    inner = expand(product(1, ((base, 1), (X, -lowest))))
    split = line_of(rewritten(inner, Change(X, X, _power_resolver(number(step), X))))
    if split is None or split[1] == ZERO_EXPR:
        return
    x_power = divide(split[1], power(X, number(degree)) - split[0])

    def resolve(node: Expr) -> Expr | None:
        if node == X:
            return power_of(x_power, Fraction(1, step))
        if node.kind == POWER and node.value is not None and node.args[0] == X:
            return power_of(x_power, Fraction(node.value) / step)
        if node.kind == POWER and node.value is not None and node.args[0] == base:
            exponent = Fraction(node.value)
            return multiply(power(X, number(exponent * degree)), power_of(x_power, exponent * highest / step))
        return None

    new = multiply(power(base, number(Fraction(1, degree))), power(X, number(-Fraction(highest) / degree)))
    yield Change(new, power_of(x_power, Fraction(1, step)), resolve)


def with_powers_taken_out(node: Expr) -> Expr:
    """1/(x**9 + x) as 1/(x*(x**8 + 1)): powers of x that all terms of a denominator have become factors."""
    if not node.args or not node.mask & X.mask:
        return node
    inside = rebuilt(node, with_powers_taken_out)
    base = inside.args[0] if inside.kind == POWER and type(inside.value) is int and inside.value < 0 else None
    if base is None or base.kind != ADD or base.value:
        return inside
    lowest = min(_exponent_of_x(term) for term, _ in base.args)
    if lowest <= 0:
        return inside
    rest = linear([(size, product(1, ((term, 1), (X, -lowest)))) for term, size in base.args])
    return product(1, ((X, lowest * inside.value), (rest, inside.value)))


def _exponent_of_x(term: Expr) -> Number:
    for factor in term.args if term.kind == MULTIPLY else (term,):
        if factor == X:
            return 1
        if factor.kind == POWER and factor.value is not None and factor.args[0] == X:
            return factor.value
    return 0


def _power_resolver(step: Expr, value: Expr) -> Resolve:
    """Powers of x whose exponents are whole multiples of the step, as powers of x**step = value."""

    def resolve(node: Expr) -> Expr | None:
        if node.kind != POWER or node.args[0] != X:
            return None
        for shift in (0, 1):  # x**(k*n - 1) is what stands beside dx
            times = divide(node.args[1] + shift, step)
            if times.kind == NUMBER and type(times.value) is int and (not shift or step.mask):
                return multiply(power(value, times), power(value, divide(number(-shift), step)))
        return None

    return resolve


def _common_exponent(integrand: Expr) -> Expr | None:
    """n, not 1, such that f(x)*x is a function of x**n; None if there is none."""
    exponents: dict[bytes, Expr] = {}
    _exponents_of_x(multiply(integrand, X), exponents)
    if not exponents:
        return None
    first = next(iter(exponents.values()))
    unit = first if first.mask else ONE
    ratios = [divide(one, unit) for one in exponents.values()]
    if any(one.kind != NUMBER for one in ratios):
        return None
    bottom = lcm(*[one.value.denominator for one in ratios])
    step = multiply(number(Fraction(reduce(gcd, [int(one.value * bottom) for one in ratios]), bottom)), unit)
    return None if step == ONE else step


def _exponents_of_x(node: Expr, found: dict[bytes, Expr]) -> None:
    if not node.mask & X.mask:
        return
    if node.kind == POWER and node.args[0] == X and not node.args[1].mask & X.mask:
        found[node.args[1].prefix] = node.args[1]
        return
    if node.kind == SYMBOL:
        found[ONE.prefix] = ONE
        return
    for part in operands(node):
        _exponents_of_x(part, found)

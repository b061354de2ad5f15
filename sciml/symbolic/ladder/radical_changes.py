"""Changes of variable for radicals: of linear functions and their quotients, of powers, of quadratics.

Source: Abramowitz & Stegun 3.3; Chebyshev's cases of x**m*(a + b*x**n)**p; Euler's substitutions; t = x ± 1/x
for palindromic quartics.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from sciml.symbolic.expansion import polynomial_coefficients
from sciml.symbolic.expression import (
    NUMBER,
    ONE,
    POWER,
    SYMBOL,
    ZERO_EXPR,
    Expr,
    X,
    divide,
    linear,
    multiply,
    number,
    power,
    product,
    sqrt,
)
from sciml.symbolic.ladder.change import (
    Change,
    Resolve,
    either,
    line_of,
    power_of,
    radicals_of,
    rewritten,
    root_resolver,
)
from sciml.symbolic.ladder.fractions_of_x import simplified_fraction
from sciml.symbolic.ladder.rational_functions import NotRationalError, RationalFunction
from sciml.symbolic.ladder.square_root_field import simple_root
from sciml.symbolic.substitution import operands

_MOST_DEGREE = 12
"""Of a radical that becomes the new variable."""


def radical_changes(integrand: Expr) -> Iterator[Change]:
    """The simpler first."""
    radicals = radicals_of(integrand)
    lines = {base.prefix: base for base, _ in radicals if line_of(base) is not None}
    for base in lines.values():
        degree = lcm(*[degree for one, degree in radicals if one == base])
        if degree <= _MOST_DEGREE:
            yield _linear_radical(base, degree)
    yield from _symbolic_powers(integrand)
    yield from _with_simple_roots(radicals)
    yield from _power_changes(integrand, radicals)
    for base, degree in radicals:
        yield from _quotient_radical(base, degree)
        yield from _chebyshev(base, degree)
    if len(lines) == 2:
        first, second = lines.values()
        yield from _two_linear_radicals(first, second, lcm(*[degree for _, degree in radicals]))
    for base, degree in radicals:
        if degree == 2:
            yield from _reciprocal(base)


def _linear_radical(base: Expr, degree: int) -> Change:
    """t = (a*x + b)**(1/n)."""
    slope, shift = line_of(base) or (ONE, ZERO_EXPR)
    old = divide(power(X, number(degree)) - shift, slope)
    return Change(power(base, number(Fraction(1, degree))), old, root_resolver(base, degree))


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


# Square factors under roots, quotients ---------------------------------------------------------------------


def _with_simple_roots(radicals: list[tuple[Expr, int]]) -> Iterator[Change]:
    """The same variable; square factors leave the square roots."""
    roots: list[tuple[Expr, Expr]] = []
    resolvers: list[Resolve] = []
    for base, degree in radicals:
        if degree != 2:
            continue
        try:
            root = simple_root(sqrt(base), base)
        except NotRationalError:
            continue
        square = linear(
            [(1, multiply(one, power(X, number(place)))) for place, one in enumerate(root.coefficients)]
        )
        if root.outside != ONE and root.degree:
            roots.append((square, root.root))
            value = multiply(root.outside, sqrt(square))
            resolvers.append(_of_root(base, value))
    if roots:
        yield Change(X, X, either(*resolvers), tuple(roots))


def _of_root(base: Expr, value: Expr) -> Resolve:
    def resolve(node: Expr) -> Expr | None:
        is_root = node.kind == POWER and node.value is not None and node.value.denominator == 2
        if is_root and node.args[0] == base:
            return product(1, ((value, node.value.numerator),))
        return None

    return resolve


def _quotient_radical(base: Expr, degree: int) -> Iterator[Change]:
    """t**n = B/A for linear A and B, where the radicand is A**i*B**j with i + j a multiple of n."""
    if line_of(base) is not None or degree > _MOST_DEGREE:
        return
    try:
        given = RationalFunction.of(base)
    except NotRationalError:
        return
    to = given.constants.expression
    powers = [(to(one), exponent) for one, exponent in given.top.factor_list()[1]]
    powers += [(to(one), -exponent) for one, exponent in given.bottom.factor_list()[1]]
    if len(powers) != 2 or sum(exponent for _, exponent in powers) % degree:
        return
    (a, i), (b, j) = powers
    upper, lower = line_of(a), line_of(b)
    if upper is None or lower is None or gcd(i, degree) != 1:
        return
    leading = divide(base, product(1, powers))
    unit = simplified_fraction(leading)
    if unit.mask & X.mask:
        return
    times = next(k for k in range(1, degree + 1) if (k * i + 1) % degree == 0)
    t_degree = power(X, number(degree))  # of t
    (p, q), (r, s) = upper, lower
    scale = power(unit, number(times))
    old = divide(q * t_degree - s * scale, r * scale - p * t_degree)  # t**n*(p*x + q) = scale*(r*x + s)
    new = multiply(
        power(base, number(Fraction(times, degree))),
        product(1, ((a, -(times * i + 1) // degree), (b, -(times * j - 1) // degree))),
    )
    a_in_t = simplified_fraction(p * old + q)
    value = multiply(power(X, number(j)), product(1, ((a_in_t, (i + j) // degree),)))
    if unit != ONE:
        value = multiply(value, power(unit, number(Fraction(1 - times * j, degree))))
    yield Change(new, old, _of_radical(base, degree, value))


def _of_radical(base: Expr, degree: int, value: Expr) -> Resolve:
    """base**(k/degree) as value**k."""

    def resolve(node: Expr) -> Expr | None:
        if node.kind == POWER and node.value is not None and node.args[0] == base:
            exponent = Fraction(node.value * degree)
            return product(1, ((value, int(exponent)),)) if exponent.denominator == 1 else None
        return None

    return resolve


def _two_linear_radicals(a: Expr, b: Expr, degree: int) -> Iterator[Change]:
    """t = (A/B)**(1/n), where fractional powers of A and B stand side by side."""
    if degree > _MOST_DEGREE:
        return
    (p, q), (r, s) = line_of(a) or (ONE, ONE), line_of(b) or (ONE, ONE)
    below = p - r * power(X, number(degree))
    old = divide(s * power(X, number(degree)) - q, below)
    b_in_t = divide(s * p - r * q, below)

    def resolve(node: Expr) -> Expr | None:
        if node.kind != POWER or type(node.value) is int or node.value is None or node.args[0] not in (a, b):
            return None
        plain = power_of(b_in_t, node.value)
        return plain if node.args[0] == b else multiply(power(X, number(node.value * degree)), plain)

    root = number(Fraction(1, degree))
    yield Change(divide(power(a, root), power(b, root)), old, resolve)


# Powers of x -----------------------------------------------------------------------------------------------


def _power_changes(integrand: Expr, radicals: list[tuple[Expr, int]]) -> Iterator[Change]:
    """t = x**n, t = (a*x**n + b)**(1/m), where f(x)*x is a function of x**n."""
    step = _common_exponent(integrand)
    if step is None:
        return
    root = divide(ONE, step)
    resolve = _power_resolver(step, X)
    yield Change(power(X, step), power(X, root), resolve)
    for base, degree in radicals:
        if degree > _MOST_DEGREE:
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
    """t = (a*x**n + b)**(1/m)/x**(n/m)."""
    exponents: dict[bytes, Expr] = {}
    _exponents_of_x(base, exponents)
    if len(exponents) != 1 or degree > _MOST_DEGREE:
        return
    step = next(iter(exponents.values())).value
    if type(step) is not int or step < 2:
        return
    split = line_of(rewritten(base, Change(X, X, _power_resolver(number(step), X))))
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
            return multiply(power(X, number(exponent * degree)), power_of(x_power, exponent))
        return None

    new = multiply(power(base, number(Fraction(1, degree))), power(X, number(-Fraction(step) / degree)))
    yield Change(new, power_of(x_power, Fraction(1, step)), resolve)


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


# Quadratics and quartics -----------------------------------------------------------------------------------


def _reciprocal(base: Expr) -> Iterator[Change]:
    """t = x + 1/x and t = x - 1/x for the root of x**4 + a*x**3 + b*x**2 ± a*x + 1."""
    coefficients = polynomial_coefficients(base, X, 4)
    if coefficients is None or len(coefficients) != 5:
        return
    e, d, c, b, a = coefficients
    for sign in (1, -1):
        if e != a or d != sign * b:
            continue
        square = a * power(X, number(2)) + b * X + c - 2 * sign * a
        other = power(X, number(2)) - 4 * sign
        old = (X + sqrt(other)) / 2
        value = multiply(old, sqrt(square))
        roots = ((square, sqrt(base) / X), (other, X - sign / X))
        yield Change(X + sign / X, old, _of_root(base, value), roots)


def euler_changes(integrand: Expr) -> Iterator[Change]:
    """Euler's substitutions for the square roots of quadratics, where other functions stand beside them."""
    for base, degree in radicals_of(integrand):
        coefficients = polynomial_coefficients(base, X, 2) if degree == 2 else None
        if coefficients is not None and len(coefficients) == 3:
            yield from _euler(base, *coefficients)


def _euler(base: Expr, c: Expr, b: Expr, a: Expr) -> Iterator[Change]:
    def resolver(radical: Expr) -> Resolve:
        return either(
            _of_root(base, radical), lambda node: power(radical, number(2)) if node == base else None
        )

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

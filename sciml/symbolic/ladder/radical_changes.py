"""Changes of variable for radicals: of linear functions and their quotients, of quadratics and quartics.

Source: Abramowitz & Stegun 3.3; Euler's substitutions; t = x ± 1/x
for palindromic quartics.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import gcd, lcm

from sciml.symbolic.expansion import polynomial_coefficients
from sciml.symbolic.expression import (
    NUMBER,
    ONE,
    POWER,
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
    MOST_DEGREE,
    Change,
    Resolve,
    either,
    line_of,
    power_of,
    radicals_of,
    root_resolver,
)
from sciml.symbolic.ladder.fractions_of_x import simplified_fraction
from sciml.symbolic.ladder.rational_functions import NotRationalError, RationalFunction
from sciml.symbolic.ladder.square_root_field import simple_root
from sciml.symbolic.substitution import operands


def radical_changes(integrand: Expr) -> Iterator[Change]:
    """The simpler first."""
    radicals = radicals_of(integrand)
    lines = {base.prefix: base for base, _ in radicals if line_of(base) is not None}
    for base in lines.values():
        degree = lcm(*[degree for one, degree in radicals if one == base])
        if degree <= MOST_DEGREE:
            yield _linear_radical(base, degree)
    yield from _with_simple_roots(radicals)
    for base, degree in radicals:
        yield from _quotient_radical(base, degree)
    if len(lines) == 2:
        first, second = lines.values()
        yield from _two_linear_radicals(first, second, lcm(*[degree for _, degree in radicals]))


def _linear_radical(base: Expr, degree: int) -> Change:
    """t = (a*x + b)**(1/n)."""
    slope, shift = line_of(base) or (ONE, ZERO_EXPR)
    old = divide(power(X, number(degree)) - shift, slope)
    return Change(power(base, number(Fraction(1, degree))), old, root_resolver(base, degree))


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
    if line_of(base) is not None or degree > MOST_DEGREE:
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
    if degree > MOST_DEGREE:
        return
    (p, q), (r, s) = line_of(a) or (ONE, ONE), line_of(b) or (ONE, ONE)
    below = p - r * power(X, number(degree))
    old = divide(s * power(X, number(degree)) - q, below)
    b_in_t = divide(s * p - r * q, below)

    def resolve(node: Expr) -> Expr | None:
        if node.kind != POWER or type(node.value) is int or node.value is None:
            return None
        split = _as_powers(node.args[0], a, b)
        if split is None:
            return None
        constant, i, j = split
        of_b = power_of(b_in_t, Fraction(node.value) * (i + j))
        return multiply(power(constant, node.args[1]), power(X, number(node.value * degree * i)), of_b)

    root = number(Fraction(1, degree))
    yield Change(divide(power(a, root), power(b, root)), old, resolve)


def _as_powers(base: Expr, a: Expr, b: Expr) -> tuple[Expr, int, int] | None:
    """(c, i, j) with base = c*a**i*b**j; None if it is not of that form."""
    for i, j in ((1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (1, -1), (-1, 1), (3, 1), (1, 3)):
        ratio = product(1, ((base, 1), (a, -i), (b, -j)))
        if not ratio.mask & X.mask:
            return ratio, i, j
        if i + j > 1:
            ratio = simplified_fraction(ratio)
            if not ratio.mask & X.mask:
                return ratio, i, j
    return None


# Quadratics and quartics -----------------------------------------------------------------------------------


def reciprocal_changes(integrand: Expr) -> Iterator[Change]:
    """t = x ± 1/x for palindromic quartics under square roots; in denominators where there is no root."""
    radicals = radicals_of(integrand)
    for base, degree in radicals:
        if degree == 2:
            yield from _reciprocal(base)
    if not radicals:
        for base in dict.fromkeys(_denominators(integrand)):
            yield from _reciprocal(base)


def _reciprocal(base: Expr) -> Iterator[Change]:
    """t = x + 1/x and t = x - 1/x for x**4 + a*x**3 + b*x**2 ± a*x + 1 under a root or in a denominator."""
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


def _denominators(node: Expr) -> list[Expr]:
    """Sums that hold x, to negative whole powers."""
    is_below = node.kind == POWER and type(node.value) is int and node.value < 0 and bool(node.mask & X.mask)
    return ([node.args[0]] if is_below else []) + [
        one for part in operands(node) for one in _denominators(part)
    ]


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

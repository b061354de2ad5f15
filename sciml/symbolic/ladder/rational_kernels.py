"""Terms of the integrals of rational functions of one generator: powers of factors, logarithms, arctangents.

A denominator that is a polynomial with rational coefficients in a generator g (x, or exp, log, tan of
something) is factored over the rationals; a factor that is biquadratic or of the form g**n + k is split
further with radicals of numbers. Every f**(-k) with powers of g above it, log(f) and the arctangent or
logarithm pair of each quadratic become candidates.

Source: Hermite reduction and the logarithmic part as in Bronstein, Symbolic Integration I, chapter 2; here
only the shape of the result is taken, its coefficients come from linear algebra. Polynomials are factored by
SymPy.
"""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

from sciml.symbolic.expansion import polynomial_coefficients
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    NUMBER,
    POWER,
    SYMBOL,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    coefficient_and_term,
    function,
    linear,
    number,
    power,
    product,
    sqrt,
)
from sciml.symbolic.ladder.special_kernels import quadratic_kernels
from sciml.symbolic.ladder.terms import factors_of, terms_of

_MAX_DEGREE = 16


def rational_kernels(form: Expr, variable: Expr) -> Iterator[Expr]:
    """Candidates for the denominators of a sum of terms, the likelier first."""
    highest: dict[bytes, tuple[Expr, int]] = {}
    top, deepest = 1, 0
    for _, term in terms_of(form):
        for base, exponent in factors_of(term):
            if base.kind == ADD and exponent < 0 and type(exponent) is int and base.mask & variable.mask:
                before = highest.get(base.prefix, (base, 0))[1]
                highest[base.prefix] = (base, max(before, -exponent))
            elif base == variable and type(exponent) is int:
                top = max(top, exponent + 1)
                deepest = max(deepest, -exponent)
    for times in range(1, min(deepest, _MAX_DEGREE)):
        yield power(variable, number(-times))
    for base, exponent in highest.values():
        for generator in _generators(base):
            factors = factored(base, generator)
            for factor, multiplicity in factors:
                yield from _of_factor(factor, generator, multiplicity * exponent, variable)
            if factors and generator == variable:
                for degree in range(1, min(top, _MAX_DEGREE) + 1):
                    yield power(variable, number(degree))


def _of_factor(factor: Expr, generator: Expr, exponent: int, variable: Expr) -> Iterator[Expr]:
    coefficients = polynomial_coefficients(factor, generator, _MAX_DEGREE)
    if coefficients is None:
        return
    degree = len(coefficients) - 1
    yield function("log", factor)
    if degree == 2:
        yield from quadratic_kernels(factor, generator)
    elif degree > 2:
        parts = _split_by_radicals(coefficients, generator)
        radicals = _products_of_radicals(parts)
        for part in parts:
            for kernel in (function("log", part), *quadratic_kernels(part, generator)):
                for radical in radicals:
                    yield product(1, ((kernel, 1), (radical, 1)))
    for times in range(1, exponent):
        for above in range(degree):
            yield product(1, ((generator, above), (factor, -times)))


def _products_of_radicals(parts: list[Expr]) -> list[Expr]:
    """1, the radicals of numbers in the factors, and products of two of them."""
    found: dict[bytes, Expr] = {}

    def walk(node: Expr) -> None:
        if node.kind == POWER and node.args[0].kind == NUMBER and type(node.value) is not int:
            found[node.prefix] = node
        elif node.kind == ADD:
            for term, _ in node.args:
                walk(term)
        else:
            for one in node.args:
                walk(one)

    for part in parts:
        walk(part)
    some = list(found.values())[:3]
    every = [number(1), *some, *[product(1, ((one, 1), (other, 1))) for one in some for other in some]]
    return list({coefficient_and_term(one)[1].prefix: coefficient_and_term(one)[1] for one in every}.values())


def _generators(base: Expr) -> list[Expr]:
    """Symbols and functions of which a sum may be a polynomial, the simpler first."""
    found: dict[bytes, Expr] = {}
    for _, term in terms_of(base):
        for factor, _ in factors_of(term):
            inner = factor.args[0] if factor.kind == POWER and factor.value is not None else factor
            for one in [inner, *_inside(inner)]:
                if one.kind in (SYMBOL, FUNCTION):
                    found[one.prefix] = one
    return sorted(found.values(), key=lambda one: len(one.prefix))[:4]


def _inside(node: Expr) -> list[Expr]:
    if node.kind != ADD:
        return []
    return [base for _, term in terms_of(node) for base, _ in factors_of(term)]


def factored(base: Expr, generator: Expr) -> list[tuple[Expr, int]]:
    """(irreducible factor, multiplicity) of a polynomial with rational coefficients; empty if it is none."""
    try:
        coefficients = polynomial_coefficients(base, generator, _MAX_DEGREE)
    except ExpressionTooLargeError:
        return []
    if coefficients is None or len(coefficients) < 2 or any(one.kind != NUMBER for one in coefficients):
        return []
    from sympy import Poly, Rational, Symbol

    values = [Rational(one.value.numerator, one.value.denominator) for one in reversed(coefficients)]
    _, factors = Poly(values, Symbol("g"), domain="QQ").factor_list()
    return [
        (
            _polynomial([Fraction(int(c.p), int(c.q)) for c in reversed(one.all_coeffs())], generator),
            multiplicity,
        )
        for one, multiplicity in factors
    ]


def _polynomial(coefficients: list[Fraction], generator: Expr) -> Expr:
    return linear([(value, power(generator, number(degree))) for degree, value in enumerate(coefficients)])


def _split_by_radicals(coefficients: list[Expr], g: Expr) -> list[Expr]:
    """Real quadratic and linear factors of a biquadratic polynomial or of a*g**n + c; empty for others."""
    values = [one.value for one in coefficients]
    degree = len(values) - 1
    if degree == 4 and values[1] == values[3] == 0:
        return _biquadratic(Fraction(values[4]), Fraction(values[2]), Fraction(values[0]), g)
    if any(values[1:-1]):
        return []
    root = power(number(abs(Fraction(values[0]) / values[degree])), number(Fraction(1, degree)))
    is_sum = values[0] * values[degree] > 0
    parts: list[Expr] = []
    for step in range(degree // 2 + 1):
        turn = Fraction(2 * step + 1 if is_sum else 2 * step, degree)
        if turn > 1:
            continue
        with suppress(UndefinedExpressionError):
            cosine = _cosine_of(turn)
            if cosine is None:
                return []
            if turn in (0, 1):
                parts.append(g - cosine * root)
            else:
                parts.append(g**2 - 2 * cosine * root * g + root**2)
    return parts


def _cosine_of(turn: Fraction) -> Expr | None:
    """cos(turn*pi) by radicals, for denominators 1, 2, 3, 4, 5, 6, 8, 12."""
    from sciml.symbolic.expression import PI

    if turn.denominator in (1, 2, 3, 4, 6):
        return function("cos", linear(((turn, PI),)))
    if turn.denominator == 5:
        value = (sqrt(number(5)) + (1 if turn.numerator in (1, 9) else -1)) / 4
        sign = 1 if turn.numerator in (1, 2, 8, 9) else -1
        if turn.numerator in (4, 6):
            value, sign = (sqrt(number(5)) + 1) / 4, -1
        elif turn.numerator in (3, 7):
            value, sign = (sqrt(number(5)) - 1) / 4, -1
        return sign * value
    if turn.denominator in (8, 12):
        double = _cosine_of(turn * 2)
        if double is None:
            return None
        value = sqrt((1 + double) / 2)
        return value if turn < Fraction(1, 2) else -value
    return None


def _biquadratic(a: Fraction, b: Fraction, c: Fraction, g: Expr) -> list[Expr]:
    """Factors of a*g**4 + b*g**2 + c over the reals."""
    discriminant = b * b - 4 * a * c
    if discriminant >= 0:
        radical = sqrt(number(discriminant))
        return [2 * number(a) * g**2 + number(b) + sign * radical for sign in (1, -1)]
    product_of_roots = sqrt(number(c / a))
    middle = sqrt(2 * product_of_roots - number(b / a))
    return [g**2 + sign * middle * g + product_of_roots for sign in (1, -1)]

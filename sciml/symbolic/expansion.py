"""Other forms of an expression: multiplied out, over one denominator, as a polynomial in a generator."""

from fractions import Fraction
from math import comb, lcm

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    add,
    coefficient_and_term,
    function,
    linear,
    number,
    product,
    whole,
)
from sciml.symbolic.substitution import contains, rebuilt

MAX_TERMS = 5_000
"""Terms of an expanded sum."""

Terms = list[tuple[Number, Expr]]
"""(coefficient, term) pairs."""


def expand(node: Expr, *, deep: bool = False, max_terms: int = MAX_TERMS) -> Expr:
    """The expression with products and whole positive powers of sums multiplied out.

    Denominators are multiplied out by themselves. Arguments of functions, and exponents, change only if
    `deep`.

    Raises:
        ExpressionTooLargeError: more than `max_terms` terms.
    """
    if node.kind == ADD:
        terms = [
            (coefficient, expand(term, deep=deep, max_terms=max_terms)) for term, coefficient in node.args
        ]
        return linear([*terms, (node.value, ONE)])
    if node.kind == MULTIPLY:
        return _expanded_product(node, deep, max_terms)
    if node.kind == POWER and type(node.value) is int:
        base = expand(node.args[0], deep=deep, max_terms=max_terms)
        size = abs(node.value)
        grown = _power_of_sum(base, size, max_terms) if base.kind == ADD else product(1, ((base, size),))
        return grown if node.value > 0 else product(1, ((grown, -1),))
    if deep:
        return rebuilt(node, lambda one: expand(one, deep=True, max_terms=max_terms))
    return node


def _expanded_product(node: Expr, deep: bool, max_terms: int) -> Expr:
    above: Terms = [(node.value, ONE)]
    below: Terms = [(1, ONE)]
    for factor in node.args:
        if factor.kind == POWER and type(factor.value) is int and factor.value < 0:
            other = expand(product(1, ((factor, -1),)), deep=deep, max_terms=max_terms)
            below = _times(below, _terms(other), max_terms)
        else:
            above = _times(above, _terms(expand(factor, deep=deep, max_terms=max_terms)), max_terms)
    if below == [(1, ONE)]:
        return linear(above)
    inverse = product(1, ((linear(below), -1),))
    return linear([(coefficient, product(1, ((term, 1), (inverse, 1)))) for coefficient, term in above])


def _terms(node: Expr) -> Terms:
    if node.kind != ADD:
        return [(1, node)]
    terms: Terms = [(coefficient, term) for term, coefficient in node.args]
    return [*terms, (node.value, ONE)] if node.value else terms


def _times(left: Terms, right: Terms, max_terms: int) -> Terms:
    if len(left) * len(right) > 20 * max_terms:
        raise ExpressionTooLargeError(f"a product of {len(left)} by {len(right)} terms")
    if len(left) == 1 and left[0][1] is ONE:
        return [(left[0][0] * coefficient, term) for coefficient, term in right]
    total = linear([(u * v, product(1, ((one, 1), (other, 1)))) for u, one in left for v, other in right])
    terms = _terms(total)
    if len(terms) > max_terms:
        raise ExpressionTooLargeError(f"a sum of over {max_terms} terms")
    return terms


def _power_of_sum(base: Expr, exponent: int, max_terms: int) -> Expr:
    terms = _terms(base)
    if len(terms) == 2 and exponent < max_terms:
        (u, one), (v, other) = terms
        return linear(
            [
                (
                    comb(exponent, k) * u**k * v ** (exponent - k),
                    product(1, ((one, k), (other, exponent - k))),
                )
                for k in range(exponent + 1)
            ]
        )
    if comb(exponent + len(terms) - 1, exponent) > max_terms:
        raise ExpressionTooLargeError(f"a sum of {len(terms)} terms to the power {exponent}")
    result: Terms = [(1, ONE)]
    for _ in range(exponent):
        result = _times(result, terms, max_terms)
    return linear(result)


# Fractions -------------------------------------------------------------------------------------------------


def numerator_denominator(node: Expr) -> tuple[Expr, Expr]:
    """(numerator, denominator) over the least common denominator of all terms; neither is multiplied out.

    The denominator is a product of powers with positive exponents and has integer coefficients.
    """
    if node.kind == ADD:
        return _over_one_denominator(node)
    coefficient: Number = node.value if node.kind in (NUMBER, MULTIPLY) else 1
    factors = node.args if node.kind == MULTIPLY else () if node.kind == NUMBER else (node,)
    above: list[tuple[Expr, Number]] = [(number(coefficient.numerator), 1)]
    below: list[tuple[Expr, Number]] = [(number(coefficient.denominator), 1)]
    for factor in factors:
        base, exponent = (factor.args[0], factor.value) if _is_number_power(factor) else (factor, 1)
        up, down = numerator_denominator(base) if base.kind == ADD and type(exponent) is int else (base, ONE)
        if exponent < 0:
            up, down, exponent = down, up, -exponent
        above.append((up, exponent))
        below.append((down, exponent))
    top, bottom = product(1, above), product(1, below)
    return (-top, -bottom) if bottom.kind == NUMBER and bottom.value < 0 else (top, bottom)


def _is_number_power(node: Expr) -> bool:
    return node.kind == POWER and node.value is not None


def _over_one_denominator(node: Expr) -> tuple[Expr, Expr]:
    parts = [(*numerator_denominator(term), coefficient) for term, coefficient in node.args]
    parts.append((ONE, ONE, node.value))
    common: dict[Expr, Number] = {}
    scale = 1
    split = []
    for top, bottom, coefficient in parts:
        multiple, powers = _powers(bottom)
        scale = lcm(scale, multiple * coefficient.denominator)
        split.append((top, whole(Fraction(coefficient) / multiple), powers))
        for base, exponent in powers.items():
            common[base] = max(common.get(base, 0), exponent)
    terms = []
    for top, coefficient, powers in split:
        missing = [(base, exponent - powers.get(base, 0)) for base, exponent in common.items()]
        terms.append((coefficient * scale, product(1, [(top, 1), *missing])))
    return linear(terms), product(scale, common.items())


def _powers(denominator: Expr) -> tuple[int, dict[Expr, Number]]:
    """Integer coefficient and bases with their exponents of a denominator."""
    if denominator.kind == NUMBER:
        return denominator.value, {}
    coefficient = denominator.value if denominator.kind == MULTIPLY else 1
    factors = denominator.args if denominator.kind == MULTIPLY else (denominator,)
    return coefficient, {
        (one.args[0] if _is_number_power(one) else one): (one.value if _is_number_power(one) else 1)
        for one in factors
    }


# Polynomials -----------------------------------------------------------------------------------------------


def polynomial_coefficients(node: Expr, generator: Expr, max_degree: int = 1_000) -> list[Expr] | None:
    """Coefficients of a polynomial in `generator`, constant first; None if the expression is none.

    Coefficients do not hold the generator. It is a symbol or a function; for exp(u), exp(k*u + v) is its
    power k.

    Raises:
        ExpressionTooLargeError: the expression cannot be multiplied out within the limits.
    """
    found: dict[int, Terms] = {}
    for coefficient, term in _scaled_terms(expand(node)):
        degree: Number = 0
        rest: list[tuple[Expr, Number]] = []
        for factor in term.args if term.kind == MULTIPLY else (term,):
            base, exponent = (factor.args[0], factor.value) if _is_number_power(factor) else (factor, 1)
            if base == generator:
                degree += exponent
                continue
            power, remaining = _power_of_exponential(factor, generator)
            if power is None:
                return None
            degree += power
            rest.append((remaining, 1))
        other = product(1, rest)
        if type(degree) is not int or not 0 <= degree <= max_degree or contains(other, generator):
            return None
        found.setdefault(degree, []).append((coefficient, other))
    coefficients = [linear(found.get(degree, [])) for degree in range(max(found, default=0) + 1)]
    while len(coefficients) > 1 and coefficients[-1] == ZERO_EXPR:
        coefficients.pop()
    return coefficients


def _power_of_exponential(factor: Expr, generator: Expr) -> tuple[int | None, Expr]:
    """(k, rest) with factor = generator**k * rest if both are exponentials, else (0, factor); k is None if it
    is no whole number."""
    is_exponential = [one.kind == FUNCTION and one.value == "exp" for one in (factor, generator)]
    if not all(is_exponential):
        return 0, factor
    first_coefficient, first_term = _scaled_terms(generator.args[0])[0]
    present = {term.prefix: coefficient for coefficient, term in _scaled_terms(factor.args[0])}
    power = whole(Fraction(present.get(first_term.prefix, 0)) / first_coefficient)
    if type(power) is not int:
        return None, factor
    return power, function("exp", linear(((1, factor.args[0]), (-power, generator.args[0]))))


def _scaled_terms(node: Expr) -> Terms:
    """Terms with the coefficients of products taken out; the constant of a sum is last."""
    return _terms(node) if node.kind == ADD else [coefficient_and_term(node)]


def collect(node: Expr, generator: Expr) -> Expr:
    """The expression as sum of coefficient times powers of `generator`, if it is a polynomial; else as it
    is."""
    try:
        coefficients = polynomial_coefficients(node, generator)
    except ExpressionTooLargeError:
        return node
    if coefficients is None:
        return node
    return add(*[product(1, ((one, 1), (generator, degree))) for degree, one in enumerate(coefficients)])

"""Fractions in lowest terms and factored, with everything that is no sum, product or power as a generator.

SymPy's polynomials over the rational numbers do the work. Relations between generators, such as
sin(x)**2 + cos(x)**2 = 1, are not used; expressions that are long or take long stay as they are.
"""

from contextlib import suppress
from fractions import Fraction
from typing import Any

from sciml.symbolic.expansion import numerator_denominator
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    POWER,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    coefficient_and_term,
    function,
    linear,
    number,
    power,
    product,
    rational,
)
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.ladder.equations.radicals import with_common_radicals
from sciml.symbolic.ladder.equations.simplification import parts, simplest

_LONGEST = 1_500
"""Tokens of an expression that is factored."""
_MOST_GENERATORS = 9
_SECONDS = 0.6


def factored(node: Expr) -> Expr:
    """The expression as a product of powers of irreducible polynomials; itself if that is not found in
    time."""
    if len(node.prefix) > _LONGEST:
        return node
    try:
        above, below = numerator_denominator(node)
        with hard_limit(Deadline.of_work(_SECONDS)):
            return _factored_fraction(above, below)
    except (OutOfTimeError, UndefinedExpressionError, ExpressionTooLargeError, _NoPolynomialError):
        return node


def lowest_terms(node: Expr) -> Expr:
    """The simplest form; with common radicals and factored if functions of numbers stand in it: most cancel.

    They come from putting a number for y, and what is free of y is free of them.
    """
    short = simplest(node)
    if not _has_function_of_a_number(short):
        return short
    with suppress(UndefinedExpressionError, ExpressionTooLargeError):
        short = min(short, simplest(with_common_radicals(short)), key=lambda one: len(one.prefix))
    return factored(short) if divides_by_a_sum(short) and _has_function_of_a_number(short) else short


def _has_function_of_a_number(node: Expr) -> bool:
    return any(part.kind == FUNCTION and not part.mask for part in parts(node))


def divides_by_a_sum(node: Expr) -> bool:
    """Whether a sum stands in a denominator."""
    if node.kind == POWER and node.value is not None and node.value < 0 and node.args[0].kind == ADD:
        return True
    return any(divides_by_a_sum(part[0] if node.kind == ADD else part) for part in node.args if node.args)


class _NoPolynomialError(ValueError):
    """Too many generators, or a negative power of one."""


def _factored_fraction(above: Expr, below: Expr) -> Expr:
    from sympy import QQ
    from sympy.polys.rings import ring

    generators = _Generators()
    generators.collect(above)
    generators.collect(below)
    names = [f"g{place}" for place in range(len(generators.nodes))]
    if not names:
        raise _NoPolynomialError
    made, *symbols = ring(names, QQ)
    values = dict(zip(generators.nodes, symbols, strict=True))
    top, bottom = (generators.polynomial(one, values, made) for one in (above, below))
    if not top or not bottom:
        raise _NoPolynomialError
    top, bottom = top.cancel(bottom)
    powers: list[tuple[Expr, Number]] = []
    for polynomial, sign in ((top, 1), (bottom, -1)):
        content, factors = polynomial.factor_list()
        powers.append((number(_fraction(content)), sign))
        powers += [(_expression(one, list(values)), sign * exponent) for one, exponent in factors]
    return product(1, powers)


class _Generators:
    """What polynomials are in: symbols, functions, roots."""

    def __init__(self) -> None:
        self.nodes: dict[Expr, None] = {}

    def collect(self, node: Expr) -> None:
        """Keep the generators of an expression."""
        if node.kind == NUMBER:
            return
        if node.kind == ADD:
            for term, _ in node.args:
                self.collect(term)
        elif node.kind == MULTIPLY:
            for factor in node.args:
                self.collect(factor)
        elif node.kind == POWER and type(node.value) is int:
            self.collect(node.args[0])
        else:
            self.nodes.setdefault(_generator(node)[0])
        if len(self.nodes) > _MOST_GENERATORS:
            raise _NoPolynomialError

    def polynomial(self, node: Expr, values: dict[Expr, Any], made: Any) -> Any:  # noqa: ANN401  # SymPy's
        """An expression as an element of the ring `made`."""
        if node.kind == NUMBER:
            return made.domain_new(_rational(node.value)) * made.one
        if node.kind == ADD:
            total = made.domain_new(_rational(node.value)) * made.one
            for term, coefficient in node.args:
                total = total + self.polynomial(term, values, made) * _rational(coefficient)
            return total
        if node.kind == MULTIPLY:
            total = made.domain_new(_rational(node.value)) * made.one
            for factor in node.args:
                total = total * self.polynomial(factor, values, made)
            return total
        if node.kind == POWER and type(node.value) is int:
            base, exponent = self.polynomial(node.args[0], values, made), node.value
        else:
            generator, exponent = _generator(node)
            base = values[generator]
        if exponent < 0:
            raise _NoPolynomialError
        return base**exponent


def _generator(node: Expr) -> tuple[Expr, int]:
    """(g, k) with node = g**k: the lowest root, or exp of an argument without its whole factor."""
    if node.kind == POWER and isinstance(node.value, Fraction):
        root = power(node.args[0], rational(1, node.value.denominator))
        return (root, node.value.numerator) if root.kind == POWER else (node, 1)
    if node.kind == FUNCTION and node.value == "exp" and node.args[0].kind != ADD:
        factor, term = coefficient_and_term(node.args[0])
        if type(factor) is int and factor > 1:
            return function("exp", term), factor
    return node, 1


def _rational(value: Number) -> Any:  # noqa: ANN401  # SymPy's
    from sympy import QQ

    return QQ(value.numerator, value.denominator)


def _fraction(value: Any) -> Fraction:  # noqa: ANN401  # SymPy's
    return Fraction(int(value.numerator), int(value.denominator))


def _expression(polynomial: Any, generators: list[Expr]) -> Expr:  # noqa: ANN401  # SymPy's
    terms = []
    for exponents, coefficient in polynomial.terms():
        powers = [(one, int(exponent)) for one, exponent in zip(generators, exponents, strict=True)]
        terms.append((_fraction(coefficient), product(1, powers)))
    return linear(terms)

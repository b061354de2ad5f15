import random

import pytest

from sciml.symbolic.equivalence import equivalent
from sciml.symbolic.expansion import collect, expand, numerator_denominator, polynomial_coefficients
from sciml.symbolic.expression import ZERO_EXPR, ExpressionTooLargeError, X, divide, function, number, symbol
from sciml.symbolic.parser import parse
from tests.symbolic.random_trees import random_expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(x + 1)*(x - 1)", "x^2 - 1"),
        ("(x + 1)^3", "x^3 + 3*x^2 + 3*x + 1"),
        ("(x + a + 1)^2", "x^2 + a^2 + 1 + 2*a*x + 2*x + 2*a"),
        ("x*(x + 1)/(x*(x + 2))", "x/(x + 2) + 1/(x + 2)"),
        ("(x + 1)/(x*(x + 2))", "x/(x^2 + 2*x) + 1/(x^2 + 2*x)"),
        ("(sqrt(x) + 1)^2", "x + 2*sqrt(x) + 1"),
        ("(x - 1)*(x^2 + x + 1) - x^3", "-1"),
        ("sin((x + 1)^2)*(x + 1)", "x*sin((x+1)^2) + sin((x+1)^2)"),
    ],
)
def test_products_of_sums_are_multiplied_out(text, expected):
    assert expand(parse(text)) == parse(expected)


def test_arguments_are_multiplied_out_if_asked():
    assert expand(parse("sin((x + 1)^2)"), deep=True) == parse("sin(x^2 + 2*x + 1)")


def test_a_power_of_a_binomial_has_binomial_coefficients():
    coefficients = polynomial_coefficients((X + 1) ** 40, X)
    assert coefficients is not None
    assert sum(int(one.value) for one in coefficients) == 2**40


def test_expansions_beyond_the_limit_are_refused():
    with pytest.raises(ExpressionTooLargeError):
        expand(parse("(x + a + b + c + 1)^60"))
    with pytest.raises(ExpressionTooLargeError):
        expand(parse("(x + 1)^100000"))


def test_expansion_keeps_the_value():
    for expression in random_expressions(seed=21, count=150, largest=9):
        try:
            grown = expand(expression, max_terms=300)
        except ExpressionTooLargeError:
            continue
        assert equivalent(expression, grown).status in ("verified", "undecided"), expression


@pytest.mark.parametrize(
    ("text", "top", "bottom"),
    [
        ("1/x + 1/x^2", "x + 1", "x^2"),
        ("x/2 + 1/3", "3*x + 2", "6"),
        ("1/(x - 1) - 1/(x + 1)", "2", "(x - 1)*(x + 1)"),
        ("1/sqrt(x) + 1/x", "sqrt(x) + 1", "x"),
        ("1/(1 + 1/x)", "x", "x + 1"),
        ("-2/3", "-2", "3"),
    ],
)
def test_fractions_come_over_the_least_denominator(text, top, bottom):
    numerator, denominator = numerator_denominator(parse(text))
    assert (expand(numerator), denominator) == (parse(top), parse(bottom))


def test_quotient_of_numerator_and_denominator_is_the_expression():
    for expression in random_expressions(seed=22, count=150, largest=9):
        numerator, denominator = numerator_denominator(expression)
        assert equivalent(expression, divide(numerator, denominator)).status in ("verified", "undecided")


def test_coefficients_of_a_polynomial_in_a_symbol():
    a = symbol("a")
    assert polynomial_coefficients(parse("a*x^2 + (x + a)^2 - 3"), X) == [a**2 - 3, 2 * a, a + 1]
    assert polynomial_coefficients(parse("sin(a)"), X) == [function("sin", a)]
    assert polynomial_coefficients(number(0), X) == [ZERO_EXPR]
    for text in ("1/x", "sqrt(x)", "x*sin(x)", "x^a"):
        assert polynomial_coefficients(parse(text), X) is None


def test_coefficients_of_a_polynomial_in_a_function():
    log = function("log", X)
    assert polynomial_coefficients(parse("x*log(x)^2 - log(x)/x + 5"), log) == [number(5), -1 / X, X]
    exponential = function("exp", X)
    assert polynomial_coefficients(parse("exp(2*x) + x*exp(x + a) + 1"), exponential) == [
        number(1),
        X * function("exp", symbol("a")),
        number(1),
    ]
    assert polynomial_coefficients(parse("exp(-x)"), exponential) is None
    assert polynomial_coefficients(parse("exp(x/2)"), exponential) is None


def test_collecting_orders_by_powers_of_the_generator():
    assert str(collect(parse("a*x + x + 3"), X)) == "x*(a + 1) + 3"
    assert collect(parse("1/x"), X) == parse("1/x")


def test_random_polynomials_are_rebuilt_from_their_coefficients():
    rng = random.Random(3)
    for _ in range(50):
        coefficients = [number(rng.randint(-9, 9)) for _ in range(rng.randint(1, 6))] + [
            number(rng.randint(1, 9))
        ]
        polynomial = ZERO_EXPR
        for one in reversed(coefficients):
            polynomial = polynomial * X + one
        assert polynomial_coefficients(polynomial, X) == coefficients

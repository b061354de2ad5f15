"""Integrals by partial fractions, square roots and waves, with parameters: all are verified."""

import pytest

from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import X
from sciml.symbolic.ladder.partial_fractions import rational_integral
from sciml.symbolic.ladder.radical_roots import polynomial_roots
from sciml.symbolic.ladder.rational_functions import Constants, NotRationalError, RationalFunction
from sciml.symbolic.ladder.square_root_field import SquareRoots, simple_root
from sciml.symbolic.ladder.square_root_integrals import square_root_integral
from sciml.symbolic.ladder.waves import wave_integral
from sciml.symbolic.parser import parse
from sciml.symbolic.verification import compare, verify_integral

RATIONAL = [
    "1/(x^4 + x^2 + 2)",
    "1/(x^5 - 1)",
    "1/(x^8 + 1)",
    "x^2/(x^9 - 1)",
    "1/(x^6 + x^5 + x^4 + x^3 + x^2 + x + 1)",
    "x/(a^5 + x^5)",
    "1/(x^4 + 4*x^3 + 8*x^2 + 8*x + 5)",
    "(x^3 + x)/(x^4 + 2*x^3 + 4*x^2 + 3*x + 7)",
    "1/((x + a)*(x + b)*(x + c))",
    "x^2/((x^2 + a^2)*(x^2 + b^2))",
    "1/(a*x^2 + b*x + c)^2",
    "1/(x*(a*x^2 + b*x + c))",
    "x/(x^3 - a^3)",
    "1/(x^4 + a^4)",
    "x/(x + sqrt(a))",
    "x^4/(1 - x)^10",
    "*".join(f"(x + {number})" for number in range(1, 121)),
    "(a*x + b)^3*(x - a)^2",
]
SQUARE_ROOTS = [
    "x/((x^2 + x + 4)*sqrt(4*x^2 + 4*x + 5))",
    "(x + 3)/((x^2 + 1)*sqrt(x^2 + x + 1))",
    "1/((x^2 + a^2)*sqrt(x^2 + b^2))",
    "1/(x*sqrt(a*x^2 + b*x + c))",
    "x*sqrt((1 - x)/(1 + x))",
    "1/(x*sqrt(x - 1)*sqrt(x + 1))",
    "1/(sqrt(x + 1) + sqrt(x))",
    "1/(1 + sqrt(x^2 + 2*x + 2))",
    "x^3*sqrt(x^2 + 1)/(x^2 - 3)",
    "(a^2 - x^2)^(3/2)",
    "1/(x^2*sqrt(x)*sqrt(1 - x))",
]
WAVES = [
    "sin(x)^20",
    "sin(a*x)*sin(b*x)",
    "exp(a*x)*sin(b*x)*cos(c*x)",
    "-3782*x^2*exp(-4*x)*cos(x)*cos(2*x)",
    "x*sinh(a*x)*sinh(b*x)",
    "sinh(x)*sin(x)",
    "x*exp(x)*sinh(x)",
    "sin(a*x + b)*sin(a*x + c)",
]


@pytest.mark.parametrize("text", RATIONAL)
def test_partial_fractions_hold_for_all_parameters(text):
    integrand = parse(text)
    assert verify_integral(integrand, rational_integral(integrand)).is_verified


@pytest.mark.parametrize("text", SQUARE_ROOTS)
def test_square_roots_of_quadratics_beside_any_denominator(text):
    integrand = parse(text)
    assert verify_integral(integrand, square_root_integral(integrand)).is_verified


@pytest.mark.parametrize("text", WAVES)
def test_products_of_waves_are_sums_of_waves(text):
    integrand = parse(text)
    summed, found = wave_integral(integrand)
    assert compare(summed, integrand).is_verified
    assert verify_integral(integrand, found).is_verified


def test_what_is_not_of_the_kind_is_left_to_others():
    assert rational_integral(parse("sin(x)/x")) is None
    assert rational_integral(parse("1/(x^5 - x + 1)")) is None
    assert square_root_integral(parse("1/sqrt(x^4 + 1)")) is None
    assert square_root_integral(parse("x^(1/3)")) is None
    assert wave_integral(parse("sin(x^2)")) is None
    assert wave_integral(parse("1/sin(x)")) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [("x^4 + x^2 + 2", 2), ("x^7 - 3", 4), ("x^4 - 10*x^2 + 1", 4), ("x^4 + 2*x + 1/2", 3)],
)
def test_roots_by_radicals_are_roots(text, count):
    polynomial = parse(text)
    constants = Constants(polynomial)
    roots = polynomial_roots(constants.polynomial(polynomial), constants)
    assert len(roots) == count
    for root in roots:
        at = evaluate(root.re, {}) + 1j * evaluate(root.im, {})
        assert abs(complex(evaluate(polynomial, {"x": at}))) < 1e-9


def test_fractions_are_cancelled_over_the_field_of_the_parameters():
    given = RationalFunction.of(parse("(x^2 - a^2)/(x^2 + (a + sqrt(2))*x + sqrt(2)*a)"))
    assert given.constants.expression(given.bottom) == parse("x + sqrt(2)")
    with pytest.raises(NotRationalError):
        RationalFunction.of(parse("x^a"))


def test_one_over_a_sum_of_roots_has_no_root_below():
    field = SquareRoots.of(parse("sqrt(x) + sqrt(x + 1)"))
    found = field.element(parse("1/(sqrt(x) + sqrt(x + 1))"))
    assert {tuple(sorted(places)): value for places, value in found.items()} in (
        {(0,): parse("-1"), (1,): parse("1")},
        {(1,): parse("-1"), (0,): parse("1")},
    )


def test_square_factors_leave_a_root():
    root = simple_root(parse("sqrt((x^3 - x^2)/(x + 1))"), parse("(x^3 - x^2)/(x + 1)"))
    assert root.outside == parse("x/(x + 1)")
    assert root.coefficients == [parse("-1"), parse("0"), parse("1")]
    assert root.root == parse("sqrt((x^3 - x^2)/(x + 1))*(x + 1)") / X


def test_few_residues_make_few_logarithms_where_no_root_is_known():
    integrand = parse("(x^4 - 3*x^2 + 6)/(x^6 - 5*x^4 + 5*x^2 + 4)")
    found = rational_integral(integrand)
    assert verify_integral(integrand, found).is_verified
    assert found == parse("atan(x) + atan(x^3) + atan(x^5/2 - 3*x^3/2 + x/2)")
    assert rational_integral(parse("1/(x^7 - 3*x^2 + 1)")) is None

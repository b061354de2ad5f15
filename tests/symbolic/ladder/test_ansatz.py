"""Antiderivatives by linear algebra: every proposal is verified, and what is hard for rules is found."""

from fractions import Fraction

import pytest

from sciml.symbolic.expression import X, symbol
from sciml.symbolic.ladder.ansatz import antiderivative
from sciml.symbolic.ladder.combination import rational_combination
from sciml.symbolic.ladder.kernels import kernels
from sciml.symbolic.parser import parse
from sciml.symbolic.verification import verify_integral

SOLVED = [
    "418405*x",
    "3 + 2/x",
    "x**5*exp(2*x)*sin(x)",
    "log(x + 1)/x**2",
    "x**3*atan(x)**2",
    "1/(x**4*(x**2 + 1))",
    "1/(x**4 + 1)",
    "1/(x**6 - 2)",
    "1/sin(x)**3",
    "acosh(x)",
    "tanh(tanh(x))/x**2 - (tanh(x)**2 - 1)*(tanh(tanh(x))**2 - 1)/x - sin(x)/cos(x)**2",
    "(24*x + 25*sqrt(x**3))/(2*(25*x**5 + 36*x**4 + 60*x**3*sqrt(x**3) + 12*x**2 + 10*x*sqrt(x**3) + 1))",
    "sin(x)*(2*x + 1)/(x**2 + x - 7)**2 - 2*x/(x + 2) + x**2/(x + 2)**2 - cos(x)/(x**2 + x - 7) - 2",
    "x**2*exp(a*x)",
    # radicands, denominators and angles written in other words than the derivative has
    "3*x**2*asin(x + sin(x)) + x**3*(cos(x) + 1)/sqrt(1 - x**2 - 2*x*sin(x) - sin(x)**2)",
    "(3*x**2 - 2)/(sqrt(-x*(2 - x**2) - 1)*sqrt(-x*(2 - x**2) + 1)) + 2*x",
    "x*cosh(x)/(x**2 + 2*x*sinh(x) + sinh(x)**2) - 1/(x + sinh(x)) + x/(x + sinh(x))**2",
    "x**3*(tan(x) + 1)*(x + sqrt(2)*cos(2*x + pi/4) - 1)/((cos(2*x) + 1)*tan(x)**3)",
]


@pytest.mark.parametrize("text", SOLVED)
def test_a_proposal_differentiates_to_the_integrand(text):
    integrand = parse(text)
    found = antiderivative(integrand, 20.0)
    assert found is not None
    assert verify_integral(integrand, found).status == "verified"


@pytest.mark.parametrize("text", ["exp(x**2)", "sin(x)/x", "1/log(x)", "sqrt(1 - x**4)", "exp(x)/x"])
def test_integrands_without_elementary_antiderivative_get_none(text):
    assert antiderivative(parse(text), 3.0) is None


def test_the_variable_can_be_another():
    y, a = symbol("y"), symbol("a")
    assert antiderivative(a * y**2, variable=y) == a * y**3 / 3


def test_coefficients_are_the_exact_fractions():
    target = parse("123457*x**3/7919 - 5*x/3")
    assert rational_combination(target, [X, X**2, X**3]) == [
        (0, Fraction(-5, 3)),
        (2, Fraction(123457, 7919)),
    ]


def test_circular_functions_count_as_one_kernel_and_radicals_by_degree():
    first, second = parse("sin(x) + tan(x)"), parse("cos(2*x)")
    assert kernels(first, X) == kernels(second, X) != kernels(parse("exp(x)"), X)
    assert kernels(parse("x**(1/3)"), X) != kernels(parse("sqrt(x)"), X)

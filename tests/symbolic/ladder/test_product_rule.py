"""Derivatives of products of powers are read backwards, without multiplying out."""

import pytest

from sciml.symbolic.derivative import derivative
from sciml.symbolic.integration import integrate
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.product_rule import propose
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import Integral
from sciml.symbolic.verification import compare

ANTIDERIVATIVES = [
    "x^5*(exp(x)*cos(2*x) - sin(x)^5)^5/sin(x)^25",
    "3*x^10*(x - cos(x) + 4)^5*(x^2 + x*acosh(-x))^5/7",
    "x/(x + atan(x^2 + 5)^3/(x^2*(x - x^2)^3))",
    "exp(x)*sqrt(log(x) + a)/2",
    "(x + tan(tan(x)))^(3/2)*(a*x + 1)^4",
]


def proposed(integrand):
    return [one.expression for one in propose(Integral(integrand), Deadline.after(5))]


@pytest.mark.parametrize("text", ANTIDERIVATIVES)
def test_the_product_is_found_with_its_factor(text):
    [found] = proposed(derivative(parse(text)))
    assert compare(found, parse(text)).is_verified


@pytest.mark.parametrize("text", ["1/(x + log(x))", "x*(x + exp(x))^3", "sin(x)*exp(x)", "pi*(x + 1)"])
def test_what_is_no_such_derivative_is_left(text):
    assert proposed(parse(text)) == []


def test_a_sum_with_a_constant_before_it_is_solved_term_by_term():
    inner = "(x + x*tan(tan(tan(x))))/x"
    rate = "tan(tan(tan(x))) + 1 + x*(tan(x)^2 + 1)*(tan(tan(x))^2 + 1)*(tan(tan(tan(x)))^2 + 1)"
    answer = integrate(f"sin(5)*((({inner})/x - ({rate})/x)/sqrt({inner}) - 2)/2")
    assert answer.verification.is_verified

"""Changes of variable: the new integrand is worked by hand, and answers are verified."""

import pytest

from sciml.symbolic.ladder import textbook
from sciml.symbolic.ladder.change_of_variable import propose
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.fractions_of_x import simplified_fraction
from sciml.symbolic.ladder.substitutions import changes
from sciml.symbolic.ladder.textbook import in_new_variable
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import Integral
from sciml.symbolic.verification import verify_integral


@pytest.mark.parametrize(
    ("integrand", "new", "expected"),
    [
        ("1/(cos(x) + 1)", "tan(x/2)", "1"),
        ("1/(3*cos(x)**2 + 2)", "tan(x)", "1/(2*x**2 + 5)"),
        ("1/(cos(2*x + 3) + cos(4*x + 6))", "tan(x + 3/2)", "(x**2 + 1)/(2*(1 - 3*x**2))"),
        ("1/sqrt(exp(x) + 1)", "sqrt(exp(x) + 1)", "2/((x - 1)*(x + 1))"),
        ("sqrt(x)/(x**(1/3) + 1)", "x**(1/6)", "6*x**8/(x**2 + 1)"),
        ("sqrt(x**3 + 1)/x", "sqrt(x**3 + 1)", "2*x**2/(3*(x - 1)*(x**2 + x + 1)) * (x**2 + x + 1)/(x + 1)"),
        ("sin((x - 1)**(1/4))", "(x - 1)**(1/4)", "4*x**3*sin(x)"),
        ("1/(x**3*sqrt(x**2 + x + 1))", "x + sqrt(x**2 + x + 1)", "2*(2*x + 1)**2/((x - 1)**3*(x + 1)**3)"),
    ],
)
def test_the_integrand_in_the_new_variable(integrand, new, expected):
    problem = parse(integrand)
    found = {change.new: in_new_variable(problem, change) for change in changes(problem)}
    assert simplified_fraction(found[parse(new)]) == simplified_fraction(parse(expected))


@pytest.mark.parametrize(
    "text",
    [
        "1/(2*sin(x) + sin(2*x))",
        "x**2/sqrt(4*x - x**2)",
        "1/sqrt(-2*x**2 + 3*x + 4)",
        "x/(x**4 + 2*x**2 + 10)",
        "sqrt(exp(2*x) - 1)",
        "sqrt(9 - x**2)/x",
        "(x + 3)/sqrt(x**2 + x + 1)",
        "1/(4 - 5*sin(x))",
        "1/(2*(sin(x + 2) - 2))",
    ],
)
def test_answers_are_antiderivatives(text):
    integrand = parse(text)
    statuses = []
    for candidate in textbook.propose(Integral(integrand), Deadline.of_work(20.0)):
        statuses.append(verify_integral(integrand, candidate.expression).status)
        if statuses[-1] in ("verified", "partial"):
            break
    assert statuses[-1] in ("verified", "partial")


def test_what_is_no_rational_function_in_the_new_variable_goes_to_the_ansatz():
    integrand = parse("exp(sqrt(x))*(log(x)/2 + 1/sqrt(x))/sqrt(x)")
    found = propose(Integral(integrand), Deadline.of_work(20.0))
    assert any(verify_integral(integrand, one.expression).is_verified for one in found)


def test_an_integrand_that_suggests_nothing_gets_no_candidate():
    assert list(propose(Integral(parse("x*exp(x)*sin(x)")), Deadline.of_work(5.0))) == []

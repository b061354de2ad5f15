"""Solutions that are right and complex, and the real functions that they are written in."""

import pytest

from sciml.symbolic import dsolve, parse
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.inversion import inverse_of_logarithm
from sciml.symbolic.ladder.equations.real_forms import most_real, without_i
from sciml.symbolic.ladder.found import Found
from sciml.symbolic.problems import parse_equation
from sciml.symbolic.verification import verify

CASES = {
    "a hyperbolic tangent": (
        "y' = a - b*y^2",
        "I*sqrt(a)*tan(c1 - I*sqrt(a)*sqrt(b)*x)/sqrt(b)",
        "sqrt(a)*tanh(sqrt(a)*sqrt(b)*x + c1)/sqrt(b)",
    ),
    "an arc sine": ("y'*sqrt(1 - x^2) = 1", "c1 + I*log(x + sqrt(x^2 - 1))", "asin(x) + c1"),
    "an arc sine with a constant": (
        "y''*sqrt(1 - x^2) = x*y'/sqrt(1 - x^2)",
        "c1*log(2*x + 2*sqrt(x^2 - 1)) + c2",
        "c1*asin(x) + c2",
    ),
    "a logarithm of what is positive": (
        "y'*sqrt(1 - x^2)*(2 - x) = -sqrt(1 - x^2)",
        "c1 + log(x - 2)",
        "log(2 - x) + c1",
    ),
    "a real cube root": (
        "x*y'*(-x^3*y)^(1/3) + 3*y*(-x^3*y)^(1/3) = 15*x*y",
        "(c1 - 5*(-1)^(2/3)*x)^3/x^3",
        "-(5*x + c1)^3/x^3",
    ),
}


@pytest.mark.parametrize(("text", "given", "expected"), CASES.values(), ids=CASES.keys())
def test_a_complex_solution_is_written_in_real_functions(text: str, given: str, expected: str) -> None:
    problem = parse_equation(text)
    found = Found(parse(given), "by hand", verify(problem, parse(given)))
    assert found.verification.status in ("verified", "partial")
    assert most_real(found, problem, Deadline.after(30)).expression == parse(expected)


def test_a_real_solution_stays_as_it_is() -> None:
    problem, solution = parse_equation("x*y' = y + sqrt(x^2 + y^2)"), parse("x*sinh(log(x) + c1)")
    found = Found(solution, "by hand", verify(problem, solution))
    assert most_real(found, problem, Deadline.after(30)) is found


def test_dsolve_gives_the_real_form() -> None:
    answer = dsolve("y' = exp(2*x) + (1 + 2*exp(x))*y + y^2", timeout=60)
    assert "tanh" in answer.infix
    assert "I" not in answer.infix


def test_functions_of_imaginary_arguments_are_real_functions() -> None:
    assert without_i(parse("I*tan(I*x)")) == parse("-tanh(x)")
    assert without_i(parse("cos(I*x - 2*I*y)")) == parse("cosh(x - 2*y)")
    assert without_i(parse("sinh(I*x)/I")) == parse("sin(x)")
    assert without_i(parse("tan(x + I)")) == parse("tan(x + I)")


def test_a_logarithm_of_a_root_is_an_inverse_hyperbolic_function() -> None:
    assert inverse_of_logarithm(parse("x + sqrt(x^2 - 1)")) == parse("acosh(x)")
    assert inverse_of_logarithm(parse("2*x - 6 + 2*sqrt(x^2 - 6*x + 8)")) == parse("acosh(x - 3)")
    assert inverse_of_logarithm(parse("x + sqrt(x^2 + 9)")) == parse("asinh(x/3)")
    assert inverse_of_logarithm(parse("x + sqrt(x + 1)")) is None

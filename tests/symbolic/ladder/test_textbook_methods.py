"""Changes of variable and integration by parts, applied to one another: each line guards one method."""

import pytest

from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder.by_parts import splits
from sciml.symbolic.ladder.change import Change
from sciml.symbolic.ladder.circular_changes import with_constant_angles
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.exponential_changes import with_exponentials
from sciml.symbolic.ladder.substitutions import changes
from sciml.symbolic.ladder.textbook import in_new_variable, propose, seems_right
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import Integral
from sciml.symbolic.verification import compare, verify_integral

SOLVED = [
    # radicals
    "x*sqrt(x + 1)/(x + 2)",
    "sqrt(x)/(sqrt(x) - 1/x^(1/3))",
    "1/((x - 1)^(2/3)*(x + 1)^(4/3))",
    "((x - 1)/(x + 1))^(1/3)/(x + 1)^2",
    "1/((x + 1)^2*(x - 1)^4)^(1/3)",
    "1/sqrt(x^3 - 5*x^2 + 3*x + 9)",
    "1/(1 + x^4)^(1/4)",
    "x/(1 + x^3)^(2/3)",
    "x^5/sqrt(a^2 + x^2)",
    "(x^2 + 1)/((x^2 - 1)*sqrt(x^4 + 1))",
    "(sqrt(1 + x) + sqrt(1 - x))/(sqrt(1 + x) - sqrt(1 - x))",
    "1/(x*(a + b*x^n))",
    "x^2*(a + b*x)^n",
    "(3*x - x^3)^(1/3)",
    "1/(x^11*sqrt(1 + x^4))",
    "1/(x^100 + x)",
    # exponentials and hyperbolic functions
    "1/(a + b*exp(c*x))",
    "sqrt((exp(x) - 1)/(exp(x) + 1))",
    "sqrt(tanh(x))",
    "cosh(x)/sqrt(cosh(2*x))",
    "1/(a + b*cosh(x))",
    "a^x*sin(b*x)",
    # circular functions
    "1/(a + b*sin(x))",
    "1/(a^2*sin(x)^2 + b^2*cos(x)^2)",
    "sin(x)/sqrt(1 - sin(x)^6)",
    "tan(x)/sqrt(1/cos(x)^3 + 1)",
    "sqrt(1 + sin(x))",
    "sqrt(tan(x))",
    "1/(sin(x)*sin(x + a))",
    "1/(cos(x) - cos(a))",
    # inverse functions
    "cos(a*log(x))",
    "x^m*sin(b*log(x))",
    "x^3*asin(x)/sqrt(1 - x^2)",
    "atan(x)/(x^2*sqrt(1 - x^2))",
    "asin(x/sqrt(1 - x^2))",
    "x^3*asec(x)/sqrt(x^4 - 1)",
    "x*log(x + sqrt(1 - x^2))/sqrt(1 - x^2)",
    "log(a + b*x)/x^2",
    # by parts with the derivative of a denominator, with x
    "x^2/(x*sin(x) + cos(x))^2",
    "x*exp(x)/sqrt(1 + exp(x))",
]


@pytest.mark.parametrize("text", SOLVED)
def test_the_methods_find_an_antiderivative(text):
    integrand = parse(text)
    proposed = propose(Integral(integrand), Deadline.of_work(10))
    assert any(verify_integral(integrand, one.expression).is_verified for one in proposed)


def test_what_has_no_elementary_antiderivative_gets_no_right_candidate():
    for text in ("sin(x)/x", "exp(x^2)", "1/sqrt(x^3 + x + 1)", "sqrt(sin(x))", "1/log(x)"):
        integrand = parse(text)
        proposed = propose(Integral(integrand), Deadline.of_work(3))
        assert not any(seems_right(integrand, one.expression) for one in proposed)


@pytest.mark.parametrize(
    ("integrand", "new", "changed"),
    [
        ("sin(x)^3/(1 + cos(x))", "cos(x)", "x - 1"),
        ("1/(2*sin(x) + sin(2*x))", "cos(x)", "1/(2*(x - 1)*(x + 1)^2)"),
        ("sin(log(x))/x", "log(x)", "sin(x)"),
        ("exp(asin(x))", "asin(x)", "exp(x)*cos(x)"),
        ("x^(-4)*(1 + x^2)^(-1/2)", "sqrt(x^2 + 1)/x", "1 - x^2"),
    ],
)
def test_the_new_integrand_is_the_one_worked_by_hand(integrand, new, changed):
    problem = parse(integrand)
    found = {change.new: in_new_variable(problem, change) for change in changes(problem)}
    assert compare(found[parse(new)], parse(changed)).is_verified


def test_a_root_in_the_new_variable_may_stand_for_a_function_of_either_sign():
    change = Change(
        parse("sin(x)"), parse("asin(x)"), lambda node: None, ((parse("1 - x^2"), parse("cos(x)")),)
    )
    assert change.back(parse("x/(1 - x^2)^(3/2)")) == parse("sin(x)/cos(x)^3")


def test_logarithms_and_inverse_functions_are_kept_and_the_rest_integrated():
    assert [tuple(map(to_infix, one)) for one in splits(parse("x*log(x)^2*atan(x)"))] == [
        ("log(x)**2", "x*atan(x)"),
        ("atan(x)", "x*log(x)**2"),
    ]
    assert list(splits(parse("x*exp(x)/log(x)"))) == []


def test_angles_that_differ_by_constants_and_powers_of_constants_keep_their_values():
    for text, change in (
        ("sin(x + a)/cos(2*x + b)", with_constant_angles),
        ("a^(2*x) + x^a", with_exponentials),
    ):
        given = parse(text)
        assert change(given) != given
        assert compare(change(given), given).is_verified


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("sin(x)/(1 + cos(x)^2)", "cos(x)"),
        ("cos(x)^3/(2 + sin(x))", "sin(x)"),
        ("1/(1 + a*sin(x)^2)", "tan(x)"),
        ("1/(a + b*sin(x))", "tan(x/2)"),
    ],
)
def test_the_first_change_of_a_circular_integrand_is_the_one_of_bioche(text, new):
    assert next(changes(parse(text))).new == parse(new)

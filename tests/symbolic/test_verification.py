from dataclasses import dataclass, field

import numpy as np
import pytest
import sympy

from sciml.symbolic import derivative as derivative_module
from sciml.symbolic.expression import X, forget_nodes, symbol
from sciml.symbolic.judgement import judge
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import parse_equation, parse_integral
from sciml.symbolic.verification import verify, verify_integral
from tests.symbolic.random_trees import random_expressions

RIGHT = [
    ("x*exp(x)", "(x - 1)*exp(x)"),
    ("sin(x)^2 + cos(x)^2", "x"),
    ("1/x", "log(x)"),
    ("x - sqrt(x^2)", "x*(x - sqrt(x^2))/2"),
    ("1/x", "log(|x|)"),
    ("1/x", "log(-3*x)/1 + 7"),
    ("|x|", "x*|x|/2"),
    ("log(x^2)", "x*log(x^2) - 2*x"),
    ("1/(2 + cos(x))", "2/sqrt(3)*atan(tan(x/2)/sqrt(3))"),
    ("1/sqrt(x^2 - 1)", "log(x + sqrt(x^2 - 1))"),
    ("1/(x^2 + a)", "atan(x/sqrt(a))/sqrt(a)"),
    ("1/sqrt(a^2 - x^2)", "asin(x/a)"),
    ("x^a", "x^(a + 1)/(a + 1)"),
    ("x^1000", "x^1001/1001"),
    ("cos(10000*x)", "sin(10000*x)/10000"),
    ("sqrt(x - 5000)", "2*(x - 5000)^(3/2)/3"),
    ("asin(x + 3)", "(x + 3)*asin(x + 3) + sqrt(1 - (x + 3)^2)"),
    ("exp(x + exp(x) + exp(exp(x)))", "exp(exp(exp(x)))"),
    ("0", "5"),
    ("10^400*x + 1", "10^400*x^2/2 + x"),
    ("2*x/sinh(x^2)^2", "-cosh(x^2)/sinh(x^2)"),
    ("2/sinh(3*x)^4", "4*cosh(3*x)/(9*sinh(3*x)) - 2*cosh(3*x)/(9*sinh(3*x)^3)"),
    ("x + exp(-1000)", "x^2/2 + exp(-1000)*x"),
    ("cosh(x + 79)*sin(sinh(x + 79))", "-cos(sinh(x + 79))"),
    ("exp(x)*log(2*sin(exp(x)) - 2)*cos(exp(x))", "(sin(exp(x)) - 1)*(log(2*sin(exp(x)) - 2) - 1)"),
    (
        "1/(x^4 + 1)",
        "(log((x^2+sqrt(2)*x+1)/(x^2-sqrt(2)*x+1)) + 2*(atan(sqrt(2)*x+1)+atan(sqrt(2)*x-1)))/sqrt(32)",
    ),
    (
        "x^9*exp(-x)",
        "-exp(-x)*(x^9+9*x^8+72*x^7+504*x^6+3024*x^5+15120*x^4+60480*x^3+181440*x^2+362880*x+362880)",
    ),
]

WRONG = [
    ("x*exp(x)", "x*exp(x)"),
    ("sin(x)", "cos(x)"),
    ("|x|", "x^2/2"),
    ("x", "x^2/2 + x/10^15"),
    ("x^1000", "x^1001/1000"),
    ("cos(10000*x)", "sin(10000*x)/9999"),
    ("1/x", "0.999999999*log(x)"),
    ("exp(x^2)", "x*exp(x^2)"),
    ("0", "x/1000"),
    ("x*exp(x^2)", "exp(x^2)/2 + x/1000"),
    ("log(log(log(x)))", "x"),
    ("acosh(sin(x))", "x"),
    ("|x - 30|", "-(x - 30)^2/2"),
    ("x", "x^2/2 + 10^-30*x"),
    ("x + exp(-1000)", "x^2/2"),
    ("2*x + 2*cos(exp(-25)/x)", "x*(x + 2*cos(exp(-25)/x))"),
    ("tanh(2*x + exp(4))", "x*tanh(2*x + exp(4))"),
    ("sinh(x + 400)", "sinh(x + 400)"),
    ("|x - 10^6|", "10^6*x - x^2/2"),
]


@pytest.mark.parametrize(("integrand", "answer"), RIGHT)
def test_right_antiderivatives_are_verified(integrand, answer):
    judged = verify(parse_integral(integrand), parse(answer))
    assert judged.status == "verified", judged
    assert judged.agreement >= 0.95
    assert judged.largest_residual < 1e-14


@pytest.mark.parametrize(("integrand", "answer"), WRONG)
def test_wrong_antiderivatives_are_refuted(integrand, answer):
    judged = verify(parse_integral(integrand), parse(answer))
    assert judged.status == "refuted", judged


@pytest.mark.parametrize(
    ("integrand", "answer", "share"),
    [("1/sqrt(x^2 - 1)", "acosh(x)", 0.5), ("log(x^2)", "2*x*log(x) - 2*x", 0.5)],
)
def test_another_branch_on_half_of_the_axis_is_a_partial_answer(integrand, answer, share):
    judged = verify(parse_integral(integrand), parse(answer))
    assert (judged.status, judged.is_verified, judged.agreement) == ("partial", False, share)


def test_what_is_hidden_behind_millions_of_digits_is_undecided():
    assert verify(parse_integral("tanh(x + exp(40))"), parse("x*tanh(x + exp(40))")).status == "undecided"
    assert verify(parse_integral("x + exp(-exp(20))"), parse("x^2/2")).status == "undecided"


def test_an_integrand_that_overflows_everywhere_is_undecided():
    integrand = parse("exp(x + exp(exp(exp(9))))")
    assert verify_integral(integrand, integrand).status == "undecided"


def test_derivatives_of_random_expressions_are_verified_and_perturbed_ones_are_not():
    verified = accepted = 0
    expressions = [one for one in random_expressions(seed=11, count=150, largest=10) if one.mask & X.mask]
    for antiderivative in expressions:
        integrand = derivative_module.derivative(antiderivative)
        verified += verify_integral(integrand, antiderivative).status in ("verified", "undecided")
        accepted += verify_integral(integrand, antiderivative + X / 97).status in ("verified", "partial")
    assert verified == len(expressions)
    assert accepted == 0


def test_a_wrong_rule_of_differentiation_is_noticed(monkeypatch):
    sine = derivative_module._OUTER["cos"]
    monkeypatch.setitem(derivative_module._OUTER, "sin", sine)
    forget_nodes()
    try:
        judged = verify_integral(parse("-sin(x/7)"), parse("7*sin(x/7)"))
    finally:
        forget_nodes()
    assert judged.status == "undecided"
    assert "differences" in judged.reason


def test_domain_is_the_share_of_the_axis_where_the_integrand_is_real():
    assert verify(parse_integral("log(x)"), parse("x*log(x) - x")).domain == 0.5
    assert verify(parse_integral("cos(x)"), parse("sin(x)")).domain == 1.0


def test_an_integral_over_another_variable_holds_x_fixed():
    judged = verify(parse_integral("x*t", "t"), parse("x*t^2/2"))
    assert judged.status == "verified"
    assert verify(parse_integral("x*t", "t"), parse("x^2*t/2")).status == "refuted"


SOLUTIONS = [
    ("y' = x*y", "c1*exp(x^2/2)"),
    ("y'' + y = 0", "c1*sin(x) + c2*cos(x)"),
    ("y'' + y = 0", "c1*sin(x + c2)"),
    ("y'' + y = 0", "c1*exp(I*x) + c2*exp(-I*x)"),
    ("y'^2 = 4*y", "(x + c1)^2"),
    ("y' = -x/y", "sqrt(c1 - x^2)"),
    ("y' = -x/y", "x^2 + y^2 - c1"),
    ("y' = 1/(1 + log(y))", "y*log(y) - x - c1"),
    ("y'' = 2*y*y'", "c1*tan(c1*x + c2)"),
    ("y'' = 2*y*y'", "atan(y/c1)/c1 - x - c2"),
    ("y'' = y'^2/y", "c1*exp(c2*x)"),
    ("(y' - 1)*(y' - y) = 0", "x + c1"),
    ("a*y' = y", "c1*exp(x/a)"),
    ("log(y') = x", "exp(x) + c1"),
    ("x*y'' + y' = 0", "c1*log(c2*x)"),
    ("dy/dt = t", "t^2/2 + c1"),
    ("y' - y + exp(-1000) = 0", "c1*exp(x) + exp(-1000)"),
]


@pytest.mark.parametrize(("equation", "answer"), SOLUTIONS)
def test_general_solutions_are_verified(equation, answer):
    judged = verify(parse_equation(equation), parse(answer))
    assert judged.status == "verified", judged


@pytest.mark.parametrize(
    ("equation", "answer", "reason"),
    [
        ("y' = x*y", "c1*exp(x^2/2) + 1", "agrees at 0%"),
        ("y' = x*y", "exp(x^2/2)", "c1 is missing"),
        ("y'' + y = 0", "c1*sin(x)", "c2 is missing"),
        ("y'' + y = 0", "(c1 + c2)*sin(x)", "depend on one another"),
        ("y'' = 0", "c1*c2*x + c1*c2", "depend on one another"),
        ("y'' = y'^2/y", "c1*exp(x + c2)", "depend on one another"),
        ("y' = -x/y", "x^2 - y^2 - c1", "agrees at 0%"),
        ("y' = y + 1/10^12", "c1*exp(x)", "agrees at 0%"),
        ("y' - y + exp(-1000) = 0", "c1*exp(x)", "agrees at 0%"),
        ("y'' = y'", "y - c1 - c2 - exp(x)", "depend on one another"),
    ],
)
def test_answers_that_are_no_general_solution_are_refuted_with_the_reason(equation, answer, reason):
    judged = verify(parse_equation(equation), parse(answer))
    assert judged.status == "refuted", judged
    assert reason in judged.reason


def test_an_answer_with_a_derivative_of_y_is_undecided():
    judged = verify(parse_equation("y' = y"), symbol("c1") * symbol("y'"))
    assert judged.status == "undecided"


def test_problems_and_answers_may_be_text_or_of_sympy():
    t = sympy.Symbol("t", positive=True)
    u = sympy.Function("u")
    assert verify("x^2", "x^3/3").is_verified
    assert verify(sympy.cos(t), sympy.sin(t)).is_verified
    assert verify(sympy.cos(t), "t").status == "refuted"
    assert verify("y' = y", "c1*exp(x)").is_verified
    assert verify("dy/dx - y", "exp(x)").reason == "no general solution: c1 is missing"
    equation = sympy.Eq(u(t).diff(t, 2) + 4 * u(t), 0)
    assert verify(equation, sympy.dsolve(equation)).is_verified
    implicit = sympy.Eq(u(t) ** 2 - t**2, sympy.Symbol("C1"))
    assert verify(u(t) * u(t).diff(t) - t, implicit).is_verified
    assert verify(u(t) * u(t).diff(t) + t, implicit).status == "refuted"


@dataclass
class OnePointInDigits:
    """Two functions that agree at five real points, one of which has a value in many digits."""

    real: np.ndarray = field(default_factory=lambda: np.ones(5, bool))
    beside: np.ndarray = field(default_factory=lambda: np.zeros(5, bool))
    usable: np.ndarray = field(default_factory=lambda: np.ones(5, bool))
    residual: np.ndarray = field(default_factory=lambda: np.zeros(5))
    size: np.ndarray = field(default_factory=lambda: np.ones(5))
    domain: float = 0.2
    is_same: bool = False
    is_analytic: bool = True

    def precisely(self, point, digits):
        return (True, 0.0) if point == 4 else None


def test_agreement_at_one_point_in_many_digits_refutes_nothing():
    judged = judge(OnePointInDigits(), OnePointInDigits)
    assert (judged.status, judged.agreement) == ("undecided", 1.0)

import pytest

from sciml.symbolic.expression import symbol
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.part_powers import with_symbol
from sciml.symbolic.ladder.table import propose, substitution
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import parse_integral
from sciml.symbolic.verification import verify

BY_HAND = [
    ("x^n", "x**(n + 1)/(n + 1)"),
    ("2^x", "2**x/log(2)"),
    ("exp(a*x)", "exp(a*x)/a"),
    ("k*cos(omega*x + phi)", "k*sin(omega*x + phi)/omega"),
    ("1/(a^2 + x^2)", "atan(x/a)/a"),
    ("1/sqrt(a^2 - x^2)", "asin(x/a)"),
    ("sin(x)^5*cos(x)", "sin(x)**6/6"),
    ("1/(x*log(x))", "log(log(x))"),
    ("38*cos(2000*x)", "19*sin(2000*x)/1000"),
    ("x^10500", "x**10501/10501"),
]

VERIFIED = [
    "x^3*exp(a*x)",
    "x^2*sin(k*x + b)",
    "exp(a*x)*sin(b*x)",
    "x*exp(a*x)*cosh(b*x)",
    "1/(a*x^2 + b*x + c)",
    "sqrt(a^2 + x^2)",
    "(a*x + 1)/sqrt(3 - x - x^2)",
    "(2*x + 1)/(x^2 - 5)^2",
    "x/(x^2 + 3*x + 1)^(3/2)",
    "(1 + x + x^2)^(3/2)",
    "x^n*log(x)",
    "1/cos(2*x) + 1/sinh(3*x)",
    "acosh(2*x) + tan(x)^2 + acos(x)",
    "exp(sin(a*x))*cos(a*x)",
    "sign(2*x - 1)*3 + |x|",
    "x^2*(a*x + b)^20",
    "(x^2 + 1)*(3 - 2*x)^50",
]


def proposed(text):
    problem = parse_integral(text)
    return problem, next(propose(problem, Deadline.after(5)))


@pytest.mark.parametrize(("integrand", "wanted"), BY_HAND)
def test_integrals_of_the_textbook_come_out_as_by_hand(integrand, wanted):
    assert to_infix(proposed(integrand)[1].expression) == wanted


@pytest.mark.parametrize("integrand", VERIFIED)
def test_rules_hold_for_any_parameters(integrand):
    problem, candidate = proposed(integrand)
    assert verify(problem, candidate.expression).is_verified, candidate


def test_what_no_rule_covers_is_left_to_other_rungs():
    for text in ("exp(x^2)", "sin(x)/x", "x^x", "sqrt(x^3 + 1)"):
        assert list(propose(parse_integral(text), Deadline.after(5))) == []


def test_a_substitution_says_what_u_is():
    _, candidate = proposed("x*exp(x^2)")
    assert [str(step) for step in candidate.steps] == [
        "substitution u = x**2: the integral of exp(u)/2 du",
        "rule: the integral of exp(u) is exp(u)",
        "u put back: exp(x**2)/2",
    ]


@pytest.mark.parametrize(
    ("node", "part", "wanted"),
    [
        ("x^6 + x^2*sin(x^4)", "x^2", "u^3 + u*sin(u^2)"),
        ("x^2*(x + 1)^2 + 3/(x*(x + 1))", "x*(x + 1)", "u^2 + 3/u"),
        ("exp(3*x) + 2*x*exp(-x)", "exp(x)", "u^3 + 2*x/u"),
        ("sqrt(x) + x + x^(3/2)", "sqrt(x)", "u + u^2 + u^3"),
        ("x^3 + exp(x/2)", "x^2", "x^3 + exp(x/2)"),
        ("x*exp(x)", "1/sqrt(exp(x))", "x*exp(x)"),
        ("1/(3*x^2 + 3*exp(x) + 5) + x^2", "x^2 + exp(x)", "1/(3*u + 5) + x^2"),
        ("cos(3*x^2/4 + 3*x/4 + 1)", "x^2 + x", "cos(3*u/4 + 1)"),
    ],
)
def test_whole_powers_of_a_part_are_powers_of_its_symbol(node, part, wanted):
    assert with_symbol(parse(node), parse(part), symbol("u")) == parse(wanted)


def test_u_may_be_a_product_whose_powers_occur():
    text = "(2*x + 1)*sqrt(3*x*(x + 1) + x^2*(x + 1)^2 + 3)"
    found = substitution(parse(text))
    assert found == (parse("sqrt(x^2 + 3*x + 3)"), parse("x*(x + 1)"))

import math

import pytest

from sciml.errors import InputError
from sciml.symbolic import integrate, parse
from sciml.symbolic.answer import Answer
from sciml.symbolic.breakpoints import breakpoints
from sciml.symbolic.definite import with_limits
from sciml.symbolic.infix import to_infix
from sciml.symbolic.one_sided_limits import DIGITS, NoLimitError, one_sided_limit, recognised
from sciml.symbolic.precise import context
from sciml.symbolic.problems import parse_integral

NUMBERS = context(DIGITS)


@pytest.mark.parametrize(
    ("integrand", "lower", "upper", "exact", "decimal"),
    [
        ("x*exp(x)", 0, 1, "1", 1.0),
        ("1/(1 + x^2)", "-inf", "inf", "pi", math.pi),
        ("1/(1 + x^2)", 1, 0, "-pi/4", -math.pi / 4),
        ("1/sqrt(1 - x^2)", -1, 1, "pi", math.pi),
        ("log(x)", 0, 1, "-1", -1.0),
        ("|x|", -1, 2, "5/2", 2.5),
        ("x^2*exp(-x)", 0, float("inf"), "2", 2.0),
        ("exp(x)", "log(2)", "log(5)", "3", 3.0),
    ],
)
def test_values_known_by_hand(integrand, lower, upper, exact, decimal):
    value = integrate(integrand, lower=lower, upper=upper).definite
    assert (value.status, to_infix(value.value)) == ("verified", exact)
    assert value.decimal == pytest.approx(decimal, rel=1e-14)
    assert value.quadrature == pytest.approx(decimal, rel=1e-8)


@pytest.mark.parametrize(
    ("integrand", "lower", "upper"),
    [
        ("1/x", -1, 1),
        ("1/x^2", -1, 1),
        ("sin(x)", 0, "inf"),
        ("tan(x)", 0, 2),
        ("1/(x - 1)^2", 0, 3),
        ("1/x", 1, "inf"),
    ],
)
def test_divergent_integrals_are_said_to_be_so(integrand, lower, upper):
    value = integrate(integrand, lower=lower, upper=upper).definite
    assert (value.status, value.value, value.decimal) == ("divergent", None, None)


def test_a_jump_of_the_antiderivative_is_taken_out():
    problem = parse_integral("1/(2 + cos(x))")
    answer = Answer(problem, parse("2/sqrt(3)*atan(tan(x/2)/sqrt(3))"), "by hand", 0.0, None)
    value = with_limits(answer, 0, "2*pi").definite
    assert value.decimal == pytest.approx(2 * math.pi / math.sqrt(3), rel=1e-14)
    assert to_infix(value.value) == "2*sqrt(3)*pi/3"
    assert "jumps at x = 3.14159" in value.notes[0]


def test_a_wrong_antiderivative_gives_no_value():
    answer = Answer(parse_integral("cos(x)"), parse("sin(x) + x/1000"), "by hand", 0.0, None)
    value = with_limits(answer, 0, 1).definite
    assert (value.status, value.value) == ("unverified", None)
    assert "quadrature 0.8414709848" in value.notes[0]


def test_parameters_stay_in_the_exact_value():
    value = integrate("exp(-a*x)", lower=0, upper="inf").definite
    assert to_infix(value.value) == "1/a"
    assert value.decimal == pytest.approx(1 / dict(value.parameters)["a"])


def test_without_antiderivative_the_quadrature_is_no_answer():
    value = integrate("exp(x^2)*sin(x)", lower=0, upper=1, timeout=0.5).definite
    assert (value.status, value.is_answer) == ("unsolved", False)
    assert value.quadrature == pytest.approx(0.7788, abs=1e-3)


def test_slow_convergence_is_not_called_divergence():
    value = integrate("1/(x*log(x)^2)", lower=2, upper="inf").definite
    assert value.status == "unverified"


def test_limits_that_are_no_numbers_are_refused():
    for limit in ("x", "sqrt(-1)", "1/0", "log(0)"):
        with pytest.raises(InputError):
            integrate("x", lower=0, upper=limit)


def test_breakpoints_are_found_to_many_digits():
    found = breakpoints([parse("1/(x^2 - 2) + tan(x) + sqrt(x) + 1/(x - 1/3)^2")], "x", -1.0, 2.0, {})
    wanted = [0, NUMBERS.mpf(1) / 3, NUMBERS.sqrt(2), NUMBERS.pi / 2]
    assert all(abs(one - other) < 1e-30 for one, other in zip(found, wanted, strict=True))


def test_one_sided_limits_by_values():
    assert abs(one_sided_limit(parse("sin(x)/x"), "x", NUMBERS.mpf(0), 1, {}) - 1) < 1e-25
    assert abs(one_sided_limit(parse("x*(sqrt(x^2 + 1) - x)"), "x", NUMBERS.inf, 1, {}) - 0.5) < 1e-18
    with pytest.raises(NoLimitError, match="grows without bound"):
        one_sided_limit(parse("log(x)"), "x", NUMBERS.mpf(0), 1, {})


def test_numbers_are_recognised_only_if_they_fit():
    assert recognised(NUMBERS.pi * 3 / 7) == parse("3*pi/7")
    assert recognised(NUMBERS.sqrt(2) / 4) == parse("sqrt(2)/4")
    assert recognised(NUMBERS.mpf("0.123456789123456789123456789")) is None

import math
import time

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.symbolic import integrate, parse
from sciml.symbolic.answer import Answer
from sciml.symbolic.breakpoints import breakpoints
from sciml.symbolic.definite import with_limits
from sciml.symbolic.equivalence import equivalent
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.one_sided_limits import DIGITS, NoLimitError, one_sided_limit
from sciml.symbolic.precise import PreciseValues, context
from sciml.symbolic.problems import parse_integral
from sciml.symbolic.quadrature import quadrature
from sciml.symbolic.recognition import recognised

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
        ("1/cosh(x)", "-inf", "inf", "pi", math.pi),
        ("x^2/(1 + x^4)", "-inf", "inf", "sqrt(2)*pi/2", math.pi / math.sqrt(2)),
        ("log(1 + x^2)/x^2", 0, "inf", "pi", math.pi),
        ("1/(x - 1/3)^(2/3)", "1/3", "4/3", "3", 3.0),
        ("1/(1 + x^2)", 0, 1e6, "atan(1000000)", math.atan(1e6)),
        ("1/x", 1, "10^20", "log(100000000000000000000)", 20 * math.log(10)),
        ("exp(-10000*x)", 0, "inf", "1/10000", 1e-4),
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
        ("1/(x*log(x))", 2, "inf"),
        ("x*cos(x^2)", 0, "inf"),
        ("x/(1 + x^2)", "-inf", "inf"),
        ("1/(x - 1)^2", 0, 1e6),
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


@pytest.mark.parametrize(
    ("integrand", "lower", "upper", "exact", "positive"),
    [
        ("1/(x^2 + a^2)", "-inf", "inf", "pi/a", "a"),
        ("1/(x^2 + a^2)^2", 0, "inf", "pi/(4*a**3)", "a"),
        ("1/(a^2*cos(x)^2 + b^2*sin(x)^2)", 0, "pi/2", "pi/(2*a*b)", "a, b"),
        ("1/cosh(a*x)", "-inf", "inf", "pi/a", "a"),
        ("1/(x*sqrt(x^2 - a^2))", "a", "inf", "pi/(2*a)", None),
        ("1/(x*(x + a))", 1, "inf", "log(a + 1)/a", None),
    ],
)
def test_limits_with_parameters_are_written_down(integrand, lower, upper, exact, positive):
    value = integrate(integrand, "x", lower=lower, upper=upper).definite
    assert (value.status, to_infix(value.value)) == ("verified", exact)
    said = (
        () if positive is None else (f"for positive {positive}; another formula holds for negative values",)
    )
    assert value.notes == said


def test_without_antiderivative_the_quadrature_is_no_answer():
    value = integrate("exp(x^2)*sin(x)", lower=0, upper=1, timeout=0.5).definite
    assert (value.status, value.is_answer) == ("unsolved", False)
    assert value.quadrature == pytest.approx(0.7788, abs=1e-3)
    assert (value.value, value.decimal) == (None, None)
    assert value.text().startswith("no verified value: quadrature alone gives 0.77")
    turned = with_limits(integrate("exp(-x^2)", timeout=0.5), 1, 0).definite
    assert "gives -0.7468241328 and estimates its error" in turned.text()


def test_a_quadrature_that_does_not_settle_is_not_mentioned():
    value = with_limits(integrate("sin(x)/x", timeout=0.5), 0, "inf").definite
    assert value.text() == "no verified value: no antiderivative was found"


def test_slow_convergence_is_not_called_divergence():
    slow = {
        ("1/(x*log(x)^2)", 2): 1 / math.log(2),
        ("10000/(x*(log(x)^2 + 6400))", 1): 62.5 * math.pi,
    }
    for (integrand, lower), exact in slow.items():
        value = integrate(integrand, lower=lower, upper="inf").definite
        assert value.status == "verified"
        assert value.decimal == pytest.approx(exact, rel=1e-12)
    waves = parse_integral("cos(x)/log(x) - sin(x)/(x*log(x)^2)")
    answer = Answer(waves, parse("sin(x)/log(x)"), "by hand", 0.0, None)
    assert with_limits(answer, 2, "inf").definite.status == "unverified"


@pytest.mark.parametrize(
    ("integrand", "lower", "upper", "exact"),
    [
        ("x^(-n)", 1, "inf", "1/(n - 1)"),
        ("x^(-n)", 0, 1, "-1/(n - 1)"),
        ("exp((b - a)*x)", 0, "inf", "1/(a - b)"),
        ("1/(x - a)", 0, 1, "log(1 - a) - log(-a)"),
        ("tan(a*x)", 0, 1, "-log(cos(a))/a"),
    ],
)
def test_what_holds_for_some_parameters_only_is_conditional(integrand, lower, upper, exact):
    value = integrate(integrand, "x", lower=lower, upper=upper).definite
    assert value.status == "conditional"
    assert value.notes[-1].startswith("not for ")
    assert value.notes[-1].endswith(": divergent")
    for formula in (value.value, parse(exact)):
        known = PreciseValues(dict(value.parameters), 30).value(formula)
        assert complex(known) == pytest.approx(value.decimal, rel=1e-12)


@pytest.mark.parametrize(
    ("integrand", "lower", "upper", "exact"),
    [
        ("1/x", "a", "b", "log(b) - log(a)"),
        ("1/(x + a)", 0, 1, "log(a + 1) - log(a)"),
        ("x^n", 0, 1, "1/(n + 1)"),
    ],
)
def test_what_holds_for_all_positive_parameters_is_verified(integrand, lower, upper, exact):
    value = integrate(integrand, "x", lower=lower, upper=upper).definite
    assert value.status == "verified"
    assert equivalent(value.value, exact).status == "verified"


def test_a_jump_of_a_complex_antiderivative_is_found():
    value = integrate("1/(3 + cos(x))", lower=0, upper="2*pi").definite
    problem = parse_integral("1/(3 + cos(x))")
    by_logarithm = "log(2*(3*cos(x) + sin(x)*sqrt(-8) + 1)/(cos(x) + 3))/sqrt(-8)"
    answer = Answer(problem, parse(by_logarithm), "by hand", 0.0, None)
    assert with_limits(answer, 0, "2*pi").definite.decimal == pytest.approx(math.pi / math.sqrt(2))
    assert value.decimal == pytest.approx(math.pi / math.sqrt(2))


def test_limits_are_put_in_within_the_time():
    answer = Answer(parse_integral("tan(100*x)^2*sin(x^2)"), parse("tan(100*x)"), "by hand", 0.0, None)
    started = time.process_time()
    timed = with_limits(answer, 0, 50, Deadline.after(0.5))
    assert timed.definite.status in ("unverified", "divergent")
    assert time.process_time() - started < 2.5


def test_quadrature_misses_no_peak_that_the_antiderivative_shows():
    def peak(points):
        return 1 / (1e-8 + (points - 0.3) ** 2) + 0j

    def slope_of(points):
        return 1e4 * np.arctan(1e4 * (points - 0.3)) + 0j

    found = quadrature(peak, [-1e5, 1e5], slope_of)
    assert found.value == pytest.approx(
        1e4 * (math.atan(1e4 * (1e5 - 0.3)) + math.atan(1e4 * (1e5 + 0.3))), rel=1e-9
    )
    tails = quadrature(
        lambda x: 1 / (1 + (x - 1e5) ** 2) + 0j, [-np.inf, np.inf], lambda x: np.arctan(x - 1e5) + 0j
    )
    assert tails.value == pytest.approx(math.pi, rel=1e-9)
    odd = quadrature(
        lambda x: x * np.exp(-(x**2)) + 0j, [-np.inf, np.inf], lambda x: -np.exp(-(x**2)) / 2 + 0j
    )
    assert abs(odd.value) < 1e-12
    assert odd.size == pytest.approx(1.0, rel=1e-6)


def test_limits_that_are_no_numbers_are_refused():
    for limit in ("x", "sqrt(-1)", "1/0", "log(0)", float("nan")):
        with pytest.raises(InputError):
            integrate("x", lower=0, upper=limit)
    decimal = integrate("x", lower=0, upper=np.float64(0.5)).definite.decimal
    assert (decimal, type(decimal)) == (0.125, float)


def test_breakpoints_are_found_to_many_digits():
    found = breakpoints([parse("1/(x^2 - 2) + tan(x) + sqrt(x) + 1/(x - 1/3)^2")], "x", -1.0, 2.0, {})
    wanted = [0, NUMBERS.mpf(1) / 3, NUMBERS.sqrt(2), NUMBERS.pi / 2]
    assert all(abs(one - other) < 1e-30 for one, other in zip(found, wanted, strict=True))


def test_double_zeros_are_found_where_ordinary_numbers_vanish_beside_them():
    [zero] = breakpoints([parse("1/sqrt(1 - cos(x))")], "x", -1.0, 2.0, {})
    assert abs(zero) < 1e-18
    answer = Answer(
        parse_integral("sqrt(1 - cos(x))"), parse("-2*sin(x)/sqrt(1 - cos(x))"), "by hand", 0.0, None
    )
    value = with_limits(answer, -1, 2).definite
    assert value.decimal == pytest.approx(math.sqrt(8) * (2 - math.cos(0.5) - math.cos(1)), rel=1e-12)


def test_one_sided_limits_by_values():
    assert abs(one_sided_limit(parse("sin(x)/x"), "x", NUMBERS.mpf(0), 1, {}) - 1) < 1e-25
    assert abs(one_sided_limit(parse("x*(sqrt(x^2 + 1) - x)"), "x", NUMBERS.inf, 1, {}) - 0.5) < 1e-18
    with pytest.raises(NoLimitError, match="grows without bound"):
        one_sided_limit(parse("log(x)"), "x", NUMBERS.mpf(0), 1, {})


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("x - log(exp(x) + 1)", 0),
        ("-1/log(x)", 0),
        ("1000*atan(log(x)/100)", 500 * math.pi),
        ("x^(-1/10)", 0),
    ],
)
def test_limits_at_infinity_that_settle_late_are_found(text, limit):
    assert abs(one_sided_limit(parse(text), "x", NUMBERS.inf, 1, {}) - limit) < 1e-12 * (1 + limit)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("log(log(x))", "grows without bound"),
        ("x*sin(x)", "grows without bound"),
        ("sin(sqrt(x))", "oscillates"),
        ("sin(x)/log(x)", "settles too slowly"),
        ("log(log(log(x)))", "settles too slowly"),
    ],
)
def test_growth_waves_and_slowness_are_told_apart(text, reason):
    with pytest.raises(NoLimitError, match=reason) as raised:
        one_sided_limit(parse(text), "x", NUMBERS.inf, 1, {})
    assert raised.value.is_divergent == (reason != "settles too slowly")


def test_numbers_are_recognised_only_if_they_fit():
    assert recognised(NUMBERS.pi * 3 / 7) == parse("3*pi/7")
    assert recognised(NUMBERS.sqrt(2) / 4) == parse("sqrt(2)/4")
    assert recognised(NUMBERS.mpf("0.123456789123456789123456789")) is None

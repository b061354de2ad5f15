import pytest

from sciml.symbolic.hidden_parts import bits_between, bits_hidden_by
from sciml.symbolic.parser import parse
from sciml.symbolic.precise import NoPreciseValueError, PreciseValues, agrees, context

CONTEXT = context(30)


@pytest.mark.parametrize(
    ("name", "argument", "second_term"),
    [
        ("tanh", "40", "2*exp(-80)"),
        ("cosh", "40", "exp(-80)"),
        ("exp", "10^-12", "10^-12"),
        ("cos", "10^-12", "10^-24/2"),
        ("sin", "10^-12", "10^-24/6"),
        ("atan", "10^12", "2*10^-12/pi"),
        ("asinh", "10^12", "10^-24/112"),
    ],
)
def test_bits_hidden_reach_the_second_term_of_the_series(name, argument, second_term):
    size = PreciseValues({}).value(parse(second_term))
    hidden = bits_hidden_by(CONTEXT, name, PreciseValues({}).value(parse(argument)))
    assert -6 - CONTEXT.mag(size) <= hidden <= 50 - CONTEXT.mag(size)


def test_bits_between_terms_are_those_of_their_ratio():
    assert bits_between(CONTEXT, [CONTEXT.mpf(3), CONTEXT.mpf(0), CONTEXT.mpf(2) ** -100]) == 101
    assert bits_between(CONTEXT, []) == 0


def test_values_know_how_many_digits_they_hide():
    at = PreciseValues({"x": 2.0})
    at.value(parse("x^2 + 7"))
    assert at.hidden_digits <= 1
    at.value(parse("x + exp(-100*x)"))
    assert 85 <= at.hidden_digits <= 88  # exp(-200) is 10**-86.9


@pytest.mark.parametrize(
    ("left", "right"), [("x", "x + exp(-2000)"), ("tanh(x + 600)", "1"), ("sinh(x + 700)", "cosh(x + 700)")]
)
def test_differences_behind_hundreds_of_digits_are_seen(left, right):
    assert agrees(parse(left), parse(right), {"x": 0.7})[0] is False


def test_differences_behind_thousands_of_digits_have_no_value():
    with pytest.raises(NoPreciseValueError, match="too small beside"):
        agrees(parse("x"), parse("x + exp(-exp(10))"), {"x": 0.7})


def test_a_phase_of_a_hundred_digits_is_computed_and_one_of_thousands_is_not():
    assert agrees(parse("sin(10^100*x)^2"), parse("1 - cos(10^100*x)^2"), {"x": 0.7})[0] is True
    with pytest.raises(NoPreciseValueError, match="too large"):
        PreciseValues({"x": 0.7}).value(parse("sin(exp(exp(10*x + 3)))"))

"""Limits at infinity in symbols: by hand, equal to limits in numbers, and none where terms cancel."""

import pytest

from sciml.symbolic.expression import X
from sciml.symbolic.infix import to_infix
from sciml.symbolic.leading_terms import limit_at_infinity
from sciml.symbolic.one_sided_limits import DIGITS, one_sided_limit
from sciml.symbolic.parser import parse
from sciml.symbolic.precise import PreciseValues, context

PARAMETERS = {"a": 0.7, "b": 0.3}
BY_HAND = [
    ("atan(x/a)/a", "pi/(2*a)"),
    ("-atan((b - a)*x)", "pi/2"),
    ("(a*x^2 + 1)/(b*x^2 - x)", "a/b"),
    ("a + x*exp(-a*x)*cos(b*x)", "a"),
    ("log(a*x + 1) - log(b*x)", "log(a) - log(b)"),
    ("log(x + a) - log(x + b)", "0"),
    ("tanh(a*x)/a", "1/a"),
    ("atan(sinh(a*x))/b", "pi/(2*b)"),
    ("x*sin(a/x)", "a"),
    ("atan(a*tan(pi/2 - 1/x))", "pi/2"),
    ("sqrt(a*x^2 + b)/x", "sqrt(a)"),
]


@pytest.mark.parametrize(("text", "limit"), BY_HAND)
def test_limits_by_hand_have_the_value_of_the_limit_in_numbers(text, limit):
    found = limit_at_infinity(parse(text), X, PARAMETERS)
    assert to_infix(found) == limit
    numbers = context(DIGITS)
    value = one_sided_limit(parse(text), "x", numbers.inf, 1, PARAMETERS)
    assert abs(PreciseValues(PARAMETERS, DIGITS).value(found) - value) < 1e-12


@pytest.mark.parametrize(
    "text", ["a*x", "sin(x)", "exp(a*x)", "log(x)", "sqrt(x^2 + x) - x", "x^a", "asin(x)"]
)
def test_there_is_none_where_it_is_infinite_waves_or_needs_more_terms(text):
    assert limit_at_infinity(parse(text), X, PARAMETERS) is None

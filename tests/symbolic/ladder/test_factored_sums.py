"""Denominators that were multiplied out are products again; all other sums are left as they are."""

import pytest

from sciml.symbolic.ladder.factored_sums import with_factored_sums
from sciml.symbolic.parser import parse


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1/(x**2 + 2*x*exp(x) + exp(2*x))", "1/(x + exp(x))**2"),
        ("1/(x*sqrt(x + 1) + sqrt(x + 1)*log(x))", "1/(sqrt(x + 1)*(x + log(x)))"),
        ("x/(2*x**2 - x*sin(x) - sin(x)**2)**2", "x/((2*x + sin(x))**2*(x - sin(x))**2)"),
        ("exp(1/(x**2 + 2*x*log(x) + log(x)**2))", "exp(1/(x + log(x))**2)"),
        ("1/(a*x + b*x + a**2 + a*b)", "1/((x + a)*(a + b))"),
    ],
)
def test_denominators_are_factored(text, written):
    assert with_factored_sums(parse(text)) == parse(written)


@pytest.mark.parametrize(
    "text", ["1/(x**2 - 1)", "x**2 + 2*x*exp(x) + exp(2*x)", "1/(x**2 + sin(x)**2 + 1)", "sqrt(x**2 + 2*a*x)"]
)
def test_other_sums_are_left(text):
    assert with_factored_sums(parse(text)) == parse(text)

"""Angles that are multiples of one are written by that one, and the values stay."""

import pytest

from sciml.symbolic.expression import X
from sciml.symbolic.ladder.one_angle import by_one_angle
from sciml.symbolic.parser import parse
from sciml.symbolic.verification import compare


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("sin(2*x)/sin(x)", "2*cos(x)"),
        ("(1 + cos(2*x))*tan(x)", "2*sin(x)*cos(x)"),
        ("(3 - 3*cos(2*x))/sin(x)", "6*sin(x)"),
        ("cos(4*x) + cos(2*x)**2", "3*cos(2*x)**2 - 1"),
        ("sin(x + pi/2) - cos(x)", "0"),
        ("sin(log(x)/2)*cos(log(x)/2) - sin(log(x))/2", "0"),
        ("sin(x + a) - cos(x)*sin(a)", "sin(x)*cos(a)"),
    ],
)
def test_what_differs_in_its_angles_only_becomes_one_text(text, written):
    assert by_one_angle(parse(text), X) == parse(written)


@pytest.mark.parametrize("text", ["sin(3*x)*cos(5*x)", "tan(x/2)**2 - sin(x + 1)", "cos(x - a)/cos(2*x)"])
def test_the_values_stay(text):
    assert compare(parse(text), by_one_angle(parse(text), X)).is_verified


@pytest.mark.parametrize("text", ["sin(x)*cos(x)", "sin(x)*cos(x**2)", "sin(99*x)/sin(x)", "exp(2*x)*exp(x)"])
def test_equal_unrelated_and_large_angles_are_left(text):
    assert by_one_angle(parse(text), X) == parse(text)

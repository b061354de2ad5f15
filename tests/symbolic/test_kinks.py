import numpy as np
import pytest

from sciml.symbolic.expression import X
from sciml.symbolic.kinks import points_beside_kinks
from sciml.symbolic.parser import parse


@pytest.mark.parametrize(
    ("text", "kink"),
    [
        ("|x - 10^5|", 1e5),
        ("sqrt(x + 3*10^-7)", -3e-7),
        ("log(x^3 - 10^30)", 1e10),
        ("asin(x/10^9)", -1e9),
        ("acosh(exp(x)/50)", np.log(50)),
        ("sqrt((x - 10^6)^2)", 1e6),
        ("sign(x - a)", 2.5),
    ],
)
def test_points_lie_close_on_both_sides_of_a_kink(text, kink):
    points = points_beside_kinks([parse(text)], X, {"a": 2.5}).real
    for side in (1, -1):
        assert np.any(np.abs((points - kink) / kink * side - 1e-5) < 1e-6)
        assert np.any(np.abs((points - kink) / kink * side - 2.0) < 1e-3)


def test_the_middle_between_two_kinks_is_among_the_points():
    points = points_beside_kinks([parse("|x - 100000|"), parse("|x - 100001|")], X, {})
    assert np.any(np.abs(points - 100000.5) < 1e-6)


def test_smooth_functions_have_no_kinks():
    assert len(points_beside_kinks([parse("x^2*sin(x) + exp(x)")], X, {})) == 0
    assert len(points_beside_kinks([parse("log(a + 3)")], X, {"a": 1.0})) == 0

import pytest

from sciml.symbolic.equivalence import equivalent
from sciml.symbolic.parser import parse
from sciml.symbolic.sympy_proof import proves_zero

SAME = [
    ("sin(2*x)", "2*sin(x)*cos(x)"),
    ("(x^2 - 1)/(x - 1)", "x + 1"),
    ("exp(a + x)", "exp(a)*exp(x)"),
    ("1/(1 + tan(x)^2)", "cos(x)^2"),
    ("acosh(x)", "log(x + sqrt(x - 1)*sqrt(x + 1))"),
]
DIFFERENT = [("sin(x)", "cos(x)"), ("x", "x + 1/10^15"), ("sqrt(x^2)", "x^2"), ("atan(x)", "-atan(1/x)")]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_forms_of_one_function_are_equivalent(left, right):
    assert equivalent(parse(left), parse(right)).status == "verified"


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_functions_are_not_equivalent(left, right):
    assert equivalent(parse(left), parse(right)).status == "refuted"


def test_functions_that_agree_on_half_of_the_axis_are_equivalent_in_part():
    assert equivalent(parse("sqrt(x^2)"), parse("x")).status == "partial"


@pytest.mark.parametrize(
    ("left", "right"),
    [("atan(x)", "-atan(1/x)"), ("asin(x)", "-acos(x)"), ("log(3*x)", "log(x)"), ("x + a", "x")],
)
def test_antiderivatives_are_equivalent_up_to_a_constant(left, right):
    assert equivalent(parse(left), parse(right)).status == "refuted"
    assert equivalent(parse(left), parse(right), up_to_constant=True).status == "verified"


def test_sympy_proves_an_identity_and_is_stopped_in_time():
    judged = equivalent(parse("sin(x)^2 + cos(x)^2"), parse("1"), proof_seconds=60)
    assert (judged.status, judged.method) == ("verified", "SymPy")
    assert not proves_zero(parse("0"), seconds=0.05)

import pytest
import sympy

from sciml.errors import InputError
from sciml.symbolic.equivalence import equivalent
from sciml.symbolic.parser import parse
from sciml.symbolic.sympy_proof import proves_zero

SAME = [
    ("sin(2*x)", "2*sin(x)*cos(x)"),
    ("(x^2 - 1)/(x - 1)", "x + 1"),
    ("exp(a + x)", "exp(a)*exp(x)"),
    ("1/(1 + tan(x)^2)", "cos(x)^2"),
    ("acosh(x)", "log(x + sqrt(x - 1)*sqrt(x + 1))"),
    ("sqrt((x - 10^6)^2)", "|x - 10^6|"),
    ("sinh(x + 79)^2 + 1", "cosh(x + 79)^2"),
]
DIFFERENT = [
    *[("sin(x)", "cos(x)"), ("x", "x + 1/10^15"), ("sqrt(x^2)", "x^2"), ("atan(x)", "-atan(1/x)")],
    *[("x", "x + 10^-40"), ("10^200*x", "10^200*x + 1"), ("pi", "3.14159265358979323846264338")],
    *[("|x - 100|", "100 - x"), ("sign(x - 20)", "-1"), ("sign(x^2 - 10^-6)", "1")],
    *[("|x - 10^5|", "10^5 - x"), ("|x^2 - 10^20|", "10^20 - x^2"), ("sign(x + 10^7*a)", "1")],
    ("|x - 10^5| + |x - 10^5 - 1|", "|2*x - 2*10^5 - 1|"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_forms_of_one_function_are_equivalent(left, right):
    assert equivalent(parse(left), parse(right)).status == "verified"


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_functions_are_not_equivalent(left, right):
    assert equivalent(parse(left), parse(right)).status == "refuted"


def test_functions_that_agree_on_a_part_of_the_axis_are_equivalent_in_part():
    assert equivalent(parse("sqrt(x^2)"), parse("x")).status == "partial"
    far = equivalent(parse("sqrt((x - 50)^2)"), parse("50 - x"))
    assert (far.status, far.agreement > 0.8) == ("partial", True)


@pytest.mark.parametrize("left", ["sqrt((x - 10^6)^2)", "sqrt(x^2 - 2*10^6*x + 10^12)", "log(exp(10^6 - x))"])
def test_a_branch_that_begins_far_out_is_seen(left):
    right = "10^6 - x"
    expected = "verified" if left.startswith("log") else "partial"
    assert equivalent(parse(left), parse(right)).status == expected


def test_text_sympy_and_the_engines_expressions_are_compared_alike():
    x = sympy.Symbol("x", real=True)
    assert equivalent("sin(x)^2", 1 - sympy.cos(x) ** 2).status == "verified"
    assert equivalent(parse("2*x"), 2 * x + 0.5).status == "refuted"
    with pytest.raises(InputError, match="not of type list"):
        equivalent("x", [x])


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

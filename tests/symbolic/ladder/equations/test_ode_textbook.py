"""Textbook equations of first and second order, each by the method that textbooks name for it."""

import pytest

from sciml.symbolic import dsolve
from sciml.symbolic.answer import Answer
from sciml.symbolic.expression import symbol
from sciml.symbolic.ladder.equations.climb import EquationClimb
from sciml.symbolic.ladder.equations.factoring import factored, lowest_terms
from sciml.symbolic.ladder.equations.forms import solution_forms
from sciml.symbolic.ladder.equations.integrals import exponential
from sciml.symbolic.ladder.equations.inversion import inverses
from sciml.symbolic.ladder.equations.radicals import with_common_radicals
from sciml.symbolic.ladder.equations.relations import with_joined_logarithms
from sciml.symbolic.ladder.equations.riccati import simple_solutions
from sciml.symbolic.ladder.equations.slopes import solved_for_highest
from sciml.symbolic.ladder.equations.symmetry import affine_flows
from sciml.symbolic.ladder.forms import complexity
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import parse_equation
from sciml.symbolic.unknown_function import Y


@pytest.fixture(autouse=True)
def without_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """The methods alone: neither SymPy nor the sequence model answers in their place."""
    monkeypatch.setattr(EquationClimb, "_by_others", lambda self, problem: None)
    monkeypatch.setattr(EquationClimb, "_by_model", lambda self, problem: None)


def solved(text: str) -> Answer:
    answer = dsolve(text, timeout=60)
    assert answer.verification is not None, text
    assert answer.verification.is_verified, text
    return answer


EXPLICIT = {
    "separable with a product of functions": ("y' = cos(x)^2*cos(y)^2", "atan(x/2 + sin(x)*cos(x)/2 + c1)"),
    "a function of y/x with a root": ("x*y' = y + sqrt(x^2 + y^2)", "x*sinh(log(x) + c1)"),
    "Clairaut's": ("y = x*y' + sqrt(1 + y'^2)", "c1*x + sqrt(c1^2 + 1)"),
    "two branches of y'": ("y'^2 = y^2", "c1*exp(x)"),
    "a square of y'": ("x*y'^2 - 2*y*y' + x = 0", "c1*x^2/2 + 1/(2*c1)"),
    "linear with symbolic exponents": ("x*y' = a*y + b*x^k", "c1*x^a - b*x^k/(a - k)"),
    "Riccati's with a tangent around 4*cos(x)": (
        "-2*x*y^2 + 16*x*y*cos(x) - 4*x*y' - 32*x^3 - 16*x*sin(x) - 32*x*cos(x)^2 + 4*y - 16*cos(x) = 0",
        "4*cos(x) + 4*x*tan(c1 - x^2)",
    ),
    "radicals in two writings": (
        "x*y'*sqrt(x^2 - 2*x + 2) - x - 2*y*sqrt(x^2 - 2*x + 2) + 2*sqrt(x^2 - 2*x + 2)*asinh(x - 1) = 0",
        "c1*x^2 + asinh(x - 1)",
    ),
    "an absolute value in it": ("x^2*y'*sqrt(x^2 - 4)*asin(2/x) + 2*y*abs(x) = 0", "c1*asin(2/x)"),
    "a frequency with a name": ("y'' + w^2*y = cos(w*x)", "c1*cos(w*x) + c2*sin(w*x) + x*sin(w*x)/(2*w)"),
    "no y in it": ("x^2*y'' = 2*x*y' + y'^2", "c2 - x^2/2 - c1*x - c1^2*log(x - c1)"),
    "no x in it": ("y*y'' = y'^2 + y'", "c2*exp(c1*x) + 1/c1"),
    "no x in it, by a tangent": ("y'' = 2*y*y'", "c1*tan(c1*x + c2)"),
    "y'' by its roots": ("y''^2 = y'", "x^3/12 + c1*x^2/2 + c1^2*x + c2"),
    "a common factor that must be cancelled": (
        "2*x^5*y''*atan(x) - 2*x^4*y'*atan(x) + x^4*y'' + 2*x^4*atan(x) - 2*x^3*y' + 4*x^3*y''*atan(x)"
        " + 2*x^3 - 4*x^2*y'*atan(x) + x^2*y'' + 4*x^2*atan(x) - 4*x*y' + 2*x*y''*atan(x) + 4*x"
        " - 2*y'*atan(x) + 2*atan(x) = 0",
        "c1*x^2*atan(x) + x + c2",
    ),
    "Riccati's with a solution that only the coefficient of exp(x) shows": (
        "x^2*exp(x) + 2*x^2 - 2*x*y*exp(x) - 4*x*y + x*y' - 10*x*exp(x) - 20*x + y^2*exp(x) + 2*y^2"
        " + 10*y*exp(x) + 19*y + 25*exp(x) + 45 = 0",
        "x + x/(2*x + exp(x) + c1) - 5",
    ),
    "linear in tanh(y)": (
        "x^2*y''*cosh(y) - 2*x^2*y'^2*sinh(y) + 3*y'*log(x)^2*cosh(y) - 6*y'*log(x)*cosh(y)"
        " + 3*x*y''*log(x)^2*cosh(y) - 6*x*y'^2*log(x)^2*sinh(y) = 0",
        "atanh(c1*(x + log(x)^3) + c2)",
    ),
}


@pytest.mark.parametrize(("text", "expected"), EXPLICIT.values(), ids=EXPLICIT.keys())
def test_equation_is_solved_in_a_form_no_longer_than_the_textbooks(text: str, expected: str) -> None:
    answer = solved(text)
    assert answer.solution is not None
    assert not answer.is_implicit
    assert complexity(answer.solution) <= complexity(parse(expected)), answer.infix


IMPLICIT = {
    "exact, with products of x and y in exponentials": (
        "(y*exp(x*y) + 4*y^3) + (x*exp(x*y) + 12*x*y^2 - 2*y)*y' = 0"
    ),
    "exact": "(exp(x)*sin(y) - 2*y*sin(x)) + (exp(x)*cos(y) + 2*cos(x))*y' = 0",
    "exact after multiplication by y": "y + (2*x - y*exp(y))*y' = 0",
    "linear in x": "(x + y)*y' = y",
    "a function of x + y": "y' = sqrt(x + y)",
    "a function of y/x": "y' = (x + y)/(x - y)",
    "cubic in the end": "y'' + 2*y*y'^3 = 0",
}


@pytest.mark.parametrize("text", IMPLICIT.values(), ids=IMPLICIT.keys())
def test_equation_without_explicit_solution_is_solved_implicitly(text: str) -> None:
    assert solved(text).is_implicit


def test_a_relation_has_no_common_factor() -> None:
    answer = solved("y' = y*cos(x)/(1 + 2*y^2)")
    assert answer.is_implicit
    assert answer.solution in (parse("y^2 + log(y) - sin(x) - c1"), parse("sin(x) - y^2 - log(y) - c1"))


def test_the_relation_is_given_where_no_branch_of_y_holds_widely() -> None:
    """y = sin(pi + c1*x**2) leaves the range of asin soon; asin(y) = pi + c1*x**2 holds everywhere."""
    answer = solved("x*y' = 2*sqrt(1 - y^2)*(asin(y) - pi)")
    assert answer.is_implicit
    assert answer.solution is not None
    assert complexity(answer.solution) <= complexity(parse("asin(y) - c1*x^2 - pi"))


def test_logarithms_of_a_relation_are_joined_where_that_is_shorter() -> None:
    assert with_joined_logarithms(parse("x/y - log(x) - log(y/x)")) == parse("x/y - log(y)")
    joined = with_joined_logarithms(parse("atan(y/x) - log(x) - log(y^2/x^2 + 1)/2"))
    assert joined == parse("atan(y/x) - log(x^2 + y^2)/2")
    assert with_joined_logarithms(parse("log(x + y) - log(x*y + 1)/3")) == parse(
        "log(x + y) - log(x*y + 1)/3"
    )


def test_simple_solutions_of_riccatis_equation_are_found_by_residues() -> None:
    """v = x solves v' = (v - x)**2/log(x) + v/x; v' = v**2 + x has Airy functions only."""
    p, q, r = parse("1/log(x)"), parse("1/x - 2*x/log(x)"), parse("x^2/log(x)")
    assert parse("x") in simple_solutions(p, q, r)
    assert simple_solutions(parse("1"), parse("0"), parse("x")) == []


def test_affine_flows_of_a_linear_fraction_turn_and_stretch_about_its_centre() -> None:
    solved_form = solved_for_highest(parse_equation("y' = (x + y - 2)/(x - y + 4)"))
    assert solved_form is not None
    flows = {(flow.xi, flow.eta) for flow in affine_flows(solved_form)}
    assert flows == {(parse("x + 1"), parse("y - 3")), (parse("3 - y"), parse("x + 1"))}


def test_a_general_function_of_x_and_y_has_no_affine_flow() -> None:
    solved_form = solved_for_highest(parse_equation("y' = x*y^2 + sin(x) + y"))
    assert solved_form is not None
    assert affine_flows(solved_form) == []


def test_square_roots_that_are_multiples_of_one_another_get_one_writing() -> None:
    node = parse("sqrt(1 + 4/x^2) + y*sqrt(x^2 + 4)")
    assert with_common_radicals(node) == parse("sqrt(x^2 + 4)/x + y*sqrt(x^2 + 4)")
    node = parse("asinh(x - 1) + sqrt(x^2 - 2*x + 2)")
    assert with_common_radicals(node) == parse("asinh(x - 1) + sqrt((x - 1)^2 + 1)")
    node = parse("acosh(x) + sqrt(4*x^2 - 4)")
    assert with_common_radicals(node) == parse("acosh(x) + 2*sqrt(x - 1)*sqrt(x + 1)")


def test_constants_of_integration_absorb_what_stands_around_them() -> None:
    constants = (symbol("c1"), symbol("c2"))
    for long, short in (
        ("exp(2*x + 2*c1)", "c1*exp(2*x)"),
        ("x^2/2 + c1/3 + 5", "x^2/2 + c1"),
        ("c1*sin(x) + sin(x)/2 + c2*cos(x)", "c1*sin(x) + c2*cos(x)"),
        ("1/c1**2 + x", "x + c1"),
    ):
        assert solution_forms(parse(long), constants)[0] == parse(short)


def test_factoring_cancels_and_splits_numerator_and_denominator() -> None:
    node = parse("(x*exp(2*x) - x)/(x^2*exp(x) + x^2 + x*exp(x) + x)")
    assert factored(node) == parse("(exp(x) - 1)/(x + 1)")


def test_functions_of_numbers_cancel_where_a_number_was_put_for_y() -> None:
    above = "2*sin(1)^2*tan(2)^2 + sin(1)^2*tan(2)^4 + sin(1)^2 - 2*tan(2)^2 - tan(2)^4 - 1"
    below = "(sin(1)^2*tan(2)^2 + sin(1)^2 - tan(2)^2 - 1)*(tan(2)^2 + 1)"
    assert lowest_terms(parse(f"4*({above})/(({below})*x^2)")) == parse("4/x^2")


def test_quotients_of_sine_and_cosine_are_inverted_as_tangents() -> None:
    assert inverses(parse("x*sinh(y)/cosh(y)"), Y[0], parse("c1")) == [parse("atanh(c1/x)")]
    assert inverses(parse("cos(y)^2/sin(y)^2"), Y[0], parse("c1"))[0] == parse("atan(1/sqrt(c1))")


def test_an_integrating_factor_with_atanh_is_rational() -> None:
    assert exponential(parse("2*atanh(x)")) == parse("(1 + x)/(1 - x)")

import pytest
import sympy

from sciml.errors import InputError, SettingsError
from sciml.symbolic import integrate, parse
from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import symbol
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder import sympy_child
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.forms import forms
from sciml.symbolic.ladder.scaling import scaled_away
from sciml.symbolic.problems import parse_equation, parse_integral
from sciml.symbolic.verification import verify, verify_integral


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x*exp(x)", "exp(x)*(x - 1)"),
        ("x^2*log(x)^2", "x**3*(9*log(x)**2 - 6*log(x) + 2)/27"),
        ("x*exp(x) + sin(x)/cos(x)^3", "exp(x)*(x - 1) + 1/(2*cos(x)**2)"),
        ("7", "7*x"),
    ],
)
def test_the_simplest_form_is_the_answer_and_has_no_constant(text, wanted):
    answer = integrate(text)
    assert (answer.infix, answer.status) == (wanted, "solved")
    assert answer.verification.is_verified


def test_an_integrand_without_antiderivative_is_unsolved_within_its_time():
    answer = integrate("exp(x^2)*sin(x)", timeout=0.6)
    assert (answer.status, answer.solution, answer.infix, answer.sympy) == ("unsolved", None, None, None)
    assert answer.seconds < 2.5


def test_terms_without_antiderivatives_of_their_own_are_solved_together():
    answer = integrate("exp(x)/x - exp(x)/x^2 + cos(3*x)")
    assert answer.status == "solved"
    assert verify(answer.problem, answer.solution).is_verified


def test_the_user_chooses_the_variable_and_gets_his_names_back():
    answer = integrate("k*x*t", "t")
    assert answer.infix == "k*x*t**2/2" or answer.solution == parse("k*x*t^2/2")
    assert integrate("z^2").solution == parse("z^3/3")
    assert integrate("z^2").notes == ("integrated over z, the only symbol",)
    with pytest.raises(InputError, match="which is the variable: s, t"):
        integrate("s*t")
    with pytest.raises(InputError, match="cannot be a variable"):
        integrate("s*t", "2*s")


def test_sympy_goes_in_and_comes_out_with_its_assumptions():
    t, k = sympy.symbols("t k", positive=True)
    answer = integrate(k * sympy.cos(k * t), t)
    assert sympy.simplify(answer.sympy - sympy.sin(k * t)) == 0
    assert answer.latex() == r"\sin\left(k t\right)"


def test_a_symbol_of_sympy_of_any_name_may_be_the_variable():
    velocity, alpha = sympy.symbols("velocity alpha_1")
    assert integrate(velocity**2 * alpha, velocity).sympy == alpha * velocity**3 / 3
    assert integrate(5).sympy == 5 * sympy.Symbol("x")
    with pytest.raises(InputError, match="cannot be a variable"):
        integrate(velocity, velocity + 1)


def test_an_unknown_function_is_no_constant():
    x = sympy.Symbol("x")
    for given in ("y(x)", "x*y(x)", sympy.Function("f")(x), x * sympy.Function("y")(x)):
        with pytest.raises(InputError, match="unknown function"):
            integrate(given, "x")
    assert integrate("y*x").infix == "y*x**2/2"


def test_other_forms_are_verified_and_follow_the_simplest():
    answer = integrate("x*exp(x)", alternatives=1)
    assert [to_infix(one) for one in answer.alternatives] == ["x*exp(x) - exp(x)"]
    assert all(verify(answer.problem, one).is_verified for one in answer.alternatives)


def test_settings_that_mean_nothing_are_refused():
    for settings in (
        {"timeout": 0},
        {"beam": 0},
        {"alternatives": -1},
        {"lower": 0},
        {"timeout": float("nan")},
    ):
        with pytest.raises(SettingsError):
            integrate("x", **settings)


def test_a_parameter_that_sets_the_scale_is_scaled_away():
    integrand = parse("x^2*sqrt(a^2 - x^2)")
    found = next(scaled_away(integrand))
    assert found.integrand == parse("x^2*sqrt(1 - x^2)")
    inner = integrate(found.integrand).solution
    assert verify_integral(integrand, found.back(inner)).is_verified
    assert list(scaled_away(parse("sin(x) + a*x"))) == []


@pytest.mark.parametrize(
    ("integrand", "written"),
    [
        ("log(x, 10)", "x*(log(x) - 1)/log(10)"),
        ("x*(1 - x)^50", "(51*x + 1)*(x - 1)**51/2652"),
        ("(1 - x)*exp(x)", "exp(x)*(2 - x)"),
        ("x^2*(2*x + 3)^7", "(48*x**2 - 16*x + 3)*(2*x + 3)**8/960"),
    ],
)
def test_answers_are_written_as_short_as_by_hand(integrand, written):
    assert integrate(integrand).infix == written


def test_forms_differ_by_a_constant_at_most():
    given = parse("x*exp(x) - exp(x) + 5 + (x + 1)^3")
    for form in forms(given, is_antiderivative=True):
        assert verify_integral(derivative(given), form).is_verified


def test_sympy_answers_from_its_process_and_a_hung_request_is_killed():
    answers = list(sympy_child.propose(parse_integral("x*exp(a*x)"), Deadline.after(60)))
    assert verify(parse_integral("x*exp(a*x)"), answers[0].expression).is_verified
    problem = parse_equation("(x + y)^3*y' = y*sin(x*y)")
    assert list(sympy_child.propose(problem, Deadline.after(0.5))) == []
    again = list(sympy_child.propose(parse_equation("y'' + y = 0"), Deadline.after(60)))
    assert symbol("c2").mask & again[0].expression.mask

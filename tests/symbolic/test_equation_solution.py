import pytest
import sympy

from sciml.errors import InputError
from sciml.symbolic import dsolve, parse
from sciml.symbolic.judgement import Verification
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.climb import EquationClimb
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.settings import Settings
from sciml.symbolic.problems import parse_equation
from sciml.symbolic.verification import verify


@pytest.mark.parametrize("text", ["y' = x*y", "y' = y/x + x", "y'' + 3*y' + 2*y = 0", "x*y' + y = y^2*x"])
def test_solutions_are_explicit_verified_and_general(text):
    answer = dsolve(text, timeout=60)
    assert (answer.status, answer.is_implicit) == ("solved", False)
    assert verify(parse_equation(text), answer.solution).status == "verified"


def test_names_of_variable_and_parameters_come_back():
    answer = dsolve("dy/dt = -k*y")
    assert verify(answer.problem, answer.solution).is_verified
    assert answer.problem.variable == parse("t")
    noted = dsolve("y' = -k*y*t")
    assert noted.notes == ("y is read as a function of t",)
    assert verify(noted.problem, noted.solution).is_verified


def test_sympy_equations_go_in_and_come_out():
    x = sympy.Symbol("x")
    y = sympy.Function("y")
    answer = dsolve(sympy.Eq(y(x).diff(x), 2 * x * y(x)))
    assert answer.sympy.lhs == y(x)
    residual = answer.sympy.rhs.diff(x) - 2 * x * answer.sympy.rhs
    assert sympy.simplify(residual) == 0
    assert answer.sympy.rhs.has(sympy.Symbol("c1"))


def test_an_unknown_function_of_sympy_keeps_its_name():
    t, u = sympy.Symbol("t", positive=True), sympy.Function("u")
    equation = sympy.Eq(u(t).diff(t), -3 * u(t))
    assert sympy.checkodesol(equation, dsolve(equation).sympy) == (True, 0)
    implicit = dsolve(sympy.Eq(u(t).diff(t), 1 / (sympy.exp(u(t)) + sympy.cos(u(t)))))
    assert implicit.is_implicit
    assert implicit.sympy.has(u(t))


def test_the_name_of_a_constant_of_integration_is_no_parameter():
    with pytest.raises(InputError, match="c1 names a constant of integration"):
        dsolve("y' = c1*y")


def test_an_explicit_solution_is_preferred_to_an_implicit_one_that_came_first():
    problem = parse_equation("y' = x*y")
    climb = EquationClimb(Settings(), Deadline.after(20))

    def rung(asked, deadline):
        yield Candidate(parse("log(y) - x^2/2 - c1"))
        yield Candidate(parse("exp(x^2/2)"))
        yield Candidate(parse("c1*exp(x^2/2)"))

    assert climb._by_rung("by hand", rung, problem, 20).expression == parse("c1*exp(x^2/2)")
    assert climb._second_best.expression == parse("log(y) - x^2/2 - c1")
    assert isinstance(climb._second_best.verification, Verification)

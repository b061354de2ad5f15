"""Differential equations solved by substitutions: cases worked by hand, and what the rung must not do."""

import time

import pytest

from sciml.symbolic.expression import Expr
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.methods import propose
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ode_verification import verify_equation
from sciml.symbolic.problems import parse_equation
from sciml.symbolic.unknown_function import Y


def verified(text: str) -> list[Candidate]:
    """Candidates that solve the equation, up to the first that is explicit."""
    problem = parse_equation(text)
    found = []
    for candidate in propose(problem, Deadline.after(20)):
        judged = verify_equation(problem, candidate.expression)
        if judged.is_verified:
            found.append(candidate)
            if is_explicit(candidate.expression):
                break
    return found


def is_explicit(answer: Expr) -> bool:
    return not answer.mask & Y[0].mask


FIRST_ORDER = {
    "linear with an integrating factor": "x*y' + y = cos(x)",
    "Bernoulli's": "y' + y/x = x*y**2",
    "Bernoulli's with a sixth power": "y' + y/x = x**2*y**6",
    "Bernoulli's with a named exponent": "y' = y/x + x*y**n",
    "Riccati's in y**2": "x*y*y' = x**4 + y**2 + y**4",
    "a constant that is no number before the integral": (
        "y' = y/x + x*cos(5)*(x**3 + exp(x))/(x**4/4 + exp(x))"
    ),
    "separable": "y' = x*exp(y)",
    "a function of x - y": "5*y' - (x - y)**2 - 5 = 0",
    "linear in tan(y)": "y'*(tan(y)**2 + 1) + tan(y)/x = x",
    "linear in the arc tangent, which is not there": "y' = (1 + y**2)/x",
    "linear in a sine of which only the cosine is there": "y'*cos(y) + 4 = 0",
    "Riccati's with the solution x": "y' = y**2 - 2*x*y + x**2 + 1",
    "a tangent scaled by x**3": "x*y' = 3*y + y**2 + x**6",
    "a root of a square in it": "y' = y/x + log(exp(x))",
    "Riccati's in 1/(x - y)": "y' = 1 + (x - y)**2/x",
}


@pytest.mark.parametrize("text", FIRST_ORDER.values(), ids=FIRST_ORDER.keys())
def test_first_order_equations_are_solved_explicitly(text: str) -> None:
    assert any(is_explicit(one.expression) for one in verified(text)), text


SECOND_ORDER = {
    "constant coefficients, resonance": "y'' - 2*y' + y = exp(x)",
    "Euler's, complex exponents": "x**2*y'' + x*y' + 4*y = 0",
    "no y": "x*y'' + 2*y' - 2 = 0",
    "linear with solutions x and exp(x)": "(x - 1)*y'' - x*y' + y = 0",
    "common factor of both solutions": "x**2*y'' + 2*x*y' + x**2*y = 0",
    "linear in 1/(y - x**2), multiplied out": "(y - x**2)*(y'' - 2) = 2*(y'**2 - 4*x*y' + 4*x**2)",
    "a first integral": "y'' = sqrt(y'**2 + 1)",
    "linear in 1/y": "y*y'' - 2*y'**2 = 0",
    "linear in a root of y": "2*y*y'' - y'**2 = 0",
    "linear in log(y)": "y*y'' - y'**2 = y**2",
    "linear in tan(y)": "y'' + 2*tan(y)*y'**2 = 0",
}


@pytest.mark.parametrize("text", SECOND_ORDER.values(), ids=SECOND_ORDER.keys())
def test_second_order_equations_are_solved_explicitly(text: str) -> None:
    assert any(is_explicit(one.expression) for one in verified(text)), text


def test_steps_name_the_substitution() -> None:
    candidate = verified("y'*exp(y) = x + exp(y)")[0]
    assert any("exp(y)" in str(step) and "linear" in str(step) for step in candidate.steps)


def test_the_verifier_refuses_what_solves_another_equation() -> None:
    """Both forms of y' = 2*sqrt(y) are proposed at most; none of them is a solution of y' = 3*sqrt(y)."""
    other = parse_equation("y' = 3*sqrt(y)")
    candidates = list(propose(parse_equation("y' = 2*sqrt(y)"), Deadline.after(20)))
    assert candidates
    assert not any(verify_equation(other, one.expression).is_verified for one in candidates)


def test_nothing_is_begun_after_the_deadline() -> None:
    problem = parse_equation("y'' + y'/x + y*sin(x)*exp(x) = log(x + exp(x))*y**3")
    started = time.process_time()
    assert list(propose(problem, Deadline.after(0))) == []
    assert time.process_time() - started < 2

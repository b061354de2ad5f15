import json

import pytest

from benchmarks.symbolic.independent_check import is_wrong
from benchmarks.symbolic.solve import answered, left_by_sympy, row
from benchmarks.symbolic.solvers import read_problem, solver
from sciml.errors import SettingsError
from sciml.symbolic import parse
from sciml.symbolic.problems import parse_equation, parse_integral


@pytest.mark.parametrize(
    ("problem", "answer", "wanted"),
    [
        (parse_integral("x*exp(x)"), "(x - 1)*exp(x) + 3", False),
        (parse_integral("x*exp(x)"), "x*exp(x)", True),
        (parse_integral("1/sqrt(x^2 - 1)"), "acosh(x)", False),
        (parse_integral("cos(x)"), "sin(x) + x/10^9", True),
        (parse_equation("y'' + y = 0"), "c1*sin(x) + c2*cos(x)", False),
        (parse_equation("y'' + y = 0"), "c1*sin(x) + c2*x", True),
        (parse_equation("y' = x*y"), "c1*exp(x^2/2)", False),
        (parse_equation("y' = x*y"), "log(y) - x^2/2 - c1", None),
    ],
)
def test_wrong_answers_are_told_from_right_ones_without_derivatives(problem, answer, wanted):
    assert is_wrong(problem, parse(answer)) is wanted


def test_an_answer_of_the_ladder_is_recorded_with_its_evidence():
    record = answered(parse_integral("x*exp(x)"), solver("ladder"), 5.0)
    assert (record["answer"], record["is_solved"], record["is_wrong"]) == ("exp(x)*(x - 1)", True, False)
    assert record["verification"][0] == "verified"


def test_the_table_counts_what_the_records_say():
    records = [
        {"seconds": 0.1, "is_timeout": False, "is_solved": True, "is_strict": True, "is_implicit": False},
        {"seconds": 0.3, "is_timeout": False, "is_solved": True, "is_strict": False, "is_implicit": True},
        {"seconds": 9.9, "is_timeout": True},
        {"seconds": 0.2, "is_timeout": False, "is_solved": False, "is_wrong": True},
    ]
    assert row("bwd", "ladder", records) == (
        "| bwd | ladder | 4 | 50.0% ± 25.0% | 25.0% | 1 | 1 | 1 | 0.25 | 9.90 |"
    )


def test_the_hard_part_of_a_set_is_what_sympy_leaves():
    by_sympy = {"a": True, "b": False, "c": False}
    others = {"ladder": {"a": True, "b": True, "c": True}, "giac": {"a": True, "b": False, "c": True}}
    assert left_by_sympy("sets/fwd.jsonl", by_sympy, others) == (
        "fwd: SymPy leaves 2 of 3; of these ladder 2, giac 1"
    )


def test_problems_are_integrals_or_equations_by_what_they_say():
    line = json.dumps({"id": "e", "task": "ode1", "problem": "y' - x*y = 0"})
    assert read_problem(line)[1] == parse_equation("y' - x*y = 0")
    line = json.dumps({"id": "h", "task": "human", "problem": "sinh(x)"})
    assert read_problem(line) == ("h", parse_integral("sinh(x)"))


def test_solvers_that_are_not_there_are_refused():
    with pytest.raises(SettingsError, match="no solver 'mathematica'"):
        solver("mathematica")

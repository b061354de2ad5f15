import re
import sys
import time

import pytest

from sciml.symbolic import parse
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.foreign_cas import SYSTEMS, System, run
from sciml.symbolic.problems import parse_equation, parse_integral

BY_NAME = {one.name: one for one in SYSTEMS}


@pytest.mark.parametrize(
    ("name", "printed", "wanted"),
    [
        ("Maxima", "sciml-answer ((%pi*x-1)*%e^(%pi*x))/%pi^2 ", ["(pi*x - 1)*exp(pi*x)/pi^2"]),
        ("Maxima", "sciml-answer y = %c*%e^(x^2/2)", ["c1*exp(x^2/2)"]),
        ("Maxima", "sciml-answer -%e^-y = x^2/2+%c", ["-exp(-y) - x^2/2 - c1"]),
        ("FriCAS", "(2) sciml-answer (x-1)*\n  exp(x)sciml-end\n(3)", ["(x - 1)*exp(x)"]),
        ("FriCAS", "sciml-answer -exp(-y(x))-x-k1sciml-end", ["-exp(-y) - x - k1"]),
        ("Giac", '0>> string(…)\n"sciml-answer c_0*cos(x)+c_1*sin(x)"', ["c1*cos(x) + c2*sin(x)"]),
        ("Giac", '"sciml-answer c_1*x+c_2+2*n_0*pi"', ["c1*x + c2"]),
        ("Giac", '"sciml-answer [exp(x),c_0*(x+1)]"', ["exp(x)", "c1*(x + 1)"]),
    ],
)
def test_what_a_system_prints_is_read_as_answers(name, printed, wanted):
    assert [parse(text) for text in BY_NAME[name].read(printed)] == [parse(text) for text in wanted]


def test_scripts_say_the_problem_in_the_language_of_each_system():
    integral, equation = parse_integral("E*pi*x^2*I"), parse_equation("y'' + y = x")
    assert all(one in BY_NAME["Maxima"].script(integral) for one in ("integrate(", "%e", "%i", "%pi", "x^2"))
    assert "ode2(" in BY_NAME["Maxima"].script(equation)
    assert "'diff(y,x,2)" in BY_NAME["Maxima"].script(equation)
    assert "D(y(x),x,2)" in BY_NAME["FriCAS"].script(equation)
    assert "desolve(" in BY_NAME["Giac"].script(equation)


def test_answers_of_a_program_are_candidates_and_others_are_passed_by():
    printing = "print('sciml-answer x^2/2'); print('sciml-answer li(x)'); print('sciml-answer x^2/2+1')"
    system = System("Printer", (sys.executable, "-c", printing), lambda problem: "", BY_NAME["Maxima"].read)
    found = [one.expression for one in system.propose(parse_integral("x"), Deadline.after(30))]
    assert found == [parse("x^2/2"), parse("x^2/2 + 1")]


def test_a_step_that_fails_in_fricas_leaves_no_name_that_could_be_an_answer():
    script = BY_NAME["FriCAS"].script(parse_integral("x"))
    name = re.search(r"^(\w+) := integrate", script, re.MULTILINE).group(1)
    printed = f"sciml-answer {name}sciml-end"
    system = System("Printer", (sys.executable, "-c", f"print({printed!r})"), str, BY_NAME["FriCAS"].read)
    assert list(system.propose(parse_integral("x"), Deadline.after(30))) == []


def test_a_program_that_hangs_is_killed_at_the_deadline():
    started = time.monotonic()
    assert run((sys.executable, "-c", "while True: pass"), "", Deadline.after(0.3)) == ""
    assert time.monotonic() - started < 5

import json

import pytest

from sciml.cli.app import main
from sciml.symbolic import parse
from sciml.symbolic.problems import parse_equation
from sciml.symbolic.verification import verify


def test_integrate_prints_the_answer_alone_on_standard_output(capsys):
    assert main(["integrate", "x*exp(x)"]) == 0
    out, err = capsys.readouterr()
    assert out == "exp(x)*(x - 1)\n"
    assert err.startswith("verified by differentiation")


def test_definite_integrals_in_latex_and_as_json(capsys):
    assert main(["integrate", "1/(1+x^2)", "--definite", "-inf", "inf", "--latex", "-q"]) == 0
    assert capsys.readouterr().out == "\\pi = 3.14159265358979\n"
    assert main(["integrate", "1/x", "--definite", "-1", "1", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["solution"], values["definite"]["status"]) == ("log(x)", "divergent")


def test_an_unsolved_integral_ends_with_exit_code_3_and_prints_no_answer(capsys):
    assert main(["integrate", "exp(x^2)*sin(x)", "--timeout", "0.5"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "unsolved" in err


def test_text_that_cannot_be_read_names_the_place(capsys):
    assert main(["integrate", "x^^2"]) == 2
    assert "position 3" in capsys.readouterr().err
    assert main(["integrate"]) == 2
    assert main(["integrate", "x", "--file", "problems.jsonl"]) == 2


def test_steps_say_how(capsys):
    assert main(["integrate", "x*exp(x^2)", "--steps", "-q"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1. substitution u = x**2: the integral of exp(u)/2 du"
    assert lines[-1] == "exp(x**2)/2"


def test_plot_writes_a_picture(tmp_path):
    picture = tmp_path / "sine.png"
    assert main(["integrate", "sin(k*x)", "--variable", "x", "--plot", str(picture), "-q"]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["integrate", "sin(x)", "--plot", str(tmp_path / "sine.svg"), "-q"]) == 2


def test_dsolve_prints_a_general_solution(capsys):
    assert main(["dsolve", "x*Derivative(y(x), x) - y(x) = 0", "-q", "--timeout", "60"]) == 0
    assert verify(parse_equation("x*y' = y"), parse(capsys.readouterr().out)).is_verified
    assert main(["dsolve", "y' = c1*y"]) == 2


@pytest.fixture
def problems(tmp_path):
    file = tmp_path / "problems.jsonl"
    lines = [
        {"problem": "x^2", "id": "square"},
        {"problem": "x^^2", "id": "bad"},
        {"problem": "t^3", "variable": "t"},
        {"nothing": 1},
    ]
    file.write_text("\n".join([json.dumps(one) for one in lines] + ["no json", ""]))
    return file


def test_a_file_is_answered_line_by_line_whatever_is_in_it(problems, tmp_path, capsys):
    out = tmp_path / "answers.jsonl"
    assert main(["integrate", "--file", str(problems), "--out", str(out)]) == 3
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["status"] for one in answers] == ["solved", "error", "solved", "error", "error"]
    assert [one["solution"] for one in answers] == ["x**3/3", None, "t**4/4", None, None]
    assert [one["id"] for one in answers] == ["square", "bad", 3, 4, 5]
    assert f"{problems}: line 2, record 'bad', position 3: " in capsys.readouterr().err


def test_a_killed_run_goes_on_behind_its_last_whole_line(problems, tmp_path, capsys):
    out = tmp_path / "answers.jsonl"
    main(["integrate", "--file", str(problems), "--out", str(out)])
    whole = out.read_bytes()
    lines = whole.splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:2]) + lines[2][:20])
    capsys.readouterr()
    main(["integrate", "--file", str(problems), "--out", str(out)])
    assert "(2 known before)" in capsys.readouterr().err
    again = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["id"] for one in again] == ["square", "bad", 3, 4, 5]


def test_answers_keep_the_kind_of_ids_and_are_not_taken_for_another_variable(tmp_path, capsys):
    file, out = tmp_path / "problems.jsonl", tmp_path / "answers.jsonl"
    file.write_text('{"id": 7, "problem": "x*t"}\n{"id": null, "problem": "x", "variable": 3}')
    assert main(["integrate", "--file", str(file), "--out", str(out)]) == 3
    file.write_text('{"id": 7, "problem": "x*t", "variable": "t"}\n')
    assert main(["integrate", "--file", str(file), "--out", str(out)]) == 0
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["id"] for one in answers] == [7, None, 7]
    assert [one["solution"] for one in answers] == ["t*x**2/2", None, "t**2*x/2"]
    assert "`variable` is a text" in capsys.readouterr().err


def test_answers_never_overwrite_problems(problems):
    before = problems.read_text()
    assert main(["integrate", "--file", str(problems), "--out", str(problems)]) == 2
    assert problems.read_text() == before


def test_the_same_problem_over_two_variables_is_answered_once_each(tmp_path, capsys):
    file, out = tmp_path / "problems.jsonl", tmp_path / "answers.jsonl"
    records = [{"id": 1, "problem": "t", "variable": "t"}, {"id": 1, "problem": "t", "variable": "u"}]
    records += [{"id": "1", "problem": "t", "variable": "t"}]
    file.write_text("\ufeff" + "\r\n".join(map(json.dumps, records)), encoding="utf-8", newline="")
    assert main(["integrate", "--file", str(file), "--out", str(out)]) == 0
    before = out.read_bytes()
    assert main(["integrate", "--file", str(file), "--out", str(out)]) == 0
    assert "3 solved, 0 unsolved, 0 refused (3 known before)" in capsys.readouterr().err
    assert out.read_bytes() == before
    answers = [json.loads(line) for line in before.splitlines()]
    assert [(one["id"], one["solution"]) for one in answers] == [(1, "t**2/2"), (1, "t*u"), ("1", "t**2/2")]


def test_a_line_separator_inside_of_a_text_ends_no_record(tmp_path):
    file, out = tmp_path / "problems.jsonl", tmp_path / "answers.jsonl"
    file.write_text('{"id": "first\u2028second", "problem": "x"}\n', encoding="utf-8")
    assert main(["integrate", "--file", str(file), "--out", str(out)]) == 0
    assert main(["integrate", "--file", str(file), "--out", str(out), "-q"]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["id"] == "first\u2028second"


def test_answers_between_other_limits_are_computed_again(tmp_path):
    file, out = tmp_path / "problems.jsonl", tmp_path / "answers.jsonl"
    file.write_text('{"id": 1, "problem": "x"}\n')
    for limits in ((), ("--definite", "0", "1"), ("--definite", "0", "2.0"), ("--definite", "0", "2")):
        assert main(["integrate", "--file", str(file), "--out", str(out), "-q", *limits]) == 0
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one.get("definite", {}).get("value") for one in answers] == [None, "1/2", "2"]


def test_a_definite_integral_without_value_is_not_counted_as_solved(tmp_path, capsys):
    file, out = tmp_path / "problems.jsonl", tmp_path / "answers.jsonl"
    file.write_text('{"id": 1, "problem": "sqrt(x)"}\n')
    limits = ["--definite", "-1", "1"]
    assert main(["integrate", "--file", str(file), "--out", str(out), *limits]) == 3
    assert "0 solved, 1 unsolved" in capsys.readouterr().err


def test_files_that_cannot_be_written_in_the_end_are_refused_at_once(tmp_path, capsys):
    assert main(["integrate", "x", "--plot", str(tmp_path / "x.jpg")]) == 2
    assert main(["integrate", "x", "--out", str(tmp_path / "x.jsonl")]) == 2
    assert main(["dsolve", "y' = y", "--out", str(tmp_path / "x.jsonl")]) == 2
    assert capsys.readouterr().out == ""

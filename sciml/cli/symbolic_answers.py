"""What `sciml integrate` and `sciml dsolve` print, and how they go through a file of problems."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciml.cli.understood import printable
from sciml.errors import InputError, MissingRequirementError, SettingsError

if TYPE_CHECKING:
    from sciml.symbolic.answer import Answer
    from sciml.symbolic.expression import Expr

Solve = Callable[[str, str | None], "Answer"]
"""(problem, variable or None) -> answer."""
_NOTHING = "no answer could be verified"
EXIT_DONE, EXIT_SOME_FAILED = 0, 3


def print_answer(answer: "Answer", *, as_json: bool, latex: bool, steps: bool, quiet: bool) -> None:
    """The answer on standard output, all that is said about it on standard error."""
    if as_json:
        values = answer.to_dict()
        if latex:
            values["latex"] = answer.latex()
        if steps:
            values["steps"] = [str(step) for step in answer.steps]
        print(json.dumps(values, ensure_ascii=False))
        return
    value = None if answer.definite is None else answer.definite.text(latex=latex)
    if not quiet:
        for note in (*answer.notes, *(answer.definite.notes if answer.definite is not None else ())):
            if value is None or not value.endswith(note):
                print(printable(f"note: {note}"), file=sys.stderr)
    if steps:
        for number, step in enumerate(answer.steps, 1):
            print(f"{number}. {step}")
    if value is not None:
        print(value)
    elif answer.solution is not None:
        print(answer.latex() if latex else answer.infix)
    for other in answer.alternatives:
        print(f"or: {_shown(answer, other, latex)}")
    if not quiet:
        print(_evidence(answer), file=sys.stderr)


def print_unsolved(seconds: float, *, as_json: bool, quiet: bool) -> None:
    """What is said where the time is up and no answer object can be made."""
    if as_json:
        empty = {"status": "unsolved", "solution": None, "rung": None, "seconds": round(seconds, 3)}
        print(json.dumps(empty))
    elif not quiet:
        print(f"unsolved after {seconds:.1f} s; {_NOTHING}", file=sys.stderr)


def _shown(answer: "Answer", other: "Expr", latex: bool) -> str:
    from dataclasses import replace

    changed = replace(answer, solution=other)
    return str(changed.latex() if latex else changed.infix)


def _evidence(answer: "Answer") -> str:
    """One line: verified how, found by what, in which time."""
    if answer.solution is None or answer.verification is None:
        return f"unsolved after {answer.seconds:.1f} s; {_NOTHING}"
    judged = answer.verification
    checked = "by substitution" if answer.is_equation else "by differentiation"
    where = "wherever the problem is defined"
    if judged.status == "partial":
        where = f"at {judged.agreement:.0%} of the points (elsewhere another branch is needed)"
    if answer.definite is not None and answer.definite.quadrature is not None and answer.definite.is_answer:
        where += f", and by quadrature ({answer.definite.quadrature:.10g})"
    return f"verified {checked} ({judged.method}) {where}; {answer.rung}, {answer.seconds:.2f} s"


# Files -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BatchQuestion:
    """A file of problems and where its answers go."""

    file: Path
    out: Path
    quiet: bool
    latex: bool
    limits: tuple[str, str] | None = None
    """Of definite integrals."""


@dataclass(frozen=True)
class _Record:
    id: Any
    """As the file has it, so that answers can be joined to problems; the line's number where it has none."""
    line: int
    problem: str
    variable: str | None


@dataclass(frozen=True)
class _Refused:
    id: Any
    error: InputError
    problem: str | None = None


def run_batch(question: BatchQuestion, solve: Solve) -> int:
    """Answer every problem of a file that has no answer yet; a bad record is reported and passed by.

    Returns:
        The exit code: 0 if all are solved, else 3.

    Raises:
        MissingRequirementError: the file is not there.
        SettingsError: problems and answers are one file.
    """
    if not question.file.is_file():
        raise MissingRequirementError(f"no file {question.file}")
    if question.out.resolve() == question.file.resolve():
        raise SettingsError("--out is the file of the problems; give another one")
    lines = question.file.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    total = sum(bool(line.strip()) for line in lines)
    known = _answered(question.out)
    counts = {"solved": 0, "unsolved": 0, "error": 0, "known": 0}
    started = time.monotonic()
    question.out.parent.mkdir(parents=True, exist_ok=True)
    with open(question.out, "a", encoding="utf-8") as out:
        for place, entry in enumerate(_records(question.file, lines), 1):
            result = _known_answer(entry, known, question.limits)
            if result is not None:
                counts["known"] += 1
            else:
                result = _result(entry, question, solve)
                out.write(json.dumps(result, ensure_ascii=False) + "\n")
                out.flush()
            counts[_outcome(result)] += 1
            _show_progress(place, total, counts, started, question.quiet)
    if not question.quiet:
        said = f"{counts['solved']} solved, {counts['unsolved']} unsolved, {counts['error']} refused"
        print(f"{said} ({counts['known']} known before) -> {question.out}", file=sys.stderr)
    return EXIT_DONE if counts["solved"] == sum(counts.values()) - counts["known"] else EXIT_SOME_FAILED


def _records(file: Path, lines: list[str]) -> Iterator["_Record | _Refused"]:
    """Each line as a record, or what is wrong with it; an empty line is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            yield _Refused(number, InputError("not a JSON object", file=str(file), line=number))
            continue
        name, broken = number, "a record is a JSON object"
        if isinstance(values, dict):
            name, broken = values.get("id", number), _broken_rule(values)
        if broken:
            yield _Refused(name, InputError(broken, file=str(file), record=str(name), line=number))
        else:
            yield _Record(name, number, values["problem"], values.get("variable"))


def _broken_rule(values: dict[str, Any]) -> str:
    if not isinstance(values.get("problem"), str):
        return "a record needs `problem`, a text"
    return "" if isinstance(values.get("variable"), str | None) else "`variable` is a text"


def _result(entry: "_Record | _Refused", question: BatchQuestion, solve: Solve) -> dict[str, Any]:
    """The line of answers for one record."""
    if isinstance(entry, _Refused):
        return _refusal(entry)
    try:
        answer = solve(entry.problem, entry.variable)
    except InputError as error:
        where: dict[str, Any] = {"file": str(question.file), "record": str(entry.id), "line": entry.line}
        located = InputError(error.rule, position=error.position, **where)
        return _refusal(_Refused(entry.id, located, entry.problem))
    values = {"id": entry.id, **answer.to_dict(), "problem": entry.problem}
    return {**values, "latex": answer.latex()} if question.latex else values


def _refusal(entry: "_Refused") -> dict[str, Any]:
    print(printable(f"sciml: {entry.error}"), file=sys.stderr)
    empty = {"status": "error", "solution": None, "rung": None, "seconds": 0.0}
    return {"id": entry.id, "problem": entry.problem, **empty, "error": str(entry.error)}


_Known = dict[tuple[str, str], list[dict[str, Any]]]


def _answered(out: Path) -> _Known:
    """Answers of an earlier run by id and problem; a half line of a killed run is cut off."""
    found: _Known = {}
    if not out.is_file():
        return found
    content = out.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with open(out, "r+b") as file:
            file.truncate(len(whole))
    for line in whole.decode("utf-8", "replace").split("\n")[:-1]:
        try:
            values = json.loads(line)
            if values["status"] not in ("solved", "unsolved", "error"):
                raise ValueError(values["status"])
            found.setdefault(_key(values["id"], values["problem"]), []).append(values)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError("holds lines that are no answers; give another --out", file=str(out)) from error
    return found


def _key(name: Any, problem: str | None) -> tuple[str, str]:  # noqa: ANN401  # an id is any JSON value
    return json.dumps(name, sort_keys=True), str(problem)


def _known_answer(
    entry: "_Record | _Refused", known: _Known, limits: tuple[str, str] | None
) -> dict[str, Any] | None:
    """The answer of an earlier run to the same problem over the same variable, between the same limits."""
    wanted = entry.variable if isinstance(entry, _Record) else None
    for result in known.get(_key(entry.id, entry.problem), ()):
        if wanted in (None, result.get("variable", wanted)) and _has_limits(result, limits):
            return result
    return None


def _has_limits(result: dict[str, Any], limits: tuple[str, str] | None) -> bool:
    if result["status"] == "error" or limits is None:
        return "definite" not in result
    from sciml.symbolic.definite import read_limit
    from sciml.symbolic.expression import symbol

    found = result.get("definite", {})
    texts = [str(read_limit(one, symbol(result["variable"]))) for one in limits]
    return texts == [found.get("lower"), found.get("upper")]


def _outcome(result: dict[str, Any]) -> str:
    """`solved`, `unsolved` or `error`; a definite integral without value is unsolved."""
    if "definite" not in result:
        return str(result["status"])
    from sciml.symbolic.definite_value import ANSWERED

    return "solved" if result["definite"]["status"] in ANSWERED else "unsolved"


def _show_progress(place: int, total: int, counts: dict[str, int], started: float, quiet: bool) -> None:
    if quiet or not sys.stderr.isatty():
        return
    width = 30
    filled = width * place // max(total, 1)
    elapsed = time.monotonic() - started
    left = elapsed / place * (total - place)
    bar = "#" * filled + "-" * (width - filled)
    text = f"[{bar}] {place}/{total}, {counts['solved']} solved, {left:.0f} s left"
    print(f"\r\x1b[K{text}", end="" if place < total else "\n", file=sys.stderr, flush=True)

"""The solvers that `solve.py` compares, each a function of a problem and a deadline."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sciml.errors import SettingsError
from sciml.symbolic.equation_solution import dsolve
from sciml.symbolic.expression import Expr
from sciml.symbolic.integration import integrate
from sciml.symbolic.judgement import Verification
from sciml.symbolic.ladder import foreign_cas, model_rung, sympy_child
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.problems import Equation, Integral
from sciml.symbolic.verification import verify

if TYPE_CHECKING:
    from sciml.symbolic.network import ExpressionTransformer

Problem = Integral | Equation


@dataclass(frozen=True)
class Outcome:
    """What a solver said."""

    answer: Expr | None
    """The best answer that could be read: verified, else the last one."""
    verification: Verification | None
    rung: str | None


Solver = Callable[[Problem, float], Outcome]


def solver(name: str) -> Solver:
    """The solver of a name.

    ladder: everything without a foreign system; sympy, fricas, maxima, giac: that system alone;
    greedy[=FILE], beam10[=FILE]: the sequence model alone, bundled or of a file.

    Raises:
        SettingsError: an unknown name, or a system that is not installed.
    """
    if name == "ladder":
        return _ladder
    if name == "sympy":
        return lambda problem, seconds: _proposed("SymPy", sympy_child.propose, problem, seconds)
    for system in foreign_cas.SYSTEMS:
        if name == system.name.lower():
            if system not in foreign_cas.installed():
                raise SettingsError(f"{system.name} is not installed")
            return lambda problem, seconds: _proposed(system.name, system.propose, problem, seconds)
    kind, _, file = name.partition("=")
    if kind in ("greedy", "beam10"):
        return _model_solver(1 if kind == "greedy" else 10, file)
    raise SettingsError(f"no solver {name!r}")


def _ladder(problem: Problem, seconds: float) -> Outcome:
    if isinstance(problem, Integral):
        answer = integrate(problem, timeout=seconds)
    else:
        answer = dsolve(problem, timeout=seconds)
    return Outcome(answer.solution, answer.verification, answer.rung)


def _proposed(
    name: str, propose: Callable[[Problem, Deadline], Iterator[Candidate]], problem: Problem, seconds: float
) -> Outcome:
    """The first verified answer of a system, else its last one."""
    deadline = Deadline.after(seconds)
    last = Outcome(None, None, name)
    try:
        with hard_limit(Deadline.after(seconds + 1)):
            for candidate in propose(problem, deadline):
                judged = verify(problem, candidate.expression)
                last = Outcome(candidate.expression, judged, name)
                if judged.is_verified:
                    break
    except OutOfTimeError:
        pass
    return last


def _model_solver(beam: int, file: str) -> Solver:
    network: ExpressionTransformer | None = None
    if file:
        from sciml.symbolic.model_files import load_model

        network = load_model(Path(file)).network
    elif not model_rung.is_installed():
        raise SettingsError("no sequence model is installed; give greedy=FILE or beam10=FILE")
    search = model_rung.Search(beam=beam)

    def solve(problem: Problem, seconds: float) -> Outcome:
        judged: list[Verification] = []

        def is_answer(answer: Expr) -> bool:
            found = verify(problem, answer)
            judged.append(found)
            return found.is_verified

        deadline = Deadline.after(seconds)
        answer: Expr | None = None
        try:
            with hard_limit(deadline):
                answer = model_rung.ask(problem, search, is_answer, deadline, network=network)
        except OutOfTimeError:
            pass
        return Outcome(answer, judged[-1] if answer is not None else None, search.name)

    return solve


def read_problem(line: str) -> tuple[str, Problem]:
    """(id, problem) of a line of an evaluation set or of the textbook set."""
    from sciml.symbolic.problems import parse_equation, parse_integral

    values = json.loads(line)
    text = values["problem"]
    is_equation = str(values.get("task", "")).startswith("ode") or "=" in text or "'" in text
    return str(values["id"]), parse_equation(text) if is_equation else parse_integral(text)

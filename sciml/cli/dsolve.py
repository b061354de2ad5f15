"""`sciml dsolve`: general solutions of differential equations, verified."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sciml.cli import wall_clock
from sciml.cli.symbolic_answers import (
    BatchQuestion,
    print_answer,
    print_unsolved,
    run_batch,
)
from sciml.errors import SettingsError

if TYPE_CHECKING:
    from sciml.symbolic.answer import Answer

_EQUATION = 'Equation such as "y\' = x*y" or "y\'\' + y = 0".'
_CAS = "Ask FriCAS, Maxima and Giac last, where installed."
_FILE = "Problems: one JSON object a line with `problem` and, if you like, `id` and `variable`."
_OUT = "Answers, one JSON object a line; lines that are there are not computed again."


def dsolve(
    equation: Annotated[str | None, typer.Argument(metavar="EQUATION", help=_EQUATION)] = None,
    variable: Annotated[
        str | None, typer.Option(help="What y depends on, if the equation leaves it open.")
    ] = None,
    beam: Annotated[int, typer.Option(min=1, help="Width of the sequence model's search.")] = 10,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for a problem.")] = 10.0,
    cas: Annotated[bool, typer.Option("--cas", help=_CAS)] = False,
    alternatives: Annotated[int, typer.Option(min=0, help="Other forms of the answer to print.")] = 0,
    latex: Annotated[bool, typer.Option("--latex", help="Print the answer in LaTeX.")] = False,
    steps: Annotated[bool, typer.Option("--steps", help="Print how the answer was found.")] = False,
    file: Annotated[Path | None, typer.Option(metavar="JSONL", help=_FILE)] = None,
    out: Annotated[Path | None, typer.Option(metavar="JSONL", help=_OUT)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sequence model's samples.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the answer only.")] = False,
) -> None:
    """Solve a differential equation of first or second order; the answer is put into it before it is printed.

    The unknown function is y, the constants of integration are c1 and c2. Exit codes: 0 solved, 3 unsolved
    within the time (of a file: some records), 2 unusable input.

    Example: sciml dsolve "y' = x*y"

    Example: sciml dsolve "x*Derivative(y(x), x) - y(x) = 0"
    """

    is_one = equation is not None

    def solve(text: str, name: str | None) -> "Answer":
        from sciml.symbolic.equation_solution import dsolve as solve_equation

        return solve_equation(
            text,
            name or variable,
            timeout=wall_clock.seconds_left(timeout) if is_one else timeout,
            beam=beam,
            cas=cas,
            alternatives=alternatives,
            seed=seed,
        )

    if (file is None) == (equation is None):
        raise SettingsError("give an equation, or --file JSONL with problems")
    if file is not None:
        if out is None:
            raise SettingsError("--file needs --out JSONL for the answers")
        raise typer.Exit(run_batch(BatchQuestion(file, out, quiet, latex), solve))
    assert equation is not None
    if out is not None:
        raise SettingsError("--out goes with --file; the answer to one equation is printed")
    with wall_clock.last_call(timeout, partial(print_unsolved, as_json=as_json, quiet=quiet)):
        answer = solve(equation, None)
    print_answer(answer, as_json=as_json, latex=latex, steps=steps, quiet=quiet)
    wall_clock.leave(0 if answer.is_answered else wall_clock.EXIT_UNSOLVED, timeout)

"""`sciml integrate`: antiderivatives and definite integrals, verified."""

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

_DEFINITE_S = 5.0
"""That a busy machine may take, after the timeout, to put in the limits."""
_CAS = "Ask FriCAS, Maxima and Giac last, where installed."
_FILE = "Problems: one JSON object a line with `problem` and, if you like, `id` and `variable`."
_OUT = "Answers, one JSON object a line; lines that are there are not computed again."
_LIMITS = "Limits of a definite integral: numbers, expressions, inf, -inf."


def integrate(
    integrand: Annotated[
        str | None, typer.Argument(metavar="EXPR", help='What to integrate, such as "x*exp(x)".')
    ] = None,
    variable: Annotated[
        str | None, typer.Option(help="Variable; x if it occurs, else the only symbol.")
    ] = None,
    definite: Annotated[tuple[str, str] | None, typer.Option(metavar="LOWER UPPER", help=_LIMITS)] = None,
    beam: Annotated[int, typer.Option(min=1, help="Width of the sequence model's search.")] = 10,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for a problem.")] = 10.0,
    cas: Annotated[bool, typer.Option("--cas", help=_CAS)] = False,
    alternatives: Annotated[int, typer.Option(min=0, help="Other forms of the answer to print.")] = 0,
    latex: Annotated[bool, typer.Option("--latex", help="Print the answer in LaTeX.")] = False,
    steps: Annotated[bool, typer.Option("--steps", help="Print how the answer was found.")] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write integrand, antiderivative, residual as PNG.")
    ] = None,
    file: Annotated[Path | None, typer.Option(metavar="JSONL", help=_FILE)] = None,
    out: Annotated[Path | None, typer.Option(metavar="JSONL", help=_OUT)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sequence model's samples.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the answer only.")] = False,
) -> None:
    """Integrate a function; the answer is verified by differentiation before it is printed.

    Exit codes: 0 solved, 3 unsolved within the time (of a file: some records), 2 unusable input.

    Example: sciml integrate "x*exp(x)"

    Example: sciml integrate "exp(-x^2)*x" --definite 0 inf

    Example: sciml integrate --file problems.jsonl --out answers.jsonl
    """

    is_one = integrand is not None

    def solve(text: str, name: str | None) -> "Answer":
        from sciml.symbolic.integration import integrate as solve_integral

        lower, upper = definite or (None, None)
        return solve_integral(
            text,
            name or variable,
            timeout=wall_clock.seconds_left(timeout) if is_one else timeout,
            beam=beam,
            cas=cas,
            alternatives=alternatives,
            seed=seed,
            lower=lower,
            upper=upper,
        )

    if (file is None) == (integrand is None):
        raise SettingsError("give an expression, or --file JSONL with problems")
    if file is not None:
        if plot is not None or out is None:
            raise SettingsError("--file needs --out JSONL for the answers, and makes no plots")
        raise typer.Exit(run_batch(BatchQuestion(file, out, quiet, latex, definite), solve))
    assert integrand is not None
    _refuse_other_files(plot, out)
    limit = timeout if definite is None else timeout + _DEFINITE_S
    with wall_clock.last_call(limit, partial(print_unsolved, as_json=as_json, quiet=quiet)):
        answer = solve(integrand, None)
    print_answer(answer, as_json=as_json, latex=latex, steps=steps, quiet=quiet)
    if plot is not None and answer.solution is not None:
        answer.plot(plot)
    wall_clock.leave(0 if answer.is_answered else wall_clock.EXIT_UNSOLVED, timeout)


def _refuse_other_files(plot: Path | None, out: Path | None) -> None:
    """Refuse, before anything is computed, files that could not be written in the end.

    Raises:
        SettingsError: a picture that is no PNG, or --out without --file.
    """
    if plot is not None and plot.suffix.lower() != ".png":
        raise SettingsError(f"plots are PNG files; {plot} has another ending")
    if out is not None:
        raise SettingsError("--out goes with --file; the answer to one expression is printed")

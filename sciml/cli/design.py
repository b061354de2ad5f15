"""`sciml design`: inputs of a simulator that meet specifications."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sciml.cli.understood import printable
from sciml.runs.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sciml.surrogates.problem import Problem
    from sciml.surrogates.result import Result
    from sciml.surrogates.session.session import Session
    from sciml.surrogates.session.settings import SessionSettings

EXIT_NOT_FOUND = 3
_PROBLEM = "Problem file (YAML), or the name of a circuit that comes with sciml, such as two_stage_opamp."
_COMMAND = (
    "External program that simulates: one JSON object a line in, one a line out; see docs/design-circuits.md."
)
_MODE = "default, ensemble, bagnet, evolution or random."
_STORE = (
    "Simulations are kept in this SQLite file and never run twice; simulations.sqlite in -o if not given."
)
_JOBS = "Simulations at the same time; if not given, as many as processors for ngspice, 1 for a program."
_BATCH = (
    "Designs chosen and simulated together; if not given, as many as --jobs says, else the mode's own number."
)
_CLUSTER = "Simulate on a Dask cluster, such as tcp://host:8786; say with --batch how many designs at once."
_CORNERS = "The design must meet every specification at all corners of the problem."
_UNSAFE = "Let a netlist of your own hold any line (.control, .include, …). It can then run any program."


@one_thread()
def design(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help=_PROBLEM)],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder for the results.")
    ] = Path("design"),
    command: Annotated[str | None, typer.Option(metavar='"PROG ARGS"', help=_COMMAND)] = None,
    budget: Annotated[int, typer.Option(min=1, help="Simulations at most, for each seed.")] = 300,
    mode: Annotated[str, typer.Option(help=_MODE)] = "default",
    batch: Annotated[int | None, typer.Option(min=1, help=_BATCH)] = None,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="Runs with consecutive seeds.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help=_JOBS)] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help=_CLUSTER)] = None,
    store: Annotated[Path | None, typer.Option(metavar="FILE", help=_STORE)] = None,
    corners: Annotated[bool, typer.Option("--corners", help=_CORNERS)] = False,
    mismatch: Annotated[int, typer.Option(min=0, help="Draws of mismatch at every corner.")] = 0,
    fidelity: Annotated[
        str | None, typer.Option(help="Of a circuit that comes with sciml: schematic or layout.")
    ] = None,
    unsafe_netlist: Annotated[bool, typer.Option("--unsafe-netlist", help=_UNSAFE)] = False,
    figures: Annotated[bool, typer.Option(help="Write PNG figures.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")] = False,
) -> None:
    """Find a design that meets every specification of a problem, with few simulations.

    Writes result.json, designs.csv (every simulation), report.html, the netlist and figures. A run that was
    stopped goes on where it was: nothing is simulated twice. Exit codes: 0 a feasible design was found, 3
    none within the budget, 2 unusable input, 4 ngspice is missing.

    Example: sciml design examples/two_stage_opamp.yaml --budget 300 -o out

    Example: sciml design examples/external.yaml --command "python examples/external_simulator.py" --json
    """
    from sciml.surrogates.session.problem_choice import choose_problem
    from sciml.surrogates.session.settings import ProblemChoice, SessionSettings

    settings = SessionSettings(
        budget=budget,
        mode=mode,
        batch=batch,
        seed=seed,
        seeds=seeds,
        jobs=jobs,
        scheduler=scheduler,
        corners=corners,
        mismatch=mismatch,
    )
    asked = choose_problem(ProblemChoice(problem, command, fidelity, unsafe_netlist, corners))

    def say(line: str) -> None:
        if not quiet:
            print(printable(line), file=sys.stderr)

    session = _run(asked, settings, store or output / "simulations.sqlite", say)
    from sciml.surrogates.session.outputs import write_outputs
    from sciml.surrogates.session.verdict import verdict

    write_outputs(session, output, figures=figures)
    if as_json:
        from sciml.runs.folder import format_json
        from sciml.surrogates.session.values import session_values

        print(format_json(session_values(session)), end="")
    else:
        _print_result(session)
        print(printable(verdict(session)))
    say(f"report: {output / 'report.html'}")
    raise typer.Exit(0 if session.search.is_feasible else EXIT_NOT_FOUND)


def _run(
    problem: "Problem", settings: "SessionSettings", store_path: Path, say: "Callable[[str], None]"
) -> "Session":
    """Build the simulator, open the store, run."""
    from sciml.surrogates.session.session import run_session
    from sciml.surrogates.simulator_choice import build_simulator
    from sciml.surrogates.store import Store

    simulator = build_simulator(problem)
    spec, goal = problem.spec, problem.goal
    say(
        f"{spec.name}: {len(spec.inputs)} inputs, {len(goal.specifications)} specifications, "
        f"mode {settings.mode}, budget {settings.budget}, simulated by {_simulator_text(problem)}"
    )
    known = store_path.exists()
    with Store(store_path) as store:
        if known:
            say(f"{len(store)} simulations are known from {store_path}")
        session = run_session(problem, simulator, settings, store, _Progress(problem, say))
    say(
        f"{session.real_simulations} simulations ran, the store answered {session.recalled}, "
        f"{session.seconds:.1f} s"
    )
    return session


def _simulator_text(problem: "Problem") -> str:
    """A simulator in words: `ngspice`, or the words of a command."""
    words = problem.simulator.get("command", problem.simulator.get("kind", ""))
    return words if isinstance(words, str) else " ".join(words)


class _Progress:
    """Says how far a run is whenever the best cost falls, and every fifty simulations; and the first failure
    of each kind."""

    def __init__(self, problem: "Problem", say: "Callable[[str], None]") -> None:
        self.problem, self.say = problem, say
        self._said: dict[int, tuple[int, float]] = {}
        self._failures_said: set[str] = set()

    def __call__(self, seed: int, simulations: int, designs: "NDArray[np.float64]", result: "Result") -> None:
        """After every batch."""
        from sciml.surrogates.session.verdict import failure_examples, missed_texts

        for kind, message in failure_examples(result.failures).items():
            if kind not in self._failures_said:
                self._failures_said.add(kind)
                self.say(f"seed {seed}: a simulation failed, {kind}: {message}")
        cost = self.problem.goal.cost(result.values, self.problem.spec)
        row = int(cost.argmin())
        last, best = self._said.get(seed, (0, float("inf")))
        if not (cost[row] < best or simulations >= last + 50):
            return
        self._said[seed] = simulations, float(cost[row])
        missed = missed_texts(self.problem, result.values[row])
        worst = f"worst: {missed[0]}" if missed else "every specification is met"
        failed = sum(failure is not None for failure in result.failures)
        failures = f", {failed} failed" if failed else ""
        self.say(f"seed {seed}: {simulations} simulations{failures}, best cost {cost[row]:.4g}, {worst}")


def _print_result(session: "Session") -> None:
    """The best design and its specifications as two small tables."""
    from rich.console import Console
    from rich.table import Table

    from sciml.report.quantities import with_unit
    from sciml.surrogates.session.verdict import margins, unit_of

    search, problem = session.search, session.problem
    if search.best is None:
        return
    console = Console(highlight=False)
    values = search.result.values[search.best]
    inputs = Table("input", "value", box=None, header_style="bold")
    for name, value in problem.spec.to_values(search.designs[search.best]).items():
        unit = next(each.unit for each in problem.spec.inputs if each.name == name)
        inputs.add_row(name, value if isinstance(value, str) else with_unit(value, unit))
    console.print(inputs)
    rows = Table("output", "simulated", "limit", "margin", "", box=None, header_style="bold")
    room, names = margins(problem, values), problem.spec.output_names
    for each, margin in zip(problem.goal.specifications, room, strict=True):
        unit, value = unit_of(problem, each.output), float(values[names.index(each.output)])
        sign = "≥" if each.sign > 0 else "≤"
        rows.add_row(
            each.output,
            with_unit(value, unit),
            f"{sign} {with_unit(each.limit, unit)}",
            f"{100 * margin:+.1f} %" if math.isfinite(margin) else "–",
            "met" if margin >= 0 else "missed",
        )
    console.print(rows)

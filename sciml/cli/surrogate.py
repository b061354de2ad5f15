"""`sciml surrogate fit|check|query`: learn a simulator, print its card, ask it."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sciml.cli.understood import printable
from sciml.runs.threads import one_thread

if TYPE_CHECKING:
    from sciml.surrogates.batch_simulator import BatchSimulator
    from sciml.surrogates.neural import TableSurrogate
    from sciml.surrogates.problem import Problem
    from sciml.surrogates.problem_spec import ProblemSpec

EXIT_SOME_REFUSED = 3
_PROBLEM = "Problem file (YAML), or the name of a circuit that comes with sciml, such as two_stage_opamp."
_COMMAND = "External program that simulates, as for `sciml design`."
_STORE = "Simulations are kept in this SQLite file and never run twice."
_NEAR = "Learn the neighbourhood of a design: a JSON file of its inputs, or name=value,name=value."
_WIDTH = "Half width of the neighbourhood: 0.2 multiplies by up to exp(0.2) = 1.22 either way."
_BUDGET = "Time for training by Lightning, such as 5min; without it a quick fit of seconds."
_INPUTS = "One design as name=value,name=value; a file of JSON objects, one a line; or - for standard input."
_MODEL = "File written by `sciml surrogate fit`."


@one_thread()
def fit(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help=_PROBLEM)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File for the surrogate, .safetensors.")
    ] = Path("model.safetensors"),
    simulations: Annotated[
        int, typer.Option(min=20, help="Simulations in all, calibration and failures included.")
    ] = 300,
    calibration: Annotated[
        float, typer.Option(min=0, max=0.8, help="Share of the simulations that calibrates the intervals.")
    ] = 0.2,
    near: Annotated[str | None, typer.Option(metavar="DESIGN", help=_NEAR)] = None,
    width: Annotated[float, typer.Option(min=0.001, max=1, help=_WIDTH)] = 0.2,
    budget: Annotated[str | None, typer.Option(metavar="TIME", help=_BUDGET)] = None,
    command: Annotated[str | None, typer.Option(metavar='"PROG ARGS"', help=_COMMAND)] = None,
    store: Annotated[Path | None, typer.Option(metavar="FILE", help=_STORE)] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Simulations at the same time.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of designs and training.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was learned as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Learn a simulator from a number of simulations, with calibrated intervals and a domain.

    Writes one file that `check` and `query` read. Intervals promise coverage for designs drawn like the
    calibration ones: from the whole space, or from the neighbourhood given by --near.

    Example: sciml surrogate fit examples/two_stage_opamp.yaml --simulations 300 -o model.safetensors
    """
    from sciml.surrogates.fitting import FitSettings, learn
    from sciml.surrogates.persistence import save_surrogate

    asked, simulator = _open(problem, command, store, jobs)
    centre = None if near is None else tuple(_near(asked.spec, near))
    settings = FitSettings(simulations, calibration, centre, width, budget, seed=seed)
    with simulator:
        learned = learn(asked, simulator, settings)
    save_surrogate(learned.surrogate, output)
    failed = sum(each is not None for each in learned.result.failures + learned.calibration_result.failures)
    summary: dict[str, Any] = {
        "model": str(output),
        "simulations": len(learned.result) + len(learned.calibration_result),
        "failed": failed,
        "calibration": len(learned.calibration_result),
        "training_s": round(learned.seconds, 3),
        "facts": learned.surrogate.facts,
    }
    if as_json:
        print(json.dumps(summary))
    elif not quiet:
        print(
            f"learned {len(asked.spec.outputs)} outputs of {asked.spec.name} from {summary['simulations']} "
            f"simulations ({failed} failed, {summary['calibration']} for calibration) "
            f"in {learned.seconds:.1f} s: {output}"
        )


@one_thread()
def check(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help=_MODEL)],
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help=_PROBLEM)],
    simulations: Annotated[int, typer.Option(min=10, help="Held-out designs that are simulated.")] = 200,
    command: Annotated[str | None, typer.Option(metavar='"PROG ARGS"', help=_COMMAND)] = None,
    store: Annotated[Path | None, typer.Option(metavar="FILE", help=_STORE)] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Simulations at the same time.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the held-out designs.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Simulate new designs and print how well the surrogate does on them.

    The designs are drawn as the surrogate's calibration ones were; error, rank correlation, coverage and
    width of intervals, foreseen failures, domain, times and break-even stand on the card.

    Example: sciml surrogate check model.safetensors examples/two_stage_opamp.yaml --simulations 200
    """
    from sciml.errors import InputError
    from sciml.surrogates.fitting import FitSettings, deployment_designs
    from sciml.surrogates.persistence import load_surrogate
    from sciml.surrogates.validate import validate

    surrogate = load_surrogate(model)
    asked, simulator = _open(problem, command, store, jobs)
    if asked.spec != surrogate.spec:
        raise InputError(
            f"the surrogate was learned for inputs and outputs of {surrogate.spec.name!r} that differ from "
            f"those of {asked.spec.name!r}",
            file=str(model),
        )
    place = surrogate.facts.get("deployment", {"kind": "space"})
    is_near = place["kind"] == "neighbourhood"
    centre = tuple(asked.spec.from_values(place["centre"]).tolist()) if is_near else None
    settings = FitSettings(near=centre, width=place.get("width", 0.2), seed=seed)
    designs = deployment_designs(asked.spec, settings, simulations, spread=False, stream=1)
    shifted = None
    if is_near:
        shifted = asked.spec.random(len(designs), _generator(seed))
    with simulator:
        card = validate(
            surrogate,
            simulator,
            designs,
            shifted=shifted,
            training_s=float(surrogate.facts.get("training_s", 0.0)),
        )
    print(json.dumps(card.as_json()) if as_json else "\n".join(card.lines()))


@one_thread()
def query(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help=_MODEL)],
    inputs: Annotated[str, typer.Option("--inputs", "-i", metavar="DESIGN|FILE", help=_INPUTS)],
    level: Annotated[float, typer.Option(min=0.01, max=0.999, help="Probability of the intervals.")] = 0.9,
) -> None:
    """Ask a surrogate: one JSON object a line, with interval, probability of failure and domain.

    A design that cannot be read, or that lies outside the domain, makes the exit code 3; the others are
    answered all the same.

    Example: sciml surrogate query model.safetensors --inputs mp1=20,mn1=40,mp3=10,mn3=5,mn4=30,mn5=60,cc=2.5
    """
    from sciml.errors import InputError
    from sciml.surrogates.persistence import load_surrogate

    surrogate = load_surrogate(model)
    complete = True
    for line, values in _designs(inputs):
        try:
            answer = _answer(surrogate, _as_mapping(values), level)
        except InputError as error:
            named = InputError(error.rule, file=_source(inputs, "--inputs"), record=f"design {line}")
            print(printable(f"sciml: {named}"), file=sys.stderr)
            answer = {"error": error.rule}
        complete &= answer.get("inside", False)
        print(json.dumps({"design": line} | answer))
    raise typer.Exit(0 if complete else EXIT_SOME_REFUSED)


def _open(
    name: str, command: str | None, store: Path | None, jobs: int | None
) -> "tuple[Problem, BatchSimulator]":
    """The problem and its simulator in batches."""
    from sciml.surrogates.batch_simulator import BatchSimulator
    from sciml.surrogates.session.problem_choice import choose_problem
    from sciml.surrogates.session.session import make_executor
    from sciml.surrogates.session.settings import ProblemChoice, SessionSettings
    from sciml.surrogates.simulator_choice import build_simulator
    from sciml.surrogates.store import Store

    problem = choose_problem(ProblemChoice(name, command))
    executor = make_executor(problem, SessionSettings(jobs=jobs))
    kept = None if store is None else Store(store)
    return problem, BatchSimulator(build_simulator(problem), executor, kept)


def _generator(seed: int) -> Any:  # noqa: ANN401 - numpy is not imported for a type
    import numpy as np

    return np.random.default_rng([seed, 2])


def _near(spec: "ProblemSpec", text: str) -> list[float]:
    """A design's natural values from a JSON file or from name=value words."""
    from sciml.errors import InputError

    try:
        return spec.from_values(_as_mapping(next(_designs(text))[1])).tolist()
    except InputError as error:
        raise InputError(error.rule, file=_source(text, "--near"), record="design 1") from error


def _source(text: str, option: str) -> str:
    """Where designs stand, as a message names it: a file, standard input, or the option itself."""
    if text == "-":
        return "<stdin>"
    return option if "=" in text and not Path(text).exists() else text


def _designs(text: str) -> Iterator[tuple[int, Any]]:
    """Numbered designs of an argument: name=value words, or JSON lines."""
    from sciml.errors import InputError
    from sciml.training.settings import parse_assignments

    if "=" in text and not Path(text).exists():
        yield 1, parse_assignments(text.split(","))
        return
    if text != "-" and not Path(text).is_file():
        raise InputError("neither a file of designs nor name=value words", file=text)
    content = sys.stdin.read() if text == "-" else Path(text).read_text(encoding="utf-8")
    found = False
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            found = True
            try:
                yield number, json.loads(line)
            except ValueError as error:
                yield number, InputError(f"not JSON: {error}")
    if not found:
        raise InputError("no design in it", file=text)


def _as_mapping(values: object) -> Mapping[str, Any]:
    from sciml.errors import InputError

    if isinstance(values, InputError):
        raise values
    if not isinstance(values, dict):
        raise InputError(f"a design is a JSON object of its inputs, not {type(values).__name__}")
    return values


def _answer(surrogate: "TableSurrogate", values: Mapping[str, Any], level: float) -> dict[str, Any]:
    """One design's answer as JSON values; what is infinite or unknown is null."""
    import math

    spec = surrogate.spec
    prediction = surrogate.predict(spec.from_values(values)[None])
    wanted = prediction.take(spec.output_names)
    low, high = wanted.interval(level)
    columns = {"value": wanted.median(), "std": wanted.std(), "low": low, "high": high}

    def plain(number: float) -> float | None:
        return float(number) if math.isfinite(number) else None

    outputs = {
        name: {word: plain(table[0, i]) for word, table in columns.items()} | {"unit": spec.outputs[i].unit}
        for i, name in enumerate(spec.output_names)
    }
    return {
        "inputs": dict(values),
        "outputs": outputs,
        "level": level,
        "probability_of_failure": None if prediction.failure is None else float(prediction.failure[0]),
        "inside": bool(prediction.domain.inside[0]),
        "reason": prediction.domain.reasons[0],
    }

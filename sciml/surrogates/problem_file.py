"""Problem files: YAML in, :class:`Problem` out, with the line and the rule of whatever is wrong.

    name: two_stage_opamp
    version: "1"
    inputs:  # type: integer or float (low, high, step; or values), both with scale: log; category (values)
      - {name: mp1, type: integer, low: 1, high: 99}
      - {name: cc, type: float, low: 0.1, high: 9.9, step: 0.1, unit: pF}
    outputs: [gain, {name: ugbw, unit: Hz}]
    auxiliary: [{name: margin_mn1, unit: V}]                                     # optional
    specifications: [{output: gain, min: 300, weight: 1}, {output: ugbw, min: 10.0e6}]
    objectives: [{output: gain, direction: maximise}]                            # optional
    timeout: 20                                                                  # seconds a simulation
    simulator: {kind: command, command: [python, simulate.py]}                   # or kind: ngspice
    corners: [{name: tt}, {name: ss_hot, parameters: {temperature: 85}}]         # optional

A specification with min and max is a window, which counts as two. A category whose values are all numbers is
read as an input of these numbers, in their order. A command runs in the file's folder. How YAML's scalars are
read says :mod:`sciml.surrogates.yaml_document`.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_record import Record
from sciml.surrogates.problem_spec import (
    CategoryInput,
    FloatInput,
    Input,
    IntegerInput,
    Output,
    ProblemSpec,
    Scale,
)
from sciml.surrogates.simulator import Corner
from sciml.surrogates.specification import Goal, Objective, Specification
from sciml.surrogates.yaml_document import read_yaml, yaml_text

DEFAULT_TIMEOUT_S = 60.0

_TYPES = {
    **dict.fromkeys(("integer", "int"), "integer"),
    **dict.fromkeys(("float", "real", "number", "continuous"), "float"),
    **dict.fromkeys(("category", "categorical", "choice"), "category"),
}
_KEYS = (
    *("name", "version", "inputs", "outputs", "auxiliary", "specifications", "objectives", "timeout"),
    *("simulator", "corners", "stochastic"),
)


def read_problem(path: Path) -> Problem:
    """The problem of a file; see the module for what it may say.

    Raises:
        InputError: the file cannot be read or breaks a rule; the message names file, line, record and rule.
    """
    document = read_yaml(Path(path))
    top = Record.of(document, document.value, (), None)
    top.allow(*_KEYS)
    inputs = tuple(read_input(each) for each in top.records("inputs"))
    if not inputs:
        raise top.error("a problem has at least one input", "inputs")
    outputs, auxiliary = _outputs(top, "outputs", required=True), _outputs(top, "auxiliary", required=False)
    _refuse_twice(top, "inputs", [each.name for each in inputs])
    _refuse_twice(top, "auxiliary", [each.name for each in (*outputs, *auxiliary)], len(outputs))
    spec = top.building(
        lambda: ProblemSpec(
            top.name() if top.has("name") else Path(path).stem,
            top.label("version", "1"),
            inputs,
            outputs,
            auxiliary,
            top.truth("stochastic", default=False),
        )
    )
    goal = Goal(_specifications(top, spec), _objectives(top, spec))
    timeout_s = top.number("timeout", DEFAULT_TIMEOUT_S)
    if timeout_s <= 0:
        raise top.error(f"timeout is a positive number of seconds, not {timeout_s:g}", "timeout")
    corners, simulator = _corners(top), _simulator(top, Path(path))
    return top.building(lambda: Problem(spec, goal, timeout_s, corners, simulator, Path(path)))


def problem_text(problem: Problem) -> str:
    """A problem as the text of a file from which `read_problem` reads an equal one (but for `source`)."""
    spec, goal = problem.spec, problem.goal
    content: dict[str, Any] = {"name": spec.name, "version": spec.version}
    content["inputs"] = [_input_content(each) for each in spec.inputs]
    content["outputs"] = [_output_content(each) for each in spec.outputs]
    if spec.auxiliary:
        content["auxiliary"] = [_output_content(each) for each in spec.auxiliary]
    if spec.stochastic:
        content["stochastic"] = True
    if goal.specifications:
        content["specifications"] = [
            {"output": each.output, "min" if each.sign > 0 else "max": each.limit, "weight": each.weight}
            for each in goal.specifications
        ]
    if goal.objectives:
        content["objectives"] = [
            {"output": each.output, "direction": each.direction} for each in goal.objectives
        ]
    content["timeout"] = problem.timeout_s
    if problem.simulator:
        simulator = {key: value for key, value in problem.simulator.items() if key != "unsafe"}
        content["simulator"] = _plain(simulator)
    if problem.corners:
        content["corners"] = [
            {"name": each.name, "parameters": dict(each.parameters)} for each in problem.corners
        ]
    return yaml_text(content)


def read_input(record: Record) -> Input:
    """The input that a record with `name`, `type` and its range describes.

    Raises:
        InputError: it breaks a rule.
    """
    record.allow("name", "type", "low", "high", "step", "scale", "values", "unit")
    name, unit = record.name(), record.text("unit", "")
    written = record.text("type")
    kind = _TYPES.get(written)
    if kind is None:
        raise record.error(f"type {written!r} is none of integer, float, category", "type")
    if kind == "category" and record.has("values") and record.lists_numbers("values"):
        kind = "integer" if record.lists_numbers("values", whole=True) else "float"
        record.allow("name", "type", "values", "unit")
    if kind == "category":
        record.allow("name", "type", "values", "unit")
        choices = tuple(record.labels("values"))
        return record.building(lambda: CategoryInput(name, choices, unit))
    given = record.text("scale", "linear")
    if given not in ("linear", "log"):
        raise record.error(f"scale {given!r} is neither linear nor log", "scale")
    scale: Scale = "log" if given == "log" else "linear"
    if record.has("values"):
        record.allow("name", "type", "values", "scale", "unit")
        listed = sorted(record.numbers("values", whole=kind == "integer"))
        if kind == "integer":
            whole = tuple(round(number) for number in listed)
            return record.building(lambda: IntegerInput(name, whole[0], whole[-1], 1, unit, scale, whole))
        several = tuple(listed)
        return record.building(lambda: FloatInput(name, several[0], several[-1], None, unit, scale, several))
    record.allow("name", "type", "low", "high", "step", "scale", "unit")
    if kind == "integer":
        low, high, step = record.whole("low"), record.whole("high"), record.whole("step", 1)
        return record.building(lambda: IntegerInput(name, low, high, step, unit, scale))
    bottom, top = record.number("low"), record.number("high")
    width = record.number("step") if record.has("step") else None
    return record.building(lambda: FloatInput(name, bottom, top, width, unit, scale))


def _outputs(top: Record, key: str, *, required: bool) -> tuple[Output, ...]:
    if not required and not top.has(key):
        return ()
    found = []
    for record in top.records(key, named=True):
        record.allow("name", "unit")
        found.append(Output(record.name(), record.text("unit", "")))
    if required and not found:
        raise top.error("a problem has at least one output", key)
    _refuse_twice(top, key, [each.name for each in found])
    return tuple(found)


def _specifications(top: Record, spec: ProblemSpec) -> tuple[Specification, ...]:
    if not top.has("specifications"):
        if not top.has("objectives"):
            raise top.error("'specifications' is missing: what must a design reach?", None)
        return ()
    found: dict[tuple[str, str], float] = {}
    specifications = []
    for record in top.records("specifications"):
        record.allow("output", "min", "max", "weight")
        output = _known_output(record, spec)
        sides, weight = [side for side in ("min", "max") if record.has(side)], record.number("weight", 1.0)
        if not sides:
            raise record.error(f"{output} has neither min nor max", None)
        for side in sides:
            limit = record.number(side)
            if (output, side) in found:
                raise record.error(f"a second {side} for {output}", side)
            found[output, side] = limit
            low, high = found.get((output, "min"), -math.inf), found.get((output, "max"), math.inf)
            if low > high:
                raise record.error(f"{output} cannot be at least {low:g} and at most {high:g}", side)
            lower, upper = (limit, None) if side == "min" else (None, limit)
            specifications.append(_specification(record, output, lower, upper, weight))
    return tuple(specifications)


def _specification(
    record: Record, output: str, lower: float | None, upper: float | None, weight: float
) -> Specification:
    return record.building(lambda: Specification(output, lower, upper, weight))


def _objectives(top: Record, spec: ProblemSpec) -> tuple[Objective, ...]:
    if not top.has("objectives"):
        return ()
    found: list[Objective] = []
    for record in top.records("objectives"):
        record.allow("output", "direction")
        output, direction = _known_output(record, spec), record.text("direction", "minimise")
        direction = {"minimize": "minimise", "maximize": "maximise"}.get(direction, direction)
        if direction not in ("minimise", "maximise"):
            raise record.error(f"direction {direction!r} is neither minimise nor maximise", "direction")
        if output in [each.output for each in found]:
            raise record.error(f"a second objective for {output}", "output")
        found.append(Objective(output, "maximise" if direction == "maximise" else "minimise"))
    return tuple(found)


def _known_output(record: Record, spec: ProblemSpec) -> str:
    output = record.text("output")
    if output not in spec.output_names:
        raise record.error(f"{output!r} is not an output ({', '.join(spec.output_names)})", "output")
    return output


def _corners(top: Record) -> tuple[Corner, ...]:
    if not top.has("corners"):
        return ()
    found = []
    for record in top.records("corners"):
        record.allow("name", "parameters")
        found.append(Corner(record.name(), record.scalars("parameters")))
    _refuse_twice(top, "corners", [each.name for each in found])
    return tuple(found)


def _simulator(top: Record, path: Path) -> dict[str, Any]:
    if not top.has("simulator"):
        return {}
    record = top.record("simulator")
    if record.has("unsafe"):
        rule = "a file cannot vouch for its own netlist: say --unsafe-netlist on the command line"
        raise record.error(rule, "unsafe")
    if record.text("kind") == "command" and not record.has("folder"):
        return {**record.content, "folder": str(path.resolve().parent)}
    return dict(record.content)


def _refuse_twice(top: Record, key: str, names: list[str], before: int = 0) -> None:
    """Refuse names that stand twice; the first `before` are from another list."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise top.error(f"{name!r} is given twice", key, max(index - before, 0))
        seen.add(name)


def _input_content(each: Input) -> dict[str, Any]:
    if isinstance(each, CategoryInput):
        content: dict[str, Any] = {"name": each.name, "type": "category", "values": list(each.choices)}
    else:
        kind = "integer" if isinstance(each, IntegerInput) else "float"
        content = {"name": each.name, "type": kind}
        content |= {"values": list(each.listed)} if each.listed else {"low": each.low, "high": each.high}
        if each.step is not None and (kind == "float" or each.step != 1):
            content["step"] = each.step
        if each.scale != "linear":
            content["scale"] = each.scale
    return {**content, "unit": each.unit} if each.unit else content


def _output_content(each: Output) -> str | dict[str, str]:
    return {"name": each.name, "unit": each.unit} if each.unit else each.name


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a simulator is described with
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value

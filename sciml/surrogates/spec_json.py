"""Inputs, outputs and goals as JSON values, and back without loss."""

from dataclasses import asdict
from typing import Any

from sciml.errors import InputError
from sciml.surrogates.problem_spec import (
    CategoryInput,
    FloatInput,
    Input,
    IntegerInput,
    Output,
    ProblemSpec,
)
from sciml.surrogates.specification import Goal, Objective, Specification

_INPUTS: dict[str, type[IntegerInput] | type[FloatInput] | type[CategoryInput]] = {
    "integer": IntegerInput,
    "float": FloatInput,
    "category": CategoryInput,
}


def spec_to_json(spec: ProblemSpec) -> dict[str, Any]:
    """A spec as JSON values."""
    words = {kind: word for word, kind in _INPUTS.items()}
    return {
        "name": spec.name,
        "version": spec.version,
        "stochastic": spec.stochastic,
        "inputs": [{"type": words[type(each)]} | asdict(each) for each in spec.inputs],
        "outputs": [asdict(each) for each in spec.outputs],
        "auxiliary": [asdict(each) for each in spec.auxiliary],
    }


def spec_from_json(values: dict[str, Any]) -> ProblemSpec:
    """The spec that gave these values."""
    return ProblemSpec(
        values["name"],
        values["version"],
        tuple(_input(each) for each in values["inputs"]),
        tuple(Output(**each) for each in values["outputs"]),
        tuple(Output(**each) for each in values["auxiliary"]),
        values["stochastic"],
    )


def goal_to_json(goal: Goal) -> dict[str, Any]:
    """A goal as JSON values."""
    return asdict(goal)


def goal_from_json(values: dict[str, Any]) -> Goal:
    """The goal that gave these values."""
    return Goal(
        tuple(Specification(**each) for each in values["specifications"]),
        tuple(Objective(**each) for each in values["objectives"]),
    )


def _input(values: dict[str, Any]) -> Input:
    kind = values["type"]
    if kind not in _INPUTS:
        raise InputError(f"inputs are {', '.join(_INPUTS)}, not {kind!r}", record=values.get("name"))
    fields: dict[str, Any] = {}
    for name, value in values.items():
        fields[name] = tuple(value) if isinstance(value, list) else value
    del fields["type"]
    return _INPUTS[kind](**fields)

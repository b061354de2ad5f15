"""Which simulator a problem file asks for."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sciml.errors import InputError, SettingsError
from sciml.surrogates.problem import Problem
from sciml.surrogates.registry import SIMULATORS
from sciml.surrogates.simulator import RowSimulator

KINDS = ("command", "ngspice")


def build_simulator(problem: Problem) -> RowSimulator:
    """The row simulator that `problem.simulator` describes.

    `{"kind": "command", "command": [program, argument, …]}`, where `folder` may name the folder it runs in,
    or `{"kind": "ngspice", …}`, see :mod:`sciml.surrogates.ngspice`. Any other kind is the id of a simulator
    of the registry, this process's or a plug-in's (entry point in the group `sciml.surrogates.simulators`):
    a class whose `for_problem(problem)` makes the row simulator.

    Raises:
        InputError: the description breaks a rule, or no simulator has that kind.
        MissingRequirementError: the program or library is not on this machine.
    """
    file = None if problem.source is None else str(problem.source)
    kind = problem.simulator.get("kind")
    if kind == "command":
        from sciml.surrogates.command import CommandSimulator

        command, folder = _command(problem.simulator, file)
        return CommandSimulator(command, problem.spec, problem.timeout_s, folder=folder)
    if kind == "ngspice":
        from sciml.surrogates.ngspice.simulator_choice import ngspice_simulator

        simulator: RowSimulator = ngspice_simulator(problem)
        return simulator
    if not problem.simulator:
        rule = "no simulator: give one in the file, or a program by --command"
        raise InputError(rule, file=file, record="simulator")
    if isinstance(kind, str) and SIMULATORS.has(kind):
        made: RowSimulator = SIMULATORS.find(kind).for_problem(problem)  # type: ignore[attr-defined]
        return made
    known = ", ".join((*KINDS, *SIMULATORS.identifiers))
    rule = f"the simulator's kind is {kind!r}, not one of {known}, and no plug-in provides it"
    raise InputError(rule, file=file, record="simulator")


def with_command(problem: Problem, text: str) -> Problem:
    """The problem with an external program for its simulator.

    Args:
        problem: as read.
        text: program and arguments as one would type them; quotes and backslashes count, nothing else of a
            shell does (no variables, pipes or wildcards).

    Raises:
        SettingsError: nothing to run, or a quote that is not closed.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SettingsError(f"--command {text!r} cannot be split into words: {error}") from error
    if not words:
        raise SettingsError("--command is empty: give a program, and its arguments in the same quotes")
    return replace(problem, simulator={"kind": "command", "command": words, "folder": os.getcwd()})


def _command(simulator: Mapping[str, Any], file: str | None) -> tuple[list[str], str | None]:
    """The words and the folder of a simulator of the kind `command`."""
    unknown = sorted(set(simulator) - {"kind", "command", "folder"})
    if unknown:
        rule = f"unknown key {unknown[0]!r} (known: command, folder, kind)"
        raise InputError(rule, file=file, record="simulator")
    command, folder = simulator.get("command"), simulator.get("folder")
    if isinstance(command, str):
        try:
            command = shlex.split(command)
        except ValueError as error:
            rule = f"command {command!r} cannot be split into words: {error}"
            raise InputError(rule, file=file, record="simulator") from error
    if not isinstance(command, list | tuple) or not command:
        rule = "command is a list of words, such as [python, simulate.py]"
        raise InputError(rule, file=file, record="simulator")
    if not all(isinstance(word, str) and word and "\0" not in word for word in command):
        rule = "every word of command is text that is not empty (quote numbers)"
        raise InputError(rule, file=file, record="simulator")
    if folder is not None and not isinstance(folder, str):
        raise InputError(f"folder is text, not {folder!r}", file=file, record="simulator")
    return list(command), folder

"""The problem that the command line names, and the simulator that answers it."""

from dataclasses import replace
from pathlib import Path

from sciml.errors import InputError, SettingsError
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_file import read_problem
from sciml.surrogates.session.settings import ProblemChoice
from sciml.surrogates.simulator_choice import with_command


def choose_problem(choice: ProblemChoice) -> Problem:
    """Read the problem and apply what the command line changes.

    Raises:
        InputError: no such file or circuit, or a file that breaks a rule.
        SettingsError: options that do not go together.
    """
    if choice.is_file:
        problem = read_problem(Path(choice.problem))
    else:
        problem = _shipped(choice.problem, choice.fidelity or "schematic", corners=choice.corners)
    if choice.command is not None:
        if choice.fidelity is not None or choice.unsafe_netlist:
            raise SettingsError(
                "--command brings its own simulator: --fidelity and --unsafe-netlist are for ngspice"
            )
        return with_command(problem, choice.command)
    is_ngspice = problem.simulator.get("kind") == "ngspice"
    if choice.fidelity is not None:
        if not is_ngspice or "circuit" not in problem.simulator:
            raise SettingsError("--fidelity is for the circuits that come with sciml")
        problem = replace(problem, simulator={**problem.simulator, "fidelity": choice.fidelity})
    if choice.unsafe_netlist:
        if not is_ngspice or "netlist" not in problem.simulator:
            raise SettingsError("--unsafe-netlist is for problems with a netlist of their own")
        problem = replace(problem, simulator={**problem.simulator, "unsafe": True})
    return problem


def _shipped(name: str, fidelity: str, *, corners: bool) -> Problem:
    from sciml.surrogates.circuits.catalogue import CIRCUITS, circuit_problem

    if name not in CIRCUITS:
        known = ", ".join(CIRCUITS)
        raise InputError(f"neither a file nor a circuit that comes with sciml ({known})", file=name)
    return circuit_problem(name, fidelity, corners=corners)

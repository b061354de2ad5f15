"""The ngspice simulator that a problem asks for: of a shipped circuit or of a user's own netlist."""

from dataclasses import replace
from pathlib import Path

from sciml.errors import InputError
from sciml.runs.cache import cache_folder
from sciml.surrogates.ngspice.circuit import Circuit
from sciml.surrogates.ngspice.circuit_file import read_circuit
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.ngspice.units import base_unit
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, ProblemSpec


def ngspice_simulator(problem: Problem, *, keep_failed: Path | None = None) -> NgspiceSimulator:
    """The simulator that `problem.simulator` describes.

    `{"kind": "ngspice", "circuit": NAME, "fidelity": …}` names a circuit that comes with the package, whose
    inputs and outputs must be those of the problem; `{"kind": "ngspice", "netlist": FILE, "benches": […]}` is
    read by :mod:`sciml.surrogates.ngspice.circuit_file`.

    Args:
        problem: as read from a file.
        keep_failed: folder for the netlists of failed simulations; None for `ngspice-failed` in the cache.

    Raises:
        InputError: the description breaks a rule.
        MissingRequirementError: ngspice is not on this machine.
    """
    kept = keep_failed if keep_failed is not None else cache_folder() / "ngspice-failed"
    circuit = _shipped(problem) if "circuit" in problem.simulator else read_circuit(problem)
    try:
        return NgspiceSimulator(circuit, timeout_s=problem.timeout_s, keep_failed=kept)
    except InputError as error:  # of templates and measurements, which know no file
        file = error.file or (None if problem.source is None else str(problem.source))
        raise InputError(error.rule, file=file, record=error.record, line=error.line) from error


def _shipped(problem: Problem) -> Circuit:
    """A shipped circuit with the ranges and outputs of the problem."""
    from sciml.surrogates.circuits.catalogue import circuit_named

    file = None if problem.source is None else str(problem.source)
    unknown = sorted(set(problem.simulator) - {"kind", "circuit", "fidelity"})
    name, fidelity = problem.simulator["circuit"], problem.simulator.get("fidelity", "schematic")
    if unknown or not isinstance(name, str) or not isinstance(fidelity, str):
        rule = "a shipped circuit takes the keys circuit and fidelity, both texts"
        rule += f"; unknown key {unknown[0]!r}" if unknown else ""
        raise InputError(rule, file=file, record="simulator")
    try:
        circuit = circuit_named(name, fidelity)
        check_same_quantities(problem.spec, circuit.spec)
    except InputError as error:
        raise InputError(error.rule, file=file, record=error.record or "simulator") from error
    return replace(circuit, spec=problem.spec)


def check_same_quantities(spec: ProblemSpec, shipped: ProblemSpec) -> None:
    """Refuse a problem whose inputs are not those of the circuit that it names, by name and unit, or which
    asks for outputs that the circuit does not measure. Ranges, prefixes of units and the order may differ.

    Raises:
        InputError: as said.
    """
    wanted = {each.name: each for each in shipped.inputs}
    if set(spec.input_names) != set(wanted):
        rule = f"the circuit's inputs are {', '.join(wanted)}, not {', '.join(spec.input_names)}"
        raise InputError(rule, record=shipped.name)
    for each in spec.inputs:
        known = wanted[each.name]
        if isinstance(each, CategoryInput) != isinstance(known, CategoryInput):
            raise InputError("a category stands for numbers, or numbers for one", record=each.name)
        if isinstance(each, CategoryInput) and isinstance(known, CategoryInput):
            if not set(each.choices) <= set(known.choices):
                raise InputError(f"the circuit knows the values {', '.join(known.choices)}", record=each.name)
        elif known.unit and base_unit(each.unit) != base_unit(known.unit):
            rule = f"its unit is {known.unit}, or that with another prefix, not {each.unit or 'none'!r}"
            raise InputError(rule, record=each.name)
    measured = {each.name: each for each in (*shipped.outputs, *shipped.auxiliary)}
    for output in (*spec.outputs, *spec.auxiliary):
        if output.name not in measured:
            rule = f"the circuit measures {', '.join(measured)}, not {output.name!r}"
            raise InputError(rule, record=shipped.name)
        unit = measured[output.name].unit
        if output.unit and base_unit(output.unit) != base_unit(unit):
            raise InputError(f"its unit is {unit or 'none'}, not {output.unit}", record=output.name)

"""The circuits that are shipped, by name."""

from types import ModuleType

from sciml.errors import InputError
from sciml.surrogates.circuits import comparator, negative_gm_opamp, optical_receiver, two_stage_opamp
from sciml.surrogates.circuits.process import FIVE_CORNERS
from sciml.surrogates.circuits.schematic import FIDELITIES, Fidelity
from sciml.surrogates.ngspice.circuit import Circuit
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.problem import Problem

_MODULES: dict[str, ModuleType] = {
    "two_stage_opamp": two_stage_opamp,
    "negative_gm_opamp": negative_gm_opamp,
    "optical_receiver": optical_receiver,
    "comparator": comparator,
}
CIRCUITS = tuple(_MODULES)
"""Names of the shipped circuits."""
_BIASED = {f"{name}_biased": name for name in ("two_stage_opamp", "negative_gm_opamp")}
"""The amplifiers measured with the loop closed at direct current, for corners and mismatch."""


def circuit_named(name: str, fidelity: str = "schematic") -> Circuit:
    """A shipped circuit's description; `NAME_biased` is an amplifier with the loop closed at direct current.

    Raises:
        InputError: there is no such circuit or fidelity.
    """
    built: Circuit
    if name in _BIASED:
        built = _module(_BIASED[name]).circuit(_fidelity(name, fidelity), is_biased=True)
    else:
        built = _module(name).circuit(_fidelity(name, fidelity))
    return built


def circuit_simulator(name: str, *, fidelity: str = "schematic") -> NgspiceSimulator:
    """A simulator of a shipped circuit.

    Raises:
        InputError: there is no such circuit or fidelity.
        MissingRequirementError: ngspice is not on this machine.
    """
    return NgspiceSimulator(
        circuit_named(name, fidelity), timeout_s=_module(_BIASED.get(name, name)).TIMEOUT_S
    )


def circuit_problem(name: str, fidelity: str = "schematic", *, corners: bool = False) -> Problem:
    """The problem of a shipped circuit, as its example file gives it.

    Args:
        name: one of :data:`CIRCUITS`.
        fidelity: `schematic` or `layout`.
        corners: the robust problem instead: five corners, limits that can be met at all of them with
            mismatch, and amplifiers in their biased form.

    Raises:
        InputError: there is no such circuit or fidelity.
    """
    module = _module(name)
    circuit = f"{name}_biased" if corners and f"{name}_biased" in _BIASED else name
    return Problem(
        spec=circuit_named(circuit, fidelity).spec,
        goal=module.ROBUST_GOAL if corners else module.GOAL,
        timeout_s=module.TIMEOUT_S,
        corners=FIVE_CORNERS if corners else (),
        simulator={"kind": "ngspice", "circuit": circuit, "fidelity": fidelity},
    )


def _module(name: str) -> ModuleType:
    if name not in _MODULES:
        raise InputError(f"no circuit is called {name!r} (there are {', '.join(CIRCUITS)})")
    return _MODULES[name]


def _fidelity(name: str, fidelity: str) -> Fidelity:
    for known in FIDELITIES:
        if fidelity == known:
            return known
    raise InputError(f"fidelity {fidelity!r} is none of {', '.join(FIDELITIES)}", record=name)

"""Circuits shipped with the package, ready to be sized.

The flow: `generic45.lib` is a generic BSIM4 card and `process.py` its corners and mismatch; a circuit
(`two_stage_opamp.py`, `negative_gm_opamp.py`, `optical_receiver.py`, `comparator.py`) lists its elements as a
`schematic.py`, from which the netlists of both fidelities are written, `parasitics.py` adding what a layout
adds; `amplifier_benches.py` are the testbenches that amplifiers share; `catalogue.py` finds a circuit by name
and `take_away.py` writes a design as a netlist and a table of device sizes.
"""

from sciml.surrogates.circuits.catalogue import CIRCUITS, circuit_named, circuit_problem, circuit_simulator

__all__ = ["CIRCUITS", "circuit_named", "circuit_problem", "circuit_simulator"]

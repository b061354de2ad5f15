"""Circuits simulated by ngspice.

The flow: a circuit is data (`circuit.py`: netlist template, `analysis.py`, measurements by name), read from a
problem file by `circuit_file.py` and checked against an allow-list by `safety.py`. For one design `deck.py`
fills in numbers (`units.py`, `mismatch.py`); `library.py` runs a deck in this process, `program.py` by the
program with `raw_file.py`; `plot.py` holds what came back; `measurement_kinds.py` names the functions of
`measurements.py`; `simulator.py` does all of it for a job.
"""

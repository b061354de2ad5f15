"""Circuits simulated by ngspice.

The flow: a circuit is data (`circuit.py`: netlist template, `analysis.py`, measurements by name), taken from
the package or read from a problem file (`simulator_choice.py`, `circuit_file.py`) and checked against an
allow-list (`safety.py`); `compiled.py` makes it ready. For one design `values.py` gives numbers (`units.py`)
and `deck.py` fills them in. `engine.py` runs a deck: `shared_library.py` in this process, `program.py` with
`raw_file.py`; `messages.py` knows which of ngspice's words are failures, `installation.py` where ngspice is.
`plot.py` holds what came back; `meter.py` measures, by the names of `measurement_kinds.py`, with functions
of `frequency_measurements.py` and `time_measurements.py`. `simulator.py` does all of it for a job, and
`kept.py` keeps the netlists of failures.
"""

"""A simulator that is a program of its own: a low-pass filter of two equal RC stages.

It stays running and answers each line of standard input with one line of standard output:

    {"id": 7, "inputs": {"r": 1000.0, "c": 1.0, "order": "two"}}
    {"id": 7, "outputs": {"cutoff": 59559.6, "attenuation": 16.9, "noise": 4.0}}

or, where a design has no answer, {"id": 7, "error": "why"}. Any language will do; this one is Python's
standard library alone. Run it by

    sciml design examples/external.yaml --command "python examples/external_simulator.py"
"""

import json
import math
import sys

BOLTZMANN = 1.380649e-23  # J/K
TEMPERATURE = 300.0  # K
LOAD = 1e6  # Ohm, what the filter drives


def gain(frequency: float, r: float, c: float, stages: int) -> float:
    """|v(out)/v(in)| of one or two RC stages, the second loading the first, with a resistive load."""
    s = 2j * math.pi * frequency
    out = 1.0 / LOAD + s * c  # admittance at the output
    ratio = 1.0 / (1.0 + r * out)
    if stages == 2:
        seen = s * c + out / (1.0 + r * out)  # what the first stage drives
        ratio *= 1.0 / (1.0 + r * seen)
    return abs(ratio)


def cutoff(r: float, c: float, stages: int) -> float:
    """Frequency at which the gain is 3 dB below that at zero, Hz, by bisection of its logarithm."""
    wanted = gain(0.0, r, c, stages) / math.sqrt(2.0)
    low, high = 0.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gain(10**middle, r, c, stages) > wanted else (low, middle)
    return 10**low


def simulate(inputs: dict) -> dict:
    """Outputs of a design; raises ValueError where it cannot be built."""
    r, c = float(inputs["r"]), float(inputs["c"]) * 1e-9  # the input is in nF
    stages = {"one": 1, "two": 2}[inputs["order"]]
    if r * stages > LOAD / 2:
        raise ValueError("the filter's resistance takes more than half of the signal")
    corner = cutoff(r, c, stages)
    return {
        "cutoff": corner,
        "attenuation": 20 * math.log10(gain(0.0, r, c, stages) / gain(1e6, r, c, stages)),
        "noise": math.sqrt(4 * BOLTZMANN * TEMPERATURE * r * stages) * 1e9,
        "area": stages * (r / 2e3 + c / 1e-12),
    }


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = {"id": question["id"], "outputs": simulate(question["inputs"])}
        except ValueError as error:
            answer = {"id": question["id"], "error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

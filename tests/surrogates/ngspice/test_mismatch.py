"""Mismatch of transistors."""

import math
from dataclasses import replace

import pytest

from sciml.surrogates.ngspice.analysis import Analysis
from sciml.surrogates.ngspice.circuit import Bench, Device, Measurement, Mismatch
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.ngspice.values import job_values
from sciml.surrogates.problem_spec import IntegerInput, Output
from sciml.surrogates.simulator import Job
from tests.surrogates.ngspice.rc_circuit import rc_circuit, spec
from tests.surrogates.ngspice.requirement import needs_program


def pair(multiplier_high=64):
    """The drain current of a square-law transistor with mismatch, sized by its multiplier."""
    inputs = (IntegerInput("fingers", 1, multiplier_high),)
    base = replace(spec(Output("current", "uA")), inputs=inputs)
    bench = Bench(
        "bench", "vd d 0 1\nvg g 0 '0.9-({m1_delvto})'\n", (Analysis("op"),),
        (
            Measurement("current", "magnitude", {"signal": "i(vd)"}),
        ),
    )  # fmt: skip
    return rc_circuit(
        spec=base, benches=(bench,), conditions=(), netlist=(
            "m1 d g 0 0 n w=1u l=1u m={fingers}\n.model n nmos level=1 vto=0.4 kp='100u*({m1_mulu0})'\n"
        ),
        devices=(Device("m1", 1e-6, 1e-6, "fingers"),), mismatch=Mismatch(5e-9, 20e-9),
    )  # fmt: skip


@needs_program
def test_mismatch_follows_pelgrom_and_its_seed():
    circuit = pair()
    simulator = NgspiceSimulator(circuit, mode="program")
    current = [simulator.simulate(Job({"fingers": 4}, seed=seed)).outputs["current"] for seed in (1, 1, 2)]
    assert current[0] == current[1] != current[2]
    nominal = simulator.simulate(Job({"fingers": 4})).outputs["current"]
    assert nominal == pytest.approx(4 * 50 * 0.25, rel=1e-3)
    draws = [job_values(circuit, Job({"fingers": 4}, seed=seed)).numbers for seed in range(2000)]
    shifts = [draw["m1_delvto"] for draw in draws]
    factors = [draw["m1_mulu0"] for draw in draws]
    deviation = math.sqrt(sum(shift**2 for shift in shifts) / len(shifts))
    assert deviation == pytest.approx(5e-9 / 2e-6, rel=0.05)
    spread = math.sqrt(sum((factor - 1) ** 2 for factor in factors) / len(factors))
    assert spread == pytest.approx(20e-9 / 2e-6, rel=0.05)
    wide = job_values(circuit, Job({"fingers": 16}, seed=7)).numbers["m1_delvto"]
    assert wide == pytest.approx(draws[7]["m1_delvto"] / 2)

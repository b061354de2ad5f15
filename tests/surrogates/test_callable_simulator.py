import functools

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.callable_simulator import CallableSimulator, VectorisedSimulator, function_identity
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, Output, ProblemSpec
from sciml.surrogates.result import FailureKind
from sciml.surrogates.simulator import Corner, Job, Simulator

SPEC = ProblemSpec(
    "divider",
    "1",
    (FloatInput("r1", 0.0, 10.0), FloatInput("r2", 0.0, 10.0), CategoryInput("unit", ("V", "mV"))),
    (Output("out"), Output("current")),
    (Output("power"),),
)


def divider(values):
    """A voltage divider at 1 V."""
    current = 1.0 / (values["r1"] + values["r2"])
    scale = {"V": 1, "mV": 1000}[values["unit"]]
    return {"out": scale * current * values["r2"], "current": current, "power": current, "unknown": None}


def job(r1, r2, unit="V", **more):
    return Job({"r1": r1, "r2": r2, "unit": unit}, **more)


def test_a_function_of_one_design_is_a_simulator():
    row = CallableSimulator(SPEC, divider).simulate(job(1.0, 3.0, "mV"))
    assert row.outputs == {"out": 750.0, "current": 0.25}
    assert row.auxiliary == {"power": 0.25}
    assert row.failure is None


def test_an_exception_is_reported_with_its_text():
    failure = CallableSimulator(SPEC, divider).simulate(job(0.0, 0.0)).failure
    assert (failure.kind, failure.message) == (
        FailureKind.REPORTED,
        "ZeroDivisionError: float division by zero",
    )


def test_the_function_may_not_change_the_job():
    def greedy(values):
        values["r1"] = 99.0
        return {"out": 1.0, "current": 1.0}

    asked = job(1.0, 2.0)
    CallableSimulator(SPEC, greedy).simulate(asked)
    assert asked.values["r1"] == 1.0


@pytest.mark.parametrize("answer", [None, 3.0, [("out", 1.0)], "out"])
def test_an_answer_that_is_no_mapping_is_a_bad_answer(answer):
    failure = CallableSimulator(SPEC, lambda values: answer).simulate(job(1.0, 1.0)).failure
    assert failure.kind is FailureKind.BAD_ANSWER


def test_corner_and_seed_reach_functions_that_have_parameters_for_them():
    def hot(values, corner, *, seed=None):
        return {"out": corner.parameters.get("t", 27.0), "current": -1.0 if seed is None else seed}

    simulator = CallableSimulator(SPEC, hot)
    assert simulator.simulate(job(1.0, 1.0)).outputs == {"out": 27.0, "current": -1.0}
    assert simulator.simulate(job(1.0, 1.0, corner=Corner("hot", {"t": 85}), seed=3)).outputs == {
        **{"out": 85.0, "current": 3.0}
    }


def test_the_identity_follows_the_source():
    def one(values):
        return {"out": 1.0}

    first = function_identity(one)

    def one(values):
        return {"out": 2.0}

    assert function_identity(one) != first
    assert function_identity(one).startswith(f"python {__name__}.")
    assert function_identity(max) == "python builtins.max"
    assert "partial" in function_identity(functools.partial(divider))
    assert CallableSimulator(SPEC, one, identity="mine 2").identity == "mine 2"


def plane(designs):
    total = designs[:, 0] + designs[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack([designs[:, 1] / total, 1 / total], axis=1)


def test_a_function_of_a_batch_agrees_with_the_function_of_one_design():
    designs = SPEC.random(50, np.random.default_rng(0))
    designs[:, 2] = 0
    designs[7, :2] = 0.0
    batch = VectorisedSimulator(SPEC, plane)
    assert isinstance(batch, Simulator)
    many, single = batch.run(designs), BatchSimulator(CallableSimulator(SPEC, divider)).run(designs)
    np.testing.assert_allclose(many.values, single.values, rtol=1e-15)
    assert many.ok.tolist() == [index != 7 for index in range(50)]
    assert many.failures[7].kind is FailureKind.NON_FINITE
    assert batch.simulations == 50


def test_an_exception_in_a_batch_fails_it_whole_and_a_wrong_shape_is_refused():
    def broken(designs):
        raise ValueError("no licence")

    designs = SPEC.random(3, np.random.default_rng(0))
    failures = VectorisedSimulator(SPEC, broken).run(designs).failures
    assert [(failure.kind, failure.message) for failure in failures] == [
        ("reported", "ValueError: no licence")
    ] * 3
    with pytest.raises(InputError, match=r"shape \(3,\), not \(3, 2\)"):
        VectorisedSimulator(SPEC, lambda designs: designs[:, 0]).run(designs)
    with pytest.raises(InputError, match="r1 = 11"):
        VectorisedSimulator(SPEC, plane).run(np.array([[11.0, 0.0, 0.0]]))

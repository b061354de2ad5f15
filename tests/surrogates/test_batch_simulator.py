import numpy as np
import pytest

from sciml.errors import InputError
from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.callable_simulator import CallableSimulator
from sciml.surrogates.execution.serial import SerialExecutor
from sciml.surrogates.problem_spec import FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Row
from sciml.surrogates.simulator import Corner, Cutoff, Simulator
from sciml.surrogates.store import Store
from tests.surrogates.odd_simulators import SPEC, OddSimulator

PLANE = ProblemSpec("plane", "1", (IntegerInput("x", 0, 9), FloatInput("y", 0, 1, 0.1)), (Output("z"),))


class Recording:
    """Counts what it is asked; fails where x is 7, stops early where a cutoff says so."""

    spec, identity, timeout_s = PLANE, "recording 1", 5.0

    def __init__(self):
        self.jobs = []

    def simulate(self, job):
        self.jobs.append(job)
        if job.values["x"] == 7:
            return Row({}, failure=Failure(FailureKind.TIMEOUT, "too slow"))
        z = job.values["x"] + job.values["y"]
        stops = job.cutoff is not None and job.cutoff.stops({"z": z})
        return Row({"z": z}, is_complete=not stops)

    def close(self):
        pass


def designs(*pairs):
    return np.array(pairs, dtype=float)


def test_it_is_a_simulator_and_answers_in_order():
    simulator = BatchSimulator(Recording())
    assert isinstance(simulator, Simulator)
    result = simulator.run(designs((3, 0.1), (7, 0.5), (1, 0.9)))
    np.testing.assert_array_equal(result.values, [[3.1], [np.nan], [1.9]])
    assert result.failures[1].kind is FailureKind.TIMEOUT
    assert (simulator.simulations, simulator.recalled) == (3, 0)


def test_equal_designs_of_a_batch_are_simulated_once():
    simulator = BatchSimulator(Recording())
    result = simulator.run(designs((3, 0.3), (1, 0.1), (3, 0.1 + 0.2)))
    assert result.values[:, 0].tolist() == [3.3, 1.1, 3.3]
    assert (simulator.simulations, simulator.recalled) == (2, 1)


def test_nothing_is_simulated_twice_with_a_store(tmp_path):
    first = designs((3, 0.3), (7, 0.0))
    with Store(tmp_path / "s.db") as store:
        before = BatchSimulator(Recording(), store=store).run(first)
        simulator = BatchSimulator(Recording(), store=store)
        after = simulator.run(np.concatenate([first, designs((2, 0.2))]))
        assert (simulator.simulations, simulator.recalled) == (1, 2)
        np.testing.assert_array_equal(after.values[:2], before.values)
        assert after.failures[:2] == before.failures
        other_corner = BatchSimulator(Recording(), store=store)
        other_corner.run(first, corner=Corner("hot", {"t": 85}), seed=3)
        assert [(job.corner.name, job.seed) for job in other_corner.row_simulator.jobs] == [("hot", 3)] * 2


def test_only_failures_of_the_machine_are_tried_again(tmp_path):
    with Store(tmp_path / "s.db") as store:
        BatchSimulator(Recording(), store=store).run(designs((7, 0.0), (2, 0.0)))
        again = BatchSimulator(Recording(), store=store, retry_failures=True)
        again.run(designs((7, 0.0), (2, 0.0)))
        assert [job.values["x"] for job in again.row_simulator.jobs] == [7]


def test_a_cut_off_simulation_is_no_answer_to_a_complete_request(tmp_path):
    design, cutoff = designs((3, 0.0)), Cutoff({"z": 5.0})
    with Store(tmp_path / "s.db") as store:
        simulator = BatchSimulator(Recording(), store=store)
        cut = simulator.run(design, cutoff=cutoff)
        assert (cut.ok.tolist(), cut.is_complete.tolist(), cut.failures) == ([False], [False], (None,))
        assert simulator.run(design, cutoff=cutoff).values.tolist() == [[3.0]]
        assert simulator.simulations == 1
        assert simulator.run(design).ok.tolist() == [True]
        assert simulator.simulations == 2


def test_a_stored_row_is_not_taken_for_a_problem_with_other_outputs(tmp_path):
    def both(values):
        return {"z": values["x"], "u": -values["x"]}

    wide = ProblemSpec(PLANE.name, "1", PLANE.inputs, (Output("z"), Output("u")))
    with Store(tmp_path / "s.db") as store:
        for spec, values in ((PLANE, [[4.0]]), (wide, [[4.0, -4.0]])):
            simulator = BatchSimulator(CallableSimulator(spec, both, identity="both"), store=store)
            assert simulator.run(designs((4, 0.0))).values.tolist() == values
            assert simulator.simulations == 1


def test_rows_are_kept_as_they_come_and_survive_an_interruption(tmp_path):
    class Interrupted(Recording):
        def simulate(self, job):
            if len(self.jobs) == 2:
                raise KeyboardInterrupt
            return super().simulate(job)

    batch = designs((1, 0.0), (2, 0.0), (3, 0.0), (4, 0.0))
    with Store(tmp_path / "s.db") as store:
        with pytest.raises(KeyboardInterrupt):
            BatchSimulator(Interrupted(), store=store).run(batch)
        assert len(store) == 2
        simulator = BatchSimulator(Recording(), store=store)
        assert simulator.run(batch).values[:, 0].tolist() == [1, 2, 3, 4]
        assert simulator.simulations == 2


def test_a_design_that_is_not_allowed_is_refused_before_anything_runs():
    simulator = BatchSimulator(Recording())
    with pytest.raises(InputError, match="design 1: x = 10"):
        simulator.run(designs((1, 0.0), (10, 0.0)))
    assert simulator.row_simulator.jobs == []
    assert len(simulator.run(np.zeros((0, 2)))) == 0


def test_outputs_that_are_not_finite_are_failures_and_stored_as_such(tmp_path):
    def infinite(values):
        return {"z": 1e400}

    with Store(tmp_path / "s.db") as store:
        for _ in range(2):
            simulator = BatchSimulator(CallableSimulator(PLANE, infinite), store=store)
            result = simulator.run(designs((1, 0.0)))
            assert result.failures[0].kind is FailureKind.NON_FINITE
            assert np.isnan(result.values).all()
        assert simulator.simulations == 0


def test_closing_closes_the_simulator(tmp_path):
    odd = OddSimulator(str(tmp_path))
    with BatchSimulator(odd, SerialExecutor()) as simulator:
        simulator.run(SPEC.from_values({"x": 1, "y": 0.5, "deed": "answer"})[None])
    assert any(name.name.startswith("closed") for name in tmp_path.iterdir())


def test_an_exception_out_of_a_simulator_is_a_crash_of_its_design_alone(tmp_path):
    values = [{"x": 1, "y": 0.5, "deed": "raise"}, {"x": 2, "y": 0.5, "deed": "answer"}]
    with BatchSimulator(OddSimulator(str(tmp_path))) as simulator:
        result = simulator.run(np.stack([SPEC.from_values(each) for each in values]))
    assert result.failures[0].kind is FailureKind.CRASH
    assert result.failures[0].message.startswith("ZeroDivisionError: nothing to divide by (line ")
    assert result.ok.tolist() == [False, True]

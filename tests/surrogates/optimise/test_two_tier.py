import pickle

import numpy as np
import pytest

from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.optimise.feasibility_search import FeasibilitySearch, FeasibilitySettings
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.margins import shortfall, signed_margins
from sciml.surrogates.optimise.two_tier import NEAR, shortfall_cutoff
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Row, stack_rows
from sciml.surrogates.simulator import Job
from sciml.surrogates.specification import Goal, Specification
from sciml.surrogates.store import Store
from tests.surrogates.optimise.opamp_problem import SPEC, FunctionSimulator, amplifier

HARD = Problem(
    SPEC,
    Goal(
        (
            Specification("gain", minimum=145.0),
            Specification("ugbw", minimum=170.0),
            Specification("power", maximum=34.0),
        )
    ),
)
OUT_OF_REACH = Problem(SPEC, Goal((*HARD.goal.specifications[1:], Specification("gain", minimum=1e4))))


class TieredAmplifier:
    """`power` and `gain` cost 1 s; then the cutoff is asked; `ugbw` costs 9 s more."""

    spec = SPEC
    identity = "tiered amplifier 1"
    timeout_s = 10.0

    def simulate(self, job: Job) -> Row:
        outputs = amplifier({**job.values, "w2": min(float(job.values["w2"]), 50.0)})
        cheap = {name: outputs[name] for name in ("power", "gain")}
        if job.cutoff is not None and job.cutoff.stops(cheap):
            return Row(cheap, cost_s=1.0, is_complete=False)
        return Row(outputs, cost_s=10.0)

    def close(self) -> None: ...


def history_of(*rows: Row) -> History:
    history = History(SPEC, HARD.goal)
    history.add(SPEC.random(len(rows), np.random.default_rng(0)), stack_rows(list(rows), SPEC))
    return history


def test_a_design_is_stopped_exactly_when_it_can_no_longer_become_the_best() -> None:
    # The best so far misses the gain by a factor of e: a shortfall of ln(1 + 1).
    best = {"gain": 145 / np.e, "ugbw": 170.0, "power": 34.0}
    worse = {"gain": 145 / np.e**2, "ugbw": 170.0, "power": 34.0}
    history = history_of(Row(worse), Row(best))
    cutoff = shortfall_cutoff(history, np.arange(2), rank=1)
    assert cutoff is not None
    assert cutoff.most == pytest.approx(np.log(2))
    assert not cutoff.stops({})
    assert not cutoff.stops({"gain": 145 / np.e * 1.001})
    assert cutoff.stops({"gain": 145 / np.e * 0.999})
    assert not cutoff.stops({"gain": 145 * np.e, "power": 34.0})
    half = np.exp(np.expm1(np.log(2) / 2))  # half of that shortfall each: together as much
    assert not cutoff.stops({"gain": 145 / half * 1.001, "power": 34 * half / 1.001})
    assert cutoff.stops({"gain": 145 / half * 0.999, "power": 34 * half * 1.001})
    second = shortfall_cutoff(history, np.arange(2), rank=2)
    assert second is not None
    assert second.most == pytest.approx(np.log(3))


def test_what_is_nearly_feasible_is_simulated_to_its_end() -> None:
    history = history_of(Row({"gain": 150.0, "ugbw": 180.0, "power": 30.0}))
    cutoff = shortfall_cutoff(history, np.arange(1), rank=1)
    assert cutoff is not None
    assert cutoff.most == NEAR
    assert not cutoff.stops({"gain": 145 * 0.91})
    assert cutoff.stops({"gain": 145 * 0.89})


def test_stopped_designs_set_no_limit_and_nothing_stops_without_a_complete_one() -> None:
    stopped = Row({"gain": 145.0}, is_complete=False)
    assert shortfall_cutoff(history_of(stopped), np.arange(1), rank=1) is None
    history = history_of(stopped, Row({"gain": 14.5, "ugbw": 170.0, "power": 34.0}))
    cutoff = shortfall_cutoff(history, np.arange(2), rank=1)
    assert cutoff is not None
    assert cutoff.most == pytest.approx(np.log1p(np.log(10)))


def test_a_cutoff_travels_to_worker_processes() -> None:
    cutoff = shortfall_cutoff(history_of(Row({"gain": 14.5, "ugbw": 170.0, "power": 34.0})), np.arange(1), 1)
    copy = pickle.loads(pickle.dumps(cutoff))
    assert copy == cutoff
    assert copy.stops({"gain": 14.0})


def test_the_search_pays_less_and_the_stopped_designs_were_not_better(tmp_path) -> None:
    settings = FeasibilitySettings(rank=5)
    with Store(tmp_path / "store.sqlite") as store:
        simulator = BatchSimulator(TieredAmplifier(), store=store)
        run = run_design(OUT_OF_REACH, simulator, FeasibilitySearch(OUT_OF_REACH, 0, settings), budget=22)
        stopped = ~run.result.is_complete
        assert not stopped[: len(SPEC.inputs) + 3].any()  # the spread designs
        assert stopped.sum() >= 3
        assert run.result.cost_s.sum() == 10 * 22 - 9 * stopped.sum()
        truth = BatchSimulator(TieredAmplifier()).run(run.designs).values
        short = shortfall(signed_margins(truth, OUT_OF_REACH.goal, SPEC))
        for row in np.flatnonzero(stopped):
            assert short[row] > np.sort(short[:row][~stopped[:row]])[5 - 1]
        # A repeated run meets the stopped rows of the first, and asks the same designs.
        again = BatchSimulator(TieredAmplifier(), store=store)
        repeated = run_design(OUT_OF_REACH, again, FeasibilitySearch(OUT_OF_REACH, 0, settings), budget=22)
        assert again.simulations == 0
        np.testing.assert_array_equal(repeated.designs, run.designs)
        np.testing.assert_array_equal(repeated.result.is_complete, run.result.is_complete)


def test_a_stopped_design_teaches_what_it_measured_and_neither_success_nor_failure() -> None:
    search = FeasibilitySearch(HARD, 0)
    stopped = Row({"gain": 100.0, "power": 20.0}, is_complete=False)
    designs = SPEC.random(2, np.random.default_rng(0))
    search.tell(designs, stack_rows([stopped, Row({"gain": 100.0, "ugbw": 90.0, "power": 20.0})], SPEC))
    targets = search._targets(2)
    np.testing.assert_array_equal(np.isnan(targets[0]), [False, True, False, True])
    np.testing.assert_array_equal(targets[0][[0, 2]], targets[1][[0, 2]])
    assert targets[1, 3] == 1.0


def test_a_simulator_without_tiers_is_asked_the_same_designs() -> None:
    runs = [
        run_design(
            HARD, FunctionSimulator(), FeasibilitySearch(HARD, 2, FeasibilitySettings(rank=rank)), budget=12
        )
        for rank in (1, None)
    ]
    np.testing.assert_array_equal(runs[0].designs, runs[1].designs)

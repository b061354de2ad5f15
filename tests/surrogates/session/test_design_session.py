import csv
import io
import json
import math

import numpy as np
import pytest

from sciml.errors import InputError, SettingsError
from sciml.report.design import design_html
from sciml.surrogates.problem import Problem
from sciml.surrogates.session.outputs import write_outputs
from sciml.surrogates.session.prequential import predict_onwards
from sciml.surrogates.session.problem_choice import choose_problem
from sciml.surrogates.session.records import designs_csv
from sciml.surrogates.session.report import session_report
from sciml.surrogates.session.session import run_session
from sciml.surrogates.session.settings import ProblemChoice, SessionSettings
from sciml.surrogates.session.values import session_values
from sciml.surrogates.session.verdict import margins, missed_texts, verdict
from sciml.surrogates.specification import Goal, Specification
from sciml.surrogates.store import Store
from tests.report.page_reader import Reader
from tests.surrogates.optimise.cornered_amplifier import (
    GOAL,
    PROBLEM,
    SPEC,
    TWO_OBJECTIVES,
    CorneredSimulator,
)
from tests.surrogates.session.design_case import CountingSimulator, in_process, is_truly_feasible, run

IMPOSSIBLE = Problem(SPEC, Goal((*GOAL.specifications, Specification("area", maximum=1.0))))


def test_a_feasible_design_is_found_counted_and_checked():
    simulator = CountingSimulator()
    session = run(simulator=simulator)
    values = session_values(session)
    assert values["feasible"]
    assert is_truly_feasible(session.search.designs[values["first_feasible"] - 1])
    assert not any(map(is_truly_feasible, session.search.designs[: values["first_feasible"] - 1]))
    assert is_truly_feasible(SPEC.from_values(values["best"]["inputs"]))
    assert len(simulator.jobs) == session.real_simulations == values["simulations"] + 1  # and the check
    assert all(entry["met"] and entry["margin"] >= 0 for entry in values["specifications"])
    assert [entry["feasible"] for entry in values["check"]] == [True]
    json.dumps(values, allow_nan=False)


def test_failures_count_and_are_named():
    session = run(IMPOSSIBLE, budget=120)
    values = session_values(session)
    failed = [design for design in session.search.designs if design[0] > 75]
    assert values["failures"] == {"reported": len(failed)}
    assert len(failed) > 0
    assert values["simulations"] == 120
    assert (values["feasible"], values["first_feasible"], values["stopped"]) == (False, None, "budget")


def test_the_verdict_says_what_the_best_design_misses_worst_first():
    session = run(IMPOSSIBLE, budget=120)
    best = session.search.result.values[session.search.best]
    missed = missed_texts(session.problem, best)
    violation = IMPOSSIBLE.goal.violations(best[None], SPEC)[0]
    names = [each.output for each in IMPOSSIBLE.goal.specifications]
    order = [names[i] for i in np.argsort(-violation) if violation[i] > 0]
    assert [text.split()[0] for text in missed] == order
    assert verdict(session) == f"No feasible design in 120 simulations: the best misses {', '.join(missed)}."


def test_margins_are_relative_to_the_limit_and_to_one_unit_at_zero():
    goal = Goal((
        Specification("gain", minimum=100.0), Specification("power", maximum=2.0),
        Specification("area", minimum=0.0), Specification("ugbw", minimum=1.0),
    ))  # fmt: skip
    found = margins(Problem(SPEC, goal), np.array([150.0, math.nan, 3.0, 0.25]))
    np.testing.assert_allclose(found[:3], [0.5, -0.5, 0.25])
    assert math.isnan(found[3])


def test_a_killed_run_goes_on_and_simulates_nothing_twice(tmp_path):
    whole = CountingSimulator()
    expected = run(IMPOSSIBLE, whole, budget=130)
    first, second = CountingSimulator(stop_after=117), CountingSimulator()
    with Store(tmp_path / "store.sqlite") as store, pytest.raises(KeyboardInterrupt):
        run(IMPOSSIBLE, first, store, budget=130)
    with Store(tmp_path / "store.sqlite") as store:
        resumed = run(IMPOSSIBLE, second, store, budget=130)
    assert (resumed.search.designs == expected.search.designs).all()
    np.testing.assert_array_equal(resumed.search.result.values, expected.search.result.values)
    assert len(first.jobs) == 117
    assert resumed.recalled == 117
    assert not set(first.jobs) & set(second.jobs[:-1])  # the last one is the check
    assert first.jobs + second.jobs == whole.jobs
    assert session_values(resumed)["best"] == session_values(expected)["best"]


def test_several_seeds_give_the_best_and_all_are_listed():
    session = run(seeds=3, seed=4)
    values = session_values(session)
    assert [each["seed"] for each in values["runs"]] == [4, 5, 6]
    counts = [each["first_feasible"] for each in values["runs"]]
    assert values["first_feasible"] == min(counts)
    report = session_report(session, None, {})
    assert report.traces[0].seed == values["seed"]
    assert len(report.traces) == 3


def test_a_robust_run_lists_every_condition():
    session = run(corners=True, mismatch=2, budget=2000)
    values = session_values(session)
    assert values["feasible"]
    assert len(values["check"]) == len(values["corners"]) == 10
    assert all(entry["feasible"] for entry in values["check"])
    rows = list(csv.DictReader(io.StringIO(designs_csv(session))))
    assert len(rows) == values["simulations"] == values["first_feasible"]
    last = [row for row in rows if row["design"] == str(session.search.feasible_row + 1)]
    assert {row["condition"] for row in last} == set(values["corners"])
    assert {row["outcome"] for row in last} == {"met"}
    page = design_html(session_report(session, None, {}))
    assert "ss, mismatch 2" in page
    assert "One column for each design" in page
    assert "Each design stands at the worst of all conditions" in page


def test_corners_that_a_problem_does_not_have_are_refused():
    with pytest.raises(SettingsError, match="lists no corners"):
        run(TWO_OBJECTIVES, corners=True)


def test_two_objectives_spend_the_budget_on_a_front():
    session = run(TWO_OBJECTIVES, budget=112)
    search = session.search
    assert search.simulations == 112
    assert search.is_feasible
    assert search.first_feasible < 112
    report = session_report(session, None, {})
    assert report.pareto is not None
    met = GOAL.feasible(search.result.values, SPEC) & search.result.ok
    assert len(report.pareto.points) == met.sum()
    assert 1 <= report.pareto.is_front.sum() <= met.sum()
    best = search.result.values[search.best]
    assert GOAL.feasible(best[None], SPEC)[0]


def test_the_csv_holds_every_simulation_with_its_outcome():
    session = run(IMPOSSIBLE, budget=110)
    rows = list(csv.DictReader(io.StringIO(designs_csv(session))))
    assert [int(row["simulation"]) for row in rows] == list(range(1, 111))
    for row, design, values in zip(rows, session.search.designs, session.search.result.values, strict=True):
        assert float(row["ibias"]) == design[3]
        if design[0] > 75:
            assert row["outcome"] == "failed"
            assert row["failure"] == "reported"
            assert "no operating point" in row["message"]
            assert row["gain"] == ""
            assert float(row["cost"]) == 1
        else:
            assert row["outcome"] == "missed"
            assert float(row["gain"]) == pytest.approx(values[0], rel=1e-11)


def test_outputs_are_written_whole(tmp_path):
    session = run()
    files = {path.name for path in write_outputs(session, tmp_path / "out")}
    figures = {"convergence.png", "violations.png", "predictions.png"}
    assert files == {"result.json", "designs.csv", "report.html", *figures}
    assert {path.name for path in (tmp_path / "out").iterdir()} == files
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == session_values(session)
    for name in figures:
        assert (tmp_path / "out" / name).read_bytes().startswith(b"\x89PNG")
    reader = Reader()
    reader.feed((tmp_path / "out" / "report.html").read_text())
    assert reader.open == []
    values = json.loads(reader.texts["data"])
    assert len(values["traces"][0]["cost"]) == session.search.simulations


def test_every_prediction_is_older_than_its_simulation():
    designs = SPEC.random(60, np.random.default_rng(0))
    simulator = CorneredSimulator()
    result = simulator.run(designs)
    found = predict_onwards(PROBLEM, designs, result, trainings=3)
    assert found.rows.tolist() == list(range(12, 60))
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    # What comes later changes nothing: another second half, the same predictions of the first.
    other = np.concatenate([designs[:20], SPEC.random(40, np.random.default_rng(9))])
    again = predict_onwards(PROBLEM, other, simulator.run(other), trainings=3)
    np.testing.assert_array_equal(again.mean[: 20 - 12], found.mean[: 20 - 12])
    truth = result.values[found.rows]
    known = np.isfinite(truth)
    held = ((found.low <= truth) & (truth <= found.high))[known].mean()
    assert held > 0.7


def test_a_short_run_predicts_nothing():
    designs = SPEC.random(12, np.random.default_rng(0))
    assert predict_onwards(PROBLEM, designs, CorneredSimulator().run(designs)) is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "nonsense"}, "none of default"),
        ({"budget": 0}, "--budget is at least 1"),
        ({"jobs": 2, "scheduler": "tcp://x:1"}, "give one of them"),
        ({"mismatch": 3}, "goes with --corners"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        SessionSettings(**settings)


def test_a_name_that_is_no_file_and_no_circuit_is_refused():
    with pytest.raises(InputError, match="neither a file nor a circuit"):
        choose_problem(ProblemChoice("two_stage_opamps"))


def test_a_shipped_circuit_can_be_named_with_its_fidelity_and_corners():
    problem = choose_problem(ProblemChoice("two_stage_opamp", fidelity="layout", corners=True))
    assert problem.simulator["fidelity"] == "layout"
    assert len(problem.corners) == 5


def test_options_of_ngspice_do_not_go_with_a_command():
    with pytest.raises(SettingsError, match="brings its own simulator"):
        choose_problem(ProblemChoice("examples/external.yaml", command="prog", fidelity="layout"))
    with pytest.raises(SettingsError, match="--fidelity is for the circuits"):
        choose_problem(ProblemChoice("examples/external.yaml", fidelity="layout"))
    with pytest.raises(SettingsError, match="netlist of their own"):
        choose_problem(ProblemChoice("two_stage_opamp", unsafe_netlist=True))


@pytest.mark.parametrize(
    ("settings", "expected"), [({}, 1), ({"jobs": 1}, 1), ({"batch": 3}, 3), ({"batch": 2, "jobs": 1}, 2)]
)
def test_the_default_mode_chooses_as_many_designs_as_are_simulated_together(settings, expected):
    sizes = []

    def note(seed, simulations, designs, result):
        sizes.append(simulations)

    chosen = SessionSettings(mode="default", budget=13, **settings)
    run_session(in_process(IMPOSSIBLE), CountingSimulator(), chosen, progress=note)
    after_the_spread_ones = np.diff([0, *sizes])[-2:]
    assert max(after_the_spread_ones) == expected
    assert sizes[-1] == 13

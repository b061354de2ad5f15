from dataclasses import replace

import numpy as np
import pytest

from sciml.errors import SettingsError
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.optimise.fidelity import FidelityTransfer, transfer
from sciml.surrogates.optimise.retarget import Retargeter, RetargetSettings, with_limits
from sciml.surrogates.specification import Goal, Specification
from tests.surrogates.optimise.cornered_amplifier import GOAL, PROBLEM, SPEC, CorneredSimulator, outputs


@pytest.fixture(scope="module")
def trained():
    designs = SPEC.random(120, np.random.default_rng(0))
    result = CorneredSimulator().run(designs)
    return Ensemble.for_problem(PROBLEM).fit(designs, result), designs, result


def targets(count, seed=1):
    """Limits that a design with a little room meets: each is feasible."""
    generator = np.random.default_rng(seed)
    designs = SPEC.random(20_000, generator)
    values = outputs(designs)
    ok = (values[:, 0] > 60) & (values[:, 1] > 5e6) & (designs[:, 0] <= 75)
    chosen = values[ok][:count]
    return [
        Goal((
            Specification("gain", minimum=row[0] * 0.95), Specification("ugbw", minimum=row[1] * 0.9),
            Specification("power", maximum=row[2] * 1.1),
        ))
        for row in chosen
    ]  # fmt: skip


def test_targets_are_reached_with_few_new_simulations_all_counted(trained):
    surrogate, designs, result = trained
    simulator = CorneredSimulator()
    retargeter = Retargeter(PROBLEM, simulator, surrogate, designs, result)
    reached = [(goal, retargeter.reach(goal)) for goal in targets(20)]
    assert sum(each.is_reached for _, each in reached) >= 18
    assert sum(each.simulations for _, each in reached) == len(simulator.asked)
    for goal, each in reached:
        np.testing.assert_allclose(each.values, outputs(each.design[None])[0])
        assert goal.feasible(each.values[None], SPEC)[0] == each.is_reached
        assert each.simulations <= 10


def test_a_known_design_answers_a_target_for_nothing(trained):
    surrogate, designs, result = trained
    simulator = CorneredSimulator()
    row = int(np.flatnonzero(result.ok)[3])
    goal = Goal((Specification("gain", minimum=result.values[row, 0]),))
    reached = Retargeter(PROBLEM, simulator, surrogate, designs, result).reach(goal)
    assert (reached.is_reached, reached.simulations, simulator.asked) == (True, 0, [])


def test_without_reuse_an_earlier_target_changes_nothing(trained):
    surrogate, designs, result = trained
    goals = targets(2, seed=5)
    settings = RetargetSettings(reuse=False)

    def answers(asked):
        retargeter = Retargeter(PROBLEM, CorneredSimulator(), surrogate, designs, result, settings=settings)
        retargeter.targets = 2 - len(asked)  # so that the seeds of the last target agree
        return [retargeter.reach(goal) for goal in asked][-1]

    alone, after = answers(goals[1:]), answers(goals)
    assert (alone.design == after.design).all()
    assert alone.simulations == after.simulations


def test_an_impossible_target_ends_at_its_limit_and_gives_the_best_known(trained):
    surrogate, designs, result = trained
    goal = Goal((Specification("gain", minimum=1e6),))
    simulator = CorneredSimulator()
    reached = Retargeter(
        PROBLEM, simulator, surrogate, designs, result, settings=RetargetSettings(simulations=3)
    ).reach(goal)
    assert not reached.is_reached
    assert reached.simulations == len(simulator.asked) == 3
    assert reached.values[0] >= result.values[result.ok, 0].max()


def test_limits_are_replaced_by_output_and_sign():
    goal = with_limits(GOAL, {("gain", 1.0): 70.0, ("power", -1.0): 1e-3})
    assert [each.limit for each in goal.specifications] == [70.0, 2e7, 1e-3]
    with pytest.raises(SettingsError, match="gain"):
        with_limits(GOAL, {("gain", -1.0): 5.0})


def test_a_layout_that_loses_bandwidth_is_met_in_a_few_runs(trained):
    surrogate, designs, result = trained
    simulator = CorneredSimulator(shift=0.35)
    limits = [Specification("gain", minimum=150.0), Specification("ugbw", minimum=6e7),
              Specification("power", maximum=2.2e-4)]  # fmt: skip
    problem = replace(PROBLEM, goal=Goal(tuple(limits)))
    run = transfer(problem, simulator, surrogate, designs, result, budget=30)
    assert run.first_feasible is not None
    assert run.first_feasible <= 15
    assert len(simulator.asked) == run.first_feasible + 1  # and its confirmation
    assert problem.goal.feasible(outputs(run.designs[run.best][None], shift=0.35), SPEC)[0]


def test_the_transfer_asks_the_same_of_the_same_history(trained):
    surrogate, designs, result = trained
    first, second = (FidelityTransfer(PROBLEM, surrogate, designs, result) for _ in range(2))
    for optimiser in (first, second):
        optimiser.tell(designs[:3], CorneredSimulator(shift=0.3).run(designs[:3]))
    assert (first.ask(1) == second.ask(1)).all()
    assert (first.ask(1) == first.ask(1)).all()


def test_feasible_designs_of_the_database_are_tried_first(trained):
    surrogate, designs, result = trained
    optimiser = FidelityTransfer(PROBLEM, surrogate, designs, result)
    feasible = designs[GOAL.feasible(result.values, SPEC) & result.ok]
    assert len(feasible) > 4
    for _ in range(4):
        asked = optimiser.ask(1)
        assert (asked == feasible).all(axis=1).any()
        assert not optimiser.history.has(asked).any()
        optimiser.tell(asked, CorneredSimulator(shift=5.0).run(asked))
    assert not (optimiser.ask(1) == feasible).all(axis=1).any()


def test_fidelities_of_different_outputs_are_refused(trained):
    surrogate, designs, result = trained
    other = replace(PROBLEM, spec=replace(SPEC, outputs=SPEC.outputs[:3]))
    with pytest.raises(SettingsError, match="different inputs or outputs"):
        FidelityTransfer(other, surrogate, designs, result)

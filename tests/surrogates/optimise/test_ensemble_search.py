import numpy as np
import pytest

from sciml.errors import SettingsError
from sciml.surrogates.discriminator import PairwiseDiscriminator
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.optimise.ensemble_search import (
    FEWEST,
    REJECTED,
    EnsembleSearch,
    EnsembleSettings,
    Networks,
)
from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.loop import run_design
from sciml.surrogates.optimise.modes import make_optimiser
from sciml.surrogates.problem import Problem
from sciml.surrogates.specification import Goal, Objective, Specification
from sciml.surrogates.stacked_training import StackedSettings
from tests.surrogates.optimise.opamp_problem import GOAL, PROBLEM, SPEC, WITH_OBJECTIVE, FunctionSimulator

SMALL = EnsembleSettings(
    initial=6,
    ensemble=Ensemble.Config(members=3, width=24, training=StackedSettings(steps=60)),
    discriminator=PairwiseDiscriminator.Config(members=1, width=24, steps=60, pairs=128),
)


def learned(count: int = 60) -> tuple[Networks, History]:
    history = History(SPEC, GOAL)
    designs = SPEC.random(count, np.random.default_rng(0))
    history.add(designs, FunctionSimulator().run(designs))
    center = int(history.cost.argmin())
    return Networks(history, np.arange(count), center, 0, SMALL), history


def test_only_what_the_discriminator_holds_better_is_ranked_by_the_ensemble() -> None:
    networks, _ = learned()
    designs = SPEC.random(400, np.random.default_rng(1))
    score, better = networks.score(designs), networks.better(designs)
    passed = score > REJECTED / 2
    assert passed.sum() == round(SMALL.accepted * 400)
    assert better[passed].min() >= better[~passed].max()
    np.testing.assert_allclose(score[~passed], REJECTED + better[~passed])
    assert (networks.score(designs[:FEWEST]) > REJECTED / 2).all()  # a small litter passes whole


def test_designs_with_high_scores_cost_less_than_a_random_one() -> None:
    networks, history = learned()
    designs = SPEC.random(400, np.random.default_rng(2))
    cost = GOAL.cost(FunctionSimulator().run(designs).values, SPEC)
    best = np.argsort(-networks.score(designs))[:20]
    assert cost[best].mean() < 0.4 * cost.mean()
    assert history.cost.min() > 0 or cost[best].min() == 0


def test_the_mode_finds_a_feasible_design_sooner_than_chance() -> None:
    values = FunctionSimulator().run(SPEC.random(20_000, np.random.default_rng(0))).values
    share = GOAL.feasible(values, SPEC).mean()
    run = run_design(PROBLEM, FunctionSimulator(), EnsembleSearch(PROBLEM, 0, SMALL), budget=40)
    assert run.first_feasible is not None
    assert run.first_feasible < 0.3 / share


def test_it_asks_the_same_designs_again_after_the_same_answers() -> None:
    simulator, asked = FunctionSimulator(), []
    for _ in range(2):
        search = EnsembleSearch(PROBLEM, 3, EnsembleSettings(**{**vars(SMALL), "batch": 3}))
        for _ in range(2):
            designs = search.ask(100)
            search.tell(designs, simulator.run(designs))
        asked.append(search.ask(100))
    np.testing.assert_array_equal(asked[0], asked[1])
    assert len(asked[0]) == len(np.unique(asked[0], axis=0)) == 3


def test_it_goes_on_where_every_simulation_fails() -> None:
    def broken(values: dict) -> dict[str, float]:
        raise ArithmeticError("dead")

    run = run_design(PROBLEM, FunctionSimulator(broken), EnsembleSearch(PROBLEM, 0, SMALL), budget=8)
    assert len(run.designs) == 8


def test_goals_that_it_cannot_reach_are_refused() -> None:
    with pytest.raises(SettingsError, match="knows no objectives"):
        make_optimiser("ensemble", WITH_OBJECTIVE, 0)
    with pytest.raises(SettingsError, match="knows no objectives"):
        make_optimiser("ensemble", Problem(SPEC, Goal((), (Objective("power"),))), 0)
    with pytest.raises(SettingsError, match="accepted share"):
        EnsembleSettings(accepted=0.0)
    assert isinstance(
        make_optimiser("ensemble", Problem(SPEC, Goal((Specification("gain", minimum=1.0),))), 0),
        EnsembleSearch,
    )

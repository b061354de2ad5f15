"""The pymoo face: signs by hand, and a front that a genetic algorithm finds."""

import numpy as np
import pytest

pytest.importorskip("pymoo")

from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.optimize import minimize

from sciml.errors import InputError
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.interop.pymoo import objectives_and_constraints, to_pymoo
from sciml.surrogates.specification import Goal, Objective, Specification
from tests.surrogates.amplifier import GOAL, PROBLEM, SPEC, outputs, training_set


@pytest.fixture(scope="module")
def ensemble():
    return Ensemble.for_problem(PROBLEM).fit(*training_set(300))


def test_objectives_and_constraints_by_hand(ensemble):
    goal = Goal(GOAL.specifications, (Objective("power"), Objective("gain", "maximise")))
    values = np.array([[600.0, 5e6, 60.0, 1e-3]])
    F, G = objectives_and_constraints(values, ensemble, goal)
    np.testing.assert_allclose(F, [[1e-3, -600.0]])
    np.testing.assert_allclose(G, [[-1.0, 0.5, 0.0, 1.0]])
    F, _ = objectives_and_constraints(values, ensemble, Goal(GOAL.specifications))
    assert F[0, 0] == pytest.approx(GOAL.cost(values, SPEC)[0])


def test_nsga2_finds_feasible_designs_through_the_surrogate(ensemble):
    problem = to_pymoo(ensemble, Goal(GOAL.specifications))
    found = minimize(problem, NSGA2(pop_size=60), ("n_gen", 25), seed=1)
    designs = problem.decode_designs(found.pop.get("X"))
    SPEC.check(designs)
    feasible = GOAL.feasible(outputs(designs)[0], SPEC)
    assert feasible.mean() > 0.5  # by the truth, not by the surrogate


def test_a_goal_of_unknown_outputs_is_refused(ensemble):
    with pytest.raises(InputError, match="'noise' is not an output"):
        to_pymoo(ensemble, Goal((Specification("noise", maximum=1.0),)))

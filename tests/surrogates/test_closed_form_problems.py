import numpy as np
import pytest

from benchmarks.surrogates.synthetic import DEVELOPMENT, HELD_OUT, SYNTHETIC
from benchmarks.surrogates.synthetic.closed_form import Synthetic
from sciml.surrogates.result import FailureKind, Result

COUNT = 200


@pytest.fixture(scope="module")
def random_results() -> dict[str, tuple[Synthetic, Result]]:
    """Each problem with its answers to 200 uniform random designs of one seed."""
    answers = {}
    for name, make in SYNTHETIC.items():
        problem = make()
        unit = np.random.default_rng(20).random((COUNT, len(problem.spec.inputs)))
        answers[name] = (problem, problem.run(problem.spec.from_unit(unit)))
    return answers


def test_no_problem_is_both_for_development_and_held_out():
    assert not set(DEVELOPMENT) & set(HELD_OUT)
    assert list(SYNTHETIC) == [*DEVELOPMENT, *HELD_OUT]


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_problem_carries_its_own_name_and_its_goal_names_its_outputs(name):
    problem = SYNTHETIC[name]()
    assert problem.spec.name == name
    problem.problem.goal.check(problem.spec)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_the_middle_of_the_ranges_has_values_or_no_solution(name):
    problem = SYNTHETIC[name]()
    result = problem.run(problem.spec.from_unit(np.full((1, len(problem.spec.inputs)), 0.5)))
    failure = result.failures[0]
    if failure is None:
        assert np.isfinite(result.values).all()
    else:
        assert failure.kind is FailureKind.NOT_CONVERGED
        assert failure.message


@pytest.mark.parametrize("name", SYNTHETIC)
def test_the_same_designs_have_the_same_answers(name, random_results):
    problem, first = random_results[name]
    unit = np.random.default_rng(20).random((COUNT, len(problem.spec.inputs)))
    again = SYNTHETIC[name]().run(problem.spec.from_unit(unit)[:20])
    np.testing.assert_array_equal(again.values, first.values[:20])
    np.testing.assert_array_equal(again.auxiliary, first.auxiliary[:20])


@pytest.mark.parametrize("name", SYNTHETIC)
def test_fewer_than_two_thirds_of_random_designs_fail_and_all_for_want_of_a_solution(name, random_results):
    failures = [failure for failure in random_results[name][1].failures if failure is not None]
    assert len(failures) < COUNT * 2 / 3
    assert {failure.kind for failure in failures} <= {FailureKind.NOT_CONVERGED}


@pytest.mark.parametrize("name", SYNTHETIC)
def test_two_random_designs_differ_in_every_output(name, random_results):
    values = random_results[name][1].values
    values = values[np.isfinite(values).all(axis=1)]
    differs = (values[:, None, :] != values[None, :, :]).all(axis=2)  # (design, design)
    assert differs.any()


@pytest.mark.parametrize("name", SYNTHETIC)
def test_every_input_changes_some_output(name, random_results):
    problem, result = random_results[name]
    base = problem.spec.from_unit(np.random.default_rng(20).random((COUNT, len(problem.spec.inputs))))
    base, before = base[result.ok][:20], result.values[result.ok][:20]
    lows, highs = (problem.spec.from_unit(np.full((1, base.shape[1]), end))[0] for end in (0.0, 1.0))
    for i in range(base.shape[1]):
        moved = base.copy()
        moved[:, i] = np.where(base[:, i] == lows[i], highs[i], lows[i])
        after = problem.run(moved)
        changed = ~after.ok | (after.values != before).any(axis=1)
        assert changed.any(), problem.spec.input_names[i]


@pytest.mark.parametrize("name", SYNTHETIC)
def test_at_most_one_random_design_in_fifty_meets_every_limit(name, random_results):
    problem, result = random_results[name]
    assert problem.problem.goal.feasible(result.values, problem.spec).mean() <= 1 / 50

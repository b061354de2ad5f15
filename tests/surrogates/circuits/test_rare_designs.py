"""The estimate of a rare share against one that is known."""

import numpy as np

from benchmarks.surrogates.rare_designs import find_rare_designs
from sciml.surrogates.problem_spec import FloatInput, Output, ProblemSpec

SPEC = ProblemSpec("cube", "1", tuple(FloatInput(f"x{i}", 0.0, 1.0) for i in range(4)), (Output("y"),))


def test_the_share_of_a_corner_of_the_cube_is_its_volume():
    """All four inputs below 0.1: a share of 1e-4."""
    found = [
        find_rare_designs(
            SPEC, lambda x: float(np.maximum(x - 0.1, 0).sum()), 300, np.random.default_rng(seed)
        )
        for seed in range(6)
    ]
    assert abs(np.mean([np.log10(each.share) for each in found]) + 4) < 0.4
    assert all((each.feasible <= 0.1).all() and len(each.feasible) for each in found)


def test_an_impossible_goal_has_no_share():
    found = find_rare_designs(SPEC, lambda x: float(x.sum() + 1), 50, np.random.default_rng(0))
    assert found.share == 0
    assert not len(found.feasible)

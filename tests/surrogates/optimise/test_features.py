import numpy as np

from sciml.surrogates.optimise.features import Cube
from sciml.surrogates.optimise.grid import Grid
from sciml.surrogates.optimise.history import History
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.specification import Goal, Specification
from tests.surrogates.optimise.opamp_problem import FunctionSimulator

SPEC = ProblemSpec(
    "mixed",
    "1",
    (
        IntegerInput("w", 1, 100),
        IntegerInput("m", 4, 10, 2),
        FloatInput("v", -1.0, 1.0),
        FloatInput("fixed", 2.0, 2.0),
        CategoryInput("kind", ("a", "b", "c")),
        CategoryInput("two", ("off", "on")),
    ),
    (Output("y"),),
)


def test_inputs_that_span_a_factor_of_eight_are_spread_by_their_logarithm() -> None:
    design = np.array([[10.0, 7.0, 0.0, 2.0, 1.0, 1.0]])
    np.testing.assert_allclose(Cube(SPEC).points(design), [[0.5, 0.5, 0.5, 0.5, 0.5, 0.75]])


def test_designs_come_back_from_the_cube() -> None:
    designs = SPEC.random(500, np.random.default_rng(0))
    np.testing.assert_allclose(Cube(SPEC).designs(Cube(SPEC).points(designs)), designs, rtol=1e-9, atol=1e-9)


def test_points_of_the_cube_are_allowed_designs() -> None:
    points = np.random.default_rng(1).uniform(-0.2, 1.2, (300, 6))
    SPEC.check(Cube(SPEC).designs(points))


def test_a_category_is_one_column_for_each_choice() -> None:
    features = Cube(SPEC).features(
        np.array([[1.0, 4.0, -1.0, 2.0, 2.0, 0.0], [1.0, 4.0, -1.0, 2.0, 0.0, 1.0]])
    )
    np.testing.assert_allclose(features[:, 4:], [[0.5, 0.5, 1.0, 0.0], [1.0, 0.5, 0.5, 1.0]])


def test_positions_of_the_grid_come_back_as_designs() -> None:
    grid = Grid(SPEC)
    designs = grid.random(400, np.random.default_rng(2))
    SPEC.check(designs)
    np.testing.assert_allclose(grid.designs(grid.positions(designs)), designs, atol=1e-9)
    assert grid.counts.tolist() == [100, 4, 1000, 1000, 3, 2]
    assert grid.size is None


def test_every_value_of_a_grid_is_drawn_equally_often() -> None:
    draws = Grid(SPEC).random(40_000, np.random.default_rng(3))
    shares = np.unique(draws[:, 1], return_counts=True)[1] / 40_000
    np.testing.assert_allclose(shares, 0.25, atol=0.01)


def test_a_small_space_is_listed_and_emptied() -> None:
    spec = ProblemSpec("s", "1", (IntegerInput("a", 0, 2), CategoryInput("k", ("x", "y"))), (Output("y"),))
    grid, history = Grid(spec), History(spec, Goal((Specification("y", minimum=0.0),)))
    assert grid.size == 6
    assert len(np.unique(grid.all(), axis=0)) == 6
    first = grid.random_unseen(4, history, np.random.default_rng(0))
    history.add(first, FunctionSimulator(lambda values: {"y": 1.0}, spec).run(first))
    rest = grid.random_unseen(10, history, np.random.default_rng(1))
    assert len(rest) == 2
    assert len(np.unique(np.concatenate([first, rest]), axis=0)) == 6

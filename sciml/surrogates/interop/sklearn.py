"""A surrogate as a scikit-learn regressor."""

from functools import cache
from typing import Any

import numpy as np

from sciml.surrogates.codec import TableCodec
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.interop.extras import optional
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import FloatInput, Output, ProblemSpec
from sciml.surrogates.result import Result
from sciml.surrogates.specification import Goal, Objective
from sciml.surrogates.transforms import Array, Kind


def to_sklearn(
    surrogate: Ensemble | None = None, *, members: int = 5, width: int = 64, steps: int = 200, seed: int = 0
) -> Any:  # noqa: ANN401 - the class is made where scikit-learn is
    """An estimator with `fit(X, y)` and `predict(X, return_std=False)`.

    Args:
        surrogate: a fitted ensemble, which then answers at once and gives the inputs' ranges and the outputs'
            maps to a later fit; None for an estimator of plain columns, whose ranges are those of X.
        members: networks of an estimator of plain columns.
        width: their hidden channels.
        steps: of training.
        seed: of training.

    Returns:
        `SurrogateRegressor`, which passes scikit-learn's checks of estimators. It can be cloned, put in
        pipelines and searched over.

    Raises:
        MissingRequirementError: scikit-learn is not installed.
    """
    regressor = _regressor_class()(members=members, width=width, steps=steps, seed=seed)
    if surrogate is not None:
        regressor.problem = Problem(surrogate.spec, surrogate.codec.goal or _nothing_asked(surrogate.spec))
        regressor._adopt(surrogate)
    return regressor


@cache
def _regressor_class() -> type:
    base = optional("sklearn.base", "scikit-learn")
    validation = optional("sklearn.utils.validation", "scikit-learn")

    class SurrogateRegressor(base.RegressorMixin, base.MultiOutputMixin, base.BaseEstimator):  # type: ignore[name-defined]  # no types
        """Deep ensemble with a scikit-learn face.

        Args:
            members: networks.
            width: hidden channels.
            steps: of training.
            seed: of training.
            problem: inputs and goal; None takes the columns of X as they are.
        """

        def __init__(
            self,
            *,
            members: int = 5,
            width: int = 64,
            steps: int = 200,
            seed: int = 0,
            problem: Problem | None = None,
        ) -> None:
            self.members, self.width, self.steps, self.seed = members, width, steps, seed
            self.problem = problem

        def fit(self, X: Any, y: Any) -> "SurrogateRegressor":  # noqa: ANN401 - array-likes
            """Train on X (design, input) and y (design,) or (design, output)."""
            X, y = validation.validate_data(
                self, X, y, multi_output=True, y_numeric=True, dtype=np.float64, ensure_min_samples=2
            )
            y = np.asarray(y, dtype=np.float64)
            self._is_flat = y.ndim == 1
            table = y[:, None] if self._is_flat else y
            problem, kinds = self.problem, None
            if problem is None:
                problem, kinds = _plain_problem(X, table)
            config = Ensemble.Config(members=self.members, width=self.width, feasibility=False)
            codec = TableCodec(problem.spec, problem.goal, kinds=kinds, auxiliary=False)
            ensemble = Ensemble.for_problem(problem, seed=self.seed, config=config, codec=codec)
            self.surrogate_ = ensemble.fit(X, _as_result(table, problem.spec), steps=self.steps)
            return self

        def predict(self, X: Any, return_std: bool = False) -> Any:  # noqa: ANN401 - array-likes
            """Mean outputs, in the shape of y; with `return_std` their standard deviations too."""
            validation.check_is_fitted(self, "surrogate_")
            X = validation.validate_data(self, X, reset=False, dtype=np.float64)
            prediction = self.surrogate_.predict(X).take(self.surrogate_.spec.output_names)
            mean, std = prediction.mean(), prediction.std()
            if self._is_flat:
                mean, std = mean[:, 0], std[:, 0]
            return (mean, std) if return_std else mean

        def _adopt(self, surrogate: Ensemble) -> None:
            self.surrogate_ = surrogate
            self.n_features_in_ = len(surrogate.spec.inputs)
            self._is_flat = len(surrogate.spec.outputs) == 1

    SurrogateRegressor.__module__ = __name__
    SurrogateRegressor.__qualname__ = "SurrogateRegressor"
    return SurrogateRegressor


def __getattr__(name: str) -> type:
    """The class by its name, so that scikit-learn's tools can copy estimators to other processes."""
    if name == "SurrogateRegressor":
        return _regressor_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _plain_problem(X: Array, y: Array) -> tuple[Problem, dict[str, Kind]]:
    """A problem of the columns as they are, with outputs that are mapped linearly."""
    low, high = X.min(axis=0), X.max(axis=0)
    inputs = tuple(
        FloatInput(f"x{i}", float(a), float(b)) for i, (a, b) in enumerate(zip(low, high, strict=True))
    )
    outputs = tuple(Output(f"y{i}") for i in range(y.shape[1]))
    spec = ProblemSpec("table", "1", inputs, outputs)
    return Problem(spec, _nothing_asked(spec)), {each.name: "linear" for each in outputs}


def _nothing_asked(spec: ProblemSpec) -> Goal:
    """A goal has to ask for something; this one has no limit, and regression looks at none."""
    return Goal((), (Objective(spec.output_names[0]),))


def _as_result(values: Array, spec: ProblemSpec) -> Result:
    count = len(values)
    auxiliary = np.full((count, len(spec.auxiliary)), np.nan)
    ok = np.ones(count, dtype=bool)
    return Result(values, auxiliary, ok, ok, (None,) * count, np.zeros(count))

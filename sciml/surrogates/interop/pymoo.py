"""A surrogate as a pymoo problem: objectives and constraints of the goal, a population at a time."""

from typing import Any

import numpy as np

from sciml.errors import InputError
from sciml.surrogates.interop.extras import optional
from sciml.surrogates.prediction import Surrogate
from sciml.surrogates.specification import Goal
from sciml.surrogates.transforms import Array


def to_pymoo(surrogate: Surrogate, goal: Goal) -> Any:  # noqa: ANN401 - the class is made where pymoo is
    """A vectorised `Problem` over the unit cube.

    Variables are points of the unit cube, snapped to allowed designs before they are asked
    (`decode_designs` gives the design of a point). Objectives are the goal's, minimised, a maximised output
    with its sign turned; a goal without objectives has its cost as the one objective. A constraint
    `(limit - x) / |limit|` for a minimum, the other sign for a maximum, stands for each specification; pymoo
    counts it as met at zero and below.

    Raises:
        MissingRequirementError: pymoo is not installed.
        InputError: the goal names an output that the surrogate does not know.
    """
    base = optional("pymoo.core.problem", "pymoo").Problem
    goal.check(surrogate.spec)
    objectives = max(1, len(goal.objectives))

    class SurrogateProblem(base):  # type: ignore[valid-type, misc]  # pymoo has no types
        """Predicted medians in place of simulations."""

        def __init__(self) -> None:
            super().__init__(
                n_var=len(surrogate.spec.inputs),
                n_obj=objectives,
                n_ieq_constr=len(goal.specifications),
                xl=0.0,
                xu=1.0,
            )

        def decode_designs(self, points: Array) -> Array:
            """The allowed designs of points of the unit cube, natural values."""
            return surrogate.spec.from_unit(np.atleast_2d(points))

        def _evaluate(self, points: Array, out: dict[str, Any], *args: Any, **settings: Any) -> None:  # noqa: ANN401 - pymoo's signature
            values = surrogate.predict(self.decode_designs(points)).take(surrogate.spec.output_names).median()
            out["F"], out["G"] = objectives_and_constraints(values, surrogate, goal)

    return SurrogateProblem()


def objectives_and_constraints(values: Array, surrogate: Surrogate, goal: Goal) -> tuple[Array, Array]:
    """pymoo's F (design, objective) and G (design, specification) of outputs (design, output)."""
    names = surrogate.spec.output_names
    F = [
        (1 if each.direction == "minimise" else -1) * values[:, names.index(each.output)]
        for each in goal.objectives
    ]
    if not F:
        F = [goal.cost(values, surrogate.spec)]
    G = [
        each.sign * (each.limit - values[:, names.index(each.output)]) / (abs(each.limit) or 1.0)
        for each in goal.specifications
    ]
    if len(values) and not np.isfinite(values).all():
        raise InputError(
            "the surrogate answered with numbers that are not finite", record=surrogate.spec.name
        )
    return np.stack(F, axis=1), np.stack(G, axis=1) if G else np.zeros((len(values), 0))

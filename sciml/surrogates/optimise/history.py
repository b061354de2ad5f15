"""All that was simulated so far, in its order, and how good it was."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Result
from sciml.surrogates.specification import Goal


class History:
    """Simulated designs in the order in which they were told.

    Attributes:
        designs: (design, input), natural values.
        result: their results.
    """

    def __init__(self, spec: ProblemSpec, goal: Goal) -> None:
        self.spec, self.goal = spec, goal
        self.designs = np.zeros((0, len(spec.inputs)))
        self.result = no_result(spec)
        self._seen: set[bytes] = set()

    def __len__(self) -> int:
        return len(self.designs)

    def add(self, designs: NDArray[np.float64], result: Result) -> None:
        """Append simulated designs (design, input).

        Raises:
            ValueError: the two differ in length.
        """
        if len(designs) != len(result):
            raise ValueError(f"{len(designs)} designs were told with {len(result)} results")
        self.designs = np.concatenate([self.designs, designs])
        self.result = join_results([self.result, result], self.spec)
        self._seen.update(_keys(designs))

    def has(self, designs: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which designs (design, input) were simulated already, (design,)."""
        return np.array([key in self._seen for key in _keys(designs)], dtype=bool)

    def unseen(self, designs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The designs that were not simulated yet, each once, in their order, (design, input)."""
        return designs[self.unseen_rows(designs)]

    def unseen_rows(self, designs: NDArray[np.float64]) -> NDArray[np.intp]:
        """Rows of the designs that were not simulated yet, the first of equal ones, (row,)."""
        met: set[bytes] = set()
        rows = []
        for i, key in enumerate(_keys(designs)):
            if key not in self._seen and key not in met:
                met.add(key)
                rows.append(i)
        return np.array(rows, dtype=np.intp)

    @property
    def violations(self) -> NDArray[np.float64]:
        """Weighted penalties, (design, specification)."""
        return self.goal.violations(self.result.values, self.spec)

    @property
    def cost(self) -> NDArray[np.float64]:
        """Weighted mean penalties (design,), 1 for failures."""
        return self.goal.cost(self.result.values, self.spec)

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Which designs meet every specification, (design,)."""
        return self.result.ok & self.goal.feasible(self.result.values, self.spec)


def no_result(spec: ProblemSpec) -> Result:
    """The result of no design."""
    empty = np.zeros(0, dtype=bool)
    values, auxiliary = np.zeros((0, len(spec.outputs))), np.zeros((0, len(spec.auxiliary)))
    return Result(values, auxiliary, empty, empty, (), np.zeros(0))


def join_results(results: Sequence[Result], spec: ProblemSpec) -> Result:
    """Results one after the other."""
    if not results:
        return no_result(spec)
    return Result(
        values=np.concatenate([each.values for each in results]),
        auxiliary=np.concatenate([each.auxiliary for each in results]),
        ok=np.concatenate([each.ok for each in results]),
        is_complete=np.concatenate([each.is_complete for each in results]),
        failures=tuple(failure for each in results for failure in each.failures),
        cost_s=np.concatenate([each.cost_s for each in results]),
    )


def rows_of(result: Result, rows: NDArray[np.intp]) -> Result:
    """Some rows of a result."""
    return Result(
        values=result.values[rows],
        auxiliary=result.auxiliary[rows],
        ok=result.ok[rows],
        is_complete=result.is_complete[rows],
        failures=tuple(result.failures[row] for row in rows),
        cost_s=result.cost_s[rows],
    )


def _keys(designs: NDArray[np.float64]) -> list[bytes]:
    """A text for each design, equal for equal ones."""
    # Twelve decimals, as ProblemSpec gives grid values; adding zero turns -0.0 into 0.0.
    return [row.tobytes() for row in np.round(designs, 12) + 0.0]

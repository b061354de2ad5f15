"""What a simulation gives back: values, or a failure with its kind and its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem_spec import ProblemSpec


class FailureKind(StrEnum):
    """Why a simulation gave no values."""

    CRASH = "crash"  # the process died
    TIMEOUT = "timeout"  # it was stopped at its time limit
    NOT_CONVERGED = "not converged"  # the simulator ran and found no solution
    REPORTED = "reported"  # the program itself answered with an error
    BAD_ANSWER = "bad answer"  # what came back cannot be read
    MISSING_OUTPUT = "missing output"
    NON_FINITE = "non-finite output"
    REFUSED = "refused"  # the design was not run, because it breaks a rule


@dataclass(frozen=True)
class Failure:
    """One failed simulation: its kind, what was seen, and the file kept as evidence, if any."""

    kind: FailureKind
    message: str
    evidence: str | None = None


@dataclass(frozen=True)
class Row:
    """One simulated design.

    `is_complete` is False where a cutoff stopped the simulation early: then `outputs` holds what was measured
    before. `cost_s` is CPU time where the simulator can tell, else wall time, in seconds.
    """

    outputs: Mapping[str, float]
    auxiliary: Mapping[str, float] = field(default_factory=dict)
    failure: Failure | None = None
    cost_s: float = 0.0
    is_complete: bool = True


@dataclass(frozen=True)
class Result:
    """A batch of simulated designs.

    Attributes:
        values: (design, output) float64; NaN where the simulation failed or was cut off before this output.
        auxiliary: (design, auxiliary) float64, NaN where not known.
        ok: (design,), every output was measured.
        is_complete: (design,), False for a simulation that a cutoff stopped (it did not fail and `ok` is
            False).
        failures: for each design its failure, or None.
        cost_s: (design,) seconds.
    """

    values: NDArray[np.float64]
    auxiliary: NDArray[np.float64]
    ok: NDArray[np.bool_]
    is_complete: NDArray[np.bool_]
    failures: tuple[Failure | None, ...]
    cost_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.failures)


def checked(row: Row, spec: ProblemSpec) -> Row:
    """The row, or a failure in its place if an output that it should have is missing or not finite."""
    if row.failure is not None or not row.is_complete:
        return row
    missing = [name for name in spec.output_names if name not in row.outputs]
    if missing:
        failure = Failure(FailureKind.MISSING_OUTPUT, f"no value for {', '.join(missing)}")
    else:
        wrong = [name for name in spec.output_names if not np.isfinite(row.outputs[name])]
        if not wrong:
            return row
        failure = Failure(FailureKind.NON_FINITE, f"{wrong[0]} is {row.outputs[wrong[0]]}")
    return Row(row.outputs, row.auxiliary, failure, row.cost_s)


def stack_rows(rows: Sequence[Row], spec: ProblemSpec) -> Result:
    """Rows as one batch; a failed row's outputs are NaN, whatever it measured."""
    values = np.full((len(rows), len(spec.outputs)), np.nan)
    auxiliary = np.full((len(rows), len(spec.auxiliary)), np.nan)
    for i, row in enumerate(rows):
        if row.failure is None:
            values[i] = [row.outputs.get(name, np.nan) for name in spec.output_names]
        auxiliary[i] = [row.auxiliary.get(name, np.nan) for name in spec.auxiliary_names]
    failures = tuple(row.failure for row in rows)
    is_complete = np.array([row.is_complete for row in rows], dtype=bool)
    ok = np.isfinite(values).all(axis=1) & np.array([failure is None for failure in failures], dtype=bool)
    cost_s = np.array([row.cost_s for row in rows], dtype=np.float64)
    return Result(values, auxiliary, ok & is_complete, is_complete, failures, cost_s)

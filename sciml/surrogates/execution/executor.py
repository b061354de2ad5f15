"""What runs many simulations: jobs in, rows out, in the same order."""

import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from sciml.errors import ScimlError
from sciml.surrogates.result import Failure, FailureKind, Row
from sciml.surrogates.simulator import Job, RowSimulator

Done = Callable[[int, Row], None]
"""Called in the caller's thread with a job's place and its row as soon as the row is known."""


class Executor(Protocol):
    """Runs jobs on copies of a simulator."""

    def run(self, simulator: RowSimulator, jobs: Sequence[Job], *, done: Done | None = None) -> list[Row]:
        """The rows of jobs, in the jobs' order.

        Whatever a simulation does to its process ends as a failure in its row.

        Args:
            simulator: what answers.
            jobs: what is asked.
            done: told of every row when it is there, so that it can be kept before the others end.

        Raises:
            ScimlError: no simulation can run at all, such as for want of a program.
        """
        ...

    def close(self) -> None:
        """End every process; running again starts them anew."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def simulate_one(simulator: RowSimulator, job: Job) -> Row:
    """The row of one job; an exception out of the simulator, which is a fault in it, is a crash.

    Raises:
        ScimlError: as said in :meth:`Executor.run`.
    """
    try:
        return simulator.simulate(job)
    except ScimlError:
        raise
    except (Exception, SystemExit) as error:  # one design must not end the others
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} (line {place.lineno} of {place.filename})"
        return Row({}, failure=Failure(FailureKind.CRASH, text))

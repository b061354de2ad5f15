"""One simulation after the other in this process."""

from collections.abc import Sequence

from sciml.runs.closing import Closing
from sciml.surrogates.execution.executor import Done, simulate_one
from sciml.surrogates.result import Row
from sciml.surrogates.simulator import Job, RowSimulator


class SerialExecutor(Closing):
    """Runs every job here and now.

    There is no supervision: a simulator that crashes its process crashes this one, and one that never returns
    is waited for, unless it watches itself, as :class:`~sciml.surrogates.command.CommandSimulator` does.
    Simulators of the first kind belong into a
    :class:`~sciml.surrogates.execution.process_pool.ProcessExecutor`.
    """

    def __init__(self) -> None:
        self._used: list[RowSimulator] = []

    def run(self, simulator: RowSimulator, jobs: Sequence[Job], *, done: Done | None = None) -> list[Row]:
        """The rows of jobs; see :meth:`Executor.run`."""
        if not any(each is simulator for each in self._used):
            self._used.append(simulator)
        rows = []
        try:
            for place, job in enumerate(jobs):
                rows.append(simulate_one(simulator, job))
                if done is not None:
                    done(place, rows[-1])
        except BaseException:  # Ctrl-C too: no program that the simulator started stays behind
            simulator.close()
            raise
        return rows

    def close(self) -> None:
        """Close the simulators that ran here."""
        while self._used:
            self._used.pop().close()

"""From a simulator of one design to one of batches: what the store knows is not simulated again."""

import numpy as np
from numpy.typing import NDArray

from sciml.runs.closing import Closing
from sciml.surrogates.execution.executor import Executor
from sciml.surrogates.execution.serial import SerialExecutor
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Result, Row, checked, stack_rows
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff, Job, RowSimulator
from sciml.surrogates.store import Store, job_key


class BatchSimulator(Closing):
    """A :class:`~sciml.surrogates.simulator.Simulator` of a row simulator, an executor and a store.

    Args:
        row_simulator: answers one design.
        executor: runs it; None for one after the other in this process.
        store: answers designs that it knows and keeps the others as soon as each is simulated; None for no
            memory (a design that stands in a batch twice is simulated once all the same).
        retry_failures: simulate anew what the store knows as a crash or timeout.

    Attributes:
        simulations: real runs so far, failures too.
        recalled: designs answered without one: by the store, or by their equal in the batch.
    """

    def __init__(
        self,
        row_simulator: RowSimulator,
        executor: Executor | None = None,
        store: Store | None = None,
        *,
        retry_failures: bool = False,
    ) -> None:
        self.row_simulator, self.store, self.retry_failures = row_simulator, store, retry_failures
        self.executor: Executor = executor if executor is not None else SerialExecutor()
        self.simulations = self.recalled = 0

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs."""
        return self.row_simulator.spec

    @property
    def identity(self) -> str:
        """What stored rows depend on besides the job: the simulator, and which outputs were asked of it."""
        spec = self.spec
        names = [", ".join(spec.output_names), ", ".join(spec.auxiliary_names)]
        return f"{self.row_simulator.identity} [{' | '.join(names)}]"

    def run(
        self,
        designs: NDArray[np.float64],
        *,
        corner: Corner = NOMINAL,
        seed: int | None = None,
        cutoff: Cutoff | None = None,
    ) -> Result:
        """Simulate designs (design, input), or recall them.

        Args:
            designs: allowed values.
            corner: the condition they run at.
            seed: of the mismatch or noise of a stochastic simulator; None for none.
            cutoff: when to stop a simulation early.

        Raises:
            InputError: a design that is not allowed.
            ScimlError: no simulation can run at all.
        """
        designs = self.spec.check(designs)
        jobs = [Job(self.spec.to_values(design), corner, seed, cutoff) for design in designs]
        identity, store = self.identity, self.store
        places: dict[str, list[int]] = {}  # equal designs stand under one key
        for place, job in enumerate(jobs):
            places.setdefault(job_key(identity, job), []).append(place)
        groups = list(places.values())
        asked = [jobs[group[0]] for group in groups]
        known: list[Row | None] = [None] * len(asked)
        if store is not None:
            known = store.get(identity, asked, retry_failures=self.retry_failures)
        unknown = [index for index, row in enumerate(known) if row is None]

        def keep(place: int, row: Row) -> None:
            index = unknown[place]
            known[index] = row = checked(row, self.spec)
            self.simulations += 1
            if store is not None:
                store.put(identity, asked[index], row)

        if unknown:
            self.executor.run(self.row_simulator, [asked[index] for index in unknown], done=keep)
        self.recalled += len(jobs) - len(unknown)
        by_place = {place: row for group, row in zip(groups, known, strict=True) for place in group}
        return stack_rows([_present(by_place[place]) for place in range(len(jobs))], self.spec)

    def close(self) -> None:
        """Close the simulator and the executor; the store stays open for whoever opened it."""
        self.executor.close()
        self.row_simulator.close()


def _present(row: Row | None) -> Row:
    if row is None:
        raise RuntimeError("an executor returned without a row for every job")
    return row

"""Supervised processes: one that crashes or hangs costs its job and nothing else.

The pool of `concurrent.futures` breaks when one of its processes dies, and cannot end one that hangs.
"""

import multiprocessing.connection
import os
import secrets
import shutil
import tempfile
import time
import weakref
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from sciml.errors import SettingsError
from sciml.runs.closing import Closing
from sciml.surrogates.execution.executor import Done
from sciml.surrogates.execution.worker_process import PickledSimulator, WorkerProcess, WorkerStoppedError
from sciml.surrogates.result import Failure, FailureKind, Row
from sciml.surrogates.simulator import Job, RowSimulator

_LOOK_S = 0.25  # between looks at processes from which nothing comes
_PARTING_S = 3.0
_MOST_RETURNS = 3


class ProcessExecutor(Closing):
    """Runs jobs in processes of this machine, each with a copy of the simulator.

    A job that takes longer than the simulator's `timeout_s` and the grace is a failure of the kind
    `timeout`, one whose process dies a `crash`, with the signal or exit code and the end of what it wrote; in
    both cases the process is killed with all it started, and replaced. Processes live from one `run` to the
    next. If this process dies, they end themselves.

    Args:
        workers: processes.
        grace_s: wall time beyond the simulator's own limit, which a simulator that watches itself needs to
            say so.
        jobs_per_process: after so many a process is replaced, for simulators that lose memory.
    """

    def __init__(self, workers: int, *, grace_s: float = 2.0, jobs_per_process: int = 1000) -> None:
        if workers < 1 or jobs_per_process < 1 or grace_s < 0:
            rule = (
                f"workers {workers} and jobs of a process {jobs_per_process} are at least 1, grace {grace_s}"
            )
            raise SettingsError(f"{rule} s is not negative")
        self.workers, self.grace_s, self.jobs_per_process = workers, grace_s, jobs_per_process
        self._simulator: tuple[RowSimulator, PickledSimulator] | None = None
        self._pool: list[WorkerProcess] = []
        self._parting: list[WorkerProcess] = []
        self._logs = Path(tempfile.gettempdir()) / f"sciml-workers-{secrets.token_hex(8)}"
        self._started = 0
        weakref.finalize(self, _kill_all, self._pool, self._parting, self._logs, os.getpid())

    def run(self, simulator: RowSimulator, jobs: Sequence[Job], *, done: Done | None = None) -> list[Row]:
        """The rows of jobs; see :meth:`Executor.run`.

        Raises:
            SettingsError: the simulator cannot be sent to a process, or not be loaded there.
        """
        if self._simulator is None or self._simulator[0] is not simulator:
            self._simulator = simulator, PickledSimulator(simulator)
            self._part(self._pool)
        return self.run_pickled(self._simulator[1], jobs, done=done)

    def run_pickled(
        self, simulator: PickledSimulator, jobs: Sequence[Job], *, done: Done | None = None
    ) -> list[Row]:
        """As `run`, for a simulator that is the same as in all calls before."""
        run = _Run(jobs, done)
        try:
            while run.left:
                self._fill(simulator, run)
                self._listen(run)
        except BaseException:  # Ctrl-C too
            _kill_all(self._pool, self._parting, self._logs, os.getpid())
            raise
        return run.rows()

    def close(self) -> None:
        """Let every process close its simulator; kill those that do not end."""
        self._part(self._pool)
        until = time.monotonic() + _PARTING_S
        for worker in self._parting:
            worker.is_parted(until - time.monotonic())
        _kill_all(self._pool, self._parting, self._logs, os.getpid())

    def _fill(self, simulator: PickledSimulator, run: "_Run") -> None:
        """Start processes that are missing, and give a job to everyone who has none."""
        while len(self._pool) < min(self.workers, run.left):
            self._logs.mkdir(mode=0o700, exist_ok=True)
            self._started += 1
            worker = WorkerProcess(self._logs / f"{self._started}.log")
            self._pool.append(worker)
            try:
                worker.load(simulator)
            except WorkerStoppedError:
                self._refuse_start(worker, "")
        for worker in list(self._pool):
            if worker.is_ready and worker.job is None and run.queue:
                place = run.queue.popleft()
                try:
                    worker.give(place, run.jobs[place], simulator.timeout_s + self.grace_s)
                except WorkerStoppedError:  # it died while it had nothing to do
                    run.queue.appendleft(place)
                    self._remove(worker, has_died=True)

    def _listen(self, run: "_Run") -> None:
        """Wait for something to come, then for what is overdue."""
        now = time.monotonic()
        waiting = [worker for worker in self._pool if worker.job is not None or not worker.is_ready]
        by_connection = {worker.connection: worker for worker in waiting}
        left_s = min((worker.deadline - now for worker in waiting), default=0.0)
        ready = multiprocessing.connection.wait(list(by_connection), min(max(left_s, 0.0), _LOOK_S))
        for worker in [worker for connection, worker in by_connection.items() if connection in ready]:
            try:
                self._receive(worker, run)
            except WorkerStoppedError:
                self._fail(worker, FailureKind.CRASH, run)
        for worker in [worker for worker in waiting if worker in self._pool]:
            if worker.job is None and worker.is_ready:
                continue
            worker.trim_log()
            if worker.has_stopped():  # a child holds the connection open
                self._fail(worker, FailureKind.CRASH, run)
            elif time.monotonic() > worker.deadline and not worker.connection.poll():
                self._fail(worker, FailureKind.TIMEOUT, run)
        self._parting[:] = [worker for worker in self._parting if not _is_gone(worker)]

    def _receive(self, worker: WorkerProcess, run: "_Run") -> None:
        kind, content = worker.receive()
        if kind == "ready":
            worker.is_ready = True
        elif kind == "begun":
            worker.has_begun = True
        elif kind == "failed":
            self._refuse_start(worker, content)
        elif kind == "error":
            raise content
        elif worker.job is not None:
            place, worker.job = worker.job, None
            worker.jobs_done += 1
            if worker.jobs_done >= self.jobs_per_process:
                self._part([worker])
            run.add(place, content)

    def _fail(self, worker: WorkerProcess, kind: FailureKind, run: "_Run") -> None:
        """The failure of a worker's job; the worker is removed."""
        if not worker.is_ready:
            self._refuse_start(worker, "")
        elapsed_s = time.monotonic() - worker.started
        said, how = worker.end_of_log(), self._remove(worker, has_died=kind is FailureKind.CRASH)
        message = f"the process {how}"
        if kind is FailureKind.TIMEOUT:
            message = f"no answer within {elapsed_s:.3g} s: the process was killed"
        if said:
            message += f" (it wrote: {said})"
        if worker.job is None:
            return
        if kind is FailureKind.CRASH and not worker.has_begun and run.may_return(worker.job):
            run.queue.appendleft(worker.job)  # it died before it knew of the job
        else:
            run.add(worker.job, Row({}, failure=Failure(kind, message), cost_s=elapsed_s))

    def _refuse_start(self, worker: WorkerProcess, reason: str) -> None:
        said, how = worker.end_of_log(), self._remove(worker, has_died=True)
        text = "; ".join(part for part in (reason or f"it {how}", said) if part)
        raise SettingsError(f"a worker process cannot load the simulator: {text}")

    def _remove(self, worker: WorkerProcess, *, has_died: bool) -> str:
        self._pool.remove(worker)
        return worker.kill(has_died=has_died)

    def _part(self, workers: Sequence[WorkerProcess]) -> None:
        for worker in list(workers):
            worker.part()
            worker.deadline = time.monotonic() + _PARTING_S
            self._pool.remove(worker)
            self._parting.append(worker)


class _Run:
    """The jobs of one call: which wait, and the rows of those that are over."""

    def __init__(self, jobs: Sequence[Job], done: Done | None) -> None:
        self.jobs, self._done = jobs, done
        self.queue = deque(range(len(jobs)))
        self._rows: dict[int, Row] = {}
        self._returned: dict[int, int] = {}

    def may_return(self, place: int) -> bool:
        """Whether a job that no process began may be given to another one: a few times."""
        self._returned[place] = self._returned.get(place, 0) + 1
        return self._returned[place] <= _MOST_RETURNS

    @property
    def left(self) -> int:
        return len(self.jobs) - len(self._rows)

    def add(self, place: int, row: Row) -> None:
        self._rows[place] = row
        if self._done is not None:
            self._done(place, row)

    def rows(self) -> list[Row]:
        return [self._rows[place] for place in range(len(self.jobs))]


def _is_gone(worker: WorkerProcess) -> bool:
    """Whether a process that was let go has ended; one that is overdue is killed."""
    if worker.is_parted(0.0) or time.monotonic() > worker.deadline:
        worker.kill()
        return True
    return False


def _kill_all(pool: list[WorkerProcess], parting: list[WorkerProcess], logs: Path, owner: int) -> None:
    """End every process, unless this is a fork of the process that started them."""
    if os.getpid() != owner:
        return
    for workers in (pool, parting):
        while workers:
            workers.pop().kill()
    shutil.rmtree(logs, ignore_errors=True)

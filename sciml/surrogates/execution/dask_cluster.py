"""Simulations on a Dask cluster.

Every worker of the cluster simulates in a supervised process of its own, so that a simulator that crashes or
hangs does neither to the worker. When a worker itself is lost, the scheduler gives its jobs to others.
Workers need this package, and the simulator's programs and files under the same paths.
"""

import contextlib
import math
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from sciml.errors import MissingRequirementError, ScimlError, SettingsError
from sciml.runs.closing import Closing
from sciml.runs.cluster import connect_to_scheduler
from sciml.surrogates.execution.executor import Done
from sciml.surrogates.execution.process_pool import ProcessExecutor
from sciml.surrogates.execution.worker_process import PickledSimulator
from sciml.surrogates.result import Failure, FailureKind, Row
from sciml.surrogates.simulator import Job, RowSimulator

_WORKERS_WAIT_S = 10
_FORGET_S = 600.0  # after which a worker ends processes whose executor did not say goodbye

_pools: dict[tuple[str, int], tuple[ProcessExecutor, list[float]]] = {}
"""On a worker: the process of each (simulator, thread), and when it was last used."""
_lock = threading.Lock()


class DaskExecutor(Closing):
    """Runs jobs on the workers of a Dask cluster.

    A job that is lost with its worker runs again elsewhere, as often as the scheduler allows
    (`distributed.scheduler.allowed-failures`, 3 times by default); after that it is a failure of the kind
    `crash`.

    Args:
        address: of the scheduler, such as `tcp://host:8786`.

    Raises:
        MissingRequirementError: the library of Dask is missing, or no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client: Any = connect_to_scheduler(address)
        self._simulator: tuple[RowSimulator, PickledSimulator, str] | None = None
        self._tokens: list[str] = []

    def run(self, simulator: RowSimulator, jobs: Sequence[Job], *, done: Done | None = None) -> list[Row]:
        """The rows of jobs; see :meth:`Executor.run`.

        Raises:
            SettingsError: the simulator cannot be sent to another process.
            MissingRequirementError: the cluster has no workers, is gone, or its workers lack something.
        """
        import distributed

        pickled, token = self._prepared(simulator)
        futures: list[Any] = []
        rows: list[Row | None] = [None] * len(jobs)
        try:
            self._client.wait_for_workers(1, timeout=_WORKERS_WAIT_S)
            futures = [
                self._client.submit(simulate_on_worker, token, pickled, job, pure=False) for job in jobs
            ]
            places = {future.key: place for place, future in enumerate(futures)}
            for future in distributed.as_completed(futures, loop=self._client.loop):
                place = places[future.key]
                rows[place] = row = self._row(future)
                if done is not None:
                    done(place, row)
        except (OSError, distributed.CancelledError) as error:  # a closed connection is an OSError
            rule = f"the Dask cluster at {self.address} does not answer, or has no workers"
            raise MissingRequirementError(f"{rule}: {error}") from error
        finally:
            self._client.cancel(futures)  # those that are not over, where something was raised
        return [row for row in rows if row is not None]

    def close(self) -> None:
        """Leave the cluster, whose workers end the processes that they started for this executor."""
        if self._client.status == "running":
            with contextlib.suppress(Exception):  # workers that are in trouble forget by themselves
                self._client.run(forget_on_worker, self._tokens)
        self._client.close()

    def _prepared(self, simulator: RowSimulator) -> tuple[PickledSimulator, str]:
        if self._simulator is None or self._simulator[0] is not simulator:
            pickled = PickledSimulator(simulator)
            if pickled.main_module:
                rule = "the simulator uses something of the main program, which workers of a cluster lack"
                raise SettingsError(f"{rule}: move it to a module that they can import")
            self._simulator = simulator, pickled, uuid.uuid4().hex
            self._tokens.append(self._simulator[2])
        return self._simulator[1], self._simulator[2]

    def _row(self, future: Any) -> Row:  # noqa: ANN401
        import distributed

        try:
            row: Row = future.result()
        except distributed.KilledWorker as error:
            return Row({}, failure=Failure(FailureKind.CRASH, f"every worker that tried it died: {error}"))
        except (ScimlError, OSError, distributed.CancelledError):
            raise
        except Exception as error:  # what a worker without this package or another version of it says
            rule = f"a worker of {self.address} cannot simulate"
            raise MissingRequirementError(f"{rule}: {type(error).__name__}: {error}") from error
        return row


def simulate_on_worker(token: str, simulator: PickledSimulator, job: Job) -> Row:
    """On a worker of the cluster: the row of one job, from this thread's own supervised process."""
    key = token, threading.get_ident()
    with _lock:
        now = time.monotonic()
        if key not in _pools:
            _pools[key] = ProcessExecutor(1), [now]
        pool, used = _pools[key]
        used[0] = math.inf  # in use
        idle = [other for other, (_, last) in _pools.items() if now - last[0] > _FORGET_S]
        left = [_pools.pop(other)[0] for other in idle]
    for each in left:
        each.close()
    try:
        return pool.run_pickled(simulator, [job])[0]
    finally:
        used[0] = time.monotonic()


def forget_on_worker(tokens: Sequence[str]) -> None:
    """On a worker of the cluster: end the processes of an executor that is done."""
    with _lock:
        keys = [key for key in _pools if key[0] in tokens]
        left = [_pools.pop(key)[0] for key in keys]
    for each in left:
        each.close()

"""Where targets are scored: in this process, in processes of this machine, or on a Dask cluster.

All three are `concurrent.futures.Executor`s. Workers of a cluster read models and targets themselves, so they
must see the files under the same absolute paths.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from sciml.runs.cluster import connect_to_scheduler
from sciml.runs.threads import THREAD_VARIABLES

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class InlineExecutor(Executor):
    """Runs each task at once in this process."""

    def submit(
        self,
        fn: Callable[Parameters, Result],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Result]:
        """A future that is done."""
        future: Future[Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # whoever asks for the result gets it, as from any executor
            future.set_exception(error)
        return future


@contextmanager
def open_executor(workers: int, threads: int, scheduler: str | None = None) -> Iterator[Executor]:
    """An executor that is closed at the end.

    Args:
        workers: processes; 1 for this process alone.
        threads: of each process, for libraries that have their own.
        scheduler: address of a Dask scheduler, such as `tcp://host:8786`; then the other two do not count.

    Raises:
        MissingRequirementError: the library of Dask is missing, or no scheduler answers.
    """
    if scheduler is not None:
        with _cluster(scheduler) as executor:
            yield executor
    elif workers == 1:
        yield InlineExecutor()
    else:
        context = multiprocessing.get_context("spawn")  # a fork would copy the locks of torch's threads
        pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_limit_threads, initargs=(threads,)
        )
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _limit_threads(threads: int) -> None:
    """Before numerical libraries are loaded, which read it once."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    client = connect_to_scheduler(address)
    try:
        yield client.get_executor()
    finally:
        client.close()

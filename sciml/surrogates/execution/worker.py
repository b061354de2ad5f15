"""What runs inside a worker process: it receives a simulator and then jobs, and sends rows.

Its standard output and error are a file of its parent's, emptied before every job, so that the end of what
was said before a crash can be read there, and that no library prints into an answer of the command line.
"""

import os
import threading
import time
from multiprocessing import spawn
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from sciml.errors import ScimlError
from sciml.surrogates.execution.executor import simulate_one
from sciml.surrogates.execution.session import end_session, importing_main, mark_supervised
from sciml.surrogates.simulator import RowSimulator

_LOOK_S = 0.5
_STANDARD_ERROR = 2  # whatever a simulator makes of sys.stderr


def serve(descriptor: int, parent: int) -> None:
    """Serve the parent until it closes the connection or dies.

    Messages in: `("simulator", what the main module is, pickled simulator)`, answered by `("ready", None)` or
    `("failed", text)`; `("job", job)`, answered by `("begun", None)` and then by `("row", row)` or
    `("error", exception)`.

    Args:
        descriptor: of the connection.
        parent: process id; when it changes, the parent is gone, and this whole session ends.
    """
    mark_supervised()
    os.set_inheritable(descriptor, False)  # else a program that outlives this process would hold it open
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    connection = Connection(descriptor)
    simulator: RowSimulator | None = None
    while True:
        try:
            message = connection.recv()
        except EOFError:
            break
        if message[0] == "simulator":
            if simulator is not None:
                simulator.close()
            simulator, answer = _load(message[1], message[2])
        elif simulator is None:
            raise RuntimeError("a job came before its simulator")
        else:
            connection.send(("begun", None))
            os.ftruncate(_STANDARD_ERROR, 0)
            answer = _simulate(simulator, message[1])
        connection.send(answer)
    if simulator is not None:
        simulator.close()


def _load(main_module: dict[str, Any], pickled: bytes) -> tuple[RowSimulator | None, tuple[str, str | None]]:
    try:
        if main_module:
            with importing_main():
                spawn.prepare(main_module)  # as a process of multiprocessing does
        simulator: RowSimulator = ForkingPickler.loads(pickled)
    except Exception as error:  # whatever its modules do when they are imported
        return None, ("failed", f"{type(error).__name__}: {error}")
    return simulator, ("ready", None)


def _simulate(simulator: RowSimulator, job: Any) -> tuple[str, Any]:  # noqa: ANN401
    try:
        return "row", simulate_one(simulator, job)
    except ScimlError as error:
        return "error", error


def _watch(parent: int) -> None:
    """End this session when the parent is gone, in the middle of a simulation too."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    end_session(os.getpid())

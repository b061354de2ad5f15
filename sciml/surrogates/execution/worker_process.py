"""A worker process as its parent sees it: started, asked, watched, killed."""

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing import spawn
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from sciml.errors import SettingsError
from sciml.runs.threads import THREAD_VARIABLES
from sciml.surrogates.execution.session import check_may_start, end_session
from sciml.surrogates.program import TAIL_BYTES, last_lines, signal_name
from sciml.surrogates.simulator import Job, RowSimulator

START_LIMIT_S = 120.0  # of importing the simulator's modules on a busy machine
_LARGEST_LOG_BYTES = 64_000_000
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from sciml.surrogates.execution.worker import serve; serve(int(sys.argv[2]), int(sys.argv[3]))"
)


class WorkerStoppedError(Exception):
    """The process is gone."""


class WorkerProcess:
    """One process with one simulator and at most one job.

    It is started by the interpreter that runs here, not forked, so that no locks of threads are copied, and
    not by `multiprocessing`, whose processes may not have children when they are those of a Dask worker.

    Attributes:
        is_ready: its simulator is loaded.
        job: place of the job in hand, or None.
        has_begun: the process has the job in hand too, so that its death is the job's doing.
        deadline: time (of `time.monotonic`) at which it is to be killed.
        jobs_done: since its start.
    """

    def __init__(self, log: Path) -> None:
        check_may_start()
        self.is_ready, self.has_begun, self.jobs_done, self.log = False, False, 0, log
        self.job: int | None = None
        self.started = time.monotonic()
        self.deadline = self.started + START_LIMIT_S
        self.connection, theirs = multiprocessing.Pipe()
        threads = {name: "1" for name in THREAD_VARIABLES if name not in os.environ}
        words = [
            sys.executable,
            "-c",
            _CODE,
            json.dumps([str(entry) for entry in sys.path]),
            str(theirs.fileno()),
            str(os.getpid()),
        ]
        with theirs, open(log, "ab") as file:
            self._popen = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=[theirs.fileno()],
                env={**os.environ, **threads}, start_new_session=True,
            )  # fmt: skip

    def load(self, simulator: "PickledSimulator") -> None:
        """Send a simulator; it is ready when the process says so."""
        self.is_ready, self.started = False, time.monotonic()
        self.deadline = self.started + START_LIMIT_S
        self._send(("simulator", simulator.main_module, simulator.content))

    def give(self, place: int, job: Job, limit_s: float) -> None:
        """Send a job."""
        self.started = time.monotonic()
        self._send(("job", job))
        self.job, self.deadline, self.has_begun = place, self.started + limit_s, False

    def receive(self) -> tuple[str, Any]:
        """The message that has come; see :func:`~sciml.surrogates.execution.worker.serve`."""
        try:
            message: tuple[str, Any] = self.connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerStoppedError from error
        return message

    def has_stopped(self) -> bool:
        """Whether the process has ended, and left nothing to receive."""
        return self._popen.poll() is not None and not self.connection.poll()

    def trim_log(self) -> None:
        """Empty the log where a simulation fills it."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > _LARGEST_LOG_BYTES:
                os.truncate(self.log, 0)

    def end_of_log(self) -> str:
        """The last lines that the process wrote."""
        try:
            with open(self.log, "rb") as file:
                file.seek(max(file.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
                return last_lines(file.read())
        except OSError:
            return ""

    def part(self) -> None:
        """Let the process end by itself: its simulator is closed, as nothing more will come."""
        with contextlib.suppress(OSError):
            self.connection.close()

    def is_parted(self, wait_s: float) -> bool:
        """Whether a process that was let go has ended, after waiting for it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(wait_s, 0.0))
        return self._popen.returncode is not None

    def kill(self, *, has_died: bool = False) -> str:
        """End the process and whatever it started; how it ended, in words.

        Args:
            has_died: its connection has ended, so that its own exit code is about to be known.
        """
        if has_died:
            self.is_parted(1.0)
        code = self._popen.returncode
        end_session(self._popen.pid, has_ended=code is not None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(5.0)
        self.part()
        with contextlib.suppress(OSError):
            self.log.unlink()
        if code is None:
            return "was killed"
        return f"was ended by {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"

    def _send(self, message: Sequence[object]) -> None:
        try:
            self.connection.send(message)
        except OSError as error:
            raise WorkerStoppedError from error


class PickledSimulator:
    """A simulator as it is sent to processes.

    Raises:
        SettingsError: it holds what cannot be sent, such as a lambda.
    """

    def __init__(self, simulator: RowSimulator) -> None:
        self.timeout_s = simulator.timeout_s
        try:
            self.content = bytes(ForkingPickler.dumps(simulator))
        except Exception as error:  # pickling runs code of every class
            rule = f"the simulator cannot be sent to another process: {error}"
            raise SettingsError(f"{rule}. Functions and classes in it must stand in a module.") from error
        self.main_module: dict[str, Any] = {}
        if b"__main__" in self.content:
            known = spawn.get_preparation_data("simulation")
            names = ("init_main_from_name", "init_main_from_path", "sys_argv")
            self.main_module = {name: known[name] for name in names if name in known}

"""When a command that answers one question ends: its timeout after its process began, and little later.

Solvers end at their own limit where Python can interrupt them. Modules loaded before the question is read, a
long computation inside a compiled library and taking loaded libraries apart at the end are beyond that limit,
and on a busy machine each of them takes seconds. So a solver gets what loading has left of the timeout, a
timer ends the process if the solver does not, and a process that is late ends without taking anything apart.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import typer

EXIT_UNSOLVED = 3
_LAST_CALL_S = 1.0
"""After the timeout: when the timer ends the process."""
_LEAST_S = 0.1
"""For a solver, however long loading took."""

_START_TIME = 19
"""Place, behind the name of the program, of the time at which a process began in /proc/self/stat (ticks since
boot)."""

_begun: list[float] = []
"""When this process began, by `time.monotonic`; empty where the command is called inside another program."""


def begin() -> None:
    """Note that this process is one command, which began when the process did."""
    _begun[:] = [time.monotonic() - _age_s()]


def _age_s() -> float:
    """Seconds since this process began; 0 where the system has no /proc to say so."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, AttributeError):
        return 0.0
    return max(0.0, since_boot - int(fields[_START_TIME]) / os.sysconf("SC_CLK_TCK"))


def seconds_left(timeout: float) -> float:
    """What a solver that is called now may take of a timeout in seconds."""
    if not _begun:
        return timeout
    return max(_LEAST_S, min(timeout, _begun[0] + timeout - time.monotonic()))


@contextlib.contextmanager
def last_call(timeout: float, report: Callable[[float], None]) -> Iterator[None]:
    """End the process as unsolved if it has not left the block soon after the timeout.

    Args:
        timeout: seconds, from the beginning of the process.
        report: prints that there is no answer after so many seconds.
    """
    if not _begun:
        yield
        return

    def leave() -> None:
        report(time.monotonic() - _begun[0])
        _end_now(EXIT_UNSOLVED)

    timer = threading.Timer(_begun[0] + timeout + _LAST_CALL_S - time.monotonic(), leave)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def leave(code: int, timeout: float) -> NoReturn:
    """End the command with an exit code, after everything is printed."""
    if _begun and time.monotonic() > _begun[0] + timeout:
        _end_now(code)
    raise typer.Exit(code)


def _end_now(code: int) -> NoReturn:
    sympy_child = sys.modules.get("sciml.symbolic.ladder.sympy_child")
    if sympy_child is not None:
        sympy_child.kill_process()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

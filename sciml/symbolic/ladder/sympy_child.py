"""SymPy as a rung, in a process that is killed when it overruns its time or memory.

The process (`sympy_server.py`) is started when it is first needed and kept. Expressions go both ways as token
ids, so that no text is read as code on either side. A request is one JSON line: `number`, `task` (integrate,
dsolve), `problem` (token ids in hexadecimal), `until` (of `time.time`). Answers are JSON lines with the same
number, one for each `candidate`, ended by one with `done`.
"""

import atexit
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sciml
from sciml.symbolic.expression import Expr
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.problems import Equation, Integral
from sciml.symbolic.tokens import from_prefix

_GRACE_S = 0.4
"""Before the deadline, the process is to stop by itself."""


def propose(problem: Integral | Equation, deadline: Deadline) -> Iterator[Candidate]:
    """SymPy's answers, from each of its methods as soon as it is there. See `rung.Rung`."""
    is_integral = isinstance(problem, Integral)
    asked = problem.integrand if isinstance(problem, Integral) else problem.left_side
    request = {"task": "integrate" if is_integral else "dsolve", "problem": asked.prefix.hex()}
    for expression in _child.ask(request, deadline):
        yield Candidate(expression, (Step("SymPy: {}", (expression,)),))


class SympyProcess:
    """The process as its owner sees it."""

    def __init__(self) -> None:
        self._popen: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._rest = b""
        self._number = 0
        self._has_answered = False

    def ask(self, request: dict[str, Any], deadline: Deadline) -> Iterator[Expr]:
        """Answers to a request until the deadline, whose time passes while this process waits.

        A process that does not stop by itself is killed, and another one started for the next request; one
        that is still importing SymPy may go on with that.
        """
        deadline = deadline.by_the_wall()
        popen = self._running()
        self._number += 1
        number = self._number
        until = time.time() + deadline.left - _GRACE_S  # the clock that both processes have
        is_done = False
        try:
            self._send(popen, {**request, "number": number, "until": until})
            while (line := self._line(popen, deadline)) is not None:
                if line["number"] != number:
                    continue  # of a request that nobody waits for any more
                if "done" in line:
                    is_done = True
                    return
                yield from_prefix(bytes.fromhex(line["candidate"]))
            if self._has_answered or popen.poll() is not None:
                self.close()
        except OSError:  # it has died, for want of memory perhaps
            self.close()
        finally:
            if not is_done and popen is self._popen and self._has_answered:
                popen.send_signal(signal.SIGUSR1)  # the request is no longer wanted

    def close(self) -> None:
        """Kill the process."""
        popen, self._popen = self._popen, None
        self._rest, self._has_answered = b"", False
        if popen is None or self._owner != os.getpid():
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()
        for stream in (popen.stdin, popen.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._owner != os.getpid():  # after a fork: the process belongs to the parent
            self._popen, self._owner, self._rest, self._has_answered = None, os.getpid(), b"", False
        if self._popen is None or self._popen.poll() is not None:
            self.close()
            folder = str(Path(sciml.__file__).parents[1])
            path = os.pathsep.join([folder, *filter(None, [os.environ.get("PYTHONPATH")])])
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "sciml.symbolic.ladder.sympy_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,
            )
        return self._popen

    def _send(self, popen: "subprocess.Popen[bytes]", message: dict[str, Any]) -> None:
        assert popen.stdin is not None
        popen.stdin.write(json.dumps(message).encode() + b"\n")
        popen.stdin.flush()

    def _line(self, popen: "subprocess.Popen[bytes]", deadline: Deadline) -> dict[str, Any] | None:
        """The next line of the process; None at the deadline, or if the process has ended."""
        assert popen.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(popen.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(deadline.left) or deadline.has_passed:
                    return None
                read = os.read(popen.stdout.fileno(), 1 << 16)
                if not read:
                    return None
                self._rest += read
        line, self._rest = self._rest.split(b"\n", 1)
        self._has_answered = True
        answer: dict[str, Any] = json.loads(line)
        return answer


_child = SympyProcess()


def kill_process() -> None:
    """End SymPy's process, if there is one."""
    _child.close()


atexit.register(kill_process)

"""A program that answers one line for every line it is given, and can neither block nor outlive its caller.

It runs in a process group of its own, so that ending it ends its children. Reading and writing go on at the
same time: a program may fill its standard error or answer before it has read everything. POSIX only.
"""

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
import sys
import termios
import time
import weakref
from collections.abc import Sequence

from sciml.errors import MissingRequirementError
from sciml.surrogates.result import FailureKind

LONGEST_LINE_BYTES = 8_000_000
TAIL_BYTES = 4000
_TAIL_LINES = 15
_READ_AT_ONCE = 1 << 16
_LOOK_S = 0.1  # between looks whether a program has ended whose children still hold its output
_PARTING_S = 1.0  # for a program to end when its input is closed, or to end after it closed its output


class ProgramError(Exception):
    """No usable answer, with the kind of failure that this is."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Program:
    """Words of a command, and the process of it that runs at present, if any.

    Args:
        words: program and arguments; no shell reads them.
        folder: where it runs; None for the present folder.
    """

    def __init__(self, words: Sequence[str], folder: str | None = None) -> None:
        self.words, self.folder = tuple(words), folder
        self._process: _Process | None = None
        self._has_answered = False

    def ask(self, request: bytes, timeout_s: float) -> bytes:
        """The program's next line that is not empty, after a request that ends with a line feed.

        A program that ended after its last answer, or is found to have ended without reading this request,
        is started again.

        Raises:
            ProgramError: a crash, a timeout, or a line of no end. Call `end` then.
            MissingRequirementError: the program cannot be started.
        """
        deadline = time.monotonic() + timeout_s
        if self._process is not None and self._process.has_ended():
            self.end()
        try:
            try:
                line = self._running().exchange(request, deadline)
            except _NotReadError:
                self.end()
                line = self._running().exchange(request, deadline)
        except TimeoutError as error:
            hint = "" if self._has_answered else "; does it end its answers with a line feed, and flush them?"
            text = f"no answer within {timeout_s:g} s{error}{hint}"
            raise ProgramError(FailureKind.TIMEOUT, text) from error
        except ProgramError:
            raise
        except BaseException:  # Ctrl-C: a program in a group of its own does not hear of it
            self.end()
            raise
        self._has_answered = True
        return line

    def end(self) -> str:
        """Kill the program and its children at once; the last lines of its standard error."""
        process, self._process = self._process, None
        return "" if process is None else process.kill()

    def close(self) -> None:
        """Let the program end by itself, as its input has ended; kill it if it does not."""
        if self._process is not None:
            self._process.part()
        self.end()

    def _running(self) -> "_Process":
        if self._process is None:
            self._process = _Process(self.words, self.folder)
        return self._process


class _NotReadError(Exception):
    """A program that answered before has ended, and this request is not the reason."""


class _Process:
    """One process, from start to end."""

    def __init__(self, words: Sequence[str], folder: str | None) -> None:
        # An interpreter of Python would else keep its answers in a buffer.
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        pipe = subprocess.PIPE
        try:
            self._popen = subprocess.Popen(
                words, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, cwd=folder, env=environment,
                process_group=0,
            )  # fmt: skip
        except OSError as error:
            rule = f"{words[0]!r} cannot be started: {error.strerror or error}"
            raise MissingRequirementError(f"{rule} ({error.filename})" if error.filename else rule) from error
        self._kill = weakref.finalize(self, _kill_group, self._popen, os.getpid())
        streams = (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        self._streams = [stream for stream in streams if stream is not None]
        self._input, self._output, self._errors = (stream.fileno() for stream in self._streams)
        for descriptor in (self._input, self._output, self._errors):
            os.set_blocking(descriptor, False)
        self._buffer = bytearray()
        self._tail = bytearray()
        self._answers = 0

    def has_ended(self) -> bool:
        return self._popen.poll() is not None

    def exchange(self, request: bytes, deadline: float) -> bytes:
        """Write the request and read the answer's line."""
        self._read_errors()
        self._tail.clear()  # what was said about earlier designs
        unwritten = memoryview(request)
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            with contextlib.suppress(ValueError, OSError):
                selector.register(self._errors, selectors.EVENT_READ)
            selector.register(self._input, selectors.EVENT_WRITE)
            while True:
                if not unwritten and (line := self._take_line()) is not None:
                    self._answers += 1
                    return line
                if len(self._buffer) > LONGEST_LINE_BYTES:
                    rule = f"a line of more than {LONGEST_LINE_BYTES // 1_000_000} MB"
                    raise ProgramError(FailureKind.BAD_ANSWER, rule)
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    written = f"; it wrote {len(self._buffer)} bytes without an end of line"
                    raise TimeoutError(written if self._buffer else "")
                ready = {key.fd for key, _ in selector.select(min(left_s, _LOOK_S))}
                if self._input in ready:
                    unwritten = self._write(unwritten)
                    if not unwritten:
                        selector.unregister(self._input)
                if self._errors in ready and not self._read_errors():
                    selector.unregister(self._errors)
                is_over = self._output in ready and not self._read_output()
                if is_over or (not ready and self.has_ended()):
                    return self._last_words(request)

    def _take_line(self) -> bytes | None:
        """The first complete line that is not empty."""
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if line.strip():
                return line
        return None

    def _write(self, unwritten: memoryview) -> memoryview:
        """What is left to write; nothing where the program reads no more."""
        try:
            return unwritten[os.write(self._input, unwritten) :]
        except BlockingIOError:
            return unwritten
        except BrokenPipeError:
            if self._answers:
                raise _NotReadError from None
            return unwritten[:0]  # it is about to end, or to answer without reading

    def _read_output(self) -> bool:
        """Whether there may be more."""
        try:
            part = os.read(self._output, _READ_AT_ONCE)
        except BlockingIOError:
            return True
        self._buffer += part
        return bool(part)

    def _read_errors(self) -> bool:
        """Keep the end of what was said on standard error; whether there may be more."""
        try:
            part = os.read(self._errors, _READ_AT_ONCE)
        except BlockingIOError:
            return True
        self._tail += part
        del self._tail[:-TAIL_BYTES]
        return bool(part)

    def _last_words(self, request: bytes) -> bytes:
        """What to make of an output that ended: an answer without its line feed, a restart, or a crash."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(_PARTING_S)
        code = self._popen.returncode
        has_text = bool(self._buffer.strip())
        if has_text and not code:
            return bytes(self._buffer)
        if self._answers and not has_text and not self._has_read(request, code):
            raise _NotReadError
        if code is None:
            how = "closed its output and runs on"
        elif code < 0:
            how = f"was ended by {signal_name(-code)}"
        else:
            how = f"ended with exit code {code}"
        raise ProgramError(
            FailureKind.CRASH, f"the program {how}{' in the middle of' if has_text else ' without'} an answer"
        )

    def _has_read(self, request: bytes, code: int | None) -> bool:
        """Whether a program that ended took anything of the request, which lies in the pipe if not."""
        try:
            unread = fcntl.ioctl(self._input, termios.FIONREAD, bytes(4))
        except OSError:  # a system that does not tell: then by how it ended
            return code != 0
        return int.from_bytes(unread, sys.byteorder) < len(request)

    def part(self) -> None:
        """Close the program's input and wait a moment for its end."""
        with contextlib.suppress(OSError):
            self._streams[0].close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(_PARTING_S)

    def kill(self) -> str:
        """End the whole group; the last lines of standard error."""
        self._kill()
        for _ in range(64):  # a child in another group may write for ever
            before = len(self._tail)
            if not self._read_errors() or len(self._tail) == before:
                break
        for stream in self._streams:
            with contextlib.suppress(OSError):
                stream.close()
        return last_lines(bytes(self._tail))


def _kill_group(popen: "subprocess.Popen[bytes]", owner: int) -> None:
    """Kill a process and its group, unless this is a fork of the process that started it."""
    if os.getpid() != owner:
        return
    for kill in (lambda: os.killpg(popen.pid, signal.SIGKILL), popen.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        popen.wait(_PARTING_S)


def last_lines(output: bytes) -> str:
    """The end of what a program wrote, short enough for a message."""
    lines = output[-TAIL_BYTES:].decode("utf-8", "backslashreplace").strip().splitlines()
    return "\n".join(lines[-_TAIL_LINES:])


def signal_name(number: int) -> str:
    """A signal's name, or its number where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"

"""When to stop: a time on the clock, and an alarm for code that does not look at it."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_IMPORTING = "<frozen importlib._bootstrap>"
_AGAIN_S = 0.25
"""An alarm that was lost (inside a destructor, say) rings again after this time."""


class OutOfTimeError(Exception):
    """The alarm of `hard_limit` rang."""


@dataclass(frozen=True)
class Deadline:
    """A time of `time.monotonic`."""

    at: float

    @staticmethod
    def after(seconds: float) -> "Deadline":
        """That many seconds from now."""
        return Deadline(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until then, not below 0."""
        return max(0.0, self.at - time.monotonic())

    @property
    def has_passed(self) -> bool:
        """Whether it is over."""
        return time.monotonic() >= self.at

    def within(self, seconds: float) -> "Deadline":
        """This deadline, or `seconds` from now if that is earlier."""
        return Deadline(min(self.at, time.monotonic() + seconds))


@contextmanager
def hard_limit(deadline: Deadline) -> Iterator[None]:
    """Interrupt the block when the deadline passes, wherever it is.

    Uses the alarm of the process, so it acts in its main thread and where the system has such alarms;
    elsewhere the block must look at the deadline itself. An alarm that was set before rings at its own time.

    Raises:
        OutOfTimeError: out of the block.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    outer_left, outer_again = signal.getitimer(signal.ITIMER_REAL)
    outer = signal.getsignal(signal.SIGALRM)
    started = time.monotonic()
    if outer_left and outer_left < deadline.left:  # the outer alarm is nearer: it has its own purpose
        yield
        return
    signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, max(deadline.left, 1e-6), _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, outer)
        if outer_left:
            signal.setitimer(
                signal.ITIMER_REAL, max(outer_left - (time.monotonic() - started), 1e-6), outer_again
            )


def _ring(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:  # half a module would stay behind; the alarm rings again
            return
        frame = frame.f_back
    raise OutOfTimeError("out of time")

"""When to stop: the user's limit by the clock on the wall, a rung's own budget by the processor time it used.

On a busy machine a second on the wall is less than a second of work, so a rung with a budget by the wall
loses answers that it would find on a quiet one. The user's limit is what the user waits for. A rung that
waits for another process uses no time of its own: it takes `by_the_wall`.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import FrameType

_NOT_INSIDE = frozenset(("<frozen importlib._bootstrap>", contextlib.__file__, __file__))
"""Files whose functions are not interrupted: half a module or half a limit would stay behind."""
_AGAIN_S = 0.25
"""An alarm that was not obeyed, or lost inside a destructor, rings again after this time."""
_SOONEST_S = 1e-4
_ENOUGH_TO_JUDGE_S = 0.05
"""Of work, that the pace of the machine is read from."""


class OutOfTimeError(Exception):
    """The alarm of `hard_limit` rang."""


@dataclass(frozen=True)
class Deadline:
    """A time on the wall and an amount of work, whichever comes first.

    Work is the processor time of the thread that asks: other threads neither use it up nor are counted. It is
    never more than the time on the wall, and a deadline belongs to the thread that made it.
    """

    wall: float
    """Of `time.monotonic`."""
    work: float = float("inf")
    """Of `time.thread_time`."""
    begun: tuple[float, float] | None = None
    """Both clocks when it was set; what they say later tells how fast the machine lets this thread work."""

    @staticmethod
    def after(seconds: float) -> "Deadline":
        """That many seconds on the wall from now."""
        now = time.monotonic()
        return Deadline(now + seconds, begun=(now, time.thread_time()))

    @staticmethod
    def of_work(seconds: float) -> "Deadline":
        """That many seconds of processor time from now, however long they take."""
        return Deadline(float("inf"), time.thread_time() + seconds)

    @property
    def left(self) -> float:
        """Seconds until then if the processor is not shared, not below 0."""
        return max(0.0, min(self.wall - time.monotonic(), self.work - time.thread_time()))

    @property
    def has_passed(self) -> bool:
        """Whether it is over."""
        return time.monotonic() >= self.wall or time.thread_time() >= self.work

    def within(self, seconds: float) -> "Deadline":
        """This deadline, or `seconds` of work from now if that is earlier."""
        return replace(self, work=min(self.work, time.thread_time() + seconds))

    def leaves_time_for(self, seconds: float) -> bool:
        """Whether so much work will be done before it, at the pace since it was set.

        For work that cannot be interrupted, such as an import. Waiting counts as a slow machine.
        """
        on_wall, at_work = self.begun or (time.monotonic(), time.thread_time())
        worked = time.thread_time() - at_work
        waited = time.monotonic() - on_wall - worked
        wall_needed = seconds * (1 + max(0.0, waited) / max(worked, _ENOUGH_TO_JUDGE_S))
        return time.monotonic() + wall_needed < self.wall and time.thread_time() + seconds < self.work

    def by_the_wall(self) -> "Deadline":
        """What is left now, all of it as time on the wall: for waiting, which is no work."""
        return Deadline.after(self.left)


_limits: list[Deadline] = []
"""Of the hard limits in force, the outermost first."""


@contextlib.contextmanager
def hard_limit(deadline: Deadline) -> Iterator[None]:
    """Interrupt the block when the deadline passes, wherever it is.

    Uses the alarm of the process, so it acts in its main thread and where the system has such alarms;
    elsewhere the block must look at the deadline itself. An alarm of the caller rings at its own time.

    Raises:
        OutOfTimeError: out of the block.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    outer_left, outer_again = signal.getitimer(signal.ITIMER_REAL)
    outer = signal.getsignal(signal.SIGALRM)
    is_nested = outer is _ring
    started = time.monotonic()
    if outer_left and not is_nested and outer_left < deadline.left:  # it is nearer and has its own purpose
        yield
        return
    depth = len(_limits) if is_nested else 0
    _limits[depth:] = [deadline]
    signal.signal(signal.SIGALRM, _ring)
    _set_alarm()
    try:
        yield
    finally:
        del _limits[depth:]
        if is_nested:
            _set_alarm()
        else:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, outer)
            if outer_left:
                left = outer_left - (time.monotonic() - started)
                signal.setitimer(signal.ITIMER_REAL, max(left, _SOONEST_S), outer_again)


def shorten(seconds: float) -> None:
    """Let the innermost hard limit in force end after so much more work, if that is sooner."""
    if _limits:
        _limits[-1] = _limits[-1].within(seconds)
        _set_alarm()


def _set_alarm() -> None:
    """To the first time at which one of the limits can have passed."""
    left = min((one.left for one in _limits), default=0.0)
    signal.setitimer(signal.ITIMER_REAL, max(left, _SOONEST_S), _AGAIN_S)


def _ring(number: int, frame: FrameType | None) -> None:
    if not any(one.has_passed for one in _limits):  # there is work left
        _set_alarm()
        return
    while frame is not None:
        if frame.f_code.co_filename in _NOT_INSIDE:
            return
        frame = frame.f_back
    raise OutOfTimeError("out of time")

"""Ending a process with everything it started.

A worker leads a session of its own. What it starts stays in that session, in whatever process group, and is
found there even when the worker itself has died; children of a living worker that made sessions of their own
are found by their parents. Programs that did both, and daemons, escape.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from sciml.errors import SettingsError

_supervised = False
_imports_main = False
_ROUNDS = 5  # a process may start another one between the look and the kill


def mark_supervised() -> None:
    """Say that somebody ends this process when a simulation crashes or hangs."""
    global _supervised
    _supervised = True


@contextlib.contextmanager
def importing_main() -> Iterator[None]:
    """While the main program of this process's owner is imported, which must not start processes again."""
    global _imports_main
    _imports_main = True
    try:
        yield
    finally:
        _imports_main = False


def check_may_start() -> None:
    """Refuse to start processes from a main program that is imported by one of them.

    Raises:
        SettingsError: as said; else every process would start others without end.
    """
    if _imports_main:
        rule = "the main program starts processes as soon as it is imported"
        raise SettingsError(f"{rule}: put what it does under if __name__ == '__main__':")


def is_supervised() -> bool:
    """Whether a simulation in this process may crash it or never return."""
    return _supervised


def end_session(leader: int, *, has_ended: bool = False) -> None:
    """Kill the leader of a session, the members of its session, and its descendants; the caller last.

    Where there is no `/proc`, it is the leader and its process group.
    """
    for _ in range(_ROUNDS):
        found = [process for process in session_members(leader) if process != os.getpid()]
        if not found:
            break
        for process in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
    if has_ended:
        return
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(leader, signal.SIGKILL)


def session_members(leader: int) -> list[int]:
    """Living processes of a session, and the living descendants of its leader; zombies are none."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # pid (name) state parent group session …; the name may hold spaces and parentheses
            state, parent, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):  # it ended meanwhile
            continue
        if state in "ZX":
            continue
        process = int(entry.name)
        parents[process] = int(parent)
        if leader in (process, int(session)):
            found.add(process)
    while more := {process for process, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)

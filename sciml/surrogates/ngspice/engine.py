"""Two ways to run a deck, with the same numbers to the last bit.

| engine | CPU time of a small deck | when ngspice hangs or crashes |
|---|---|---|
| `LibraryEngine` | 1 ms | so does this process: for processes that somebody supervises |
| `ProgramEngine` | 8 ms more | the program is killed |
"""

import resource
from dataclasses import dataclass
from typing import Literal, Protocol

from sciml.errors import MissingRequirementError, SettingsError
from sciml.surrogates.ngspice.deck import Deck
from sciml.surrogates.ngspice.installation import HOW_TO_INSTALL, library_path, program_path
from sciml.surrogates.ngspice.plot import NgspiceError, Plot
from sciml.surrogates.ngspice.program import run_by_program
from sciml.surrogates.ngspice.shared_library import library
from sciml.surrogates.result import FailureKind

Mode = Literal["auto", "library", "program"]


@dataclass(frozen=True)
class Ran:
    """Plots by kind of analysis, and the CPU seconds that other processes spent on them."""

    plots: dict[str, Plot]
    cpu_s: float = 0.0


class Engine(Protocol):
    """Runs decks."""

    def run(self, deck: Deck, timeout_s: float) -> Ran:
        """The plots of a deck.

        Raises:
            NgspiceError: no usable result.
            MissingRequirementError: ngspice is not on this machine.
        """
        ...

    def close(self) -> None:
        """End what was started."""
        ...


class ProgramEngine:
    """The program, started for every deck."""

    def run(self, deck: Deck, timeout_s: float) -> Ran:
        """See :meth:`Engine.run`."""
        _check_time(timeout_s)
        before = _children_s()
        plots = run_by_program(deck, timeout_s)
        return Ran(plots, _children_s() - before)

    def close(self) -> None:
        """Nothing is left running."""


class LibraryEngine:
    """The library in this process; the program once the library is not usable any more.

    The time limit is looked at before a deck, not during it. A background run (`bg_run`, `bg_halt`) would not
    help: it is asked to stop between points of an analysis, and what hangs is the search for one.
    """

    def run(self, deck: Deck, timeout_s: float) -> Ran:
        """See :meth:`Engine.run`."""
        _check_time(timeout_s)
        loaded = library()
        if loaded.is_usable or program_path() is None:
            return Ran(loaded.run(deck))
        return ProgramEngine().run(deck, timeout_s)

    def close(self) -> None:
        """The library stays until the process ends."""


def _check_time(left_s: float) -> None:
    if left_s <= 0:
        raise NgspiceError(FailureKind.TIMEOUT, "the benches before took all the time")


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def make_engine(mode: Mode) -> Engine:
    """The engine of a mode; `auto` is the library if it is there, else the program.

    Raises:
        MissingRequirementError: neither is on this machine, or not the one asked for.
        SettingsError: no such mode.
    """
    if mode not in ("auto", "library", "program"):
        raise SettingsError(f"mode {mode!r} is none of auto, library, program")
    if mode != "program" and library_path() is not None:
        return LibraryEngine()
    if mode != "library" and program_path() is not None:
        return ProgramEngine()
    raise MissingRequirementError(f"circuits need ngspice, which is not on this machine: {HOW_TO_INSTALL}")

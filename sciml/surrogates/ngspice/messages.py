"""What ngspice's messages mean: which of them say that an analysis gave nothing."""

import re
from collections.abc import Iterable, Sequence

from sciml.surrogates.ngspice.deck import Run
from sciml.surrogates.ngspice.plot import NgspiceError
from sciml.surrogates.result import FailureKind

_ABORTED = re.compile(r"simulation\(s\) aborted|analysis not run|simulation interrupted", re.IGNORECASE)
_NOT_CONVERGED = re.compile(
    r"timestep too small|no convergence|singular matrix|gmin step|source step|iteration limit|solution failed"
    r"|operating point failed",
    re.IGNORECASE,
)
_NOT_LOADED = re.compile(r"circuit not parsed|any circuits loaded|no circuit loaded", re.IGNORECASE)
_BEARING = re.compile(r"error|singular|timestep|aborted|fail|can't|could not|unknown|undef", re.IGNORECASE)
_IDLE = re.compile(r"gmin step|Trying gmin|Further gmin|Reference value|Supplies reduced")
_NOT_THERE = re.compile(r"no data saved")
_TAIL_LINES = 8
_TAIL_CHARACTERS = 800


def tail(messages: Iterable[str]) -> str:
    """The last lines that say what went wrong, or the last lines, shortened."""
    said = [line for line in messages if line.strip() and not _IDLE.search(line)]
    bearing = [line for line in said if _BEARING.search(line)]
    chosen = list(dict.fromkeys((bearing or said)[-_TAIL_LINES:]))
    return "; ".join(line.strip() for line in chosen)[-_TAIL_CHARACTERS:]


def not_loaded(messages: Iterable[str]) -> bool:
    """Whether ngspice says that it has no circuit."""
    return any(_NOT_LOADED.search(line) for line in messages)


def check_loaded(messages: Iterable[str]) -> None:
    """Refuse a netlist that ngspice could not read.

    Raises:
        NgspiceError: REPORTED.
    """
    if not_loaded(messages):
        raise NgspiceError(FailureKind.REPORTED, f"ngspice cannot read the netlist: {tail(messages)}")


def check_analyses(runs: Sequence[Run], messages: Iterable[str]) -> None:
    """Refuse analyses one of which was aborted, or has an arbitrary operating point.

    A matrix that stays singular has no unique solution (a node without a path to ground). ngspice's last
    resort, a transient from zero, then ends somewhere; what it gives is not a solution. Notes of gmin and
    source stepping that ended well are no errors.

    Raises:
        NgspiceError: NOT_CONVERGED or REPORTED.
    """
    check_loaded(messages)
    text = "\n".join(messages)
    aborted = [run for run in runs if f"{run.kind} simulation(s) aborted" in text]
    command = (aborted or runs)[0].command
    if _ABORTED.search(text):
        kind = FailureKind.NOT_CONVERGED if _NOT_CONVERGED.search(text) else FailureKind.REPORTED
        if _NOT_THERE.search(text):
            kind = FailureKind.MISSING_OUTPUT
        raise NgspiceError(kind, f"{command}: {tail(messages)}")
    if "Transient op started" in text and "singular matrix" in text:
        singular = next(line for line in messages if "singular matrix" in line)
        rule = "no unique operating point (a node without a direct current path?)"
        raise NgspiceError(FailureKind.NOT_CONVERGED, f"{command}: {rule}: {singular.strip()}")

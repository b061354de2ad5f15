"""The analyses of a bench: `op`, `dc`, `ac`, `tran` and `noise`, each with the arguments ngspice takes."""

import re
from dataclasses import dataclass

from sciml.errors import InputError

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""`{name}` in a template; the name is an input, a condition, a constant or a derived value."""
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:meg|[tgkmunpf])?[a-z]*"
_VALUE = rf"(?:{_NUMBER}|\{{[A-Za-z_][A-Za-z0-9_]*\}})"
_NAME = r"[A-Za-z_][A-Za-z0-9_.]*"
_SWEEP = rf"(?:dec|oct|lin) {_VALUE} {_VALUE} {_VALUE}"
_GRAMMAR = {
    "op": "",
    "dc": rf" {_NAME} {_VALUE} {_VALUE} {_VALUE}",
    "ac": rf" {_SWEEP}",
    "tran": rf" {_VALUE} {_VALUE}(?: {_VALUE}(?: {_VALUE})?)?(?: uic)?",
    "noise": rf" v\([A-Za-z0-9_.]+(?:,[A-Za-z0-9_.]+)?\) {_NAME} {_SWEEP}",
}
AXES = {"op": "", "dc": "sweep", "ac": "frequency", "tran": "time", "noise": "frequency"}
"""What each analysis runs over; the operating point is one point without an axis."""
EXAMPLES = {
    "op": "op",
    "dc": "dc vin 0 1.2 0.01",
    "ac": "ac dec 10 1 10g",
    "tran": "tran 1n 300n",
    "noise": "noise v(out) vin dec 5 1 10meg",
}


@dataclass(frozen=True)
class Analysis:
    """One analysis as ngspice's command of that name, which may hold placeholders: `ac dec 10 1 10g`."""

    command: str

    def __post_init__(self) -> None:
        kind = self.kind
        if kind not in _GRAMMAR:
            raise InputError(f"analysis {self.command!r} is none of {', '.join(_GRAMMAR)}")
        if re.fullmatch(kind + _GRAMMAR[kind], self.command, re.IGNORECASE | re.ASCII) is None:
            raise InputError(f"analysis {self.command!r} does not read like {EXAMPLES[kind]!r}")

    @property
    def kind(self) -> str:
        """`op`, `dc`, `ac`, `tran` or `noise`."""
        return self.command.partition(" ")[0].lower()

"""What an analysis gave: vectors over its axis; and the errors of what gave nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.surrogates.result import FailureKind

Vector = NDArray[np.float64] | NDArray[np.complex128]

_NODE = r"[a-z0-9_][a-z0-9_.#]*"
_ATOM = re.compile(
    rf"v\((?P<node>{_NODE})(?:,(?P<minus>{_NODE}))?\)|i\((?P<source>{_NODE})\)"
    r"|(?P<parameter>@[a-z0-9_.]+\[[a-z0-9_]+\])|(?P<noise>[io]noise_(?:spectrum|total))",
    re.ASCII,
)


class NgspiceError(Exception):
    """A simulation without usable results: its kind of failure and ngspice's last words."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class MeasurementError(ValueError):
    """The trace has no such value; the message says why."""


@dataclass(frozen=True)
class Plot:
    """Vectors of one analysis.

    Attributes:
        axis: (point,), frequency in Hz, time in s or the swept value; None for an operating point.
        vectors: (point,) each, by ngspice's names in lower case: `out` for a node, `vdd#branch` for a
            current, `@m1[gm]` for a device's parameter.
    """

    axis: NDArray[np.float64] | None
    vectors: Mapping[str, Vector]


@dataclass(frozen=True)
class Signal:
    """A trace made of one vector or the difference of two."""

    plus: str
    minus: str | None = None
    sign: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """The vectors that it needs, by ngspice's names; ground is no vector."""
        return tuple(name for name in (self.plus, self.minus) if name not in (None, "0"))

    def of(self, plot: Plot) -> Vector:
        """The trace, (point,).

        Raises:
            NgspiceError: the plot lacks a vector.
        """
        missing = [name for name in self.names if name not in plot.vectors]
        if missing:
            rule = f"ngspice gave no vector {missing[0]!r} (it gave {', '.join(plot.vectors) or 'none'})"
            raise NgspiceError(FailureKind.MISSING_OUTPUT, rule)
        known = [plot.vectors[name] for name in self.names]
        if self.minus in (None, "0"):
            return self.sign * known[0]
        return self.sign * (-known[0] if self.plus == "0" else known[0] - known[1])


def read_signal(text: str) -> Signal:
    """A signal as people write it: `v(out)`, `v(out,in)`, `i(vdd)`, `@m1[gm]`, `onoise_spectrum`, or one of
    them after a minus sign.

    Raises:
        InputError: it is none of these.
    """
    bare = text.lower().replace(" ", "")
    sign = -1.0 if bare.startswith("-") else 1.0
    match = _ATOM.fullmatch(bare.removeprefix("-"))
    if match is None:
        raise InputError(f"{text!r} is not a signal such as v(out), v(out,in), i(vdd) or @m1[gm]")
    if match["node"]:
        if {match["node"], match["minus"] or "0"} == {"0"}:
            raise InputError(f"{text!r} is the ground alone")
        return Signal(match["node"], match["minus"], sign)
    if match["source"]:
        return Signal(f"{match['source']}#branch", None, sign)
    return Signal(match["parameter"] or match["noise"], None, sign)


def saved_name(vector: str) -> str:
    """A vector's name as ngspice's `save` wants it: `v(out)`, `i(vdd)`, `@m1[gm]`."""
    if vector.endswith("#branch"):
        return f"i({vector.removesuffix('#branch')})"
    return vector if vector.startswith("@") else f"v({vector})"


def vector_name(saved: str) -> str:
    """A vector's name from the one in a raw file: `out` from `v(out)`, `vdd#branch` from `i(vdd)`."""
    name = saved.lower()
    if name.startswith("v(") and name.endswith(")"):
        return name[2:-1]
    if name.startswith("i(") and name.endswith(")"):
        return f"{name[2:-1]}#branch"
    return name

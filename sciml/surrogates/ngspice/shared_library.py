"""ngspice in this process, through its shared library.

The library holds one circuit, is not thread safe and cannot be unloaded, so there is one per process and a
lock around it. When it meets what it calls an unrecoverable error it must not be used again; this module then
says so, and the caller goes on with the program (`program.py`). It cannot be stopped from outside: a limit in
time is kept by whoever can end the process (`server.py`, or a pool of processes).

Source: ngspice user's manual, "Shared ngspice": `ngSpice_Init`, `ngSpice_Circ`, `ngSpice_Command`,
`ngGet_Vec_Info`.
"""

import ctypes
import functools
import threading
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sciml.errors import MissingRequirementError
from sciml.surrogates.ngspice.deck import Deck, Run
from sciml.surrogates.ngspice.installation import HOW_TO_INSTALL, library_path, plain_settings
from sciml.surrogates.ngspice.messages import check_analyses, check_loaded, not_loaded, tail
from sciml.surrogates.ngspice.plot import NgspiceError, Plot, Vector, saved_name
from sciml.surrogates.result import FailureKind

_IS_COMPLEX = 2
_MOST_MESSAGES = 10_000
_AXIS_NAMES = {
    "op": (),
    "dc": ("v-sweep", "i-sweep", "temp-sweep", "res-sweep"),
    "ac": ("frequency",),
    "tran": ("time",),
    "noise": ("frequency",),
}
_Text = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
_Exit = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p
)


class _VectorInfo(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("kind", ctypes.c_int),
        ("flags", ctypes.c_short),
        ("real", ctypes.POINTER(ctypes.c_double)),
        ("complex", ctypes.POINTER(ctypes.c_double)),
        ("length", ctypes.c_int),
    )


class Library:
    """The loaded library; use :func:`library` to get the only one."""

    def __init__(self) -> None:
        path = library_path()
        if path is None:
            raise MissingRequirementError(f"the library of ngspice is not on this machine: {HOW_TO_INSTALL}")
        self._library = ctypes.CDLL(path)
        self._library.ngGet_Vec_Info.restype = ctypes.POINTER(_VectorInfo)
        self._library.ngSpice_CurPlot.restype = ctypes.c_char_p
        self._library.ngSpice_AllPlots.restype = ctypes.POINTER(ctypes.c_char_p)
        self._lock = threading.Lock()
        self._messages: deque[str] = deque(maxlen=_MOST_MESSAGES)
        self._said_of_netlist: list[str] = []
        self.is_usable = True
        # The library keeps these pointers: they live as long as this object, which lives for ever.
        self._text, self._exit = _Text(self._hear), _Exit(self._hear_exit)
        with plain_settings():
            self._library.ngSpice_Init(self._text, None, self._exit, None, None, None, None)
        # With OpenMP's default a small circuit takes a hundred times longer: threads wait for one another.
        self._command("set num_threads=1")

    def _hear(self, text: bytes, _identifier: int, _user: int | None) -> int:
        line = text.decode("utf-8", "backslashreplace")
        self._messages.append(line.removeprefix("stdout ").removeprefix("stderr "))
        return 0

    def _hear_exit(self, _status: int, _now: bool, is_quit: bool, _identifier: int, _user: int | None) -> int:
        self.is_usable = False
        self._messages.append("ngspice ended" if is_quit else "ngspice met an error it cannot recover from")
        return 0

    def run(self, deck: Deck) -> dict[str, Plot]:
        """The plots of a deck's analyses, by kind of analysis.

        Raises:
            NgspiceError: it gave no usable result.
        """
        with self._lock:
            if not self.is_usable:
                raise NgspiceError(FailureKind.CRASH, "ngspice's library ended earlier in this process")
            self._messages.clear()
            try:
                self._load(deck.netlist)
                return {run.kind: self._analyse(run) for run in deck.runs}
            finally:
                if self.is_usable:
                    for command in ("delete all", "destroy all", "remcirc"):
                        self._library.ngSpice_Command(command.encode())

    def _load(self, netlist: Sequence[str]) -> None:
        lines = [line.encode("utf-8") for line in netlist]
        array = (ctypes.c_char_p * (len(lines) + 1))(*lines, None)
        is_wrong = self._library.ngSpice_Circ(array)
        self._check_usable()
        check_loaded(self._messages)
        if is_wrong:
            message = f"ngspice cannot read the netlist: {tail(self._messages)}"
            raise NgspiceError(FailureKind.REPORTED, message)
        self._said_of_netlist = list(self._messages)  # what is wrong with it shows at the first analysis

    def _analyse(self, run: Run) -> Plot:
        self._messages.clear()
        self._command("delete all")
        if run.kind != "noise":
            self._command("save " + " ".join(saved_name(name) for name in run.vectors))
        before = self._library.ngSpice_CurPlot()
        is_wrong = self._library.ngSpice_Command(run.command.encode())
        self._check_usable()
        if not_loaded(self._messages):
            check_loaded([*self._said_of_netlist, *self._messages])
        check_analyses([run], self._messages)
        plot = self._library.ngSpice_CurPlot()
        if is_wrong or plot == before:
            raise NgspiceError(FailureKind.REPORTED, f"{run.command}: {tail(self._messages)}")
        names = [plot.decode()]
        if run.kind == "noise":
            names = self._plots()[:2]
        return self._read(run, names)

    def _read(self, run: Run, plots: Sequence[str]) -> Plot:
        vectors: dict[str, Vector] = {}
        for name in run.vectors:
            found = next((v for plot in plots if (v := self._vector(f"{plot}.{name}")) is not None), None)
            if found is not None:
                vectors[name] = found
        axis = next(
            (
                v
                for plot in plots
                for name in _AXIS_NAMES[run.kind]
                if (v := self._vector(f"{plot}.{name}")) is not None
            ),
            None,
        )
        return Plot(None if axis is None else _real(axis), vectors)

    def _vector(self, name: str) -> Vector | None:
        """A copy of a vector, (point,); None where there is none of that name."""
        pointer = self._library.ngGet_Vec_Info(name.encode())
        if not pointer or pointer.contents.length <= 0:
            return None
        info = pointer.contents
        # Not numpy.ctypeslib.as_array: that makes a type for each length, which ctypes keeps for ever.
        if info.flags & _IS_COMPLEX:
            return np.frombuffer(ctypes.string_at(info.complex, 16 * info.length), dtype=np.complex128)
        return np.frombuffer(ctypes.string_at(info.real, 8 * info.length), dtype=np.float64)

    def _plots(self) -> list[str]:
        names: list[str] = []
        pointer = self._library.ngSpice_AllPlots()
        while pointer and pointer[len(names)]:
            names.append(pointer[len(names)].decode())
        return names

    def _command(self, command: str) -> None:
        self._library.ngSpice_Command(command.encode())
        self._check_usable()

    def _check_usable(self) -> None:
        if not self.is_usable:
            raise NgspiceError(FailureKind.REPORTED, f"ngspice gave up: {tail(self._messages)}")


def _real(vector: Vector) -> NDArray[np.float64]:
    return np.ascontiguousarray(vector.real, dtype=np.float64)


@functools.cache
def library() -> Library:
    """The library of this process, loaded at the first call.

    Raises:
        MissingRequirementError: it is not on this machine.
    """
    return Library()

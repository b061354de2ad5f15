"""ngspice as a program, one start for a deck: slower than the library, and alone in its process."""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sciml.errors import InputError, MissingRequirementError
from sciml.surrogates.ngspice.analysis import AXES
from sciml.surrogates.ngspice.deck import Deck, Run
from sciml.surrogates.ngspice.installation import HOW_TO_INSTALL, plain_environment, program_path
from sciml.surrogates.ngspice.messages import check_analyses, tail
from sciml.surrogates.ngspice.plot import NgspiceError, Plot, Vector, saved_name, vector_name
from sciml.surrogates.ngspice.raw_file import RawPlot, read_raw
from sciml.surrogates.result import FailureKind

_PARTING_S = 5.0


def run_by_program(deck: Deck, timeout_s: float) -> dict[str, Plot]:
    """The plots of a deck's analyses, by kind of analysis.

    Raises:
        NgspiceError: it gave no usable result in time.
        MissingRequirementError: the program is not on this machine.
    """
    program = program_path()
    if program is None:
        raise MissingRequirementError(f"the program ngspice is not on this machine: {HOW_TO_INSTALL}")
    with tempfile.TemporaryDirectory(prefix="sciml-ngspice-") as folder:
        Path(folder, "deck.cir").write_text(_with_control(deck), encoding="utf-8")
        messages, code = _run([program, "-n", "-b", "deck.cir"], folder, timeout_s)
        check_analyses(deck.runs, messages)
        runs = enumerate(deck.runs)
        return {run.kind: _plot(run, number, Path(folder), code, messages) for number, run in runs}


def _with_control(deck: Deck) -> str:
    """The deck with the commands that run it; each analysis is written to a file of its own."""
    commands = ["set num_threads=1", "set filetype=binary"]
    for number, run in enumerate(deck.runs):
        if run.kind == "noise":
            commands += ["delete all", run.command, "setplot noise1", f"write {number}.raw"]
            commands += ["setplot noise2", f"write {number}total.raw"]
        else:
            saved = " ".join(saved_name(name) for name in run.vectors)
            commands += ["delete all", f"save {saved}", run.command, f"write {number}.raw"]
    return "\n".join([*deck.netlist[:-1], ".control", *commands, "quit 0", ".endc", ".end", ""])


def _run(words: Sequence[str], folder: str, timeout_s: float) -> tuple[list[str], int]:
    """Lines said on both outputs, and the exit code."""
    process = subprocess.Popen(
        words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=plain_environment(folder), process_group=0,
    )  # fmt: skip
    try:
        text, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        said = _kill(process)
        hint = tail(said.decode("utf-8", "backslashreplace").splitlines())
        raise NgspiceError(FailureKind.TIMEOUT, f"not done within {timeout_s:g} s: {hint}") from error
    except BaseException:  # Ctrl-C does not reach a process group of its own
        _kill(process)
        raise
    messages = text.decode("utf-8", "backslashreplace").splitlines()
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        raise NgspiceError(FailureKind.CRASH, f"ngspice was ended by {name}: {tail(messages)}")
    return messages, process.returncode


def _kill(process: "subprocess.Popen[bytes]") -> bytes:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        return process.communicate(timeout=_PARTING_S)[0] or b""
    except subprocess.TimeoutExpired:  # a child of another group holds the pipe
        return b""


def _plot(run: Run, number: int, folder: Path, code: int, messages: Sequence[str]) -> Plot:
    names = [f"{number}.raw"] + ([f"{number}total.raw"] if run.kind == "noise" else [])
    raw: list[RawPlot] = []
    for name in names:
        if not (folder / name).is_file():
            rule = f"{run.command}: ngspice wrote no result (exit code {code}): {tail(messages)}"
            raise NgspiceError(FailureKind.REPORTED if code else FailureKind.MISSING_OUTPUT, rule)
        try:
            raw += read_raw((folder / name).read_bytes(), name)
        except InputError as error:
            raise NgspiceError(FailureKind.BAD_ANSWER, f"{run.command}: {error}") from error
    vectors: dict[str, Vector] = {}
    for plot in raw:
        for name, vector in plot.vectors.items():
            vectors.setdefault(vector_name(name), vector)
    axis = next(iter(raw[0].vectors.values())) if AXES[run.kind] else None
    real = None if axis is None else np.ascontiguousarray(axis.real, dtype=np.float64)
    return Plot(real, {name: vectors[name] for name in run.vectors if name in vectors})

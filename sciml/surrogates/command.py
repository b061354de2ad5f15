"""Any program as a simulator, one JSON object a line.

The program stays running. It is asked on its standard input and answers on its standard output:

    {"id": 7, "inputs": {"w1": 12, "cc": 2.5, "mode": "fast"}}
    {"id": 7, "outputs": {"gain": 412.5, "ugbw": 1.1e7}}          or
    {"id": 7, "error": "no convergence"}

Where the job has them, the request also holds `"corner": {"name": …, "parameters": {…}}` and `"seed"`. A
program that ends after an answer is started again for the next design. Standard output is for answers alone
(empty lines are passed over): any other line is a bad answer, and so is an answer with another id. Standard
error is the program's own; its last lines stand in the message of a failure. Outputs that the problem does
not know are left out.

After a crash, a timeout or a bad answer the program is ended with all its children and started anew for the
next design, so that a late answer is never taken for the next one's.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sciml.errors import MissingRequirementError, SettingsError
from sciml.surrogates.outputs import read_outputs, shortened
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.program import Program, ProgramError
from sciml.surrogates.result import Failure, FailureKind, Row
from sciml.surrogates.simulator import NOMINAL, Job

_READ_AT_ONCE = 1 << 20


class CommandSimulator:
    """A :class:`~sciml.surrogates.simulator.RowSimulator` of a program; see the module for the protocol.

    Args:
        command: program and arguments, given to it as they are and never to a shell.
        spec: inputs and outputs.
        timeout_s: wall time of one answer, the program's start included where it is started for it.
        folder: where it runs; None for the present folder.

    Raises:
        SettingsError: no program, or a time limit that is not positive.
        MissingRequirementError: there is no such program on this machine.
    """

    def __init__(
        self, command: Sequence[str], spec: ProblemSpec, timeout_s: float = 60.0, *, folder: str | None = None
    ) -> None:
        if not command or not timeout_s > 0:
            rule = f"a command has a program and a positive time limit, not {list(command)}, {timeout_s} s"
            raise SettingsError(rule)
        self.command, self.spec, self.timeout_s, self.folder = tuple(command), spec, timeout_s, folder
        self.identity = command_identity(self.command, spec, folder)
        self._program = Program(self.command, folder)
        self._asked = 0

    def __getstate__(self) -> dict[str, Any]:
        """What makes another one; the running program stays here."""
        return {
            "command": self.command,
            "spec": self.spec,
            "timeout_s": self.timeout_s,
            "folder": self.folder,
            "identity": self.identity,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._program = Program(self.command, self.folder)
        self._asked = 0

    def simulate(self, job: Job) -> Row:
        """Ask the program for one design."""
        self._asked += 1
        request: dict[str, Any] = {"id": self._asked, "inputs": dict(job.values)}
        if job.corner != NOMINAL:
            request["corner"] = {"name": job.corner.name, "parameters": dict(job.corner.parameters)}
        if job.seed is not None:
            request["seed"] = job.seed
        started = time.perf_counter()
        try:
            line = self._program.ask(json.dumps(request, allow_nan=False).encode() + b"\n", self.timeout_s)
            answer = read_answer(line, self._asked)
        except ProgramError as failure:
            said = self._program.end()
            message = f"{failure} (it wrote to its standard error: {said})" if said else str(failure)
            return Row({}, failure=Failure(failure.kind, message), cost_s=time.perf_counter() - started)
        cost_s = time.perf_counter() - started
        if answer.get("error") is not None:
            error = answer["error"]
            text = error if isinstance(error, str) else json.dumps(error)
            text = text.encode("utf-8", "backslashreplace").decode()
            return Row({}, failure=Failure(FailureKind.REPORTED, text[:2000]), cost_s=cost_s)
        return read_outputs(answer["outputs"], self.spec, cost_s)

    def close(self) -> None:
        """End the program with all its children; simulating again starts it anew."""
        self._program.close()


def read_answer(line: bytes, wanted: int) -> dict[str, Any]:
    """One line of the program's output as an answer to request `wanted`.

    Returns:
        An object with an `error` that is not null, or with `outputs`.

    Raises:
        ProgramError: of the kind `bad answer`.
    """
    try:
        answer = json.loads(line.decode("utf-8"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:  # also of text that is not UTF-8, and keys given twice
        raise _bad_answer(f"this is no answer in JSON: {_shown(line)} ({error})") from error
    if not isinstance(answer, dict):
        raise _bad_answer(f"the answer is no JSON object: {_shown(line)}")
    answered = answer.get("id")
    if isinstance(answered, bool) or not isinstance(answered, int | float) or answered != wanted:
        raise _bad_answer(f"an answer with the id {shortened(answered)} to request {wanted}")
    if answer.get("error") is None and "outputs" not in answer:
        raise _bad_answer(f"neither outputs nor error in the answer: {_shown(line)}")
    return answer


def command_identity(command: Sequence[str], spec: ProblemSpec, folder: str | None) -> str:
    """The words of a command, with the digest of each that is a file, and the problem's version.

    Files that the program reads without being told so on its command line are not seen: raise the `version`
    of the problem where one of them changes.

    Raises:
        MissingRequirementError: as said in :class:`CommandSimulator`.
    """
    base = Path(folder) if folder is not None else Path()
    program = command[0]
    found = shutil.which(str(base / program) if "/" in program else program)
    if found is None:
        rule = f"there is no program {program!r}"
        where = f" in {base.resolve()}" if "/" in program else " on the PATH"
        raise MissingRequirementError(f"{rule}{where}: install it, or correct the command")
    words = [f"{program}={_digest(Path(found))}"]
    for word in command[1:]:
        words.append(f"{word}={_digest(base / word)}" if _is_file(base / word) else word)
    return f"command {json.dumps(words)} for {spec.name} {spec.version}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a word too long for a name
        return False


def _digest(path: Path) -> str:
    total = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while part := file.read(_READ_AT_ONCE):
                total.update(part)
    except OSError:  # a program that may be run but not read
        return "unread"
    return total.hexdigest()[:16]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _bad_answer(message: str) -> ProgramError:
    return ProgramError(FailureKind.BAD_ANSWER, message)


def _shown(line: bytes) -> str:
    return shortened(line.decode("utf-8", "backslashreplace").strip(), 160)

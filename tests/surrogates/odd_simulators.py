"""Row simulators that do what one asks of them; a module of its own, so that workers can import it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from sciml.errors import MissingRequirementError
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.result import Row
from sciml.surrogates.simulator import Job

DEEDS = (
    "answer",
    "segfault",
    "hang",
    "hang with child",
    "crash with child",
    "exit",
    "raise",
    "kill",
    "missing",
)
SPEC = ProblemSpec(
    "odd",
    "1",
    (IntegerInput("x", 0, 999), FloatInput("y", 0.0, 9.0, 0.5), CategoryInput("deed", DEEDS)),
    (Output("sum"), Output("process")),
    (Output("margin"),),
)


@dataclass
class OddSimulator:
    """Answers x + y and its process id, or does the deed that the design asks for.

    Attributes:
        folder: where it leaves a file for every simulation that began, named by process and time.
        once: a deed is done only if no simulation of the same x began before.
    """

    folder: str
    timeout_s: float = 5.0
    once: bool = False
    sleep_s: float = 0.0
    spec = SPEC
    identity = "odd simulator 1"

    def simulate(self, job: Job) -> Row:
        x, deed = job.values["x"], job.values["deed"]
        before = [name for name in os.listdir(self.folder) if name.startswith(f"{x}-")]
        open(os.path.join(self.folder, f"{x}-{os.getpid()}-{time.time_ns()}"), "w").close()
        if not (self.once and before):
            self._do(str(deed))
        time.sleep(self.sleep_s)
        return Row({"sum": x + job.values["y"], "process": float(os.getpid())}, {"margin": -x})

    def _do(self, deed: str) -> None:
        if "child" in deed:
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], process_group=0)
            with open(os.path.join(self.folder, f"child-{child.pid}"), "w"):
                pass
        if deed.startswith("hang"):
            time.sleep(1000)
        elif deed == "segfault":
            print("about to fall", file=sys.stderr, flush=True)
            ctypes.string_at(0)
        elif deed == "exit":
            os._exit(7)
        elif deed == "raise":
            raise ZeroDivisionError("nothing to divide by")
        elif deed in ("kill", "crash with child"):
            os.kill(os.getpid(), signal.SIGKILL)
        elif deed == "missing":
            raise MissingRequirementError("the program 'frobnicate' is not installed")

    def close(self) -> None:
        open(os.path.join(self.folder, f"closed-{os.getpid()}"), "w").close()


def job(x: int, deed: str = "answer", y: float = 0.5) -> Job:
    return Job({"x": x, "y": y, "deed": deed})


def is_running(process: int) -> bool:
    """Whether a process lives (a zombie does not)."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False

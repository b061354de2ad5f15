"""What a design run is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from sciml.errors import SettingsError
from sciml.runs.cluster import check_scheduler_address
from sciml.surrogates.optimise.modes import MODES

DEFAULT_BUDGET = 300


@dataclass(frozen=True)
class SessionSettings:
    """Settings of `sciml design`."""

    budget: int = DEFAULT_BUDGET
    """Simulations at most, for each seed."""
    mode: str = "default"
    """How designs are chosen: one of `MODES`."""
    batch: int | None = None
    """Designs simulated before the optimiser is asked again; None: as many as `jobs`, if that is given, else
    the mode's own number."""
    seed: int = 0
    """First seed."""
    seeds: int = 1
    """Runs with consecutive seeds."""
    jobs: int | None = None
    """Simulations at the same time on this machine; None: as many as processors for ngspice, one for a
    program."""
    scheduler: str | None = None
    """Address of a Dask scheduler that simulates instead."""
    corners: bool = False
    """Whether a design must work at all corners of the problem."""
    mismatch: int = 0
    """Draws of mismatch at every corner; 0 for none."""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise SettingsError(f"--mode {self.mode} is none of {', '.join(MODES)}")
        for name, value in (("--budget", self.budget), ("--seeds", self.seeds)):
            if value < 1:
                raise SettingsError(f"{name} is at least 1, not {value}")
        for option, chosen in (("--batch", self.batch), ("--jobs", self.jobs)):
            if chosen is not None and chosen < 1:
                raise SettingsError(f"{option} is at least 1, not {chosen}")
        if self.mismatch < 0 or (self.mismatch and not self.corners):
            raise SettingsError("--mismatch N goes with --corners, and N is not negative")
        if self.jobs is not None and self.scheduler is not None:
            raise SettingsError("--jobs is for this machine, --scheduler for a cluster: give one of them")
        if self.scheduler is not None:
            check_scheduler_address(self.scheduler)

    @property
    def at_once(self) -> int | None:
        """Designs that are chosen together; None leaves it to the mode."""
        return self.batch if self.batch is not None else self.jobs


@dataclass(frozen=True)
class ProblemChoice:
    """Which problem, and what the command line changes of it."""

    problem: str
    """Path of a problem file, or the name of a shipped circuit."""
    command: str | None = None
    """External program that simulates, with its arguments."""
    fidelity: str | None = None
    """Of a shipped circuit: schematic or layout."""
    unsafe_netlist: bool = False
    """Whether a netlist of the user may hold any line."""
    corners: bool = False
    """Whether a shipped circuit comes with its corners, and the limits that can be met at all of them."""

    @property
    def is_file(self) -> bool:
        """Whether the problem is a path rather than a name."""
        return Path(self.problem).suffix != "" or "/" in self.problem or Path(self.problem).exists()

"""A circuit under ngspice as a row simulator."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sciml.errors import InputError, SettingsError
from sciml.surrogates.execution.process_pool import ProcessExecutor
from sciml.surrogates.execution.session import is_supervised
from sciml.surrogates.ngspice.circuit import Circuit
from sciml.surrogates.ngspice.compiled import CompiledCircuit
from sciml.surrogates.ngspice.deck import Deck
from sciml.surrogates.ngspice.engine import Engine, LibraryEngine, Mode, make_engine
from sciml.surrogates.ngspice.installation import library_path, version
from sciml.surrogates.ngspice.kept import KeptDecks
from sciml.surrogates.ngspice.plot import NgspiceError
from sciml.surrogates.ngspice.values import JobValues, job_values
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Row, checked
from sciml.surrogates.simulator import Cutoff, Job

_GRACE_S = 0.5


class NgspiceSimulator:
    """Simulates one design of a circuit at a time; a copy in every worker process.

    The library can crash its process and cannot be stopped. In `auto` it therefore runs in this process only
    where somebody supervises it (a worker of :class:`ProcessExecutor` or of the Dask executor), and else in a
    supervised process of the simulator's own, which is killed at the time limit and replaced; without the
    library, by the program. All three give the same numbers to the last bit.

    Args:
        circuit: what is simulated.
        mode: `auto`; `library`: in this process, whatever happens to it; `program`: the program for every
            deck, killed with its children at the time limit.
        timeout_s: wall time of one design, over all its benches.
        keep_failed: folder for the netlists of failed simulations, or None.

    Raises:
        InputError: the circuit breaks a rule.
        MissingRequirementError: ngspice is not on this machine.
        SettingsError: a mode or limit that does not exist.
    """

    def __init__(
        self,
        circuit: Circuit,
        *,
        mode: Mode = "auto",
        timeout_s: float = 60.0,
        keep_failed: Path | None = None,
    ) -> None:
        if not 0 < timeout_s < float("inf"):
            raise SettingsError(f"the time limit is a positive number of seconds, not {timeout_s}")
        self.circuit, self.mode, self.keep_failed = circuit, mode, keep_failed
        self._timeout_s = float(timeout_s)
        self._compiled = CompiledCircuit(circuit)
        engine = make_engine(mode)
        self._identity = self._compiled.identity(version(of_library=isinstance(engine, LibraryEngine)))
        self._kept = KeptDecks(keep_failed)
        self._start_empty()

    def _start_empty(self) -> None:
        self._engine: Engine | None = None
        self._beside: ProcessExecutor | None = None
        self._lock = threading.Lock()

    @property
    def spec(self) -> ProblemSpec:
        """Inputs and outputs of the circuit."""
        return self.circuit.spec

    @property
    def identity(self) -> str:
        """ngspice's version, the circuit's digest and its fidelity."""
        return self._identity

    @property
    def timeout_s(self) -> float:
        """Wall time of one design."""
        return self._timeout_s

    def simulate(self, job: Job) -> Row:
        """One design; what goes wrong is a failure in the row."""
        try:
            values = job_values(self.circuit, job)
        except InputError as error:
            return Row({}, failure=Failure(FailureKind.REFUSED, str(error)))
        if self.mode == "auto" and not is_supervised() and library_path() is not None:
            return self._simulate_beside(job, values)
        return self._simulate_here(job, values)

    def decks(self, job: Job) -> list[Deck]:
        """The netlists of a design, one for each bench: to look at, or to take away.

        Raises:
            InputError: a value is not allowed.
        """
        return self._decks(job_values(self.circuit, job))

    def close(self) -> None:
        """End what was started."""
        with self._lock:
            if self._beside is not None:
                self._beside.close()
            self._beside, self._engine = None, None

    def _decks(self, values: JobValues) -> list[Deck]:
        return [bench.deck(values) for bench in self._compiled.benches]

    def _simulate_beside(self, job: Job, values: JobValues) -> Row:
        """In a supervised process, where a copy of this simulator uses the library."""
        with self._lock:
            if self._beside is None:
                self._beside = ProcessExecutor(1, grace_s=_GRACE_S)
            row = self._beside.run(self, [job])[0]
        if row.failure is None or row.failure.evidence is not None:
            return row
        kept = [path for deck in self._decks(values) if (path := self._kept.path(deck)) is not None]
        return replace(row, failure=replace(row.failure, evidence=kept[0] if kept else None))

    def _simulate_here(self, job: Job, values: JobValues) -> Row:
        wall_s, cpu_s = time.monotonic(), time.thread_time()
        measured: dict[str, float] = {}
        try:
            others_s, is_complete = self._measure(values, job.cutoff, wall_s + self._timeout_s, measured)
        except _BenchError as failed:
            outputs, auxiliary = self._in_units(measured)
            failure = Failure(failed.error.kind, f"{failed.bench}: {failed.error}", failed.evidence)
            return Row(outputs, auxiliary, failure, time.monotonic() - wall_s)
        outputs, auxiliary = self._in_units(measured)
        cost_s = time.thread_time() - cpu_s + others_s
        row = checked(Row(outputs, auxiliary, None, cost_s, is_complete), self.spec)
        if row.failure is None:
            return row
        evidence = [self._kept.keep(deck) for deck in self._decks(values)]
        return replace(row, failure=replace(row.failure, evidence=evidence[-1]))

    def _measure(
        self, values: JobValues, cutoff: Cutoff | None, deadline: float, measured: dict[str, float]
    ) -> tuple[float, bool]:
        """Run the benches and add what they measure, in SI units.

        Returns:
            CPU seconds of other processes, and whether no cutoff ended it.
        """
        others_s = 0.0
        benches = self._compiled.benches
        if self._engine is None:
            self._engine = make_engine(self.mode)
        for place, bench in enumerate(benches):
            deck = bench.deck(values)
            try:
                with self._kept.while_running(deck):
                    ran = self._engine.run(deck, deadline - time.monotonic())
                    others_s += ran.cpu_s
                    for meter in bench.meters:
                        plot = ran.plots[meter.kind.analysis] if meter.kind.analysis is not None else None
                        measured[meter.name] = meter.measure(plot, {**values.numbers, **measured})
            except NgspiceError as error:
                raise _BenchError(bench.bench.name, error, self._kept.path(deck)) from error
            is_last = place + 1 == len(benches)
            ends_tier = not is_last and benches[place + 1].bench.tier != bench.bench.tier
            if cutoff is not None and ends_tier and cutoff.stops(self._in_units(measured)[0]):
                return others_s, False
        return others_s, True

    def _in_units(self, measured: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
        """Outputs and auxiliary outputs in the units that the spec gives them."""
        scales = self._compiled.output_scales
        return (
            {name: measured[name] / scales[name] for name in self.spec.output_names if name in measured},
            {name: measured[name] / scales[name] for name in self.spec.auxiliary_names if name in measured},
        )

    def __getstate__(self) -> dict[str, object]:
        left_out = ("_engine", "_beside", "_lock")  # processes and locks do not travel
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._start_empty()


class _BenchError(Exception):
    """A bench without usable result."""

    def __init__(self, bench: str, error: NgspiceError, evidence: str | None) -> None:
        super().__init__(str(error))
        self.bench, self.error, self.evidence = bench, error, evidence

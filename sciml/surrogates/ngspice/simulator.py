"""A circuit under ngspice as a row simulator."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sciml.errors import InputError
from sciml.surrogates.ngspice.circuit import Circuit
from sciml.surrogates.ngspice.compiled import CompiledCircuit
from sciml.surrogates.ngspice.deck import Deck
from sciml.surrogates.ngspice.engine import Engine, Mode, make_engine
from sciml.surrogates.ngspice.plot import NgspiceError
from sciml.surrogates.ngspice.values import JobValues, job_values
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Row, checked
from sciml.surrogates.simulator import Cutoff, Job


class NgspiceSimulator:
    """Simulates one design of a circuit at a time; a copy in every worker process.

    Args:
        circuit: what is simulated.
        mode: `library`: ngspice in this process, for processes that somebody supervises; `program`: the
            program for every deck; `auto`: see :func:`~sciml.surrogates.ngspice.engine.make_engine`.
        timeout_s: wall time of one design, over all its benches.
        keep_failed: folder for the netlists of failed simulations, or None.

    Raises:
        InputError: the circuit breaks a rule.
        MissingRequirementError: ngspice is not on this machine.
    """

    def __init__(
        self,
        circuit: Circuit,
        *,
        mode: Mode = "auto",
        timeout_s: float = 60.0,
        keep_failed: Path | None = None,
    ) -> None:
        self.circuit, self.mode, self.keep_failed = circuit, mode, keep_failed
        self._timeout_s = float(timeout_s)
        self._compiled = CompiledCircuit(circuit)
        self._identity = self._compiled.identity()
        self._engine: Engine | None = None

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
        wall_s, cpu_s = time.monotonic(), time.thread_time()
        measured: dict[str, float] = {}
        try:
            values = job_values(self.circuit, job)
            others_s, is_complete = self._measure(values, job.cutoff, wall_s + self._timeout_s, measured)
        except InputError as error:
            return Row({}, failure=Failure(FailureKind.REFUSED, str(error)))
        except _BenchError as failed:
            outputs, auxiliary = self._in_units(measured)
            failure = Failure(failed.error.kind, f"{failed.bench}: {failed.error}", self._keep(failed.deck))
            return Row(outputs, auxiliary, failure, time.monotonic() - wall_s)
        outputs, auxiliary = self._in_units(measured)
        cost_s = time.thread_time() - cpu_s + others_s
        row = checked(Row(outputs, auxiliary, None, cost_s, is_complete), self.spec)
        if row.failure is None:
            return row
        decks = [bench.deck(values) for bench in self._compiled.benches]
        return replace(row, failure=replace(row.failure, evidence=[self._keep(deck) for deck in decks][-1]))

    def _measure(
        self, values: JobValues, cutoff: Cutoff | None, deadline: float, measured: dict[str, float]
    ) -> tuple[float, bool]:
        """Run the benches and add what they measure, in SI units.

        Returns:
            CPU seconds of other processes, and whether no cutoff ended it.
        """
        others_s = 0.0
        benches = self._compiled.benches
        for place, bench in enumerate(benches):
            deck = bench.deck(values)
            try:
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    rule = f"not done within {self._timeout_s:g} s"
                    raise NgspiceError(FailureKind.TIMEOUT, rule)
                ran = self._running().run(deck, left_s)
                others_s += ran.cpu_s
                for meter in bench.meters:
                    plot = ran.plots[meter.kind.analysis] if meter.kind.analysis is not None else None
                    measured[meter.name] = meter.measure(plot, {**values.numbers, **measured})
            except NgspiceError as error:
                raise _BenchError(bench.bench.name, deck, error) from error
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

    def decks(self, job: Job) -> list[Deck]:
        """The netlists of a design, one for each bench: to look at, or to take away.

        Raises:
            InputError: a value is not allowed.
        """
        values = job_values(self.circuit, job)
        return [bench.deck(values) for bench in self._compiled.benches]

    def close(self) -> None:
        """End what was started."""
        if self._engine is not None:
            self._engine.close()
        self._engine = None

    def _running(self) -> Engine:
        """What runs the decks, started at the first call."""
        if self._engine is None:
            self._engine = make_engine(self.mode)
        return self._engine

    def _keep(self, deck: Deck) -> str | None:
        """Write a failed deck to the folder for it; the file's path."""
        if self.keep_failed is None:
            return None
        self.keep_failed.mkdir(parents=True, exist_ok=True)
        path = self.keep_failed / f"{deck.file_name}.cir"
        path.write_text(deck.text, encoding="utf-8")
        return str(path)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_engine": None}  # processes and libraries do not travel


class _BenchError(Exception):
    """A bench without usable result."""

    def __init__(self, bench: str, deck: Deck, error: NgspiceError) -> None:
        super().__init__(str(error))
        self.bench, self.deck, self.error = bench, deck, error

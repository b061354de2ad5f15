"""A design of a shipped circuit as a plain netlist and a table of device sizes.

The netlist needs nothing but ngspice: `ngspice -b FILE` prints what this package measures where ngspice's
own `meas` can, and shows with `meas` errors what it cannot find (a gain below one has no unity crossing).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sciml.errors import InputError
from sciml.surrogates.circuits.catalogue import circuit_named
from sciml.surrogates.circuits.schematic import number_of
from sciml.surrogates.ngspice.circuit import Circuit, Measurement
from sciml.surrogates.ngspice.compiled import CompiledBench, CompiledCircuit
from sciml.surrogates.ngspice.values import JobValues, job_values
from sciml.surrogates.problem_spec import Value
from sciml.surrogates.simulator import NOMINAL, Corner, Job


@dataclass(frozen=True)
class DeviceSize:
    """One transistor as it is drawn: width of one finger and length in m, fingers in parallel."""

    name: str
    width_m: float
    length_m: float
    fingers: int

    @property
    def total_width_m(self) -> float:
        """Width of all fingers, m."""
        return self.width_m * self.fingers


def device_sizes(name: str, values: Mapping[str, Value]) -> tuple[DeviceSize, ...]:
    """The sizes of all transistors of a design.

    Args:
        name: a shipped circuit.
        values: its inputs, in their own units.

    Raises:
        InputError: no such circuit, or a value that is not allowed.
    """
    circuit = circuit_named(name)
    return _sizes(circuit, job_values(circuit, Job(values)))


def netlist_of(
    name: str,
    values: Mapping[str, Value],
    *,
    fidelity: str = "schematic",
    bench: str | None = None,
    corner: Corner = NOMINAL,
    seed: int | None = None,
) -> str:
    """One testbench of a design, ready for `ngspice -b`.

    Args:
        name: a shipped circuit.
        values: its inputs, in their own units.
        fidelity: `schematic` or `layout`.
        bench: one of :func:`bench_names`; the first one where None.
        corner: process, temperature and supply.
        seed: of the mismatch; None for none.

    Raises:
        InputError: no such circuit, fidelity or bench, or a value that is not allowed.
    """
    circuit = circuit_named(name, fidelity)
    benches = {each.bench.name: each for each in CompiledCircuit(circuit).benches}
    wanted = next(iter(benches)) if bench is None else bench
    if wanted not in benches:
        raise InputError(f"no bench {wanted!r} (there are {', '.join(benches)})", record=name)
    known = job_values(circuit, Job(values, corner, seed))
    deck = benches[wanted].deck(known)
    title, *body, end = deck.netlist
    header = [
        title,
        f"* corner {corner.name}" + ("" if seed is None else f", mismatch of seed {seed}"),
        "* " + ", ".join(f"{key} = {value}" for key, value in values.items()),
        *_size_lines(_sizes(circuit, known)),
    ]
    return "\n".join((*header, *body, *_control(benches[wanted], known), end, ""))


def bench_names(name: str) -> tuple[str, ...]:
    """The testbenches of a shipped circuit, in the order in which they run."""
    return tuple(each.name for each in sorted(circuit_named(name).benches, key=lambda each: each.tier))


def _sizes(circuit: Circuit, known: JobValues) -> tuple[DeviceSize, ...]:
    return tuple(
        DeviceSize(
            each.name,
            number_of(each.width, known.numbers),
            number_of(each.length, known.numbers),
            round(number_of(each.multiplier, known.numbers)),
        )
        for each in circuit.devices
    )


def _size_lines(sizes: tuple[DeviceSize, ...]) -> list[str]:
    lines = ["* device    W um x fingers   L nm"]
    for each in sizes:
        lines.append(
            f"* {each.name:8s} {each.width_m * 1e6:6.3f} x {each.fingers:<4d} {each.length_m * 1e9:9.1f}"
        )
    return lines


def _control(bench: CompiledBench, known: JobValues) -> list[str]:
    """The commands that run the bench's analyses and print its measurements."""
    lines = [".control", "set num_threads=1"]
    by_kind: dict[str, list[str]] = {}
    known_in: dict[str, str] = {}
    for each in bench.bench.measurements:
        for analysis, line in _printed(each, known.numbers, known_in):
            by_kind.setdefault(analysis, []).append(line)
            known_in[each.name] = analysis
    for run in bench.deck(known).runs:
        lines += [run.command, *by_kind.get(run.kind, [])]
    return [*lines, "quit 0", ".endc"]


def _printed(
    measurement: Measurement, numbers: Mapping[str, float], known_in: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The analysis and the command that prints a measurement; none for what only this package computes.

    Args:
        measurement: of the bench.
        numbers: values of the job by name.
        known_in: the analysis of every measurement that is printed before.
    """
    arguments, name = measurement.arguments, measurement.name
    signal = _expression(str(arguments.get("signal", "")))
    unscaled = "scale" not in arguments
    if measurement.kind in ("value", "magnitude") and unscaled:
        shown = f"abs({signal})" if measurement.kind == "magnitude" else signal
        return [("op", f"let {name} = {shown}"), ("op", f"print {name}")]
    if measurement.kind == "headroom":
        voltage, saturation = arguments["voltage"], arguments["saturation"]
        return [("op", f"let {name} = abs({voltage}) - abs({saturation})"), ("op", f"print {name}")]
    if measurement.kind == "dc_gain" and unscaled:
        return [("ac", f"let {name} = mag(({signal})[0])"), ("ac", f"print {name}")]
    if measurement.kind == "unity_gain_frequency" and unscaled:
        trace = f"db_{name}"
        return [("ac", f"let {trace} = db({signal})"), ("ac", f"meas ac {name} when {trace}=0 fall=1")]
    if measurement.kind == "value_at" and unscaled and isinstance(arguments["at"], float):
        trace = f"trace_{name}"
        return [
            ("tran", f"let {trace} = {signal}"),
            ("tran", f"meas tran {name} find {trace} at={arguments['at']!r}"),
        ]
    if measurement.kind == "settling_time" and unscaled:
        return [("tran", line) for line in _settling(measurement, numbers)]
    if measurement.kind == "difference" and unscaled:
        first, second = str(arguments["first"]), arguments["second"]
        place = known_in.get(first)
        if place is not None and (isinstance(second, float) or known_in.get(second) == place):
            return [(place, f"let {name} = {first} - {second}"), (place, f"print {name}")]
    return []


def _settling(measurement: Measurement, numbers: Mapping[str, float]) -> list[str]:
    """The commands for the last time outside the band; what is outside at the end gets the whole time."""
    arguments, name = measurement.arguments, measurement.name
    start, tolerance, step = (
        numbers.get(value) if isinstance(value, str) else value
        for value in (arguments["start"], arguments.get("tolerance", 0.01), arguments.get("step"))
    )
    if start is None or tolerance is None or step is None:
        return []
    excess = f"excess_{name}"
    return [
        f"let trace_{name} = {_expression(str(arguments['signal']))}",
        f"meas tran from_{name} find trace_{name} at={start!r}",
        f"let {excess} = abs((trace_{name} - from_{name}) / {step!r} - 1) - {tolerance!r}",
        f"if {excess}[length({excess})-1] > 0",
        f"let {name} = time[length(time)-1] - {start!r}",
        "else",
        f"meas tran inside_{name} when {excess}=0 fall=last",
        f"let {name} = inside_{name} - {start!r}",
        "end",
        f"print {name}",
    ]


def _expression(signal: str) -> str:
    """A signal as ngspice's own expression: `v(a)-v(b)` for `v(a,b)`."""
    if "," not in signal:
        return signal
    sign, _, inside = signal.partition("v(")
    first, second = inside.rstrip(")").split(",")
    return f"{sign}(v({first})-v({second}))"

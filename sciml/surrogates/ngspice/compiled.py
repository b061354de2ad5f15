"""A circuit made ready: checked once, its templates split, its measurements bound to analyses."""

import dataclasses
import functools
import inspect
import math
import re
from collections.abc import Mapping

from sciml import __version__
from sciml.errors import InputError
from sciml.surrogates.ngspice.circuit import Bench, Circuit
from sciml.surrogates.ngspice.deck import Deck, Run, Template, digest, lines_of
from sciml.surrogates.ngspice.meter import Meter
from sciml.surrogates.ngspice.safety import check_name, check_netlist, check_options
from sciml.surrogates.ngspice.units import power_of_ten
from sciml.surrogates.ngspice.values import GATE_AREA, JobValues, condition_values, job_values
from sciml.surrogates.problem_spec import CategoryInput
from sciml.surrogates.simulator import NOMINAL, Job

TEMPERATURE = "temperature"
_SPECIAL = re.compile(r"[^A-Za-z0-9_. -]")


class CompiledBench:
    """One bench: its template with the circuit's netlist, its runs and its meters."""

    def __init__(self, bench: Bench, head: str, meters: tuple[Meter, ...], title: str) -> None:
        self.bench, self.meters, self._title = bench, meters, title
        self._template = Template(f"{head}\n{bench.lines}")
        wanted: dict[str, dict[str, None]] = {}
        for meter in meters:
            if meter.kind.analysis is not None:
                wanted.setdefault(meter.kind.analysis, {}).update(dict.fromkeys(meter.vectors))
        self._runs = [
            (Template(analysis.command), tuple(wanted[analysis.kind]))
            for analysis in bench.analyses
            if analysis.kind in wanted
        ]
        self.names = {*self._template.names, *(name for template, _ in self._runs for name in template.names)}

    def deck(self, values: JobValues) -> Deck:
        """The bench's deck for one design."""
        lines = lines_of(self._template.fill(values.texts))
        runs = tuple(Run(template.fill(values.texts), vectors) for template, vectors in self._runs)
        return Deck(self._title, lines, runs)


class CompiledCircuit:
    """All benches in the order in which they run.

    Raises:
        InputError: the circuit breaks a rule: a line that is not allowed, a name that nobody sets or uses, an
            output that is not measured.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._check_names()
        if not circuit.is_unsafe:
            check_netlist(circuit.netlist, record=circuit.spec.name)
            for bench in circuit.benches:
                check_netlist(bench.lines, record=bench.name)
            check_options(circuit.options, record=circuit.spec.name)
        condition_values(circuit, NOMINAL)
        self._check_devices()
        numbers = self._numbers()
        known = {*numbers, *(each.name for each in circuit.spec.inputs), *self._texts()}
        head = "\n".join((*self._option_lines(), circuit.netlist))
        self.benches: list[CompiledBench] = []
        measured: set[str] = set()
        for bench in sorted(circuit.benches, key=lambda each: each.tier):
            meters = self._meters(bench, measured, numbers)
            title = _SPECIAL.sub("_", f"{circuit.spec.name} {circuit.fidelity} {bench.name}")
            self.benches.append(CompiledBench(bench, head, meters, title))
        self._check_use(known)
        for name in circuit.spec.output_names:
            if name not in measured:
                raise InputError(f"no bench measures the output {name!r}", record=circuit.spec.name)
        every = circuit.spec.outputs + circuit.spec.auxiliary
        self.output_scales = {each.name: 10.0 ** power_of_ten(each.unit) for each in every}

    def identity(self, version: str) -> str:
        """ngspice's version, what the circuit is called, and the digest of all that its results depend on."""
        circuit = self.circuit
        content = digest([__version__, _plain(circuit)])
        return f"ngspice-{version} {circuit.spec.name} {circuit.spec.version} {circuit.fidelity} {content}"

    def _check_names(self) -> None:
        circuit = self.circuit
        if not circuit.benches:
            raise InputError("a circuit has at least one bench", record=circuit.spec.name)
        groups = {
            "bench": [bench.name for bench in circuit.benches],
            "condition": [condition.input.name for condition in circuit.conditions],
            "device": [device.name for device in circuit.devices],
            "input": list(circuit.spec.input_names),
            "constant": list(circuit.constants),
        }
        for kind, names in groups.items():
            for name in names:
                check_name(name, kind, record=circuit.spec.name)
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise InputError(f"{kind} {twice[0]!r} is given twice", record=circuit.spec.name)
        for bench in circuit.benches:
            kinds = [analysis.kind for analysis in bench.analyses]
            if len(set(kinds)) < len(kinds):
                raise InputError("a bench runs each kind of analysis at most once", record=bench.name)

    def _numbers(self) -> set[str]:
        """Names of all numbers that a template or measurement may use, besides measured ones."""
        circuit = self.circuit
        names = self._plain_numbers()
        for device in circuit.devices if circuit.mismatch is not None else ():
            names += [f"{device.name}_delvto", f"{device.name}_mulu0"]
        if circuit.devices:
            names.append(GATE_AREA)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"{twice[0]!r} is the name of two things", record=circuit.spec.name)
        return {*names, *self._annotated()}

    def _plain_numbers(self) -> list[str]:
        """Those that a device's size may use: inputs, conditions, table entries and constants."""
        circuit = self.circuit
        inputs = [*circuit.spec.inputs, *(condition.input for condition in circuit.conditions)]
        names = [each.name for each in inputs if not isinstance(each, CategoryInput)]
        names += list(circuit.constants)
        for condition in circuit.conditions:
            names += self._table_names(condition.input.name, condition.table)
        return names

    def _check_devices(self) -> None:
        """Sizes are numbers or names of inputs, conditions, table entries and constants."""
        known = self._plain_numbers()
        for device in self.circuit.devices:
            for part in ("width", "length", "multiplier"):
                value = getattr(device, part)
                if isinstance(value, str) and value not in known:
                    raise InputError(f"nothing sets {value!r}, its {part}", record=device.name)

    def _annotated(self) -> set[str]:
        """Names that the annotation derives, asked of it at the lower ends of all ranges."""
        circuit = self.circuit
        if circuit.annotate is None:
            return set()
        lowest = {
            each.name: each.choices[0] if isinstance(each, CategoryInput) else each.low
            for each in circuit.spec.inputs
        }
        return set(job_values(circuit, Job(lowest)).numbers)

    def _table_names(self, name: str, table: Mapping[str, Mapping[str, float]]) -> list[str]:
        names = {tuple(sorted(row)) for row in table.values()}
        if len(names) > 1:
            raise InputError("every choice of a table sets the same names", record=name)
        for row in table.values():
            for key, number in row.items():
                check_name(key, "table entry", record=name)
                if not math.isfinite(number):
                    raise InputError(f"{key} is {number}, not a finite number", record=name)
        return list(next(iter(names), ()))

    def _texts(self) -> set[str]:
        """Names that stand for a category's text, whose choices are checked."""
        inputs = [*self.circuit.spec.inputs, *(condition.input for condition in self.circuit.conditions)]
        categories = [each for each in inputs if isinstance(each, CategoryInput)]
        for each in categories:
            for choice in each.choices:
                check_name(choice, "choice", record=each.name)
        return {each.name for each in categories}

    def _option_lines(self) -> list[str]:
        lines = [f".options {name}={float(number)!r}" for name, number in self.circuit.options.items()]
        if any(condition.input.name == TEMPERATURE for condition in self.circuit.conditions):
            lines.append(f".options temp={{{TEMPERATURE}}}")
        return lines

    def _meters(self, bench: Bench, measured: set[str], numbers: set[str]) -> tuple[Meter, ...]:
        kinds = {analysis.kind for analysis in bench.analyses}
        meters = []
        for each in bench.measurements:
            if each.name in measured or each.name in numbers:
                raise InputError(f"{each.name!r} is the name of two things", record=bench.name)
            meter = Meter(each, numbers | measured)
            if meter.kind.analysis is not None and meter.kind.analysis not in kinds:
                rule = f"{each.name}: {each.kind} needs the analysis {meter.kind.analysis!r}"
                raise InputError(rule, record=bench.name)
            meters.append(meter)
            measured.add(each.name)
        return tuple(meters)

    def _check_use(self, known: set[str]) -> None:
        """Every placeholder is known, and every input and condition does something."""
        circuit = self.circuit
        used: set[str] = set()
        for bench in self.benches:
            unknown = sorted(bench.names - known)
            if unknown:
                rule = f"nothing sets {{{unknown[0]}}} (known: {', '.join(sorted(known))})"
                raise InputError(rule, record=bench.bench.name)
            used |= bench.names
        if circuit.annotate is not None:
            return
        used |= {
            part
            for d in circuit.devices
            for part in (d.width, d.length, d.multiplier)
            if isinstance(part, str)
        }
        for plain in circuit.benches:
            for each in plain.measurements:
                used |= {number for number in each.arguments.values() if isinstance(number, str)}
        for name in circuit.spec.input_names:
            if name not in used:
                raise InputError(
                    f"the input {name!r} changes nothing: no template names it", record=circuit.spec.name
                )
        for condition in circuit.conditions:
            rows = set(next(iter(condition.table.values()), {}))
            if condition.input.name not in used and not rows & used:
                rule = f"the condition {condition.input.name!r} changes nothing: no template names it"
                raise InputError(rule, record=circuit.spec.name)


def _plain(part: object) -> object:
    """Dataclasses as JSON values; a function as its module's source, a partial one with its arguments."""
    if isinstance(part, functools.partial):
        return [_plain(part.func), _plain(part.args), _plain(part.keywords)]
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        fields = {each.name: _plain(getattr(part, each.name)) for each in dataclasses.fields(part)}
        return [type(part).__name__, fields]
    if isinstance(part, Mapping):
        return {str(name): _plain(each) for name, each in part.items()}
    if isinstance(part, list | tuple):
        return [_plain(each) for each in part]
    if callable(part):
        module = inspect.getmodule(part)
        return [
            str(getattr(part, "__qualname__", "")),
            inspect.getsource(module if module is not None else part),
        ]
    return part

"""A circuit as data: a netlist template, testbenches with analyses and measurements, and what may vary.

A template is ordinary netlist text with placeholders `{name}`. A name is an input of the circuit's
`ProblemSpec` (put in as an SI value: an input of 2.2 in pF gives 2.2e-12), a condition (supply, temperature,
an entry of a process table), a constant, `DEVICE_delvto` or `DEVICE_mulu0` of a device that has mismatch, or
a value that `annotate` derives. What is put in is always a finite number as Python prints it, or one of a
category's own texts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sciml.surrogates.ngspice.analysis import Analysis
from sciml.surrogates.problem_spec import Input, ProblemSpec, Value

Number = float | str
"""A number in SI units, or the name of an input, condition, constant or derived value."""


@dataclass(frozen=True)
class Measurement:
    """One named number, from an analysis of its bench or from numbers measured before.

    Attributes:
        name: what it is called; an output or auxiliary of the spec, or an intermediate result.
        kind: how it is measured, a name in `measurement_kinds.KINDS` (`dc_gain`, `ratio`, …).
        arguments: what that kind asks for: signals as `v(out)`, `v(a,b)` (a difference), `i(vdd)`,
            `@m1[vdsat]`, each with an optional leading `-`; numbers as floats in SI units; earlier
            measurements, inputs, conditions and constants by their names.
    """

    name: str
    kind: str
    arguments: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """One testbench: lines around the circuit, analyses and what is measured.

    Attributes:
        name: unique in its circuit.
        lines: template text, put after the circuit's netlist: sources, loads, the instance of the circuit.
        analyses: at most one of each kind, run in this order.
        measurements: in order; one may use what earlier ones, also of earlier benches, gave.
        tier: benches run tier by tier, cheap ones (0) first; a cutoff is looked at after each tier.
    """

    name: str
    lines: str
    analyses: tuple[Analysis, ...]
    measurements: tuple[Measurement, ...]
    tier: int = 0


@dataclass(frozen=True)
class Condition:
    """Something that a corner sets: the supply, the temperature, the process.

    Attributes:
        input: name, unit and allowed values. A condition called `temperature` (°C) also sets the temperature
            of the analyses.
        default: its value where a corner says nothing.
        table: for a category, the placeholders that each choice sets, in SI units:
            `{"tt": {"nvth": 0.0}, "ss": {"nvth": 0.03}}`; every choice sets the same names.
    """

    input: Input
    default: Value
    table: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Device:
    """A transistor whose gate counts for the area and for mismatch.

    Attributes:
        name: unique; mismatch gives the placeholders `{NAME_delvto}` (V) and `{NAME_mulu0}` (factor).
        width: gate width of one finger, m.
        length: gate length, m.
        multiplier: number of fingers in parallel.
    """

    name: str
    width: Number
    length: Number
    multiplier: Number = 1.0


@dataclass(frozen=True)
class Mismatch:
    """Pelgrom's law: the standard deviation of a device is `a / sqrt(W L m)`.

    Source: Pelgrom, Duinmaijer & Welbers, IEEE JSSC 24:1433 (1989). They give the difference of a pair,
    `A_VT / sqrt(W L)`; the coefficients here are those of one device, `A_VT / sqrt(2)`.

    Attributes:
        threshold: V·m, of the threshold voltage (`delvto`).
        mobility: m, of the relative mobility (`mulu0` = 1 + deviation).
    """

    threshold: float
    mobility: float = 0.0


@dataclass(frozen=True)
class Circuit:
    """A circuit, its benches and everything that its results depend on besides the design.

    Attributes:
        spec: inputs, outputs and auxiliary outputs; every one of them is a measurement of some bench.
        netlist: template text shared by all benches: models, subcircuits, parameters.
        benches: at least one.
        constants: further placeholders, SI units.
        conditions: what corners may set; a corner that sets anything else is refused.
        devices: transistors, for area and mismatch.
        mismatch: None where a seed changes nothing.
        annotate: derives further placeholders from the numbers known so far (inputs, conditions, constants;
            SI units), for instance parasitic capacitances. A module's function, so that it can be pickled.
        fidelity: `schematic`, `layout`, …; part of the identity of results.
        options: ngspice's `.options`, numbers only (`reltol`, `gmin`, …).
        is_unsafe: the netlist may hold any line; only with the user's explicit word.
    """

    spec: ProblemSpec
    netlist: str
    benches: tuple[Bench, ...]
    constants: Mapping[str, float] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    devices: tuple[Device, ...] = ()
    mismatch: Mismatch | None = None
    annotate: Callable[[Mapping[str, float]], Mapping[str, float]] | None = None
    fidelity: str = "schematic"
    options: Mapping[str, float] = field(default_factory=dict)
    is_unsafe: bool = False

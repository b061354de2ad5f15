"""What ngspice can show of a design besides numbers: its netlist, its devices, its waveforms."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.report.design_data import Curve, DeviceEntry, WavePanel
from sciml.report.quantities import with_unit
from sciml.surrogates.circuits.take_away import netlist_of
from sciml.surrogates.ngspice.deck import Deck, Run
from sciml.surrogates.ngspice.installation import program_path
from sciml.surrogates.ngspice.plot import NgspiceError, Plot
from sciml.surrogates.ngspice.program import run_by_program
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.problem_spec import Value
from sciml.surrogates.simulator import NOMINAL, Corner, Job, RowSimulator

_MOST_PANELS = 6
_MOST_POINTS = 400
_NARROW = 100.0
_ASSIGNMENT = re.compile(r"([a-z][a-z0-9_]*)\s*=\s*([^\s=]+)", re.IGNORECASE)
_PARASITIC = re.compile(r"(cwire|cgd|cplate|ca|cb)_", re.IGNORECASE)
_PASSIVE = {"r": ("resistor", "Ohm"), "c": ("capacitor", "F"), "l": ("inductor", "H")}
_FAVOURITES = ("out", "vout", "outp", "voutp", "o")


@dataclass(frozen=True)
class Evidence:
    """Netlists by file name, the first one the main one; devices and waveforms."""

    netlists: Mapping[str, str]
    devices: tuple[DeviceEntry, ...]
    panels: tuple[WavePanel, ...]


def gather_evidence(
    simulator: RowSimulator,
    best: Mapping[str, Value],
    first: Mapping[str, Value] | None,
    corner: Corner = NOMINAL,
    shipped: tuple[str, str] | None = None,
) -> Evidence | None:
    """Evidence of the best design, its waveforms beside those of the first; None without ngspice.

    Args:
        simulator: of the problem.
        best: input values of the best design.
        first: input values of the first design that simulated.
        corner: the condition of netlists and waveforms.
        shipped: name and fidelity of a circuit that comes with the package, whose netlists then also print
            what is measured.
    """
    if not isinstance(simulator, NgspiceSimulator):
        return None
    decks = simulator.decks(Job(best, corner))
    netlists: dict[str, str] = {}
    for deck in decks:
        name = f"best_{_bench(deck)}.cir" if netlists else "best.cir"
        netlists[name] = deck.text
        if shipped is not None:
            circuit, fidelity = shipped
            netlists[name] = netlist_of(circuit, best, fidelity=fidelity, bench=_bench(deck), corner=corner)
    panels: tuple[WavePanel, ...] = ()
    if program_path() is not None:
        before = simulator.decks(Job(first, corner)) if first is not None else []
        panels = _panels(before, decks, simulator.timeout_s)
    return Evidence(netlists, tuple(device_entries(decks[0].netlist)), panels)


def device_entries(lines: Sequence[str]) -> list[DeviceEntry]:
    """Transistors with their sizes, and passive elements with their values, of a netlist's lines.

    Sizes are in metres in the netlist. Capacitances that a layout adds are left out.
    """
    found = []
    for line in lines[1:]:  # the first is the title
        words = line.split()
        kind = words[0][0].lower() if words else ""
        if kind == "m" and len(words) > 5:
            found.append(_transistor(words, line))
        elif kind in _PASSIVE and len(words) > 3 and not _PARASITIC.match(words[0]):
            name, unit = _PASSIVE[kind]
            value = _number(words[3])
            text = words[3] if value is None else with_unit(value, unit)
            found.append(DeviceEntry(words[0], name, value=text, nodes=" ".join(words[1:3])))
    return found


def _transistor(words: Sequence[str], line: str) -> DeviceEntry:
    sizes = {name.lower(): _number(value) for name, value in _ASSIGNMENT.findall(line)}
    width, length, multiplier = (sizes.get(name) for name in ("w", "l", "m"))
    return DeviceEntry(
        words[0],
        words[5],
        width_um=None if width is None else round(width * 1e6, 6),
        length_um=None if length is None else round(length * 1e6, 6),
        multiplier=None if multiplier is None else round(multiplier),
        nodes=" ".join(words[1:5]),
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _panels(before: Sequence[Deck], after: Sequence[Deck], timeout_s: float) -> tuple[WavePanel, ...]:
    """AC magnitude of every bench, phase of the first, and transients; benches that do not run are left
    out."""
    panels: list[WavePanel] = []
    for index, deck in enumerate(after):
        second = _plots(deck, timeout_s)
        first = _plots(before[index], timeout_s) if index < len(before) else {}
        for run in deck.runs:
            name = _trace(run)
            if name is None or run.kind not in ("ac", "tran") or run.kind not in second:
                continue
            title = _bench(deck)
            has_phase = any(panel.y_title == "phase (deg)" for panel in panels)
            panels += _draw(run, name, title, first.get(run.kind), second[run.kind], not has_phase)
    return tuple(panels[:_MOST_PANELS])


def _bench(deck: Deck) -> str:
    """Name of the bench, the last word of a deck's title."""
    return deck.title.rsplit(" ", 1)[-1]


def _plots(deck: Deck, timeout_s: float) -> dict[str, Plot]:
    try:
        return run_by_program(deck, timeout_s)
    except NgspiceError:  # the first design of a run may well have no transient
        return {}


def _trace(run: Run) -> str | None:
    """The node that is drawn: the output by its usual names, else the first node that is measured."""
    nodes = [name for name in run.vectors if not name.startswith("@") and "#" not in name]
    return next((name for name in _FAVOURITES if name in nodes), nodes[0] if nodes else None)


def _draw(
    run: Run, name: str, title: str, before: Plot | None, after: Plot, with_phase: bool
) -> list[WavePanel]:
    plots = [("first design", before), ("best design", after)]
    traces = [
        (label, plot.axis, plot.vectors[name])
        for label, plot in plots
        if plot is not None and plot.axis is not None and name in plot.vectors
    ]
    if run.kind == "ac" and after.axis is not None and after.axis[-1] < _NARROW * after.axis[0]:
        return []  # one number at a low frequency, such as a rejection, and no curve
    if run.kind == "tran":
        curves = tuple(_curve(label, axis, values.real) for label, axis, values in traces)
        return [WavePanel(f"{title}: v({name})", "time (s)", f"v({name}) (V)", False, curves)]
    magnitude = tuple(
        _curve(label, axis, 20 * np.log10(np.maximum(np.abs(values), 1e-15)))
        for label, axis, values in traces
    )
    panels = [WavePanel(f"{title}: magnitude of v({name})", "frequency (Hz)", "dB", True, magnitude)]
    if with_phase:
        phase = tuple(
            _curve(label, axis, np.degrees(np.unwrap(np.angle(values)))) for label, axis, values in traces
        )
        panels.append(WavePanel(f"{title}: phase of v({name})", "frequency (Hz)", "phase (deg)", True, phase))
    return panels


def _curve(label: str, axis: NDArray[np.float64], values: NDArray[np.float64]) -> Curve:
    """A curve of at most a few hundred points."""
    kept = np.unique(np.linspace(0, len(axis) - 1, min(len(axis), _MOST_POINTS)).round().astype(int))
    return Curve(label, axis[kept], np.ascontiguousarray(values[kept], dtype=np.float64))

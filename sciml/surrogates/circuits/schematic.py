"""A circuit's elements as data, from which the netlist text of both fidelities is written.

The schematic fidelity has transistors with BSIM4's own estimate of an isolated finger's junctions and ideal
capacitors and resistors. The layout fidelity writes the same elements with the numbers that `parasitics.py`
derives from the folding of each device, and adds the capacitances of wires and plates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sciml.surrogates.ngspice.circuit import Device, Number

Fidelity = Literal["schematic", "layout"]
FIDELITIES: tuple[Fidelity, ...] = ("schematic", "layout")
UNIT_WIDTH = 0.5e-6
"""Gate width of one finger, m."""
UNIT_LENGTH = 90e-9
"""Gate length, m."""
LAYOUT_FIELDS = ("ad", "as", "pd", "ps", "sa", "sb", "nrd", "nrs")
"""BSIM4's instance parameters that a layout gives a transistor."""


@dataclass(frozen=True)
class Transistor:
    """A MOS transistor of `multiplier` equal fingers in parallel.

    `model` is `nch` or `pch`. Width and length are one finger's, in m; each number may be an input's name.
    """

    name: str
    drain: str
    gate: str
    source: str
    bulk: str
    model: Literal["nch", "pch"]
    multiplier: Number
    width: Number = UNIT_WIDTH
    length: Number = UNIT_LENGTH

    def line(self, fidelity: Fidelity) -> str:
        """Its line of the netlist template."""
        nets = f"{self.name} {self.drain} {self.gate} {self.source} {self.bulk} {self.model}"
        size = f"w={_text(self.width)} l={_text(self.length)} m={_text(self.multiplier)}"
        mismatch = f"delvto={{{self.name}_delvto}} mulu0={{{self.name}_mulu0}}"
        fields = [f"{field}={{{self.name}_{field}}}" for field in LAYOUT_FIELDS]
        return " ".join([nets, size, mismatch, *(fields if fidelity == "layout" else [])])

    def device(self) -> Device:
        """Its gate, for area and mismatch."""
        return Device(self.name, self.width, self.length, self.multiplier)


@dataclass(frozen=True)
class Capacitor:
    """A metal-insulator-metal capacitor; in a layout the bottom plate has a capacitance to the substrate."""

    name: str
    top: str
    bottom: str
    value: Number


@dataclass(frozen=True)
class Resistor:
    """A polysilicon resistor; in a layout its body has a capacitance to the substrate, half at each end."""

    name: str
    first: str
    second: str
    value: Number


@dataclass(frozen=True)
class Schematic:
    """The elements inside a circuit's layout.

    Attributes:
        transistors, capacitors, resistors: what is laid out.
        quiet: nets without a wire capacitance of their own: supplies and ground.
        detour: length of a net's wires over the sum of the half perimeters of the blocks that it joins; 1 for
            blocks in a row, more where they lie around large capacitors.
    """

    transistors: tuple[Transistor, ...]
    capacitors: tuple[Capacitor, ...] = ()
    resistors: tuple[Resistor, ...] = ()
    quiet: tuple[str, ...] = ("0", "vdd")
    detour: float = 1.0

    @property
    def nets(self) -> tuple[str, ...]:
        """Nets that have wires, in the order in which they appear."""
        ends = [end for each in self.transistors for end in (each.drain, each.gate, each.source)]
        ends += [end for each in self.capacitors for end in (each.top, each.bottom)]
        ends += [end for each in self.resistors for end in (each.first, each.second)]
        return tuple(dict.fromkeys(net for net in ends if net not in self.quiet))

    def netlist(self, fidelity: Fidelity) -> str:
        """The netlist template of a fidelity; the layout's has placeholders that `annotate_layout` fills."""
        lines = [each.line(fidelity) for each in self.transistors]
        lines += [f"{each.name} {each.top} {each.bottom} {_text(each.value)}" for each in self.capacitors]
        lines += [f"{each.name} {each.first} {each.second} {_text(each.value)}" for each in self.resistors]
        if fidelity == "layout":
            lines += [f"cwire_{net} {net} 0 {{wire_{net}}}" for net in self.nets]
            lines += [
                f"cgd_{each.name} {each.gate} {each.drain} {{{each.name}_cgd}}"
                for each in self.transistors
                if each.gate != each.drain
            ]
            lines += [f"cplate_{each.name} {each.bottom} 0 {{{each.name}_plate}}" for each in self.capacitors]
            lines += [f"ca_{each.name} {each.first} 0 {{{each.name}_body}}" for each in self.resistors]
            lines += [f"cb_{each.name} {each.second} 0 {{{each.name}_body}}" for each in self.resistors]
        return "\n".join(lines)

    def devices(self) -> tuple[Device, ...]:
        """The gates of all transistors."""
        return tuple(each.device() for each in self.transistors)


def number_of(value: Number, numbers: Mapping[str, float]) -> float:
    """A number, or what a name stands for."""
    return numbers[value] if isinstance(value, str) else value


def _text(value: Number) -> str:
    return f"{{{value}}}" if isinstance(value, str) else repr(float(value))

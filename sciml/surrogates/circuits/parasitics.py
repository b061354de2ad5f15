"""What a layout adds to a schematic, derived from device folding by fixed rules.

A device of m fingers (width W, length L each) is folded into r rows of f = ceil(m / r) fingers at a pitch of
`PITCH_X` + L along and W + `PITCH_Y` across; r is the number that makes the block most nearly square. In a
row, source and drain diffusions alternate and neighbours share them; a source stands at the left end.

Junctions AD, AS, PD, PS: areas and perimeters (gate edges included) of all diffusions of a type, over m;
inner ones are `SHARED` long, outer ones `OUTER`.

Stress SA = SB: the distance whose 1 / (SA + L/2) is the mean over all fingers, which is BSIM4's own
average; it moves threshold and mobility (`kvth0`, `ku0` of the card).

Resistance NRD = NRS: `CONTACT` ohm a finger; the strap along a row, a third of it times the row's fingers
whose current it collects; half the trunk across the rows times all fingers; wires have `METAL` ohm a
square, and the sum is given in squares of the card's `RSH`.

Wire of a net, to ground: `WIRE_F` F/m times its length, which is the schematic's `detour` times the half
perimeters of each block on the net (a device, capacitor or resistor), and `PIN_F` for each finger whose
terminal it is.

Gate to drain: `COUPLING_F` F/m times the straps of all rows. Bottom plate of a capacitor, to ground:
`PLATE` of its value. Body of a resistor, to ground: `BODY_F` F/ohm of it, half at each end.

The numbers are of the size that extraction gives for this class of process; they are not from one. Not
modelled: resistance of wires between devices, coupling between different devices, well proximity, dummies.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sciml.surrogates.circuits.schematic import Schematic, Transistor, number_of

SHARED, OUTER = 0.16e-6, 0.18e-6  # m
PITCH_X, PITCH_Y = 0.16e-6, 0.7e-6  # m, besides L and W
PIN_F = 0.04e-15  # F
WIRE_F = 0.2e-9  # F/m
COUPLING_F = 0.06e-9  # F/m
CONTACT, METAL, RSH = 12.0, 0.15, 8.0  # ohm a finger; ohm a square
STRAP_WIDTH, TRUNK_WIDTH = 0.15e-6, 1.0e-6  # m
PLATE = 0.05
CAPACITOR_F = 1.5e-3  # F/m2
BODY_F = 0.6e-18  # F/ohm
RESISTOR_SIDE = 2.5e-6  # m


@dataclass(frozen=True)
class Folding:
    """One device as drawn: rows, and per finger the numbers BSIM4 takes (m, m2; NRD and NRS in squares)."""

    rows: int
    width_m: float
    height_m: float
    drain_area: float
    source_area: float
    drain_perimeter: float
    source_perimeter: float
    stress_distance: float
    squares: float


def fold(fingers: int, width: float, length: float) -> Folding:
    """The folding of a device.

    Args:
        fingers: fingers in parallel, at least 1.
        width: width of one, m.
        length: gate length, m.
    """
    pitch, height = PITCH_X + length, width + PITCH_Y
    rows = min(
        range(1, fingers + 1), key=lambda r: abs(math.log(r * height / (math.ceil(fingers / r) * pitch)))
    )
    per_row = math.ceil(fingers / rows)
    rows = math.ceil(fingers / per_row)
    counts = [per_row] * (rows - 1) + [fingers - per_row * (rows - 1)]
    drains = [_diffusions(count, is_source=False) for count in counts]
    sources = [_diffusions(count, is_source=True) for count in counts]
    strap = METAL * per_row * pitch / STRAP_WIDTH / 3 * per_row
    trunk = METAL * rows * height / TRUNK_WIDTH / 2 * fingers
    squares = (CONTACT + strap + trunk) / RSH
    return Folding(
        rows=rows,
        width_m=per_row * pitch + SHARED,
        height_m=rows * height,
        drain_area=width * sum(length_ for length_, _ in drains) / fingers,
        source_area=width * sum(length_ for length_, _ in sources) / fingers,
        drain_perimeter=2 * sum(length_ + number * width for length_, number in drains) / fingers,
        source_perimeter=2 * sum(length_ + number * width for length_, number in sources) / fingers,
        stress_distance=_stress_distance(counts, length),
        squares=squares,
    )


def annotate_layout(schematic: Schematic, numbers: Mapping[str, float]) -> dict[str, float]:
    """The placeholders of the layout's netlist: `DEVICE_ad`, …, `DEVICE_cgd`, `wire_NET`, `CAPACITOR_plate`,
    `RESISTOR_body`, all SI.

    Args:
        schematic: the elements.
        numbers: inputs, conditions and constants, SI.
    """
    derived: dict[str, float] = {}
    length = dict.fromkeys(schematic.nets, 0.0)  # m of wire
    pins = dict.fromkeys(schematic.nets, 0)
    for each in schematic.transistors:
        fingers = round(number_of(each.multiplier, numbers))
        folding = fold(fingers, number_of(each.width, numbers), number_of(each.length, numbers))
        derived |= _transistor_numbers(each, folding)
        for net in {each.drain, each.gate, each.source} & set(length):
            length[net] += folding.width_m + folding.height_m
        for net in (each.drain, each.gate, each.source):
            if net in pins:
                pins[net] += fingers
    for capacitor in schematic.capacitors:
        value = number_of(capacitor.value, numbers)
        derived[f"{capacitor.name}_plate"] = PLATE * value
        for net in {capacitor.top, capacitor.bottom} & set(length):
            length[net] += 2 * math.sqrt(value / CAPACITOR_F)
    for resistor in schematic.resistors:
        derived[f"{resistor.name}_body"] = 0.5 * BODY_F * number_of(resistor.value, numbers)
        for net in {resistor.first, resistor.second} & set(length):
            length[net] += 2 * RESISTOR_SIDE
    wires = {f"wire_{net}": WIRE_F * schematic.detour * length[net] + PIN_F * pins[net] for net in length}
    return derived | wires


def _transistor_numbers(transistor: Transistor, folding: Folding) -> dict[str, float]:
    values = {
        "ad": folding.drain_area,
        "as": folding.source_area,
        "pd": folding.drain_perimeter,
        "ps": folding.source_perimeter,
        "sa": folding.stress_distance,
        "sb": folding.stress_distance,
        "nrd": folding.squares,
        "nrs": folding.squares,
        "cgd": COUPLING_F * folding.rows * folding.width_m,
    }
    return {f"{transistor.name}_{field}": value for field, value in values.items()}


def _diffusions(fingers: int, *, is_source: bool) -> tuple[float, int]:
    """Total length (m) and number of the source or drain diffusions of a row: fingers + 1 alternate, a source
    first."""
    places = range(0 if is_source else 1, fingers + 1, 2)
    return sum(OUTER if place in (0, fingers) else SHARED for place in places), len(places)


def _stress_distance(counts: list[int], length: float) -> float:
    """SA = SB with BSIM4's mean of 1 / (distance + L/2) over the fingers of all rows, m."""
    pitch = PITCH_X + length
    terms = [1 / (OUTER + place * pitch + length / 2) for count in counts for place in range(count)]
    return len(terms) / sum(terms) - length / 2

"""Values in an input's own unit as SI values: 2.2 pF is 2.2e-12."""

import re

from sciml.errors import InputError

PREFIXES = {
    "a": -18,
    "f": -15,
    "p": -12,
    "n": -9,
    "u": -6,
    "µ": -6,
    "μ": -6,
    "m": -3,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
}
"""Powers of ten of the SI prefixes; `M` is mega and `m` milli, unlike in a netlist."""
BASE_UNITS = ("F", "H", "ohm", "Ohm", "Ω", "Ω", "A", "V", "W", "s", "Hz", "m", "S", "K", "C")
_UNIT = re.compile(f"({'|'.join(PREFIXES)})?({'|'.join(BASE_UNITS)})")


def power_of_ten(unit: str) -> int:
    """The power of ten of a unit's prefix: -12 for pF, 0 for V, for no unit and for counts (`fingers`).

    Only a prefix before one of `BASE_UNITS` is one, so that `m` is metre and `mm` millimetre.
    """
    if unit in BASE_UNITS:
        return 0
    match = _UNIT.fullmatch(unit)
    return PREFIXES[match[1]] if match and match[1] else 0


def base_unit(unit: str) -> str:
    """The unit without its prefix: `F` for pF; ohms in one spelling."""
    if unit not in BASE_UNITS:
        match = _UNIT.fullmatch(unit)
        unit = match[2] if match and match[1] else unit
    return "Ohm" if unit in ("ohm", "Ohm", "Ω", "Ω") else unit


def si_value(value: float, unit: str) -> float:
    """The value in the unit without prefix, rounded once: the float64 nearest to the decimal number that
    people read.

    Raises:
        InputError: the value is not finite.
    """
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        raise InputError(f"{value!r} is not a finite number")
    power = power_of_ten(unit)
    if power == 0:
        return number
    mantissa, _, exponent = repr(number).partition("e")
    return float(f"{mantissa}e{int(exponent or 0) + power}")

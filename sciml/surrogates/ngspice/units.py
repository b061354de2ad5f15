"""Values in their own unit as SI values: 2.2 pF is 2.2e-12, 3 V/us is 3e6."""

import re
from fractions import Fraction

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
BASE_UNITS = ("F", "H", "ohm", "Ohm", "Ω", "Ω", "A", "V", "W", "J", "s", "Hz", "m", "S", "K", "C")
PERCENT = {"%": -2}
_OHMS = ("ohm", "Ohm", "Ω", "Ω")
_UNIT = re.compile(f"({'|'.join(PREFIXES)})?({'|'.join(BASE_UNITS)})")
_FACTOR = re.compile(
    r"(?P<root>sqrt\((?P<inside>.+)\)|√(?P<under>.+))|(?P<plain>.+?)(?P<power>\^?[23]|[²³])?"
)
_POWERS = {"²": 2, "³": 3, "": 1}


def power_of_ten(unit: str) -> int:
    """The power of ten of a unit's prefixes: -12 for pF, 6 for V/us, -9 for nV/√Hz, -12 for um2, 0 for V,
    for no unit and for counts (`fingers`).

    Only a prefix before one of `BASE_UNITS` is one, so that `m` is metre and `mm` millimetre. Factors are
    joined by `/` (what follows divides), `*` or `·`; one may be squared, cubed or under a root. `%` is a
    hundredth.

    Raises:
        InputError: prefixes under a root that give no whole power, as in V/√kHz.
    """
    total = Fraction(0)
    for sign, exponent, factor in _factors(unit):
        prefix, _ = _split(factor)
        total += sign * exponent * (PERCENT.get(factor, 0) if prefix is None else PREFIXES[prefix])
    if total.denominator != 1:
        raise InputError(f"the prefixes of the unit {unit!r} under a root give no whole power of ten")
    return int(total)


def base_unit(unit: str) -> str:
    """The unit without its prefixes: `F` for pF, `V/s` for V/us; ohms, roots and powers in one spelling."""
    found = ""
    for sign, exponent, factor in _factors(unit):
        base = _split(factor)[1]
        text = "Ohm" if base in _OHMS else base
        text = f"√{text}" if exponent < 1 else text if exponent == 1 else f"{text}{exponent}"
        found += ("/" if sign < 0 else "*" if found else "") + text
    return found


def _factors(unit: str) -> list[tuple[int, Fraction, str]]:
    """Each factor of a unit with 1 or -1 for where it stands, and with its exponent."""
    found = []
    for mark, text in re.findall(r"(^|[/*·])([^/*·]*)", unit):
        match = _FACTOR.fullmatch(text.strip())
        if match is None:  # nothing between two marks
            continue
        inside = match["inside"] or match["under"]
        exponent = Fraction(1, 2) if match["root"] else Fraction(_power(match["power"] or ""))
        found.append((-1 if mark == "/" else 1, exponent, inside or match["plain"]))
    return found


def _power(text: str) -> int:
    return _POWERS[text] if text in _POWERS else int(text.removeprefix("^"))


def _split(factor: str) -> tuple[str | None, str]:
    """Prefix and base of one factor; no prefix where it is not a known unit with one."""
    match = None if factor in BASE_UNITS else _UNIT.fullmatch(factor)
    return (match[1], match[2]) if match and match[1] else (None, factor)


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

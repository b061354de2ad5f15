"""Numbers with their units, as engineers write them: 12.3 MHz, 45.6 µA, 62.1 deg."""

import math

PREFIXES: tuple[tuple[float, str], ...] = (
    *((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")),
    *((1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f"), (1e-18, "a")),
)
"""SI prefixes that circuits need, the largest first."""
_PREFIXED_UNITS = {"Hz", "V", "A", "s", "W", "F", "Ohm", "ohm", "Ω", "m", "H", "S", "V/s", "A/V", "J", "Vrms"}
_SIGNIFICANT = 4


def with_unit(value: float | None, unit: str, significant: int = _SIGNIFICANT) -> str:
    """A value and its unit in a few digits; `–` for one that is not known.

    A base unit of the SI gets a prefix (0.0000123 A is 12.3 µA); units that are ratios or already have a
    prefix (dB, deg, pF) are left alone, and counts (int) are exact.
    """
    if value is None or not math.isfinite(value):
        return "–"
    if unit not in _PREFIXED_UNITS or value == 0:
        text = str(value) if isinstance(value, int) else _rounded(value, significant)
        return f"{text} {unit}".rstrip()
    size = abs(value) * (1 + 0.5 * 10**-significant)  # 999.99 Hz is shown as 1 kHz
    factor, prefix = next((pair for pair in PREFIXES if size >= pair[0]), PREFIXES[-1])
    return f"{_rounded(value / factor, significant)} {prefix}{unit}"


def _rounded(value: float, significant: int) -> str:
    text = f"{value:.{significant}g}"
    if "e" in text and 1e-4 <= abs(value) < 1e6:
        text = f"{float(text):.0f}"
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text

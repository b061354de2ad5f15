"""Figures by name as JSON values and back; what is not finite is null there and NaN here."""

import math
from collections.abc import Mapping


def figure_to_json(value: float) -> float | None:
    """A number, or None for what is not finite."""
    return float(value) if math.isfinite(value) else None


def figures_to_json(values: Mapping[str, float]) -> dict[str, float | None]:
    """All figures of a record."""
    return {name: figure_to_json(value) for name, value in values.items()}


def figures_from_json(values: Mapping[str, float | None]) -> dict[str, float]:
    """The inverse of `figures_to_json`, but for infinities."""
    return {name: math.nan if value is None else value for name, value in values.items()}

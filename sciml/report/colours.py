"""Colours that mean something, the same in every figure and page."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

PLDDT_CLASSES: tuple[tuple[float, str, str], ...] = (
    (90.0, "#0053D6", "very high (> 90)"),
    (70.0, "#65CBF3", "confident (70-90)"),
    (50.0, "#FFDB13", "low (50-70)"),
    (-np.inf, "#FF7D45", "very low (≤ 50)"),
)
"""(lower edge, colour, name) of the classes of pLDDT, best first; an edge belongs to the class below it.

These are the colours of the AlphaFold Protein Structure Database (Varadi et al., Nucleic Acids Res. 50:D439,
2022).
"""

PAE_COLOURS: tuple[str, str] = ("#0B5D1E", "#FFFFFF")
"""Colours of an aligned error of 0 Å and of the largest that can be expressed."""


def plddt_colour(plddt: float) -> str:
    """Hexadecimal colour of a pLDDT (0-100)."""
    return next(colour for edge, colour, _ in PLDDT_CLASSES if plddt > edge)


def plddt_rgb(plddt: ArrayLike) -> NDArray[np.float32]:
    """(…, 3), red, green and blue in 0-1 of each pLDDT (0-100)."""
    values = np.asarray(plddt, np.float64)
    edges = np.array([edge for edge, _, _ in PLDDT_CLASSES[:-1]])  # descending
    class_index = (values[..., None] <= edges).sum(axis=-1)
    table = [[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for _, colour, _ in PLDDT_CLASSES]
    return np.array(table, np.float32)[class_index]

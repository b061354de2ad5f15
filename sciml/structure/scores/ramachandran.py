"""Which pairs of phi and psi are favoured, allowed or outliers, in four classes of residues.

`ramachandran.npz` beside this file holds, for each class, the logarithm of a smoothed density of phi and psi
on a periodic grid of 4 degrees, and two levels of it: the favoured region holds 98 % of the residues that it
was made from, the favoured and the allowed region together 99.8 %, each residue being judged by the density
of the others. Residues outside are outliers, about 1 in 500 of a good structure. Lovell et al. set these
shares for glycine, proline and pre-proline; for the general class, with B-factors to sort out doubtful
residues, they took 99.95 %.

Provenance: written by `python -m benchmarks.structure.ramachandran_table --data CHAINS` from the training
split only: X-ray chains with all heavy atoms and a known resolution of 2.0 Å or better, without the three
residues at either end of each unbroken stretch, and without residues that have, or whose neighbours have,
missing atoms, clashes, bonds or angles beyond five deviations, wrong hands or cis peptides other than
proline's: 40,020 general residues, 4,174 glycines, 2,078 prolines, 1,853 before proline. The digest of the
data is in the file. The coordinates are PDB data (CC0).

Classes: glycine; proline; pre-proline, any other residue bonded to a proline after it; general, the rest. Not
told apart: isoleucine and valine, cis and trans proline (as MolProbity does since 2012).

Source: Lovell et al., Proteins 50:437 (2003), for the classes and the shares; the table is our own.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import RESTYPE_INDEX, UNKNOWN_INDEX, read_only

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

CLASSES = ("general", "glycine", "proline", "pre-proline")
"""Classes of residues, in the order of the table."""
REGIONS = ("outlier", "allowed", "favoured")
"""Regions in the order of their numbers; -1 stands for none."""
NO_CLASS = -1
FAVOURED_SHARE, ALLOWED_SHARE = 0.98, 0.998
"""Of the residues that the table was made from: within the favoured, within either region."""

TABLE_PATH = Path(__file__).with_name("ramachandran.npz")


class RamachandranTable(NamedTuple):
    """Densities and levels of the four classes."""

    log_density: Array
    """(class, phi, psi), natural logarithm of the density per square degree; nodes from -180 in equal
    steps."""
    favoured: Array
    """(class,), the level of `log_density` around the favoured region."""
    allowed: Array
    """(class,), the level around the favoured and the allowed region."""
    residues: Integers
    """(class,), how many residues the density was made from."""


@cache
def ramachandran_table() -> RamachandranTable:
    """The table that comes with the package."""
    with np.load(TABLE_PATH, allow_pickle=False) as file:
        return RamachandranTable(
            read_only(file["log_density"].astype(np.float64)),
            read_only(file["favoured"].astype(np.float64)),
            read_only(file["allowed"].astype(np.float64)),
            read_only(file["residues"].astype(np.int64)),
        )


def ramachandran_classes(aatype: Integers, bonded: NDArray[np.bool_]) -> Integers:
    """Class of each residue.

    Args:
        aatype: (res,), restypes.
        bonded: (res - 1,), true where a residue is bonded to the next.

    Returns:
        (res,), index into `CLASSES`; `NO_CLASS` for residues of unknown type.
    """
    before_proline = np.append((aatype[1:] == RESTYPE_INDEX["P"]) & bonded, False)[: len(aatype)]
    classes = np.where(before_proline, CLASSES.index("pre-proline"), CLASSES.index("general"))
    classes[aatype == RESTYPE_INDEX["P"]] = CLASSES.index("proline")
    classes[aatype == RESTYPE_INDEX["G"]] = CLASSES.index("glycine")
    classes[aatype >= UNKNOWN_INDEX] = NO_CLASS
    return classes


def ramachandran_log_density(phi: Array, psi: Array, classes: Integers) -> Array:
    """Logarithm of the density of the class at phi and psi, between the nodes by bilinear interpolation.

    Args:
        phi: (…,), degrees.
        psi: (…,), degrees.
        classes: (…,), index into `CLASSES`.

    Returns:
        (…,), per square degree; NaN where an angle is NaN or there is no class.
    """
    return interpolate_periodic(ramachandran_table().log_density, phi, psi, classes)


def ramachandran_regions(phi: Array, psi: Array, classes: Integers) -> Integers:
    """Region of each residue; arguments as `ramachandran_log_density`.

    Returns:
        (…,), index into `REGIONS`; -1 where an angle is NaN or there is no class.
    """
    table = ramachandran_table()
    density = ramachandran_log_density(phi, psi, classes)
    regions = (density >= table.allowed[classes]).astype(np.int64) + (density >= table.favoured[classes])
    return np.where(np.isnan(density), -1, regions)


def interpolate_periodic(log_density: Array, phi: Array, psi: Array, classes: Integers) -> Array:
    """`ramachandran_log_density` for any table (class, phi, psi)."""
    nodes = log_density.shape[-1]
    known = np.isfinite(phi) & np.isfinite(psi) & (np.asarray(classes) != NO_CLASS)
    place = [(np.where(known, angle, 0.0) + 180.0) / 360.0 * nodes for angle in (phi, psi)]
    low = [np.floor(x).astype(np.int64) for x in place]
    (u, v), (i, j) = (x - y for x, y in zip(place, low, strict=True)), (x % nodes for x in low)
    i_next, j_next = (i + 1) % nodes, (j + 1) % nodes
    row = np.where(known, classes, 0)
    value = (
        (1 - u) * (1 - v) * log_density[row, i, j]
        + u * (1 - v) * log_density[row, i_next, j]
        + (1 - u) * v * log_density[row, i, j_next]
        + u * v * log_density[row, i_next, j_next]
    )
    return np.where(known, value, np.nan)

"""The cartoon of a chain: helices and strands as ribbons, strands ending in arrows, loops as tubes.

The ribbon follows the Cα atoms; its width lies along the helix axis or in the plane of the sheet.

Sources: Carson & Bugg, J. Mol. Graph. 4:121 (1986) for the ribbon; Labesse et al., Comput. Appl. Biosci.
13:291 (1997) for secondary structure from Cα distances.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import uniform_filter1d

Array = NDArray[np.float64]
COIL, HELIX, STRAND = 0, 1, 2

# Cα distances (Å) to the second, third and fourth next residue, Cα torsion (degrees); with their tolerances.
_HELIX_SHAPE = ((5.5, 0.5), (5.3, 0.5), (6.4, 0.7), (50.0, 25.0))
_STRAND_SHAPE = ((6.7, 0.7), (9.9, 1.0), (12.4, 1.3), (-170.0, 50.0))
_SHORTEST_HELIX, _SHORTEST_STRAND = 5, 3  # residues
_PAIRED_ANGSTROM = 5.8  # Cα atoms of neighbouring strands are nearer than this

# Half-widths (Å) across and through the ribbon.
_HALF_WIDTH = {COIL: (0.32, 0.32), HELIX: (1.35, 0.28), STRAND: (1.10, 0.28)}
_ARROW_HALF_WIDTH, _ARROW_RESIDUES = 1.9, 1.6
_GRID = 16  # points for each residue at which widths and lengths are taken


@dataclass(frozen=True)
class Ribbon:
    """Axis of the cartoon of one stretch of residues, sampled evenly along the chain."""

    centre: Array
    """(point, 3), Å."""
    across: Array
    """(point, 3), unit vectors along the width."""
    through: Array
    """(point, 3), unit vectors along the thickness."""
    half_width: Array
    """(point, 2), Å: along `across` and along `through`."""
    residue: NDArray[np.int64]
    """(point,), index of the nearest residue."""


def secondary_structure(ca: Array) -> NDArray[np.int64]:
    """COIL, HELIX or STRAND of each residue from Cα positions alone.

    Strands are only named where another strand runs beside them. Not computed: hydrogen bonds, 3-10 helices,
    turns.

    Args:
        ca: (res, 3), Å, consecutive residues.

    Returns:
        (res,).
    """
    helix = _stretches(_has_shape(ca, _HELIX_SHAPE), _SHORTEST_HELIX)
    strand = _stretches(_has_shape(ca, _STRAND_SHAPE) & ~helix, _SHORTEST_STRAND)
    near = np.linalg.norm(ca[:, None] - ca[None, :], axis=-1) < _PAIRED_ANGSTROM
    apart = np.abs(np.subtract.outer(np.arange(len(ca)), np.arange(len(ca)))) > 3
    paired = (near & apart & strand[None, :]).any(axis=1)
    for start, stop in _runs(strand):
        if paired[start:stop].mean() < 0.4:
            strand[start:stop] = False
    return np.where(helix, HELIX, np.where(strand, STRAND, COIL))


def _has_shape(ca: Array, shape: tuple[tuple[float, float], ...]) -> NDArray[np.bool_]:
    """(res,), true for the residues of every window of five whose distances and torsions fit."""
    member = np.zeros(len(ca), bool)
    if len(ca) < 5:
        return member
    fits = np.ones(len(ca) - 4, bool)
    for step, (distance, tolerance) in zip((2, 3, 4), shape[:3], strict=True):
        found = np.linalg.norm(ca[step:] - ca[:-step], axis=-1)[: len(fits)]
        fits &= np.abs(found - distance) < tolerance
    angle, tolerance = shape[3]
    torsion = _torsions(ca)  # (res - 3,)
    for first in (0, 1):
        away = (torsion[first : first + len(fits)] - angle + 180) % 360 - 180
        fits &= np.abs(away) < tolerance
    for offset in range(5):
        member[offset : offset + len(fits)] |= fits
    return member


def _torsions(points: Array) -> Array:
    """(point - 3,), degrees: torsion angle of each four consecutive points."""
    bonds = np.diff(points, axis=0)
    first, middle, last = bonds[:-2], bonds[1:-1], bonds[2:]
    normal_a, normal_b = np.cross(first, middle), np.cross(middle, last)
    length = np.linalg.norm(middle, axis=-1)
    sine, cosine = length * (first * normal_b).sum(-1), (normal_a * normal_b).sum(-1)
    return np.degrees(np.arctan2(sine, cosine))


def _runs(member: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """(first, one past the last) of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], member, [False]]).astype(int)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _stretches(member: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """The runs of at least that many true values."""
    kept = np.zeros_like(member)
    for start, stop in _runs(member):
        kept[start:stop] = stop - start >= shortest
    return kept


def ribbon(ca: Array, spacing_angstrom: float) -> Ribbon:
    """The cartoon of consecutive residues.

    Args:
        ca: (res, 3), Å; at least two residues, none missing.
        spacing_angstrom: distance between points along the chain.
    """
    kinds = secondary_structure(ca)
    guide = _smooth_strands(ca, kinds)
    residues = len(ca)
    spline = CubicSpline(np.arange(residues), guide)
    grid = np.linspace(0, residues - 1, (residues - 1) * _GRID + 1)
    at = _evenly_spaced(spline(grid), grid, spacing_angstrom)
    centre, tangent = spline(at), _unit(spline(at, 1))
    across = CubicSpline(np.arange(residues), _width_directions(guide))(at)
    across = _unit(across - (across * tangent).sum(-1, keepdims=True) * tangent)
    widths = _half_widths(kinds, grid)
    return Ribbon(
        centre=centre,
        across=across,
        through=np.cross(tangent, across),
        half_width=np.stack([np.interp(at, grid, widths[:, side]) for side in (0, 1)], axis=-1),
        residue=np.rint(at).astype(np.int64),
    )


def _evenly_spaced(points: Array, at: Array, spacing: float) -> Array:
    """Chain positions `spacing` (Å) apart along the curve that has `points` (Å) at the positions `at`."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=-1))])
    count = max(2, int(np.ceil(length[-1] / spacing)))
    return np.interp(np.linspace(0, length[-1], count), length, at)


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _smooth_strands(ca: Array, kinds: NDArray[np.int64]) -> Array:
    """Guide points: the pleat of strands is averaged out, other residues stay where they are."""
    guide = ca.copy()
    for _ in range(2):
        middle = (guide[:-2] + 2 * guide[1:-1] + guide[2:]) / 4
        guide[1:-1] = np.where((kinds[1:-1] == STRAND)[:, None], middle, guide[1:-1])
    return guide


def _width_directions(guide: Array) -> Array:
    """(res, 3): tangent times direction of bending; neighbours never point opposite ways."""
    if len(guide) < 3:
        tangent = guide[-1] - guide[0]
        other = np.eye(3)[np.argmin(np.abs(tangent))]
        return np.repeat(_unit(np.cross(tangent, other))[None], len(guide), axis=0)
    bend = 2 * guide[1:-1] - guide[:-2] - guide[2:]
    across = _unit(np.cross(guide[2:] - guide[:-2], bend))
    across = np.concatenate([across[:1], across, across[-1:]])
    for index in range(1, len(across)):
        if across[index] @ across[index - 1] < 0:
            across[index] *= -1
    smooth = across.copy()
    smooth[1:-1] = across[:-2] + 2 * across[1:-1] + across[2:]
    return _unit(smooth)


def _half_widths(kinds: NDArray[np.int64], grid: Array) -> Array:
    """(point, 2), Å: widths of each kind, blended over one residue; a strand ends in an arrow."""
    table = np.array([_HALF_WIDTH[kind] for kind in (COIL, HELIX, STRAND)])
    widths = uniform_filter1d(table[kinds[np.rint(grid).astype(int)]], _GRID, axis=0, mode="nearest")
    for start, stop in _runs(kinds == STRAND):
        left = stop - 0.5 - grid  # residues to the end of the strand
        head = (left >= 0) & (left <= _ARROW_RESIDUES) & (grid >= start - 0.5)
        widths[head, 0] = np.maximum(_ARROW_HALF_WIDTH * left[head] / _ARROW_RESIDUES, _HALF_WIDTH[COIL][0])
    return widths

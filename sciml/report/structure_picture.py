"""A picture of a predicted chain: its cartoon in the colours of pLDDT, drawn without a graphics card."""

import numpy as np
from einops import rearrange
from numpy.typing import NDArray

from sciml.report.cartoon import Ribbon, ribbon
from sciml.report.colours import plddt_rgb
from sciml.report.raster import Canvas

_MARGIN_ANGSTROM = 3.5  # between the Cα atoms and the edge of the picture
_SUPERSAMPLING = 2
_CHAIN_BREAK_ANGSTROM = 6.0  # consecutive Cα atoms farther apart are not joined
_DENSITY = 1.5  # points for each pixel along and around; fewer leave holes where the ribbon bends
_POINTS_AT_ONCE = 400_000


def structure_image(
    ca: NDArray[np.floating], plddt: NDArray[np.floating], width: int = 1000, height: int = 700
) -> NDArray[np.float32]:
    """Draw the cartoon of a chain, seen along its shortest axis, with its longest axis across the picture.

    Args:
        ca: (res, 3), Å; a residue without a Cα atom is NaN and breaks the chain.
        plddt: (res,), 0-100.
        width: pixels.
        height: pixels.

    Returns:
        (height, width, 3), red, green and blue in 0-1 on white.

    Raises:
        ValueError: fewer than two joined residues: there is nothing to draw.
    """
    ca = np.asarray(ca, np.float64)
    pieces = joined_pieces(ca)
    if not pieces:
        raise ValueError("a picture needs at least two consecutive residues with Cα atoms")
    drawn = np.concatenate([np.arange(start, stop) for start, stop in pieces])
    view = _view(ca[drawn])
    seen = (ca - ca[drawn].mean(axis=0)) @ view.T
    extent = np.ptp(seen[drawn, :2], axis=0) + 2 * _MARGIN_ANGSTROM
    seen -= (seen[drawn].max(axis=0) + seen[drawn].min(axis=0)) / 2
    scale = _SUPERSAMPLING * min(width / extent[0], height / extent[1], 40.0)
    canvas = Canvas(width * _SUPERSAMPLING, height * _SUPERSAMPLING, scale)
    colours = plddt_rgb(plddt)
    for start, stop in pieces:
        _draw(
            canvas,
            ribbon(seen[start:stop], 1 / (_DENSITY * scale)),
            colours[start:stop],
        )
    return canvas.image(_SUPERSAMPLING)


def joined_pieces(ca: NDArray[np.floating]) -> list[tuple[int, int]]:
    """(first residue, one past the last) of each stretch of at least two residues that follow one another."""
    present = np.isfinite(ca).all(axis=-1)
    steps = np.linalg.norm(np.diff(ca, axis=0), axis=-1)
    joined = present[:-1] & present[1:] & (steps < _CHAIN_BREAK_ANGSTROM)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], joined, [False]]).astype(int)))
    return [(int(start), int(stop) + 1) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _view(ca: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3), rows are the axes right, up and towards the viewer: a rotation, never a mirror image."""
    centred = ca - ca.mean(axis=0)
    axes = np.linalg.svd(np.concatenate([centred, np.eye(3) * 1e-6]), full_matrices=False)[2]
    if (centred[-1] - centred[0]) @ axes[0] < 0:  # the chain begins on the left
        axes[0] *= -1
    axes[2] = np.cross(axes[0], axes[1])
    return axes


def _draw(canvas: Canvas, axis: Ribbon, colours: NDArray[np.float32]) -> None:
    """Cover the surface of a ribbon with points, `_DENSITY` for each pixel along and around."""
    wide, thick = axis.half_width.max(axis=0).tolist()
    angle = _even_angles(wide, thick, spacing=1 / (_DENSITY * canvas.scale))
    around = len(angle)
    cosine, sine = (np.asarray(f(angle), np.float32)[:, None] for f in (np.cos, np.sin))
    centre, across, through, half_width = (
        array.astype(np.float32) for array in (axis.centre, axis.across, axis.through, axis.half_width)
    )
    step = max(1, _POINTS_AT_ONCE // around)
    for start in range(0, len(centre), step):
        part = slice(start, start + step)
        a, b = half_width[part, 0, None, None], half_width[part, 1, None, None]  # (point, 1, 1)
        points = centre[part, None] + a * cosine * across[part, None] + b * sine * through[part, None]
        normals = cosine / a * across[part, None] + sine / b * through[part, None]
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        shades = np.repeat(colours[axis.residue[part]], around, axis=0)
        canvas.add(rearrange(points, "p a c -> (p a) c"), rearrange(normals, "p a c -> (p a) c"), shades)
    for end in (0, -1):
        _draw_cap(canvas, axis, end, colours[axis.residue[end]])


def _draw_cap(canvas: Canvas, axis: Ribbon, end: int, colour: NDArray[np.float32]) -> None:
    """Close an end of the chain with half an ellipsoid (the other half lies inside the ribbon)."""
    wide, thick = axis.half_width[end].tolist()
    rings = max(12, int(np.pi * wide * canvas.scale * _DENSITY))
    latitude, longitude = np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, 2 * rings)
    sphere = np.stack(
        [
            np.outer(np.sin(latitude), np.cos(longitude)),
            np.outer(np.sin(latitude), np.sin(longitude)),
            np.repeat(np.cos(latitude)[:, None], len(longitude), axis=1),
        ],
        axis=-1,
    ).reshape(-1, 3)
    axes = np.stack([axis.across[end], axis.through[end], np.cross(axis.across[end], axis.through[end])])
    lengths = np.array([wide, thick, thick])
    normals = (sphere / lengths) @ axes
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    points = axis.centre[end] + (sphere * lengths) @ axes
    shades = np.broadcast_to(colour, points.shape)
    canvas.add(points.astype(np.float32), normals.astype(np.float32), shades)


def _even_angles(wide: float, thick: float, spacing: float) -> NDArray[np.float64]:
    """Angles at which the points of an ellipse with these half-widths (Å) lie `spacing` (Å) apart."""
    angle = np.linspace(0, 2 * np.pi, 721)
    steps = np.hypot(wide * np.diff(np.cos(angle)), thick * np.diff(np.sin(angle)))
    length = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(24, int(length[-1] / spacing))
    return np.interp(np.linspace(0, length[-1], count, endpoint=False), length, angle)

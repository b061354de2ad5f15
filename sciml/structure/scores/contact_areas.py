"""Areas by which atoms touch one another and the solvent.

Around each atom lies a sphere of its radius and that of a water molecule. Where a ray from the atom's centre
leaves the atom's cell of the power diagram (bounded by radical planes of the enlarged spheres) before it
reaches the sphere, the atom behind that plane owns the ray's share of the sphere; where it does not, the
solvent does. Rays are the points of a Fibonacci lattice, the same for every atom in the frame of its residue,
so that a moved structure has the same areas. One ray of 1024 stands for 0.1 Å² of a carbon.

Source: McConkey, Sobolev & Edelman, Bioinformatics 18:1365 (2002), with rays in place of the analytic areas.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

WATER_ANGSTROM = 1.4
RAYS = 1024
_NUMBERS_AT_ONCE = 400_000  # rays x neighbours x atoms of one block: what fits in the cache
_BEHIND_CENTRE = 1e-6  # Å²; planes that do not leave the centre in its own cell


class ContactAreas(NamedTuple):
    """Areas of the atoms of one structure."""

    first: Integers
    """(contact,), the atom whose sphere the area is on."""
    second: Integers
    """(contact,), the atom that owns it; each ordered pair stands once."""
    area: Array
    """(contact,), Å²."""
    solvent: Array
    """(atom,), Å² of each sphere that no atom owns."""


def contact_areas(points: Array, radii: Array, frames: Array | None = None, rays: int = RAYS) -> ContactAreas:
    """Areas of contact between atoms.

    Args:
        points: (atom, 3), Å.
        radii: (atom,), Å, without the water.
        frames: (atom, 3, 3), rotations whose columns are the axes of the lattice of rays; the structure's own
            axes when None, in which case areas change a little as it turns.
        rays: points of the lattice.

    Returns:
        Every pair of atoms with an area between them, in the order of first and second atom.
    """
    reach = np.asarray(radii, np.float64) + WATER_ANGSTROM
    sphere = 4 * np.pi * reach**2 / rays  # area of one ray
    atom, neighbour, start = _neighbours(points, reach)
    offset = points[neighbour] - points[atom]
    if frames is not None:
        offset = np.matmul(offset[:, None], frames[atom])[:, 0]
    # A ray u crosses the radical plane at a distance of plane / (2 u . offset).
    plane = (offset**2).sum(-1) + reach[atom] ** 2 - reach[neighbour] ** 2
    lattice = fibonacci_sphere(rays)
    width = int(np.diff(start).max(initial=0))
    solvent = sphere * rays
    found: list[tuple[Integers, Integers]] = []
    step = max(1, _NUMBERS_AT_ONCE // max(1, rays * width))
    for low in range(0, len(points) if width else 0, step):
        high = min(low + step, len(points))
        here = slice(start[low], start[high])
        place = np.arange(start[low], start[high]) - start[atom[here]]
        owner = _owners(
            atom[here] - low, place, offset[here], plane[here], reach[low:high], lattice, width
        )  # (atom, ray), place of the owning neighbour; `width` is the solvent
        keys = np.arange(high - low)[:, None] * (width + 1) + owner
        hits = np.bincount(keys.ravel(), minlength=(high - low) * (width + 1)).reshape(-1, width + 1)
        solvent[low:high] = hits[:, width] * sphere[low:high]
        row, column = np.nonzero(hits[:, :width])
        found.append((start[low + row] + column, hits[row, column]))
    if not found:
        empty = np.zeros(0, np.int64)
        return ContactAreas(empty, empty, np.zeros(0), solvent)
    pair, count = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return ContactAreas(atom[pair], neighbour[pair], count * sphere[atom[pair]], solvent)


def fibonacci_sphere(points: int) -> Array:
    """(point, 3), unit vectors that lie evenly: a spiral that turns by the golden angle at each step."""
    number = np.arange(points)
    height = 1 - (2 * number + 1) / points
    angle = number * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=-1)


def _neighbours(points: Array, reach: Array) -> tuple[Integers, Integers, Integers]:
    """Ordered pairs of atoms whose spheres meet, by first atom, and where each first atom's begin."""
    pairs = np.zeros((0, 2), np.int64)
    if len(points) > 1:
        pairs = cKDTree(points).query_pairs(2 * float(reach.max()), output_type="ndarray")
    close = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=-1) < reach[pairs].sum(-1)
    first, second = pairs[close].astype(np.int64).T
    key = np.sort(np.concatenate([first * len(points) + second, second * len(points) + first]))
    atom, neighbour = np.divmod(key, max(1, len(points)))
    return atom, neighbour, np.searchsorted(atom, np.arange(len(points) + 1))


def _owners(
    row: Integers, place: Integers, offset: Array, plane: Array, reach: Array, lattice: Array, width: int
) -> Integers:
    """The neighbour that owns each ray of some atoms.

    Args:
        row: (pair,), atom of the block.
        place: (pair,), number of the neighbour among the atom's.
        offset: (pair, 3), Å, from the atom to the neighbour.
        plane: (pair,), Å².
        reach: (atom,), Å.
        lattice: (ray, 3).
        width: most neighbours of an atom.

    Returns:
        (atom, ray), the place, or `width` for the solvent.
    """
    ahead = plane > _BEHIND_CENTRE
    nearness = np.zeros((len(reach), width, 3))
    nearness[row[ahead], place[ahead]] = offset[ahead] / plane[ahead, None]
    # The plane that is crossed first has the largest inverse distance, here by half.
    inverse = np.matmul(lattice, nearness.transpose(0, 2, 1))  # (atom, ray, neighbour)
    for pair in np.flatnonzero(~ahead):
        # The centre lies in the neighbour's cell: it owns all that is on its side of the plane.
        on_its_side = 2 * reach[row[pair]] * (lattice @ offset[pair]) > plane[pair]
        inverse[row[pair], :, place[pair]] = np.where(on_its_side, np.inf, -np.inf)
    owner = inverse.argmax(-1)
    best = np.take_along_axis(inverse, owner[..., None], -1)[..., 0]
    return np.where(best > 1 / (2 * reach[:, None]), owner, width)

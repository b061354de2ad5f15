"""Draws surfaces given as dense points: the nearest point of each pixel is kept, lit and dimmed with depth.

Contours where the depth jumps, and shade where something nearer stands beside (Luft, Colditz & Deussen, ACM
Trans. Graph. 25:1206, 2006), make the picture readable without a graphics card.
"""

import numpy as np
from einops import reduce
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

Array = NDArray[np.float32]
_LIGHT = np.array([-0.35, 0.45, 0.82], np.float32)  # towards the light; x right, y up, z to the viewer
_AMBIENT, _DIFFUSE, _SPECULAR, _SHININESS = 0.42, 0.62, 0.22, 28
_FOG = 0.45  # share of white at the far end
_CONTOUR_ANGSTROM = 1.6  # jump of depth that is drawn as a contour
_CONTOUR_DARKNESS, _SHADE_DARKNESS = 0.75, 0.55


class Canvas:
    """A picture under construction, looking down the z axis without perspective.

    Args:
        width: pixels.
        height: pixels.
        pixels_per_angstrom: scale; the origin is in the middle.
    """

    def __init__(self, width: int, height: int, pixels_per_angstrom: float) -> None:
        self.width, self.height, self.scale = width, height, pixels_per_angstrom
        self._depth = np.full(width * height, -np.inf, np.float32)
        self._normal = np.zeros((width * height, 3), np.float32)
        self._colour = np.ones((width * height, 3), np.float32)

    def add(self, points: Array, normals: Array, colours: Array) -> None:
        """Draw the points that are nearer than what is there.

        Args:
            points: (point, 3), Å, dense enough to leave no pixel out.
            normals: (point, 3), unit vectors out of the surface.
            colours: (point, 3), 0-1.
        """
        column = np.floor(points[:, 0] * self.scale + self.width / 2).astype(np.int64)
        row = np.floor(self.height / 2 - points[:, 1] * self.scale).astype(np.int64)
        inside = (column >= 0) & (column < self.width) & (row >= 0) & (row < self.height)
        visible = np.flatnonzero(inside & (normals[:, 2] > -0.1))  # the far side is always hidden
        pixel = row[visible] * self.width + column[visible]
        nearer = points[visible, 2] > self._depth[pixel]
        visible, pixel = visible[nearer], pixel[nearer]
        order = np.argsort(points[visible, 2], kind="stable")  # the last of equal pixels is kept: the nearest
        visible, pixel = visible[order], pixel[order]
        self._depth[pixel] = points[visible, 2]
        self._normal[pixel] = normals[visible]
        self._colour[pixel] = colours[visible]

    def image(self, reduce_by: int = 2) -> Array:
        """The finished picture on white.

        Args:
            reduce_by: pixels averaged in each direction, against jagged edges.

        Returns:
            (height / reduce_by, width / reduce_by, 3), 0-1.
        """
        depth = self._depth.reshape(self.height, self.width)
        drawn = np.isfinite(depth)
        lit = self._light().reshape(self.height, self.width, 3)
        if drawn.any():
            near, far = float(depth[drawn].max()), float(depth[drawn].min())
            lit = self._shade(lit, np.where(drawn, depth, far - 4.0))
            fog = _FOG * (near - np.where(drawn, depth, near))[..., None] / max(near - far, 1e-6)
            lit = (lit * (1 - fog) + fog).astype(np.float32)
        picture = np.where(drawn[..., None], lit, 1.0).astype(np.float32)
        rows, columns = self.height // reduce_by, self.width // reduce_by
        whole = picture[: rows * reduce_by, : columns * reduce_by]
        return reduce(whole, "(h y) (w x) c -> h w c", "mean", y=reduce_by, x=reduce_by)

    def _light(self) -> Array:
        """(pixel, 3): colour under one lamp, with a highlight."""
        light = _LIGHT / np.linalg.norm(_LIGHT)
        half_way = light + np.array([0, 0, 1], np.float32)
        half_way /= np.linalg.norm(half_way)
        diffuse = np.clip(self._normal @ light, 0, None)[:, None]
        gloss = np.clip(self._normal @ half_way, 0, None)[:, None] ** _SHININESS
        return np.clip(self._colour * (_AMBIENT + _DIFFUSE * diffuse) + _SPECULAR * gloss, 0, 1)

    def _shade(self, lit: Array, depth: Array) -> Array:
        """Darken contours and what lies close behind something else."""
        behind = np.clip((_blur(depth, 1.2 * self.scale) - depth) / 4.0, 0, 1)  # 4 Å behind is fully shaded
        size = max(3, int(0.12 * self.scale) | 1)
        jump = maximum_filter(depth, size=size) - minimum_filter(depth, size=size)
        contour = np.clip(jump / _CONTOUR_ANGSTROM - 1, 0, 1)
        darkness = (1 - _SHADE_DARKNESS * behind) * (1 - _CONTOUR_DARKNESS * contour)
        return lit * darkness[..., None]


def _blur(image: Array, deviation: float) -> Array:
    """Three box filters: nearly a Gaussian of that standard deviation (pixels), whose cost does not grow."""
    size = max(1, round(2 * deviation))
    for _ in range(3):
        image = uniform_filter(image, size=size)
    return image

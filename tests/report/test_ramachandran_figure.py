"""The Ramachandran figure: dots where the angles are, outliers red, bands where the levels are."""

import io

import numpy as np
from matplotlib.image import imread

from sciml.report.ramachandran import ramachandran_figure

CLASSES = ("general", "glycine", "proline", "pre-proline")


def _picture(phi=(), psi=(), class_index=(), regions=(), levels=(-1.0, -0.5)):
    """(height, width, 3) of a figure whose density is highest on a disc at (-60, -45)."""
    nodes = np.arange(-180.0, 180, 6)
    log_density = -np.hypot(nodes[:, None] + 60, nodes + 45) / 60  # -1 at 60 degrees, -0.5 at 30
    residues = np.array(phi, float), np.array(psi, float), np.array(class_index, int), np.array(regions, int)
    names = ["A 1 LYS"] * len(phi)
    tables = np.stack([log_density] * 4), np.array([levels] * 4)
    png = ramachandran_figure(CLASSES, *tables, *residues, names, "model", "note")
    return imread(io.BytesIO(png))[..., :3]


def _is_red(picture):
    return (picture[..., 0] > 0.7) & (picture[..., 1] < 0.2) & (picture[..., 2] < 0.2)


def test_only_outliers_are_red_and_in_the_panel_of_their_class() -> None:
    inside = _picture([-60], [-45], [0], [2])
    assert not _is_red(inside).any()
    outlier = _is_red(_picture([60], [60], [1], [0]))
    rows, columns = np.nonzero(outlier)
    height, width = outlier.shape
    assert rows.max() < height / 2 < height  # glycine is above and to the right
    assert columns.min() > width / 2
    nobody = _is_red(_picture([60, np.nan], [60, 0], [-1, 0], [-1, -1]))
    assert not nobody.any()


def test_a_residue_is_drawn_at_its_angles() -> None:
    empty, with_one = _picture(), _picture([120], [-120], [0], [1])
    upper_left = np.s_[: empty.shape[0] // 2, : empty.shape[1] // 2]
    changed = np.abs(with_one - empty)[upper_left].max(-1) > 0.5
    rows, columns = np.nonzero(changed)
    low = rows > 0.4 * changed.shape[0]  # below the heading, which changes too
    x, y = columns[low].mean() / empty.shape[1], 1 - rows[low].mean() / empty.shape[0]
    assert abs(x - (0.08 + 0.42 * 300 / 360)) < 0.003
    assert abs(y - (0.525 + 0.39 * 60 / 360)) < 0.003


def test_bands_cover_what_the_levels_say() -> None:
    def share(colour, picture):
        return (np.abs(picture - np.array(colour) / 255).max(-1) < 0.01).mean()

    picture = _picture()
    panels = 4 * 0.42 * 0.39
    favoured, allowed = share((0x9C, 0xC7, 0xE8), picture), share((0xDC, 0xEB, 0xF7), picture)
    assert abs(favoured / panels - np.pi * 30**2 / 360**2) < 0.002
    assert abs(allowed / panels - np.pi * (60**2 - 30**2) / 360**2) < 0.004

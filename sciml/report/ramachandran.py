"""Ramachandran figure: phi and psi of a model over the favoured and allowed regions of each class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciml.report.plotting import FAINT, INK, finish, new_figure, png_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ALLOWED_COLOUR, _FAVOURED_COLOUR = "#DCEBF7", "#9CC7E8"
_OUTLIER_COLOUR = "#C81E1E"
_OUTLIER, _FAVOURED = 0, 2  # of `regions`
_MOST_NAMES = 12  # in one panel; more cover each other


def ramachandran_figure(
    classes: Sequence[str],
    log_density: NDArray,
    levels: NDArray,
    phi: NDArray,
    psi: NDArray,
    class_index: NDArray,
    regions: NDArray,
    names: Sequence[str],
    title: str,
    note: str,
) -> bytes:
    """One panel a class: regions as bands, residues as dots, outliers red and named.

    Args:
        classes: names of the four classes.
        log_density: (class, phi, psi), nodes from -180 degrees in equal steps.
        levels: (class, 2), the level around the allowed and the one around the favoured region.
        phi: (res,), degrees; NaN where there is none.
        psi: (res,), degrees.
        class_index: (res,), class of each residue; negative for none.
        regions: (res,), 0 outlier, 1 allowed, 2 favoured; negative for none.
        names: (res,), what an outlier is called, such as `A 45 LYS`.
        title: what was judged.
        note: one line on where the regions are from.

    Returns:
        The bytes of a PNG file.
    """
    figure = new_figure(8.4, 9.0)
    panels = []
    for number, name in enumerate(classes):
        row, column = divmod(number, 2)
        axes = figure.add_axes((0.08 + 0.475 * column, 0.525 - 0.455 * row, 0.42, 0.39))
        _draw_regions(axes, log_density[number], levels[number])
        shown = np.flatnonzero((class_index == number) & (regions >= 0))
        outlier = shown[regions[shown] == _OUTLIER]
        inside = shown[regions[shown] != _OUTLIER]
        axes.plot(phi[inside], psi[inside], ".", color=INK, ms=3.5, mew=0)
        axes.plot(phi[outlier], psi[outlier], "o", color=_OUTLIER_COLOUR, ms=4.5, mew=0)
        for residue in outlier[:_MOST_NAMES]:
            shift, side = (-4, "right") if phi[residue] > 90 else (4, "left")
            rise = -8 if psi[residue] > 160 else 3  # points; names stay within the panel
            axes.annotate(
                names[residue], (phi[residue], psi[residue]), (shift, rise), textcoords="offset points",
                fontsize=6.5, color=_OUTLIER_COLOUR, ha=side,
            )  # fmt: skip
        if column == 0:
            axes.set_ylabel("psi (degrees)", fontsize=8, labelpad=1)
        axes.set_title(_heading(name, regions[shown]), fontsize=9, color=INK)
        panels.append(axes)
    finish(figure, panels, title, note)
    return png_bytes(figure)


def _heading(name: str, regions: NDArray) -> str:
    """Class, number of residues, share of favoured ones, outliers."""
    if len(regions) == 0:
        return f"{name}: none"
    outliers = int((regions == _OUTLIER).sum())
    share = (regions == _FAVOURED).mean()
    return f"{name}: {len(regions)}, {share:.1%} favoured, {outliers} outlier{'' if outliers == 1 else 's'}"


def _draw_regions(axes: "Axes", log_density: NDArray, levels: NDArray) -> None:
    """Bands of the allowed and the favoured region on -180..180."""
    wrapped = np.pad(log_density, (0, 1), mode="wrap")  # the nodes at 180 are those at -180
    nodes = np.linspace(-180, 180, len(wrapped))
    allowed, favoured = levels
    highest = max(float(wrapped.max()), float(favoured)) + 1
    bands = [float(allowed), float(favoured), highest]
    axes.contourf(nodes, nodes, wrapped.T, levels=bands, colors=[_ALLOWED_COLOUR, _FAVOURED_COLOUR])
    axes.axhline(0, color=FAINT, lw=0.6)
    axes.axvline(0, color=FAINT, lw=0.6)
    axes.set(xlim=(-180, 180), ylim=(-180, 180), xticks=range(-180, 181, 60), yticks=range(-180, 181, 60))
    axes.set_xlabel("phi (degrees)", fontsize=8, labelpad=1)

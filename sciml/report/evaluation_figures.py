"""PNG figures of confidence against truth: reliability of pLDDT or pTM, predicted against true aligned error.

Every function returns the bytes of a PNG file; the look is that of `sciml.report.figures`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sciml.report.colours import PAE_COLOURS
from sciml.report.plotting import FAINT, INK, finish, new_figure, png_bytes

_BAR = "#65CBF3"
_POINT = "#0053D6"
_UNKNOWN = "#E5E7EB"
_SMALLEST_POINT, _LARGEST_POINT = 12.0, 110.0  # area of the points, square points of print
_STEP_ANGSTROM = 2.0


def reliability_figure(
    groups: Sequence[Mapping[str, float]],
    title: str,
    note: str,
    *,
    predicted: str = "pLDDT",
    true: str = "lDDT-Cα",
    cases: str = "residues",
    largest: float = 1.0,
) -> bytes:
    """Mean true value against mean prediction in each group of the prediction, and how many cases it has.

    Args:
        groups: of `Reliability`: low, high, residues (cases), predicted, true.
        title: what was predicted.
        note: one line on where the numbers are from.
        predicted: name of the prediction, with its unit.
        true: name of the truth, with its unit.
        cases: what is counted.
        largest: end of both axes.

    Returns:
        A diagram in which calibrated predictions lie on the diagonal; groups are drawn as large as they are.
    """
    figure = new_figure(5.2, 5.8)
    axes = figure.add_axes((0.14, 0.36, 0.81, 0.53))
    counts = figure.add_axes((0.14, 0.13, 0.81, 0.15))
    axes.plot([0, largest], [0, largest], color=FAINT, lw=1, ls="--")
    low, high, size, mean, truth = (
        np.array([group[name] for group in groups], np.float64)
        for name in ("low", "high", "residues", "predicted", "true")
    )
    axes.vlines(mean, np.minimum(mean, truth), np.maximum(mean, truth), color=_BAR, lw=2.2)
    area = _SMALLEST_POINT + (_LARGEST_POINT - _SMALLEST_POINT) * size / max(size.max(initial=1), 1)
    axes.plot(mean, truth, color=_POINT, lw=1)
    axes.scatter(mean, truth, s=area, color=_POINT, zorder=3)
    counts.bar(low, size, width=high - low, align="edge", color=_BAR, edgecolor="white", lw=0.8)
    for panel in (axes, counts):
        panel.set_xlim(0, largest)
    axes.set_ylim(0, largest)
    axes.set_ylabel(f"true {true}", color=INK)
    counts.set_ylabel(cases, color=INK)
    counts.set_xlabel(f"predicted {predicted}", color=INK)
    counts.ticklabel_format(axis="y", style="plain")
    finish(figure, [axes, counts], title, note)
    return png_bytes(figure)


def aligned_error_figure(pae: NDArray, error: NDArray, title: str, note: str, *, largest: float) -> bytes:
    """Predicted beside true aligned error, and the spread of the true one at each predicted.

    Args:
        pae: (res i, res j), Å: expected error of j when superposed on i.
        error: (res i, res j), Å, true; NaN where it is unknown.
        title: what was predicted.
        note: one line on which parameters made it.
        largest: the error that white stands for, and the end of both axes, Å.
    """
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("pae", PAE_COLOURS)
    width, height, panel = 12.4, 4.5, 3.1  # inches
    figure = new_figure(width, height)
    panels = []
    for index, (matrix, name) in enumerate(((pae, "predicted"), (error, "true"))):
        start = (0.7 + index * (panel + 0.6)) / width
        axes = figure.add_axes((start, 0.7 / height, panel / width, panel / height))
        edge = len(matrix) + 0.5
        drawn = axes.imshow(matrix, cmap=colours, vmin=0, vmax=largest, extent=(0.5, edge, edge, 0.5))
        axes.set_facecolor(_UNKNOWN)
        axes.set_title(name, fontsize=9, color=INK)
        axes.set_xlabel("scored residue")
        panels.append(axes)
    panels[0].set_ylabel("aligned residue")
    bar = figure.add_axes(((0.85 + 2 * panel + 0.6) / width, 0.7 / height, 0.12 / width, panel / height))
    figure.colorbar(drawn, cax=bar).set_label("position error (Å)", fontsize=8)
    bar.tick_params(labelsize=8)
    curve = figure.add_axes(((width - 0.3 - panel) / width, 0.7 / height, panel / width, panel / height))
    curve.plot([0, largest], [0, largest], color=FAINT, lw=1, ls="--")
    centre, quartiles = _quartiles(pae, error, largest)
    curve.fill_between(centre, quartiles[:, 0], quartiles[:, 2], color=_BAR, alpha=0.45, lw=0)
    curve.plot(centre, quartiles[:, 1], color=_POINT, lw=1.6, marker="o", ms=3)
    curve.set_xlim(0, largest)
    curve.set_ylim(0, largest)
    curve.set_xlabel("predicted error (Å)")
    curve.set_ylabel("true error (Å): median, quartiles")
    finish(figure, [*panels, curve], title, note)
    return png_bytes(figure)


def _quartiles(pae: NDArray, error: NDArray, largest: float) -> tuple[NDArray, NDArray]:
    """Mean prediction (group,) and quartiles of the true error (group, 3) in steps of 2 Å of the
    prediction."""
    counts = ~(np.isnan(pae) | np.isnan(error) | np.eye(len(pae), dtype=bool))
    predicted, true = pae[counts], np.minimum(error[counts], largest)
    place = np.minimum(predicted, largest - 1e-9) // _STEP_ANGSTROM
    groups = np.unique(place)
    centre = np.array([predicted[place == group].mean() for group in groups])
    quartiles = np.array([np.quantile(true[place == group], [0.25, 0.5, 0.75]) for group in groups])
    return centre, quartiles.reshape(-1, 3)

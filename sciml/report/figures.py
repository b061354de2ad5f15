"""PNG figures of a prediction: pLDDT along the chain, aligned error, coverage of the alignment, structure.

Every function returns the bytes of a PNG file.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sciml.data.alignment import Alignment
from sciml.report.colours import PAE_COLOURS, PLDDT_CLASSES
from sciml.report.plotting import INK, finish, new_figure, png_bytes

_MOST_ROWS_DRAWN = 2000  # of an alignment; more cannot be told apart in the figure
_MOST_PANELS = 6  # of aligned error


def plddt_figure(plddts: Sequence[NDArray], labels: Sequence[str], title: str, note: str) -> bytes:
    """pLDDT along the chain, one line a model, over bands in the colours of the classes.

    Args:
        plddts: (res,) each, 0-100; the first is the best.
        labels: name of each model.
        title: what was predicted.
        note: one line on which parameters made it.
    """
    figure = new_figure(8.0, 3.5)
    axes = figure.add_axes((0.08, 0.2, 0.89, 0.66))
    upper = 100.0
    for edge, colour, _ in PLDDT_CLASSES:
        lower = max(edge, 0.0)
        axes.axhspan(lower, upper, color=colour, alpha=0.22, lw=0)
        upper = lower
    for index, (plddt, label) in reversed(list(enumerate(zip(plddts, labels, strict=True)))):
        numbers = np.arange(1, len(plddt) + 1)
        marker = "o" if len(plddt) < 3 else None
        colour, width = (INK, 1.6) if index == 0 else ("#6B7280", 0.8)
        axes.plot(numbers, plddt, color=colour, lw=width, label=label, marker=marker)
    axes.set_xlim(0.5, len(plddts[0]) + 0.5)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 70, 90, 100])
    axes.set_xlabel("residue")
    axes.set_ylabel("pLDDT")
    if len(plddts) > 1:
        axes.legend(fontsize=7, frameon=False, ncol=3, loc="lower right", reverse=True)
    finish(figure, [axes], f"{title}: mean pLDDT {np.mean(plddts[0]):.1f}", note)
    return png_bytes(figure)


def pae_figure(
    paes: Sequence[NDArray], labels: Sequence[str], max_pae: float, title: str, note: str
) -> bytes:
    """Predicted aligned error, one panel a model; dark green is 0 Å.

    Args:
        paes: (res i, res j) each, Å: error of j when superposed on i; at most six are drawn.
        labels: name of each model.
        max_pae: the error that white stands for, Å.
        title: what was predicted.
        note: one line on which parameters made it.
    """
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("pae", PAE_COLOURS)
    shown = list(zip(paes, labels, strict=True))[:_MOST_PANELS]
    panel, left = 3.2, 0.7  # inches
    width = left + len(shown) * (panel + 0.45) + 0.75
    figure = new_figure(width, 4.5)
    panels = []
    for index, (pae, label) in enumerate(shown):
        start = (left + index * (panel + 0.45)) / width
        axes = figure.add_axes((start, 0.6 / 4.5, panel / width, panel / 4.5))
        edge = len(pae) + 0.5
        drawn = axes.imshow(pae, cmap=colours, vmin=0, vmax=max_pae, extent=(0.5, edge, edge, 0.5))
        axes.set_xlabel("scored residue")
        axes.set_title(label, fontsize=8, color=INK)
        panels.append(axes)
    panels[0].set_ylabel("aligned residue")
    bar = figure.add_axes(((width - 0.72) / width, 0.6 / 4.5, 0.12 / width, panel / 4.5))
    figure.colorbar(drawn, cax=bar).set_label("expected position error (Å)", fontsize=8)
    bar.tick_params(labelsize=8)
    finish(figure, panels, title, note)
    return png_bytes(figure)


def coverage_figure(alignment: Alignment, title: str, note: str) -> bytes:
    """The rows of an alignment by falling identity to the query, and the rows in each column (line).

    Args:
        alignment: rows over the query's columns; at most 2000, evenly chosen, are drawn.
        title: what was aligned.
        note: one line on where the alignment is from.
    """
    from matplotlib import colormaps
    from matplotlib.ticker import MaxNLocator

    identity, residues = _identity_to_query(alignment)
    order = np.argsort(-identity, kind="stable")
    rows = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), _MOST_ROWS_DRAWN)).astype(int))]
    picture = np.where(residues[rows], identity[rows, None], np.nan)
    figure = new_figure(8.0, 4.2)
    axes = figure.add_axes((0.09, 0.16, 0.77, 0.72))
    columns, depth = residues.shape[1], len(alignment)
    drawn = axes.imshow(
        picture, aspect="auto", vmin=0, vmax=1, cmap=colormaps["viridis_r"], interpolation="nearest",
        extent=(0.5, columns + 0.5, depth, 0),
    )  # fmt: skip
    axes.set_facecolor("white")
    axes.plot(np.arange(1, columns + 1), depth - residues.sum(axis=0), color=INK, lw=1.2)
    axes.set_ylim(depth, 0)
    axes.set_xlim(0.5, columns + 0.5)
    axes.set_xlabel("residue")
    axes.set_ylabel("sequence")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    bar = figure.add_axes((0.885, 0.16, 0.018, 0.72))
    figure.colorbar(drawn, cax=bar).set_label("identity to the query", fontsize=8)
    bar.tick_params(labelsize=8)
    finish(figure, [axes], f"{title}: {depth} sequence{'s' if depth > 1 else ''}", note)
    return png_bytes(figure)


def structure_picture(ca: NDArray, plddt: NDArray, title: str, note: str) -> bytes:
    """The cartoon of a chain in the colours of pLDDT, with the legend.

    Args:
        ca: (res, 3), Å; NaN where a residue has no Cα atom.
        plddt: (res,), 0-100.
        title: what was predicted.
        note: one line on which parameters made it.

    Raises:
        ValueError: there are no two consecutive residues to draw.
    """
    from matplotlib.patches import Patch

    from sciml.report.structure_picture import structure_image

    figure = new_figure(7.2, 5.6)
    axes = figure.add_axes((0.0, 0.09, 1.0, 0.82))
    axes.imshow(np.clip(structure_image(ca, plddt, 1080, 690), 0, 1), aspect="equal", interpolation="nearest")
    axes.axis("off")
    patches = [Patch(color=colour, label=name) for _, colour, name in PLDDT_CLASSES]
    figure.legend(
        handles=patches, loc="lower center", ncol=4, frameon=False, fontsize=8, bbox_to_anchor=(0.5, 0.045),
        handlelength=1, handleheight=1,
    )  # fmt: skip
    finish(figure, [], title, note, note_at=0.02)
    return png_bytes(figure)


def can_be_drawn(ca: NDArray) -> bool:
    """Whether `structure_picture` has two consecutive residues to join."""
    from sciml.report.structure_picture import joined_pieces

    return bool(joined_pieces(np.asarray(ca, np.float64)))


def _identity_to_query(alignment: Alignment) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(seq,) share of a row's residues that agree with the query; (seq, res) where there is a residue."""
    rows = np.array([np.frombuffer(row.encode("ascii"), np.uint8) for row in alignment.sequences])
    residues = rows != ord("-")
    same = (rows == rows[0]) & residues
    return same.sum(axis=1) / np.maximum(residues.sum(axis=1), 1), residues

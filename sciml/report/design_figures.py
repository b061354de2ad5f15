"""PNG figures of a design run: convergence, violations, predictions, trade-off, waveforms.

Every function returns the bytes of a PNG file; the look is that of `sciml.report.figures`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sciml.report.design_data import DesignReport, Trace, best_so_far, met_so_far
from sciml.report.plotting import FAINT, INK, finish, new_figure, png_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_LINE, _GOOD, _SECOND = "#0053D6", "#13795B", "#D9541E"
_OUTCOME_COLOURS = {"met": _GOOD, "missed": "#9AA3B2", "stopped": _SECOND, "failed": "#B3261E"}
_MET, _LOW, _HIGH, _UNKNOWN, _FAILED = "#D6ECE2", "#FDE2CD", "#A62614", "#E8EBF0", "#464C58"
_LOWEST_COST = 1e-4  # drawn in place of 0, since the axis is a logarithm
_MOST_PANELS = 9


def design_figures(report: DesignReport) -> Mapping[str, bytes]:
    """The figures that a run has, by name."""
    found = {"convergence": convergence_figure(report)}
    if report.specifications and len(report.traces[0].cost):
        found["violations"] = violation_figure(report)
    if report.predictions:
        found["predictions"] = prediction_figure(report)
    if report.pareto is not None:
        found["pareto"] = pareto_figure(report)
    if report.panels:
        found["waveforms"] = waveform_figure(report)
    return found


def convergence_figure(report: DesignReport) -> bytes:
    """Best cost, and specifications that the best design meets, against simulations; several seeds as median
    and quartiles."""
    figure = new_figure(9.0, 3.9)
    left = figure.add_axes((0.08, 0.2, 0.4, 0.64))
    right = figure.add_axes((0.57, 0.2, 0.4, 0.64))
    costs = [_drawn(trace.cost[best_so_far(trace.cost)]) for trace in report.traces]
    met = [met_so_far(trace).astype(np.float64) for trace in report.traces]
    for axes, lines in ((left, costs), (right, met)):
        if len(lines) == 1:
            axes.step(np.arange(1, len(lines[0]) + 1), lines[0], where="post", color=_LINE, lw=1.8)
        else:
            table = _extended(lines)
            number = np.arange(1, table.shape[1] + 1)
            low, middle, high = np.quantile(table, (0.25, 0.5, 0.75), axis=0)
            axes.fill_between(number, low, high, step="post", color=_LINE, alpha=0.18, lw=0)
            axes.step(number, middle, where="post", color=_LINE, lw=2)
        axes.set_xlabel(f"{report.row_word}s", color=INK)
        axes.set_xlim(left=0)
        _whole_ticks(axes.xaxis)
    if len(report.traces) == 1:
        _dots(left, report.traces[0])
    for trace in report.traces:
        if trace.first_feasible is not None:
            left.plot(trace.first_feasible, _LOWEST_COST, "o", color=_GOOD, ms=6, zorder=4, clip_on=False)
    left.set_yscale("log")
    left.set_ylim(_LOWEST_COST, 1.2)
    ticks = [_LOWEST_COST, 1e-3, 1e-2, 1e-1, 1]
    left.set_yticks(ticks, ["0", "0.001", "0.01", "0.1", "1"])
    left.set_ylabel("best cost", color=INK)
    right.set_ylabel(f"specifications met of {len(report.specifications)}", color=INK)
    right.set_ylim(0, max(len(report.specifications), 1) * 1.05)
    _whole_ticks(right.yaxis)
    finish(figure, [left, right], report.title, report.verdict)
    return png_bytes(figure)


def violation_figure(report: DesignReport) -> bytes:
    """By how much each simulation misses each specification."""
    trace = report.traces[0]
    count = len(report.specifications)
    figure = new_figure(9.0, 1.5 + 0.3 * count)
    height = 0.3 * count / (1.5 + 0.3 * count)
    axes = figure.add_axes((0.2, 0.72 / (1.5 + 0.3 * count), 0.77, height))
    image = _colours(trace)
    axes.imshow(image, aspect="auto", interpolation="nearest", extent=(0.5, len(image[0]) + 0.5, count, 0))
    axes.set_yticks(np.arange(count) + 0.5, [each.text for each in report.specifications])
    axes.set_xlabel(report.row_word, color=INK)
    _whole_ticks(axes.xaxis)
    for line in range(1, count):
        axes.axhline(line, color="white", lw=1)
    note = "green met, orange to red missed by little to far, light grey not measured, dark grey failed"
    finish(figure, [axes], f"{report.title}: which specification limits", note)
    return png_bytes(figure)


def prediction_figure(report: DesignReport) -> bytes:
    """What the surrogate expected before each simulation against what the simulator said."""
    from matplotlib.ticker import EngFormatter, MaxNLocator

    shown = report.predictions[:_MOST_PANELS]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(3.1 * columns + 0.4, 2.9 * rows + 0.9)
    grid = figure.add_gridspec(
        rows, columns, left=0.09, right=0.98, top=1 - 0.75 / (2.9 * rows + 0.9), bottom=0.14 / rows + 0.04,
        wspace=0.36, hspace=0.5,
    )  # fmt: skip
    panels = []
    for index, pairs in enumerate(shown):
        axes = figure.add_subplot(grid[index // columns, index % columns])
        both = np.concatenate([pairs.simulated, pairs.predicted])
        ends = np.array([both.min(), both.max()])
        if both.min() > 0 and both.max() > 30 * both.min():
            axes.set_xscale("log")
            axes.set_yscale("log")
        error = np.maximum([pairs.predicted - pairs.low, pairs.high - pairs.predicted], 0)
        axes.plot(ends, ends, color=FAINT, lw=1, ls="--")
        axes.errorbar(
            pairs.simulated, pairs.predicted, np.nan_to_num(error), fmt="o", ms=3, lw=0.6, color=_LINE,
            alpha=0.6,
        )  # fmt: skip
        for limit in pairs.limits:
            if ends[0] < limit < ends[1]:
                axes.axvline(limit, color=_GOOD, lw=0.9, ls=":")
        title = f"{pairs.output} ({pairs.unit})" if pairs.unit else pairs.output
        axes.set_title(title.replace("$", r"\$"), fontsize=9, color=INK)
        margin = 0.06 * (ends[1] - ends[0]) or 1.0
        if axes.get_yscale() == "linear":
            axes.set_ylim(ends[0] - margin, ends[1] + margin)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(MaxNLocator(4))
                axis.set_major_formatter(EngFormatter(sep=""))
        panels.append(axes)
    note = "across: simulated, up: predicted before the simulation, with 90 % intervals"
    finish(figure, panels, f"{report.title}: predicted against simulated", note)
    return png_bytes(figure)


def pareto_figure(report: DesignReport) -> bytes:
    """Feasible designs by two objectives.

    Raises:
        ValueError: the run has no two objectives.
    """
    plot = report.pareto
    if plot is None:
        raise ValueError("a run with fewer than two objectives has no trade-off to draw")
    figure = new_figure(5.6, 4.4)
    axes = figure.add_axes((0.16, 0.16, 0.79, 0.71))
    axes.plot(*plot.points[~plot.is_front].T, "o", color="#9AA3B2", ms=3)
    front = plot.points[plot.is_front]
    front = front[np.argsort(front[:, 0], kind="stable")]
    axes.plot(*front.T, "o-", color=_LINE, ms=5, lw=1)
    axes.set_xlabel(plot.titles[0].replace("$", r"\$"), color=INK)
    axes.set_ylabel(plot.titles[1].replace("$", r"\$"), color=INK)
    finish(figure, [axes], f"{report.title}: trade-off", "blue: not beaten in both by any other design")
    return png_bytes(figure)


def waveform_figure(report: DesignReport) -> bytes:
    """Waveforms of the first design and of the best."""
    from matplotlib.ticker import EngFormatter, ScalarFormatter

    shown = report.panels[:_MOST_PANELS]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    height = 2.8 * rows + 0.9
    figure = new_figure(4.6 * columns + 0.3, height)
    grid = figure.add_gridspec(
        rows, columns, left=0.08, right=0.98, top=1 - 0.75 / height, bottom=0.75 / height, wspace=0.25,
        hspace=0.55,
    )  # fmt: skip
    panels = []
    for index, panel in enumerate(shown):
        axes = figure.add_subplot(grid[index // columns, index % columns])
        for curve, colour in zip(panel.curves, _curve_colours(len(panel.curves)), strict=True):
            axes.plot(curve.x, curve.y, color=colour, lw=1.4, label=curve.label)
        if panel.is_log:
            axes.set_xscale("log")
        else:
            axes.xaxis.set_major_formatter(EngFormatter())
        axes.yaxis.set_major_formatter(EngFormatter() if "(V)" in panel.y_title else ScalarFormatter())
        axes.set_title(panel.title.replace("$", r"\$"), fontsize=9, color=INK)
        axes.set_xlabel(panel.x_title, fontsize=8, color=INK)
        axes.set_ylabel(panel.y_title.replace("$", r"\$"), fontsize=8, color=INK)
        panels.append(axes)
    panels[0].legend(fontsize=7, frameon=False)
    finish(figure, panels, f"{report.title}: waveforms", "grey: first design, blue: best design")
    return png_bytes(figure)


def _curve_colours(count: int) -> list[str]:
    """The best design is blue, whether or not there is a first one before it."""
    return [_LINE] if count == 1 else ["#8A93A3", _LINE, *[_SECOND] * (count - 2)]


def _whole_ticks(axis: "Axis") -> None:
    """Simulations and specifications are counted: no tick at 2.5 of them."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))


def _drawn(cost: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(cost, _LOWEST_COST)


def _extended(lines: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(run, simulation): a run that has ended keeps its last value."""
    length = max(len(line) for line in lines)
    return np.stack([np.append(line, np.full(length - len(line), line[-1])) for line in lines])


def _dots(axes: "Axes", trace: Trace) -> None:
    outcomes = np.array(trace.outcomes)
    number = np.arange(1, len(trace.cost) + 1)
    for outcome, colour in _OUTCOME_COLOURS.items():
        chosen = outcomes == outcome
        if chosen.any():
            axes.plot(number[chosen], _drawn(trace.cost[chosen]), ".", color=colour, ms=4, label=outcome)
    axes.legend(  # above the axes, where it covers no point
        fontsize=7, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncol=len(_OUTCOME_COLOURS),
        borderaxespad=0.2, handletextpad=0.2, columnspacing=1.0, markerscale=2,
    )  # fmt: skip


def _colours(trace: Trace) -> NDArray[np.float64]:
    """(specification, simulation, 3), red, green and blue in 0-1."""
    met, low, high, unknown, failed = (
        np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        for colour in (_MET, _LOW, _HIGH, _UNKNOWN, _FAILED)
    )
    violation = trace.violations.T[..., None]
    share = np.sqrt(np.clip(np.nan_to_num(violation), 0, 1))
    image = np.where(violation == 0, met, low + share * (high - low))
    image = np.where(np.isnan(violation), unknown, image)
    is_failed = np.array([outcome == "failed" for outcome in trace.outcomes])
    return np.asarray(np.where(is_failed[None, :, None], failed, image))

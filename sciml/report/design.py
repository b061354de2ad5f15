"""One HTML page with everything about a design run: it needs no network, no server and no other file.

Style and scripts stand in `page/` and `design_page/`; the numbers are one JSON block. The page's own policy
forbids it every request. Tables, the netlist and its download need no script.
"""

import string
from collections.abc import Iterable
from html import escape
from typing import Any

from sciml.report.design_data import DesignReport, ParetoPlot, PredictionPairs, WavePanel
from sciml.report.design_tables import (
    check_table,
    device_table,
    failure_table,
    netlist_box,
    other_outputs,
    quantity_table,
    specification_table,
)
from sciml.report.page import (
    json_block,
    page_file,
    page_script,
    page_style,
    short_number,
    tile_row,
)

_FOLDER = "design_page"
_SHARED_SCRIPTS = ("elements.js", "axes.js", "theme.js")
_SCRIPTS = ("data.js", "convergence.js", "violations.js", "scatter.js", "waveforms.js", "main.js")
_SIGNIFICANT = 5
_WAVEFORMS = "From ngspice: the first design of the run that simulated, and the best one."
_FAILURES = "A failed simulation counts as one and is learned from."


def design_html(report: DesignReport) -> str:
    """The page as text."""
    page = string.Template(page_file(_FOLDER, "page.html"))
    sections = _sections(report)
    names = [("design", "Design"), ("convergence", "Search"), ("violations", "Limits")]
    links = [(name, link) for name, link, _ in sections]
    return page.substitute(
        title=escape(report.title),
        subtitle=escape(report.subtitle),
        verdict=escape(report.verdict),
        verdict_class="met" if report.is_feasible else "missed",
        tiles=tile_row(_tiles(report)),
        links="".join(f'<a href="#{name}">{link}</a>' for name, link in names + links),
        style=page_style(_FOLDER),
        specifications=specification_table(report),
        inputs=quantity_table("Input", report.inputs, "Allowed"),
        other_outputs=other_outputs(report),
        convergence_note=_convergence_note(report),
        row_word=escape(report.row_word),
        violation_note=f"Seed {report.traces[0].seed}." if len(report.traces) > 1 else "",
        sections="\n".join(text for _, _, text in sections),
        footer=escape("; ".join(f"{name} {value}" for name, value in report.facts.items())),
        payload=json_block(payload(report)),
        script=page_script(_FOLDER, _SHARED_SCRIPTS, _SCRIPTS),
    )


def payload(report: DesignReport) -> dict[str, Any]:
    """The JSON values that the scripts of the page read."""
    return {
        "specifications": [{"text": each.text, "output": each.output} for each in report.specifications],
        "traces": [
            {
                "seed": trace.seed,
                "cost": _numbers(trace.cost),
                "violations": [_numbers(row) for row in trace.violations],
                "outcomes": list(trace.outcomes),
                "first_feasible": trace.first_feasible,
            }
            for trace in report.traces
        ],
        "predictions": [_pairs(pairs) for pairs in report.predictions],
        "row_word": report.row_word,
        "pareto": _pareto(report.pareto),
        "panels": [_panel(panel) for panel in report.panels],
    }


def _numbers(values: Iterable[float]) -> list[float | int | None]:
    return [short_number(float(value), _SIGNIFICANT) for value in values]


def _pairs(pairs: PredictionPairs) -> dict[str, Any]:
    return {
        "output": pairs.output,
        "unit": pairs.unit,
        "limits": list(pairs.limits),
        **{name: _numbers(getattr(pairs, name)) for name in ("predicted", "low", "high", "simulated")},
    }


def _pareto(plot: ParetoPlot | None) -> dict[str, Any] | None:
    if plot is None:
        return None
    points = [_numbers(point) for point in plot.points]
    return {"titles": list(plot.titles), "points": points, "is_front": plot.is_front.tolist()}


def _panel(panel: WavePanel) -> dict[str, Any]:
    curves = [{"label": each.label, "x": _numbers(each.x), "y": _numbers(each.y)} for each in panel.curves]
    return {
        "title": panel.title,
        "x_title": panel.x_title,
        "y_title": panel.y_title,
        "is_log": panel.is_log,
        "curves": curves,
    }


def _tiles(report: DesignReport) -> list[tuple[str, str]]:
    trace = report.traces[0]
    met = sum(margin >= 0 for margin in report.margins)
    tiles = [(f"{met} of {len(report.specifications)}", "specifications met by the best design")]
    found = [each.first_feasible for each in report.traces if each.first_feasible is not None]
    if len(report.traces) == 1:
        tiles += [(str(len(trace.cost)), f"{report.row_word}s, failures counted")]
        tiles += [(str(found[0]) if found else "–", f"{report.row_word}s to the first feasible one")]
    else:
        middle = sorted(found)[len(found) // 2] if found else None
        tiles += [(f"{len(found)} of {len(report.traces)}", "seeds found a feasible design")]
        tiles += [(str(middle or "–"), "simulations to the first one, upper median of those")]
    failed = sum(outcome == "failed" for each in report.traces for outcome in each.outcomes)
    return [*tiles, (str(failed), "simulations that failed")]


def _convergence_note(report: DesignReport) -> str:
    text = (
        "Every simulation counts, initial designs and failures too. At a cost of 0 every specification is met"
    )
    if report.row_word == "design":
        text = (
            "Each design stands at the worst of all conditions, simulated or estimated from those that were"
        )
    if len(report.traces) > 1:
        return f"{text}; a run that has ended keeps its last value."
    return f"{text}; the green dot is the first feasible design."


def _sections(report: DesignReport) -> list[tuple[str, str, str]]:
    """The sections that this run has: name, text of the link to it, HTML."""
    found = []
    if report.predictions:
        plots = '<div class="panels" id="prediction-plots"></div>'
        found.append(
            ("predictions", "Surrogate", "Predicted against simulated", report.prediction_note, plots)
        )
    if report.pareto is not None:
        volume, front = report.pareto.hypervolume, report.pareto.is_front
        note = f"{int(front.sum())} of {len(front)} feasible designs are not beaten in both objectives."
        note += f" Hypervolume {volume:.3f} of the box that they span." if volume is not None else ""
        found.append(("pareto", "Objectives", "Trade-off", note, '<div id="pareto-plot"></div>'))
    if report.panels:
        plots = '<div class="panels wide" id="waveform-plots"></div>'
        found.append(("waveforms", "Waveforms", "Waveforms before and after", _WAVEFORMS, plots))
    if report.devices:
        found.append(("devices", "Devices", "Device sizes", "", device_table(report)))
    if report.check:
        title = "The best design, simulated again"
        found.append(("check", "Check", title, report.check_note, check_table(report)))
    found.append(("failures", "Failures", "Failures", _FAILURES, failure_table(report)))
    if report.netlist is not None:
        found.append(("netlist", "Netlist", "Netlist to take away", "", netlist_box(*report.netlist)))
    return [(name, link, _section(name, title, note, body)) for name, link, title, note, body in found]


def _section(name: str, title: str, note: str, body: str) -> str:
    text = f'<p class="note">{escape(note)}</p>' if note else ""
    return f'<section id="{name}"><h2>{escape(title)}</h2>{text}{body}</section>'

import dataclasses

import numpy as np
import pytest

from sciml.report import design_figures
from sciml.report.design_data import Trace
from tests.report.design_case import make_report, make_trace


def cut(trace: Trace, simulations: int) -> Trace:
    """The first simulations of a run."""
    return dataclasses.replace(
        trace,
        cost=trace.cost[:simulations],
        violations=trace.violations[:simulations],
        outcomes=trace.outcomes[:simulations],
        first_feasible=None,
    )


@pytest.fixture
def drawn(monkeypatch):
    """Figures in place of their PNG files."""
    monkeypatch.setattr(design_figures, "png_bytes", lambda figure: figure)


@pytest.mark.parametrize("simulations", [1, 2, 4, 7, 19, 120])
def test_simulations_and_specifications_are_counted_in_whole_numbers(drawn, simulations):
    report = make_report(traces=(cut(make_trace(0), simulations),))
    convergence = design_figures.convergence_figure(report)
    violations = design_figures.violation_figure(report)
    left, right = convergence.axes
    for axis in (left.xaxis, right.xaxis, right.yaxis, violations.axes[0].xaxis):
        ticks = axis.get_majorticklocs()
        assert len(ticks) >= 1
        np.testing.assert_array_equal(ticks, np.round(ticks))


def test_the_key_of_the_outcomes_stands_outside_the_data(drawn):
    figure = design_figures.convergence_figure(make_report(traces=(make_trace(0),)))
    figure.canvas.draw()
    axes = figure.axes[0]
    key = axes.get_legend()
    assert [text.get_text() for text in key.get_texts()] == ["met", "missed", "stopped", "failed"]
    assert key.get_window_extent().y0 >= axes.get_window_extent().y1
    title = figure.texts[0].get_window_extent()
    assert key.get_window_extent().y1 <= title.y0

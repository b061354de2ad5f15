import base64
import json
import re
import subprocess

import numpy as np
import pytest

from sciml.report.design import design_html, payload
from sciml.report.design_data import Trace, best_so_far, met_so_far
from sciml.report.quantities import with_unit
from tests.report.design_case import make_report
from tests.report.page_reader import CHROMIUM, Reader


def read_page(report):
    reader = Reader()
    reader.feed(design_html(report))
    assert reader.open == []
    return reader


def test_the_page_asks_for_nothing_from_outside_and_forbids_it():
    text = design_html(make_report())
    reader = read_page(make_report())
    outside = [value for _, name, value in reader.attributes if name in ("src", "href", "action", "data")]
    assert all(value.startswith(("#", "data:text/plain;")) for value in outside)
    assert sum(value.startswith("data:") for value in outside) == 1
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|importScripts|sendBeacon", text)
    assert "default-src 'none'" in text
    assert len(set(reader.ids)) == len(reader.ids)
    linked = {value[1:] for value in outside if value.startswith("#")}
    assert linked <= set(reader.ids)


def test_hostile_names_and_netlists_stay_text():
    hostile = "</script><script>alert(1)</script>"
    report = make_report(title=hostile, netlist=("x.cir", hostile))
    reader = read_page(report)
    assert sum(tag == "script" for tag, name, _ in reader.attributes if name == "type") == 1
    assert hostile in reader.texts["h1"]
    assert hostile in reader.texts["pre"]


def test_the_downloaded_netlist_is_the_shown_one():
    reader = read_page(make_report())
    link = next(value for tag, name, value in reader.attributes if value and value.startswith("data:"))
    name, text = make_report().netlist
    assert base64.b64decode(link.split(",", 1)[1]).decode() == text == reader.texts["pre"]
    assert ("a", "download", name) in reader.attributes


def test_a_margin_that_is_negative_or_unknown_is_shown_as_missed():
    page = design_html(make_report(margins=(0.374, -0.05, float("nan"))))
    table = page.split('id="specifications">')[1].split("</table>")[0]
    assert re.findall(r'<td class="(met|missed)">', table) == ["met", "missed", "missed"]
    assert "+37.4 %" in table
    assert "−5.0 %" in table
    assert "≥ 10 MHz" in table


def test_the_data_of_the_page_are_the_run():
    report = make_report(seeds=2)
    values = json.loads(read_page(report).texts["data"])
    assert values == payload(report)
    trace = values["traces"][0]
    assert trace["violations"][6] == [None, None, None]
    assert trace["violations"][10][2] is None
    assert trace["outcomes"][6] == "failed"
    np.testing.assert_allclose(trace["cost"], report.traces[0].cost, rtol=1e-4)


def test_sections_without_data_are_left_out():
    bare = make_report(
        predictions=(), pareto=None, panels=(), devices=(), check=(), failures=(), netlist=None
    )
    ids = set(read_page(bare).ids)
    assert {"design", "convergence", "violations", "failures"} <= ids
    assert not {"predictions", "pareto", "waveforms", "devices", "check", "netlist"} & ids
    assert "None: every simulation gave all of its outputs" in design_html(bare)


def test_best_so_far_keeps_the_first_of_equal_costs():
    assert best_so_far(np.array([0.5, 0.7, 0.2, 0.2, 0.1])).tolist() == [0, 0, 2, 2, 4]
    violations = np.array([[0, 1, 0.5], [0, 0, 1], [0, 0.3, 0.0]])
    trace = Trace(0, np.array([0.5, 0.9, 0.1]), violations, ["missed"] * 3, None)
    assert met_so_far(trace).tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.234e7, "Hz", "12.34 MHz"),
        (999.999999, "Hz", "1 kHz"),
        (-3.3e-5, "A", "−33 µA"),
        (2.2, "pF", "2.2 pF"),
        (61.53, "deg", "61.53 deg"),
        (0.0, "V", "0 V"),
        (300.0, "", "300"),
        (float("nan"), "V", "–"),
        (None, "V", "–"),
        (123456, "", "123456"),
        (123456.0, "", "123500"),
    ],
)
def test_values_are_written_as_engineers_do(value, unit, text):
    assert with_unit(value, unit) == text


@pytest.mark.skipif(CHROMIUM is None, reason="no browser on this machine")
@pytest.mark.parametrize("seeds", [1, 5])
def test_the_scripts_of_the_page_draw_every_plot(tmp_path, seeds):
    (tmp_path / "page.html").write_text(design_html(make_report(seeds=seeds)), encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--virtual-time-budget=2000", "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    plots = re.findall(r'<svg[^>]*aria-label="([^"]+)"', done.stdout)
    assert [plot.split(" ")[0] for plot in plots] == [
        "Best", "Specifications", "Predicted", "Predicted", "Feasible", "Open", "Step",
    ]  # fmt: skip
    assert "NaN" not in done.stdout.split("<main", 1)[1].split("</main>")[0]
    assert done.stdout.count("<canvas") == 1

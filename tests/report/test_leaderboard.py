import base64
import json
import re
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from sciml.report.leaderboard import (
    leaderboard_html,
    packed_fractions,
    packed_positions,
    payload,
    principal_axes,
)
from tests.report.leaderboard_case import make_leaderboard, winding_chain
from tests.report.page_reader import CHROMIUM, Reader


def read_page(data):
    reader = Reader()
    reader.feed(leaderboard_html(data))
    assert reader.open == []
    return reader


def test_the_page_asks_for_nothing_from_outside_and_forbids_it():
    text = leaderboard_html(make_leaderboard())
    reader = read_page(make_leaderboard())
    outside = [value for _, name, value in reader.attributes if name in ("src", "href", "action", "data")]
    assert outside
    assert all(value.startswith("#") for value in outside)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|importScripts|sendBeacon", text)
    assert "default-src 'none'" in text
    assert len(set(reader.ids)) == len(reader.ids)


def test_names_from_files_cannot_become_markup():
    hostile = "</script><script>alert(1)</script><b>"
    data = make_leaderboard(title=hostile)
    data = replace(data, groups=[hostile, *data.groups[1:]])
    reader = read_page(data)
    assert sum(tag == "script" for tag, name, _ in reader.attributes if name in ("id", "type")) == 2
    assert json.loads(reader.texts["data"])["groups"][0] == hostile
    assert hostile in reader.texts["h1"]


def test_distances_survive_packing_and_turning_to_half_a_step():
    chain = winding_chain(80, 1)
    data = make_leaderboard(targets=1, groups=1)
    values = payload(data)
    target, model = values["targets"][0], values["models"][0]

    def unpack(text):
        steps = np.frombuffer(base64.b64decode(text), "<i2").reshape(-1, 3)
        return np.where(steps == -32768, np.nan, steps * target["step"])

    native, found = unpack(target["ca"]), unpack(model["ca"])
    true_native, true_model = data.targets[0].ca, data.models[0].ca
    assert target["step"] == 0.01
    np.testing.assert_array_equal(np.isnan(native[:, 0]), np.isnan(true_native[:, 0]))
    np.testing.assert_allclose(  # the offset of each residue: both were turned alike
        np.linalg.norm(found - native, axis=1), np.linalg.norm(true_model - true_native, axis=1), atol=0.02
    )
    assert np.nanvar(native[:, 0]) > np.nanvar(native[:, 1]) > np.nanvar(native[:, 2])
    centre, axes = principal_axes(chain)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    assert packed_positions(np.array([[np.nan] * 3]), 0.01) == base64.b64encode(b"\x00\x80" * 3).decode()
    assert base64.b64decode(packed_fractions(np.array([0, 0.5, 1.0, np.nan]))) == bytes([0, 125, 250, 255])
    assert len(centre) == 3


def test_arrays_that_do_not_fit_the_target_are_refused():
    data = make_leaderboard(targets=1, groups=1)
    short = replace(data.models[0], lddt=np.zeros(3))
    with pytest.raises(ValueError, match="3 residues, the target has 60"):
        leaderboard_html(replace(data, models=[short]))


def test_what_is_not_finite_becomes_null():
    values = payload(make_leaderboard(targets=2, groups=2))
    failed = next(model for model in values["models"] if model["status"] == "failed")
    assert failed["values"] == {}
    assert failed["ca"] is None
    assert "NaN" not in json.dumps(values, allow_nan=False)


def test_a_page_of_thirty_targets_and_twenty_groups_stays_below_ten_megabytes():
    assert len(leaderboard_html(make_leaderboard(30, 20, 300)).encode()) < 10e6


def drawn(data, place, tmp_path):
    """The elements of the page after its scripts have run, without the scripts."""
    page = tmp_path / "page.html"
    page.write_text(leaderboard_html(data), encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000",
         "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"file://{page}{place}"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "Uncaught" not in done.stderr
    return re.sub(r"<script.*?</script>", "", done.stdout, flags=re.DOTALL)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine to draw the page")
def test_a_page_on_which_nobody_was_scored_says_why(tmp_path):
    data = make_leaderboard()
    failed = [
        replace(one, values={}, reason="no atoms", ca=None, lddt=None, plddt=None) for one in data.models
    ]
    empty = replace(
        data, models=failed, scores=(), headline=(), rankings={}, duels={}, tie_widths={}, reliability={}
    )
    shown = drawn(empty, "", tmp_path)
    assert "bad.pdb: line 3: no atoms" in shown
    assert re.search(r'<section id="overview" hidden="?"?>', shown)
    assert "No coordinates" in drawn(empty, "#/target/0/0", tmp_path)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine to draw the page")
@pytest.mark.parametrize("place", ["", "#/target/1/3"])
def test_the_scripts_of_the_page_run_in_a_browser(place, tmp_path):
    shown = drawn(make_leaderboard(), place, tmp_path)
    if place:
        assert "T1 · best &amp; &lt;first&gt; model 1" in shown or "T1 · group 1 model 1" in shown
        assert 'aria-label="lDDT along T1"' in shown
        assert '<canvas class="turn"' in shown
        assert 'id="map-scale" style="background: linear-gradient' in shown
    else:
        assert 'aria-sort="descending"' in shown
        assert "Reliability of pLDDT, expected calibration error 0.050" in shown
        assert "0 tie" in shown
        assert "bad.pdb: line 3: no atoms" in shown
        gdt = make_leaderboard().models[0].values[0]["gdt_ts"]
        assert f"T0, best &amp; &lt;first&gt; model 1: GDT_TS {100 * gdt:.2f}" in shown

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.runs.folder import RecordOutcome, RunFolder, format_summary


def make_done(folder: RunFolder, name: str = "a", digest: str = "d1", **results) -> None:
    file = folder.path / f"{name}.pdb"
    file.write_text("ATOM")
    folder.finish(RecordOutcome(f"id {name}", name, "done", results=results), digest, [file])


def test_a_finished_record_is_known_with_its_results(tmp_path):
    folder = RunFolder(tmp_path / "new" / "out")
    assert folder.finished("a", "d1") is None
    make_done(folder, plddt=81.5)
    found = RunFolder(folder.path).finished("a", "d1")
    assert found == RecordOutcome("id a", "a", "done", results={"plddt": 81.5})


def test_other_settings_or_a_changed_file_are_not_finished(tmp_path):
    folder = RunFolder(tmp_path)
    make_done(folder)
    assert folder.finished("a", "d2") is None
    (tmp_path / "a.pdb").write_text("ATO")
    assert folder.finished("a", "d1") is None
    (tmp_path / "a.pdb").unlink()
    assert folder.finished("a", "d1") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"digest": "d1"}', '{"digest": "d1", "files": [1]}']
)
def test_a_damaged_mark_is_not_finished(tmp_path, text):
    folder = RunFolder(tmp_path)
    (tmp_path / "a.done.json").write_text(text)
    assert folder.finished("a", "d1") is None


def test_the_last_line_of_a_record_counts_and_closing_leaves_one(tmp_path):
    folder = RunFolder(tmp_path)
    folder.record(RecordOutcome("x", "x", "failed", "out of memory"))
    assert folder.close() == 3
    folder = RunFolder(tmp_path)
    make_done(folder, "a", plddt=70.0)
    folder.record(RecordOutcome("x", "x", "done"))
    assert folder.close() == 0
    lines = [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_text().splitlines()]
    assert [(line["id"], line["status"]) for line in lines] == [("x", "done"), ("id a", "done")]


def test_half_a_line_of_a_killed_run_is_passed_over(tmp_path):
    folder = RunFolder(tmp_path)
    folder.record(RecordOutcome("x", "x", "done"))
    with open(tmp_path / "manifest.jsonl", "a") as file:
        file.write('{"id": "y", "na')
    again = RunFolder(tmp_path)
    again.record(RecordOutcome("z", "z", "done"))
    assert [outcome.id for outcome in again.outcomes()] == ["x", "z"]


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_a_record_that_is_not_done_makes_the_exit_code_3(tmp_path, status):
    folder = RunFolder(tmp_path)
    make_done(folder)
    folder.record(RecordOutcome("x", "x", status, "why"))
    assert folder.close() == 3
    assert "why" in (tmp_path / "summary.csv").read_text()


def test_failures_of_an_earlier_run_stay_in_the_manifest_but_not_in_the_exit_code(tmp_path):
    RunFolder(tmp_path).record(RecordOutcome("x", "x", "failed", "why"))
    again = RunFolder(tmp_path)
    make_done(again)
    assert again.close() == 0
    assert [outcome.status for outcome in again.outcomes()] == ["failed", "done"]


def test_the_summary_has_a_column_for_every_result():
    outcomes = [
        RecordOutcome("a", "a", "done", results={"plddt": 81.5, "ptm": None}),
        RecordOutcome("b", "b", "failed", 'no, "really"'),
        RecordOutcome("c", "c", "done", results={"delta": -0.5}),
    ]
    rows = list(csv.DictReader(io.StringIO(format_summary(outcomes))))
    assert rows[0] == {
        "id": "a", "name": "a", "status": "done", "reason": "", "plddt": "81.5", "ptm": "", "delta": "",
    }  # fmt: skip
    assert rows[1]["reason"] == 'no, "really"'
    assert rows[2]["delta"] == "-0.5"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.sampled_from(["", "=", "+", "-", "@", "\t=", " =", "\r@"]))
def test_no_cell_of_the_summary_is_a_formula(text, start):
    summary = format_summary([RecordOutcome(start + text, "n", "failed", start + text)])
    row = list(csv.reader(io.StringIO(summary, newline="")))[1]
    for cell in (row[0], row[3]):
        stripped = cell.lstrip()
        assert not stripped.startswith(("=", "+", "@"))
        assert not stripped.startswith("-") or float(stripped) is not None


def test_config_is_json_and_refuses_nan(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_config({"recycles": 3, "name": "β"})
    assert json.loads((tmp_path / "config.json").read_text(encoding="utf-8")) == {"recycles": 3, "name": "β"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.write_config({"tolerance": float("nan")})


def test_identifiers_of_any_letters_survive_the_manifest(tmp_path):
    folder = RunFolder(tmp_path)
    names = ["β", "a\nb", "\u2028", '"', "\ud800"]
    for name in names:
        folder.record(RecordOutcome(name, "n", "done"))
    folder.finish(RecordOutcome(names[-1], "n", "done"), "d", [])
    assert [outcome.id for outcome in folder.outcomes()] == names
    assert folder.close() == 0
    assert [outcome.id for outcome in RunFolder(tmp_path).outcomes()] == names
    assert folder.finished("n", "d").id == names[-1]


def test_a_skipped_record_stands_beside_a_done_one_of_its_id_until_the_next_run(tmp_path):
    folder = RunFolder(tmp_path)
    for reason in ("taken, line 3", "taken, line 5", "taken, line 5"):
        folder.record(RecordOutcome("x", "", "skipped", reason))
    folder.record(RecordOutcome("x", "x", "done"))
    assert folder.close() == 3
    kept = [(outcome.status, outcome.reason) for outcome in folder.outcomes()]
    assert kept == [("skipped", "taken, line 3"), ("skipped", "taken, line 5"), ("done", "")]
    again = RunFolder(tmp_path)
    again.forget_skipped()
    assert [outcome.status for outcome in again.outcomes()] == ["done"]
    RunFolder(tmp_path / "empty").forget_skipped()
    assert not (tmp_path / "empty" / "manifest.jsonl").exists()

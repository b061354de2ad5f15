"""Run folders: what may be resumed, what the figures file keeps."""

import json

import pytest
import pytorch_lightning as pl

from sciml.errors import InputError, SettingsError
from sciml.training.records import RunFolder, differences, read_json, read_metrics
from tests.training.toy import train


def test_resume_with_other_settings_names_each_difference(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.begin({"lr": 1e-3, "network": {"name": "mini", "c_z": 64}}, "abc", resume=False)
    folder.begin({"lr": 1e-3, "network": {"name": "mini", "c_z": 64}}, "abc", resume=True)
    with pytest.raises(SettingsError, match=r"network\.c_z: was 64, now 32.*data: was abc, now abd"):
        folder.begin({"lr": 1e-3, "network": {"name": "mini", "c_z": 32}}, "abd", resume=True)


def test_run_folder_is_not_overwritten(tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin({"lr": 1}, "abc", resume=False)
    with pytest.raises(SettingsError, match="--resume"):
        folder.begin({"lr": 2}, "abc", resume=False)
    assert read_json(folder.config) == {"lr": 1}


def test_nothing_to_resume_is_said(tmp_path):
    with pytest.raises(SettingsError, match="no training run to resume"):
        RunFolder(tmp_path).begin({}, "abc", resume=True)


def test_invocations_are_added(tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin({}, "abc", resume=False)
    folder.add_invocation(seconds=3, device="cpu")
    folder.add_invocation(seconds=4, device="cpu")
    record = json.loads(folder.record.read_text())
    assert (record["data_hash"], [one["seconds"] for one in record["invocations"]]) == ("abc", [3, 4])


def test_differences_of_nested_settings():
    assert differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 2}, "d": 3}) == [
        "a.b: was 1, now 2",
        "c: was 2, now absent",
        "d: was absent, now 3",
    ]


@pytest.mark.parametrize(("text", "rule"), [("{", "not JSON"), ("[1]", "JSON object is needed")])
def test_broken_settings_file_is_refused(tmp_path, text, rule):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(InputError, match=rule):
        read_json(tmp_path / "config.json")


class KeepLosses(pl.Callback):
    """Notes the loss of every step."""

    def __init__(self, steps):
        self.steps = steps

    def on_train_batch_end(self, trainer, module, outputs, *rest):
        self.steps[trainer.global_step] = float(outputs["figures"]["loss"])


def test_training_figures_are_means_over_their_interval(tmp_path):
    train(tmp_path)
    rows = [row for row in read_metrics(tmp_path / "metrics.csv") if row["split"] == "train"]
    assert [row["step"] for row in rows] == ["2", "4", "6", "8", "10", "12"]
    single = tmp_path / "single"
    single.mkdir()
    steps = {}
    train(single, extra=[KeepLosses(steps)])
    for row in rows:
        pair = [steps[int(row["step"]) - 1], steps[int(row["step"])]]
        assert float(row["value"]) == pytest.approx(sum(pair) / 2, rel=1e-6)


def test_line_cut_by_a_kill_is_left_out(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("step,split,metric,value\n2,train,loss,1.5\n4,train,lo")
    assert [row["step"] for row in read_metrics(path)] == ["2"]

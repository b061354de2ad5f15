import json

import pytest

from sciml.cli.app import main
from sciml.runs import doctor
from sciml.runs.doctor import Check


@pytest.fixture(params=["ok", "fail"])
def weights(request, monkeypatch):
    """Makes the check of the weights, which other tests cover, end in a given way."""
    monkeypatch.setattr(doctor, "check_weights", lambda files: Check("weights", request.param, "words"))
    return request.param


def test_doctor_prints_a_line_for_each_check_and_a_verdict(weights, capsys):
    code = main(["doctor", "--device", "cpu"])
    lines = capsys.readouterr().out.splitlines()
    assert [line[6:22].strip() for line in lines[:-1]] == [
        *("sciml", "libraries", "device", "matrix products", "attention", "weights", "ngspice", "extras")
    ]
    assert (code, lines[-1]) == ((0, "ready") if weights == "ok" else (4, "not ready: weights"))


def test_doctor_json_is_one_document(weights, capsys):
    code = main(["doctor", "--device", "cpu", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["ready"] == (weights == "ok") == (code == 0)
    assert {check["status"] for check in report["checks"]} <= {"ok", "note", "fail"}


def test_an_absent_device_is_a_failure_and_not_a_traceback(capsys):
    assert main(["doctor", "--device", "cuda:93", "--quiet"]) == 4
    captured = capsys.readouterr()
    assert "fail  device" in captured.out
    assert "no device 'cuda:93' on this machine" in captured.out
    assert "Traceback" not in captured.err

import hashlib

import pytest
import torch

import sciml.attention
from sciml.runs import doctor
from sciml.runs.doctor import Check

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("check", [doctor.check_products, doctor.check_attention])
def test_the_kernels_of_this_processor_pass_in_every_precision(check, precision):
    found = check(CPU, precision)
    assert found.status == "ok", found.detail
    assert precision in found.detail


def test_attention_that_forgets_the_mask_fails(monkeypatch):
    right = sciml.attention.attention
    monkeypatch.setattr(
        sciml.attention, "attention", lambda query, key, value, bias, mask: right(query, key, value, bias)
    )
    assert doctor.check_attention(CPU, "float32").status == "fail"


@pytest.mark.parametrize("damage", ["half", "nan"])
def test_kernels_that_compute_wrongly_fail(monkeypatch, damage):
    right = sciml.attention.attention

    def wrong(*arguments):
        result = right(*arguments)
        return result.bfloat16().to(result.dtype) if damage == "half" else result * torch.nan

    monkeypatch.setattr(sciml.attention, "attention", wrong)
    assert doctor.check_attention(CPU, "float32").status == "fail"


def test_a_check_that_raises_is_a_failure_with_the_words_of_the_error():
    def broken() -> Check:
        raise RuntimeError("no kernel\nimage is available")

    assert doctor.guarded("x", broken) == Check("x", "fail", "RuntimeError: no kernel image is available")


def test_weights_are_checked_against_their_recorded_digest(tmp_path):
    weights = tmp_path / "mini.safetensors"
    assert "no file" in doctor.check_weights({"mini": weights}).detail
    weights.write_bytes(b"0123456789")
    assert doctor.check_weights({"mini": weights}).status == "fail"  # no digest to compare with
    digest = hashlib.sha256(b"0123456789").hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  mini.safetensors\n")
    assert doctor.check_weights({"mini": weights}) == Check(
        "weights", "ok", f"mini: 0.0 MB, sha256 {digest[:12]}…"
    )
    weights.write_bytes(b"0123456780")
    damaged = doctor.check_weights({"mini": weights})
    assert (damaged.status, "is damaged" in damaged.detail) == ("fail", True)


def test_ngspice_is_optional_and_its_version_is_shown(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.check_ngspice().status == "note"
    program = tmp_path / "ngspice"
    program.write_text("#!/bin/sh\necho '******'\necho '** ngspice-39 : Circuit level simulation program'\n")
    program.chmod(0o755)
    assert doctor.check_ngspice("libngspice.so.0") == Check(
        "ngspice", "ok", "ngspice-39, library libngspice.so.0"
    )
    alone = doctor.check_ngspice()
    assert (alone.status, alone.detail.split(";")[0]) == ("note", "ngspice-39, the program")


def test_a_missing_library_is_a_failure_that_names_it(monkeypatch):
    monkeypatch.setattr(doctor, "LIBRARIES", ("numpy", "no-such-distribution"))
    found = doctor.check_libraries()
    assert found.status == "fail"
    assert found.detail.startswith("missing: no-such-distribution (pip install sciml); found numpy ")


def test_more_threads_than_processors_are_noted(monkeypatch):
    monkeypatch.setattr(doctor, "usable_processors", lambda: 0)
    assert doctor.check_device(CPU, "float32").status == "note"


def test_the_verdict_names_every_failure():
    checks = [Check("a", "ok", ""), Check("b", "fail", ""), Check("c", "note", ""), Check("d", "fail", "")]
    assert doctor.report(checks)["verdict"] == "not ready: b, d"
    assert doctor.report(checks[:1])["ready"] is True

"""`sciml predict` into a folder that holds results: nothing is done twice, nothing finished is lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.predicting import FAST, pdb_of, predict, prepare
from tests.structure.saved_networks import contents, manifest, save_random

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return prepare(tmp_path, monkeypatch)


def mtimes(folder):
    """Of the files that belong to records."""
    shared = ("config.json", "manifest.jsonl", "summary.csv")
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.name not in shared}


def test_a_finished_record_is_done_again_only_for_a_reason(capsys):
    assert predict("one.fasta", "-o", "out") == 0
    first = mtimes(Path("out"))
    assert predict("one.fasta", "-o", "out") == 0
    assert mtimes(Path("out")) == first
    assert "finished before, nothing to do" in capsys.readouterr().err
    assert [line["status"] for line in manifest(Path("out"))] == ["done"]

    def redone(*words, **model):
        before = mtimes(Path("out"))
        assert predict("one.fasta", "-o", "out", *words, **model) == 0
        return {name for name, when in mtimes(Path("out")).items() if when != before.get(name)}

    assert len(redone("--force")) == len(first)
    pdb_of("one").unlink()
    assert pdb_of("one").name in redone()
    assert redone() == set()
    assert pdb_of("one", rank="rank_001_net_seed_001").name in redone("--seed", "1")
    save_random(Path("net.safetensors"), seed=9)
    assert "one.done.json" in redone("--seed", "1")
    Path("one.fasta").write_text(">one\nMKTAYIAKQQ\n")
    assert "one.a3m" in redone("--seed", "1")


def records(count=6):
    return "".join(f">record{number}\n{'MKTAYIAKQRNL'[number:] * 2}\n" for number in range(count))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no kill -9")
def test_a_killed_batch_loses_the_record_in_work_and_ends_as_if_it_had_not_been_killed(folder):
    Path("six.fasta").write_text(records())
    assert predict("six.fasta", "-o", "whole") == 0
    words = ["predict", "six.fasta", "-o", "out", "--model", "net.safetensors", *FAST]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen([sys.executable, "-m", "sciml", *words], env=environment, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while len(list(Path("out").glob("*.done.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.002)
    child.kill()
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    marks = sorted(path.name for path in Path("out").glob("*.done.json"))
    assert marks[:3] == [f"record{number}.done.json" for number in range(3)]
    listed = [line["id"] for line in manifest(Path("out"))]
    assert len(marks) - len(listed) in (0, 1), "killed between the mark and the line of the manifest"
    begun = {path.name.split("_")[0] for path in Path("out").glob("record*.pdb")}
    assert len(begun) - len(marks) in (0, 1), "only the record in work is unfinished"
    before = mtimes(Path("out"))
    assert predict("six.fasta", "-o", "out") == 0
    kept = {name for name, when in mtimes(Path("out")).items() if before.get(name) == when}
    assert {name for name in before if f"{name.split('_')[0].split('.')[0]}.done.json" in marks} <= kept
    assert contents(Path("out")) == contents(Path("whole"))

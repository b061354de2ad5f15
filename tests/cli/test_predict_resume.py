"""`sciml predict` into a folder that holds results: nothing is done twice, nothing finished is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.predicting import FAST, pdb_of, predict, prepare
from tests.structure.saved_networks import contents, manifest, save_random

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
place, *words = sys.argv[1:]
replace = os.replace

def killed(temporary, target):
    if os.path.basename(target) == place:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(temporary, target)

os.replace = killed
from sciml.cli.app import main
main(words)
"""


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
@pytest.mark.parametrize("place", ["record3.done.json", "record3_scores_rank_001_net_seed_000.json"])
def test_a_killed_batch_loses_the_record_in_work_and_ends_as_if_it_had_not_been_killed(place):
    Path("six.fasta").write_text(records())
    assert predict("six.fasta", "-o", "whole") == 0
    words = ["predict", "six.fasta", "-o", "out", "--model", "net.safetensors", *FAST]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    child = subprocess.run([sys.executable, "-c", KILLED, place, *words], env=environment, timeout=200)
    assert child.returncode == -signal.SIGKILL
    assert sorted(path.name for path in Path("out").glob("*.done.json")) == [
        f"record{number}.done.json" for number in range(3)
    ]
    assert [line["id"] for line in manifest(Path("out"))] == ["record0", "record1", "record2"]
    assert pdb_of("record3").is_file()
    assert not Path("out", place).exists()
    before = mtimes(Path("out"))
    assert predict("six.fasta", "-o", "out") == 0
    after = mtimes(Path("out"))
    finished = [name for name in before if name.startswith(("record0", "record1", "record2"))]
    assert {name: before[name] for name in finished} == {name: after[name] for name in finished}
    assert contents(Path("out")) == contents(Path("whole"))

"""`sciml predict`: what is read, what is written, exit codes, and that no record stops or hides another."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import gemmi
import numpy as np
import pytest
from Bio.PDB import PDBParser
from Bio.PDB.MMCIFParser import MMCIFParser

from sciml.cli.app import main
from sciml.data.a3m import read_a3m
from sciml.weights.registry import BUNDLED
from tests.structure.saved_networks import WITHOUT_ERROR_HEAD, contents, manifest, save_random

ROOT = Path(__file__).parents[2]
FAST = ("--no-figures", "--no-cif", "--recycles", "0", "--distograms", "none")
UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
RELATIVE = "MQIFVRTLTGKTLTLDVEPSDTIENVKSKIQEKEGIPPDQQRLIFAGKQMEDGRTLSDYGIQKESTLHLVLRLRGA"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCIML_CACHE", str(tmp_path / "cache"))
    save_random(tmp_path / "net.safetensors")
    Path("one.fasta").write_text(">one\nMKTAYIAKQR\n")
    return tmp_path


def predict(*words, model="net.safetensors", fast=FAST):
    return main(["predict", "--model", model, *fast, *words])


def mtimes(folder):
    """Of the files that belong to records."""
    shared = ("config.json", "manifest.jsonl", "summary.csv")
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.name not in shared}


def pdb_of(name, folder="out", rank="rank_001_net_seed_000", state="unrelaxed"):
    return Path(folder, f"{name}_{state}_{rank}.pdb")


# Input


def test_every_record_is_done_or_named_with_its_reason(capsys):
    Path("in.fasta").write_text(
        ">one\nMKTAYIAKQR\n>bad\nMK1A\n>AB\nMKT:LLL\n>one\nGGGG\n>one\nAAAA\n>empty\n>two\nMKTA\n"
    )
    assert predict("in.fasta", "-o", "out") == 3
    lines = manifest(Path("out"))
    found = [(line["id"], line["status"], line["reason"]) for line in lines]
    assert [entry[:2] for entry in found] == [
        *(
            ("bad", "skipped"),
            ("AB", "skipped"),
            ("one", "skipped"),
            ("one", "skipped"),
            ("empty", "skipped"),
        ),
        *(("one", "done"), ("two", "done")),
    ]
    for (_, _, reason), word in zip(
        found, ["position 3: '1'", "several chains", "line 7", "line 9", "no residue"], strict=False
    ):
        assert word in reason
        assert reason in capsys.readouterr().err if word == "position 3: '1'" else True
    assert [line["results"]["length"] for line in lines if line["status"] == "done"] == [10, 4]
    assert pdb_of("one").is_file()
    assert pdb_of("two").is_file()

    Path("in.fasta").write_text(">one\nMKTAYIAKQR\n>bad\nMKA\n")  # repaired: what was refused is forgotten
    assert predict("in.fasta", "-o", "out") == 0
    assert [(line["id"], line["status"]) for line in manifest(Path("out"))] == [
        *(("one", "done"), ("two", "done"), ("bad", "done"))
    ]


def test_an_input_without_a_usable_record_needs_no_parameters_and_exits_with_2(capsys):
    Path("in.fasta").write_text(">bad\nMK1A\n>AB\nMKT:LLL\n")
    assert predict("in.fasta", "-o", "out", model="absent.npz") == 2
    assert [line["status"] for line in manifest(Path("out"))] == ["skipped", "skipped"]
    assert "refused: in.fasta: line 1, record 'bad', position 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["none.fasta"], 2, "none.fasta: no such file"),
        (["one.fasta", "--model", "absent.npz"], 4, "no parameter file at absent.npz"),
        (["one.fasta", "--model", "nope"], 2, "no parameter set 'nope': give mini"),
        (
            ["one.fasta", "--model", "model_3_ptm"],
            4,
            "give their file, --model path/to/params_model_3_ptm.npz",
        ),
        (["one.fasta", "--msa", "absent.a3m"], 2, "absent.a3m: no such file"),
        (["one.fasta", "--msa", "one.fasta", "--db", "one.fasta"], 2, "--msa and --db exclude each other"),
        (["one.fasta", "--db", "absent.fasta"], 2, "absent.fasta: no such file"),
        (["one.fasta", "--seed", "9" * 20], 2, "seeds lie between 0 and"),
        (["one.fasta", "--tolerance", "inf"], 2, "the tolerance is a number"),
        (["one.fasta", "--device", "meta"], 2, "a device is auto, cpu"),
        (["one.fasta", "--device", "cuda:93"], 4, "no device 'cuda:93'"),
        (["one.fasta", "--precision", "float16"], 2, "float16"),
        (["one.fasta", "--rank", "tm"], 2, "'tm' is not one of auto, plddt, ptm"),
        (["one.fasta", "--model", "unsure.safetensors"], 2, "unsure.safetensors"),
    ],
)
def test_unusable_settings_end_before_anything_is_written(capsys, words, code, message):
    Path("unsure.safetensors").write_bytes(b"damaged")
    model = [] if "--model" in words else ["--model", "net.safetensors"]
    assert main(["predict", *words, *model, "-o", "out"]) == code
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not Path("out").exists()


def test_standard_input_folders_and_alignments_are_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b">typed\nMKTA\n")))
    assert predict("-", "-o", "out") == 0
    Path("in").mkdir()
    Path("in", "b.fasta").write_text(">second\nMKTAYI\n")
    Path("in", "a.a3m").write_text(">first row\nMKTAY\n>other\nMKaTSY\n>third\nM-TAY\n")
    assert predict("in", "-o", "out") == 0
    done = manifest(Path("out"))
    assert [(line["id"], line["results"]["msa_rows"]) for line in done] == [
        ("typed", 1),
        ("a", 3),
        ("second", 1),
    ]
    used = read_a3m("out/a.a3m")
    assert used.a3m_rows() == ("MKTAY", "MKaTSY", "M-TAY")
    assert done[1]["results"]["msa_source"] == "a.a3m"


def test_a_given_alignment_is_used_and_one_of_another_query_fails_that_record_alone(capsys):
    Path("one.a3m").write_text(">q\nMKTAYIAKQR\n>r\nMKTSYI-KQR\n")
    assert predict("one.fasta", "-o", "out", "--msa", "one.a3m") == 0
    assert manifest(Path("out"))[0]["results"]["msa_rows"] == 2
    Path("two.fasta").write_text(">one\nMKTAYIAKQR\n>two\nMKTAYIAKQR\n>three\nMKT\n")
    assert predict("two.fasta", "-o", "out2", "--msa", "one.a3m") == 2
    assert "one.a3m is one alignment, the input has 3 records" in capsys.readouterr().err

    Path("msas").mkdir()
    Path("msas", "one.a3m").write_text(">q\nMKTAYIAKQR\n>r\nMKTSYI-KQR\n")
    Path("msas", "two.a3m").write_text(">q\nMKTAWIAKQR\n>r\nMKTSYI-KQR\n")
    assert predict("two.fasta", "-o", "out2", "--msa", "msas") == 3
    first, second, third = manifest(Path("out2"))
    assert (first["status"], first["results"]["msa_rows"]) == ("done", 2)
    assert second["status"] == third["status"] == "failed"
    assert second["reason"].startswith(f"{Path('msas', 'two.a3m')}: record 'q', position 5: ")
    assert "'W' where the query has 'Y'" in second["reason"]
    assert "no alignment three.a3m" in third["reason"]


def test_an_identifier_too_long_for_a_file_name_fails_alone_in_a_folder_of_alignments():
    Path("msas").mkdir()
    Path("msas", "one.a3m").write_text(">q\nMKTA\n")
    Path("in.fasta").write_text(f">{'x' * 300}\nMKTA\n>../msas/one\nMKTA\n>one\nMKTA\n")
    assert predict("in.fasta", "-o", "out", "--msa", "msas") == 3
    assert [line["status"] for line in manifest(Path("out"))] == ["failed", "failed", "done"]


def test_databases_are_searched_on_the_way(capsys):
    Path("ubq.fasta").write_text(f">ubq\n{UBIQUITIN}\n")
    Path("db.fasta").write_text(f">rel\n{RELATIVE}\n>other\n{'ACDEFGHIKLMNPQRSTVWY' * 5}\n")
    assert predict("ubq.fasta", "--db", "db.fasta", "-o", "out") == 0
    results = manifest(Path("out"))[0]["results"]
    assert (results["msa_rows"], results["length"]) == (2, 76)
    assert read_a3m("out/ubq.a3m").descriptions[1].startswith("rel/1-7")
    assert "search of" in results["msa_source"]
    assert "2 rows found, Neff 1.0" in capsys.readouterr().err


# What is printed


def test_a_dry_run_prints_the_interpretation_and_writes_nothing(folder, capsys):
    Path("in.fasta").write_text(">a\x1b[31m\nMUK\n>bad\nM1\n")
    before = sorted(folder.iterdir())
    assert predict("in.fasta", "--dry-run", "-o", "out", model="absent.npz") == 3
    text = capsys.readouterr().out
    assert "1 records understood, 1 refused" in text
    assert "position 2: U (selenocysteine) read as C" in text
    assert "position 2: '1' is not a residue letter" in text
    assert "\x1b" not in text
    assert predict("one.fasta", "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["records"][0]["residues"] == 10
    assert sorted(folder.iterdir()) == before


def test_json_on_standard_output_is_the_manifest_and_quiet_prints_errors_only(capsys):
    Path("in.fasta").write_text(">one\nMKTA\n>bad\nM1\n")
    assert predict("in.fasta", "-o", "out", "--json", "--quiet") == 3
    captured = capsys.readouterr()
    assert [json.loads(line) for line in captured.out.splitlines()] == manifest(Path("out"))
    assert captured.err.splitlines() == [f"refused: {manifest(Path('out'))[0]['reason']}"]
    assert predict("one.fasta", "-o", "quiet", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert predict("one.fasta", "-o", "loud") == 0
    assert "UNTRAINED PARAMETERS: this is not a prediction." in capsys.readouterr().err


# Output


def test_files_are_read_back_by_biopython_gemmi_and_numpy():
    fast = ("--recycles", "0", "--no-figures")
    Path("in.fasta").write_text(">one\nMKTAYIAKQR\n>single\nG\n>unknown\nXMXXA\n")
    assert predict("in.fasta", "-o", "out", fast=fast) == 0
    for name, letters in (("one", "MKTAYIAKQR"), ("single", "G"), ("unknown", "XMXXA")):
        numbers = [number for number, letter in enumerate(letters, start=1) if letter != "X"]
        scores = json.loads(Path(f"out/{name}_scores_rank_001_net_seed_000.json").read_text())
        assert scores.keys() >= {"plddt", "max_pae", "pae", "ptm"}
        assert np.shape(scores["pae"]) == (len(letters), len(letters))
        cif = pdb_of(name).with_suffix(".cif")
        for parser, path in ((PDBParser(QUIET=True), pdb_of(name)), (MMCIFParser(QUIET=True), cif)):
            (chain,) = parser.get_structure(name, path).get_chains()
            assert chain.id == "A"
            assert [residue.id[1] for residue in chain] == numbers, "X has no atoms in AlphaFold 2"
            found = [{atom.bfactor for atom in residue} for residue in chain]
            assert all(len(values) == 1 for values in found)
            expected = [scores["plddt"][number - 1] for number in numbers]
            assert [values.pop() for values in found] == pytest.approx(expected, abs=0.011)
            assert all({"N", "CA", "C", "O"} <= {atom.name for atom in residue} for residue in chain)
        for path in (pdb_of(name), cif):
            structure = gemmi.read_structure(str(path))
            (chain,) = structure[0]
            assert chain.name == "A"
            codes = [gemmi.find_tabulated_residue(residue.name).one_letter_code for residue in chain]
            assert "".join(codes) == letters.replace("X", "")
        with np.load(f"out/{name}_distogram_rank_001_net_seed_000.npz", allow_pickle=False) as arrays:
            assert arrays["logits"].shape[:2] == (len(letters), len(letters))
            assert arrays["bin_edges"].tolist() == pytest.approx(np.linspace(2.3125, 21.6875, 63).tolist())
    (entry,) = json.loads(Path("out/one_predicted_aligned_error_v1.json").read_text())
    assert (
        np.abs(np.array(entry["predicted_aligned_error"])).max() <= entry["max_predicted_aligned_error"] + 1
    )


def test_unknown_residues_are_left_out_with_a_warning_and_nothing_but_them_fails(capsys):
    Path("in.fasta").write_text(">some\nXMXXA\n>all\nXXX\n")
    assert predict("in.fasta", "-o", "out") == 3
    assert "X (unknown) has no atoms and is left out of the structure: 1, 3, 4" in capsys.readouterr().err
    warnings = json.loads(Path("out/some_scores_rank_001_net_seed_000.json").read_text())["warnings"]
    assert any("left out of the structure: 1, 3, 4" in warning for warning in warnings)
    some, every = manifest(Path("out"))
    assert (some["status"], every["status"]) == ("done", "failed")
    assert "every residue is X" in every["reason"]
    assert not list(Path("out").glob("all*"))


def test_hostile_identifiers_stay_in_the_folder_and_are_no_formulas(folder):
    ids = ["../../up", "/etc/x", "a,b", "=1+1", "@cmd", "-2+3", "x" * 300, "é", "$\\frac{", ".hidden", "con"]
    Path("in.fasta").write_text("".join(f">{name}\nMKT\n" for name in ids))
    before = {path for path in folder.rglob("*") if "cache" not in path.parts}
    assert predict("in.fasta", "-o", "out", fast=("--recycles", "0", "--no-cif")) == 0
    made = {path for path in folder.rglob("*") if "cache" not in path.parts} - before
    assert {path.parent for path in made} == {folder, folder / "out"}
    assert {path for path in made if path.parent == folder} == {folder / "out"}
    assert [line["id"] for line in manifest(Path("out"))] == ids
    names = [line["name"] for line in manifest(Path("out"))]
    assert len({name.casefold() for name in names}) == len(ids)
    assert all(pdb_of(name).is_file() and Path(f"out/{name}_plddt.png").is_file() for name in names)
    rows = list(csv.reader(io.StringIO(Path("out/summary.csv").read_text())))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [row[0].removeprefix("'") for row in rows[1:]] == ids
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    assert next(row[0] for row in rows if "2+3" in row[0]) == "'-2+3"


def test_relaxation_adds_its_files_and_leaves_the_prediction(folder):
    assert predict("one.fasta", "-o", "plain") == 0
    assert predict("one.fasta", "-o", "out", "--relax", "torch") == 0
    assert pdb_of("one").read_bytes() == pdb_of("one", "plain").read_bytes()
    report = json.loads(Path("out/one_relaxed_rank_001_net_seed_000.json").read_text())
    relaxed = pdb_of("one", state="relaxed").read_text()
    assert "restrained minimisation" in " ".join(relaxed.replace("REMARK   6", "").split())
    atoms = [[line for line in text.splitlines() if line.startswith("ATOM")]
             for text in (relaxed, pdb_of("one").read_text())]  # fmt: skip
    assert [line[:30] for line in atoms[0]] == [line[:30] for line in atoms[1]]
    assert report["after"]["total"] < report["before"]["total"]
    assert atoms[0] != atoms[1]
    files = json.loads(Path("out/one.done.json").read_text())["files"]
    assert {pdb_of("one").name, pdb_of("one", state="relaxed").name} <= files.keys()


def test_structures_of_all_seeds_and_parameter_sets_are_ranked():
    save_random(Path("sure.safetensors"), seed=1, plddt_slope=0.2, error_slope=0.2)
    save_random(Path("exact.safetensors"), seed=2, plddt_slope=-0.2, error_slope=-0.2)
    both = ("--model", "exact.safetensors", "--seeds", "2", "--seed", "5", "--distograms", "all")
    Path("one.a3m").write_text(">q\nMKTAYIAKQR\n>r\nMKTSYI-KQR\n>s\nMRTAYVAKNR\n")
    msa = ("one.fasta", "--msa", "one.a3m")
    for measure, key, best in (("plddt", "mean_plddt", "sure"), ("ptm", "ptm", "exact")):
        assert predict(*msa, "-o", measure, *both, "--rank", measure, model="sure.safetensors") == 0
        texts = [path.read_text() for path in sorted(Path(measure).glob("one_scores_rank_*.json"))]
        scores = [json.loads(text) for text in texts]
        assert [one["rank"] for one in scores] == [1, 2, 3, 4]
        values = [one[key] for one in scores]
        assert values == sorted(values, reverse=True)
        assert values[0] > values[-1]
        assert [one["model"] for one in scores[:2]] == [best, best]
        found = {(one["model"], one["seed"]) for one in scores}
        assert found == {("sure", 5), ("sure", 6), ("exact", 5), ("exact", 6)}
        results = manifest(Path(measure))[0]["results"]
        assert (results["models"], results["best_model"], results["seed"]) == (4, best, scores[0]["seed"])
        assert len(list(Path(measure).glob("one_distogram_rank_*.npz"))) == 4


def test_ranking_by_ptm_needs_a_network_with_that_head(capsys):
    save_random(Path("without.safetensors"), config=WITHOUT_ERROR_HEAD)
    assert predict("one.fasta", "-o", "out", "--rank", "ptm", model="without.safetensors") == 2
    assert "without has no head for pTM" in capsys.readouterr().err
    assert not Path("out").exists()
    assert predict("one.fasta", "-o", "out", model="without.safetensors") == 0
    scores = json.loads(Path("out/one_scores_rank_001_without_seed_000.json").read_text())
    assert not {"ptm", "pae", "max_pae"} & scores.keys()


# Doing it again


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


# The parameters of the package


@pytest.mark.skipif(set(BUNDLED) != {"mini"}, reason="written for the set that ships first")
def test_the_main_job_needs_nothing_but_the_package(capsys):
    Path("ubq.fasta").write_text(f">ubq\n{UBIQUITIN}\n")
    assert main(["predict", "ubq.fasta", "-o", "out"]) == 0
    (line,) = manifest(Path("out"))
    assert (line["status"], line["results"]["best_model"]) == ("done", "mini")
    assert line["results"]["parameters_trained"] == "yes"
    assert 0 < line["results"]["mean_plddt"] < 100
    assert {path.suffix for path in Path("out").glob("ubq*")} == {
        ".pdb",
        ".cif",
        ".json",
        ".npz",
        ".a3m",
        ".png",
    }

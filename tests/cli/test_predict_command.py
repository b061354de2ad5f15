"""`sciml predict`: what is read, what is printed, exit codes, and that no record stops or hides another."""

import io
import json
import sys
from pathlib import Path

import pytest

from sciml.cli.app import main
from sciml.data.a3m import read_a3m
from tests.cli.predicting import UBIQUITIN, pdb_of, predict, prepare
from tests.structure.saved_networks import manifest

RELATIVE = "MQIFVRTLTGKTLTLDVEPSDTIENVKSKIQEKEGIPPDQQRLIFAGKQMEDGRTLSDYGIQKESTLHLVLRLRGA"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return prepare(tmp_path, monkeypatch)


# Input


def test_every_record_is_done_or_named_with_its_reason(capsys):
    Path("in.fasta").write_text(
        ">one\nMKTAYIAKQR\n>bad\nMK1A\n>AB\nMKT:LLL\n>one\nGGGG\n>one\nAAAA\n>empty\n>two\nMKTA\n"
    )
    assert predict("in.fasta", "-o", "out") == 3
    lines = manifest(Path("out"))
    refused = {"bad": ["position 3: '1'"], "AB": ["several chains"], "one": ["line 7", "line 9"]}
    refused["empty"] = ["no residue"]
    expected = [(name, "skipped", word) for name, words in refused.items() for word in words]
    said = capsys.readouterr().err
    for line, (name, status, word) in zip(lines, expected, strict=False):
        assert (line["id"], line["status"]) == (name, status)
        assert word in line["reason"]
        assert f"refused: {line['reason']}" in said
    assert [(line["id"], line["status"]) for line in lines[5:]] == [("one", "done"), ("two", "done")]
    assert [line["results"]["length"] for line in lines if line["status"] == "done"] == [10, 4]
    assert pdb_of("one").is_file()
    assert pdb_of("two").is_file()

    Path("in.fasta").write_text(">one\nMKTAYIAKQR\n>bad\nMKA\n")  # repaired: what was refused is forgotten
    assert predict("in.fasta", "-o", "out") == 0
    found = [(line["id"], line["status"]) for line in manifest(Path("out"))]
    assert found == [("one", "done"), ("two", "done"), ("bad", "done")]


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
        (["one.fasta", "--output", "one.fasta"], 2, "'one.fasta' is a file"),
        (["one.fasta", "--precision", "float16"], 2, "float16"),
        (["one.fasta", "--rank", "tm"], 2, "'tm' is not one of auto, plddt, ptm"),
        (["one.fasta", "--model", "unsure.safetensors"], 2, "unsure.safetensors"),
    ],
)
def test_unusable_settings_end_before_anything_is_written(capsys, words, code, message):
    Path("unsure.safetensors").write_bytes(b"damaged")
    model = [] if "--model" in words else ["--model", "net.safetensors"]
    assert main(["predict", "-o", "out", *words, *model]) == code
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

    Path("other.a3m").write_text(">q\nMKTAYIAK\n")
    assert predict("one.fasta", "-o", "out3", "--msa", "other.a3m") == 3
    assert "failed: other.a3m: record 'q', position 9: " in capsys.readouterr().err

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

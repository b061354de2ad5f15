"""`sciml search`: files, exit codes, and that one record never stops or hides another."""

import json
from pathlib import Path

import pytest

from sciml.cli.app import main
from sciml.data.a3m import read_a3m
from sciml.data.stockholm import read_stockholm

UBIQUITIN = "MQIFVKTLTGKTITLEVEPSDTIENVKAKIQDKEGIPPDQQRLIFAGKQLEDGRTLSDYNIQKESTLHLVLRLRGG"
RELATIVE = "MQIFVRTLTGKTLTLDVEPSDTIENVKSKIQEKEGIPPAAADQQRLIFAGKQMEDGRTLSDYGIQKESTLHLVLRLRGA"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCIML_CACHE", str(tmp_path / "cache"))
    (tmp_path / "db.fasta").write_text(
        f">rel1 a relative\n{RELATIVE}\n>other\n{'ACDEFGHIKLMNPQRSTVWY' * 5}\n"
    )
    (tmp_path / "in.fasta").write_text(f">ubq human\n{UBIQUITIN}\n")
    return tmp_path


def test_alignments_and_manifest_are_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "in.fasta", "--db", "db.fasta", "-o", "out", "--json"]) == 0
    a3m, stockholm = read_a3m("out/ubq.a3m"), read_stockholm("out/ubq.sto")
    assert a3m.a3m_rows() == stockholm.a3m_rows()
    assert a3m.sequences[0] == UBIQUITIN
    assert a3m.descriptions == ("ubq human", "rel1/1-78 a relative")
    assert a3m.deletions.sum() == 3
    manifest = json.loads((folder / "out" / "search.json").read_text())
    captured = capsys.readouterr()
    assert json.loads(captured.out) == manifest
    record = manifest["records"][0]
    assert (record["id"], record["status"], record["rows"], record["cached"]) == ("ubq", "done", 2, False)
    assert record["databases"][0]["sequences"] == 2
    assert record["coverage"] == pytest.approx(151 / 152, abs=1e-4)  # the last residue is not aligned
    assert record["neff"] == pytest.approx(1.0)  # the two rows agree in more than 80 %
    assert "2 rows, Neff 1.0, coverage 99%" in captured.err
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["search.json", "ubq.a3m", "ubq.sto"]


def test_the_second_run_is_cached_and_writes_the_same_bytes(folder: Path) -> None:
    assert main(["search", "in.fasta", "--db", "db.fasta", "-o", "one", "--quiet"]) == 0
    assert main(["search", "in.fasta", "--db", "db.fasta", "-o", "two", "--quiet"]) == 0
    assert json.loads((folder / "two" / "search.json").read_text())["records"][0]["cached"] is True
    for name in ("ubq.a3m", "ubq.sto"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()


def test_bad_records_are_reported_and_the_rest_is_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mixed.fasta").write_text(f">bad\nM1\n>../../up\n{UBIQUITIN}\n>AB\nMK:LD\n")
    assert main(["search", "mixed.fasta", "--db", "db.fasta", "-o", "out", "--quiet"]) == 3
    errors = capsys.readouterr().err
    assert "record 'bad', position 2: '1' is not a residue letter" in errors
    assert "several chains in one record" in errors
    manifest = json.loads((folder / "out" / "search.json").read_text())
    assert [entry["record"] for entry in manifest["refused"]] == ["bad", "AB"]
    assert manifest["records"][0]["id"] == "../../up"
    assert (folder / "out" / manifest["records"][0]["a3m"]).parent == folder / "out"
    assert (folder / "out" / manifest["records"][0]["a3m"]).exists()


def test_a_search_that_fails_is_in_the_manifest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OverflowError("numerical overflow")

    monkeypatch.setattr("sciml.structure.jackhmmer._search_block", fail)
    assert main(["search", "in.fasta", "--db", "db.fasta", "-o", "out"]) == 3
    record = json.loads((folder / "out" / "search.json").read_text())["records"][0]
    assert record["status"] == "failed"
    assert "numerical overflow" in record["message"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.fasta", "--db", "db.fasta"], "none.fasta: no such file"),
        (["in.fasta", "--db", "none.fasta"], "none.fasta: no such file; --db names a FASTA file"),
        (["in.fasta", "--db", "db.fasta", "--iterations", "0"], "at least one iteration"),
        (["in.fasta", "--db", "db.fasta", "--cap", "5", "--cap", "6"], "give --cap once, or once for each"),
        (
            ["in.fasta", "--db", "db.fasta", "--inclusion-evalue", "1"],
            "cannot be included without being reported",
        ),
        (["bad.fasta", "--db", "db.fasta"], "position 1: '1' is not a residue letter"),
    ],
)
def test_unusable_input_ends_with_exit_code_2(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (folder / "bad.fasta").write_text(">bad\n1\n")
    assert main(["search", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_dry_run_says_how_the_input_is_understood_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mixed.fasta").write_text(f">a\x1b[31m|b\nMUK\n>ubq\n{UBIQUITIN}\n>bad\nM-\n")
    assert main(["search", "mixed.fasta", "--db", "db.fasta", "--dry-run"]) == 3
    text = capsys.readouterr().out
    assert "2 records understood, 1 refused" in text
    assert "position 2: U (selenocysteine) read as C" in text
    assert "refused: mixed.fasta: line 5, record 'bad', position 2: '-'" in text
    assert "ubq: 76 residues (FASTA, mixed.fasta)" in text
    assert "database 1: db.fasta (0.0 MB), at most 10000 rows" in text
    assert "\x1b" not in text
    assert not (folder / "msas").exists()
    assert not (folder / "cache").exists()

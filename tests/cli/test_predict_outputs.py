"""What `sciml predict` writes: read back by other programs, ranked, relaxed, inside the folder."""

import csv
import io
import json
from pathlib import Path

import gemmi
import numpy as np
import pytest
from Bio.PDB import PDBParser
from Bio.PDB.MMCIFParser import MMCIFParser

from sciml.cli.app import main
from sciml.weights.registry import BUNDLED
from tests.cli.predicting import UBIQUITIN, pdb_of, predict, prepare
from tests.structure.saved_networks import WITHOUT_ERROR_HEAD, manifest, save_random


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    return prepare(tmp_path, monkeypatch)


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

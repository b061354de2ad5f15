"""`sciml predict --casp`: files that keep CASP's rules and say what the other outputs say."""

import json
from pathlib import Path

import numpy as np
import pytest

from sciml.data.casp_qa import read_qa
from sciml.data.casp_rr import read_rr
from sciml.data.casp_ts import check_ts
from sciml.data.pdb import read_pdb
from sciml.data.prediction_folders import find_predictions
from sciml.data.structure_files import read_structures
from tests.cli.predicting import pdb_of, predict, prepare

SEQUENCE = "MKTAYIAKQR"
CODE = "1234-5678-9012"
FAST = ("--recycles", "0", "--no-figures", "--no-cif")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    prepare(tmp_path, monkeypatch)


def test_models_contacts_and_estimates_of_one_target():
    assert (
        predict("one.fasta", "-o", "out", "--casp", "T1049", "--author", CODE, "--seeds", "6", fast=FAST) == 0
    )
    path = Path("out/T1049TS_models.txt")
    check_ts(path.read_text(), str(path), SEQUENCE)
    models = read_structures(path)
    assert [(model.model_number, model.target, model.author) for model in models] == [
        (number, "T1049", CODE) for number in range(1, 6)
    ]
    for rank, model in enumerate(models, start=1):
        (same,) = Path("out").glob(f"one_unrelaxed_rank_{rank:03d}_*.pdb")
        np.testing.assert_array_equal(model.atoms.positions, read_pdb(same).positions)
        np.testing.assert_array_equal(model.atoms.b_factors, read_pdb(same).b_factors)
    contacts = read_rr("out/T1049RR_contacts.txt", len(SEQUENCE))
    assert contacts.sequence == SEQUENCE
    assert contacts.header.target == "T1049"
    (npz,) = Path("out").glob("one_distogram_rank_001_*.npz")
    with np.load(npz) as arrays:
        logits, edges = arrays["logits"].astype(float), arrays["bin_edges"]
    share = np.exp(logits - logits.max(-1, keepdims=True))
    share /= share.sum(-1, keepdims=True)
    below, above = (share[..., : np.searchsorted(edges, 8.0) + part].sum(-1) for part in (0, 1))
    for (i, j), probability in zip(contacts.pairs - 1, contacts.probabilities, strict=True):
        assert (below + below.T)[i, j] / 2 - 1e-3 <= probability <= (above + above.T)[i, j] / 2 + 1e-3
    estimates = read_qa("out/T1049QA_estimates.txt", len(SEQUENCE)).estimates
    (scores,) = Path("out").glob("one_scores_rank_001_*.json")
    values = json.loads(scores.read_text())
    assert estimates[0].score == pytest.approx(values["ptm"], abs=6e-3)
    expected = np.minimum(1.5 * np.exp(4 * (0.7 - np.array(values["plddt"]) / 100)), 30)
    np.testing.assert_allclose(estimates[0].errors, expected, atol=0.06)


def test_the_casp_files_are_no_further_predictions_of_the_folder():
    assert predict("one.fasta", "-o", "out", "--casp", "T1049", "--author", CODE, fast=FAST) == 0
    assert [one.path.name for one in find_predictions("out")] == [pdb_of("one").name]


def test_relaxed_coordinates_are_the_ones_that_are_submitted():
    words = ("one.fasta", "-o", "out", "--casp", "T1049", "--author", CODE, "--relax", "torch")
    assert predict(*words, fast=FAST) == 0
    (model,) = read_structures("out/T1049TS_models.txt")
    relaxed = read_pdb(pdb_of("one", state="relaxed"))
    np.testing.assert_array_equal(model.atoms.positions, relaxed.positions)


def test_a_chain_too_short_for_contacts_has_models_and_a_warning(capsys):
    Path("short.fasta").write_text(">short\nMKT\n")
    assert predict("short.fasta", "-o", "out", "--casp", "T1", "--author", CODE, fast=FAST) == 0
    assert "no T1RR_contacts.txt: 3 residues have no pair 6 or more apart" in capsys.readouterr().err
    assert sorted(path.name for path in Path("out").glob("T1*")) == ["T1QA_estimates.txt", "T1TS_models.txt"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--casp", "T1049"), "--casp TARGET and --author CODE belong together"),
        (("--author", CODE), "--casp TARGET and --author CODE belong together"),
        (("--casp", "T1049", "--author", "1234"), None),
        (("--casp", "T1049", "--author", "1234-567"), "AUTHOR is a registration code like 1234-5678-9012"),
        (("--casp", "T 1049", "--author", CODE), "TARGET is one word"),
        (("--casp", "../T1049", "--author", CODE), "TARGET is one word"),
    ],
)
def test_options_that_casp_would_refuse_are_refused_first(words, message, capsys):
    code = predict("one.fasta", "-o", "out", *words, fast=FAST)
    if message is None:
        assert code == 0, "a number can be that of a group"
        return
    assert code == 2
    assert message in capsys.readouterr().err
    assert not Path("out").exists()


def test_several_records_are_no_target(capsys):
    Path("two.fasta").write_text(">one\nMKTAYIAKQR\n>two\nMKT\n")
    assert predict("two.fasta", "-o", "out", "--casp", "T1049", "--author", CODE) == 2
    assert "--casp T1049 is one target, the input has 2 records" in capsys.readouterr().err

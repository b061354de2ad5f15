import csv
import io
import json
import re

import gemmi
import numpy as np
import pytest
from Bio.PDB import PDBParser

from sciml.data.a3m import read_a3m
from sciml.data.alignment import Alignment
from sciml.data.pdb import read_pdb
from sciml.data.residue_constants import RESTYPE_INDEX, atom37_mask
from sciml.errors import ScimlError, SettingsError
from sciml.runs import files as atomic_files
from sciml.runs.folder import RecordOutcome, format_summary
from sciml.runs.provenance import gather_provenance
from sciml.structure.outputs import OutputOptions, summary_values, write_predictions, write_structure
from sciml.structure.prediction import ParameterSource, Prediction, rank

SEQUENCE = "MKTAYIAKQRQISFVKSHFSRQ"
UNTRAINED = ParameterSource("tiny", "", "", "Random numbers for tests.", trained=False)
TRAINED = ParameterSource(
    "mini", "mini.safetensors", "ab" * 32, "A small network; expect little.", trained=True
)


def make_prediction(seed: int = 0, plddt: float = 80.0, **changes) -> Prediction:
    random = np.random.default_rng(seed)
    residues = len(SEQUENCE)
    aatype = np.array([RESTYPE_INDEX[letter] for letter in SEQUENCE])
    angle = np.deg2rad(100) * np.arange(residues)
    helix = np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(residues)], axis=-1)
    fields = {
        "record_id": "sp|P1|X", "name": "sp_P1_X-12345678", "sequence": SEQUENCE, "model_name": "mini",
        "seed": seed, "parameters": TRAINED, "aatype": aatype, "residue_index": np.arange(1, residues + 1),
        "atom_positions": (helix[:, None] + random.normal(size=(residues, 37, 3))).astype(np.float32),
        "atom_mask": atom37_mask()[aatype], "plddt": np.clip(random.normal(plddt, 5, residues), 0, 100),
        "pae": random.uniform(0, 31.75, (residues, residues)), "max_pae": 31.75, "ptm": 0.5312,
        "distogram_logits": random.normal(size=(residues, residues, 64)).astype(np.float32),
        "distogram_bin_edges": np.linspace(2.3125, 21.6875, 63), "recycles": 3, "converged_at": 2,
        "seconds": {"msa": 7.0, "features": 0.5, "network": 2.25},
        "alignment_summary": {"rows": 3, "neff": 2.5},
        "violations": {"clashes": 4, "bonds": 1}, "warnings": ("U at position 3 was read as C",),
    }  # fmt: skip
    return Prediction(**(fields | changes))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with two predictions of one record, and what it was made of."""
    folder = tmp_path_factory.mktemp("out")
    predictions = [make_prediction(0, 85.0), make_prediction(1, 60.0)]
    alignment = Alignment.from_rows(
        [SEQUENCE, SEQUENCE[:-4] + "--W-", "a" + SEQUENCE], ["q", "hit 1", "hit 2"]
    )
    result = write_predictions(
        predictions, folder, alignment=alignment, provenance=gather_provenance("cpu"), digest="d" * 64
    )
    return folder, predictions, alignment, result


def test_the_names_are_those_of_colabfold(written):
    folder, _, _, result = written
    expected = {
        f"sp_P1_X-12345678{ending}"
        for ending in (
            *("_unrelaxed_rank_001_mini_seed_000.pdb", "_unrelaxed_rank_001_mini_seed_000.cif"),
            *("_unrelaxed_rank_002_mini_seed_001.pdb", "_unrelaxed_rank_002_mini_seed_001.cif"),
            *("_scores_rank_001_mini_seed_000.json", "_scores_rank_002_mini_seed_001.json"),
            *("_predicted_aligned_error_v1.json", "_distogram_rank_001_mini_seed_000.npz", ".a3m"),
            *("_provenance.json", "_plddt.png", "_pae.png", "_coverage.png", "_structure.png"),
        )
    }
    assert {path.name for path in folder.iterdir()} == expected
    assert {path.name for path in result.files} == expected
    assert result.warnings == ()
    assert [path.suffix for path in result.files][:6] == [".pdb", ".cif", ".json"] * 2
    assert [path.suffix for path in result.files][-4:] == [".png"] * 4


def test_the_scores_have_colabfold_keys_and_two_decimals(written):
    folder, predictions, _, _ = written
    scores = json.loads((folder / "sp_P1_X-12345678_scores_rank_001_mini_seed_000.json").read_text())
    best = predictions[0]
    assert list(scores)[:4] == ["plddt", "max_pae", "pae", "ptm"]
    np.testing.assert_allclose(scores["plddt"], best.plddt, atol=0.005 + 1e-9)
    np.testing.assert_allclose(scores["pae"], best.pae, atol=0.005 + 1e-9)
    assert all(round(value, 2) == value for value in scores["plddt"])
    assert (scores["max_pae"], scores["ptm"], scores["plddt_scale"]) == (31.75, 0.53, 100)
    assert scores["violations"] == {"clashes": 4, "bonds": 1}
    assert scores["parameters"]["sha256"] == "ab" * 32
    assert scores["warnings"] == ["U at position 3 was read as C"]


def test_the_aligned_error_has_the_form_of_the_alphafold_database(written):
    folder, predictions, _, _ = written
    (entry,) = json.loads((folder / "sp_P1_X-12345678_predicted_aligned_error_v1.json").read_text())
    assert sorted(entry) == ["max_predicted_aligned_error", "predicted_aligned_error"]
    np.testing.assert_array_equal(entry["predicted_aligned_error"], np.rint(predictions[0].pae))
    assert entry["max_predicted_aligned_error"] == 31.75


def test_pdb_and_cif_hold_the_same_structure_with_plddt_as_b_factor(written):
    folder, predictions, _, _ = written
    best, stem = predictions[0], "sp_P1_X-12345678_unrelaxed_rank_001_mini_seed_000"
    atoms = read_pdb(folder / f"{stem}.pdb")
    assert atoms.sequence == SEQUENCE
    np.testing.assert_allclose(atoms.b_factors[:, 1], best.plddt, atol=0.0051)
    np.testing.assert_allclose(atoms.positions, best.atom_positions * best.atom_mask[..., None], atol=6e-4)
    structure = gemmi.read_structure(str(folder / f"{stem}.cif"))
    cif = {(residue.seqid.num, atom.name): atom for residue in structure[0]["A"] for atom in residue}
    biopython = list(PDBParser(QUIET=True).get_structure("x", folder / f"{stem}.pdb").get_atoms())
    assert len(cif) == len(biopython) == int(best.atom_mask.sum())
    for atom in biopython:
        other = cif[atom.get_parent().id[1], atom.name]
        np.testing.assert_allclose(atom.coord, other.pos.tolist(), atol=1e-3)
        assert atom.bfactor == pytest.approx(other.b_iso, abs=1e-3)


def test_the_distogram_is_read_without_pickle(written):
    folder, predictions, _, _ = written
    path = folder / "sp_P1_X-12345678_distogram_rank_001_mini_seed_000.npz"
    with np.load(path, allow_pickle=False) as stored:
        np.testing.assert_allclose(stored["logits"], predictions[0].distogram_logits, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(stored["bin_edges"], predictions[0].distogram_bin_edges, rtol=1e-6)


def test_the_alignment_that_was_used_is_written(written):
    folder, _, alignment, _ = written
    back = read_a3m(folder / "sp_P1_X-12345678.a3m")
    assert back.sequences == alignment.sequences
    np.testing.assert_array_equal(back.deletions, alignment.deletions)


def test_the_provenance_names_parameters_seed_versions_device_times_and_input(written):
    folder, _, _, _ = written
    values = json.loads((folder / "sp_P1_X-12345678_provenance.json").read_text())
    assert values["record"] == "sp|P1|X"
    assert values["input_digest"] == "d" * 64
    assert values["device"] == "cpu"
    assert values["libraries"]["torch"] is not None
    assert [entry["seed"] for entry in values["predictions"]] == [0, 1]
    assert values["predictions"][0]["parameters"]["sha256"] == "ab" * 32
    assert values["predictions"][0]["seconds"] == {"msa": 7.0, "features": 0.5, "network": 2.25}


@pytest.mark.parametrize("source", [TRAINED, UNTRAINED])
def test_every_text_says_which_parameters_made_the_structure_and_what_that_means(tmp_path, source):
    prediction = make_prediction(parameters=source)
    result = write_predictions([prediction], tmp_path, options=OutputOptions(figures=False))
    for path in result.files:
        if path.suffix in (".npz", ".a3m") or "aligned_error" in path.name:
            continue  # formats without a place for it
        text = re.sub(r"\s*\nREMARK +6 |\s+", " ", path.read_text())
        assert source.name in text
        assert source.description in text
        assert ("UNTRAINED PARAMETERS: this is not a prediction" in text) == (not source.trained)


def test_a_network_without_error_head_writes_no_aligned_error(tmp_path):
    prediction = make_prediction(pae=None, max_pae=None, ptm=None, distogram_logits=None)
    names = [path.name for path in write_predictions([prediction], tmp_path).files]
    assert not any("aligned_error" in name or "_pae" in name or "distogram" in name for name in names)
    scores = json.loads(next(tmp_path.glob("*_scores_*.json")).read_text())
    assert not {"pae", "max_pae", "ptm"} & set(scores)


def test_without_an_alignment_the_query_alone_is_written(tmp_path):
    write_predictions([make_prediction()], tmp_path, options=OutputOptions(figures=False))
    assert read_a3m(tmp_path / "sp_P1_X-12345678.a3m").sequences == (SEQUENCE,)


def test_a_structure_too_large_for_pdb_is_kept_as_cif_with_a_warning(tmp_path):
    numbers = np.arange(1, len(SEQUENCE) + 1) + 9_999
    result = write_predictions(
        [make_prediction(residue_index=numbers)], tmp_path, options=OutputOptions(cif=False, figures=False)
    )
    assert not list(tmp_path.glob("*.pdb"))
    assert len(list(tmp_path.glob("*.cif"))) == 1
    assert "no PDB file for rank 1: residue numbers" in result.warnings[0]
    assert (
        json.loads(next(tmp_path.glob("*_scores_*.json")).read_text())["warnings"][-1] == result.warnings[0]
    )


def test_relaxed_coordinates_are_written_beside_the_unrelaxed(tmp_path):
    first = write_structure(make_prediction(), 1, tmp_path)
    before = first.files[0].read_bytes()
    moved = make_prediction(atom_positions=make_prediction().atom_positions + 1)
    second = write_structure(moved, 1, tmp_path, state="relaxed")
    assert second.files[0].name == "sp_P1_X-12345678_relaxed_rank_001_mini_seed_000.pdb"
    assert first.files[0].read_bytes() == before
    assert "Relaxation: restrained minimisation" in second.files[0].read_text()


def test_a_full_disk_leaves_no_broken_file(tmp_path, monkeypatch):
    for failing_write in range(1, 9):
        folder = tmp_path / str(failing_write)
        folder.mkdir()
        calls = iter(range(1, 100))

        def fsync(descriptor: int, calls=calls, failing_write=failing_write) -> None:
            if next(calls) == 2 * failing_write - 1:  # each file is flushed, then its folder
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(atomic_files.os, "fsync", fsync)
        with pytest.raises(OSError, match="No space left"):
            write_predictions([make_prediction()], folder, options=OutputOptions(figures=False))
        left = sorted(folder.iterdir())
        assert len(left) == failing_write - 1
        for path in left:
            assert path.suffix != ".part"
            if path.suffix == ".pdb":
                assert path.read_text().rstrip().endswith("END")
            if path.suffix == ".json":
                json.loads(path.read_text())
        if failing_write == 7:
            break


def test_the_summary_row_holds_the_best_prediction():
    predictions = [make_prediction(0, 85.0), make_prediction(1, 60.0)]
    values = summary_values(predictions)
    assert values["mean_plddt"] == round(predictions[0].mean_plddt, 2)
    assert (values["length"], values["models"], values["msa_rows"], values["violations_clashes"]) == (
        22,
        2,
        3,
        4,
    )
    assert values["seconds"] == 7.0 + 2 * 2.75  # the alignment is made once
    row = next(
        csv.DictReader(io.StringIO(format_summary([RecordOutcome("=x", "x", "done", results=values)])))
    )
    assert (row["id"], row["parameters"], row["parameters_trained"]) == ("'=x", "mini", "yes")


def test_predictions_are_ranked_by_the_measure_asked_for():
    low, high = make_prediction(0, 60.0, ptm=0.9), make_prediction(1, 90.0, ptm=0.2)
    assert rank([low, high], "plddt") == [high, low]
    assert rank([high, low], "ptm") == [low, high]
    assert high.ranking_score("plddt") == pytest.approx(high.plddt.mean())
    with pytest.raises(SettingsError, match="mini has no head for pTM"):
        make_prediction(ptm=None).ranking_score("ptm")
    with pytest.raises(SettingsError, match="not by 'iptm'"):
        low.ranking_score("iptm")


def test_a_network_that_failed_numerically_is_no_prediction():
    positions = make_prediction().atom_positions.copy()
    positions[3, 1] = np.nan
    with pytest.raises(ScimlError, match="mini with seed 0 gave numbers that are not finite"):
        make_prediction(atom_positions=positions)
    with pytest.raises(ValueError, match=r"pae of 22 residues must have shape \(22, 22\)"):
        make_prediction(pae=np.zeros((5, 5)))


def test_predictions_of_two_records_are_refused(tmp_path):
    with pytest.raises(ValueError, match="predictions of one record"):
        write_predictions([make_prediction(), make_prediction(name="other")], tmp_path)
    with pytest.raises(ValueError, match="at least one"):
        write_predictions([], tmp_path)

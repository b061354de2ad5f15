"""Every layout of output files brings pLDDT, aligned errors and pTM to the same scores, on models whose own
estimates are known: pLDDT at random, aligned errors the true ones, pTM a round number.
"""

import gzip
import json

import numpy as np
import pytest
from scipy import stats

from sciml.data.modelcif import ModelRecord, format_modelcif
from sciml.data.pdb import write_pdb
from sciml.structure.scores.confidence import aligned_error
from tests.data.alphafold3_case import write_model
from tests.structure.evaluate.evaluation_case import chain, kept, run, shaken

NATIVE = chain(0)
MODEL = shaken(NATIVE, 1.2, 5)
RESIDUES = len(NATIVE.aatype)
PLDDT = np.random.default_rng(0).uniform(30, 98, RESIDUES).round(2)
PAE = np.minimum(
    aligned_error(MODEL.positions[None], MODEL.mask[None], NATIVE.positions, NATIVE.mask)[0], 31.75
).round(4)
PTM = 0.5


def write_json(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


def scores(pae=PAE):
    """As ColabFold's scores files."""
    return {
        "plddt": PLDDT.tolist(),
        "max_pae": float(np.max(pae)),
        "pae": np.asarray(pae).tolist(),
        "ptm": PTM,
    }


def database_pae(pae=PAE):
    return [{"predicted_aligned_error": np.asarray(pae).tolist(), "max_predicted_aligned_error": 31.75}]


def first_version(pae=PAE):
    one, two = np.indices(pae.shape) + 1
    values = {
        "residue1": one.ravel().tolist(),
        "residue2": two.ravel().tolist(),
        "distance": pae.ravel().tolist(),
    }
    return [{**values, "max_predicted_aligned_error": 31.75}]


def database_confidence():
    return {
        "residueNumber": list(range(1, RESIDUES + 1)),
        "confidenceScore": PLDDT.tolist(),
        "confidenceCategory": ["H"] * RESIDUES,
    }


def new_colabfold(folder, pae=PAE):
    tag = "rank_001_alphafold2_ptm_model_1_seed_000"
    write_pdb(folder / f"T1_unrelaxed_{tag}.pdb", MODEL)
    write_json(folder / f"T1_scores_{tag}.json", scores(pae))
    return folder / f"T1_scores_{tag}.json"


def old_colabfold(folder, pae=PAE):
    write_pdb(folder / "T1_unrelaxed_rank_1_model_3.pdb", MODEL)
    write_json(folder / "T1_unrelaxed_rank_1_model_3_scores.json", scores(pae))
    return folder / "T1_unrelaxed_rank_1_model_3_scores.json"


def old_colabfold_relaxed(folder, pae=PAE):
    write_pdb(folder / "T1_relaxed_rank_1_model_3.pdb", MODEL)
    write_pdb(folder / "T1_unrelaxed_rank_1_model_3.pdb", shaken(MODEL, 3.0))
    write_json(folder / "T1_rank_1_model_3_scores.json", scores(pae))
    return folder / "T1_rank_1_model_3_scores.json"


def oldest_colabfold(folder, pae=PAE):
    write_pdb(folder / "T1_unrelaxed_model_3_rank_1.pdb", MODEL)
    write_json(folder / "T1_unrelaxed_model_3_rank_1_scores.json", scores(pae))
    return folder / "T1_unrelaxed_model_3_rank_1_scores.json"


def colabfold_with_pae_apart(folder, pae=PAE):
    write_pdb(folder / "T1_unrelaxed_rank_1_model_3.pdb", MODEL)
    write_json(folder / "T1_unrelaxed_rank_1_model_3_scores.json", {"plddt": PLDDT.tolist(), "ptm": PTM})
    write_json(folder / "T1_predicted_aligned_error_v1.json", first_version(pae))
    return folder / "T1_predicted_aligned_error_v1.json"


def alphafold(folder, pae=PAE):
    job = folder / "T1"
    for name in ("ranked_0.pdb", "unrelaxed_model_1_pred_0.pdb"):
        write_pdb(job / name, MODEL)
    write_json(job / "ranking_debug.json", {"plddts": {"model_1_pred_0": 64.0}, "order": ["model_1_pred_0"]})
    write_json(job / "confidence_model_1_pred_0.json", database_confidence())
    write_json(job / "pae_model_1_pred_0.json", database_pae(pae))
    (job / "result_model_1_pred_0.pkl").write_bytes(b"\x80\x04no pickle is opened")
    return job / "pae_model_1_pred_0.json"


def database(folder, pae=PAE):
    write_pdb(folder / "AF-T1-F1-model_v4.pdb", MODEL)
    write_json(folder / "AF-T1-F1-confidence_v4.json", database_confidence())
    path = folder / "AF-T1-F1-predicted_aligned_error_v4.json"
    write_json(path, database_pae(pae))
    return path


def database_cif(folder, pae=PAE):
    record = ModelRecord("T1", "t", "d", PLDDT.astype(np.float32), None, "0", (), False)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "AF-T1-F1-model_v4.cif").write_text(format_modelcif(MODEL, record))
    write_json(folder / "AF-T1-F1-confidence_v4.json", database_confidence())
    path = folder / "AF-T1-F1-predicted_aligned_error_v4.json.gz"
    path.write_bytes(gzip.compress(json.dumps(database_pae(pae)).encode()))
    return path


def alphafold3_server(folder, pae=PAE):
    names = ("fold_t1_model_0.cif", "fold_t1_full_data_0.json", "fold_t1_summary_confidences_0.json")
    write_model(folder / "fold_t1", names, MODEL, PLDDT, PAE, ptm=PTM, changes=_table(pae))
    return folder / "fold_t1" / names[1]


def alphafold3_code(folder, pae=PAE):
    for start, place in (("T1_", "."), ("T1_seed-1_sample-0_", "seed-1_sample-0")):
        names = tuple(
            f"{start}{name}" for name in ("model.cif", "confidences.json", "summary_confidences.json")
        )
        write_model(folder / "T1" / place, names, MODEL, PLDDT, PAE, ptm=PTM, changes=_table(pae))
    return folder / "T1" / "T1_confidences.json"


def _table(pae):
    return {} if pae is PAE else {"pae": np.asarray(pae).tolist()}


WITH_PTM = (
    *(new_colabfold, old_colabfold, old_colabfold_relaxed, oldest_colabfold, colabfold_with_pae_apart),
    *(alphafold3_server, alphafold3_code),
)
WITHOUT_PTM = (alphafold, database, database_cif)


def evaluated(folder):
    """The only record and its details."""
    write_pdb(folder / "T1.pdb", NATIVE)
    found, _ = run(folder / "models", folder / "T1.pdb")
    (record,) = found.results[0].records
    assert record.status == "done", record.reason
    (details,) = found.results[0].details
    return record, details


@pytest.mark.parametrize("layout", [*WITH_PTM, *WITHOUT_PTM])
def test_every_layout_brings_its_estimates_to_the_scores(tmp_path, layout):
    layout(tmp_path / "models")
    record, details = evaluated(tmp_path)
    values = record.values
    assert (record.model, record.target) == (1, "T1")
    assert values["plddt"] == pytest.approx(PLDDT.mean() / 100, abs=1e-4)
    assert values["plddt_pearson"] == pytest.approx(stats.pearsonr(PLDDT, details.lddt).statistic, abs=1e-3)
    assert values["plddt_spearman"] == pytest.approx(stats.spearmanr(PLDDT, details.lddt).statistic, abs=5e-3)
    assert values["pae_mean_error"] == pytest.approx(0, abs=0.02)  # files have three digits of positions
    assert values["pae_spearman"] > 0.999
    if layout in WITH_PTM:
        assert values["ptm"] == PTM
        assert values["ptm_difference"] == pytest.approx(PTM - values["tm_score"])
    else:
        assert "ptm" not in values or np.isnan(values["ptm"])


@pytest.mark.parametrize("layout", [*WITH_PTM, *WITHOUT_PTM])
def test_aligned_errors_of_another_size_are_left_out_with_file_and_rule(tmp_path, layout):
    path = layout(tmp_path / "models", PAE[:20, :20])
    record, _ = evaluated(tmp_path)
    notes = [note for note in record.notes if note.startswith("aligned error left out")]
    assert len(notes) == 1
    assert str(path) in notes[0]
    assert "20" in notes[0].replace(str(path), "")
    assert "pae_mean_error" not in record.values or np.isnan(record.values["pae_mean_error"])
    assert record.values["plddt"] == pytest.approx(PLDDT.mean() / 100, abs=1e-4)  # the rest is kept


@pytest.mark.parametrize("layout", [*WITH_PTM, *WITHOUT_PTM])
def test_a_missing_file_is_said_and_the_model_is_scored(tmp_path, layout):
    layout(tmp_path / "models").unlink()
    record, _ = evaluated(tmp_path)
    assert record.values["tm_score"] > 0.3
    assert "pae_mean_error" not in record.values or np.isnan(record.values["pae_mean_error"])
    if layout is not colabfold_with_pae_apart:
        assert any("is not there: no" in note for note in record.notes)


def test_a_pickle_is_not_opened_and_that_is_said(tmp_path):
    alphafold(tmp_path / "models")
    record, _ = evaluated(tmp_path)
    assert "result pickles are not opened: pTM and distogram are not read" in record.notes


def test_alphafold3_models_without_some_residues_are_laid_by_number(tmp_path):
    """The target lacks residues 1 to 4; the model begins at 3 and has a gap."""
    there = [row for row in range(2, RESIDUES) if row not in (20, 21)]
    names = ("fold_t1_model_0.cif", "fold_t1_full_data_0.json", "fold_t1_summary_confidences_0.json")
    write_model(tmp_path / "models", names, kept(MODEL, there), PLDDT[there], PAE[np.ix_(there, there)])
    write_pdb(tmp_path / "T1.pdb", kept(NATIVE, range(4, RESIDUES)))
    found, _ = run(tmp_path / "models", tmp_path / "T1.pdb")
    (record,) = found.results[0].records
    matched = [row for row in there if row >= 4]
    assert record.values["plddt"] == pytest.approx(PLDDT[matched].mean() / 100, abs=1e-4)
    assert record.values["pae_mean_error"] == pytest.approx(0, abs=0.02)


def test_structures_of_single_passes_are_no_predictions(tmp_path):
    new_colabfold(tmp_path / "models")
    tag = "rank_001_alphafold2_ptm_model_1_seed_000"
    write_pdb(tmp_path / "models" / f"T1_unrelaxed_{tag}.r0.pdb", shaken(MODEL, 5.0))
    record, _ = evaluated(tmp_path)
    assert record.model == 1

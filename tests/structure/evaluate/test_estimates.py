import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sciml.data.casp_header import CaspHeader
from sciml.data.casp_qa import QualityEstimate, QualityEstimates, write_qa
from sciml.data.pdb import format_pdb, write_pdb
from sciml.runs.folder import RunFolder
from sciml.structure.evaluate.estimate_catalogue import ESTIMATE_SCORES
from sciml.structure.evaluate.estimates import judge_estimates, residue_distances
from sciml.structure.evaluate.records import ModelDetails, ModelScores, TargetResult
from tests.structure.evaluate.evaluation_case import chain, kept, run, shaken, write_case
from tests.structure.scores.ideal_models import mirrored, rigidly_moved

HEADER = CaspHeader("T1", "0000-1111-2222", ("a method",))
NOISES = {"TS001": 0.2, "TS002": 2.5, "TS003": 1.2, "TS004": 4.0}


def write_estimates(path, scores, errors=None):
    """A QA file with these scores by name, and errors of residues by name."""
    lists = errors or {}
    return write_qa(
        path,
        HEADER,
        [QualityEstimate(name, score, tuple(lists.get(name, ()))) for name, score in scores.items()],
    )


def case(folder):
    """One target with four models, worse and worse by their noise."""
    return write_case(folder, targets=("T1",), groups=tuple(NOISES.items()))


def the_estimates(found):
    (one,) = found.results[0].estimates
    return one


def test_estimates_are_compared_with_what_the_models_are_worth(tmp_path):
    models, natives = case(tmp_path)
    scores = {"T1TS001_1": 0.5, "T1TS002_1": 0.7, "T1TS003_1": 0.6, "T1TS004_1": 0.1}
    write_estimates(models / "T1QA077_1", scores)
    found, _ = run(models, natives, families=("gdt", "tm", "lddt"))
    one = the_estimates(found)
    assert (one.group, one.number, one.mode, one.status) == ("QA077", 1, 1, "done")
    records = {record.group: record.values for record in found.results[0].records}
    assert found.plan.groups == tuple(NOISES)  # who estimates is no group of models
    for truth in ("gdt_ts", "lddt", "tm_score"):
        predicted = list(scores.values())
        true = [records[group][truth] for group in NOISES]
        assert one.values[f"pearson_{truth}"] == pytest.approx(stats.pearsonr(predicted, true).statistic)
        assert one.values[f"spearman_{truth}"] == pytest.approx(stats.spearmanr(predicted, true).statistic)
        assert one.values[f"kendall_{truth}"] == pytest.approx(stats.kendalltau(predicted, true).statistic)
        assert one.values[f"loss_{truth}"] == pytest.approx(max(true) - records["TS002"][truth])
    assert set(one.values) <= set(ESTIMATE_SCORES)
    assert one.counts["compared"] == 4
    assert found.exit_code == 0


def test_models_that_are_not_there_and_models_that_are_not_estimated_are_listed(tmp_path):
    models, natives = case(tmp_path)
    scores = {"T1TS001_1": 0.5, "T1TS099_1": 0.9, "T1TS003_1.pdb": 0.6, "T1TS004_1": math.nan}
    write_estimates(models / "T1QA077_1", scores)
    (models / "T1TS003_1.pdb").write_text("ATOM  broken\n")
    found, said = run(models, natives)
    one = the_estimates(found)
    status = {row.name: row.status for row in one.models}
    assert status == {
        "T1TS001_1": "done", "T1TS099_1": "missing", "T1TS003_1.pdb": "failed", "T1TS004_1": "done",
    }  # fmt: skip
    assert one.not_estimated == ("TS002 1",)
    assert (one.counts["compared"], one.counts["given_as_x"], one.counts["missing"]) == (1, 1, 2)
    assert any("T1TS099_1" in line and "not there" in line for line in said)


def test_a_file_that_names_no_model_that_is_there_fails(tmp_path):
    models, natives = case(tmp_path)
    write_estimates(models / "T1QA077_1", {"T9TS001_1": 0.5, "T9TS002_1": 0.4})
    (models / "T1QA078_1").write_text("PFRMAT QA\nTARGET T1\nMODEL 1\nQMODE 1\nT1TS001_1 1.5\nEND\n")
    found, said = run(models, natives)
    one, two = found.results[0].estimates
    assert one.status == "failed"
    assert "no model that it estimates (2) is there" in one.reason
    assert "T9TS001_1" in one.reason
    assert two.status == "failed"
    assert "line 5: a score is 0 to 1" in two.reason
    assert found.exit_code == 3
    assert sum("failed" in line for line in said) == 2


def test_perfect_errors_have_an_ase_of_one_and_wrong_ones_less(tmp_path):
    """The distances of the models themselves, written with one decimal."""
    models, natives = case(tmp_path)
    native = chain(0)
    truth = {
        f"T1{group}_1": residue_distances(
            shaken(native, noise, 0).positions[:, 1].astype(np.float64),
            native.positions[:, 1].astype(np.float64),
        )
        for group, noise in NOISES.items()
    }
    scores = dict.fromkeys(truth, 0.5)
    write_estimates(models / "T1QA001_1", scores, truth)
    write_estimates(
        models / "T1QA002_1", scores, {name: 15 - errors.clip(0, 15) for name, errors in truth.items()}
    )
    found, _ = run(models, natives)
    good, bad = found.results[0].estimates
    assert good.mode == 2
    assert good.values["ase"] > 0.99
    assert good.values["auc_residues"] > 0.99
    assert bad.values["auc_residues"] < 0.01
    assert bad.values["ase"] < 0.5
    assert good.counts["residues"] == 4 * len(native.aatype)


def test_estimates_of_a_target_with_domains_are_judged_on_the_whole_and_say_so(tmp_path):
    models, natives = case(tmp_path)
    write_estimates(models / "T1QA077_1", {"T1TS001_1": 0.9, "T1TS002_1": 0.4})
    (tmp_path / "domains.txt").write_text("T1-D1: 1-15\nT1-D2: 16-39\n")
    whole = the_estimates(run(models, natives)[0])
    cut = the_estimates(run(models, natives, domains=tmp_path / "domains.txt")[0])
    assert cut.values == whole.values
    assert whole.notes == ()
    assert cut.notes == ("judged on the whole target, as CASP does; its domains are not judged",)


def test_distances_of_an_ensemble_are_from_its_first_model_and_scores_from_the_best(tmp_path):
    models, natives = case(tmp_path)
    far, near = shaken(chain(0), 3.0, 9), chain(0)
    both = [f"MODEL        {place}\n{format_pdb(one)}" for place, one in enumerate((far, near), start=1)]
    both = [one.replace("END\n", "ENDMDL\n") for one in both]
    (natives / "T1.pdb").write_text("".join([*both, "END\n"]))
    positions = [one.positions[:, 1].astype(np.float64) for one in (shaken(near, NOISES["TS001"], 0), far)]
    truth = {"T1TS001_1": residue_distances(*positions)}
    write_estimates(models / "T1QA077_1", {"T1TS001_1": 0.9}, truth)
    found, _ = run(models, natives, native_model="best")
    one = the_estimates(found)
    assert one.models[0].values["gdt_ts"] > 0.95  # of the second
    assert one.values["ase"] > 0.99  # of the first
    assert one.notes == (
        "scores are those against the one of 2 native models that each model fits best, "
        "errors of residues are compared with distances from the first",
    )


def test_residues_given_as_x_are_left_out_and_counted(tmp_path):
    models, natives = case(tmp_path)
    length = len(chain(0).aatype)
    errors = np.full(length, 2.0)
    errors[[3, 4, 10]] = np.nan
    write_estimates(models / "T1QA001_1", {"T1TS002_1": 0.5}, {"T1TS002_1": errors})
    one = the_estimates(run(models, natives)[0])
    (model,) = one.models
    assert (model.residues, model.without_estimate, model.without_atom) == (length - 3, 3, 0)
    assert "3 residues are given as X" in one.notes[0]


def test_errors_go_by_the_residue_numbers_of_the_model(tmp_path):
    """The target begins at residue 6 and lacks 15 to 17; the model lacks residue 30."""
    native = chain(0)
    there = np.array([*range(5, 14), *range(17, 41)])
    write_pdb(tmp_path / "natives" / "T1.pdb", kept(native, there))
    moved = shaken(native, 0.01)
    moved.positions[20:26] += 30.0  # residues 21 to 26 are far away
    write_pdb(tmp_path / "models" / "T1TS001_1.pdb", kept(moved, np.delete(np.arange(41), 29)))
    errors = np.zeros(41)
    errors[20:26] = 50.0
    write_estimates(tmp_path / "models" / "T1QA001_1", {"T1TS001_1": 0.8}, {"T1TS001_1": errors})
    one = the_estimates(run(tmp_path / "models", tmp_path / "natives")[0])
    (model,) = one.models
    assert model.values["ase"] > 0.98
    assert model.values["auc_residues"] == 1
    assert model.values["region_f1"] == 1
    assert model.residues == len(there) - 1


def a_result(*records, residues=4):
    """Models of one target on a line, the last residue of each being `off` Å away."""
    ca = np.arange(3 * residues, dtype=np.float64).reshape(residues, 3)
    details = tuple(
        ModelDetails(record.group, record.model, ca=ca, numbers=np.arange(1.0, residues + 1))
        for record in records
    )
    return TargetResult("T1", "A" * residues, tuple(range(1, residues + 1)), ca, (), records, details)


def record(group, number, file, gdt_ts):
    return ModelScores("T1", "", group, number, file, values={"gdt_ts": gdt_ts})


@pytest.mark.parametrize(
    ("name", "gdt_ts"),
    [
        ("T1TS001_1", 0.1),
        ("t1_ts001_1.pdb", 0.1),
        ("T1TS001_2", 0.2),
        ("Server_TS3", 0.3),
        ("T1/Server_TS3", 0.3),
        ("T1TS_1", 0.4),
        ("twice", None),
        ("T1TS001_3", None),
        ("T2TS001_1", None),
    ],
)
def test_models_are_found_by_the_names_of_files_and_of_casp(name, gdt_ts):
    result = a_result(
        record("TS001", 1, "models/T1TS001.pdb", 0.1),
        record("TS001", 2, "models/T1TS001.pdb", 0.2),
        record("Server", 1, "models/T1/Server_TS3", 0.3),
        record("own", 1, "elsewhere/a.pdb", 0.4),
        record("x", 1, "models/a/twice.pdb", 0.5),
        record("y", 1, "models/b/twice.pdb", 0.6),
    )
    estimates = QualityEstimates(HEADER, 1, (QualityEstimate(name, 0.5), QualityEstimate("T1own_1", 0.5)))
    found = judge_estimates(estimates, result, group="own", file="models/own/T1.qa").models[0]
    assert found.values.get("gdt_ts") == gdt_ts
    assert (found.status == "missing") == (gdt_ts is None)


def test_a_rigid_motion_of_a_model_changes_nothing():
    target = chain(0).positions[:, 1].astype(np.float64)
    model = shaken(chain(0), 2.0, 3).positions[:, 1].astype(np.float64)
    plain = residue_distances(model, target)
    np.testing.assert_allclose(residue_distances(rigidly_moved(model), target), plain, atol=1e-6)
    assert np.abs(residue_distances(mirrored(model), target) - plain).max() > 1


def test_judged_estimates_are_kept_with_the_target(tmp_path):
    models, natives = case(tmp_path)
    write_estimates(models / "T1QA077_1", {"T1TS001_1": 0.5, "T1TS099_1": 0.9, "T1TS002_1": 0.3})
    folder = RunFolder(tmp_path / "out")
    first, _ = run(models, natives, folder)
    again, said = run(models, natives, folder)
    assert any("finished before" in line for line in said)
    one, two = the_estimates(first), the_estimates(again)
    np.testing.assert_equal(two.to_dict(), one.to_dict())
    assert replace(two, values={}, models=()) == replace(one, values={}, models=())
    write_estimates(models / "T1QA077_1", {"T1TS001_1": 0.5, "T1TS002_1": 0.6})
    changed, _ = run(models, natives, folder)
    assert the_estimates(changed).values["loss_gdt_ts"] > one.values["loss_gdt_ts"] == 0

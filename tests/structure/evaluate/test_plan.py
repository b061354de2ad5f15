import shutil
from pathlib import Path

import pytest

from sciml.data.pdb import write_pdb
from sciml.errors import InputError
from sciml.structure.evaluate.plan import find_targets, plan_evaluation
from tests.structure.evaluate.evaluation_case import chain, write_case


def names(plan):
    return {one.target.name: [(model.group, model.number) for model in one.models] for one in plan.targets}


def test_models_find_their_targets_and_groups_by_casp_names(tmp_path):
    plan = plan_evaluation(*write_case(tmp_path))
    assert names(plan) == {"T1": [("TS001", 1), ("TS002", 1)], "T2": [("TS001", 1), ("TS002", 1)]}
    assert plan.groups == ("TS001", "TS002")
    assert plan.missing == ()
    assert plan.unused == ()


def test_a_missing_model_and_a_model_without_target_are_listed(tmp_path):
    models, natives = write_case(tmp_path)
    (models / "T2TS002_1.pdb").unlink()
    shutil.copy(models / "T1TS001_1.pdb", models / "T9TS001_1.pdb")
    plan = plan_evaluation(models, natives)
    assert plan.missing == (("T2", "TS002"),)
    assert len(plan.unused) == 1
    assert plan.unused[0].path.endswith("T9TS001_1.pdb")
    assert "T1, T2" in plan.unused[0].reason


def test_targets_that_were_not_predicted_are_nobodys_missing_model(tmp_path):
    models, natives = write_case(tmp_path)
    (models / "T2TS002_1.pdb").unlink()
    plan = plan_evaluation(models, natives, only={"T1"})
    assert names(plan) == {"T1": [("TS001", 1), ("TS002", 1)]}
    assert plan.missing == ()
    assert plan.unused == ()


def test_sub_folders_are_groups(tmp_path):
    native = chain()
    for method in ("old", "new"):
        write_pdb(tmp_path / "models" / method / "T1.pdb", native)
        write_pdb(tmp_path / "models" / method / "T2.pdb", native)
    for target in ("T1", "T2"):
        write_pdb(tmp_path / "natives" / f"{target}.pdb", native)
    plan = plan_evaluation(tmp_path / "models", tmp_path / "natives")
    assert plan.groups == ("new", "old")
    assert all(len(one.models) == 2 for one in plan.targets)


def test_files_of_one_target_without_groups_are_methods_of_their_own(tmp_path):
    for name in ("T1_alpha", "T1_beta", "other"):
        write_pdb(tmp_path / "models" / f"{name}.pdb", chain())
    write_pdb(tmp_path / "T1.pdb", chain())
    plan = plan_evaluation(tmp_path / "models", tmp_path / "T1.pdb")
    assert names(plan) == {"T1": [("alpha", None), ("beta", None), ("other", None)]}


def test_one_model_for_each_target_is_one_group_named_after_the_folder(tmp_path):
    for name in ("T1", "T2"):
        write_pdb(tmp_path / "mine" / f"{name}.pdb", chain())
        write_pdb(tmp_path / "natives" / f"{name}.pdb", chain())
    plan = plan_evaluation(tmp_path / "mine", tmp_path / "natives")
    assert plan.groups == ("mine",)


def test_a_single_target_takes_every_model_whatever_its_name(tmp_path):
    write_pdb(tmp_path / "prediction.pdb", chain())
    write_pdb(tmp_path / "native.pdb", chain())
    plan = plan_evaluation(tmp_path / "prediction.pdb", tmp_path / "native.pdb")
    assert names(plan) == {"native": [("prediction", None)]}


def test_the_target_record_decides_where_the_name_is_silent(tmp_path):
    write_case(tmp_path)
    text = (tmp_path / "models" / "T2TS001_1.pdb").read_text()
    shutil.rmtree(tmp_path / "models")
    (tmp_path / "models").mkdir()
    body = "".join(line for line in text.splitlines(True) if line.startswith("ATOM"))
    (tmp_path / "models" / "upload.ts").write_text(
        f"PFRMAT TS\nTARGET T2\nAUTHOR Alice\nMETHOD none\nMODEL 1\nPARENT N/A\n{body}TER\nEND\n"
    )
    plan = plan_evaluation(tmp_path / "models", tmp_path / "natives")
    assert names(plan) == {"T1": [], "T2": [("Alice", None)]}


def test_domains_are_read_and_those_without_target_are_listed(tmp_path):
    models, natives = write_case(tmp_path)
    (tmp_path / "domains.txt").write_text("T1-D0: 1-40\nT1-D1: 1-20\nT1-D2: 21-30,35-40\nT7-D1: 1-5\n")
    plan = plan_evaluation(models, natives, tmp_path / "domains.txt")
    first = plan.targets[0]
    assert [(name, ranges, len(numbers)) for name, ranges, numbers in first.domains] == [
        ("D1", "1-20", 20),
        ("D2", "21-30,35-40", 16),
    ]
    assert plan.targets[1].domains == ()
    assert "T7" in plan.unused[0].reason


def test_targets_that_are_not_there_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no native structure"):
        find_targets(tmp_path / "empty")
    with pytest.raises(InputError, match="no such file or folder"):
        find_targets(tmp_path / "nowhere")


def test_a_folder_called_as_the_target_is_no_group(tmp_path):
    """T1/alpha.pdb, T2/alpha.pdb: two targets, one method; not two groups that each miss a target."""
    for target in ("T1", "T2"):
        write_pdb(tmp_path / "natives" / f"{target}.pdb", chain())
        for method in ("alpha", "beta"):
            write_pdb(tmp_path / "models" / target / f"{method}.pdb", chain())
    plan = plan_evaluation(tmp_path / "models", tmp_path / "natives")
    both = [("alpha", None), ("beta", None)]
    assert names(plan) == {"T1": both, "T2": both}
    assert plan.missing == ()


def test_target_and_author_of_a_casp_file_count_where_its_name_says_nothing(tmp_path):
    models, natives = write_case(tmp_path)
    text = (models / "T2TS001_1.pdb").read_text()
    (models / "T2TS001_1.pdb").unlink()
    (models / "answer.txt").write_text(f"PFRMAT TS\nTARGET T2\nAUTHOR 1234-5678-9012\nMODEL 1\n{text}")
    plan = plan_evaluation(models, natives)
    assert sorted(names(plan)["T2"]) == [("1234-5678-9012", None), ("TS002", 1)]
    assert plan.unused == ()


def test_of_several_files_of_one_target_pdb_is_taken_before_mmcif_and_plain_before_gzip(tmp_path):
    for name in ("T1.cif", "T1.pdb.gz", "T1.pdb", "T2.cif.gz", "T2.cif", "T3.pdb"):
        (tmp_path / name).write_text("")
    found = [(one.name, Path(one.path).name, one.notes) for one in find_targets(tmp_path)]
    assert found == [
        ("T1", "T1.pdb", ("T1.pdb was taken, not T1.pdb.gz, T1.cif",)),
        ("T2", "T2.cif", ("T2.cif was taken, not T2.cif.gz",)),
        ("T3", "T3.pdb", ()),
    ]

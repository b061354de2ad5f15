import json
import os

import numpy as np
import pytest

from sciml.data.pdb import write_pdb
from sciml.errors import InputError, MissingRequirementError
from sciml.runs.folder import RunFolder
from sciml.structure.evaluate import run as run_module
from sciml.structure.evaluate.outputs import missing_table, score_table, write_outputs
from sciml.structure.evaluate.summary import compare_groups, group_table, unit_values
from sciml.structure.evaluate.tables import read_csv, read_json
from tests.structure.evaluate.evaluation_case import chain, run, shaken, write_case


def figures(found):
    return [
        (one.unit, one.group, one.model, one.values) for result in found.results for one in result.records
    ]


def test_the_closer_group_is_ranked_first_with_z_of_one(tmp_path):
    found, _ = run(*write_case(tmp_path))
    assert [(one.rank, one.group, round(one.score, 6)) for one in found.standing.ranking.groups] == [
        (1, "TS001", 2.0),
        (2, "TS002", -2.0),
    ]
    assert found.exit_code == 0


def test_a_missing_model_counts_as_zero_in_means_and_as_the_floor_in_ranks(tmp_path):
    models, natives = write_case(tmp_path, groups=(("TS001", 0.3), ("TS002", 0.4), ("TS003", 0.5)))
    (models / "T2TS001_1.pdb").unlink()
    found, _ = run(models, natives)
    values = unit_values(found.results, "TS001", "gdt_ts")
    assert values["T2"] == 0.0
    assert values["T1"] > 0.9
    rows = {row["group"]: row for row in group_table(found.results, found.standing)}
    assert rows["TS001"]["gdt_ts"] == pytest.approx(values["T1"] / 2)
    assert (rows["TS001"]["units"], rows["TS001"]["missing"]) == (1, 1)
    ranking = found.standing.ranking
    assert ranking.table[ranking.names.index("TS001"), ranking.units.index("T2")] == -2
    assert missing_table(found).records()[0]["group"] == "TS001"


def test_a_broken_model_fails_alone(tmp_path):
    models, natives = write_case(tmp_path)
    (models / "T1TS001_1.pdb").write_text("ATOM  this is no atom\n")
    found, said = run(models, natives, RunFolder(tmp_path / "out"))
    assert found.exit_code == 3
    failed = [one for result in found.results for one in result.records if one.status == "failed"]
    assert [one.unit for one in failed] == ["T1"]
    assert "T1TS001_1.pdb" in failed[0].reason
    assert "line 1" in failed[0].reason
    assert any("failed" in line and "line 1" in line for line in said)
    assert sum(one.status == "done" for result in found.results for one in result.records) == 3


def test_a_broken_target_takes_only_its_own_models_along(tmp_path):
    models, natives = write_case(tmp_path)
    (natives / "T2.pdb").write_text("HEADER    nothing here\n")
    found, _ = run(models, natives, RunFolder(tmp_path / "out"))
    status = {(one.unit, one.group): one.status for result in found.results for one in result.records}
    assert {key for key, value in status.items() if value == "failed"} == {("T2", "TS001"), ("T2", "TS002")}
    assert len(status) == 4
    outcomes = {one.id: one.status for one in RunFolder(tmp_path / "out").outcomes()}
    assert outcomes == {"T1": "done", "T2": "failed"}


def test_finished_targets_are_kept_until_a_file_or_setting_changes(tmp_path, monkeypatch):
    models, natives = write_case(tmp_path)
    folder = RunFolder(tmp_path / "out")
    first, _ = run(models, natives, folder)
    scored = []
    original = run_module.run_task
    monkeypatch.setattr(run_module, "run_task", lambda task: scored.append(task.name) or original(task))
    again, said = run(models, natives, folder)
    assert scored == []
    assert json.dumps(figures(again)) == json.dumps(figures(first))
    assert all("finished before" in line for line in said)
    write_pdb(models / "T2TS002_1.pdb", shaken(chain(1), 3.0, 9))
    run(models, natives, folder)
    assert scored == ["T2"]
    run(models, natives, folder, families=("gdt",))
    assert scored == ["T2", "T1", "T2"]
    (tmp_path / "out" / "T1.details.npz").write_bytes(b"")
    run(models, natives, folder, families=("gdt",))
    assert scored == ["T2", "T1", "T2", "T1"]


def test_processes_change_nothing(tmp_path):
    models, natives = write_case(tmp_path)
    alone, _ = run(models, natives, workers=1)
    several, _ = run(models, natives, workers=2)
    assert json.dumps(figures(alone)) == json.dumps(figures(several))


def die(task):
    """Stands for a process that the system kills."""
    if task.name == "T1":
        os._exit(9)
    return run_module_task(task)


run_module_task = run_module.run_task


def test_a_process_that_dies_takes_no_other_target_along(tmp_path, monkeypatch):
    models, natives = write_case(tmp_path)
    monkeypatch.setattr(run_module, "run_task", die)
    found, _ = run(models, natives, workers=2)
    by_target = {result.target: {one.status for one in result.records} for result in found.results}
    assert by_target == {"T1": {"failed"}, "T2": {"done"}}
    assert "died" in found.results[0].records[0].reason


def test_two_models_of_one_number_are_both_kept(tmp_path):
    native = chain()
    write_pdb(tmp_path / "T1.pdb", native)
    write_pdb(tmp_path / "models" / "T1TS001_1.pdb", native)
    write_pdb(tmp_path / "models" / "more" / "T1TS001_1.pdb", shaken(native, 1.0))
    found, _ = run(tmp_path / "models", tmp_path / "T1.pdb")
    records = found.results[0].records
    assert [one.model for one in records] == [1, 2]
    assert "counted as model 2" in records[1].notes[-1]
    row = score_table(found, short=True).records()[-1]
    assert row["notes"] == "; ".join(found.results[0].records[-1].notes)


def write_ensemble(path, structures):
    """An NMR-like file with one MODEL record for each."""
    text = ""
    for number, atoms in enumerate(structures, start=1):
        write_pdb(path, atoms)
        body = [line for line in path.read_text().splitlines() if line.startswith(("ATOM", "TER"))]
        text += "\n".join([f"MODEL     {number:>4}", *body, "ENDMDL", ""])
    path.write_text(text + "END\n")


def test_of_an_nmr_ensemble_the_first_is_the_reference_unless_asked_otherwise(tmp_path):
    native = chain()
    write_pdb(tmp_path / "m.pdb", shaken(native, 2.5, 4))
    write_ensemble(tmp_path / "T1.pdb", [native, shaken(native, 2.5, 4), shaken(native, 1.0, 5)])

    def gdt(which):
        found, _ = run(tmp_path / "m.pdb", tmp_path / "T1.pdb", native_model=which)
        return found.results[0].records[0]

    assert gdt("1").values["gdt_ts"] < 0.95
    assert gdt("2").values["gdt_ts"] == pytest.approx(1)
    best = gdt("best")
    assert best.values["gdt_ts"] == pytest.approx(1)
    assert "model 2 of the target's 3" in best.notes[-1]
    assert "there is no model 4" in gdt("4").reason


def test_a_file_with_several_models_gives_each_a_number(tmp_path):
    native = chain()
    write_pdb(tmp_path / "T1.pdb", native)
    (tmp_path / "models").mkdir()
    write_ensemble(tmp_path / "models" / "T1TS007_1.pdb", [shaken(native, 2.0), native])
    found, _ = run(tmp_path / "models", tmp_path / "T1.pdb", rank_models="best")
    records = found.results[0].records
    assert [one.model for one in records] == [1, 2]
    assert records[1].values["gdt_ts"] == pytest.approx(1)
    assert unit_values(found.results, "TS007", "gdt_ts", "best")["T1"] == pytest.approx(1)
    assert unit_values(found.results, "TS007", "gdt_ts", "first")["T1"] < 0.95


def test_tables_hold_the_scores_exactly_and_the_page_stands_alone(tmp_path):
    models, natives = write_case(tmp_path)
    (tmp_path / "d.txt").write_text("T1-D1: 1-20\nT1-D2: 21-41\n")
    found, _ = run(models, natives, RunFolder(tmp_path / "out"), domains=tmp_path / "d.txt")
    write_outputs(found, tmp_path / "out", title="A <test>")
    table = read_csv((tmp_path / "out" / "scores.csv").read_text())
    assert table == score_table(found) == read_json((tmp_path / "out" / "scores.json").read_text())
    exact = {
        (one.target, one.domain, one.group): one.values["gdt_ts"] for r in found.results for one in r.records
    }
    for row in table.records():
        assert row["gdt_ts"] == exact[row["target"], row["domain"] or "", row["group"]]
    assert len(table.rows) == 8
    assert [one.group for one in found.standing.ranking.groups] == ["TS001", "TS002"]
    assert set(found.standing.ranking.units) == {"T1-D1", "T1-D2", "T2"}
    page = (tmp_path / "out" / "leaderboard.html").read_text()
    assert "A &lt;test&gt;" in page
    assert "T1-D2" in page
    markdown = (tmp_path / "out" / "scores.md").read_text()
    assert f"{100 * exact['T1', '', 'TS001']:.2f}" in markdown


def test_two_groups_are_compared_target_by_target(tmp_path):
    found, _ = run(*write_case(tmp_path, targets=("T1", "T2", "T3")))
    made = compare_groups(found.results, "TS001", "TS002", ["gdt_ts"])[0]
    assert (made.targets, made.wins, made.losses) == (3, 3, 0)
    first, second = (unit_values(found.results, group, "gdt_ts") for group in ("TS001", "TS002"))
    assert made.difference.mean == pytest.approx(np.mean([first[t] - second[t] for t in first]))


def test_nothing_to_score_is_an_error(tmp_path):
    models, natives = write_case(tmp_path)
    for path in models.iterdir():
        path.rename(models / f"X{path.name}")
    with pytest.raises(InputError, match="no model of any target"):
        run(models, natives)


def test_a_scheduler_that_is_not_there_is_said(tmp_path):
    pytest.importorskip("distributed", reason="the cluster extra is not installed")
    with pytest.raises(MissingRequirementError, match="no Dask scheduler answers"):
        run(*write_case(tmp_path), scheduler="tcp://127.0.0.1:9")


def test_a_dask_cluster_of_two_processes_gives_the_same_scores(tmp_path):
    distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed")
    models, natives = write_case(tmp_path)
    alone, _ = run(models, natives)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        spread, _ = run(models, natives, scheduler=cluster.scheduler_address)
    assert json.dumps(figures(alone)) == json.dumps(figures(spread))


def contact_file(path, native, residues):
    """An RR file with the true Cβ contacts of a chain first and two wrong pairs after them."""
    beta = np.where(native.mask[:, 3:4] > 0.5, native.positions[:, 3], native.positions[:, 1])
    distance = np.linalg.norm(beta[:, None] - beta[None], axis=-1)
    pairs = [(i, j) for i in range(residues) for j in range(i + 6, residues) if distance[i, j] < 8]
    lines = [f"{i + 1} {j + 1} 0 8 0.9" for i, j in pairs] + ["1 41 0 8 0.2", "2 40 0 8 0.1"]
    text = "PFRMAT RR\nTARGET T1\nAUTHOR me\nMETHOD none\nMODEL 1\n" + "\n".join(lines) + "\nEND\n"
    path.write_text(text)
    return len(pairs)


def test_a_list_of_contacts_is_scored_by_contacts_alone(tmp_path):
    native = chain()
    write_pdb(tmp_path / "T1.pdb", native)
    (tmp_path / "models").mkdir()
    contacts = contact_file(tmp_path / "models" / "T1RR001_1.rr", native, 41)
    assert contacts >= 2
    found, _ = run(tmp_path / "models", tmp_path / "T1.pdb", families=("gdt", "contacts"))
    record = found.results[0].records[0]
    assert record.status == "done"
    assert "gdt_ts" not in record.values
    ranges = [record.values[f"recall_{reach}_l"] for reach in ("short", "medium", "long")]
    known = [value for value in ranges if not np.isnan(value)]
    assert known
    assert known == pytest.approx([1.0] * len(known))
    assert found.exit_code == 0


def test_b_factors_are_plddt_where_the_caller_says_so(tmp_path):
    write_pdb(tmp_path / "T1.pdb", chain())
    write_pdb(tmp_path / "m.pdb", chain(b_factor=64.0))
    plain, _ = run(tmp_path / "m.pdb", tmp_path / "T1.pdb")
    assert "plddt" not in plain.results[0].records[0].values
    told, _ = run(tmp_path / "m.pdb", tmp_path / "T1.pdb", b_factors="plddt")
    values = told.results[0].records[0].values
    assert values["plddt"] == pytest.approx(0.64)
    assert values["plddt_error"] == pytest.approx(0.36)


def test_of_references_with_equal_gdt_the_closest_is_the_best(tmp_path):
    native = chain()
    write_ensemble(tmp_path / "T1.pdb", [shaken(native, 0.1, seed) for seed in (1, 2, 3)])
    write_pdb(tmp_path / "m.pdb", shaken(native, 0.1, 3))
    found, _ = run(tmp_path / "m.pdb", tmp_path / "T1.pdb", native_model="best")
    record = found.results[0].records[0]
    assert "scored against model 3" in record.notes[-1]
    assert record.values["tm_score"] == pytest.approx(1, abs=1e-6)


def test_a_list_of_contacts_neither_takes_a_models_place_nor_hides_who_is_missing(tmp_path):
    models, natives = write_case(tmp_path)
    (models / "T1TS002_1.pdb").unlink()
    atoms = [line for line in (models / "T1TS001_1.pdb").read_text().splitlines() if line[:4] == "ATOM"]
    (models / "T1TS001_1.pdb").unlink()
    head = ["PFRMAT TS", "TARGET T1", "AUTHOR me", "MODEL 1"]
    (models / "b.txt").write_text("\n".join([*head, *atoms, "TER", "END", ""]))
    contact_file(models / "a.txt", chain(0), 41)  # of the same author, and before it in the folder
    found, _ = run(models, natives, families=("gdt", "contacts"))
    own = [(one.model, "gdt_ts" in one.values) for one in found.results[0].records if one.group == "me"]
    assert own == [(1, True), (2, False)]
    assert unit_values(found.results, "me", "gdt_ts")["T1"] > 0.5
    assert unit_values(found.results, "TS002", "gdt_ts")["T1"] == 0

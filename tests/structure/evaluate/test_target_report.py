"""What an evaluation says of a target itself: its notes, its domains, why it failed."""

from sciml.runs.folder import RunFolder
from sciml.structure.evaluate.outputs import missing_table, write_outputs
from tests.structure.evaluate.evaluation_case import run, write_case


def test_a_domain_without_a_residue_fails_alone_with_its_line(tmp_path):
    models, natives = write_case(tmp_path)
    domains = tmp_path / "domains.txt"
    domains.write_text("T1-D1: 1-20\n# beyond the end\nT1-D2: 500-520\nT2-D1: 1-20\n")
    found, said = run(models, natives, RunFolder(tmp_path / "out"), domains)
    status = {(one.unit, one.group): one.status for result in found.results for one in result.records}
    assert set(status) == {
        (unit, group) for unit in ("T1", "T1-D1", "T2", "T2-D1") for group in found.plan.groups
    }
    assert set(status.values()) == {"done"}
    assert found.exit_code == 3
    reason = "line 3, record 'T1-D2': the target, residues 1 to 41, has none of the domain's: 500-520"
    assert missing_table(found).records() == [
        {
            "target": "T1-D2",
            "group": None,
            "model": None,
            "file": str(domains),
            "reason": f"{domains}: {reason}",
        }
    ]
    assert f"domain failed: {domains}: {reason}" in said
    assert found.standing.ranking.units == ("T1-D1", "T2-D1")
    files = write_outputs(found, tmp_path / "out", title="t")
    assert reason in next(one for one in files if one.suffix == ".html").read_text().replace("&#x27;", "'")
    again, said = run(models, natives, RunFolder(tmp_path / "out"), domains)
    assert again.exit_code == 3
    assert f"domain failed: {domains}: {reason}" in said


def test_a_broken_target_without_models_is_listed_and_gives_exit_code_three(tmp_path):
    models, natives = write_case(tmp_path)
    for path in models.glob("T2*"):
        path.unlink()
    (natives / "T2.pdb").write_text("HEADER    nothing here\n")
    found, _ = run(models, natives)
    assert found.exit_code == 3
    (row,) = [row for row in missing_table(found).records() if row["file"]]
    assert row["target"] == "T2"
    assert "T2.pdb: no atom of a protein chain" in row["reason"]

"""What an evaluation says of a target itself: its notes, its domains, why it failed."""

import json

from sciml.cli.app import main
from sciml.data.pdb import write_pdb
from sciml.runs.folder import RunFolder
from sciml.structure.evaluate.outputs import missing_table, write_outputs
from tests.structure.evaluate.evaluation_case import chain, run, shaken, write_case


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


def odd_native(path, models=1):
    """A native with an alternative location, selenomethionine, an insertion code and several models."""
    atoms = chain()
    write_pdb(path, atoms)
    lines = [line for line in path.read_text().splitlines() if line.startswith("ATOM")]
    made = []
    for line in lines:
        name, number = line[12:16].strip(), int(line[22:26])
        if number == 3 and name == "CB":
            made += [
                line[:16] + "A" + line[17:56] + "0.40" + line[60:],
                line[:16] + "B" + line[17:56] + "0.60" + line[60:],
            ]
        elif number == 5:
            made.append("HETATM" + line[6:17] + "MSE" + line[20:] if name in ("N", "CA", "C", "O") else "")
        elif number == 8:
            made.append(line[:22] + "   7A" + line[27:])
        else:
            made.append(line)
    body = [line for line in made if line]
    text = "".join("\n".join([f"MODEL     {one:>4}", *body, "ENDMDL", ""]) for one in range(1, models + 1))
    path.write_text(text + "END\n")


def test_notes_of_the_native_stand_in_json_markdown_and_page(tmp_path, capsys):
    odd_native(tmp_path / "natives" / "T1.pdb", models=2)
    write_pdb(tmp_path / "natives" / "T1.cif", chain())
    write_pdb(tmp_path / "models" / "T1TS001_1.pdb", shaken(chain(), 0.3))
    words = [str(tmp_path / name) for name in ("models", "natives")]
    assert main(["evaluate", *words, "-o", str(tmp_path / "out"), "--scores", "gdt", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["targets"]
    expected = [
        "T1.pdb was taken, not T1.cif",
        "2 models: model 1 is the reference",
        "residues with alternative locations, the most occupied kept: 1",
        "selenomethionines (MSE) read as MET: 1",
        "residues with an insertion code: 1",
    ]
    assert row["notes"] == "; ".join(expected)
    assert (row["residues"], row["models"]) == (41, 1)
    for name in ("targets.json", "targets.md", "targets.csv", "leaderboard.html"):
        text = (tmp_path / "out" / name).read_text()
        assert all(note in text for note in expected), name


def test_a_damaged_later_model_of_an_ensemble_is_said_and_stops_nothing(tmp_path):
    odd_native(tmp_path / "T1.pdb", models=2)
    text = (tmp_path / "T1.pdb").read_text()
    (tmp_path / "T1.pdb").write_text(text + "MODEL        3\nATOM  this is no atom\n")
    write_pdb(tmp_path / "m.pdb", chain())
    found, _ = run(tmp_path / "m.pdb", tmp_path / "T1.pdb")
    line = len(text.splitlines()) + 2
    assert found.results[0].records[0].status == "done"
    assert f"(line {line})" in found.results[0].notes[-1]
    failed, _ = run(tmp_path / "m.pdb", tmp_path / "T1.pdb", native_model="2")
    assert f"line {line}" in failed.results[0].reason


def test_notes_of_the_native_follow_the_model_that_is_the_reference(tmp_path):
    odd_native(tmp_path / "T1.pdb", models=3)
    write_pdb(tmp_path / "m.pdb", chain())
    said = {
        which: run(tmp_path / "m.pdb", tmp_path / "T1.pdb", native_model=which)[0].results[0].notes[0]
        for which in ("2", "best")
    }
    assert said["2"] == "3 models: model 2 is the reference"
    assert said["best"] == "3 models: each prediction is scored against the one that it fits best"

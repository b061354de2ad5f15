import pytest

from sciml.structure.evaluate.summary import group_table
from tests.structure.evaluate.evaluation_case import run, write_case


def test_a_native_that_cannot_be_read_lowers_nobodys_mean(tmp_path):
    models, natives = write_case(tmp_path)
    whole, _ = run(models, natives / "T1.pdb")
    (natives / "T2.pdb").write_text("")
    found, _ = run(models, natives)
    assert found.exit_code == 3
    rows = {row["group"]: row for row in group_table(found.results, found.standing)}
    for group in ("TS001", "TS002"):
        own = next(record for record in whole.results[0].records if record.group == group)
        assert rows[group]["gdt_ts"] == pytest.approx(own.values["gdt_ts"])
        assert rows[group]["missing"] == 0


def test_casp_files_of_several_authors_in_one_file_keep_their_groups(tmp_path):
    models, natives = write_case(tmp_path, targets=("T1",))
    text = ""
    for author, group in (("ours", "TS001"), ("theirs", "TS002")):
        lines = (models / f"T1{group}_1.pdb").read_text().splitlines()
        atoms = [line for line in lines if line.startswith("ATOM")]
        head = ["PFRMAT TS", "TARGET T1", f"AUTHOR {author}", "MODEL 1"]
        text += "\n".join([*head, *atoms, "TER", "END", ""])
    (tmp_path / "both.txt").write_text(text)
    alone = {one.group: one.values["gdt_ts"] for one in run(models, natives)[0].results[0].records}
    records = run(tmp_path / "both.txt", natives)[0].results[0].records
    assert [(one.group, one.model) for one in records] == [("ours", 1), ("theirs", 1)]
    assert [one.values["gdt_ts"] for one in records] == [alone["TS001"], alone["TS002"]]
